"""The files of the user's project, for conditions and globs: what git would list, else a walk."""

from __future__ import annotations

import os

MAX_FILES = 500_000


def list_files(root: str) -> list[str]:
    """Paths relative to `root`, POSIX: tracked and untracked ones that git does not ignore. Without git, all files
    but those in folders that begin with a dot."""
    import subprocess

    command = ["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return _walk(root)
    if done.returncode != 0:
        return _walk(root)
    return list(dict.fromkeys(os.fsdecode(name) for name in done.stdout.split(b"\0") if name))[:MAX_FILES]


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
