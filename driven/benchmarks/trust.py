"""What holds foreign code and says who wrote a rule: frames, the queue, signatures, rings."""

from __future__ import annotations

import struct
from functools import partial
from queue import Queue
from statistics import median
from time import process_time

from driven.benchmarks import processes, rings
from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, against, compare, scaled
from driven.benchmarks.samples import long_rules, write_project
from driven.core.frames import decode_many, encode_many, header
from driven.core.ring_queue import RingQueue
from driven.trust.session_registry import SessionRegistry

HEADERS = 1000  # of one batch: 40 KB, as much as a pipe holds at once
LAYOUT = struct.Struct("<16sB7xQQ")
PAIRS = 1000
SESSIONS = 16_384
RULES = 200
SIGNATURES = 50  # of one round
SIGNATURE_BAR = 200e-6  # seconds


# Frames and the queue


def _rows() -> list[tuple[bytes, int, int, int]]:
    session = bytes(range(16))
    return [(session, number & 255, number, 1_700_000_000_000_000_000 + number) for number in range(HEADERS)]


def _encode(bench: Bench) -> Figures:
    rows = _rows()
    headers = [header(*row) for row in rows]
    buffer = bytearray(LAYOUT.size * HEADERS)

    def theirs() -> None:
        pack, at = LAYOUT.pack_into, 0
        for session, stream, sequence, timestamp in rows:
            pack(buffer, at, session, stream, sequence, timestamp)
            at += 40

    theirs()
    assert bytes(buffer) == encode_many(headers), "both write the same"
    return against(
        bench, ">=", lambda: encode_many(headers), theirs, f"a loop of struct.pack_into ({PYTHON})", per=HEADERS
    )


def _decode(bench: Bench) -> Figures:
    data = encode_many([header(*row) for row in _rows()])
    return against(
        bench, ">=", lambda: decode_many(data), lambda: list(LAYOUT.iter_unpack(data)),
        f"struct.iter_unpack ({PYTHON}), which does not look at the padding", per=HEADERS,
    )  # fmt: skip


def _queue(bench: Bench) -> Figures:
    ring, queue = RingQueue(1024), Queue[int](1024)

    def ours() -> None:
        put, get = ring.put, ring.get
        for number in range(PAIRS):
            put(number)
            get()

    def theirs() -> None:
        put, get = queue.put, queue.get
        for number in range(PAIRS):
            put(number)
            get()

    return against(bench, ">=", ours, theirs, f"queue.Queue ({PYTHON})", per=PAIRS)


def _session(bench: Bench) -> Figures:
    registry: SessionRegistry[int] = SessionRegistry(most=2 * SESSIONS)
    names = [registry.open(number) for number in range(SESSIONS)][:: SESSIONS // 1000]
    shards: SessionRegistry[int] = SessionRegistry(most=4 * SESSIONS, shards=1024)
    others = [shards.open(number) for number in range(SESSIONS)][:: SESSIONS // 1000]
    plain = {name: registry.find(name) for name in registry}
    _, many = compare(lambda: [*map(shards.find, others)], lambda: [*map(registry.find, names)], bench.rounds)
    note = f"1,024 shards take {many:.2g}x the time of one"
    return against(
        bench, "<=", lambda: [*map(registry.find, names)], lambda: [*map(plain.get, names)], f"dict.get ({PYTHON})",
        per=len(names), note=note,
    )  # fmt: skip


# Signatures


def _signature(bench: Bench) -> Figures:
    """A signature over a digest, made and checked; the bar is a time of the processor, for there is nothing to
    compare it with."""
    from driven.trust import ed25519

    seed, digest = bytes(range(32)), ed25519.sha512(b"")
    public, sign = ed25519.public_of(seed), ed25519.signer(seed)
    rounds = []
    for _ in range(bench.rounds):
        began = process_time()
        for _ in range(SIGNATURES):
            assert ed25519.verify(public, digest, sign(digest))
        rounds.append((process_time() - began) / SIGNATURES)
    value, unit = scaled(median(rounds))
    return Figures(value, unit, median(rounds) / SIGNATURE_BAR, f"{SIGNATURE_BAR * 1e6:.1f} µs", "libsodium")


def _verify(bench: Bench, *, pack: bool) -> Figures:
    """`driven verify`, whole processes: of one `.drv` of 200 rules, or of a pack of 200 files."""
    import os

    words, how = processes.command()
    folder = bench.place(bench.folder, "signed-pack" if pack else "signed-drv")
    write_project(folder, long_rules(RULES))
    env = processes.environment(len(words) == 1) | {"XDG_CONFIG_HOME": os.path.join(folder, "home")}
    path = os.path.join(".driven", "rules") if pack else os.path.join(".driven", "rules.drv")
    for made in (["build"], ["key", "generate", "ana", "--no-passphrase"], ["key", "trust", "ana"], ["sign", path]):
        processes.run([*words, *made], folder, env)
    ours = partial(processes.run, [*words, "verify", path], folder, env)
    theirs = partial(processes.run, processes.PASS, folder, env)
    ours(), theirs()
    return processes.against(bench, ours, theirs, processes.python_pass(), how)


BENCHMARKS = (
    Benchmark("trust/frame-encode", "a header of 40 bytes, of a batch of 1,000", ">=", 7, 60, _encode),
    Benchmark("trust/frame-decode", "a header of 40 bytes, of a batch of 1,000", ">=", 2, 150, _decode),
    Benchmark("trust/ring-queue", "put and get of the bounded queue, each called from Python", ">=", 12, 40, _queue),
    Benchmark("trust/signature", "a digest signed, and the signature checked", "<=", 1, 20, _signature),
    Benchmark("trust/verify-drv", "`driven verify` of a .drv of 200 rules, whole process", "<=", 3, 15,
              partial(_verify, pack=False)),
    Benchmark("trust/verify-pack", "`driven verify` of a pack of 200 files, whole process", "<=", 3, 15,
              partial(_verify, pack=True)),
    Benchmark("trust/session-find", "a session of 16,384, by its id, which lives on by that", "<=", None, 15, _session),
    *rings.BENCHMARKS,
)  # fmt: skip
