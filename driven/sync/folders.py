"""Which folders a watch must look at, and which names in them: never the whole tree.

Each folder is watched by itself, without what is below it. The folders on the way from the root to it are watched for
the next name of that way alone, so that one which is deleted, renamed or not there yet is noticed when it comes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from driven.frozen import field, record
from driven.project.config import CONFIG, PYPROJECT
from driven.project.ledger import LOCK, PACKS, PINS
from driven.project.sources import MAX_DEPTH, MAX_FILES, RULES

MAX_LINKS = 40  # in one path, as Linux has it
MAX_PARTS = 200  # of one path: more is nobody's project, and a lock may say anything


@record
class Folder:
    """A folder to watch: what it is called in the project, and which names in it are of interest.

    `rules`: any rule file and any folder is, whatever its name; `packs`: any file at all.
    """

    shown: str
    names: set[str] = field(default_factory=set)
    rules: bool = False
    packs: bool = False

    def is_wanted(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether a change of `name`, at the absolute `path`, may mean anything for a sync."""
        if name in self.names:
            return True
        # What editors put beside a file while they save it (.x.md.swp, x.md~, #x.md#, 4913) is no rule file by name.
        if not self.rules or name.startswith("."):
            return False
        return self.packs or is_folder or name.endswith(".md") or os.path.isdir(path)


def wanted(root: str, outputs: Iterable[str]) -> dict[str, Folder]:
    """The folders to watch, by real path: those of the rules, of the settings, and of `outputs` (paths of the project).

    Where `root` itself is gone, the nearest folder above it that stands.
    """
    way = _Way(root)
    if not way.top:
        return way.folders
    for path in (CONFIG, PYPROJECT, LOCK, PINS, RULES, PACKS):
        way.file(path)
    for path in outputs:
        way.file(path, MAX_LINKS)  # nothing is written through a link, so where one leads is of no interest
    _rules(way, RULES)
    _rules(way, PACKS, packs=True)
    return way.folders


def _rules(way: _Way, top: str, *, packs: bool = False) -> None:
    """The folders of rules, as the loader walks them: links are followed inside the project; and those of packs."""
    todo = [(top, 0)]
    seen: set[str] = set()
    files = 0
    while todo and files < MAX_FILES:
        shown, depth = todo.pop()
        real = way.folder(shown)
        if not real or real in seen:
            continue
        seen.add(real)
        way.folders[real].rules = True
        way.folders[real].packs |= packs
        try:
            with os.scandir(real) as listing:
                children = list(listing)
        except OSError:
            continue  # an event says when it can be read
        for child in children:
            path = f"{shown}/{child.name}"
            if child.name.startswith("."):
                continue
            files += 1
            if child.is_symlink():
                way.file(path)  # what it leads to may change as well
            if depth < MAX_DEPTH and os.path.isdir(os.path.join(real, child.name)):  # no error for a circle of links
                todo.append((path, depth + 1))


class _Way:
    """Collects the folders on the ways from the root to what is wanted."""

    def __init__(self, root: str) -> None:
        self.folders: dict[str, Folder] = {}
        self.top = os.path.realpath(root)
        self._found: dict[str, str] = {"": self.top}  # path in the project -> real path, "" while it is not there
        if os.path.isdir(self.top):
            self.folders[self.top] = Folder("")
            return
        here = self.top
        while not os.path.isdir(here) and here != os.path.dirname(here):
            here, name = os.path.split(here)
        self.folders[here] = Folder(here, {name})
        self.top = ""

    def file(self, path: str, links: int = 0) -> None:
        """The folder of `path` is watched for its name; where it is a link, so is what it leads to."""
        parent, _, name = path.rpartition("/")
        real = self.folder(parent, links)
        if not real:
            return
        self.folders[real].names.add(name)
        full = os.path.join(real, name)
        if links < MAX_LINKS and os.path.islink(full) and (target := self._target(full)):
            self.file(target, links + 1)

    def folder(self, path: str, links: int = 0) -> str:
        """The real path of a folder of the project, which is watched from now on; "" when it is not there, or when a
        link leads out of the project."""
        known = self._found.get(path)
        if known is not None or path.count("/") > MAX_PARTS:
            return known or ""
        self._found[path] = ""  # a circle of links ends here
        parent, _, name = path.rpartition("/")
        above = self.folder(parent, links)
        if not above:
            return ""
        self.folders[above].names.add(name)
        full = os.path.join(above, name)
        if os.path.islink(full):
            target = self._target(full)
            real = self.folder(target, links + 1) if target and links < MAX_LINKS else ""
        else:
            real = full if os.path.isdir(full) else ""
        if real:
            self.folders.setdefault(real, Folder(path))
            self._found[path] = real
        return real

    def _target(self, link: str) -> str:
        """What a link names, as a path of the project; "" for what is outside it."""
        try:
            full = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
        except OSError:
            return ""
        if not full.startswith(self.top + os.sep):
            full = os.path.realpath(full)  # the root, by another name
        return full[len(self.top) + 1 :] if full.startswith(self.top + os.sep) else ""
