"""The project's files for globs: listed once, kept for a while, and found by what a glob begins and ends with."""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_left
from functools import cached_property

from driven.core._rt import FormatError
from driven.core.globs import Glob, check, expand, literal_prefix
from driven.document.places import FOLDERS
from driven.project.listing import list_both

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Pairs = Sequence[tuple[str, str]]

FRESH = 5.0  # seconds that a listing is believed without a look
KEPT = 256  # globs whose answers are kept
CHUNK = 4096  # files that are looked at before it is asked whether anybody still waits
_ONE_STAR = re.compile(r"[^*?\[\]/{}]*\*[^*?\[\]/{}]*")  # of a name
_WILD = re.compile(r"[*?/]+")  # between them is text that stands in every path that matches


class Listing:
    """The files of a folder at one moment, and what finds some of them quickly, made when it is first asked for. Two
    threads may make the same at once; both make it of the same files. `every`: also those of editors' folders, which
    globs do not see where there is no git."""

    def __init__(self, files: Sequence[str], every: Sequence[str]) -> None:
        self.files = files
        self.every = every
        self._matches: dict[str, tuple[str, ...]] = {}

    @cached_property
    def folders(self) -> Sequence[str]:
        """All folders that hold a file, sorted."""
        found: set[str] = set()
        for path in self.files:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return sorted(found)

    @cached_property
    def pairs(self) -> Pairs:
        """Every path, and the same with its case folded."""
        return [(path, path.casefold()) for path in self.files]

    @cached_property
    def mixed(self) -> Pairs:
        """Those of them that differ."""
        return [pair for pair in self.pairs if pair[0] != pair[1]]

    @cached_property
    def text(self) -> str:
        """All folded paths, a line each: one look at it says whether a part of a path stands anywhere."""
        return "\n".join([folded for _, folded in self.pairs])

    @cached_property
    def _by_ending(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.files:
            _, dot, end = path.rpartition(".")
            if dot:
                found.setdefault(end, []).append(path)
        return found

    @cached_property
    def _pairs_by_ending(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for pair in self.pairs:
            _, dot, end = pair[1].rpartition(".")
            if dot:
                found.setdefault(end, []).append(pair)
        return found

    def ending(self, tail: str) -> Pairs:
        """Those whose folded path ends so."""
        if "." not in tail:
            return [pair for pair in self.pairs if pair[1].endswith(tail)]
        found = self._pairs_by_ending.get(tail.rpartition(".")[2], [])
        return found if tail.rindex(".") == 0 else [pair for pair in found if pair[1].endswith(tail)]

    def warm(self) -> None:
        """Make now, beside other work, what the first answers would have to make."""
        assert self.folders is not None and self._by_ending is not None
        assert self.mixed is not None and self._pairs_by_ending is not None and self.text is not None

    def matching(self, pattern: str, stopped: Callable[[], bool]) -> tuple[str, ...]:
        """See `FileIndex.matching`."""
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
            candidates, is_all = self._candidates(part)
            if is_all:
                found += candidates
                continue
            for at in range(0, len(candidates), CHUNK):
                if at and stopped():
                    return ()
                found += filter(glob.match, candidates[at : at + CHUNK])
        if len(parts) > 1:
            found = sorted(dict.fromkeys(found))  # of sorted parts: quicker than from a set
        answer = tuple(found)
        if len(self._matches) >= KEPT:
            self._matches.clear()
        self._matches[pattern] = answer
        return answer

    def _candidates(self, pattern: str) -> tuple[Sequence[str], bool]:
        """The files that begin and end as the glob does, and hold its longest name: few, most often. And whether it
        matches all of them, so that none needs a look."""
        files = self.files
        if not pattern.isascii():
            return files, False  # a name may be written with other code points
        prefix = literal_prefix(pattern)
        prefix += "/" if prefix else ""
        rest = pattern[len(prefix) :]
        dot = rest.rpartition("/")[2].rpartition(".")
        has_end = bool(dot[1]) and dot[2].isalnum()
        if has_end:
            files = self._by_ending.get(dot[2], [])
        if prefix:
            low = bisect_left(files, prefix)
            files = files[low : bisect_left(files, prefix + "\U0010ffff", low)]
        if (rest == "**" and prefix) or (has_end and rest == f"**/*.{dot[2]}"):
            return files, True
        if "[" not in rest:
            word = max(_WILD.split(rest), key=len)
            if len(word) > 2 and word != "." + dot[2]:
                files = [path for path in files if word in path]
        name = rest.removeprefix("**/")
        if rest != name and _ONE_STAR.fullmatch(name):
            head, _, tail = name.partition("*")
            least = len(name) - 1
            return [
                path for path in files
                if path.endswith(tail) and path.startswith(head, at := path.rfind("/") + 1) and len(path) - at >= least
            ], True  # fmt: skip
        return files, False


class FileIndex:
    """The files of one folder. Threads may share it: a listing never changes, it is replaced by another, and then
    `came` is called, in a thread."""

    def __init__(self, root: str, came: Callable[[], None] = lambda: None) -> None:
        self.root = root
        self._came = came
        self._listing: Listing | None = None
        self._listed = 0.0
        self._news = 0  # how often somebody said that files came or went
        self._again = False
        self._lock = threading.Lock()

    def listing(self) -> Listing:
        """All files. The first call lists them (50,000 in some 100 ms); a later one answers at once, and has them
        listed anew beside it when the list is older than `FRESH`."""
        if self._listing is None:
            with self._lock:
                if self._listing is None:
                    self._list()
        elif time.monotonic() - self._listed > FRESH and not self._again:
            self._again = True
            threading.Thread(target=self._list_again, daemon=True, name="driven-files").start()
        assert self._listing is not None
        return self._listing

    def files(self) -> Sequence[str]:
        """All files, sorted."""
        return self.listing().files

    def every(self) -> Sequence[str]:
        """The same with those of editors' folders: where rule files are looked for."""
        return self.listing().every

    def folders(self) -> Sequence[str]:
        """All folders that hold a file, sorted."""
        return self.listing().folders

    def changed(self) -> None:
        """Somebody made, renamed or deleted a file: the next call looks again."""
        self._news += 1
        self._listed = 0.0

    def matching(self, pattern: str, stopped: Callable[[], bool] = lambda: False) -> tuple[str, ...]:
        """The files that a glob matches, as rules mean it, sorted; () for what is no glob. Answers are kept until the
        files change. `stopped` is asked now and then: who asked may have gone."""
        return self.listing().matching(pattern, stopped)

    def _list_again(self) -> None:
        try:
            before = self._listing
            self._list()
            if not self._listed:  # there were news while git listed them; where they go on, the next call looks again
                self._list()
            if self._listing is not None and self._listing is not before:
                self._came()
                self._listing.warm()
        finally:
            self._again = False

    def _list(self) -> None:
        news = self._news
        plain, whole = list_both(self.root, FOLDERS)
        files = sorted(plain)
        every = files if whole is plain else sorted(whole)
        self._listed = time.monotonic() if news == self._news else 0.0
        if self._listing is None or every != self._listing.every:
            self._listing = Listing(files, every)
