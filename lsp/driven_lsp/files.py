"""The project's files for globs: listed once, kept for a while, and found by what a glob begins and ends with."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left

from driven.core._rt import FormatError
from driven.core.globs import Glob, check, expand, literal_prefix
from driven.project.listing import list_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FRESH = 5.0  # seconds that a listing is believed without a look
KEPT = 256  # globs whose answers are kept


class FileIndex:
    """The files of one folder. Threads may share it: a listing is a list that never changes, replaced by another."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._files: Sequence[str] | None = None
        self._folders: Sequence[str] | None = None
        self._matches: dict[str, tuple[str, ...]] = {}
        self._ends: dict[str, list[str]] = {}
        self._listed = 0.0
        self._again = False
        self._lock = threading.Lock()

    def files(self) -> Sequence[str]:
        """All files, sorted. The first call lists them (50,000 in some 100 ms); a later one answers at once, and has
        them listed anew beside it when the list is older than `FRESH`."""
        if self._files is None:
            with self._lock:
                if self._files is None:
                    self._list()
        elif time.monotonic() - self._listed > FRESH and not self._again:
            self._again = True
            threading.Thread(target=self._list_again, daemon=True, name="driven-files").start()
        assert self._files is not None
        return self._files

    def folders(self) -> Sequence[str]:
        """All folders that hold a file, sorted."""
        files = self.files()
        if self._folders is None:
            found: set[str] = set()
            for path in files:
                folder = path.rpartition("/")[0]
                while folder and folder not in found:
                    found.add(folder)
                    folder = folder.rpartition("/")[0]
            self._folders = sorted(found)
        return self._folders

    def changed(self) -> None:
        """Somebody made, renamed or deleted a file: the next call looks again."""
        self._listed = 0.0

    def matching(self, pattern: str, stopped: Callable[[], bool] = lambda: False) -> tuple[str, ...]:
        """The files that a glob matches, as rules mean it, sorted; () for what is no glob. Answers are kept until the
        files change. `stopped` is asked now and then: who asked may have gone."""
        files = self.files()
        known = self._matches.get(pattern)
        if known is not None:
            return known
        try:
            parts = expand(check(pattern))
            globs = [Glob(part) for part in parts]
        except FormatError:
            return ()
        found: dict[str, None] = {}
        for part, glob in zip(parts, globs, strict=True):
            for at, path in enumerate(self._candidates(part, files)):
                if at & 4095 == 4095 and stopped():
                    return ()
                if glob.match(path):
                    found[path] = None
        answer = tuple(sorted(found)) if len(parts) > 1 else tuple(found)
        if files is self._files:  # and not of a list that was replaced meanwhile
            if len(self._matches) >= KEPT:
                self._matches.clear()
            self._matches[pattern] = answer
        return answer

    def _candidates(self, pattern: str, files: Sequence[str]) -> Sequence[str]:
        """The files that begin or end as the glob does: few, most often."""
        if not pattern.isascii():
            return files  # a name may be written with other code points
        prefix = literal_prefix(pattern)
        if prefix:
            low = bisect_left(files, prefix)
            return files[low : bisect_left(files, prefix + "\U0010ffff", low)]
        dot = pattern.rpartition("/")[2].rpartition(".")
        ending = dot[2]
        if dot[1] and ending and ending.isalnum():
            known = self._ends.get(ending)
            if known is None:
                tail = "." + ending
                known = [path for path in files if path.endswith(tail)]
                if files is self._files and len(self._ends) < KEPT:
                    self._ends[ending] = known
            return known
        return files

    def _list_again(self) -> None:
        try:
            self._list()
        finally:
            self._again = False

    def _list(self) -> None:
        files = sorted(list_files(self.root))
        self._listed = time.monotonic()
        if files != self._files:
            self._files = files
            self._folders = None
            self._matches = {}
            self._ends = {}
