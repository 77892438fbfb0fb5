"""Writes compiled templates: the same parts give the same bytes. Compiled: it is the mirror of the reader."""

from __future__ import annotations

from librt.strings import BytesWriter, write_i32_le

from driven.core import dtm_layout as L
from driven.core._rt import final, i32, i64


@final
class DtmBuilder:
    """The tables of one template. Each string stands once; each literal stands once."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {}
        self._literals: dict[bytes, int] = {}
        self._literal_bytes = BytesWriter()
        self._slots = BytesWriter()
        self._slot_count: i64 = 0

    def string(self, text: str) -> int:
        """The number of a string."""
        number = self._strings.setdefault(text, len(self._strings))
        if number >= L.MAX_STRINGS:
            raise L.too_large(number)
        return number

    def slot(self, literal: str, cell: int) -> int:
        """The number of a new slot: a literal, then the variable `cell`, -1 for none."""
        data = literal.encode("utf-8")
        place = self._literals.get(data, -1)
        if place < 0:
            place = len(self._literal_bytes)
            self._literals[data] = place
            self._literal_bytes.write(data)
        put_u32(self._slots, place)
        put_u32(self._slots, len(data))
        put_u32(self._slots, cell + 1)
        put_u32(self._slots, 0)
        self._slot_count += 1
        return int(self._slot_count - 1)

    def finish(self, names: list[str], inputs: int, code: bytes, meta: bytes) -> bytes:
        """The file, its digest left zero. `names` are those of all cells; the first `inputs` are the variables."""
        if len(names) > L.MAX_CELLS:
            raise L.too_large(len(names))
        cells = BytesWriter()
        for name in names:
            put_u32(cells, self.string(name))
        offsets = BytesWriter()
        blob = BytesWriter()
        for text in self._strings:
            blob.write(text.encode("utf-8"))
            put_u32(offsets, len(blob))
        out = BytesWriter()
        out.write(L.MAGIC)
        out.append(L.VERSION)
        out.append(L.LINEAR if not code else 0)
        out.write(bytes(34))
        put_u32(out, self._slot_count)
        put_u32(out, len(self._literal_bytes))
        put_u32(out, len(names) | inputs << 16)
        put_u32(out, len(self._strings))
        put_u32(out, len(code))
        put_u32(out, len(meta))
        for part in (self._slots, self._literal_bytes, cells, offsets, blob):
            out.write(part.getvalue())
        out.write(code)
        out.write(meta)
        if len(out) > L.MAX_FILE:
            raise L.too_large(len(out))
        return out.getvalue()


def put_u32(out: BytesWriter, value: i64) -> None:
    """Append an unsigned 32-bit number."""
    if value < 0 or value > 0xFFFFFFFF:
        raise L.too_large(value)
    write_i32_le(out, i32(value if value < 0x80000000 else value - 0x100000000))
