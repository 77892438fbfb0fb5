"""Files below a folder, read and written so that no link, no `..` and no device leads elsewhere.

A folder is named by its handle, a file by a path below it. Where Linux has openat2 the kernel itself holds the path
below the folder (RESOLVE_BENEATH, no links, no magic links, https://man7.org/linux/man-pages/man2/openat2.2.html, read
2026-11-22); elsewhere, and where a container forbids that call, the folders are walked one by one and none that is a
link is entered. What is written replaces a name and never a content: the other name of a hard link keeps what it had.

Everything raises DiskError. Windows has no handles of folders in Python: all is refused there, and never half done.
"""

from __future__ import annotations

import errno
import os
import stat

from driven.errors import DiskError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PATH = 4096  # bytes
MAX_NAME = 255
MAX_READ = 16 << 20
TEMP = ".drvtmp"
_NUMBER = 437  # of openat2, on every architecture that Linux has but alpha
_BENEATH, _NO_SYMLINKS, _NO_MAGICLINKS = 0x08, 0x04, 0x02
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # who opens a pipe that nobody writes to would wait for ever
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND
_UNAVAILABLE = {errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG}  # no such call, or a container forbids it
_LINKS = {errno.ELOOP, errno.EXDEV}


def root_handle(folder: str) -> int:
    """A handle of a folder that the caller trusts: links on the way to it are followed. The caller closes it."""
    try:
        return os.open(folder, os.O_RDONLY | _FOLDER)
    except (OSError, ValueError) as error:
        raise DiskError(f"`{_shown(folder)}` is no folder that can be opened: {_why(error)}") from None


