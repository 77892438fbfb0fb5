"""Reads what stands in a project: folders opened once each, files reached through their handles, and no link followed
that leaves the project."""

from __future__ import annotations

import errno
import os
import stat

from driven.errors import DiskError
from driven.model.plan import Standing
from driven.project.files import tick

MAX_OUTPUT = 16 << 20  # bytes; a rule file of an editor is far smaller, and what stands there is read into memory
LOCAL_ERRORS = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

Seen = tuple[int, int, int]  # size, mtime_ns, inode


class Folders:
    """A project's folders, opened once each. Use as a context manager."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.began = tick()  # a file with this mtime or a later one may yet change without a trace in its stat
        self._folders: dict[str, int | str] = {}  # path -> handle, or why it is not to be used
        self._places: dict[int, tuple[int, int]] = {}  # handle -> device, inode
        self._read: dict[str, Seen | None] = {}  # what was planned with: a file changed since is not written over

    def __exit__(self, *_: object) -> None:
        for handle in self._folders.values():
            if isinstance(handle, int) and handle >= 0:
                os.close(handle)
        self._folders.clear()

    def folder(self, path: str, *, create: bool = False) -> int:
        """A handle of the folder `path`; -1 when it is not there. DiskError when it is not to be used."""
        known = self._folders.get(path)
        if known is None or (known == -1 and create):
            known = self._folders[path] = self._open(path, create)
        if isinstance(known, str):
            raise DiskError(f"`{path}` {known}", hint="make it a folder inside the project, then run this again")
        return known

    def _open(self, path: str, create: bool) -> int | str:
        full = os.path.join(self.root, path) if path else self.root
        try:
            real = os.path.realpath(full)
        except OSError:  # what was a link when it was looked at was none when it was followed
            return "was replaced in this very moment"
        if real != self.root and not real.startswith(self.root + os.sep):
            return f"leads out of the project, to `{real}`"
        first = os.path.relpath(real, self.root).split(os.sep)[0]
        if first in (".git", ".driven") and path.split("/")[0] != ".driven":
            return f"leads into `{first}`"
        try:
            return self._walk(os.path.relpath(real, self.root), create)
        except FileNotFoundError:
            return -1
        except (NotADirectoryError, FileExistsError):
            return "is not a folder, or stands below a file"
        except OSError as error:
            if error.errno not in LOCAL_ERRORS:
                raise DiskError(f"`{path}` cannot be made: {error.strerror}") from None
            return f"cannot be used: {(error.strerror or 'unknown').lower()}"

    def _walk(self, path: str, create: bool) -> int:
        """A handle of a folder whose real path is known: folder by folder, entering no link. One that somebody puts in
        a folder's place at this moment leads nowhere. (`driven.trust.beneath` asks the kernel for as much; its call
        takes a library that a sync does not wait for.)"""
        at = os.open(self.root, _FOLDER)
        if path == ".":
            return at
        try:
            for name in path.split(os.sep):
                try:
                    below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
                except FileNotFoundError:
                    if not create:
                        raise
                    _make(name, at)
                    below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
                os.close(at)
                at = below
        except BaseException:
            os.close(at)
            raise
        return at

    def read(self, path: str) -> Standing:
        """What stands at `path`."""
        parent, _, name = path.rpartition("/")
        try:
            folder = self.folder(parent)
            if folder < 0:
                self._read[path] = None
                return Standing("absent")
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            self._read[path] = None
            return Standing("absent")
        except DiskError as error:
            return Standing("blocked", note=f"cannot be written: {error.message}")
        except OSError as error:
            if error.errno == errno.ELOOP:
                return Standing("blocked", note="is a link, and `driven` does not write through links")
            return Standing("blocked", note=f"cannot be read: {(error.strerror or 'unknown').lower()}")
        try:
            seen = os.fstat(handle)
            if not stat.S_ISREG(seen.st_mode):
                return Standing("blocked", note="is not a file")
            if seen.st_size > MAX_OUTPUT:
                return Standing("blocked", note=f"is {seen.st_size:,} bytes large, more than any rule file")
            self._read[path] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
            note = "" if seen.st_mode & 0o222 else "is read-only"
            return Standing("file", os.read(handle, seen.st_size) if seen.st_size else b"", note)
        except OSError as error:
            return Standing("blocked", note=f"cannot be read: {(error.strerror or 'unknown').lower()}")
        finally:
            os.close(handle)

    def place(self, path: str) -> tuple[int, int, str] | None:
        """Where `path` really is: device and inode of its folder, and its name; None while the folder is not there."""
        parent, _, name = path.rpartition("/")
        try:
            folder = self.folder(parent)
        except DiskError:
            return None
        if folder < 0:
            return None
        seen = self._places.get(folder)
        if seen is None:
            found = os.fstat(folder)
            seen = self._places[folder] = (found.st_dev, found.st_ino)
        return (*seen, name)

    def read_stat(self, path: str) -> Seen | None:
        """The stat of `path` when `read` read it."""
        return self._read.get(path)

    def seen(self, path: str) -> Seen | None:
        """The stat of `path` itself, None when it is not there."""
        parent, _, name = path.rpartition("/")
        try:
            folder = self.folder(parent)
            if folder < 0:
                return None
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (DiskError, OSError):
            return None
        return found.st_size, found.st_mtime_ns, found.st_ino


def _make(name: str, folder: int) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return  # somebody made it at this moment: what it is, opening it tells
