"""What a listing of a project's files says, worked out once for as long as the listing stands."""

from __future__ import annotations

from bisect import bisect_left

from driven.document.places import TOP, place_of
from driven.project.files import TEMP_SUFFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from driven.core.globs import Glob

    T = TypeVar("T")

MAX_FILES = 500_000


class Tree:
    """The files that git lists, or a walk: sorted, each once. `listed` is the list as it came; nobody may change it."""

    def __init__(self, listed: Sequence[str]) -> None:
        self.listed = listed
        self.files: list[str] = sorted(dict.fromkeys(listed))[:MAX_FILES]
        self._folders: frozenset[str] | None = None
        self._places: dict[str, str] | None = None
        self._matching: dict[str, tuple[str, ...]] = {}
        self._kept: dict[str, Any] = {}
        self._other: tuple[set[str], set[str], Tree] | None = None

    def has(self, path: str) -> bool:
        """Whether a file is among them."""
        at = bisect_left(self.files, path)
        return at < len(self.files) and self.files[at] == path

    def changed(self, new: set[str], gone: set[str]) -> Tree:
        """The same with some files more (none of which is there) and some less; the last answer is kept, for what is
        open in an editor stays open."""
        if self._other is None or self._other[:2] != (new, gone):
            other = Tree([*(path for path in self.files if path not in gone), *new])
            kept = {path: place for path, place in self.places.items() if path not in gone}
            other._places = kept | {path: place for path in sorted(new) if (place := place_in(path))}
            self._other = new, gone, other
        return self._other[2]

    @property
    def folders(self) -> frozenset[str]:
        """The folders of the files and those around them, the root ("") with them."""
        if self._folders is None:
            folders = {""}
            for path in self.files:
                folder = path.rpartition("/")[0]
                while folder not in folders:
                    folders.add(folder)
                    folder = folder.rpartition("/")[0]
            self._folders = frozenset(folders)
        return self._folders

    @property
    def places(self) -> dict[str, str]:
        """The rule files among them: path -> place."""
        if self._places is None:
            self._places = {path: place for path in self.files if (place := place_in(path))}
        return self._places

    def matching(self, pattern: str, glob: Glob) -> tuple[str, ...]:
        """The files that a glob matches."""
        if pattern not in self._matching:
            self._matching[pattern] = tuple(filter(glob.match, self.files))
        return self._matching[pattern]

    def kept(self, key: str, make: Callable[[Sequence[str]], T]) -> T:
        """What `make` says of the files, made once."""
        if key not in self._kept:
            self._kept[key] = make(self.files)
        made: T = self._kept[key]
        return made


def place_in(path: str) -> str:
    """`place_of`, after a glance that most files of a project do not pass. What a killed run left is no rule."""
    if path.endswith(TEMP_SUFFIX):
        return ""
    if path[-3:] in (".md", "mdc") or path[:1] == "." or "/." in path:
        return place_of(path)
    return TOP.get(path.rpartition("/")[2].lower(), "") and place_of(path)
