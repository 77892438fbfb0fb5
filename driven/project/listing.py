"""The files of the user's project, for conditions and globs: what git would list, else a walk."""

from __future__ import annotations

import os

from driven.project.git import git_files

MAX_FILES = 500_000


def list_files(root: str) -> list[str]:
    """Paths relative to `root`, POSIX: tracked and untracked ones that git does not ignore. Without git, all files
    but those in folders that begin with a dot."""
    found = git_files(root)
    return _walk(root) if found is None else list(dict.fromkeys(found))[:MAX_FILES]


def _walk(root: str) -> list[str]:
    found: list[str] = []
    todo = [""]
    while todo and len(found) < MAX_FILES:
        folder = todo.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as listing:
                for child in listing:
                    path = f"{folder}/{child.name}" if folder else child.name
                    if child.is_dir(follow_symlinks=False):
                        if not child.name.startswith("."):
                            todo.append(path)
                    else:
                        found.append(path)
        except OSError:
            continue
    return sorted(found)
