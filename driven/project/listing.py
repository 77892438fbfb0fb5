"""The files of the user's project, for conditions and globs: what git would list, else a walk."""

from __future__ import annotations

import os

from driven.project.git import git_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

MAX_FILES = 500_000


def list_files(root: str) -> list[str]:
    """Paths relative to `root`, POSIX: tracked and untracked ones that git does not ignore. Without git, all files
    but those in folders that begin with a dot."""
    return list_both(root, ())[0]


def list_both(root: str, dotted: Container[str]) -> tuple[list[str], list[str]]:
    """The same, and the same with the files in folders that have a name of `dotted`, without driven's state: one list
    where git lists them, for git leaves no folder out."""
    found = git_files(root)
    if found is not None:
        listed = list(dict.fromkeys(found))[:MAX_FILES]
        return listed, listed
    walked = _walk(root, dotted)
    return [path for path in walked if "/." not in "/" + path.rpartition("/")[0]] if dotted else walked, walked


def _walk(root: str, dotted: Container[str]) -> list[str]:
    found: list[str] = []
    todo = [""]
    while todo and len(found) < MAX_FILES:
        folder = todo.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as listing:
                for child in listing:
                    path = f"{folder}/{child.name}" if folder else child.name
                    if child.is_dir(follow_symlinks=False):
                        hidden = child.name.startswith(".")
                        if (not hidden or child.name in dotted) and not f"/{path}".endswith("/.driven/state"):
                            todo.append(path)
                    else:
                        found.append(path)
        except OSError:
            continue
    return sorted(found)
