"""One snapshot <-> bytes: what a sync changed, and the texts before and after; the head can be read without the texts.

Little-endian. Header, 72 bytes: magic `DSN\\0`, version u32, number u32, parent u32, time i64 (seconds, UTC), length of
the head u32, rows u32, blobs u32, length of the strings u32, of `what` and of driven's version u32 (they open the
strings), files u32, rules u32, length of the data u64, the first 8 bytes of the head's BLAKE3 without these. Rows, 52
bytes: (offset, length) into the strings of path, editor, part, digests in `outputs.lock` before and after, then three
blobs, counted from 1, 0 for none: before, after, stood. Blobs, 52 bytes: digest 16, kind u32, length u32, offset into
the data u64, length there u32, base u32, prefix u32, suffix u32, depth u32. Strings; data.

A blob is FULL; or a DELTA: what changed in a blob before it, of which `prefix` and `suffix` bytes stay (one rule of a
long section); or ELSEWHERE: the text that snapshot `base` left there. No chain is longer than `MAX_DEPTH`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import Struct

from blake3 import blake3

from driven.core._rt import FormatError
from driven.format.ends import common_ends
from driven.format.hashes import digest
from driven.frozen import frozen
from driven.model.plan import Owned

MAGIC = b"DSN\0"
VERSION = 1
SOURCE = "source"  # the `part` of a rule file; its editor is ""
RULES = ".driven/rules/"
ANSWERS = ".driven/templates.toml"  # what templates were answered: it comes and goes with the rules that they gave
FULL, DELTA, ELSEWHERE = 0, 1, 2
MAX_DEPTH = 16
MAX_HEAD = 1 << 28
MAX_BLOB = 1 << 27
LONG = 4096  # bytes: from here on it pays to look for what is there already

_HEADER = Struct("<4sIIIqIIIIIIIIQ8s")
_ROW = Struct("<13I")
_PATH = Struct("<2I")  # a row begins with it
_BLOB = Struct("<16sIIQIIIII")
HEADER = _HEADER.size


@frozen(kw_only=False)
class Change:
    """What happened to one thing: a rule file (`part` is `source`), or what `outputs.lock` has a line for.

    `before` is what an undo brings back, `after` what was written; None where it is not there. `stood`: what stood
    there in truth, where that is not `before` (a hand edit that was merged); it is kept, to be looked at. `was` and
    `now`: the digests that `outputs.lock` has for it before and after; None means: that of the text itself.
    """

    path: str
    editor: str
    part: str
    before: bytes | None
    after: bytes | None
    stood: bytes | None = None
    was: frozenset[str] | None = None
    now: frozenset[str] | None = None

    @property
    def owned(self) -> Owned:
        """Path, editor and part."""
        return self.path, self.editor, self.part


@frozen(kw_only=False)
class Row:
    """A change without its texts: indices of blobs, -1 for none."""

    owned: Owned
    before: int
    after: int
    stood: int
    was: frozenset[str] | None
    now: frozenset[str] | None


Earlier = Callable[[Owned, bytes], tuple[int, int] | None]
"""(thing, digest of its text) -> number of the snapshot that left that text there, and how deep its chain is."""


class Builder:
    """The bytes of one snapshot, put together."""

    def __init__(self, number: int, earlier: Earlier) -> None:
        self.number = number
        self._earlier = earlier
        self._strings = bytearray()
        self._places: dict[str, tuple[int, int]] = {}
        self._rows: list[bytes] = []
        self._records: list[bytes] = []
        self._depths: list[int] = []
        self._index: dict[bytes, int] = {}
        self._data: list[bytes] = []
        self._size = 0
        self._files: set[str] = set()
        self._rules: set[str] = set()

    def build(self, parent: int, when: int, what: str, version: str, changes: Iterable[Change]) -> bytes:
        """The snapshot of `changes`. `when` in seconds, UTC."""
        lengths = [len(self._put_string(word).encode("utf-8", "replace")) for word in (what, version)]
        for change in changes:
            self._add(change)
        table = b"".join((*self._rows, *self._records, self._strings))
        size = HEADER + len(table)
        if size > MAX_HEAD:
            raise FormatError("more changes than a snapshot can hold")

        def header(checksum: bytes) -> bytes:
            return _HEADER.pack(
                MAGIC, VERSION, self.number, parent, when, size, len(self._rows), len(self._records),
                len(self._strings), *lengths, len(self._files), len(self._rules), self._size, checksum,
            )  # fmt: skip

        checksum = blake3(header(bytes(8)) + table).digest(length=8)
        return b"".join((header(checksum), table, *self._data))

    def keep(self, data: bytes) -> int:
        """Hold a blob whole; its index. Each text is held once."""
        known = bytes.fromhex(digest(data))
        at = self._index.get(known)
        return self._record(known, FULL, data, len(data), 0, 0, 0, 0) if at is None else at

    def _add(self, change: Change) -> None:
        is_rule = change.part == SOURCE and change.path != ANSWERS
        (self._rules if is_rule else self._files).add(change.path)
        before = after = stood = 0
        if change.before is not None:
            before = 1 + self._before(change, change.before)
        if change.after is not None:
            after = 1 + self._after(change.after, change.before, before - 1)
        if change.stood is not None:
            stood = 1 + self._after(change.stood, change.before, before - 1)
        strings: list[int] = []
        for word in (change.path, change.editor, change.part, _lock(change.was), _lock(change.now)):
            self._put_string(word)
            strings += self._places[word]
        self._rows.append(_ROW.pack(*strings, before, after, stood))

    def _before(self, change: Change, data: bytes) -> int:
        if len(data) >= LONG:
            known = bytes.fromhex(digest(data))
            at = self._index.get(known)
            if at is not None:
                return at
            found = self._earlier(change.owned, known)
            if found is not None and found[1] < MAX_DEPTH:
                return self._record(known, ELSEWHERE, b"", len(data), found[0], 0, 0, found[1])
        return self.keep(data)

    def _after(self, data: bytes, base: bytes | None, base_at: int) -> int:
        if base is None or len(data) < LONG or len(base) < LONG or self._depths[base_at] >= MAX_DEPTH:
            return self.keep(data)
        known = bytes.fromhex(digest(data))
        at = self._index.get(known)
        if at is not None:
            return at
        prefix, suffix = common_ends(base, data)
        middle = data[prefix : len(data) - suffix]
        if 2 * len(middle) > len(data):
            return self.keep(data)
        depth = self._depths[base_at] + 1
        return self._record(known, DELTA, middle, len(data), base_at + 1, prefix, suffix, depth)

    def _record(
        self, known: bytes, kind: int, stored: bytes, length: int, base: int, prefix: int, suffix: int, depth: int
    ) -> int:
        if length > MAX_BLOB:
            raise FormatError("a text longer than a snapshot can hold")
        at = self._index[known] = len(self._records)
        self._records.append(
            _BLOB.pack(known, kind, length, self._size, len(stored), base, prefix, suffix, depth)
        )  # fmt: skip
        self._depths.append(depth)
        if stored:
            self._data.append(stored)
            self._size += len(stored)
        return at

    def _put_string(self, word: str) -> str:
        if word not in self._places:
            raw = word.encode("utf-8", "replace")
            self._places[word] = (len(self._strings), len(raw))
            self._strings += raw
        return word


def _lock(digests: frozenset[str] | None) -> str:
    return "=" if digests is None else ",".join(sorted(digests))


class Head:
    """A snapshot without its texts. FormatError for bytes that are none, whichever they are.

    `what` made it, `version` of driven, `time` in seconds UTC; `files` and `rules` count the paths that it speaks of;
    `size` is that of the file, in bytes.
    """

    def __init__(self, data: bytes, size: int) -> None:
        """`data` begins with the whole head (`head_length` says how long it is); `size` is that of the file."""
        self.number: int
        self.parent: int
        self.time: int
        self.files: int
        self.rules: int
        self.blobs: int
        length = head_length(data)
        (
            _, _, self.number, self.parent, self.time, _, rows, self.blobs, strings, what, version, self.files,
            self.rules, data_length, checksum,
        ) = _HEADER.unpack_from(data)  # fmt: skip
        self._table: int = HEADER + rows * _ROW.size
        self._at: int = self._table + self.blobs * _BLOB.size
        if self._at + strings != length or len(data) < length:
            raise FormatError("the tables leave the snapshot's head", 24)
        if length + data_length != size:
            raise FormatError("the texts leave the snapshot", 56)
        if blake3(data[:64] + bytes(8) + data[72:length]).digest(length=8) != checksum:
            raise FormatError("the snapshot's head is damaged", 64)
        self._data = data[:length]
        self._length = length
        self.size = size
        self.data_length: int = data_length
        if what + version > strings:
            raise FormatError("a text leaves the snapshot's strings", 40)
        self.what = self._string(0, what)
        self.version = self._string(what, version)
        self._decoded: list[Row] | None = None

    def _string(self, offset: int, length: int) -> str:
        if offset + length > self._length - self._at:
            raise FormatError("a text leaves the snapshot's strings", self._at)
        try:
            return self._data[self._at + offset : self._at + offset + length].decode()
        except UnicodeDecodeError:
            raise FormatError("a text that is not UTF-8", self._at + offset) from None

    def rows(self) -> list[Row]:
        """What changed, in the order in which it was written down."""
        if self._decoded is None:
            self._decoded = [self._row(at) for at in range(HEADER, self._table, _ROW.size)]
        return self._decoded

    def _row(self, at: int) -> Row:
        a, b, c, d, e, f, g, h, i, j, before, after, stood = _ROW.unpack_from(self._data, at)
        if max(before, after, stood) > self.blobs:
            raise FormatError("a change names a text that is not there", at)
        owned = self._string(a, b), self._string(c, d), self._string(e, f)
        if not is_place(owned):
            raise FormatError("a change of a path where none of ours can be", at)
        was, now = _digests(self._string(g, h), at), _digests(self._string(i, j), at)
        return Row(owned, before - 1, after - 1, stood - 1, was, now)

    def row_of(self, owned: Owned) -> Row | None:
        """The last change of one thing, found without decoding those of other paths."""
        path = owned[0].encode("utf-8", "replace")
        if self._data.find(path, self._at) < 0:
            return None
        for at in range(self._table - _ROW.size, HEADER - 1, -_ROW.size):
            offset, length = _PATH.unpack_from(self._data, at)
            if length == len(path) and self._data.startswith(path, self._at + offset):
                row = self._row(at)
                if row.owned == owned:
                    return row
        return None

    def digest(self, index: int) -> bytes:
        """The digest of a blob, 16 bytes."""
        at = self._table + index * _BLOB.size
        return self._data[at : at + 16]

    def find(self, known: bytes) -> int:
        """The index of the blob with this digest (16 bytes), -1 when there is none."""
        at = self._data.find(known, self._table, self._at)
        while at >= 0:
            index, rest = divmod(at - self._table, _BLOB.size)
            if rest == 0:
                return index
            at = self._data.find(known, at + 1, self._at)
        return -1

    def blob(self, index: int) -> tuple[int, int, int, int, int, int, int, int]:
        """(kind, length, where it is stored in the file, its length there, base, prefix, suffix, depth) of a blob.

        `base` is an index for a DELTA, always of an earlier blob, and the number of an earlier snapshot for ELSEWHERE.
        """
        at = self._table + index * _BLOB.size
        if index < 0 or index >= self.blobs:
            raise FormatError("a text that is not there", at)
        _, kind, length, offset, stored, base, prefix, suffix, depth = _BLOB.unpack_from(self._data, at)
        wrong = (
            length > MAX_BLOB or stored > self.data_length or offset > self.data_length - stored or depth > MAX_DEPTH
        )
        if kind == FULL:
            wrong |= stored != length
        elif kind == DELTA:
            wrong |= prefix + stored + suffix != length or not 1 <= base <= index
            base -= 1
        elif kind == ELSEWHERE:
            wrong |= not 1 <= base < self.number
        else:
            wrong = True
        if wrong:
            raise FormatError("the record of a text is damaged", at)
        return kind, length, self._length + offset, stored, base, prefix, suffix, depth


def head_length(data: bytes) -> int:
    """How long the head is that `data`, at least `HEADER` bytes, begins with."""
    if len(data) < HEADER or data[:4] != MAGIC:
        raise FormatError("not a snapshot")
    if int.from_bytes(data[4:8], "little") != VERSION:
        raise FormatError("a snapshot of another version", 4)
    length: int = int.from_bytes(data[24:28], "little")
    if not HEADER <= length <= MAX_HEAD:
        raise FormatError("the head leaves the snapshot", 24)
    return length


def is_place(owned: Owned) -> bool:
    """Whether this may be ours at all: a path inside the project, in `.driven` just when it is a rule, or the answers
    that templates were given."""
    path, _, part = owned
    parts = path.split("/")
    folded = [name.casefold() for name in parts]
    if "\0" in path or "\\" in path or {"", ".", "..", ".git"}.intersection(folded):
        return False
    if part != SOURCE:
        return folded[0] != ".driven"
    return path == ANSWERS or (path.startswith(RULES) and path.endswith(".md"))


def _digests(text: str, at: int) -> frozenset[str] | None:
    if text == "=":
        return None
    found = text.split(",") if text else []
    if any(len(one) != 32 or one.strip("0123456789abcdef") for one in found):
        raise FormatError("a digest that is none", at)
    return frozenset(found)
