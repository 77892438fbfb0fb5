"""Prefetching: what is predicted, that it is fetched once and in time, that it is off where it is of no use."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.fusion.binary_cache import BinaryCache, key_of
from driven.fusion.caches import contents, label
from driven.fusion.speculative import (
    FIRST,
    MOST_FOLLOWERS,
    MOST_NAMES,
    MOST_WAITING,
    TOP,
    TRIED,
    SpeculativeLoader,
    for_server,
)

KEY = key_of(b"https://rules.example")
WAIT = 20.0  # seconds, a guard against a test that hangs


class Server:
    """Loads `name` as its bytes; counts; can be made to wait until it is let go."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.running = self.most = 0
        self.broken: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def load(self, name: str) -> bytes:
        with self._lock:
            self.asked[name] += 1
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            assert self.gate.wait(WAIT)
            if name in self.broken:
                raise OSError(f"no {name}")
            return name.encode()
        finally:
            with self._lock:
                self.running -= 1


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.gate.set()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.002)


def taught(server: Server, names: str, **more: float) -> SpeculativeLoader:
    """A loader that is always on, and has seen these names asked for, one after the other."""
    loader = SpeculativeLoader(server.load, slow=0, **more)  # type: ignore[arg-type]
    for name in names:
        loader.observe(name)
    return loader


def test_what_follows_is_predicted_by_how_often_it_did(server: Server) -> None:
    loader = taught(server, "abababacad")
    assert loader.likely("a") == ["b", "c", "d"]
    assert loader.likely("b")[0] == "a" and loader.likely("z") == []
    loader.observe("d")  # once more the same says nothing
    assert loader.likely("d") == []
    assert len(taught(server, "xaxbxcxdxexfxg").likely("x")) == TOP


def test_what_is_likely_follows_the_whole_way(server: Server) -> None:
    """b after a, always; then c three times of four: each by its chance from here."""
    loader = taught(server, "abcd" * 3 + "abx")
    assert loader.likely("a") == ["b", "c", "d", "x"]
    assert loader.likely("nobody") == []
    rare = taught(server, "az" + "ab" * 20)
    assert rare.likely("a") == ["b"], "one of twenty is not worth a load"


@given(names=st.text(alphabet="abcdefgh", max_size=60), at=st.sampled_from("abcdefgh"))
@settings(max_examples=100)
def test_predictions_are_what_was_counted(names: str, at: str) -> None:
    loader = SpeculativeLoader(lambda name: b"", slow=float("inf"))
    pairs: Counter[str] = Counter()
    for name in names:
        loader.observe(name)
    for one, two in pairwise(names):
        if one != two and one == at:
            pairs[two] += 1
    likely = loader.likely(at)
    assert len(likely) <= TOP and at not in likely and len(set(likely)) == len(likely)
    assert not pairs or pairs[likely[0]] == max(pairs.values())


def test_what_was_fetched_is_given_and_fetched_once(server: Server) -> None:
    with taught(server, "abcabc") as loader:
        assert loader.get("a") == b"a"
        until(lambda: loader.counts.fetched == 2)
        for name in "bc":  # each `get` may fetch what follows, and that is never the same
            assert loader.get(name) == name.encode() and server.asked[name] == 1
        assert loader.counts.used == 2 and loader.counts.loaded == 1


def test_one_that_is_on_its_way_is_waited_for(server: Server) -> None:
    with taught(server, "ab" * 3) as loader:
        server.gate.clear()
        assert loader.prefetch(["b"]) == 1
        until(lambda: server.running == 1)
        given: list[bytes] = []
        thread = threading.Thread(target=lambda: given.append(loader.get("b")))
        thread.start()
        thread.join(0.05)
        assert thread.is_alive() and server.asked["b"] == 1
        server.gate.set()
        thread.join(WAIT)
        assert given == [b"b"] and server.asked["b"] == 1


def test_a_failure_in_the_background_is_told_who_asks(server: Server) -> None:
    with taught(server, "ababc") as loader:
        server.broken.add("b")
        assert loader.get("a") == b"a"
        until(lambda: loader.counts.failed >= 1)
        with pytest.raises(OSError, match="no b"):
            loader.get("b")
        server.broken.clear()
        assert loader.get("b") == b"b"


