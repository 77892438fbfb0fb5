"""Who else is at work in the project: git, and another driven."""

from __future__ import annotations

import os

from driven.project.disk import STATE


def is_writing(root: str) -> bool:
    """Whether another process holds the right to write in this project now."""
    try:
        import fcntl

        handle = os.open(os.path.join(root, STATE, "lock"), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (ImportError, OSError):
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


class Git:
    """Whether git is at work in the project's checkout: it holds `index.lock` while it writes files."""

    def __init__(self, root: str) -> None:
        self._lock = _index_lock(root)
        self._stale: tuple[int, int] | None = None

    def is_busy(self) -> bool:
        """Whether git holds its index now; a lock that was waited for in vain does not count again."""
        return bool(self._lock) and self._seen() not in (None, self._stale)

    def give_up(self) -> None:
        """The lock that is there now is a dead git's."""
        self._stale = self._seen()

    def _seen(self) -> tuple[int, int] | None:
        try:
            seen = os.lstat(self._lock)
        except OSError:
            return None
        return seen.st_ino, seen.st_ctime_ns


def _index_lock(root: str) -> str:
    """Where git locks the index of the checkout that holds `root`, "" for none. A worktree's `.git` is a file."""
    folder, above = os.path.abspath(root), ""
    while folder != above:
        git = os.path.join(folder, ".git")
        if os.path.isdir(git):
            return os.path.join(git, "index.lock")
        try:
            with open(git, "rb") as file:
                head = file.read(4096)
        except OSError:
            pass
        else:
            if head.startswith(b"gitdir:"):
                return os.path.join(folder, os.fsdecode(head[7:].strip()), "index.lock")
        folder, above = os.path.dirname(folder), folder
    return ""
