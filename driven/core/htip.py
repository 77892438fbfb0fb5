"""Streams of operations: each is a header of 8 bytes and a payload of its own. Compiled: they are read as they come.

Header, little-endian: opcode u8, flags u8, reserved u16 (zero), length of the payload u32. What the payloads of the ten
opcodes hold is not known here. Any bytes give operations, or FormatError.
"""

from __future__ import annotations

from librt.strings import BytesWriter, read_i32_le, write_i32_le

from driven.core._rt import FormatError, final, i32, i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

TEMPLATE_DEFINE: Final = 1
INSTANTIATE: Final = 2
PATCH_TEXT: Final = 3
PATCH_META: Final = 4
REMOVE: Final = 5
BATCH_START: Final = 6
BATCH_COMMIT: Final = 7
ADD_SECTION: Final = 8
REORDER: Final = 9
FULL_SYNC: Final = 10
OPS = (  # their names: the opcode of the first is 1
    "TEMPLATE_DEFINE", "INSTANTIATE", "PATCH_TEXT", "PATCH_META", "REMOVE", "BATCH_START", "BATCH_COMMIT",
    "ADD_SECTION", "REORDER", "FULL_SYNC",
)  # fmt: skip

SIZE: Final = 8  # bytes of a header
LARGEST: Final = 0xFFFFFFFF  # bytes of a payload

_Bytes = bytes  # the type, where a method has its name


@final
class OpWriter:
    """Writes a stream."""

    def __init__(self) -> None:
        self._out = BytesWriter()

    def put(self, op: int, flags: int, payload: _Bytes) -> None:
        """Add an operation. FormatError for an opcode that there is not, flags over 255 and a payload over 4 GiB."""
        size: i64 = len(payload)
        if not TEMPLATE_DEFINE <= op <= FULL_SYNC:
            raise FormatError(f"there is no operation {op}", len(self._out))
        if not 0 <= flags <= 255:
            raise FormatError(f"flags are a number from 0 to 255, not {flags}", len(self._out) + 1)
        if size > LARGEST:
            raise FormatError(f"a payload of {size} bytes: more than {LARGEST}", len(self._out) + 4)
        write_i32_le(self._out, i32(i64(op) | i64(flags) << 8))
        write_i32_le(self._out, i32(size if size < 0x80000000 else size - 0x100000000))
        self._out.write(payload)

    def __len__(self) -> int:
        """How many bytes the stream has."""
        return len(self._out)

    def bytes(self) -> _Bytes:
        """The stream so far."""
        return self._out.getvalue()


@final
class OpReader:
    """Reads a stream that is there as a whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at: i64 = 0

    @property
    def offset(self) -> int:
        """Where the next operation begins: bytes from the start of the stream."""
        return int(self._at)

    def next(self) -> tuple[int, int, bytes] | None:
        """The next operation: opcode, flags, payload; None at the end. FormatError, and again at every later call."""
        data = self._data
        at = self._at
        left: i64 = len(data) - at
        if left == 0:
            return None
        if left < SIZE:
            raise FormatError("the stream ends inside the header of an operation", int(at))
        word = i64(read_i32_le(data, at)) & LARGEST
        op = word & 255
        if op < TEMPLATE_DEFINE or op > FULL_SYNC:
            raise FormatError(f"there is no operation {op}", int(at))
        if (word >> 16) != 0:
            raise FormatError("what is reserved in the header of an operation is not zero", int(at + 2))
        size = i64(read_i32_le(data, at + 4)) & LARGEST
        if size > left - SIZE:
            raise FormatError(f"a payload of {size} bytes, and {left - SIZE} are there", int(at + 4))
        at += SIZE
        self._at = at + size
        return int(op), int((word >> 8) & 255), data[at : at + size]
