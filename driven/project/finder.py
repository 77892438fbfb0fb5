"""Where editors' files stand in a project: a walk of only what a pattern names, or of that folder wherever it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from driven.core.globs import Glob, literal_prefix
from driven.errors import ProjectError
from driven.project.listing import list_files

MAX_FILES = 20_000  # below one folder of rules
MAX_FOLDERS = 100_000


class Finder:
    """The files of one project, by pattern. The project is listed once, and only for a pattern that begins with a
    wildcard. `links` are the links that were met where a pattern looks: nothing behind them is a match."""

    def __init__(self, root: str) -> None:
        self.links: set[str] = set()
        self._root = root
        self._listed: list[str] | None = None
        self._known: list[str] | None = None

    def matching(self, pattern: str) -> Iterator[str]:
        """The paths, relative to the root, of the files that a canonical pattern matches.

        ProjectError when a folder that it names holds more than `MAX_FILES`.
        """
        glob = Glob(pattern)
        rest = pattern.removeprefix("**/")
        is_wild = any(wild in rest for wild in "*?[{")
        prefix = literal_prefix(rest)
        if is_wild and not prefix:
            yield from filter(glob.match, self._files())
            return
        for folder in self._folders() if rest != pattern else [""]:
            if is_wild:
                links: list[str] = []
                for full in sorted(walk(os.path.join(self._root, folder, prefix), links)):
                    path = os.path.relpath(full, self._root).replace(os.sep, "/")
                    if glob.match(path):
                        yield path
                self.links.update(os.path.relpath(full, self._root).replace(os.sep, "/") for full in links)
            elif os.path.isfile(os.path.join(self._root, folder, rest)):
                yield f"{folder}/{rest}" if folder else rest

    def _files(self) -> list[str]:
        if self._listed is None:
            self._listed = list_files(self._root)
        return self._listed

    def _folders(self) -> list[str]:
        """The folders of the project, "" for itself: those in which git lists a file, so that a folder of an editor's
        that git ignores is found in one of them; without git, all but those that begin with a dot."""
        if self._known is None:
            found = {""}
            if _in_git(self._root):
                for path in self._files():
                    while (path := path.rpartition("/")[0]) not in found:
                        found.add(path)
            else:
                for top, names, _ in islice(os.walk(self._root), MAX_FOLDERS):
                    names[:] = [name for name in names if not name.startswith(".")]
                    found.add(os.path.relpath(top, self._root).replace(os.sep, "/"))
            self._known = sorted(found - {"."})
        return self._known


def walk(top: str, links: list[str] | None = None) -> list[str]:
    """The files below a folder; links are not followed, but named in `links`. ProjectError past a cap that no rule
    folder reaches."""
    found: list[str] = []
    todo = [top]
    while todo:
        try:
            with os.scandir(todo.pop()) as listing:
                for child in listing:
                    if child.is_dir(follow_symlinks=False):
                        todo.append(child.path)
                    elif child.is_file(follow_symlinks=False):
                        found.append(child.path)
                    elif links is not None and child.is_symlink():
                        links.append(child.path)
        except OSError:
            continue
        if len(found) > MAX_FILES:
            raise ProjectError(f"`{top}` holds more than {MAX_FILES:,} files", hint="name the folder of the rules")
    return found


def _in_git(root: str) -> bool:
    folder, above = os.path.abspath(root), ""
    while folder != above:
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        folder, above = os.path.dirname(folder), folder
    return False
