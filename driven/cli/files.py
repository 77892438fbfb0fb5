"""Files that the user names on the command line: read with a bound, written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from driven.errors import DiskError, SourceError, UsageError

MAX_BYTES = 256 << 20  # of one file that is read whole
MAX_FILES = 100_000  # below one folder


def read(path: str, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a plain file. SourceError when there is none, it cannot be read, or it is larger than `limit`."""
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SourceError(f"`{path}` is not a plain file", hint="name a file or a folder")
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"`{path}` cannot be read: {reason.lower()}", hint="check the path") from None
    if len(data) > limit:
        raise SourceError(f"`{path}` is larger than {limit:,} bytes", hint="it cannot be a file of rules")
    return data


def walk(folder: str) -> list[str]:
    """Every file below `folder`, as sorted POSIX paths relative to it. Links to folders are not followed, and `.git`
    and `node_modules` are left out. SourceError past `MAX_FILES`."""
    found: list[str] = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "node_modules"))
        found += (os.path.relpath(os.path.join(base, name), folder).replace(os.sep, "/") for name in names)
        if len(found) > MAX_FILES:
            raise SourceError(f"`{folder}` holds more than {MAX_FILES:,} files", hint="name the folder of rules itself")
    return sorted(found)


def write(files: Mapping[str, bytes], *, force: bool) -> None:
    """Write each file through a temporary one beside it. Without `force`, UsageError before anything is written when
    one of them stands there already; DiskError when the disk refuses."""
    for path in files:
        if os.path.lexists(path):
            if not force:
                raise UsageError(f"`{path}` is there already", hint="choose another OUT, or give --force")
            if not stat.S_ISREG(os.lstat(path).st_mode):  # a device, a link, a folder: never replaced
                raise UsageError(f"`{path}` is not a plain file", hint="choose another OUT")
    for path, data in files.items():
        temp = f"{path}.{os.getpid()}.drvtmp"
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(temp, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temp, path)
        except OSError as error:
            _remove(temp)
            raise DiskError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from None
        except BaseException:
            _remove(temp)
            raise


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
