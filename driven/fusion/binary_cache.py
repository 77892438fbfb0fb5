"""A cache of bytes on disk, by keys of 64 hex digits: each entry a file that proves itself, or is none.

Little-endian: magic `DRVC`, version u32, length of the data u64, length of the label u32, zero u32, BLAKE3 of data and
label 32 bytes, the key 32 bytes; then the data, then the label, which is what people are told that it is. An entry that
is cut, changed, somebody else's, a link, or one of another key is never given: it is deleted where it is ours.

Written to a temp beside it, then renamed: who reads sees the old one, the new one or none, however many write. Nothing
is flushed to the disk (an fsync takes milliseconds, more than most entries are worth): after a crash an entry may be
lost, which does no harm, or torn, which its digest tells. No disk, however full or broken, fails a command: `put` says
False and leaves nothing behind.

All entries lie in one folder: in 256 subfolders a read took 7 to 10 % longer, a listing 40 to 75 %, with 1,000 entries
as with 20,000 (ext4, 2026-11).
"""

from __future__ import annotations

import os
import stat
import threading
import time

from blake3 import blake3

from driven.fusion.cache_files import (
    CLOEXEC,
    NOFOLLOW,
    Stored,
    cache_folder,
    delete,
    listed,
    me,
    refused,
)

__all__ = ["HEADER", "BinaryCache", "cache_folder", "is_busy", "is_entry", "key_of"]

