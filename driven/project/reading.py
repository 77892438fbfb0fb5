"""Reading a file of a project that anybody may have put there: never a pipe to wait for, never more than a cap."""

from __future__ import annotations

import errno
import os
import stat


def read_file(path: str, cap: int) -> tuple[bytes, os.stat_result]:
    """The bytes of a plain file of at most `cap` bytes, and its stat as it was when it was opened.

    OSError when it is not there, not a plain file, or larger.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        seen = os.fstat(handle)
        if not stat.S_ISREG(seen.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if seen.st_size > cap:
            raise OSError(errno.EFBIG, f"{seen.st_size:,} bytes are more than any such file has")
        parts = []
        while part := os.read(handle, min(seen.st_size + 1, cap + 1)):
            parts.append(part)
            if sum(map(len, parts)) > cap:
                raise OSError(errno.EFBIG, "it grows while it is read")
        return b"".join(parts), seen
    finally:
        os.close(handle)
