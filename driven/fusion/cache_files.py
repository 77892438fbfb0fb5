"""The folder of a cache and the files in it: found, trusted or not, listed, deleted. No link is ever followed into one.

A folder is taken where it is a folder and no link, this person's, and of nobody else writable: in any other, somebody
could put a file there, or another in the place of one (`core.answers.is_own`). It is held by a handle while files of it
are deleted, and of these only plain ones of this person go, whose names the caller knows for its own.
"""

from __future__ import annotations

import os
import stat

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | NOFOLLOW | CLOEXEC | getattr(os, "O_DIRECTORY", 0)


@frozen(kw_only=False)
class Stored:
    """One file of a cache. `used`: when it was written or last asked for, nanoseconds since 1970, to the hour."""

    name: str
    size: int
    used: int


@frozen(kw_only=False)
class Freed:
    """What was deleted, or would be."""

    files: int
    bytes: int


def me() -> int:
    """The number of this user; where users have none, one that no file's owner has: nothing is kept there."""
    return os.geteuid() if hasattr(os, "geteuid") else -1


def top_folder() -> str:
    """`$XDG_CACHE_HOME/driven`, else `~/.cache/driven`; "" where neither is known. It need not exist.

    A relative XDG_CACHE_HOME is not one (XDG Base Directory Specification 0.8).
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.environ.get("HOME", "")
        if not os.path.isabs(home):
            return ""
        base = os.path.join(home, ".cache")
    return os.path.join(base, "driven")


def cache_folder(name: str) -> str | None:
    """The folder of the cache `name`, made (0700) where it is not there; None where there is none to be had that is
    this person's alone."""
    top = top_folder()
    if not top:
        return None
    path = os.path.join(top, name)
    try:
        os.makedirs(top, 0o700, exist_ok=True)
        if not os.path.lexists(path):
            os.mkdir(path, 0o700)
    except FileExistsError:  # another process was first, or `driven` is a file
        pass
    except OSError:
        return None
    return path if refused(path) == "" else None


def refused(path: str) -> str:
    """Why a folder cannot be one of our caches, in a word for people; "" where it can, or is not there."""
    try:
        above = os.lstat(os.path.dirname(path))
        seen = os.lstat(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return (error.strerror or "it cannot be looked at").lower()
    return _why_not(seen) or ("the folder above it is somebody else's" if above.st_uid != me() else "")


def _why_not(seen: os.stat_result) -> str:
    if stat.S_ISLNK(seen.st_mode):
        return "it is a link"
    if not stat.S_ISDIR(seen.st_mode):
        return "it is no folder"
    if seen.st_uid != me():
        return "it is somebody else's"
    return "others may write it" if seen.st_mode & 0o022 else ""


def listed(folder: str, is_ours: Callable[[str], bool]) -> tuple[list[Stored], int]:
    """The plain files of this person whose names are `is_ours`, by name; and how many other things are there. Nothing
    where there is no folder, or one that is `refused`."""
    handle = _opened(folder)
    if handle < 0:
        return [], 0
    found: list[Stored] = []
    others = 0
    try:
        with os.scandir(handle) as listing:
            for child in listing:
                try:
                    seen = child.stat(follow_symlinks=False)
                except OSError:  # it went in this very moment
                    continue
                if stat.S_ISREG(seen.st_mode) and seen.st_uid == me() and is_ours(child.name):
                    found.append(Stored(child.name, seen.st_size, seen.st_mtime_ns))
                else:
                    others += 1
    except OSError:
        return [], 0
    finally:
        os.close(handle)
    return sorted(found, key=lambda one: one.name), others


def delete(folder: str, files: Iterable[Stored], *, dry: bool = False) -> Freed:
    """Delete files of a `listed` folder; what is gone already does not count. `dry`: only count."""
    if dry:
        sizes = [one.size for one in files]
        return Freed(len(sizes), sum(sizes))
    count = freed = 0
    handle = _opened(folder)
    if handle < 0:
        return Freed(0, 0)
    try:
        for one in files:
            if _unlink(handle, one.name):
                count, freed = count + 1, freed + one.size
    finally:
        os.close(handle)
    return Freed(count, freed)


def _unlink(folder: int, name: str) -> bool:
    try:
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(seen.st_mode) or seen.st_uid != me():
            return False
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    return True


def _opened(folder: str) -> int:
    """A handle of the folder, -1 where it is not there or not ours alone."""
    if refused(folder):
        return -1
    try:
        handle = os.open(folder, _FOLDER)
    except OSError:
        return -1
    if _why_not(os.fstat(handle)):
        os.close(handle)
        return -1
    return handle
