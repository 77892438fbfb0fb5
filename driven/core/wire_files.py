"""`.drv` files on disk: read whole, in single reads, or through a memory map. Compiled, like the reader it extends."""

from __future__ import annotations

import os

from driven.core._rt import FormatError, i64
from driven.core.wire import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap as Mapping
    from typing import Final

# Bytes. A file up to WHOLE_FILE is read at once. Of a larger one the head is read first: up to HEADED a head of
# WHOLE_FILE, which then holds the tables that lead to a rule; above, only the section table and the start of STRINGS.
WHOLE_FILE: Final = 32768
HEADED: Final = 262144
PAGE: Final = 4096
# A FIFO must not block, and Windows must neither translate line ends nor stop at ^Z.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _seek_and_read(fd: int, n: int, at: int) -> bytes:
    os.lseek(fd, at, 0)
    return os.read(fd, n)


# Names of our own: one look-up instead of two at each call, where a call takes half a microsecond.
os_open, lseek, close = os.open, os.lseek, os.close
pread = getattr(os, "pread", _seek_and_read)  # Windows has none


def _open(path: str) -> tuple[int, i64]:
    """File descriptor and size. OSError as `os.open`, and for a pipe; of a device or folder the reading fails."""
    fd: int = os_open(path, OPEN_FLAGS)
    try:
        size: i64 = lseek(fd, 0, 2)  # a third of the price of fstat
    except OSError:
        os.close(fd)
        raise
    return fd, size


class FileReader(Reader):
    """A `.drv` that is read record by record, so that one rule costs the same however large the file is.

    Takes over the open file descriptor `fd` of a file of `size` bytes; `close()` it, or leave that to the end of the
    object. A file that is cut short meanwhile gives a FormatError.
    """

    def __init__(self, fd: int, size: i64) -> None:
        self._fd: int = fd
        self.data = b""
        n: i64 = WHOLE_FILE if size <= HEADED else PAGE
        head, _ = self.fetch(0, n if n < size else size)
        self._open(head, size)

    def fetch(self, at: i64, n: i64) -> tuple[bytes, i64]:
        if n <= len(self.data) - at:
            return self.data, at
        data: bytes = pread(self._fd, n, at)
        if len(data) != n:
            raise FormatError("the file was cut short while it was read", at)
        return data, 0

    def close(self) -> None:
        """Close the file; reading on is an OSError."""
        if self._fd >= 0:
            close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()


class MappedRules(Reader):
    """A `.drv` behind a memory map: for many random reads of a large file (one read alone is cheaper by `open_rules`).

    The file must not be cut short while it is mapped: the operating system ends the process that touches a lost page.
    """

    def __init__(self, path: str) -> None:
        import mmap

        fd, size = _open(path)
        try:
            if size == 0:
                raise FormatError("not a .drv: shorter than its header", 0)
            self._map: Mapping = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(fd)
        self._open(self._map[: min(PAGE, size)], size)

    def fetch(self, at: i64, n: i64) -> tuple[bytes, i64]:
        if n <= len(self.data) - at:
            return self.data, at
        return self._map[at : at + n], 0

    def close(self) -> None:
        """Let go of the map; reading on is a ValueError."""
        self._map.close()


def open_rules(path: str) -> Reader:
    """The rules in the file `path`: read at once up to 32 KB, else record by record. OSError as `os.open`."""
    fd, size = _open(path)
    if size > WHOLE_FILE:
        return FileReader(fd, size)
    try:
        data: bytes = pread(fd, size, 0)
    finally:
        close(fd)
    return Reader(data)
