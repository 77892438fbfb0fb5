"""Caches: an entry of the cache on disk, and prefetching, where a load is slow and where it is not."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, against, compare, scaled
from driven.fusion.binary_cache import BinaryCache, key_of
from driven.fusion.speculative import SLOW, SpeculativeLoader

ENTRY = 50_000  # bytes: a compiled template of 750 slots
PACKS = 12  # of a server
PACK = 20_000  # bytes
DELAY = 0.020  # seconds that a server which is not near takes to answer
ASKED = 16  # packs that one run asks for
KNOWN = 400  # requests that were seen before
STEADY = 0.85  # the chance that after a pack the one is asked for that mostly follows it


def _folder(bench: Bench, name: str) -> str:
    path = bench.place(bench.disk, name)
    os.mkdir(path, 0o700)
    return path


def _disk(bench: Bench) -> Figures:
    data = random.Random(1).randbytes(ENTRY)
    key = key_of(data)
    cache = BinaryCache(_folder(bench, "cache"), max_bytes=1 << 20)
    assert cache.put(key, data, "benchmark") and cache.get(key) == data
    path = bench.write("plain", data)

    def plain() -> bytes:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        found = os.read(handle, ENTRY)
        os.close(handle)
        return found

    return against(bench, "<=", lambda: cache.get(key), plain, f"os.open, os.read, os.close, unverified ({PYTHON})")


def _requests(seed: int, count: int) -> list[str]:
    """Packs as people ask for them: mostly the one that follows, sometimes any other."""
    chance = random.Random(seed)
    at, made = 0, []
    for _ in range(count):
        made.append(f"pack-{at}")
        at = (at + 1) % PACKS if chance.random() < STEADY else chance.randrange(PACKS)
    return made


def _learned(bench: Bench) -> tuple[BinaryCache, str]:
    """What a loader has learned from requests before these."""
    cache, key = BinaryCache(_folder(bench, "prefetch"), max_bytes=1 << 20), key_of(b"benchmark")
    loader = SpeculativeLoader(lambda name: b"", cache=cache, key=key)
    for name in _requests(1, KNOWN):
        loader.observe(name)
    loader.close()
    return cache, key


def _served(work: Callable[[str], Any]) -> Any:
    """`work(address)` with a server of packs on loopback, whose answers take `DELAY`."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    body = random.Random(2).randbytes(PACK)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(DELAY)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        return work(f"127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _prefetch(bench: Bench) -> Figures:
    from http.client import HTTPConnection

    cache, key = _learned(bench)
    asked = _requests(2, ASKED)
    used = fetched = 0

    def measure(address: str) -> tuple[float, float]:
        def load(name: str) -> bytes:
            connection = HTTPConnection(address, timeout=30)
            try:
                connection.request("GET", f"/packs/{name}")
                return connection.getresponse().read()
            finally:
                connection.close()

        def foreseen() -> None:
            nonlocal used, fetched
            with SpeculativeLoader(load, cache=cache, key=key) as loader:
                for name in asked:
                    loader.get(name)
            used, fetched = loader.counts.used, loader.counts.fetched

        def plain() -> None:
            for name in asked:
                load(name)

        return compare(foreseen, plain, bench.rounds)

    seconds, ratio = _served(measure)
    value, unit = scaled(seconds / ASKED)
    note = f"{used} of {ASKED} packs were there or on their way; {fetched} were fetched in advance"
    return Figures(value, unit, 1 / ratio, f"http.client, one after the other ({PYTHON})", note)


def _prefetch_local(bench: Bench) -> Figures:
    """The same where a load is an entry of the cache on disk: as it is, which is off; and forced, for the note."""
    cache, key = _learned(bench)
    data = random.Random(3).randbytes(PACK)
    store = BinaryCache(_folder(bench, "packs"), max_bytes=1 << 20)
    asked = _requests(2, 10 * ASKED)
    keys = {name: key_of(name.encode()) for name in sorted(set(asked))}
    for name in keys:
        assert store.put(keys[name], data)

    def load(name: str) -> bytes:
        return store.get(keys[name]) or b""

    def plain() -> None:
        for name in asked:
            load(name)

    def against_it(slow: float, rounds: int) -> tuple[float, float, int]:
        with SpeculativeLoader(load, cache=cache, key=key, slow=slow) as loader:

            def foreseen() -> None:
                for name in asked:
                    loader.get(name)

            return *compare(foreseen, plain, rounds), loader.counts.fetched

    seconds, ratio, fetched = against_it(SLOW, bench.rounds)
    forced = against_it(0.0, min(bench.rounds, 9))[1]
    value, unit = scaled(seconds / len(asked))
    note = f"it is off here: {fetched} fetched in advance; forced on, it takes {forced:.3g}x"
    return Figures(value, unit, ratio, f"BinaryCache.get alone ({PYTHON})", note)


BENCHMARKS = (
    Benchmark("cache/disk", "an entry of 50 KB from the cache on disk, verified by BLAKE3", "<=", 7, 60, _disk),
    Benchmark(
        "cache/prefetch", "packs from a server that takes 20 ms, in an order that is mostly usual", ">=", 1.5, 7,
        _prefetch,
    ),
    Benchmark("cache/prefetch-local", "the same order from the cache on disk", "<=", 2, 25, _prefetch_local),
)  # fmt: skip
