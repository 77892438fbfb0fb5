"""The project's files for globs: listed once, kept for a while, and found by what a glob begins and ends with."""

from __future__ import annotations

import re
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
CHUNK = 4096  # files that are looked at before it is asked whether anybody still waits
_WILD = re.compile(r"[*?/]+")  # between them is text that stands in every path that matches


class FileIndex:
    """The files of one folder. Threads may share it: a listing is a list that never changes, replaced by another."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._files: Sequence[str] | None = None
        self._folders: Sequence[str] | None = None
        self._matches: dict[str, tuple[str, ...]] = {}
        self._ends: dict[str, list[str]] | None = None
        self._pairs: list[tuple[str, str]] | None = None
        self._mixed: list[tuple[str, str]] | None = None
        self._pair_ends: dict[str, list[tuple[str, str]]] | None = None
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

    def pairs(self) -> Sequence[tuple[str, str]]:
        """Every path, and the same with its case folded."""
        files = self.files()
        pairs = self._pairs
        if pairs is None or len(pairs) != len(files):
            pairs = self._pairs = [(path, path.casefold()) for path in files]
        return pairs

    def mixed(self) -> Sequence[tuple[str, str]]:
        """Those of them that differ."""
        if self._mixed is None:
            self._mixed = [pair for pair in self.pairs() if pair[0] != pair[1]]
        return self._mixed

    def ending(self, tail: str) -> Sequence[tuple[str, str]]:
        """Those whose folded path ends so."""
        if "." not in tail:
            return [pair for pair in self.pairs() if pair[1].endswith(tail)]
        if self._pair_ends is None:
            ends: dict[str, list[tuple[str, str]]] = {}
            for pair in self.pairs():
                _, dot, end = pair[1].rpartition(".")
                if dot:
                    ends.setdefault(end, []).append(pair)
            self._pair_ends = ends
        found = self._pair_ends.get(tail.rpartition(".")[2], [])
        return found if tail.rindex(".") == 0 else [pair for pair in found if pair[1].endswith(tail)]

    def warm(self) -> None:
        """Make now, beside other work, what the first answers would have to make."""
        self.folders()
        self._ending("", self.files())
        self.mixed()
        self.ending(".")

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
        found: list[str] = []
        for part, glob in zip(parts, globs, strict=True):
            candidates, is_all = self._candidates(part, files)
            if is_all:
                found += candidates
                continue
            for at in range(0, len(candidates), CHUNK):
                if at and stopped():
                    return ()
                found += filter(glob.match, candidates[at : at + CHUNK])
        answer = tuple(sorted(set(found))) if len(parts) > 1 else tuple(found)
        if files is self._files:  # and not of a list that was replaced meanwhile
            if len(self._matches) >= KEPT:
                self._matches.clear()
            self._matches[pattern] = answer
        return answer

    def _candidates(self, pattern: str, files: Sequence[str]) -> tuple[Sequence[str], bool]:
        """The files that begin and end as the glob does, and hold its longest name: few, most often. And whether it
        matches all of them, so that none needs a look."""
        if not pattern.isascii():
            return files, False  # a name may be written with other code points
        prefix = literal_prefix(pattern)
        prefix += "/" if prefix else ""
        rest = pattern[len(prefix) :]
        dot = rest.rpartition("/")[2].rpartition(".")
        has_end = bool(dot[1]) and dot[2].isalnum()
        if has_end:
            files = self._ending(dot[2], files)
        if prefix:
            low = bisect_left(files, prefix)
            files = files[low : bisect_left(files, prefix + "\U0010ffff", low)]
        if (rest == "**" and prefix) or (has_end and rest == f"**/*.{dot[2]}"):
            return files, True
        if "[" not in rest:
            word = max(_WILD.split(rest), key=len)
            if len(word) > 2 and word != "." + dot[2]:
                files = [path for path in files if word in path]
        return files, False

    def _ending(self, extension: str, files: Sequence[str]) -> Sequence[str]:
        """Those with that extension, sorted; kept for the files that stand."""
        ends = self._ends
        if ends is None or files is not self._files:
            ends = {}
            for path in files:
                _, dot, end = path.rpartition(".")
                if dot:
                    ends.setdefault(end, []).append(path)
            if files is self._files:
                self._ends = ends
        return ends.get(extension, [])

    def _list_again(self) -> None:
        try:
            self._list()
            self.warm()
        finally:
            self._again = False

    def _list(self) -> None:
        files = sorted(list_files(self.root))
        self._listed = time.monotonic()
        if files != self._files:
            self._files = files
            self._folders = self._ends = self._pairs = self._mixed = self._pair_ends = None
            self._matches = {}
