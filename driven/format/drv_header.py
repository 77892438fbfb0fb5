"""The header and the section table of a `.drv`, as `driven show` and the editors' viewer show them."""

from __future__ import annotations

from driven.errors import SourceError
from driven.frozen import frozen


@frozen(kw_only=False)
class SectionEntry:
    """One line of the section table; lengths in bytes, `offset` from the start of the file."""

    name: str
    kind: int
    offset: int
    length: int
    raw_length: int


@frozen(kw_only=False)
class Header:
    """What stands before the sections."""

    version: int
    compressed: bool
    signed: bool
    checksum: str
    sections: tuple[SectionEntry, ...]


def read_header(data: bytes, path: str) -> Header:
    """SourceError when `data` is no `.drv` that this version reads, or its checksum does not fit."""
    from driven.core import wire_layout as layout
    from driven.core._rt import FormatError
    from driven.core.wire import Reader
    from driven.core.wire_check import verify

    try:
        verify(Reader(data))
    except FormatError as error:
        later = error.message.startswith(".drv version")
        hint = "update driven: the file was written by a later one" if later else "make it anew with `driven build`"
        raise SourceError(f"`{path}` cannot be read: {error}", hint=hint) from None
    flags = data[5]
    return Header(
        version=data[4],
        compressed=bool(flags & layout.COMPRESSED),
        signed=bool(flags & layout.SIGNED),
        checksum=data[8 : layout.HEADER_SIZE].hex(),
        sections=_table(data),
    )


def _table(data: bytes) -> tuple[SectionEntry, ...]:
    """The table, whose place and bounds `Reader` has checked."""
    from driven.core import wire_layout as layout

    def u32(at: int) -> int:
        return int.from_bytes(data[at : at + 4], "little")

    names = layout.SECTION_NAMES
    start = layout.HEADER_SIZE + 4
    entries = []
    for at in range(start, start + u32(layout.HEADER_SIZE) * layout.ENTRY_SIZE, layout.ENTRY_SIZE):
        kind = int.from_bytes(data[at : at + 2], "little")
        name = names[kind] if 0 < kind < len(names) else "unknown"
        entries.append(SectionEntry(name, kind, u32(at + 4), u32(at + 8), u32(at + 12)))
    return tuple(entries)
