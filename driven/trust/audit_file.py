"""The audit log as a file: opened safely, read either way in bounded memory, written whole or not at all."""

from __future__ import annotations

import os

from driven.errors import DiskError, DrivenError
from driven.trust import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OUTCOMES = ("allowed", "denied", "violation", "note")
MAX_LINE = 64 << 10  # bytes of an entry
_CHUNK = 64 << 10


PATIENCE = 5.0  # seconds that a log is waited for which another process holds
_BINARY = getattr(os, "O_BINARY", 0)  # Windows turns line ends else
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _BINARY


def open_log(path: str, *, write: bool) -> int:
    """A descriptor of the log, or of its head. DiskError for a link, for what is no file, and for what is not ours
    alone: of another user, with a second name, or writable by others. FileNotFoundError when it is only to be read."""
    import stat

    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if write else os.O_RDONLY
    folder = os.path.dirname(path)
    for one in (folder, os.path.dirname(folder)):  # `state` and `.driven`: a repository may come with links for them
        if os.path.islink(one):
            raise DiskError(f"`{path}` is not used: `{one}` is a link", hint="remove the link")
    try:
        if write:
            os.makedirs(folder or ".", mode=0o700, exist_ok=True)
        handle = os.open(path, flags | _PLAIN, 0o600)
    except FileNotFoundError:
        if not write:
            raise
        raise DiskError(f"`{path}` cannot be opened: no such folder") from None
    except OSError as error:
        link = os.path.islink(path)
        said = "it is a link" if link else (error.strerror or "unknown").lower()
        raise DiskError(f"`{path}` cannot be opened: {said}", hint="remove the link" if link else "") from None
    status = os.fstat(handle)
    problem = ""
    if not stat.S_ISREG(status.st_mode):
        problem = "it is no file"
    elif hasattr(os, "geteuid") and os.geteuid() not in (0, status.st_uid):
        problem = "it belongs to another user"
    elif status.st_nlink > 1:
        problem = "it has a second name (a hard link)"
    elif status.st_mode & 0o022 and os.name == "posix":
        problem = "others may write it"
    if problem:
        os.close(handle)
        raise DiskError(
            f"`{path}` is not used: {problem}", hint=f"look at it, then `chmod 600` or move it away: {path}"
        )
    return handle


def read_at(handle: int, size: int, at: int) -> bytes:
    """Up to `size` bytes from there on, as `os.pread`, which Windows lacks."""
    if hasattr(os, "pread"):
        return os.pread(handle, size, at)
    os.lseek(handle, at, os.SEEK_SET)
    return os.read(handle, size)


def line_start(handle: int, end: int) -> int:
    """Where the line begins that ends before `end`: behind the last line feed there is, or 0."""
    while end > 0:
        low = max(0, end - _CHUNK)
        found = read_at(handle, end - low, low).rfind(b"\n")
        if found >= 0:
            return low + found + 1
        end = low
    return 0


def hash_of(handle: int, start: int, end: int) -> str:
    """SHA-256 of a part of the file, in bounded memory."""
    import hashlib

    made = hashlib.sha256()
    while start < end and (data := read_at(handle, min(_CHUNK, end - start), start)):
        made.update(data)
        start += len(data)
    return made.hexdigest()


def count_lines(handle: int, size: int) -> int:
    """The line feeds of the file."""
    return sum(read_at(handle, _CHUNK, at).count(b"\n") for at in range(0, size, _CHUNK))


def parse(line: bytes) -> dict[str, Any] | None:
    """The entry of a line with its line feed; None when it is none: not canonical, or without a key that each has."""
    if len(line) > MAX_LINE or line.find(b"\n") != len(line) - 1:
        return None
    try:
        entry = canonical.load(line, "the line")
    except DrivenError:
        return None
    if not isinstance(entry, dict) or not all(type(entry.get(key)) is int for key in ("seq", "mono", "pid")):
        return None
    seq, words = entry["seq"], [entry.get(key) for key in ("prev", "wall", "event", "outcome")]
    assert isinstance(seq, int)
    known = all(isinstance(word, str) for word in words) and entry["outcome"] in OUTCOMES
    return entry if seq >= 0 and known else None


def write(handle: int, data: bytes, size: int, path: str) -> None:
    """Append all of it, or nothing."""
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(handle, left) :]
    except OSError as error:
        os.ftruncate(handle, size)
        raise DiskError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from None


def replace(path: str, data: bytes) -> None:
    temp = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            os.replace(temp, path)
        except OSError:
            os.unlink(temp)
            raise
    except OSError as error:
        raise DiskError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from None


def lock(handle: int, path: str, patience: float = PATIENCE) -> None:
    """Hold the file against other processes. Whoever may read it can hold it too, and so stop who waits for ever:
    DiskError after `patience` seconds."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    import time

    until = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                hint = "is one stopped, or is it foreign code? `lsof` tells who has it open"
                raise DiskError(f"`{path}` is held by another process", hint=hint) from None
            time.sleep(0.002)


def unlock(handle: int) -> None:
    """Let others have it."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_UN)


def lines(handle: int) -> Iterator[bytes]:
    """The lines of a log in bounded memory: one that is longer than an entry can be comes as its first MAX_LINE + 1
    bytes, without what follows; the last may lack its line feed."""
    with open(handle, "rb", buffering=1 << 20) as file:
        while line := file.readline(MAX_LINE + 1):
            yield line
            while not line.endswith(b"\n") and (line := file.readline(MAX_LINE + 1)):
                pass
