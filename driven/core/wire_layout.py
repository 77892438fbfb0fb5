"""The numbers of the `.drv` layout, shared by what reads and what writes it. Compiled: they become constants in C."""

from __future__ import annotations

from librt.strings import read_i32_le

from driven.core._rt import i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MAGIC: Final = b"DXI\0"
VERSION: Final = 1
SIGNED: Final = 1  # header flag: a detached signature is published beside the file
COMPRESSED: Final = 2  # header flag: every section is one zlib stream
CHECKSUM: Final = 24  # bytes of BLAKE3 that the header ends with

STRINGS: Final = 1
RULES: Final = 2
STEP_INDEX: Final = 3
STEPS: Final = 4
DATA: Final = 5
META: Final = 6
LISTS: Final = 7
LOOKUP: Final = 8
PROGRAMS: Final = 9
ORIGIN: Final = 10
EXTRA: Final = 11
SOURCE: Final = 12
SECTION_NAMES = (
    "", "STRINGS", "RULES", "STEP_INDEX", "STEPS", "DATA", "META", "LISTS", "LOOKUP", "PROGRAMS", "ORIGIN", "EXTRA",
    "SOURCE",
)  # fmt: skip

HEADER_SIZE: Final = 32
ENTRY_SIZE: Final = 16  # of the section table
RULE_SIZE: Final = 12
STEP_SIZE: Final = 24
META_SIZE: Final = 48  # what version 1 writes; a reader accepts more
ORIGIN_SIZE: Final = 8
SLOT_SIZE: Final = 8  # of LOOKUP
PROBES: Final = 64  # a rule stands within this many slots from where its hash points

# Where in a META record (first, count) of each list of strings stands.
ARGUMENTS: Final = 12
TARGETS: Final = 20
TAGS: Final = 28

MAX_SECTIONS: Final = 1024
MAX_INFLATED: Final = 134217728  # 128 MiB: what all sections of a COMPRESSED file may take together


def u32(data: bytes, at: i64) -> i64:
    """The unsigned 32-bit number at `at`; the caller has checked the bounds."""
    return i64(read_i32_le(data, at)) & 0xFFFFFFFF


def name_hash(name: bytes) -> i64:
    """32 bits of FNV-1a, the high half folded into the low one: the same number compiled (i64) and pure (unbounded)."""
    h: i64 = 2166136261
    i: i64 = 0
    n: i64 = len(name)
    while i < n:
        h = ((h ^ i64(name[i])) * 16777619) & 0xFFFFFFFF
        i += 1
    return h ^ (h >> 16)
