"""What looks at the folders for a watch: one thread for all of them, on inotify or by looking every second.

watchdog's own observers take a thread for each folder (814 for 800 folders). On Linux its descriptor, which has one
thread, is used without them; where there is no inotify its observer is, whatever it takes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from watchdog.events import EVENT_TYPE_CLOSED_NO_WRITE, EVENT_TYPE_OPENED, FileSystemEvent, FileSystemEventHandler

POLL_SECONDS = 1.0
Seen = Callable[[str, str, bool], None]
"""Called in another thread: something happened in this folder (absolute path) to this name, "" for the folder itself;
whether it is a folder. A folder "" says that changes were lost."""
_Look = dict[str, tuple[int, int, int, int, int]]


class Eyes(Protocol):
    """Looks at folders, each without what is below it."""

    def add(self, path: str) -> None:
        """Look at this folder from now on. OSError when it cannot be: ENOSPC and EMFILE are limits."""

    def remove(self, path: str) -> None:
        """Look at it no longer."""

    def stands(self, path: str) -> bool:
        """Whether it is still looked at: a folder that is deleted is not, though one of its name may come back."""

    def close(self) -> None:
        """Look at nothing any more."""


class Polled:
    """Looks at the names and stats of all folders every so many `seconds`."""

    def __init__(self, seen: Seen, seconds: float = POLL_SECONDS) -> None:
        self._seen = seen
        self._seconds = seconds
        self._looks: dict[str, _Look | None] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="driven-polling").start()

    def add(self, path: str) -> None:
        """Look at this folder from now on."""
        look = _look(path)
        with self._lock:
            self._looks[path] = look

    def remove(self, path: str) -> None:
        """Look at it no longer."""
        with self._lock:
            self._looks.pop(path, None)

    def stands(self, path: str) -> bool:
        """Whether it is looked at."""
        return path in self._looks

    def close(self) -> None:
        """Look at nothing any more."""
        self._end.set()

    def _run(self) -> None:
        while not self._end.wait(self._seconds):
            with self._lock:
                todo = list(self._looks.items())
            for path, before in todo:
                now = _look(path)
                if now == before:
                    continue
                with self._lock:
                    if self._looks.get(path) is not before:
                        continue  # taken out, or added anew, while it was looked at
                    self._looks[path] = now
                self._tell(path, before or {}, now or {})

    def _tell(self, path: str, before: _Look, now: _Look) -> None:
        for name in before.keys() | now.keys():
            if before.get(name) != now.get(name):
                self._seen(path, name, os.path.isdir(os.path.join(path, name)))


class Observed:
    """watchdog's observer of this system: FSEvents, kqueue, Windows."""

    def __init__(self, seen: Seen) -> None:
        from watchdog.observers import Observer
        from watchdog.observers.api import ObservedWatch

        self._seen = seen
        self._watches: dict[str, ObservedWatch] = {}
        self._observer = Observer()
        self._observer.start()

    def add(self, path: str) -> None:
        """Look at this folder from now on."""
        self._watches[path] = self._observer.schedule(_Handler(self._seen), path)

    def remove(self, path: str) -> None:
        """Look at it no longer."""
        with contextlib.suppress(KeyError):
            self._observer.unschedule(self._watches.pop(path))

    def stands(self, path: str) -> bool:
        """Whether it is still looked at."""
        watch = self._watches.get(path)
        live = {emitter.watch: emitter for emitter in self._observer.emitters}
        return watch in live and live[watch].should_keep_running()

    def close(self) -> None:
        """Look at nothing any more. It waits a moment only: watchdog may take half a second to join a thread."""
        ending = threading.Thread(target=self._observer.stop, daemon=True)
        ending.start()
        ending.join(0.1)


class _Handler(FileSystemEventHandler):
    """Passes on the events of files and folders; not those of reading, which every sync does a thousand times."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def dispatch(self, event: FileSystemEvent) -> None:
        if event.event_type in (EVENT_TYPE_OPENED, EVENT_TYPE_CLOSED_NO_WRITE):
            return
        if event.is_directory and event.event_type == "modified":
            return  # the time of a folder
        for raw in (event.src_path, event.dest_path):
            if raw:
                folder, name = os.path.split(os.fsdecode(raw))
                self._seen(folder, name, event.is_directory)


def best_eyes(seen: Seen) -> Eyes:
    """What this system has. OSError with ENOSPC or EMFILE when it has no more of it."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError):  # a libc without inotify
            from driven.sync.inotify import Inotify

            return Inotify(seen)
    return Observed(seen)


class Lost(logging.Handler):
    """watchdog says in its log alone that an observer dropped events; and what it logs must not reach the screen."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(logging.WARNING)
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._seen("", "", False)


def _look(path: str) -> _Look | None:
    """What stands in a folder, None when it cannot be read. "" is the folder itself, without its times."""
    found: _Look = {}
    try:
        own = os.stat(path)
        with os.scandir(path) as listing:
            for entry in listing:
                with contextlib.suppress(OSError):  # gone in the meantime
                    seen = entry.stat(follow_symlinks=False)
                    times = (0, 0) if entry.is_dir(follow_symlinks=False) else (seen.st_mtime_ns, seen.st_ctime_ns)
                    found[entry.name] = (seen.st_ino, seen.st_size if times[0] else 0, seen.st_mode, *times)
    except OSError:
        return None
    found[""] = (own.st_ino, 0, own.st_mode, 0, 0)
    return found
