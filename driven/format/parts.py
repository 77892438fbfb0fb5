"""The part of a file that is ours: a whole file, a section, a list entry, or what is outside of the sections."""

from __future__ import annotations

from driven.format.sections import (
    find_outside,
    find_section,
    put_outside,
    put_section,
    take_outside,
    take_section,
)
from driven.format.yaml_list import find_entry, put_entry, take_entry
from driven.model.artefact import WHOLE_FILE, ListEntry, Outside, Ownership, Section, WholeFile


def ownership_of(part: str) -> tuple[Ownership, bytes]:
    """What a line of `outputs.lock` speaks of, and the bytes that it names itself (the value of a list entry)."""
    kind, _, rest = part.partition(":")
    if kind == "section":
        return Section(rest), b""
    if kind == "entry":
        key, _, entry = rest.partition(":")
        return ListEntry(key), entry.encode()
    return (Outside(), b"") if kind == "outside" else (WHOLE_FILE, b"")


def read_part(ownership: Ownership, data: bytes, text: bytes) -> bytes | None:
    """Our part of `data` as it stands, None when it is not there. `text` is the value of a list entry, and else what
    shall stand there. SourceError when marker lines or the YAML are damaged."""
    match ownership:
        case WholeFile():
            return data
        case Section(marker):
            return find_section(data, marker)
        case ListEntry(key):
            return find_entry(data, key, text)
        case Outside():
            # Above a section a missing final newline cannot be told from one: then it is as it shall be.
            if put_outside(data, text) == data:
                return text
            outside = find_outside(data)
            return outside if outside.strip() or outside == data else None


def put_part(ownership: Ownership, data: bytes | None, text: bytes) -> bytes:
    """`data` with `text` as our part of it."""
    match ownership:
        case WholeFile():
            return text
        case Section(marker):
            return put_section(data, marker, text)
        case ListEntry(key):
            return put_entry(data, key, text)
        case Outside():
            return put_outside(data, text)


def take_part(ownership: Ownership, data: bytes, text: bytes) -> bytes | None:
    """`data` without our part of it; None when the file is of no use then."""
    match ownership:
        case WholeFile():
            return None
        case Section(marker):
            return take_section(data, marker)
        case ListEntry(key):
            return take_entry(data, key, text)
        case Outside():
            return take_outside(data)
