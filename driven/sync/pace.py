"""When a burst of changes is over: after some quiet, or when it has gone on for too long. Monotonic time only, so that
neither a clock that is set nor a suspended machine changes anything."""

from __future__ import annotations

LONGEST = 2.0  # seconds that a burst may go on before what is there is synced
GIT_PATIENCE = 10.0  # seconds that git may hold its index


class Burst:
    """Changes that belong together, from the first one on. Times are seconds of one monotonic clock."""

    __slots__ = ("_began", "_first", "_last", "_quiet")

    def __init__(self, now: float, quiet: float) -> None:
        self._began = self._first = self._last = now
        self._quiet = quiet

    def add(self, now: float) -> None:
        """One more change."""
        self._last = now

    def renew(self, now: float) -> None:
        """Count from now on: what went before belongs to it, but was only waited for."""
        self._first = self._last = now

    @property
    def due(self) -> float:
        """When to sync, if nothing more happens."""
        return min(self._last + self._quiet, self._first + max(LONGEST, self._quiet))

    @property
    def patience(self) -> float:
        """Until when to wait for git."""
        return self._began + GIT_PATIENCE
