"""watchdog, held by one hand: which folders are watched now, and polling where the system has no watches left."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Callable, Mapping

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter, ObservedWatch
from watchdog.observers.polling import PollingObserver  # now: it is needed when no file can be opened any more

from driven.sync.events import Polling
from driven.sync.folders import Folder

POLL_SECONDS = 1.0
SPARE_HANDLES = 8  # an observer takes three
# Not the opening and reading of files, which every sync does a thousand times, and not the time of a folder.
_KINDS: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileDeletedEvent, FileMovedEvent, FileAttribEvent,
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent, DirAttribEvent,
]  # fmt: skip

Changed = Callable[[str], None]
"""Called in watchdog's threads with the path of a change (relative to the root), "" when changes were lost."""


class Observing:
    """The folders that are watched. `changed` hears of what may matter, `told` of a fall back to polling."""

    def __init__(self, changed: Changed, told: Callable[[Polling], None], *, poll: bool = False) -> None:
        self._changed = changed
        self._told = told
        self._folders: Mapping[str, Folder] = {}
        self._watches: dict[str, tuple[ObservedWatch, tuple[int, int]]] = {}
        self._observer: BaseObserver | None = None
        self._handler = _Handler(self)
        self._logs = _Lost(changed)
        self.polling = poll
        logger = logging.getLogger("watchdog")
        logger.addHandler(self._logs)
        logger.propagate = False

    def arm(self, folders: Mapping[str, Folder]) -> bool:
        """Watch these folders and no others; whether one is watched that was not before.

        OSError when the system refuses for another reason than its limits.
        """
        self._folders = folders
        if self._observer is None:
            self._start()
        live = {emitter.watch: emitter for emitter in self._emitters()}
        stale = [path for path in self._watches if not self._stands(path, live)]
        for path in stale:
            self._forget(path)
        new = False
        for path in folders:
            if path not in self._watches:
                polling = self.polling
                new = self._watch(path) or new
                if self.polling and not polling:  # the limit was met in the middle: all of them once more
                    return self.arm(folders)
        return new

    def close(self) -> None:
        """Stop watching. It waits a moment only: watchdog may take half a second to join a thread."""
        logger = logging.getLogger("watchdog")
        logger.removeHandler(self._logs)
        logger.propagate = True
        observer, self._observer = self._observer, None
        if observer is not None:
            ending = threading.Thread(target=observer.stop, daemon=True)
            ending.start()
            ending.join(0.1)

    def __len__(self) -> int:
        return len(self._watches)

    def _emitters(self) -> set[EventEmitter]:
        return self._observer.emitters if self._observer is not None else set()

    def _stands(self, path: str, live: Mapping[ObservedWatch, EventEmitter]) -> bool:
        """Whether `path` is still wanted, still that folder, and still watched: a deleted one may come back with the
        inode that it had."""
        watch, place = self._watches[path]
        emitter = live.get(watch)
        return path in self._folders and _place(path) == place and emitter is not None and emitter.should_keep_running()

    def _forget(self, path: str) -> None:
        watch, _ = self._watches.pop(path)
        if self._observer is not None:
            with contextlib.suppress(KeyError):
                self._observer.unschedule(watch)

    def _watch(self, path: str) -> bool:
        place = _place(path)
        if place is None or self._observer is None:
            return False  # gone in the meantime: the folder above it says when it comes back
        try:
            watch = self._observer.schedule(self._handler, path, event_filter=_KINDS)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EMFILE) and not self.polling:
                self._poll(error.errno)
            elif error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                raise
            return False
        self._watches[path] = (watch, place)
        return True

    def _start(self) -> None:
        if not self.polling:
            try:
                self._observer = Observer()
                self._observer.start()
                return
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EMFILE):
                    raise
                self._poll(error.errno)
        self._observer = PollingObserver(timeout=POLL_SECONDS)
        self._observer.start()

    def _poll(self, reason: int) -> None:
        """From now on look at the folders every second; say why, and what would help."""
        self.polling = True
        if self._observer is not None:
            self._observer.stop()
            self._observer = None
        self._watches.clear()
        self._told(_limit(reason))


class _Handler(FileSystemEventHandler):
    """Passes on the events that may matter."""

    def __init__(self, owner: Observing) -> None:
        self._owner = owner

    def dispatch(self, event: FileSystemEvent) -> None:
        folders = self._owner._folders
        for raw in (event.src_path, event.dest_path):
            if not raw:
                continue
            path = os.fsdecode(raw)
            if path in folders and event.event_type != "moved":
                self._owner._changed(folders[path].shown)  # the folder itself: deleted, or its mode changed
            parent, name = os.path.split(path)
            folder = folders.get(parent)
            if folder is not None and folder.is_wanted(path, name, event.is_directory):
                self._owner._changed(f"{folder.shown}/{name}" if folder.shown else name)


class _Lost(logging.Handler):
    """watchdog says in its log alone that the kernel dropped events; and what it logs must not reach the screen."""

    def __init__(self, changed: Changed) -> None:
        super().__init__(logging.WARNING)
        self._lost = changed

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._lost("")


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
