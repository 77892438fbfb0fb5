"""Which folders are watched now, and looking every second where the system has no watches left."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Mapping

from driven.sync.events import Polling
from driven.sync.eyes import POLL_SECONDS, Eyes, Lost, Polled, best_eyes
from driven.sync.folders import Folder

SPARE_HANDLES = 8  # an observer takes three

Changed = Callable[[str], None]
"""Called in watchdog's threads with the path of a change (relative to the root), "" when changes were lost."""


class Observing:
    """The folders that are watched. `changed` hears of what may matter, `told` of a fall back to polling."""

    def __init__(self, changed: Changed, told: Callable[[Polling], None], *, poll: bool = False) -> None:
        self._changed = changed
        self._told = told
        self._folders: Mapping[str, Folder] = {}
        self._places: dict[str, tuple[int, int]] = {}  # of the folders that are looked at
        self._eyes: Eyes | None = None
        self._logs = Lost(self._seen)
        self.polling = poll
        logger = logging.getLogger("watchdog")
        logger.addHandler(self._logs)
        logger.propagate = False

    def arm(self, folders: Mapping[str, Folder]) -> bool:
        """Watch these folders and no others; whether one is watched that was not before.

        OSError when the system refuses for another reason than its limits.
        """
        self._folders = folders
        eyes = self._eyes = self._eyes or self._open()
        for path in [path for path, place in self._places.items() if not self._stands(eyes, path, place)]:
            del self._places[path]
            eyes.remove(path)
        new = False
        for path in folders:
            if path not in self._places:
                new = self._look_at(eyes, path) or new
                if self._eyes is not eyes:  # the limit was met in the middle: all of them once more
                    return self.arm(folders)
        return new

    def close(self) -> None:
        """Stop watching."""
        logger = logging.getLogger("watchdog")
        logger.removeHandler(self._logs)
        logger.propagate = True
        eyes, self._eyes = self._eyes, None
        if eyes is not None:
            eyes.close()

    def __len__(self) -> int:
        return len(self._places)

    def _stands(self, eyes: Eyes, path: str, place: tuple[int, int]) -> bool:
        """Whether `path` is still wanted, still that folder, and still watched: a deleted one may come back with the
        inode that it had."""
        return path in self._folders and _place(path) == place and eyes.stands(path)

    def _look_at(self, eyes: Eyes, path: str) -> bool:
        place = _place(path)
        if place is None:
            return False  # gone in the meantime: the folder above it says when it comes back
        try:
            eyes.add(path)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EMFILE) and not self.polling:
                eyes.close()
                self._places.clear()
                self._eyes = self._poll(error.errno)
            elif error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                raise
            return False
        self._places[path] = place
        return True

    def _open(self) -> Eyes:
        if not self.polling:
            try:
                return best_eyes(self._seen)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EMFILE):
                    raise
                return self._poll(error.errno)
        return Polled(self._seen)

    def _poll(self, reason: int) -> Eyes:
        """From now on look at the folders every second; say why, and what would help."""
        self.polling = True
        self._told(_limit(reason))
        return Polled(self._seen)

    def _seen(self, path: str, name: str, is_folder: bool) -> None:
        """Passes on what may matter."""
        if not path:
            self._changed("")
            return
        if name and (own := self._folders.get(os.path.join(path, name))) is not None:
            self._changed(own.shown)
        folder = self._folders.get(path)
        if folder is None:
            return
        if not name:
            self._changed(folder.shown)  # the folder itself: deleted, or its mode changed
        elif folder.is_wanted(os.path.join(path, name), name, is_folder):
            self._changed(f"{folder.shown}/{name}" if folder.shown else name)


def _place(path: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _limit(reason: int) -> Polling:
    """What the system has no more of, and the command that gives it more."""
    name, what, more = "max_user_watches", "watches no more folders", 524_288
    if reason == errno.EMFILE:
        name, what, more = "max_user_instances", "gives this user no more watchers", 1_024
        if _no_handles():
            return Polling(
                reason="this process may open no more files (`ulimit -n`); the folders are looked at every second",
                hint="raise it with `ulimit -n 4096`, then start this again", seconds=POLL_SECONDS,
            )  # fmt: skip
    try:
        with open(f"/proc/sys/fs/inotify/{name}", encoding="ascii") as file:
            now = f" is {int(file.read()):,}"
    except (OSError, ValueError):
        now = " is reached"
    return Polling(
        reason=f"the system {what}: fs.inotify.{name}{now}; the folders are looked at every second",
        hint=f"`sudo sysctl fs.inotify.{name}={more}`, then start this again; "
        f"a file with that line in /etc/sysctl.d keeps it",
        seconds=POLL_SECONDS,
    )


def _no_handles() -> bool:
    """Whether it is this process that may open no more files, and not the user that may have no more watchers."""
    try:
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return len(os.listdir("/proc/self/fd")) + SPARE_HANDLES > most
    except ImportError:
        return False
    except OSError:
        return True
