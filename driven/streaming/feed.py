"""The feed of a folder's rules: the newest release, and for everyone who listens the operations that lead to it.

A listener is known by the digest of what it has. Whoever is a few steps behind gets those steps, one batch after the
other; whoever is too far behind, or has something else altogether, gets everything.
"""

from __future__ import annotations

from collections import deque
from threading import Lock

from driven.streaming.operations import diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.streaming.release import Release

STEPS = 32  # that are kept


class RuleFeed:
    """May be published into and read from several threads."""

    def __init__(self) -> None:
        self._newest: Release | None = None
        self._steps: deque[tuple[bytes, bytes, bytes]] = deque(maxlen=STEPS)  # base, result, operations
        self._whole: tuple[bytes, bytes] | None = None  # digest, FullSync
        self._lock = Lock()

    @property
    def newest(self) -> Release | None:
        """What was published last."""
        return self._newest

    def publish(self, release: Release) -> bytes:
        """The operations from the release before to this one; none where it is the same. SourceError where it cannot
        travel; the one before stays."""
        with self._lock:
            before = self._newest
            release.after(before)
            if before is not None and before.digest == release.digest:
                return b""
            ops = diff(before, release)
            if before is None:
                self._whole = release.digest, ops
            else:
                self._steps.append((before.digest, release.digest, ops))
            self._newest = release
            return ops

    def since(self, base: bytes | None) -> bytes:
        """What turns the release of this digest into the newest: nothing, some batches, or a FullSync (for None, and
        for a digest that is not known, or no longer). Nothing as long as nothing was published."""
        with self._lock:
            if self._newest is None or base == self._newest.digest:
                return b""
            steps = list(self._steps)
            starts = [at for at, step in enumerate(steps) if step[0] == base]
            if base is not None and starts:
                return b"".join(ops for _, _, ops in steps[starts[-1] :])
            if self._whole is None or self._whole[0] != self._newest.digest:
                self._whole = self._newest.digest, diff(None, self._newest)
            return self._whole[1]
