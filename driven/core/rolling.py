"""What of a base stands where in a result, by a rolling hash; the operations that say it. Compiled: it walks bytes.

The blocks of the base are in a table by their hashes; a window of the same width rolls over the result. What the hash
finds is compared, and then followed backwards and forwards, so that a match need not begin or end where a block does.
"""

from __future__ import annotations

from librt.strings import BytesWriter, read_i32_le, read_i64_le

from driven.core._rt import i64, u8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

BLOCK: Final = 32  # bytes of the base that are found again wherever they stand in the result
WORTH: Final = 16  # bytes in a row, the fewest that are copied where a copy would go on after a change

# The hash of 32 bytes is the polynomial of them at FACTOR, modulo 2**32. Below 2**30, so that no product leaves an i64.
FACTOR: Final = 0x2C1B3C6D
LEAVING: Final = 0x85CAD481  # FACTOR**32: the weight of the byte that leaves the window
LOW: Final = 0xFFFFFFFF


def put(out: BytesWriter, value: i64) -> None:
    """Append an unsigned number in groups of seven bits, the lowest first."""
    while value > 127:
        out.append((value & 127) | 128)
        value >>= 7
    out.append(value)


def copy(out: BytesWriter, length: i64, jump: i64) -> None:
    """`length` bytes of the base, `jump` bytes from where the last copy ended."""
    put(out, (length << 1) | 1)
    put(out, (jump << 1) ^ (jump >> 63))


def same(old: bytes, p: i64, new: bytes, q: i64, stop: i64) -> i64:
    """How many bytes from `p` of the base are those from `q` on in the result, before its `stop`."""
    most: i64 = len(old) - p
    if stop - q < most:
        most = stop - q
    n: i64 = 0
    while n + 8 <= most and read_i64_le(old, p + n) == read_i64_le(new, q + n):
        n += 8
    while n < most and old[p + n] == new[q + n]:
        n += 1
    return n


def _hash(data: bytes, p: i64) -> i64:
    """The hash of the 32 bytes at `p`."""
    h: i64 = 0
    end = p + BLOCK
    while p < end:
        h = (h * FACTOR + i64(data[p])) & LOW
        p += 1
    return h


def _table(old: bytes, mask: i64) -> bytes:
    """For each hash, folded to `mask`, the number of the first block of the base that has it, as i32; -1: none."""
    out = BytesWriter()
    out.write(b"\xff" * int(4 * (mask + 1)))
    block: i64 = len(old) // BLOCK
    while block > 0:
        block -= 1  # backwards, so that the first of equal blocks stays
        h = _hash(old, block * BLOCK)
        slot = ((h ^ (h >> 15)) & mask) * 4
        out[slot] = u8(block & 255)
        out[slot + 1] = u8((block >> 8) & 255)
        out[slot + 2] = u8((block >> 16) & 255)
        out[slot + 3] = u8((block >> 24) & 255)
    return out.getvalue()


def roll(out: BytesWriter, old: bytes, new: bytes, first: i64, stop: i64) -> i64:
    """Write the operations for `new[first:stop]`, what stands before being `old[:first]`. Where the last copy ended."""
    size: i64 = len(old)
    after = first
    done = first  # bytes of the result that are written
    if size >= BLOCK and stop - first >= BLOCK:
        mask: i64 = 63
        while mask < size // BLOCK * 2:
            mask = mask * 2 + 1
        table = _table(old, mask)
        i = first
        h = _hash(new, i)
        while i + BLOCK <= stop:
            p = i - done + after  # where the base goes on if as many bytes were changed as were put in their place
            if not (
                p + WORTH <= size
                and read_i64_le(old, p) == read_i64_le(new, i)
                and read_i64_le(old, p + 8) == read_i64_le(new, i + 8)
            ):
                p = i64(read_i32_le(table, ((h ^ (h >> 15)) & mask) * 4)) * BLOCK
                if not (
                    p >= 0
                    and read_i64_le(old, p) == read_i64_le(new, i)
                    and read_i64_le(old, p + 8) == read_i64_le(new, i + 8)
                    and read_i64_le(old, p + 16) == read_i64_le(new, i + 16)
                    and read_i64_le(old, p + 24) == read_i64_le(new, i + 24)
                ):
                    if i + BLOCK < stop:
                        h = (h * FACTOR + i64(new[i + BLOCK]) - i64(new[i]) * LEAVING) & LOW
                    i += 1
                    continue
            n = same(old, p, new, i, stop)
            while i > done and p > 0 and old[p - 1] == new[i - 1]:
                p -= 1
                i -= 1
                n += 1
            if i > done:
                put(out, (i - done) << 1)
                out.write(new[done:i])
            copy(out, n, p - after)
            after = p + n
            i += n
            done = i
            if i + BLOCK <= stop:
                h = _hash(new, i)
    if done < stop:
        put(out, (stop - done) << 1)
        out.write(new[done:stop])
    return after
