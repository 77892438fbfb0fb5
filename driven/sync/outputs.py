"""The outputs of a watched project: where a change is one of ours, and which of them a sync has to look at."""

from __future__ import annotations

import os
from contextlib import suppress

from driven.errors import DrivenError
from driven.project.ledger import LOCK, read_lock
from driven.project.sources import RULES


class Outputs:
    """The paths that `outputs.lock` names; `planned` are those of the last plan: it has conflicts besides."""

    def __init__(self, root: str) -> None:
        self.planned: set[str] = set()
        self._place = os.path.join(root, LOCK)
        self._root = root
        self._stamp: object = None
        self._lines: set[str] = set()

    def paths(self) -> set[str]:
        """All of them, as the lock says now."""
        try:
            seen = os.stat(self._place)
            stamp: object = (seen.st_ino, seen.st_ctime_ns, seen.st_size)
        except OSError:
            stamp = None
        if stamp != self._stamp:
            self._stamp = stamp
            with suppress(DrivenError):  # it is told by the sync; what was ours still is
                self._lines = {owned[0] for owned in read_lock(self._root)}
        return self._lines | self.planned

    def hints(self, causes: set[str]) -> set[str] | None:
        """The outputs that a sync after `causes` has to look at; None: all. A save of a rule, or of a file of ours, is
        one that needs no look at a thousand others (3 ms)."""
        known = all(path in self._lines or (path.startswith(RULES + "/") and path.endswith(".md")) for path in causes)
        return causes if known and causes else None
