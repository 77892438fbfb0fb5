"""Templates in a folder: what a plugin offers by `driven_templates`, and where a project or a pack keeps its own.

    @hookimpl
    def driven_templates():
        return [TemplateFolder("acme", os.path.join(os.path.dirname(__file__), "library"))]

`NAME.md` is the template `NAME`; `NAME.dtm` beside it the same compiled, which `driven.fusion.precompiling` writes.
"""

from __future__ import annotations

import os
import stat

from driven.errors import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

END = ".md"
COMPILED = ".dtm"
MAX_FILES = 5_000
MAX_DEPTH = 8
MAX_BYTES = 256 << 10  # of a template's file
MAX_COMPILED = 4 << 20  # bytes
MAX_NAME = 120
NAMED = "words of small letters and digits, one `-` between, as `standards/errors`; not what Windows keeps, as `con`"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
# Names that are no file's in Windows, whatever follows a dot.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)))
)


def is_name(name: str) -> bool:
    """Whether it can be a template's, and the id of the rule that it gives: words of small letters and digits, one `-`
    between them, in parts with one `/` between; a file on every system."""
    parts = name.split("/")
    return len(name) <= MAX_NAME and all(_is_part(part) for part in parts)


def _is_part(part: str) -> bool:
    return _LETTERS.issuperset(part) and "" not in part.split("-") and part not in _DEVICES


class TemplateFolder:
    """The templates of one folder. Links are not followed: what is read stands in it."""

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self.folder = folder
        self.odd: list[str] = []  # files whose name is none of a template, once `names` was asked
        self.links: list[str] = []  # what would be one, or a folder of some, and is a link
        self.left: list[tuple[str, str]] = []  # what is not looked at, and why: too deep, too many

    def names(self) -> list[str]:
        """Every template by name, sorted. A folder that is not there has none."""
        found: list[str] = []
        self.odd, self.links, self.left = [], [], []
        for path in self._files():
            name = path[: -len(END)]
            (found if is_name(name) else self.odd).append(name)
        return sorted(found)

    def path(self, name: str) -> str:
        """Where the file of a template stands."""
        return os.path.join(self.folder, *name.split("/")) + END

    def read(self, name: str) -> bytes:
        """The file of one. SourceError where it cannot be read."""
        try:
            return _read(self.path(name), MAX_BYTES)
        except OSError as error:
            why = (error.strerror or "unknown").lower()
            raise SourceError(f"the template `{name}` cannot be read: {why}", hint="look at the file") from None

    def compiled(self, name: str) -> bytes | None:
        """What stands beside it compiled, None where nothing does."""
        try:
            return _read(self.path(name)[: -len(END)] + COMPILED, MAX_COMPILED)
        except OSError:
            return None

    def _files(self) -> Iterator[str]:
        todo = [("", 0)]
        left = MAX_FILES
        while todo:
            here, depth = todo.pop()
            try:
                with os.scandir(os.path.join(self.folder, here)) as listing:
                    children = sorted(listing, key=lambda child: child.name)
            except OSError:
                continue
            for child in children:
                path = f"{here}/{child.name}" if here else child.name
                if child.name[0] == ".":
                    continue
                if child.is_symlink():
                    if child.name.endswith(END) or child.is_dir():
                        self.links.append(path)
                elif child.is_dir(follow_symlinks=False):
                    if depth < MAX_DEPTH:
                        todo.append((path, depth + 1))
                    else:
                        self.left.append((path, f"more than {MAX_DEPTH} folders deep"))
                elif child.name.endswith(END) and child.is_file(follow_symlinks=False):
                    if not left:
                        self.left.append((path, f"there are more than {MAX_FILES:,} templates"))
                        return
                    left -= 1
                    yield path


def _read(path: str, cap: int) -> bytes:
    """A plain file of at most `cap` bytes. OSError for all else: a pipe is not waited for, a link not followed."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(22, "not a file")
        data = file.read(cap + 1)
    if len(data) > cap:
        raise OSError(27, f"more than {cap:,} bytes")
    return data
