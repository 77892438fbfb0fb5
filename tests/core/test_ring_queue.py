"""The bounded queue: in order, never more than it holds, and nothing is lost uncounted, whoever comes at once."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core.ring_queue import MAX_CAPACITY, RingQueue

PRODUCERS, CONSUMERS = 4, 3


@given(st.integers(1, 9), st.lists(st.one_of(st.just("get"), st.just("report"), st.integers(-1, 5)), max_size=60))
def test_it_does_what_a_bounded_deque_does(capacity: int, words: list[str | int]) -> None:
    """A number takes so many at once (-1 puts one); the model is a deque with a count."""
    ring, model = RingQueue(capacity), deque[int]()
    put = overflow = told = most = 0
    for word in words:
        if word == -1:
            fits = len(model) < capacity
            assert ring.put(put) is fits
            if fits:
                model.append(put)
            overflow += not fits
            put += 1
            most = max(most, len(model))
        elif word == "get":
            assert ring.get("none") == (model.popleft() if model else "none")
        elif word == "report":
            assert ring.report() == overflow - told
            told = overflow
        else:
            assert ring.get_many(int(word)) == [model.popleft() for _ in range(min(int(word), len(model)))]
        assert (len(ring), ring.overflow, ring.most, ring.capacity) == (len(model), overflow, most, capacity)
    assert ring.get_many() == list(model) and len(ring) == 0


def test_none_is_an_item_like_others() -> None:
    ring, nothing = RingQueue(2), object()
    assert ring.put(None)
    assert ring.get(nothing) is None and ring.get(nothing) is nothing and ring.get() is None


def test_what_was_taken_is_not_kept() -> None:
    ring, item = RingQueue(2), object()
    before = sys.getrefcount(item)
    for take in (lambda: ring.get(), lambda: ring.get_many(5)):
        ring.put(item)
        assert sys.getrefcount(item) == before + 1
        take()
        assert sys.getrefcount(item) == before


@pytest.mark.parametrize("capacity", [0, -1, MAX_CAPACITY + 1, 1 << 70])
def test_a_capacity_that_cannot_be(capacity: int) -> None:
    with pytest.raises(ValueError, match="a capacity of"):
        RingQueue(capacity)


@pytest.fixture(params=["often", "between lines"])
def each(request: pytest.FixtureRequest):
    """How many items each producer has. Threads take turns as often as the interpreter lets them; or, where it is
    Python that runs and no compiled code, between any two lines of the queue."""
    if request.param == "often":
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        yield 8_000
        sys.setswitchinterval(interval)
        return
    pick = random.Random(7)

    def trace(frame, event, _argument):
        if not frame.f_code.co_filename.endswith("ring_queue.py") or "test_" in frame.f_code.co_filename:
            return None
        if event == "line" and pick.random() < 0.3:
            time.sleep(0)  # another thread's turn
        return trace

    threading.settrace(trace)
    yield 150
    threading.settrace(None)


@pytest.mark.parametrize("capacity", [1, 7, 64, 1 << 16])
@pytest.mark.parametrize("many", [False, True])
def test_t7_what_was_put_is_what_was_got_and_what_was_refused(each: int, capacity: int, many: bool) -> None:
    """T7 of the specification, with several of each: conservation, order, and no item twice."""
    ring = RingQueue(capacity)
    refused = [0] * PRODUCERS
    got: list[list[tuple[int, int]]] = [[] for _ in range(CONSUMERS)]
    start, over = threading.Barrier(PRODUCERS + CONSUMERS), threading.Event()
    none = object()

    def produce(who: int) -> None:
        start.wait()
        for number in range(each):
            if not ring.put((who, number)):
                refused[who] += 1

    def consume(who: int) -> None:
        start.wait()
        while True:
            ended = over.is_set()  # before it looks: what is put after that is nobody's
            found = ring.get_many(5) if many else [ring.get(none)]
            if found and found[0] is not none:
                got[who] += found
            elif ended:
                return

    makers = [threading.Thread(target=produce, args=(who,)) for who in range(PRODUCERS)]
    takers = [threading.Thread(target=consume, args=(who,)) for who in range(CONSUMERS)]
    for thread in makers + takers:
        thread.start()
    for thread in makers:
        thread.join()
    over.set()
    for thread in takers:
        thread.join()

    everything = [item for part in got for item in part]
    assert len(everything) + ring.overflow == PRODUCERS * each
    assert ring.overflow == sum(refused) == ring.report()
    assert len(set(everything)) == len(everything), "none twice"
    assert 1 <= ring.most <= capacity and len(ring) == 0
    for part in got:  # what one consumer gets of one producer comes in the order in which it was put
        for who in range(PRODUCERS):
            numbers = [number for maker, number in part if maker == who]
            assert numbers == sorted(numbers)
    if capacity == 1 << 16:
        assert ring.overflow == 0, "there was room for all"


def test_t7_two_producers_lose_nothing(each: int) -> None:
    ring = RingQueue(2 * each)
    both = threading.Barrier(2)

    def produce(who: int) -> None:
        both.wait()
        for number in range(each):
            assert ring.put((who, number))

    threads = [threading.Thread(target=produce, args=(who,)) for who in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ring.get_many()
    assert ring.overflow == 0 and ring.most == 2 * each
    for who in range(2):
        assert [number for maker, number in found if maker == who] == list(range(each))  # type: ignore[misc]
