"""Mutants of `.drv` files through every function of the reader: each gives an answer or a FormatError, and soon.

    python tests/core/hostile_drv.py [MUTANTS] [PROCESSES] [SEED]        (200000, as many as there are cores, 1)

Prints the rate. A crash, a hang over ten seconds or another exception ends it with status 1 and the mutant in hex.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from multiprocessing import get_context

from driven.core._rt import FormatError
from driven.core.wire import Reader
from driven.core.wire_build import Builder
from driven.core.wire_check import check, verify
from driven.core.wire_files import FileReader, MappedRules
from driven.core.wire_layout import ARGUMENTS, COMPRESSED, TAGS, TARGETS

EDGES = (0, 1, 2, 3, 4, 11, 12, 24, 48, 63, 64, 65, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 1 << 24, 0x7FFFFFFF, 0x80000000,
         0xFFFFFFF4, 0xFFFFFFFE, 0xFFFFFFFF)  # fmt: skip


def seeds() -> list[bytes]:
    """Small valid files of every kind: each section there or missing, raw and compressed."""
    files: list[bytes] = []
    for count in (0, 1, 3, 9):
        builder = Builder(bytes(7), [f"area/r{i}" for i in range(count)])
        for i in range(count):
            body = f"# Räule {i}\n\n- a\n".encode() if i % 3 else b""
            steps = [(0, 0, 5), (2, 5, len(body))] if body else []
            builder.add(
                body, steps, (i % 4, 0, 9, 100, 0), description="Über" * (i % 2),
                arguments=("src/**", "*.py")[: i % 3], tags=("t",) * (i % 2), when="x" * (i % 2), program=b"p" * i,
                origin=("rules/r.md", i + 1), extra=b"{}" * (i % 2), source=b"\0\n\0---\n" * (i % 2),
            )  # fmt: skip
        files += [builder.build(), builder.build(compress=True), builder.build(source=False, origin=False, signed=True)]
    return files


def mutant(rnd: random.Random, files: list[bytes]) -> bytes:
    """One of `files`, hit one to four times: bytes, numbers, cuts, copies; half of the compressed ones from inside."""
    data = bytearray(rnd.choice(files))
    for _ in range(rnd.randint(1, 4)):
        size = len(data)
        if size == 0:
            break
        at = rnd.randrange(size)
        kind = rnd.randrange(7)
        if kind == 0:
            data[at] = rnd.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << rnd.randrange(8)
        elif kind == 2 or kind == 3:
            at &= ~3  # every number of the format stands at a multiple of four, most of them in the first part
            if kind == 3:
                at = min(at, rnd.randrange(32, 512)) & ~3
            data[at : at + 4] = rnd.choice((rnd.choice(EDGES), rnd.randrange(size + 2))).to_bytes(4, "little")
        elif kind == 4:
            del data[at : at + rnd.choice((1, 4, 12, 24, size))]
        elif kind == 5:
            data[at:at] = data[at : at + rnd.choice((1, 4, 16, 64))]
        elif size > 36 and data[5:6] == bytes([COMPRESSED]):
            count = int.from_bytes(data[32:36], "little")
            entry = 36 + 16 * rnd.randrange(max(1, min(count, 12)))
            raw = bytes(rnd.randrange(256) for _ in range(rnd.randrange(40))) * rnd.choice((1, 1, 5000))
            packed = zlib.compress(raw)
            data[entry + 4 : entry + 16] = b"".join(
                number.to_bytes(4, "little") for number in (size, len(packed), max(0, len(raw) - rnd.randrange(2)))
            )
            data += packed
    return bytes(data)


def read_everything(rules: Reader, names: list[str]) -> None:
    """Call every function of the reader with indexes in and out of range. Raises FormatError only."""
    for work in (check, verify, Reader.all, Reader.sections):
        outcome(lambda work=work: work(rules))
    for name in names:
        outcome(lambda name=name: rules.find(name))
    for i in (0, 1, 5, rules.count - 1, rules.count, -1, 1 << 40):
        for read in (
            rules.name, rules.body, rules.step_count, rules.numbers, rules.description, rules.when, rules.program,
            rules.origin, rules.extra, rules.source, rules.string,
        ):  # fmt: skip
            outcome(lambda read=read, i=i: read(i))
        for j in (0, 1, -1, 1 << 40):
            outcome(lambda i=i, j=j: rules.step(i, j))
        for which in (ARGUMENTS, TARGETS, TAGS):
            outcome(lambda i=i, which=which: rules.words(i, which))


def outcome(work: object) -> bool:
    """Whether `work()` answers; False when it raises FormatError."""
    try:
        work()  # type: ignore[operator]
    except FormatError as error:
        assert error.offset >= 0 and error.message
        return False
    return True


def run(count: int, seed: int) -> Counter[str]:
    """Read `count` mutants; how many opened, how many were refused, how many passed `check`."""
    rnd = random.Random(seed)
    files = seeds()
    names = ["area/r0", "area/r5", "", "\ud800", "none"]
    found: Counter[str] = Counter()
    handle, path = tempfile.mkstemp()
    try:
        for number in range(count):
            data = mutant(rnd, files)
            started = time.perf_counter()
            try:
                rules = Reader(data)
            except FormatError:
                found["refused"] += 1
                continue
            try:
                read_everything(rules, names)
                found["opened"] += 1
                if outcome(lambda rules=rules: check(rules)):
                    found["whole"] += 1
                    # What passes the check reads to the end, whatever the mutation was.
                    for i in range(rules.count):
                        rules.words(i, TAGS), rules.body(i), rules.extra(i), rules.origin(i), rules.program(i)
                if number % 50 == 0:
                    with open(path, "wb") as file:
                        file.write(data)
                    for other in (FileReader(os.open(path, os.O_RDONLY), len(data)), MappedRules(path)):
                        read_everything(other, names)
                        other.close()
            except BaseException:
                print(f"mutant {number} of seed {seed}: {data.hex()}", file=sys.stderr)
                raise
            if time.perf_counter() - started > 10:
                raise TimeoutError(f"mutant {number} of seed {seed}: {data.hex()}")
    finally:
        os.close(handle)
        os.unlink(path)
    return found


def main(count: int, processes: int, seed: int) -> None:
    """Share `count` mutants among `processes`, each with a seed of its own."""
    started = time.perf_counter()
    parts = [(count // processes + (i < count % processes), seed * 1000 + i) for i in range(processes)]
    with get_context("spawn").Pool(processes) as pool:
        found = sum(pool.starmap(run, parts), Counter[str]())
    took = time.perf_counter() - started
    build = "pure" if (sys.modules["driven.core.wire"].__file__ or "").endswith(".py") else "compiled"
    print(
        f"{count:,} mutants, {build}, {processes} processes, seed {seed}: {count / took:,.0f} a second; "
        f"{found['opened']:,} opened, {found['refused']:,} refused at once, {found['whole']:,} still whole; "
        "nothing but FormatError"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [200_000, os.cpu_count() or 1, 1][len(given) :]))