def test_at_most_five_at_a_time(server: Server) -> None:
    with taught(server, "") as loader:
        server.gate.clear()
        names = [f"n{i}" for i in range(40)]
        for at in range(0, 40, 10):
            assert loader.prefetch(names[at : at + 10]) <= TOP
        until(lambda: server.running == TOP)
        server.gate.set()
        until(lambda: server.running == 0)
        assert server.most == TOP
        until(lambda: loader.prefetch([]) == 0 and len(loader._jobs) <= MOST_WAITING)


def test_what_waits_to_be_asked_for_is_bounded(server: Server) -> None:
    with taught(server, "") as loader:
        for i in range(60):
            loader.prefetch([f"n{i}"])
            until(lambda: server.running == 0 and not loader._queue)
        until(lambda: loader.counts.fetched == sum(server.asked.values()))
        assert len(loader._jobs) <= MOST_WAITING


def test_an_old_result_is_loaded_anew(server: Server) -> None:
    with taught(server, "", max_age=0.0) as loader:
        loader.prefetch(["b"])
        until(lambda: loader.counts.fetched == 1)
        time.sleep(0.002)
        assert loader.get("b") == b"b" and server.asked["b"] == 2 and loader.counts.dropped == 1


def test_closing_cancels(server: Server) -> None:
    before = threading.active_count()
    loader = taught(server, "abc" * 3)
    server.gate.clear()
    loader.prefetch([f"n{i}" for i in range(TOP)])
    until(lambda: server.running == TOP)
    loader.prefetch(["late"])
    loader.close()
    loader.close()
    server.gate.set()
    until(lambda: threading.active_count() <= before)
    assert server.asked["late"] == 0 and loader._jobs == {}
    assert loader.get("a") == b"a" and loader.prefetch(["b"]) == 0 and not loader.is_on


def test_who_waits_when_it_is_closed_loads_by_itself(server: Server) -> None:
    loader = taught(server, "")
    server.gate.clear()
    loader.prefetch(["b"])
    until(lambda: server.running == 1)
    given: list[bytes] = []
    thread = threading.Thread(target=lambda: given.append(loader.get("b")))
    thread.start()
    until(lambda: "b" not in loader._jobs)
    server.gate.set()
    loader.close()
    thread.join(WAIT)
    assert given == [b"b"]


# Where it is of no use


def test_it_is_off_until_loads_are_known_to_be_slow(server: Server) -> None:
    quick = SpeculativeLoader(server.load, slow=WAIT)
    for name in "ab" * 10:
        quick.get(name)
    assert not quick.is_on and quick.counts.fetched == 0 and quick.counts.loaded == 20
    assert quick.prefetch(["a"]) == 0

    slow = SpeculativeLoader(lambda name: (time.sleep(0.002), b"")[1], slow=0.001)
    for at, name in enumerate("abcabc"):
        assert slow.is_on is (at >= FIRST)
        slow.get(name)
    slow.close()


def test_who_loads_by_other_means_says_so(server: Server) -> None:
    with SpeculativeLoader(server.load, slow=0.005) as loader:
        for name in "abcabca":
            loader.loaded(name, 0.02)
        until(lambda: server.asked["b"] == server.asked["c"] == 1)
        assert loader.counts.loaded == 7 and loader.get("b") == b"b"
    with SpeculativeLoader(server.load, slow=0.005) as quick:
        for name in "abcabca":
            quick.loaded(name, 0.001)
        assert not quick.is_on and quick.counts.fetched == 0


def test_it_stops_where_hardly_anything_was_asked_for(server: Server) -> None:
    """Fetched for nothing: each is dropped when it is old, and after so many nothing is fetched any more."""
    with taught(server, "", max_age=0.0) as loader:
        for i in range(3 * TRIED):
            loader.prefetch([f"n{i}"])
            until(lambda: server.running == 0 and not loader._queue)
        until(lambda: not loader.is_on)
        fetched = sum(server.asked.values())
        assert fetched < 3 * TRIED and loader.prefetch(["more"]) == 0
        assert loader.get("more") == b"more"


# What is remembered


@pytest.fixture
def cache(tmp_path: Path) -> BinaryCache:
    (tmp_path / "prefetch").mkdir(0o700)
    return BinaryCache(str(tmp_path / "prefetch"), max_bytes=1 << 20)


