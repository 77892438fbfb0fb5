"""Reads `.drv` files: one rule out of many without reading the others. Compiled: it counts bytes.

A file is a header, a table of sections and the sections (docs/drv.md draws them). Opening checks the magic, the version
and that every section lies inside the file, and nothing more; each access then checks the few numbers it uses, so any
bytes give an answer or a `FormatError`. Before walking every rule of a file of unknown origin, call
`driven.core.wire_check.check`: it refuses files whose records overlap to make a small file stand for a big one.

`Reader` has the file in memory; `driven.core.wire_files` puts the same code on top of single reads and of a memory map.
"""

from __future__ import annotations

from driven.core import wire_layout as L
from driven.core._rt import FormatError, i64
from driven.core.wire_layout import name_hash, u32


class Reader:
    """The rules of one `.drv`. Raises FormatError, and no other exception, for what the bytes hold.

    `count` is the number of rules; a rule is named by its index. Strings are decoded when they are asked for.
    """

    def __init__(self, data: bytes) -> None:
        """`data` is the whole file (for the classes below: its head)."""
        self._open(data, len(data))

    def _open(self, head: bytes, size: i64) -> None:
        """Check the header and the section table at the start of `head`; the file has `size` bytes."""
        self.data: bytes = head
        self.size: i64 = size
        if size < L.HEADER_SIZE + 4:
            raise FormatError("not a .drv: shorter than its header", size)
        if head[0] != 68 or head[1] != 88 or head[2] != 73 or head[3] != 0:
            raise FormatError("not a .drv: it does not begin with `DXI`", 0)
        if head[4] != L.VERSION:
            raise FormatError(f".drv version {head[4]}; this driven reads version {L.VERSION}", 4)
        self.flags: i64 = i64(head[5])
        if (self.flags & ~(L.SIGNED | L.COMPRESSED)) != 0 or head[6] != 0 or head[7] != 0:
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
            kind = i64(head[at]) | i64(head[at + 1]) << 8
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
        self._inflated: dict[int, bytes] = {}
        self._strings: list[str | None] = []
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

    def _rule(self, i: i64) -> i64:
        if i < 0 or i >= self.count:
            raise FormatError(f"rule {i} of {self.count}", L.HEADER_SIZE)
        return i

    # -- strings and rules ----------------------------------------------------------------------------------------

    def string(self, number: i64) -> str:
        """The string `number`; one object for each, however often it is asked for."""
        count = self._number(L.STRINGS, 0)
        if not self._strings:
            if count > self.length(L.STRINGS) // 4:
                raise FormatError(f"{count} strings do not fit into STRINGS", L.HEADER_SIZE)
            self._strings = [None] * int(count)
        if number >= count:
            raise FormatError(f"string {number} of {count}", L.HEADER_SIZE)
        known = self._strings[number]
        if known is None:
            known = self._strings[number] = self._string(number)
        return known

    def _string(self, number: i64) -> str:
        data, start, end = self._blob(L.STRINGS, 4, self._number(L.STRINGS, 0), number)
        return self._text(data, start, end, L.STRINGS)

    def name(self, i: i64) -> str:
        """The id of rule `i`."""
        return self._string(self._number(L.RULES, self._rule(i) * L.RULE_SIZE + 4))

    def _steps(self, i: i64) -> tuple[i64, i64]:
        first, last = self._pair(L.STEP_INDEX, self._rule(i) * 4)
        if last < first:
            raise FormatError(f"the steps of rule {i} end before they start", L.HEADER_SIZE)
        return first, last

    def _bounds(self, i: i64) -> tuple[i64, i64]:
        """Where the body of rule `i` stands in DATA: from its first step to the end of its last."""
        first, last = self._steps(i)
        if last == first:
            return 0, 0
        start = self._number(L.STEPS, first * L.STEP_SIZE + 8)
        at, n = self._pair(L.STEPS, (last - 1) * L.STEP_SIZE + 8)
        if at + n < start:
            raise FormatError(f"the body of rule {i} ends before it starts", L.HEADER_SIZE)
        return start, at + n

    def body(self, i: i64) -> str:
        """The body of rule `i`."""
        start, end = self._bounds(i)
        data, at = self._at(L.DATA, start, end - start)
        return self._text(data, at, at + end - start, L.DATA)

    def step_count(self, i: i64) -> int:
        """The number of steps of rule `i`."""
        first, last = self._steps(i)
        return int(last - first)

    def step(self, i: i64, j: i64) -> tuple[int, int, int, int]:
        """Type, priority, start and end (bytes of the body's UTF-8 form) of step `j` of rule `i`."""
        first, last = self._steps(i)
        if j < 0 or j >= last - first:
            raise FormatError(f"step {j} of rule {i}", L.HEADER_SIZE)
        data, at = self._at(L.STEPS, (first + j) * L.STEP_SIZE, L.STEP_SIZE)
        offset = u32(data, at + 8)
        n = u32(data, at + 12)
        start, end = self._bounds(i)
        if offset < start or offset + n > end:
            raise FormatError(f"step {j} of rule {i} is not in its body", L.HEADER_SIZE)
        return int(data[at + 4]), int(data[at + 5]), int(offset - start), int(offset - start + n)

    def find(self, name: str) -> int:
        """The index of the rule whose id is `name`, -1 when there is none. Looks at 64 slots at most."""
        key = name.encode("utf-8", "surrogatepass")
        slots = self.length(L.LOOKUP) // L.SLOT_SIZE
        mask = slots - L.PROBES
        if self.count == 0:
            return -1
        if mask < 0 or ((mask + 1) & mask) != 0:
            raise FormatError("LOOKUP has a size that no table has", L.HEADER_SIZE)
        h = name_hash(key)
        data, at = self._at(L.LOOKUP, (h & mask) * L.SLOT_SIZE, L.PROBES * L.SLOT_SIZE)
        end = at + L.PROBES * L.SLOT_SIZE
        while at < end:
            rule = u32(data, at + 4)
            if rule == 0:
                return -1
            if u32(data, at) == h and self._is_named(rule - 1, key):
                return int(rule - 1)
            at += L.SLOT_SIZE
        return -1

    def _is_named(self, i: i64, key: bytes) -> bool:
        number = self._number(L.RULES, self._rule(i) * L.RULE_SIZE + 4)
        data, start, end = self._blob(L.STRINGS, 4, self._number(L.STRINGS, 0), number)
        return end - start == len(key) and data[start:end] == key

    def all(self) -> list[tuple[str, str]]:
        """Id and body of every rule, in order. Refuses ids and bodies that are not laid end to end."""
        n = self.count
        rules, rule = self._at(L.RULES, 0, n * L.RULE_SIZE)
        index, first = self._at(L.STEP_INDEX, 0, (n + 1) * 4 if n > 0 else 0)
        strings, s = self._at(L.STRINGS, 0, self.length(L.STRINGS))
        steps, t = self._at(L.STEPS, 0, self.length(L.STEPS))
        data, d = self._at(L.DATA, 0, self.length(L.DATA))
        step_count = self.length(L.STEPS) // L.STEP_SIZE
        string_count = self._number(L.STRINGS, 0) if n > 0 else 0
        blob = s + 4 + (string_count + 1) * 4
        left = (
            s + self.length(L.STRINGS) - blob
        )  # ids are distinct strings: together they are no longer than all strings
        pos: i64 = 0
        rule += 4
        found: list[tuple[str, str]] = []
        try:
            for _ in range(n):
                number = u32(rules, rule)
                i = u32(index, first)
                j = u32(index, first + 4)
                if left < 0 or number >= string_count or j < i or j > step_count:
                    raise FormatError(f"rule {len(found)} points outside its tables", L.HEADER_SIZE)
                a = u32(strings, s + 4 + number * 4)
                b = u32(strings, s + 8 + number * 4)
                end = pos
                if j > i:
                    end = u32(steps, t + (j - 1) * L.STEP_SIZE + 8) + u32(steps, t + (j - 1) * L.STEP_SIZE + 12)
                    if u32(steps, t + i * L.STEP_SIZE + 8) != pos or end < pos or end > self.length(L.DATA):
                        raise FormatError(
                            f"the body of rule {len(found)} does not follow the one before", L.HEADER_SIZE
                        )
                if b <= a or b - a > left:
                    raise FormatError(f"the id of rule {len(found)} is not a string of its own", L.HEADER_SIZE)
                left -= b - a
                found.append((strings[blob + a : blob + b].decode("utf-8"), data[d + pos : d + end].decode("utf-8")))
                pos = end
                rule += L.RULE_SIZE
                first += 4
        except UnicodeDecodeError:
            raise FormatError(f"rule {len(found)} is not UTF-8", L.HEADER_SIZE) from None
        return found

    # -- what else a rule has -------------------------------------------------------------------------------------

    def _meta(self, i: i64, field: i64, n: i64) -> tuple[bytes, i64]:
        size = self._number(L.META, 0)
        if size < L.META_SIZE:
            raise FormatError(f"META records of {size} bytes; version 1 has {L.META_SIZE}", L.HEADER_SIZE)
        return self._at(L.META, 4 + self._rule(i) * size + field, n)

    def numbers(self, i: i64) -> tuple[int, int, int, int, int]:
        """Activation, kind, category, priority and flags of rule `i`."""
        data, at = self._meta(i, 0, 8)
        return int(data[at]), int(data[at + 1]), int(data[at + 2]), int(data[at + 3]), int(u32(data, at + 4))

    def description(self, i: i64) -> str:
        """The description of rule `i`."""
        data, at = self._meta(i, 8, 4)
        return self.string(u32(data, at))

    def words(self, i: i64, which: i64) -> list[str]:
        """A list of strings of rule `i`: `ARGUMENTS` (of its activation), `TARGETS` or `TAGS`."""
        data, at = self._meta(i, which, 8)
        n = u32(data, at + 4)
        data, at = self._at(L.LISTS, u32(data, at) * 4, n * 4)
        words: list[str] = []
        end = at + n * 4
        while at < end:
            words.append(self.string(u32(data, at)))
            at += 4
        return words

    def when(self, i: i64) -> str:
        """The text of the condition of rule `i`, "" for none."""
        data, at = self._meta(i, 36, 4)
        return self.string(u32(data, at))

    def program(self, i: i64) -> bytes:
        """The compiled condition of rule `i`, b"" for none."""
        data, at = self._meta(i, 40, 8)
        n = u32(data, at + 4)
        data, at = self._at(L.PROGRAMS, u32(data, at), n)
        return data[at : at + n]

    def origin(self, i: i64) -> tuple[str, int]:
        """Path and 1-based line of the file that rule `i` was read from; ("", 1) when the file does not say."""
        if self._entry[L.ORIGIN] < 0:
            return "", 1
        path, line = self._pair(L.ORIGIN, self._rule(i) * L.ORIGIN_SIZE)
        return self.string(path), int(line)

    def extra(self, i: i64) -> bytes:
        """The bytes kept for editors' own keys of rule `i`."""
        return self._bytes(L.EXTRA, i)

    def source(self, i: i64) -> bytes:
        """The bytes kept of how the file of rule `i` was written."""
        return self._bytes(L.SOURCE, i)

    def _bytes(self, kind: i64, i: i64) -> bytes:
        if self._entry[kind] < 0:
            return b""
        data, start, end = self._blob(kind, 0, self.count, self._rule(i))
        return data[start:end]
