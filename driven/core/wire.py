"""Reads `.drv` files: one rule out of many without reading the others. Compiled: it counts bytes.

docs/drv.md draws the file. Each access checks the few numbers it uses, so any bytes give an answer or a `FormatError`.
Before walking every rule of a file of unknown origin, call `driven.core.wire_check.check`: it refuses files whose
records overlap to make a small file stand for a big one.

`Reader` has the file in memory; `driven.core.wire_files` puts the same code on top of single reads and of a memory map.
"""

from __future__ import annotations

from driven.core import wire_layout as L
from driven.core._rt import FormatError, i64
from driven.core.wire_layout import name_hash, u32
from driven.core.wire_sections import Sections


class Reader(Sections):
    """The rules of one `.drv`. Raises FormatError, and no other exception, for what the bytes hold.

    `count` is the number of rules; a rule is named by its index. Strings are decoded when they are asked for.
    """

    def _rule(self, i: i64) -> i64:
        if i < 0 or i >= self.count:
            raise FormatError(f"rule {i} of {self.count}", L.HEADER_SIZE)
        return i

    def name(self, i: i64) -> str:
        """The id of rule `i`."""
        return self._string(self._rule(i))

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
        # From the offset of the first to the length of the last: one read, but where a hostile index spans the file.
        n = (last - first) * L.STEP_SIZE - 16
        if n > 65536:
            start = self._number(L.STEPS, first * L.STEP_SIZE + 8)
            first, n = last - 1, 8
            data, at = self._at(L.STEPS, first * L.STEP_SIZE + 8, n)
        else:
            data, at = self._at(L.STEPS, first * L.STEP_SIZE + 8, n)
            start = u32(data, at)
        end = u32(data, at + n - 8) + u32(data, at + n - 4)
        if end < start:
            raise FormatError(f"the body of rule {i} ends before it starts", L.HEADER_SIZE)
        return start, end

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
        try:
            key = name.encode("utf-8")
        except UnicodeEncodeError:
            return -1
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
        data, start, end = self._blob(L.STRINGS, 4, self._number(L.STRINGS, 0), self._rule(i))
        return end - start == len(key) and data[start:end] == key

    def all(self) -> list[tuple[str, str]]:
        """Id and body of every rule, in order. Refuses ids and bodies that are not laid end to end."""
        n = self.count
        if n == 0:
            return []
        index, first = self._at(L.STEP_INDEX, 0, (n + 1) * 4)
        strings, s = self._at(L.STRINGS, 0, self.length(L.STRINGS))
        steps, t = self._at(L.STEPS, 0, self.length(L.STEPS))
        data, d = self._at(L.DATA, 0, self.length(L.DATA))
        step_count = self.length(L.STEPS) // L.STEP_SIZE
        string_count = self._number(L.STRINGS, 0)
        blob = s + 4 + (string_count + 1) * 4
        left = (
            s + self.length(L.STRINGS) - blob
        )  # ids are distinct strings: together they are no longer than all strings
        if string_count < n or left < 0:
            raise FormatError("fewer strings than rules", L.HEADER_SIZE)
        pos: i64 = 0
        offset = s + 4
        found: list[tuple[str, str]] = []
        try:
            for _ in range(n):
                i = u32(index, first)
                j = u32(index, first + 4)
                if j < i or j > step_count:
                    raise FormatError(f"rule {len(found)} points outside its tables", L.HEADER_SIZE)
                a = u32(strings, offset)
                b = u32(strings, offset + 4)
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
                offset += 4
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
        if self.length(L.ORIGIN) == 0:
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
        if self.length(kind) == 0:
            return b""
        data, start, end = self._blob(kind, 0, self.count, self._rule(i))
        return data[start:end]
