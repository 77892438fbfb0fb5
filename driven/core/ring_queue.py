"""A bounded queue between threads that never waits and never loses in silence. Compiled: it takes one lock, not three.

Who puts into a full queue is told so, and it is counted: what was put is what was got, what still stands, and what was
refused. Under the GIL a compiled method is not interrupted; the lock is for the pure build, and where there is no GIL.
"""

from __future__ import annotations

from librt.threading import Lock

from driven.core._rt import final, i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MAX_CAPACITY: Final = 16777216  # slots are there from the start: 128 MiB of them


@final
class RingQueue:
    """First in, first out, for any number of producers and consumers."""

    def __init__(self, capacity: int) -> None:
        """`capacity`: how many items may stand in it, from 1 to `MAX_CAPACITY`; ValueError."""
        if not 1 <= capacity <= MAX_CAPACITY:
            raise ValueError(f"a capacity of {capacity}: it is a number from 1 to {MAX_CAPACITY}")
        size: i64 = 1
        while size < capacity:
            size *= 2
        self._capacity: i64 = capacity
        self._mask: i64 = size - 1  # so that a place is found without a division
        self._slots: list[object] = [None] * int(size)
        self._head: i64 = 0  # what was got: an i64 counts a thousand million a second for 292 years
        self._tail: i64 = 0  # what was put
        self._most: i64 = 0
        self._overflow: i64 = 0
        self._told: i64 = 0
        self._lock = Lock()

    def put(self, item: object) -> bool:
        """Add an item; False when the queue is full: it was not added, and counted as overflow."""
        with self._lock:
            length = self._tail - self._head
            if length >= self._capacity:
                self._overflow += 1
                return False
            self._slots[self._tail & self._mask] = item
            self._tail += 1
            if length >= self._most:
                self._most = length + 1
            return True

    def get(self, default: object = None) -> object:
        """Take the oldest item; `default` when there is none."""
        with self._lock:
            head = self._head
            if head == self._tail:
                return default
            item = self._slots[head & self._mask]
            self._slots[head & self._mask] = None
            self._head = head + 1
            return item

    def get_many(self, most: int = MAX_CAPACITY) -> list[object]:
        """Take up to `most` of the oldest items at once."""
        with self._lock:
            at = self._head
            end = self._tail
            if most < end - at:
                end = at + (most if most > 0 else 0)
            found: list[object] = []
            while at < end:
                found.append(self._slots[at & self._mask])
                self._slots[at & self._mask] = None
                at += 1
            self._head = end
            return found

    def __len__(self) -> int:
        return int(self._tail - self._head)

    @property
    def capacity(self) -> int:
        """How many items may stand in it."""
        return int(self._capacity)

    @property
    def most(self) -> int:
        """How many items ever stood in it at once."""
        return int(self._most)

    @property
    def overflow(self) -> int:
        """How many items were refused since the beginning."""
        return int(self._overflow)

    def report(self) -> int:
        """How many items were refused since this was last asked, so that each loss is told once."""
        with self._lock:
            news = self._overflow - self._told
            self._told = self._overflow
            return int(news)
