"""The outer half of a `.drv` reader: header, section table, inflating, strings. Compiled: it counts bytes.

Opening checks the magic, the version and that every section lies inside the file, and nothing more; each access then
checks the few numbers it uses, so any bytes give an answer or a `FormatError`.
"""

from __future__ import annotations

from driven.core import wire_layout as L
from driven.core._rt import FormatError, i64
from driven.core.wire_layout import u32


class Sections:
    """One `.drv` as sections and strings. Raises FormatError, and no other exception, for what the bytes hold."""

    def __init__(self, data: bytes) -> None:
        """`data` is the whole file (for the classes below: its head)."""
        self._open(data, len(data))

    def _open(self, head: bytes, size: i64) -> None:
        """Check the header and the section table at the start of `head`; the file has `size` bytes."""
        self.data: bytes = head
        self.size: i64 = size
        if size < L.HEADER_SIZE + 4:
            raise FormatError("not a .drv: shorter than its header", size)
        if u32(head, 0) != 0x00495844:  # "DXI\0"
            raise FormatError("not a .drv: it does not begin with `DXI`", 0)
        word = u32(head, 4)  # version u8, flags u8, reserved u16
        if word & 255 != L.VERSION:
            raise FormatError(f".drv version {word & 255}; this driven reads version {L.VERSION}", 4)
        self.flags: i64 = word >> 8
        if (self.flags & ~(L.SIGNED | L.COMPRESSED)) != 0:
            raise FormatError("a header flag that version 1 does not have", 5)
        sections = u32(head, L.HEADER_SIZE)
        end = L.HEADER_SIZE + 4 + sections * L.ENTRY_SIZE
        if sections > L.MAX_SECTIONS or end > size:
            raise FormatError(f"a table of {sections} sections does not fit", L.HEADER_SIZE)
        if end > len(head):
            head = self.data = self.fetch(0, end)[0]
        packed = (self.flags & L.COMPRESSED) != 0
        entry = [-1] * 13
        inflated: i64 = 0
        at: i64 = L.HEADER_SIZE + 4
        while at < end:
            offset = u32(head, at + 4)
            length = u32(head, at + 8)
            raw = u32(head, at + 12)
            if offset > size or length > size - offset:
                raise FormatError("a section does not lie inside the file", at)
            if not packed and raw != length:
                raise FormatError("a section that is not compressed has two lengths", at)
            kind = u32(head, at) & 0xFFFF  # flags u16 stand above it
            if 1 <= kind <= L.SOURCE:
                if entry[kind] >= 0:
                    raise FormatError(f"two {L.SECTION_NAMES[kind]} sections", at)
                entry[kind] = at
                inflated += raw
            at += L.ENTRY_SIZE
        if packed and inflated > L.MAX_INFLATED:
            raise FormatError(f"would inflate to {inflated} bytes, more than {L.MAX_INFLATED}", L.HEADER_SIZE)
        self._entry: list[int] = entry
        self.packed: bool = packed
        self._inflated: dict[int, bytes] | None = None
        self._strings: list[str | None] | None = None
        self.count: i64 = self.length(L.RULES) // L.RULE_SIZE

    # -- where bytes come from ------------------------------------------------------------------------------------

    def fetch(self, at: i64, n: i64) -> tuple[bytes, i64]:
        """A buffer that holds the `n` bytes of the file from `at`, and where in it they start."""
        return self.data, at

    def close(self) -> None:
        """Nothing to close: the bytes are in memory."""

    def length(self, kind: i64) -> i64:
        """Bytes of a section's raw content; 0 when the file does not have it."""
        e = self._entry[kind]
        return u32(self.data, e + 12) if e >= 0 else 0

    def sections(self) -> list[tuple[str, int, int]]:
        """Name, stored bytes and raw bytes of each section of version 1 that the file has, in the order of kinds."""
        found: list[tuple[str, int, int]] = []
        for kind in range(1, len(L.SECTION_NAMES)):
            e: i64 = self._entry[kind]
            if e >= 0:
                found.append((L.SECTION_NAMES[kind], int(u32(self.data, e + 8)), int(u32(self.data, e + 12))))
        return found

    def _at(self, kind: i64, offset: i64, n: i64) -> tuple[bytes, i64]:
        """As `fetch`, for `n` bytes from `offset` of a section's raw content."""
        e: i64 = self._entry[kind]
        if e < 0:
            if offset == 0 and n == 0:
                return b"", 0
            raise FormatError(f"no {L.SECTION_NAMES[kind]} section", L.HEADER_SIZE)
        start = u32(self.data, e + 4)
        raw = u32(self.data, e + 12)
        if offset < 0 or n < 0 or n > raw - offset:
            raise FormatError(f"a record points outside {L.SECTION_NAMES[kind]}", start)
        if self.packed:
            return self._inflate(kind, start, u32(self.data, e + 8), raw), offset
        return self.fetch(start + offset, n)

    def _inflate(self, kind: int, start: i64, length: i64, raw: i64) -> bytes:
        import zlib

        if self._inflated is None:
            self._inflated = {}
        known = self._inflated.get(kind)
        if known is not None:
            return known
        buffer, at = self.fetch(start, length)
        stream = zlib.decompressobj()
        try:
            # One byte more than announced is asked for, so that a stream that is too long is seen and never inflated.
            content: bytes = stream.decompress(buffer[at : at + length], int(raw) + 1)
        except zlib.error as error:
            raise FormatError(f"{L.SECTION_NAMES[kind]} is not a zlib stream: {error}", start) from None
        if len(content) != raw or not stream.eof or stream.unused_data:
            raise FormatError(f"{L.SECTION_NAMES[kind]} does not inflate to the length it announces", start)
        self._inflated[kind] = content
        return content

    def section(self, kind: i64) -> bytes:
        """A section's raw content, b"" when the file does not have it."""
        n = self.length(kind)
        data, at = self._at(kind, 0, n)
        return data[at : at + n]

    def _number(self, kind: i64, offset: i64) -> i64:
        data, at = self._at(kind, offset, 4)
        return u32(data, at)

    def _pair(self, kind: i64, offset: i64) -> tuple[i64, i64]:
        data, at = self._at(kind, offset, 8)
        return u32(data, at), u32(data, at + 4)

    def _blob(self, kind: i64, base: i64, count: i64, i: i64) -> tuple[bytes, i64, i64]:
        """Entry `i` of `count` in a section that has offsets u32[count + 1] at `base` and their blob behind them."""
        if i < 0 or i >= count:
            raise FormatError(f"number {i} of {count} entries in {L.SECTION_NAMES[kind]}", L.HEADER_SIZE)
        a, b = self._pair(kind, base + i * 4)
        if b < a:
            raise FormatError(f"entry {i} of {L.SECTION_NAMES[kind]} ends before it starts", L.HEADER_SIZE)
        data, at = self._at(kind, base + (count + 1) * 4 + a, b - a)
        return data, at, at + b - a

    def _text(self, data: bytes, start: i64, end: i64, kind: i64) -> str:
        try:
            return data[start:end].decode("utf-8")
        except UnicodeDecodeError:
            raise FormatError(f"{L.SECTION_NAMES[kind]} is not UTF-8", u32(self.data, self._entry[kind] + 4)) from None

    def string(self, number: i64) -> str:
        """The string `number`; one object for each, however often it is asked for."""
        count = self._number(L.STRINGS, 0)
        strings = self._strings
        if strings is None:
            if count > self.length(L.STRINGS) // 4:
                raise FormatError(f"{count} strings do not fit into STRINGS", L.HEADER_SIZE)
            strings = self._strings = [None] * int(count)
        if number < 0 or number >= count:
            raise FormatError(f"string {number} of {count}", L.HEADER_SIZE)
        known = strings[number]
        if known is None:
            known = strings[number] = self._string(number)
        return known

    def _string(self, number: i64) -> str:
        data, start, end = self._blob(L.STRINGS, 4, self._number(L.STRINGS, 0), number)
        return self._text(data, start, end, L.STRINGS)
