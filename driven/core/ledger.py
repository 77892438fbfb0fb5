"""The stat ledger: what a sync read and wrote, so that the next one can tell by stats alone that nothing changed.

Compiled because the no-op path decodes it and stats every entry. Layout, little-endian:
header 48 bytes: magic `DLG\\0`, version u32, flags u32 (bit 0 SETTLED), entries u32, blob offset u32, blob length u32,
then (offset, length) u32 pairs into the blob for key, summary and rule-set checksum;
entries of 80 bytes: kind u32, path offset u32, path length u32, names offset u32, names length u32, reserved u32,
size i64, mtime_ns i64, inode i64, digest 32 bytes; the blob.
"""

from __future__ import annotations

import os

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le, write_i64_le

from driven.core._rt import FormatError, final, i32, i64

MAGIC = b"DLG\0"
VERSION = 1
SETTLED = 1
HEADER = 48
ENTRY = 80

MAX_BYTES = 1 << 26  # a hundred times the ledger of ten thousand files

SEARCHED = 0  # a folder of sys.path: a new plugin changes its mtime
SETTING = 1  # a file that may be absent: configuration, outputs.lock
FOLDER = 2  # a folder of rules: a new or deleted file changes its mtime
SOURCE = 3  # a rule file
OUTPUT = 4  # a file that we wrote, or that holds a section of ours

# The time of an output and of a folder of sys.path is its mtime, of everything else its change time (ctime).
ABSENT = -1  # time of what was not there
UNSURE = -2  # time of what must be looked at again in any case

Entry = tuple[int, bytes, str, int, int, int, bytes]  # kind, path, names, size, mtime_ns, inode, digest


def build_ledger(key: bytes, summary: bytes, checksum: bytes, settled: bool, entries: list[Entry]) -> bytes:
    """The bytes of a ledger. Entries keep their order. ValueError for a digest that is not 32 bytes."""
    table = BytesWriter()
    blob = BytesWriter()
    for kind, path, names, size, mtime, inode, digest in entries:
        if len(digest) != 32:
            raise ValueError("a digest has 32 bytes")
        name_bytes = names.encode()
        write_i32_le(table, i32(kind))
        write_i32_le(table, i32(len(blob)))
        write_i32_le(table, i32(len(path)))
        blob.write(path)
        write_i32_le(table, i32(len(blob)))
        write_i32_le(table, i32(len(name_bytes)))
        blob.write(name_bytes)
        write_i32_le(table, i32(0))
        write_i64_le(table, size)
        write_i64_le(table, mtime)
        # An inode is an unsigned 64-bit number; its low 63 bits tell two files apart as well.
        write_i64_le(table, inode & 0x7FFFFFFFFFFFFFFF)
        table.write(digest)
    head = BytesWriter()
    head.write(MAGIC)
    write_i32_le(head, i32(VERSION))
    write_i32_le(head, i32(SETTLED if settled else 0))
    write_i32_le(head, i32(len(entries)))
    write_i32_le(head, i32(HEADER + len(entries) * ENTRY))
    write_i32_le(head, i32(len(blob) + len(key) + len(summary) + len(checksum)))
    for part in (key, summary, checksum):
        write_i32_le(head, i32(len(blob)))
        write_i32_le(head, i32(len(part)))
        blob.write(part)
    return head.getvalue() + table.getvalue() + blob.getvalue()