MAGIC = b"DRVC\1\0\0\0"
HEADER = 88  # bytes before the data
MAX_LABEL = 200  # bytes
KEY = 64  # hex digits
TOUCH = 3600  # seconds: the time of an entry that is asked for is set at most so often
STALE = 600  # seconds after which a temp is one that a crash left
AGAIN = 64  # entries that are put before the folder is looked at again: other processes put some, too
KEPT = 0.9  # of the bytes allowed, what is left by making room
_READ = os.O_RDONLY | NOFOLLOW | CLOEXEC | getattr(os, "O_NONBLOCK", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC


def key_of(*parts: bytes) -> str:
    """A key for what hangs on all of `parts`: BLAKE3 of them, each with its length."""
    made = blake3()
    for part in parts:
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.hexdigest()


class BinaryCache:
    """The entries of one folder. Any number of threads and processes may share it.

    `folder`: as `cache_folder` gives it; None, or one that others may write: nothing is kept. `max_bytes`: above it
    those go that were not asked for the longest; processes that put at the same time may exceed it by what they put.
    """

    def __init__(self, folder: str | None, *, max_bytes: int) -> None:
        self.folder = folder if folder and not refused(folder) else ""
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._held = -1  # bytes in the folder as far as is known, -1 before it was looked at
        self._puts = 0
        self._made = not self.folder or os.path.isdir(self.folder)

    def get(self, key: str) -> bytes | None:
        """The data of an entry, verified; None where there is none that holds. ValueError for what is no key."""
        path = self._path(key)
        if not path:
            return None
        try:
            handle = os.open(path, _READ)
        except FileNotFoundError:
            return None
        except OSError:  # a link, or what cannot be opened
            self._drop(path, None)
            return None
        data: bytes | None = None
        seen: os.stat_result | None = None
        try:
            seen = os.fstat(handle)
            data = self._verified(handle, seen, key)
            if data is not None and not 0 <= time.time() - seen.st_mtime < TOUCH:
                os.utime(handle)
        except (OSError, MemoryError):
            pass  # with data: it was only not touched
        finally:
            os.close(handle)
        if data is None:
            self._drop(path, seen)
        return data

    def put(self, key: str, data: bytes, label: str = "") -> bool:
        """Keep `data`; whether it is kept. `label` says to people what it is. ValueError for what is no key."""
        path = self._path(key)
        tail = label.encode("utf-8", "replace")[:MAX_LABEL]
        size = HEADER + len(data) + len(tail)
        if not path or size > self.max_bytes or not self._ready():
            return False
        head = b"".join(
            (
                MAGIC, len(data).to_bytes(8, "little"), len(tail).to_bytes(4, "little"), bytes(4),
                blake3(data).update(tail).digest(), bytes.fromhex(key),
            )
        )  # fmt: skip
        temp = f"{self.folder}/.{key}.{os.urandom(6).hex()}.tmp"
        try:
            handle = os.open(temp, _WRITE, 0o600)
        except OSError:
            return False
        try:
            try:
                for part in (head, data, tail):
                    _write_all(handle, part)
            finally:
                os.close(handle)
            os.rename(temp, path)
        except BaseException as error:
            _remove(temp)
            if isinstance(error, OSError):
                return False
            raise
        self._grew(key, size)
        return True

    def discard(self, key: str) -> None:
        """Forget an entry."""
        path = self._path(key)
        if path:
            self._drop(path, None)

    def label(self, key: str) -> str:
        """What an entry says that it is, unverified; "" where it says nothing."""
        path = self._path(key)
        try:
            handle = os.open(path, _READ)
        except OSError:
            return ""
        try:
            head = os.read(handle, HEADER)
            at, length = HEADER + int.from_bytes(head[8:16], "little"), int.from_bytes(head[16:20], "little")
            whole = stat.S_ISREG(os.fstat(handle).st_mode) and os.fstat(handle).st_size == at + length
            return os.pread(handle, length, at).decode("utf-8", "replace") if whole and length <= MAX_LABEL else ""
        except OSError:
            return ""
        finally:
            os.close(handle)

    def _path(self, key: str) -> str:
        if not _is_key(key):
            raise ValueError(f"a key has {KEY} hex digits: {key!r:.80}")
        return f"{self.folder}/{key}" if self.folder else ""

    def _ready(self) -> bool:
        """Whether the folder is there and ours; it is made again where somebody deleted it all."""
        if self._made and os.path.isdir(self.folder):
            return True
        try:
            os.makedirs(os.path.dirname(self.folder), 0o700, exist_ok=True)
            os.mkdir(self.folder, 0o700)
        except FileExistsError:
            pass
        except OSError:
            return False
        self._made = not refused(self.folder)
        return self._made

    def _verified(self, handle: int, seen: os.stat_result, key: str) -> bytes | None:
        """The data of the file, None where it is not what this process would have written under that key."""
        if not stat.S_ISREG(seen.st_mode) or seen.st_uid != me() or seen.st_mode & 0o022:
            return None
        head = os.read(handle, HEADER)
        if len(head) != HEADER or head[:8] != MAGIC or head[56:] != bytes.fromhex(key):
            return None
        length, tail = int.from_bytes(head[8:16], "little"), int.from_bytes(head[16:24], "little")
        if tail > MAX_LABEL or length > self.max_bytes or seen.st_size != HEADER + length + tail:
            return None
        data = os.read(handle, length)
        if len(data) != length:
            data = _rest(handle, data, length)
        made = blake3(data)
        if tail:
            made.update(os.read(handle, tail))
        return data if made.digest() == head[24:56] else None

    def _drop(self, path: str, seen: os.stat_result | None) -> None:
        """Delete what stands there, where it is ours and no folder; with `seen` only if it still is what was opened:
        another process may have put a good one there."""
        try:
            now = os.lstat(path)
            same = seen is None or (now.st_dev, now.st_ino) == (seen.st_dev, seen.st_ino)
            if same and now.st_uid == me() and not stat.S_ISDIR(now.st_mode):
                os.unlink(path)
        except OSError:
            return

    def _grew(self, key: str, size: int) -> None:
        """Count what was put; make room where it is too much."""
        with self._lock:
            self._puts += 1
            if self._held >= 0 and self._puts % AGAIN:
                self._held += size
                if self._held <= self.max_bytes:
                    return
            files = listed(self.folder, is_entry)[0]
            delete(self.folder, [one for one in files if _is_left(one)])
            kept = sorted((one.used, one.name == key, one.name, one.size) for one in files if _is_key(one.name))
            self._held = sum(one[3] for one in kept)
            if self._held <= self.max_bytes:
                return
            goes: list[Stored] = []
            for used, is_new, name, length in kept:
                if self._held <= self.max_bytes * KEPT:
                    break
                if not is_new:
                    goes.append(Stored(name, length, used))
                    self._held -= length
            delete(self.folder, goes)


def is_entry(name: str) -> bool:
    """Whether a file of this name is one of a `BinaryCache`: an entry, or a temp of one."""
    return _is_key(name) or (name[:1] == "." and name[-4:] == ".tmp" and name[65:66] == "." and _is_key(name[1:65]))


def _is_key(name: str) -> bool:
    try:
        return len(name) == KEY and bytes.fromhex(name).hex() == name
    except ValueError:
        return False


def is_busy(one: Stored) -> bool:
    """Whether it is a temp that somebody may be writing now."""
    return one.name[0] == "." and not _is_left(one)


def _is_left(one: Stored) -> bool:
    """Whether it is a temp that nobody writes any more."""
    return one.name[0] == "." and one.used < time.time_ns() - STALE * 1_000_000_000


def _rest(handle: int, data: bytes, length: int) -> bytes:
    """What a read that gave less left over; shorter than `length` where the file ends."""
    parts = [data]
    left = length - len(data)
    while left > 0 and (part := os.read(handle, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write_all(handle: int, data: bytes) -> None:
    done = os.write(handle, data) if data else 0
    while done < len(data):
        done += os.write(handle, memoryview(data)[done:])


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
