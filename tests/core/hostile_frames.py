"""Mutants of streams of frames through the reader: each gives frames or a FormatError, the same however it is cut.

    python tests/core/hostile_frames.py [STREAMS] [SEED]        (200000, 1)

Prints the rate. A crash, another exception, or an answer that hangs on the cuts ends it with status 1 and the stream.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from contextlib import suppress

from driven.core._rt import FormatError
from driven.core.frames import LARGEST, FrameReader, decode, decode_many, encode, header, pack

CAP = 128
EDGES = (0, 1, 39, 40, 41, 44, 40 + CAP, 41 + CAP, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def stream(rnd: random.Random) -> bytes:
    """Up to five good frames."""
    return b"".join(
        pack(
            header(rnd.randbytes(16), rnd.randrange(256), rnd.choice((0, 1, LARGEST)), rnd.randrange(LARGEST)),
            rnd.randbytes(rnd.choice((0, 1, 3, 40, 44, CAP))),
        )
        for _ in range(rnd.randrange(6))
    )


def mutant(rnd: random.Random, data: bytearray) -> bytes:
    """`data`, hit up to three times: bytes, lengths, cuts, copies."""
    for _ in range(rnd.randrange(4)):
        if not data:
            break
        at, kind = rnd.randrange(len(data)), rnd.randrange(5)
        if kind == 0:
            data[at] = rnd.randrange(256)
        elif kind == 1:
            data[at : at + 4] = rnd.choice(EDGES).to_bytes(4, "little")
        elif kind == 2:
            data[:4] = rnd.choice(EDGES).to_bytes(4, "little")
        elif kind == 3:
            del data[at : at + rnd.choice((1, 4, 40, 44, len(data)))]
        else:
            data[at:at] = data[at : at + rnd.choice((1, 4, 44))]
    return bytes(data)


def read(chunks: list[bytes]) -> tuple[list[tuple[bytes, bytes]], str]:
    """The frames of each chunk that was taken as a whole, and what the reader said at last."""
    reader, found = FrameReader(CAP), []
    try:
        for chunk in chunks:
            found += [(encode(one), bytes(view)) for one, view in reader.feed(chunk)]
        reader.end()
    except FormatError as error:
        assert error.offset >= 0 and error.message
        return found, str(error)
    return found, ""


def cut(rnd: random.Random, data: bytes) -> list[bytes]:
    chunks, at = [], 0
    while at < len(data):
        size = rnd.choice((1, 2, 3, 4, 5, 40, 44, 45, len(data)))
        chunks.append(data[at : at + size])
        at += size
    return chunks


def run(count: int, seed: int) -> Counter[str]:
    """Read `count` streams; how many were whole, how many were refused."""
    rnd = random.Random(seed)
    found: Counter[str] = Counter()
    for number in range(count):
        data = mutant(rnd, bytearray(stream(rnd)))
        try:
            by_byte, said = read([data[at : at + 1] for at in range(len(data))])
            for chunks in ([data], cut(rnd, data)):
                frames, also = read(chunks)
                # What stood before the fault in one chunk is not given out, and is a beginning of what was.
                assert also == said and frames == by_byte[: len(frames)] and (said or len(frames) == len(by_byte))
            for work in (decode, decode_many):
                with suppress(FormatError):
                    work(data)
            found["refused" if said else "whole"] += 1
        except BaseException:
            print(f"stream {number} of seed {seed}: {data.hex()}", file=sys.stderr)
            raise
    return found


def main(count: int, seed: int) -> None:
    """Read them and tell."""
    started = time.perf_counter()
    found = run(count, seed)
    took = time.perf_counter() - started
    build = "pure" if (sys.modules["driven.core.frames"].__file__ or "").endswith(".py") else "compiled"
    print(
        f"{count:,} streams, {build}, seed {seed}: {count / took:,.0f} a second; {found['whole']:,} whole, "
        f"{found['refused']:,} refused; nothing but FormatError"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [200_000, 1][len(given) :]))