def open_beneath(root_fd: int, path: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """A handle of the file or folder `path`, for the caller to close; `flags` and `mode` as for `os.open`.

    Only regular files, and folders with O_DIRECTORY. With O_CREAT the file is made, its folder is not. To write into a
    file that has a second name (a hard link) is refused: `write_beneath` replaces it.
    """
    folder, name = _parent(root_fd, path, create=False)
    try:
        if name == ".":
            if not flags & getattr(os, "O_DIRECTORY", -1):
                raise DiskError("`.` is a folder, not a file")
            return os.open(".", flags | _FILE, mode, dir_fd=folder)
        there = _standing(folder, name, path)
        if there is not None:
            _regular(there, path, folder_too=bool(flags & os.O_DIRECTORY), written=bool(flags & _WRITES))
        handle = os.open(name, (flags & ~os.O_TRUNC) | _FILE | _NONBLOCK, mode, dir_fd=folder)
        try:  # it may have been changed since it was looked at
            _regular(os.fstat(handle), path, folder_too=bool(flags & os.O_DIRECTORY), written=bool(flags & _WRITES))
            if flags & os.O_TRUNC:
                os.ftruncate(handle, 0)
            os.set_blocking(handle, not flags & _NONBLOCK)
        except BaseException:
            os.close(handle)
            raise
        return handle
    except OSError as error:
        raise _told(error, path, "opened") from None
    finally:
        os.close(folder)


def read_beneath(root_fd: int, path: str, most: int = MAX_READ) -> bytes:
    """What the file `path` holds. DiskError also where that is more than `most` bytes."""
    handle = open_beneath(root_fd, path)
    try:
        found = bytearray()
        while len(found) <= most and (more := os.read(handle, min(1 << 20, most + 1 - len(found)))):
            found += more
    except OSError as error:
        raise _told(error, path, "read") from None
    finally:
        os.close(handle)
    if len(found) > most:
        raise DiskError(f"`{_shown(path)}` is larger than {most:,} bytes")
    return bytes(found)


def write_beneath(root_fd: int, path: str, data: bytes, mode: int | None = None, *, durable: bool = True) -> None:
    """Make the file `path`, or replace it whole: at no time does it hold a part of `data`. Folders are made.

    `mode` None keeps the permissions of what stands there (never setuid, setgid or sticky), and is what a new file gets
    otherwise. What stands at `path` and is no regular file is refused, a link also where it leads to nothing. Without
    `durable` the disk is not waited for: after a crash of the machine the file may be empty.
    """
    folder, name = _parent(root_fd, path, create=True)
    temp = ""
    try:
        if name == ".":
            raise DiskError("`.` is a folder, not a file")
        there = _standing(folder, name, path)
        if there is not None:
            _regular(there, path)
            mode = stat.S_IMODE(there.st_mode) & 0o777 if mode is None else mode
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE
        temp = _temp(name)
        handle = os.open(temp, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            if mode is not None:
                os.fchmod(handle, mode & 0o777)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        temp = ""
        if durable:
            os.fsync(folder)
    except OSError as error:
        raise _told(error, path, "written") from None
    finally:
        if temp:
            _unlink(folder, temp)
        os.close(folder)


def remove_beneath(root_fd: int, path: str) -> None:
    """Remove the file `path`, or the link that stands there (never what it leads to). What is not there is no error."""
    try:
        folder, name = _parent(root_fd, path, create=False)
    except DiskError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return
        raise
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _told(error, path, "removed") from None
    finally:
        os.close(folder)


def parts(path: str) -> list[str]:
    """The names that `path` goes through, none for `.`. DiskError for what is no plain path below a folder."""
    problem = ""
    if not path or "\0" in path:
        problem = "is no name"
    elif path.startswith("/"):
        problem = "is absolute; a path below the folder is wanted"
    else:
        found = path.split("/")
        if path == ".":
            return []
        if ".." in found:
            problem = "leads out of its folder by `..`"
        elif "" in found or "." in found:
            problem = "has an empty part or a `.`"
        else:
            try:
                raw = [len(os.fsencode(name)) for name in found]
            except UnicodeEncodeError:
                raise DiskError(f"`{_shown(path)}` is no name that this file system can hold") from None
            if sum(raw) + len(raw) > MAX_PATH or max(raw) > MAX_NAME:
                problem = f"is too long: {MAX_NAME} bytes for each part, {MAX_PATH} for all"
    if problem:
        raise DiskError(f"`{_shown(path)}` {problem}")
    return found


def _parent(root_fd: int, path: str, *, create: bool) -> tuple[int, str]:
    """A handle of the folder that holds `path`, and its name there; of the root and `.` for the root itself."""
    if os.open not in os.supports_dir_fd:
        raise DiskError("files cannot be held below a folder on this platform")
    names = parts(path)
    try:
        if len(names) < 2:
            return os.dup(root_fd), names[0] if names else "."
        return _folder(root_fd, names[:-1], create), names[-1]
    except OSError as error:
        raise _told(error, path, "written" if create else "opened") from error


def _folder(root_fd: int, names: list[str], create: bool) -> int:
    call = _openat2()
    if call is not None:
        try:
            return call(root_fd, "/".join(names), os.O_RDONLY | _FOLDER)
        except FileNotFoundError:
            if not create:
                raise
        except OSError as error:
            if error.errno not in _UNAVAILABLE and error.errno != errno.EAGAIN:
                raise
    return _walk(root_fd, names, create)


def _walk(root_fd: int, names: list[str], create: bool) -> int:
    """The same, one folder after the other."""
    flags = _FOLDER | getattr(os, "O_NOFOLLOW", 0)
    passing = getattr(os, "O_PATH", os.O_RDONLY)  # who may enter a folder need not be allowed to list it
    at = os.dup(root_fd)
    try:
        for number, name in enumerate(names):
            last = number + 1 == len(names)
            try:
                below = os.open(name, flags | (os.O_RDONLY if last else passing), dir_fd=at)
            except FileNotFoundError:
                if not create:
                    raise
                _make(at, name)
                below = os.open(name, flags | (os.O_RDONLY if last else passing), dir_fd=at)
            except NotADirectoryError:
                if stat.S_ISLNK(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
                    raise OSError(errno.ELOOP, "a link") from None
                raise
            os.close(at)
            at = below
        return at
    except BaseException:
        os.close(at)
        raise


def _make(folder: int, name: str) -> None:
    try:
        os.mkdir(name, 0o777, dir_fd=folder)
    except FileExistsError:
        return  # somebody else made it in this moment; what it is, opening it tells


def _standing(folder: int, name: str, path: str) -> os.stat_result | None:
    """What stands at a name, None for nothing. A device must not even be opened: that alone can do something."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise DiskError(f"`{_shown(path)}` is a link; links are not followed here")
    return found


def _regular(found: os.stat_result, path: str, *, folder_too: bool = False, written: bool = False) -> None:
    if stat.S_ISDIR(found.st_mode):
        if not folder_too:
            raise DiskError(f"`{_shown(path)}` is a folder, not a file")
    elif not stat.S_ISREG(found.st_mode):
        raise DiskError(f"`{_shown(path)}` is a device, a pipe or a socket, not a file")
    elif written and found.st_nlink > 1:
        raise DiskError(f"`{_shown(path)}` has a second name (a hard link), which would change with it")


def _temp(name: str) -> str:
    raw = os.fsencode(name)[: MAX_NAME - 18 - len(TEMP)].decode(errors="ignore")
    return f".{raw}.{os.urandom(8).hex()}{TEMP}"


def _unlink(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return


def _told(error: OSError, path: str, what: str) -> DiskError:
    if error.errno in _LINKS:
        return DiskError(f"`{_shown(path)}` is or stands below a link; links are not followed here")
    return DiskError(f"`{_shown(path)}` cannot be {what}: {_why(error)}")


def _why(error: OSError | ValueError) -> str:
    return ((error.strerror if isinstance(error, OSError) else "") or str(error)).lower()


def _shown(path: str) -> str:
    """A path as it can be printed: it may come from an attacker."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in path[:120])
    return shown + "…" if len(path) > 120 else shown


_CALL: list[Callable[[int, str, int], int] | None] = []


def _openat2() -> Callable[[int, str, int], int] | None:
    """The kernel's own call, None where this is no Linux. Loaded when first asked for: ctypes costs milliseconds."""
    if not _CALL:
        _CALL.append(_load())
    return _CALL[0]


def _load() -> Callable[[int, str, int], int] | None:
    import sys

    if sys.platform != "linux":
        return None
    try:
        import ctypes

        system = ctypes.CDLL(None, use_errno=True).syscall
    except (ImportError, OSError, AttributeError):
        return None
    system.restype = ctypes.c_long
    how_type = ctypes.c_uint64 * 3  # struct open_how: flags, mode, resolve

    def call(folder: int, path: str, flags: int) -> int:
        how = how_type(flags, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
        for _ in range(64):
            found = int(
                system(
                    ctypes.c_long(_NUMBER), ctypes.c_int(folder), ctypes.c_char_p(os.fsencode(path)),
                    ctypes.byref(how), ctypes.c_size_t(24),
                )
            )  # fmt: skip
            if found >= 0:
                return found
            code = ctypes.get_errno()
            if code not in (errno.EAGAIN, errno.EINTR):  # somebody renames folders at this moment
                break
        raise OSError(code, os.strerror(code))

    return call
