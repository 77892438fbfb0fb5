"""What the watch wrote itself: an event whose file still holds that is no news."""

from __future__ import annotations

import os

from driven.format.hashes import digest
from driven.model.plan import SyncReport
from driven.project.disk import MAX_OUTPUT
from driven.project.ledger import LOCK
from driven.project.reading import read_file


class Own:
    """The files that the last sync wrote, by real path: an event may name one on another way."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._left: dict[str, str] = {}  # real path -> digest of what was left there, "" for nothing

    def clear(self) -> None:
        """Nothing is ours from now on."""
        self._left.clear()

    def add(self, report: SyncReport) -> None:
        """What this sync wrote is ours; of what an earlier round wrote, what stands there still: the rest is a
        person's by now."""
        kept = {place: mark for place, mark in self._left.items() if _digest(place) == mark}
        own = {
            self._real(change.path): "" if change.after is None else digest(change.after)
            for change in report.plan.writes
        }
        if own:
            lock = self._real(LOCK)
            own[lock] = _digest(lock)
        self._left = kept | own

    def __contains__(self, path: str) -> bool:
        place = self._real(path)
        return place in self._left and self._left[place] == _digest(place)

    def _real(self, path: str) -> str:
        folder, name = os.path.split(os.path.join(self._root, path))
        return os.path.join(os.path.realpath(folder), name)


def _digest(path: str) -> str:
    """The digest of a plain file, "" for none. A link is never ours."""
    try:
        if os.path.islink(path):
            return "link"
        return digest(read_file(path, MAX_OUTPUT)[0])
    except FileNotFoundError:
        return ""
    except OSError:
        return "unreadable"
