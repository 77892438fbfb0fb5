"""The hot cache does what a plain model of CLOCK does, whatever it is asked; nothing that went is kept alive."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from driven.core.clock import CAPACITY, MAX_CAPACITY, HotCache

KEYS = st.sampled_from("abcdefgh")


class Model:
    """CLOCK by a dict and its order: a second chance is a place at its end."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: dict[str, tuple[object, bool]] = {}
        self.hits = self.misses = self.evictions = 0

    def get(self, key: str) -> object | None:
        if key not in self.entries:
            self.misses += 1
            return None
        self.hits += 1
        self.entries[key] = (self.entries[key][0], True)
        return self.entries[key][0]

    def put(self, key: str, value: object) -> None:
        if key in self.entries:
            self.entries[key] = (value, True)
            return
        while len(self.entries) == self.capacity:
            oldest = next(iter(self.entries))
            kept, hit = self.entries.pop(oldest)
            if hit:
                self.entries[oldest] = (kept, False)
            else:
                self.evictions += 1
        self.entries[key] = (value, False)


class Asked(RuleBasedStateMachine):
    """Both are asked the same, and say the same."""

    @initialize(capacity=st.integers(1, 5))
    def begin(self, capacity: int) -> None:
        self.cache, self.model, self.number = HotCache(capacity), Model(capacity), 0

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        assert self.cache.get(key) == self.model.get(key)

    @rule(key=KEYS)
    def put(self, key: str) -> None:
        self.number += 1
        self.cache.put(key, self.number)
        self.model.put(key, self.number)

    @rule(key=KEYS)
    def discard(self, key: str) -> None:
        self.cache.discard(key)
        self.model.entries.pop(key, None)

    @rule()
    def clear(self) -> None:
        self.cache.clear()
        self.model.entries.clear()

    @invariant()
    def the_same_stands_in_both(self) -> None:
        if not hasattr(self, "cache"):
            return
        assert len(self.cache) == len(self.model.entries) <= self.cache.capacity
        assert {key for key in "abcdefgh" if key in self.cache} == self.model.entries.keys()
        counters = (self.cache.hits, self.cache.misses, self.cache.evictions)
        assert counters == (self.model.hits, self.model.misses, self.model.evictions)


Asked.TestCase.settings = settings(max_examples=100, stateful_step_count=60)
test_it_does_what_the_model_does = Asked.TestCase


@settings(max_examples=60)
@given(st.integers(1, 40), st.lists(st.tuples(st.booleans(), st.integers(0, 80)), min_size=100, max_size=400))
def test_long_runs_give_the_same_hits(capacity: int, asked: list[tuple[bool, int]]) -> None:
    cache, model = HotCache(capacity), Model(capacity)
    for often, number in asked:
        key = str(number % 7 if often else number)
        assert cache.get(key) == model.get(key)
        if key not in model.entries:
            cache.put(key, number)
            model.put(key, number)
    assert (cache.hits, cache.misses, cache.evictions) == (model.hits, model.misses, model.evictions)


def test_what_was_used_gets_a_second_chance_and_no_third() -> None:
    cache = HotCache(3)
    for key in "abc":
        cache.put(key, key.upper())
    assert cache.get("a") == "A"
    cache.put("d", "D")  # a loses its bit and stays, b goes
    assert [key for key in "abcd" if key in cache] == ["a", "c", "d"]
    cache.put("e", "E")
    assert [key for key in "abcde" if key in cache] == ["a", "d", "e"]
    cache.put("f", "F")
    assert [key for key in "abcdef" if key in cache] == ["d", "e", "f"]
    assert cache.evictions == 3


def test_a_hundred_are_kept_when_nothing_is_said() -> None:
    cache = HotCache()
    assert cache.capacity == CAPACITY == 100
    for number in range(250):
        cache.put(str(number), number)
    assert len(cache) == 100 and cache.evictions == 150
    assert [cache.get(str(number)) for number in (149, 150, 249)] == [None, 150, 249]
    assert (cache.hits, cache.misses) == (2, 1)


def test_all_hit_and_yet_one_goes() -> None:
    cache = HotCache(50)
    for number in range(50):
        cache.put(str(number), number)
    assert all(cache.get(str(number)) == number for number in range(50))
    cache.put("new", None)
    assert len(cache) == 50 and "0" not in cache and "1" in cache and "new" in cache
    assert cache.get("new") is None and cache.hits == 51, "None can be remembered"


@pytest.mark.parametrize("capacity", [0, -1, MAX_CAPACITY + 1, 1 << 80])
def test_capacities_that_cannot_be(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"a capacity of {capacity}"):
        HotCache(capacity)


class Value:
    """What can be seen to go."""


def test_what_goes_is_freed_at_once() -> None:
    """By its count of references: no round of the garbage collector is needed."""
    cache, seen = HotCache(2), []
    gc.disable()
    try:
        for number in range(8):
            value = Value()
            seen.append(weakref.ref(value))
            cache.put(f"{number}", value)
            del value
        assert [one() is None for one in seen] == [True] * 6 + [False] * 2, "evicted"
        cache.put("7", Value())
        assert seen[7]() is None, "replaced"
        cache.discard("6")
        assert seen[6]() is None, "discarded"
        value = Value()
        seen.append(weakref.ref(value))
        cache.put("x", value)
        del value
        cache.clear()
        assert seen[8]() is None and len(cache) == 0, "cleared"
    finally:
        gc.enable()


class Restless:
    """Asks the cache again while it is freed."""

    def __init__(self, cache: HotCache) -> None:
        self.cache = cache

    def __del__(self) -> None:
        self.cache.put("from behind", None)
        self.cache.discard("from behind")


def test_what_is_freed_may_come_back() -> None:
    """In a thread, so that a lock that is held twice is a failure and not the end of the suite."""
    done: list[bool] = []

    def work() -> None:
        cache = HotCache(2)
        for number in range(6):
            cache.put(str(number % 4), Restless(cache))
            cache.put("same", Restless(cache))
        cache.discard("same")
        cache.clear()
        done.append(len(cache) <= 2)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert done == [True]


def test_threads_break_nothing() -> None:
    cache, before = HotCache(20), sys.getswitchinterval()
    wrong: list[object] = []

    def work(seed: int) -> None:
        try:
            for number in range(4000):
                key = str((number * seed) % 53)
                found = cache.get(key)
                if found is not None and found != key:
                    wrong.append(found)
                if number % 11 == seed:
                    cache.discard(key)
                else:
                    cache.put(key, key)
                if number % 1500 == 0:
                    cache.clear()
        except BaseException as error:
            wrong.append(error)

    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 5, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(before)
    assert wrong == [] and len(cache) <= 20
    for number in range(20):  # the row is whole: it takes twenty others, and gives back those
        cache.put(f"new {number}", number)
    kept = [number for number in range(20) if f"new {number}" in cache]
    assert kept and kept[-1] == 19 and len(cache) == 20
    for number in range(60):
        cache.put(f"newer {number}", number)
    assert [f"newer {number}" in cache for number in range(40, 60)] == [True] * 20
