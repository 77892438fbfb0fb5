"""Patches: what one string of bytes must become another, by XOR or by COPY and ADD. Compiled: it counts bytes.

`docs/patches.md` has the layouts. A patch knows how long its base and its result are and nothing of what stands in
them: whoever sends it says the digests of both. Any bytes give a result no longer than was allowed, or FormatError.
"""

from __future__ import annotations

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le, write_i64_le

from driven.core._rt import FormatError, i32, i64, u8
from driven.core.rolling import WORTH, copy, roll, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

VERSION: Final = 1
PLAIN: Final = 0  # no patch: the result itself
XOR: Final = 1
DELTA: Final = 2

XOR_HEADER: Final = 8  # bytes: version, kind, u16 of zero, length of base and result
DELTA_HEADER: Final = 12  # bytes: version, kind, u16 of zero, length of base, length of result
XOR_BLOCK: Final = 64  # bytes that are compared at once and sent where they differ
LARGEST: Final = 0x7FFFFFFF  # bytes of a base and of a result
LOW: Final = 0xFFFFFFFF


def smallest(old: bytes, new: bytes) -> tuple[int, bytes]:
    """The shortest of what turns `old` into `new`: its kind, and the patch; `new` itself where no patch is shorter."""
    kind, best = PLAIN, new
    if len(old) > LARGEST or len(new) > LARGEST:
        return kind, best
    if len(old) == len(new):
        patch = xor_diff(old, new)
        if len(patch) < len(best):
            kind, best = XOR, patch
    if len(best) > DELTA_HEADER:
        patch = delta(old, new)
        if len(patch) < len(best):
            kind, best = DELTA, patch
    return kind, best


def apply(kind: int, old: bytes, patch: bytes, limit: int) -> bytes:
    """What `smallest` was given as `new`. FormatError for a kind that is unknown and a result of over `limit` bytes."""
    if kind == DELTA:
        return delta_apply(old, patch, limit)
    if kind in (PLAIN, XOR):
        size = len(patch) if kind == PLAIN else len(old)
        if size > limit:
            raise FormatError(f"a result of {size} bytes, more than {limit}", 0)
        return patch if kind == PLAIN else xor_apply(old, patch)
    raise FormatError(f"there is no kind {kind} of a patch", 0)


def xor_diff(old: bytes, new: bytes) -> bytes:
    """The blocks that differ. ValueError for two that are not of one length, and for more than `LARGEST` bytes."""
    size: i64 = len(old)
    if len(new) != size:
        raise ValueError(f"XOR needs two of one length, not {len(old)} and {len(new)} bytes")
    if size > LARGEST:
        raise ValueError(f"{size} bytes: a patch is for {LARGEST} at most")
    out = BytesWriter()
    write_i32_le(out, i32(VERSION | XOR << 8))
    write_i32_le(out, i32(size))
    blocks = size // XOR_BLOCK
    block: i64 = 0
    p: i64 = 0
    while block < blocks:
        x0 = read_i64_le(old, p) ^ read_i64_le(new, p)
        x1 = read_i64_le(old, p + 8) ^ read_i64_le(new, p + 8)
        x2 = read_i64_le(old, p + 16) ^ read_i64_le(new, p + 16)
        x3 = read_i64_le(old, p + 24) ^ read_i64_le(new, p + 24)
        x4 = read_i64_le(old, p + 32) ^ read_i64_le(new, p + 32)
        x5 = read_i64_le(old, p + 40) ^ read_i64_le(new, p + 40)
        x6 = read_i64_le(old, p + 48) ^ read_i64_le(new, p + 48)
        x7 = read_i64_le(old, p + 56) ^ read_i64_le(new, p + 56)
        if (x0 | x1 | x2 | x3 | x4 | x5 | x6 | x7) != 0:
            write_i32_le(out, i32(block))
            write_i64_le(out, x0)
            write_i64_le(out, x1)
            write_i64_le(out, x2)
            write_i64_le(out, x3)
            write_i64_le(out, x4)
            write_i64_le(out, x5)
            write_i64_le(out, x6)
            write_i64_le(out, x7)
        block += 1
        p += XOR_BLOCK
    if p < size and old[p:] != new[p:]:
        write_i32_le(out, i32(block))
        while p < size:
            out.append(old[p] ^ new[p])
            p += 1
    return out.getvalue()


