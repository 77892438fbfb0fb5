"""Mutants of patches and streams of operations: each gives what plain Python makes of it, or FormatError.

    python tests/core/hostile_patches.py [INPUTS] [SEED]        (200000, 1)

Prints the rate. A crash, another exception, or an answer that plain Python does not give ends it with status 1 and the
input. `plain_xor`, `plain_delta` and `plain_ops` are the layouts of docs/patches.md once more, by somebody else.
"""

from __future__ import annotations

import random
import struct
import sys
import time
from collections import Counter

from driven.core._rt import FormatError
from driven.core.htip import OPS, OpReader, OpWriter
from driven.core.patch import DELTA, PLAIN, XOR, apply, delta, delta_apply, xor_apply, xor_diff

EDGES = (0, 1, 63, 64, 65, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def plain_xor(old: bytes, patch: bytes) -> bytes | None:
    """The result, None for what is no patch of `old`."""
    if len(patch) < 8 or struct.unpack_from("<BBHI", patch) != (1, 1, 0, len(old)):
        return None
    result, at, last = bytearray(old), 8, -1
    while at < len(patch):
        number = int.from_bytes(patch[at : at + 4], "little") if at + 4 <= len(patch) else -1
        place = slice(number * 64, min(number * 64 + 64, len(old)))
        block = patch[at + 4 : at + 4 + place.stop - place.start] if 0 <= number * 64 < len(old) else b""
        if number <= last or not any(block) or len(block) < place.stop - place.start:
            return None
        result[place] = bytes(a ^ b for a, b in zip(old[place], block, strict=True))
        at, last = at + 4 + len(block), number
    return bytes(result)


def plain_number(data: bytes, at: int) -> tuple[int, int] | None:
    """An unsigned LEB128 of five bytes at most, in the shortest way."""
    for end in range(at, min(at + 5, len(data))):
        if data[end] < 128:
            groups = data[at : end + 1]
            if len(groups) > 1 and not groups[-1]:
                return None
            return sum((group & 127) << 7 * place for place, group in enumerate(groups)), end + 1
    return None


def plain_delta(old: bytes, patch: bytes, limit: int) -> bytes | None:
    """The result, None for what is no patch of `old` or makes more than `limit` bytes."""
    if len(patch) < 12 or struct.unpack_from("<BBHI", patch) != (1, 2, 0, len(old)):
        return None
    total, result, at, after = int.from_bytes(patch[8:12], "little"), b"", 12, 0
    while at < len(patch):
        word = plain_number(patch, at)
        if not word or not 0 < word[0] >> 1 <= total - len(result):
            return None
        length, at = word[0] >> 1, word[1]
        if word[0] & 1:
            jump = plain_number(patch, at)
            if not jump:
                return None
            start, at = after + (jump[0] // 2 if jump[0] % 2 == 0 else -(jump[0] + 1) // 2), jump[1]
            if start < 0 or start + length > len(old):
                return None
            result, after = result + old[start : start + length], start + length
        else:
            if at + length > len(patch):
                return None
            result, at = result + patch[at : at + length], at + length
    return result if len(result) == total <= limit else None


def plain_ops(data: bytes) -> list[tuple[int, int, bytes]] | None:
    """The operations, None for what is no stream of them."""
    found, at = [], 0
    while at < len(data):
        if len(data) - at < 8:
            return None
        op, flags, reserved, size = struct.unpack_from("<BBHI", data, at)
        if not 1 <= op <= len(OPS) or reserved or size > len(data) - at - 8:
            return None
        found.append((op, flags, data[at + 8 : at + 8 + size]))
        at += 8 + size
    return found


def texts(rnd: random.Random) -> tuple[bytes, bytes]:
    """Two that have something in common: changed, moved, grown, shrunk."""
    old = b"".join(
        rnd.choice((rnd.randbytes(rnd.randrange(90)), b"the same line again and again\n" * 3)) for _ in range(6)
    )
    new = bytearray(old)
    for _ in range(rnd.randrange(5)):
        at, kind, size = rnd.randrange(len(new) + 1), rnd.randrange(4), rnd.randrange(70)
        if kind == 0:
            new[at : at + size] = rnd.randbytes(len(new[at : at + size]))
        elif kind == 1:
            new[at:at] = rnd.randbytes(size)
        elif kind == 2:
            del new[at : at + size]
        else:
            new[at:at], new[:size] = new[:size], b""
    return old, bytes(new)


def mutant(rnd: random.Random, data: bytearray) -> bytes:
    """`data`, hit up to three times: bytes, numbers, cuts, copies."""
    for _ in range(rnd.randrange(4)):
        if not data:
            break
        at, kind = rnd.randrange(len(data)), rnd.randrange(6)
        if kind == 0:
            data[at] = rnd.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << rnd.randrange(8)
        elif kind == 2:
            data[at : at + 4] = rnd.choice(EDGES).to_bytes(4, "little")
        elif kind == 3:
            data[4:8] = rnd.choice(EDGES).to_bytes(4, "little")
        elif kind == 4:
            del data[at : at + rnd.choice((1, 2, 4, 68, len(data)))]
        else:
            data[at:at] = data[at : at + rnd.choice((1, 2, 4, 68))]
    return bytes(data)


def read_ops(data: bytes) -> list[tuple[int, int, bytes]]:
    """The operations of a stream."""
    reader, found = OpReader(data), []
    while (one := reader.next()) is not None:
        found.append(one)
    return found


def one(rnd: random.Random) -> tuple[str, bytes, bytes]:
    """A kind, a base, and a mutant of a patch of that kind for it."""
    kind = rnd.choice(("xor", "delta", "ops"))
    old, new = texts(rnd)
    if kind == "xor":
        return kind, old, mutant(rnd, bytearray(xor_diff(old, new[: len(old)].ljust(len(old), b"."))))
    if kind == "delta":
        return kind, old, mutant(rnd, bytearray(delta(old, new)))
    writer = OpWriter()
    for _ in range(rnd.randrange(5)):
        writer.put(rnd.randint(1, len(OPS)), rnd.randrange(256), rnd.randbytes(rnd.choice((0, 1, 8, 40))))
    return kind, old, mutant(rnd, bytearray(writer.bytes()))


def run(count: int, seed: int) -> Counter[str]:
    """Read `count` of them; how many were whole, how many were refused."""
    rnd = random.Random(seed)
    found: Counter[str] = Counter()
    for number in range(count):
        kind, old, data = one(rnd)
        limit = rnd.choice((0, 100, 5000))
        try:
            expected: object
            if kind == "xor":
                expected = plain_xor(old, data)
            elif kind == "delta":
                expected = plain_delta(old, data, limit)
            else:
                expected = plain_ops(data)
            got: object = None
            try:
                if kind == "xor":
                    got = xor_apply(old, data)
                elif kind == "delta":
                    got = delta_apply(old, data, limit)
                else:
                    got = read_ops(data)
            except FormatError as error:
                assert 0 <= error.offset <= len(data) and error.message
            assert got == expected
            for also in (PLAIN, XOR, DELTA, 3):
                try:
                    assert len(apply(also, old, data, limit)) <= limit
                except FormatError as error:
                    assert 0 <= error.offset <= len(data)
            found["refused" if got is None else "whole"] += 1
        except BaseException:
            print(f"input {number} of seed {seed}: {kind} {data.hex()} for {old.hex()}", file=sys.stderr)
            raise
    return found


def main(count: int, seed: int) -> None:
    """Read them and tell."""
    started = time.perf_counter()
    found = run(count, seed)
    took = time.perf_counter() - started
    build = "pure" if (sys.modules["driven.core.patch"].__file__ or "").endswith(".py") else "compiled"
    print(
        f"{count:,} inputs, {build}, seed {seed}: {count / took:,.0f} a second; {found['whole']:,} whole, "
        f"{found['refused']:,} refused; nothing but FormatError"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [200_000, 1][len(given) :]))