@final
class Ledger:
    """A view of a ledger's bytes. FormatError for bytes that are none."""

    def __init__(self, data: bytes) -> None:
        size: i64 = len(data)
        if size < HEADER or data[:4] != MAGIC:
            raise FormatError("not a ledger")
        if read_i32_le(data, 4) != VERSION:
            raise FormatError("a ledger of another version", 4)
        self.data = data
        self.count: i64 = i64(read_i32_le(data, 12))
        self.blob: i64 = i64(read_i32_le(data, 16))
        length: i64 = i64(read_i32_le(data, 20))
        if self.count < 0 or self.count > (size - HEADER) // ENTRY or self.blob != HEADER + self.count * ENTRY:
            raise FormatError("entries leave the ledger", 12)
        if length != size - self.blob:
            raise FormatError("the blob leaves the ledger", 20)
        self.settled: bool = (i64(read_i32_le(data, 8)) & SETTLED) != 0
        self.key: bytes = self._slice(24)
        self.summary: bytes = self._slice(32)
        self.checksum: bytes = self._slice(40)

    def _slice(self, at: i64) -> bytes:
        offset: i64 = i64(read_i32_le(self.data, at))
        length: i64 = i64(read_i32_le(self.data, at + 4))
        left: i64 = len(self.data) - self.blob
        if offset < 0 or length < 0 or offset > left or length > left - offset:
            raise FormatError("a text leaves the ledger", int(at))
        return self.data[self.blob + offset : self.blob + offset + length]

    def entries(self) -> list[Entry]:
        """All entries. FormatError for names that are not UTF-8."""
        out: list[Entry] = []
        data = self.data
        at: i64 = HEADER
        for _ in range(self.count):
            try:
                names = self._slice(at + 12).decode()
            except UnicodeDecodeError:
                raise FormatError("names that are not UTF-8", int(at)) from None
            out.append(
                (
                    int(read_i32_le(data, at)),
                    self._slice(at + 4),
                    names,
                    int(read_i64_le(data, at + 24)),
                    int(read_i64_le(data, at + 32)),
                    int(read_i64_le(data, at + 40)),
                    data[at + 48 : at + 80],
                )
            )
            at += ENTRY
        return out

    def tables(self) -> dict[int, dict[str, Entry]]:
        """All entries by kind and path. FormatError as for `entries`."""
        out: dict[int, dict[str, Entry]] = {}
        for entry in self.entries():
            table = out.get(entry[0])
            if table is None:
                table = out[entry[0]] = {}
            raw = entry[1]
            table[raw.decode() if raw.isascii() else os.fsdecode(raw)] = entry
        return out

    def unchanged(self, made_ns: int) -> bool:
        """Whether every entry stands as it did, by size, mtime and inode, seen from the current folder.

        `made_ns` is the ledger file's own mtime: what is not older than it may have changed within one tick of the
        clock and counts as changed here (git's racy rule); the caller then looks at the bytes.
        """
        data = self.data
        made: i64 = made_ns
        at: i64 = HEADER
        stat = os.stat
        for _ in range(self.count):
            kind: i64 = i64(read_i32_le(data, at))
            mtime: i64 = read_i64_le(data, at + 32)
            if mtime == UNSURE:
                return False
            try:
                seen = stat(self._slice(at + 4))
            except OSError:
                if mtime != ABSENT:
                    return False
            except ValueError:
                return False  # a NUL in the path: not a ledger of ours
            else:
                # What we renamed into place has a new change time; of what others write, it cannot be set back.
                now: i64 = seen.st_mtime_ns if kind in (OUTPUT, SEARCHED) else seen.st_ctime_ns
                if now != mtime:
                    return False
                if kind != SEARCHED:
                    inode: i64 = seen.st_ino & 0x7FFFFFFFFFFFFFFF
                    if now >= made or inode != read_i64_le(data, at + 40):
                        return False
                    if kind != FOLDER and seen.st_size != read_i64_le(data, at + 24):
                        return False
            at += ENTRY
        return True


def stale(outputs: dict[str, Entry], root: str, made_ns: int) -> list[str]:
    """The outputs below `root` that do not stand as their entries say, or may have changed when the ledger was made."""
    found: list[str] = []
    made: i64 = made_ns
    lstat = os.lstat
    for path, entry in outputs.items():
        if entry[4] < made:
            try:
                seen = lstat(root + "/" + path)
            except (OSError, ValueError):
                found.append(path)
                continue
            same_file = seen.st_ino & 0x7FFFFFFFFFFFFFFF == entry[5]
            if same_file and seen.st_mtime_ns == entry[4] and seen.st_size == entry[3]:
                continue
        found.append(path)
    return found


def touched(outputs: dict[str, Entry], dirty: dict[str, set[str]]) -> tuple[list[str], bool]:
    """The outputs that carry, for some editor, a rule of `dirty` (editor -> ids); and whether one of those carries
    for the same editor a rule that is not."""
    found: list[str] = []
    mixed = False
    for path, entry in outputs.items():
        hit = False
        for part in entry[2].split(";"):
            editor, _, ids = part.partition(":")
            marked = dirty.get(editor)
            if marked is None or not ids:
                continue
            if "," not in ids:
                hit = hit or ids in marked
                continue
            count = 0
            every = ids.split(",")
            for one in every:
                if one in marked:
                    count += 1
            if count:
                hit = True
                mixed = mixed or count < len(every)
        if hit:
            found.append(path)
    return found, mixed


def run_key(version: str, prefix: str, search_path: list[str]) -> bytes:
    """What must be the same for a ledger to be believed, besides its entries: driven's version, the Python and its
    search path, and every `DRIVEN_*` setting."""
    parts = [version, prefix]
    parts.extend(search_path)
    for name in sorted(os.environ):
        if name.startswith("DRIVEN_"):
            parts.append(name + "=" + os.environ[name])
    return "\0".join(parts).encode("utf-8", "surrogateescape")


def settled_summary(version: str, prefix: str, search_path: list[str]) -> bytes:
    """The line that the last sync left, when nothing changed since: the whole no-op path. `b""` when a sync must look.

    Reads `.driven/state/ledger` of the current folder.
    """
    return held_summary(b".driven/state/ledger", run_key(version, prefix, search_path))


def held_summary(path: bytes, key: bytes) -> bytes:
    """The summary of the ledger at `path`, when it is settled, has that key, and nothing changed since, seen from the
    current folder; else `b""`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        seen = os.fstat(handle)
        if seen.st_mode & 0o170000 != 0o100000 or seen.st_size > MAX_BYTES:
            return b""
        data = os.read(handle, seen.st_size)
    except OSError:
        return b""
    finally:
        os.close(handle)
    try:
        ledger = Ledger(data)
        if not ledger.settled or ledger.key != key:
            return b""
        return ledger.summary if ledger.unchanged(seen.st_mtime_ns) else b""
    except FormatError:
        return b""
