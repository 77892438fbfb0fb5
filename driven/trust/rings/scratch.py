"""The folder that one confined process may write: taken away at its end, or by the next one where we were killed.

All of a user's stand in one folder of 0700, so that it costs nothing to look for what was left. Who uses one holds a
lock on it, which ends with its process. https://man7.org/linux/man-pages/man2/flock.2.html, read 2026-11-22.
"""

from __future__ import annotations

import os
import stat

_PREFIX = "driven-ring-"
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Scratch:
    """As a context: the real path of an empty folder, 0700."""

    def __enter__(self) -> str:
        import fcntl
        import tempfile

        above = _ours(tempfile.gettempdir())
        if above:
            _sweep(above)
        while True:
            self._path = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX, dir=above or None))
            try:
                self._lock = os.open(self._path, _FOLDER)
            except FileNotFoundError:
                continue  # another one swept it, before we held it
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            if os.path.isdir(self._path):
                return self._path
            os.close(self._lock)

    def __exit__(self, *_: object) -> None:
        import shutil

        shutil.rmtree(self._path, ignore_errors=True)
        os.close(self._lock)


def _ours(place: str) -> str:
    """The folder of all of this user's; "" where somebody else has put something in its place."""
    path = os.path.join(place, f"driven-rings-{os.getuid()}")
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return ""
    found = os.lstat(path)
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return path if is_ours else ""


def _sweep(above: str) -> None:
    """Take away what nobody holds. One that was made and is not held yet may go, too: its maker makes another."""
    import fcntl
    import shutil

    for name in os.listdir(above):
        path = os.path.join(above, name)
        try:
            handle = os.open(path, _FOLDER)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(handle)
