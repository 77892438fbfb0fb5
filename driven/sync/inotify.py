"""Linux: all folders on one inotify descriptor of watchdog's and its one thread, without an observer's thread for each.

A rename comes as it happens, too: an observer holds the half of one back for half a second to find the other.
"""

from __future__ import annotations

import os
import threading

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from driven.sync.eyes import Seen

# Not the opening and reading of files, which every sync does a thousand times.
_MASK = Mask(
    InotifyConstants.IN_MODIFY | InotifyConstants.IN_ATTRIB | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVE | InotifyConstants.IN_CREATE | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_ONLYDIR | InotifyConstants.IN_DONT_FOLLOW
)  # fmt: skip


class Inotify:
    """Looks at folders by inotify."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._folders: dict[str, _Folder] = {}
        self._descriptor = InotifyFD()
        self._descriptor.start()

    def add(self, path: str) -> None:
        """Look at this folder from now on. PermissionError when it may not be read, ENOSPC at the limit."""
        folder = _Folder(path, self._seen)
        number = self._descriptor.add_callback(os.fsencode(path), _MASK, folder, CallbackId(id(folder)))
        if number == -1:  # watchdog says nothing of this one
            raise PermissionError(13, os.strerror(13), path)
        folder.number = number
        self._folders[path] = folder

    def remove(self, path: str) -> None:
        """Look at it no longer."""
        folder = self._folders.pop(path, None)
        if folder is not None and folder.stands:
            self._descriptor.remove_callbacks([(folder.number, CallbackId(id(folder)))])

    def stands(self, path: str) -> bool:
        """Whether it is still looked at."""
        return path in self._folders and self._folders[path].stands

    def close(self) -> None:
        """Look at nothing any more. It waits a moment only: the kernel may take its time for each folder."""
        ending = threading.Thread(target=self._descriptor.stop, daemon=True)
        ending.start()
        ending.join(0.1)


class _Folder:
    """What watchdog's thread calls for one folder."""

    def __init__(self, path: str, seen: Seen) -> None:
        self._path = path
        self._seen = seen
        self.number = WatchDescriptor(-1)
        self.stands = True

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened in it, or to it."""
        self._seen(self._path, os.fsdecode(event.name), event.is_directory)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """It is gone, or `close` was called."""
        self.stands = False

    def on_queue_overflow(self) -> None:
        """The kernel dropped events; each folder hears of it, and one look is enough for them all."""
        self._seen("", "", False)