def xor_apply(old: bytes, patch: bytes) -> bytes:
    """What `xor_diff` was given as `new`. FormatError for what is no patch, and for one of a base of another length."""
    size: i64 = len(old)
    end: i64 = len(patch)
    if _header(patch, XOR, XOR_HEADER) != size:
        raise FormatError(f"the patch is for a base of another length than {size} bytes", 4)
    out = BytesWriter()
    out.write(old)  # as a whole: to write over what changes is a third faster than to join what does not
    done: i64 = 0  # behind the last block
    at: i64 = XOR_HEADER
    while at < end:
        if end - at < 4:
            raise FormatError("the patch ends inside the number of a block", int(at))
        p = (i64(read_i32_le(patch, at)) & LOW) * XOR_BLOCK
        if p < done:
            raise FormatError("a block does not stand behind the one before it", int(at))
        if p >= size:
            raise FormatError(f"a block begins at {p}, and the base has {size} bytes", int(at))
        done = p + XOR_BLOCK if size - p > XOR_BLOCK else size
        q = at + 4
        if end - q < done - p:
            raise FormatError("the patch ends inside a block", int(at))
        changed: i64 = 0
        while p + 8 <= done:
            x = read_i64_le(patch, q)
            if x != 0:
                changed = 1
                x ^= read_i64_le(old, p)
                out[p] = u8(x & 255)
                out[p + 1] = u8((x >> 8) & 255)
                out[p + 2] = u8((x >> 16) & 255)
                out[p + 3] = u8((x >> 24) & 255)
                out[p + 4] = u8((x >> 32) & 255)
                out[p + 5] = u8((x >> 40) & 255)
                out[p + 6] = u8((x >> 48) & 255)
                out[p + 7] = u8((x >> 56) & 255)
            p += 8
            q += 8
        while p < done:
            changed |= i64(patch[q])
            out[p] = old[p] ^ patch[q]
            p += 1
            q += 1
        if changed == 0:
            raise FormatError("a block changes nothing", int(at))
        at = q
    return out.getvalue()


def delta(old: bytes, new: bytes) -> bytes:
    """What of `old` stands where in `new`, and what is new. ValueError for more than `LARGEST` bytes.

    Time and space are linear in both, whatever they hold.
    """
    size: i64 = len(old)
    total: i64 = len(new)
    if size > LARGEST or total > LARGEST:
        raise ValueError(f"{size} and {total} bytes: a patch is for {LARGEST} at most")
    out = BytesWriter()
    write_i32_le(out, i32(VERSION | DELTA << 8))
    write_i32_le(out, i32(size))
    write_i32_le(out, i32(total))
    head = same(old, 0, new, 0, total)
    if head < WORTH and head < total:
        head = 0
    most = (size if size < total else total) - head
    tail: i64 = 0
    while tail + 8 <= most and read_i64_le(old, size - tail - 8) == read_i64_le(new, total - tail - 8):
        tail += 8
    while tail < most and old[size - tail - 1] == new[total - tail - 1]:
        tail += 1
    if tail < WORTH and head + tail < total:
        tail = 0
    if head > 0:
        copy(out, head, 0)
    after: i64 = head  # in the base: the end of the last copy
    if head < total - tail:
        after = roll(out, old, new, head, total - tail)
    if tail > 0:
        copy(out, tail, size - tail - after)
    return out.getvalue()


def delta_apply(old: bytes, patch: bytes, limit: int) -> bytes:
    """What `delta` was given as `new`. FormatError for what is no patch, for one of a base of another length and for a
    result of over `limit` bytes, which is said before anything is copied."""
    size: i64 = len(old)
    end: i64 = len(patch)
    if _header(patch, DELTA, DELTA_HEADER) != size:
        raise FormatError(f"the patch is for a base of another length than {size} bytes", 4)
    total = i64(read_i32_le(patch, 8)) & LOW
    if int(total) > limit:  # of any size: an i64 would not take it
        raise FormatError(f"a result of {total} bytes, more than {limit}", 8)
    out = BytesWriter()
    after: i64 = 0  # in the base: the end of the last copy
    left = total  # bytes of the result that are to come
    at: i64 = DELTA_HEADER
    while at < end:
        word, q = _varint(patch, at)
        length = word >> 1
        if length == 0:
            raise FormatError("an operation without a byte", int(at))
        if length > left:
            raise FormatError(f"more bytes than the {total} of the result", int(at))
        if (word & 1) != 0:
            jump, q = _varint(patch, q)
            start = after + ((jump >> 1) ^ -(jump & 1))
            if start < 0 or start > size - length:
                raise FormatError(f"a copy of {length} bytes at {start}, and the base has {size}", int(at))
            after = start + length
            out.write(old[start:after])
        else:
            if length > end - q:
                raise FormatError(f"{length} bytes are to be added, and {end - q} are there", int(at))
            out.write(patch[q : q + length])
            q += length
        left -= length
        at = q
    if left != 0:
        raise FormatError(f"{left} bytes of the result are missing", int(at))
    return out.getvalue()


def _header(patch: bytes, kind: i64, size: i64) -> i64:
    """The length of the base, when it is a patch of this kind with a header of `size` bytes. FormatError."""
    if len(patch) < size:
        raise FormatError("the patch ends inside its header", len(patch))
    if i64(patch[0]) != VERSION:
        raise FormatError(f"version {patch[0]} of a patch, and version {VERSION} is known", 0)
    if i64(patch[1]) != kind:
        raise FormatError(f"a patch of kind {patch[1]}, not {kind}", 1)
    if patch[2] != 0 or patch[3] != 0:
        raise FormatError("what is reserved in the header of a patch is not zero", 2)
    return i64(read_i32_le(patch, 4)) & LOW


def _varint(data: bytes, at: i64) -> tuple[i64, i64]:
    """An unsigned number of up to 35 bits in groups of seven, the lowest first, and where it ends. FormatError."""
    end: i64 = len(data)
    value: i64 = 0
    shift: i64 = 0
    p = at
    while p < end and shift < 35:
        byte = i64(data[p])
        p += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if byte == 0 and shift > 0:
                raise FormatError("a number is not written in the shortest way", int(at))
            return value, p
        shift += 7
    raise FormatError("a number is too large" if shift == 35 else "the patch ends inside a number", int(at))