def test_the_next_process_knows_what_this_one_learned(server: Server, cache: BinaryCache) -> None:
    def load(name: str) -> bytes:
        time.sleep(0.002)
        return server.load(name)

    with SpeculativeLoader(load, cache=cache, key=KEY, slow=0.001) as first:
        for name in "abcabca":
            first.get(name)
    with SpeculativeLoader(load, cache=cache, key=KEY, slow=0.001) as second:
        assert second.likely("a") == ["b", "c"] and second.is_on
        second.get("a")
        until(lambda: second.counts.fetched == 2)
    other = SpeculativeLoader(load, cache=cache, key=key_of(b"another server"), slow=0.001)
    assert other.likely("a") == [] and not other.is_on


@pytest.mark.parametrize(
    "kept",
    [b"", b"[]", b"no json", b"[1,2,3]", b'[2,["x"],{},"",0]', b'[2,[],{"a":{"b":"c"}},"",0]', b'[9,[1],{},"",0]'],
)
def test_what_cannot_be_read_is_learned_anew(server: Server, cache: BinaryCache, kept: bytes) -> None:
    assert cache.put(KEY, kept)
    with SpeculativeLoader(server.load, cache=cache, key=KEY, slow=0) as loader:
        assert loader.likely("a") == []
        for name in "aba":
            loader.get(name)
    assert SpeculativeLoader(server.load, cache=cache, key=KEY).likely("a") == ["b"]


def test_commands_that_ask_for_one_pack_each_learn_too(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`driven add a`, then `driven add b`: each is a process of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in "abcabc":
        with for_server(server.load, "https://rules.example") as loader:
            loader.get(name)
    with for_server(server.load, "https://rules.example") as loader:
        assert loader.likely("a") == ["b", "c"] and loader.likely("c") == ["a", "b"] and not loader.is_on
    with for_server(server.load, "https://other.example") as other:
        assert other.likely("a") == []
    assert [label(one, file) for one in contents(["prefetch"]) for file in one.files] == ["https://rules.example"]


def test_commands_learn_whether_what_was_fetched_was_asked_for(server: Server, cache: BinaryCache) -> None:
    """What one process fetches in advance, a later one asks for, or none does: then it ends, and is tried again."""

    def command(name: str) -> bool:
        with SpeculativeLoader(server.load, cache=cache, key=KEY, slow=0) as loader:
            was_on = loader.is_on
            loader.loaded(name, 1.0)
            end = time.monotonic() + 20
            while loader._jobs and not all(job.done.is_set() for job in loader._jobs.values()):
                assert time.monotonic() < end
                time.sleep(0.001)
        return was_on

    for name in "abab" * 20:
        assert command(name), "what it fetches is asked for"
    seen = [command(name) for at in range(60) for name in ("a", f"new{at}")]
    assert not all(seen), "hardly anything of it was asked for"
    assert any(seen[seen.index(False) :]), "it is tried again some time"


@pytest.mark.parametrize(("ago", "counts"), [(60, True), (7200, False), (-60, False)])
def test_what_was_asked_for_long_ago_was_not_just_before(
    server: Server, cache: BinaryCache, ago: int, counts: bool
) -> None:
    assert cache.put(KEY, json.dumps([3, [], {}, "a", int(time.time()) - ago, [], []]).encode())
    loader = SpeculativeLoader(server.load, cache=cache, key=KEY)
    loader.get("b")
    assert (loader.likely("a") == ["b"]) is counts


def test_what_is_remembered_is_bounded(server: Server) -> None:
    loader = taught(server, "")
    for i in range(3 * MOST_FOLLOWERS):
        loader.observe("hub")
        loader.observe(f"n{i}")
    assert len(loader._followers["hub"]) <= MOST_FOLLOWERS
    for i in range(2 * MOST_NAMES):
        loader.observe(f"m{i}")
    assert len(loader._followers) <= MOST_NAMES
    for name in "xy" * 1000:
        loader.observe(name)
    for name in "xz" * 300:
        loader.observe(name)
    assert loader.likely("x")[0] == "z", "what was usual long ago fades"
    loader.observe("l" * 10_000)
    assert all(len(name) < 1000 for name in loader._followers)


def test_threads_share_one(server: Server) -> None:
    wrong: list[str] = []
    with taught(server, "abcdefgh" * 3) as loader:

        def work(seed: int) -> None:
            for i in range(100):
                name = "abcdefgh"[(i + seed) % 8]
                if loader.get(name) != name.encode():
                    wrong.append(name)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert not wrong and loader.counts.used + loader.counts.loaded == 400
