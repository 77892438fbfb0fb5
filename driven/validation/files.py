"""The rule files of any folder, and what checks may ask of its disk. Only reads."""

from __future__ import annotations

import os
import stat
import time
from types import MappingProxyType

from driven.core.globs import Glob
from driven.document.document import Document
from driven.document.places import FOLDERS, TOP
from driven.project.git import git_files
from driven.project.reading import read_file
from driven.validation.tree import MAX_FILES, Tree, place_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeVar

    T = TypeVar("T")

MAX_BYTES = 16 << 20  # of one rule file; a larger one is told, not read
MAX_ASIDE = 1 << 20  # of another file that a check asks for
# Folders of other people's files, where git does not say so. Nobody's rules stand there, and they may hold millions.
SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))
STATE = ".driven/state"  # ours, and no rules
RULES = ".driven/rules"
CONFIG = ".driven/config.toml"


class Folder:
    """A folder to validate. What it was asked is remembered: `folders`, `read` and `absent` say what the answer of the
    whole validation hangs on."""

    def __init__(
        self, root: str, overlay: Mapping[str, bytes | None] = MappingProxyType({}), globs: Iterable[str] = (),
        known: Mapping[str, bytes] = MappingProxyType({}), tree: Tree | None = None,
        documents: Mapping[str, Document] = MappingProxyType({}), keep: bool = True,
    ) -> None:  # fmt: skip
        """`tree`: what git lists, where that was asked already. `documents`: those of an earlier look, to be used
        again where their files still say the same. Without `keep` the bytes of a file are forgotten as soon as its
        document is made."""
        self._documents = documents
        self._keep = keep
        self.made: Mapping[str, Document] = {}  # the documents, once they were asked for
        self.root = root
        self.known = known  # files that were read before: they say what they said then
        self.data: dict[str, bytes] = {}  # of the rule files
        self.globs = {pattern: Glob(pattern) for pattern in globs}  # of files that only a stranger's check knows
        self._dotted = {pattern.partition("/")[0] for pattern in self.globs} | FOLDERS.keys()
        self.began = time.time_ns()
        self.overlay = overlay  # files that are to say something else, or not to be there (None)
        self.folders: set[str] = set()  # listed: "" is the root
        self.stats: dict[str, os.stat_result | None] = {}  # every file that was looked at
        self.problems: list[tuple[str, str]] = []  # path, why it could not be read
        self._tracked: frozenset[str] | None = None
        listed = git_files(root) if tree is None else tree.listed
        self._git = listed
        if tree is None:
            tree = Tree(list(self._walk("")) if listed is None else listed)
        self.folders |= tree.folders
        self._tree = tree
        if overlay:
            gone = {path for path, data in overlay.items() if data is None and tree.has(path)}
            new = {path for path, data in overlay.items() if data is not None and not tree.has(path)}
            if gone or new:
                self._tree = tree.changed(new, gone)
        self._files = self._tree.files

    @property
    def has_git(self) -> bool:
        """Whether git listed the files."""
        return self._git is not None

    @property
    def listed(self) -> Sequence[str]:
        """What git listed."""
        return self._git or ()

    def documents(self) -> list[Document]:
        """Every rule file, read."""
        found = dict(self._tree.places)
        for pattern, glob in self.globs.items():
            found.update((path, pattern) for path in self._tree.matching(pattern, glob) if path not in found)
        # An editor reads its folder whether git ignores it or not.
        for path in self._walk_known():
            if path not in found and self.overlay.get(path, b"") is not None and (place := place_in(path)):
                found[path] = place
        made: dict[str, Document] = {}
        linked = [path for path in sorted(found) if self._read_document(path, found[path], made)]
        below = {path: place for top in linked for path in self._walk(top) if (place := place_in(path))}
        for path in sorted(below.keys() - found.keys()):
            self._read_document(path, below[path], made)
        return self._with_links([made[path] for path in sorted(made)])

    def _document(self, path: str, data: bytes, place: str) -> Document:
        known = self._documents.get(path)
        if known is None or known.data != data or known.place != place:
            return Document(path, data, place=place)
        return known

    def _with_links(self, documents: list[Document]) -> list[Document]:
        """The documents; of each that is another one, by a link to it or to its folder, it is said which one."""
        links: dict[str, str] = {}
        same: dict[tuple[int, int], list[Document]] = {}
        for document in documents:
            seen = self.stats.get(document.path)
            if seen is not None:
                same.setdefault((seen.st_dev, seen.st_ino), []).append(document)
        top = os.path.join(os.path.realpath(self.root), "")
        for group in same.values():
            if len(group) < 2:
                continue
            paths = {document.path for document in group}
            for document in group:
                real = os.path.realpath(os.path.join(self.root, document.path)).removeprefix(top).replace(os.sep, "/")
                if real != document.path and real in paths:
                    links[document.path] = real
        return [
            one.marked(links.get(one.path, ""), one.ours, one.origins, one.rule) for one in documents
        ]  # fmt: skip

    def _read_document(self, path: str, place: str, made: dict[str, Document]) -> bool:
        """Read a rule file. Whether it is none, but a link to a folder of the project, and to none around it."""
        data = self._read(path, MAX_BYTES)
        full = os.path.join(self.root, path)
        if data is not None:
            made[path] = self._document(path, data, place)
            if self._keep:
                self.data[path] = data
        elif self.overlay.get(path, b"") is not None and os.path.islink(full) and os.path.isdir(full):
            here, there = os.path.realpath(os.path.dirname(full)), os.path.realpath(full)
            return self._is_inside(path) and not os.path.join(here, "").startswith(os.path.join(there, ""))
        return False

    # What `Repository` asks.

    def files(self) -> Sequence[str]:
        """See `Repository`."""
        return self._files

    def tracked(self) -> frozenset[str]:
        """See `Repository`."""
        if self._tracked is None:
            from driven.project.git import tracked_files

            self._tracked = frozenset(tracked_files(self.root)) if self._git is not None else frozenset()
        return self._tracked

    def kept(self, key: str, make: Callable[[Sequence[str]], T]) -> T:
        """See `Repository.of_files`."""
        return self._tree.kept(key, make)

    def exists(self, path: str) -> bool:
        """See `Repository`. What leads out of the project is not looked at, and counts as there."""
        parts = path.split("/")
        if path[:1] in ("", "/", "~") or ".." in parts or "\0" in path:
            return True
        if path in self.overlay:
            return self.overlay[path] is not None
        return self._stat(path) is not None

    def read(self, path: str) -> str | None:
        """See `Repository`."""
        if path[:1] in ("", "/", "~") or ".." in path.split("/") or "\0" in path:
            return None
        if not self.exists(path) or not self._is_inside(path):
            return None
        problems = len(self.problems)
        data = self._read(path, MAX_ASIDE)
        del self.problems[problems:]  # of a file that is nobody's rule
        return None if data is None else data.decode(errors="replace")

    def _stat(self, path: str) -> os.stat_result | None:
        if path not in self.stats:
            try:
                self.stats[path] = os.stat(os.path.join(self.root, path))
            except (OSError, ValueError):
                self.stats[path] = None
        return self.stats[path]

    def _read(self, path: str, cap: int) -> bytes | None:
        if path in self.overlay:
            return self.overlay[path]
        if path in self.known:
            return self.known[path]
        full = os.path.join(self.root, path)
        try:
            if os.path.islink(full) and not self._is_inside(path):
                self.problems.append((path, "is a link that leads out of the project"))
                self.stats[path] = None
                return None
            data, seen = read_file(full, cap)
        except FileNotFoundError:
            self.stats[path] = None
            if os.path.lexists(full):
                self.problems.append((path, "is a link that leads nowhere"))
            return None  # else git's index has it, the folder not any more
        except OSError as error:
            seen_now = self._stat(path)
            if seen_now is None or not stat.S_ISDIR(seen_now.st_mode):  # a submodule, or a link to a folder
                self.problems.append((path, f"cannot be read: {(error.strerror or 'unknown').lower()}"))
            return None
        self.stats[path] = seen
        return data

    def _is_inside(self, path: str) -> bool:
        """Whether a path of the project leads to a place inside it, and not into git's own."""
        top = os.path.join(os.path.realpath(self.root), "")
        real = os.path.join(os.path.realpath(os.path.join(self.root, path)), "")
        return real.startswith(top) and real.removeprefix(top).partition("/")[0] != ".git"

    def _walk(self, top: str) -> Iterable[str]:
        """The files below a folder; of the folders that begin with a dot only those of editors."""
        todo = [top]
        count = 0
        while todo and count < MAX_FILES:
            folder = todo.pop()
            self.folders.add(folder)
            try:
                with os.scandir(os.path.join(self.root, folder)) as listing:
                    for child in listing:
                        name = child.name
                        path = f"{folder}/{name}" if folder else name
                        if child.is_dir(follow_symlinks=False):
                            if (name[:1] != "." or name in self._dotted) and name not in SKIPPED and path != STATE:
                                todo.append(path)
                        else:
                            count += 1
                            yield path
            except OSError:
                continue

    def _walk_known(self) -> Iterable[str]:
        """The files in editors' folders, and the single rule files, at the top of the project."""
        try:
            names = os.listdir(self.root)
        except OSError:
            return
        for name in sorted(names):
            if name[:1] == "." and name in FOLDERS and not self._is_inside(name):
                self.problems.append((name, "is a link that leads out of the project"))
            elif name == ".driven":
                yield CONFIG
                yield from self._walk(RULES)
            elif name in FOLDERS and name != ".github" and name != ".vscode":
                yield from self._walk(name)
            elif name.lower() in TOP:
                yield name
