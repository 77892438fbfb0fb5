"""The sections of a compiled template, checked when it is opened. Compiled: it looks at every slot.

docs/dtm.md draws the file. Code is not looked at here: `dtm_machine` checks each instruction as it runs it.
"""

from __future__ import annotations

from librt.strings import read_i32_le, read_i64_le

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, i64


def u32(data: bytes, at: i64) -> i64:
    """An unsigned 32-bit number."""
    return i64(read_i32_le(data, at)) & 0xFFFFFFFF


class Sections:
    """The parts of one compiled template. FormatError for bytes that are none; the digest is not compared here."""

    def __init__(self, data: bytes) -> None:
        size: i64 = len(data)
        if size < L.HEADER_SIZE or data[:4] != L.MAGIC:
            raise FormatError("not a compiled template", 0)
        if data[4] != L.VERSION:
            raise FormatError(f"a template of version {data[4]}; this release reads version {L.VERSION}", 4)
        if size > L.MAX_FILE:
            raise FormatError(f"a template of more than {L.MAX_FILE:,} bytes", 0)
        if data[5] > L.LINEAR or data[6] != 0 or data[7] != 0:
            raise FormatError("flags that version 1 does not have", 5)
        self.data = data
        self.path = ""
        self.slots: i64 = u32(data, 40)
        self.literal_size: i64 = u32(data, 44)
        counts = u32(data, 48)
        self.cells: i64 = counts & 0xFFFF
        self.inputs: i64 = counts >> 16
        strings = u32(data, 52)
        code = u32(data, 56)
        meta = u32(data, 60)
        if self.cells > L.MAX_CELLS or self.inputs > self.cells:
            raise FormatError("more variables than a template has", 48)
        if strings > L.MAX_STRINGS or self.slots > L.MAX_FILE // L.SLOT_SIZE:
            raise FormatError("more strings or slots than a template has", 40)
        self.literals: i64 = L.HEADER_SIZE + self.slots * L.SLOT_SIZE
        names = self.literals + self.literal_size
        offsets = names + self.cells * 4
        blob = offsets + strings * 4
        if blob > size:
            raise FormatError("the template is cut short", size)
        self.code: i64 = blob + (u32(data, blob - 4) if strings > 0 else 0)
        self.code_end: i64 = self.code + code
        if self.code_end + meta != size:
            raise FormatError("the sections of the template are not as long as it says", 40)
        if (data[5] == L.LINEAR) != (code == 0):
            raise FormatError("a template with code says that it has none, or the other way round", 5)
        self._check_slots()
        self.strings: list[str] = self._texts(offsets, blob, strings)
        self.cell_names: list[str] = []
        at = names
        while at < offsets:
            which = u32(data, at)
            if which >= strings:
                raise FormatError("a variable without a name", at)
            self.cell_names.append(self.strings[which])
            at += 4

    def _check_slots(self) -> None:
        data = self.data
        at: i64 = L.HEADER_SIZE
        size = self.literal_size
        cells = self.cells
        while at < self.literals:
            place = read_i64_le(data, at)  # two numbers in one read, here and below: where it starts, how long it is
            start = place & 0xFFFFFFFF
            length = place >> 32
            if start > size or length < 0 or length > size - start:
                raise FormatError("a slot that points outside the template", at)
            cell = read_i64_le(data, at + 8)
            if cell < 0 or cell > cells:
                raise FormatError("a slot with a variable that is not there", at)
            at += L.SLOT_SIZE

    def _texts(self, offsets: i64, blob: i64, count: i64) -> list[str]:
        data = self.data
        found: list[str] = []
        start: i64 = 0
        at = offsets
        last = self.code - blob
        try:
            for _ in range(count):
                end = u32(data, at)
                if end < start or end > last:
                    raise FormatError("a string that points outside the template", at)
                found.append(data[blob + start : blob + end].decode("utf-8"))
                start = end
                at += 4
        except UnicodeDecodeError:
            raise FormatError("a string that is not UTF-8", at) from None
        return found

    def names(self) -> list[str]:
        """The variables, in the order in which `render` wants their values."""
        return self.cell_names[: int(self.inputs)]

    def meta(self) -> bytes:
        """What the compiler was given to keep beside the template."""
        return self.data[self.code_end :]
