"""What the payloads of operations are made of: numbers, counted bytes, patches; and the limits of a stream."""

from __future__ import annotations

from driven.core import patch
from driven.core._rt import FormatError

MAX_BYTES = 64 << 20  # of the texts and files of a release
MAX_MADE = 2 * MAX_BYTES  # of all that the operations of one batch make, heads and what is made twice included
MAX_RULES = 100_000
MAX_FILES = 100_000
MAX_BATCHES = 100  # in one stream

# Flags.
KIND = 0x03  # of PATCH_TEXT and PATCH_META: how the patch is written (`driven.core.patch`)
FILE = 0x10  # of PATCH_META and REMOVE: of the files, not of the rules
NEW = 0x20  # of PATCH_META: the file is not in the base
OWN = 0x01  # of INSTANTIATE: templates under the ids they came with
HEAD, TEXT = 0x02, 0x04  # of INSTANTIATE: a patch of the head, of the text

NOTHING = bytes(32)  # the base of a batch that needs none


def number(value: int) -> bytes:
    """In groups of seven bits, the lowest first; the last has no eighth bit."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def counted(data: bytes) -> bytes:
    """How many, and the bytes."""
    return number(len(data)) + data


def runs(indexes: list[int]) -> bytes:
    """Ascending numbers as runs: how many are left out, how many follow one another."""
    out = b""
    at = i = 0
    while i < len(indexes):
        end = i + 1
        while end < len(indexes) and indexes[end] == indexes[end - 1] + 1:
            end += 1
        out += number(indexes[i] - at) + number(end - i)
        at = indexes[end - 1] + 1
        i = end
    return out


class Payload:
    """Reads one payload. FormatError for what is not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_read(self) -> bool:
        """Whether the end has come."""
        return self._at == len(self._data)

    def number(self, limit: int) -> int:
        """A number below `limit`."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 35:
                raise FormatError("a number is too large", self._at)
        if value >= limit or (byte == 0 and shift > 7):
            raise FormatError(f"the number {value} where there are {limit}", self._at)
        return value

    def take(self, size: int) -> bytes:
        """That many bytes."""
        if size > len(self._data) - self._at:
            raise FormatError("the payload of an operation ends too early", self._at)
        self._at += size
        return self._data[self._at - size : self._at]

    def counted(self) -> bytes:
        """What `counted` wrote."""
        return self.take(self.number(len(self._data) + 1))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def runs(self, limit: int) -> list[int]:
        """What `runs` wrote, all of it below `limit`."""
        found: list[int] = []
        at = 0
        while not self.is_read:
            start = at + self.number(limit)
            at = start + self.number(limit + 1)
            if at > limit or at == start:
                raise FormatError("a run of no number, or of those that are not there", self._at)
            found += range(start, at)
        return found

    def end(self) -> None:
        """FormatError where something is left."""
        if not self.is_read:
            raise FormatError("more than the payload of an operation", self._at)


def patched(kind: int, old: bytes, change: bytes, limit: int) -> bytes:
    """`old` after a patch, of at most `limit` bytes. FormatError."""
    if limit < 0:
        raise FormatError(f"the operations make more than {MAX_MADE:,} bytes", 0)
    return patch.apply(kind, old, change, limit)
