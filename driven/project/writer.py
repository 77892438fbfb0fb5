"""One writer at a time in a project, across threads and processes."""

from __future__ import annotations

import os
import time

from driven.errors import DiskError, ProjectError
from driven.project.disk import STATE, Tree


class Writer:
    """The right to write in one project, held by one process at a time; a dead process does not hold it.

    `.driven/state`, where its file stands, ignores itself.
    An `idle` one is for those who only look: it takes nothing and waits for nobody.
    """

    def __init__(self, tree: Tree, patience: float = 10.0, *, idle: bool = False) -> None:
        self._tree = tree
        self._idle = idle
        self._patience = patience  # seconds
        self._handle = -1

    def __enter__(self) -> Writer:
        if self._idle:
            return self
        folder = self._tree.folder(STATE, create=True)
        try:
            self._handle = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666, dir_fd=folder)
        except OSError as error:
            raise DiskError(f"`{STATE}/lock` cannot be opened: {(error.strerror or 'unknown').lower()}") from None
        until = time.monotonic() + self._patience
        while not _try_lock(self._handle):
            if time.monotonic() > until:
                os.close(self._handle)
                raise ProjectError(
                    "another `driven` is writing in this project", hint="wait for it to end, then run this again"
                )
            time.sleep(0.02)
        try:
            if self._tree.seen(STATE + "/.gitignore") is None:
                self._tree.write_state(STATE + "/.gitignore", b"*\n")
        except BaseException:
            os.close(self._handle)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self._idle:
            os.close(self._handle)


def _try_lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
