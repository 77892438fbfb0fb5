"""Dirty bits, shared versions and the sync's state: against models, and under threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core.state import (
    AGAIN,
    CHANGED,
    COMPLETE,
    DONE,
    END,
    ENDED,
    ERROR,
    FAILED,
    IDLE,
    PENDING,
    QUIET,
    REPORT,
    STOP,
    STOPPING,
    SYNC,
    SYNCING,
    WAIT,
    AtomicSync,
    DirtyBits,
    SharedRules,
    may_move,
    step,
)

THREADS = 8
EVENTS = (CHANGED, QUIET, DONE, FAILED, STOP)


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    """Threads change places between almost any two steps, so that what is not atomic shows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Run `work(0)` … `work(n-1)` at once; what one raises is raised here."""
    gate = threading.Barrier(threads)
    wrong: list[BaseException] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:
            wrong.append(error)

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    if wrong:
        raise wrong[0]


# Dirty bits


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(("set", "clear", "test")), st.integers(-3, 3000)),
            st.just(("take", 0)),
        )
    )
)
def test_dirty_bits_are_a_set_of_indices(actions: list[tuple[str, int]]) -> None:
    bits, model = DirtyBits(), set[int]()
    for what, index in actions:
        if what == "take":
            assert bits.take() == sorted(model)
            model.clear()
        elif what == "test":
            assert bits.test(index) == (index in model)
        elif what == "clear":
            assert bits.clear(index) == (index in model)
            model.discard(index)
        elif index < 0:
            with pytest.raises(ValueError):
                bits.set(index)
        else:
            assert bits.set(index) == (index not in model)
            model.add(index)
        assert len(bits) == len(model)


def test_dirty_bits_of_a_million_rules_are_small_and_drained_near_the_marks() -> None:
    bits = DirtyBits()
    for index in (0, 7, 8, 511, 512, 1_000_000):
        bits.set(index)
    assert bits.take() == [0, 7, 8, 511, 512, 1_000_000]
    bits.set(999_999)
    assert bits.take() == [999_999] and bits.take() == [] and not bits.test(999_999)


def test_no_mark_is_lost_or_seen_twice_under_threads() -> None:
    bits = DirtyBits()
    per_thread = 3_000
    taken: list[list[int]] = [[] for _ in range(THREADS)]
    done = threading.Event()

    def drain() -> None:
        while not done.is_set():
            taken[0].extend(bits.take())

    drainer = threading.Thread(target=drain)
    drainer.start()
    # Neighbouring indices share a byte: a lost update would show.
    together(lambda number: [bits.set(i * THREADS + number) for i in range(per_thread)] and None)
    done.set()
    drainer.join(60)
    taken[0].extend(bits.take())
    assert sorted(taken[0]) == list(range(THREADS * per_thread))


def test_one_thread_wins_each_bit() -> None:
    bits = DirtyBits()
    won = [0] * THREADS

    def work(number: int) -> None:
        won[number] = sum(bits.set(i) for i in range(2_000))

    together(work)
    assert sum(won) == 2_000 == len(bits)


# Shared versions


def test_a_reader_keeps_its_version() -> None:
    shared = SharedRules(("a",))
    number, mine = shared.read()
    assert (number, mine) == (0, ("a",))
    assert shared.swap(0, ("a", "b"))
    assert not shared.swap(0, ("lost",)), "somebody else was first"
    assert mine == ("a",) and shared.read() == (1, ("a", "b"))


def test_every_swap_builds_on_the_version_before() -> None:
    shared = SharedRules(())
    torn: list[object] = []
    done = threading.Event()

    def watch() -> None:
        last = -1
        while not done.is_set():
            number, value = shared.read()
            if not isinstance(value, tuple) or len(value) != number or number < last:
                torn.append((number, value))
            last = number

    reader = threading.Thread(target=watch)
    reader.start()

    def work(number: int) -> None:
        for i in range(40):
            while True:
                version, value = shared.read()
                assert isinstance(value, tuple)
                if shared.swap(version, (*value, (number, i))):
                    break

    together(work)
    done.set()
    reader.join(60)
    number, value = shared.read()
    assert isinstance(value, tuple) and not torn
    assert number == THREADS * 40 and sorted(value) == [(n, i) for n in range(THREADS) for i in range(40)]


# The sync's state

OPEN = {
    (IDLE, SYNCING), (SYNCING, COMPLETE), (SYNCING, ERROR), (COMPLETE, IDLE), (COMPLETE, SYNCING), (ERROR, IDLE),
    (ERROR, SYNCING),
}  # fmt: skip
STATES = (IDLE, SYNCING, COMPLETE, ERROR)


def test_the_table_of_moves() -> None:
    assert {(a, b) for a in STATES for b in STATES if may_move(a, b)} == OPEN
    for wrong in (-1, 4):
        for pair in ((wrong, IDLE), (IDLE, wrong)):
            with pytest.raises(ValueError):
                may_move(*pair)


@given(st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(STATES))))
def test_move_is_a_compare_and_set(moves: list[tuple[int, int]]) -> None:
    sync, model = AtomicSync(), IDLE
    for old, new in moves:
        if (old, new) not in OPEN:
            with pytest.raises(ValueError):
                sync.move(old, new)
        else:
            assert sync.move(old, new) == (model == old)
            model = new if model == old else model
        assert sync.state == model


def test_one_writer_at_a_time_under_threads() -> None:
    sync = AtomicSync()
    inside, entries, most = 0, 0, 0

    def work(number: int) -> None:
        nonlocal inside, entries, most
        for _ in range(300):
            if any(sync.move(rest, SYNCING) for rest in (IDLE, COMPLETE, ERROR)):
                inside += 1
                most = max(most, inside)
                entries += 1
                inside -= 1
                assert sync.move(SYNCING, COMPLETE if number % 2 else ERROR)

    together(work)
    assert most == 1 and entries >= 300 and inside == 0


def reachable() -> set[int]:
    found, todo = {IDLE}, [IDLE]
    while todo:
        state = todo.pop()
        for event in EVENTS:
            after, _ = step(state, event)
            if after not in found:
                found.add(after)
                todo.append(after)
    return found


def test_every_step_of_the_machine() -> None:
    """What holds in every state that can be reached."""
    states = reachable()
    assert len(states) == 13
    for state in states:
        for event in EVENTS:
            after, effects = step(state, event)
            assert after in states
            old, new = state & 3, after & 3
            assert old == new or may_move(old, new), "the machine goes no way that is not open"
            assert bool(effects & SYNC) == (old != SYNCING and new == SYNCING), "SYNC is told exactly when one begins"
            assert bool(effects & REPORT) == (old == SYNCING and new != SYNCING), "REPORT, exactly when one ends"
            assert bool(effects & END) == (not state & ENDED and bool(after & ENDED)), "END is told once"
            if state & ENDED:
                assert (after, effects) == (state, 0)
            if effects & (WAIT | AGAIN):
                assert after & PENDING and new != SYNCING
            if effects & SYNC:
                assert effects == SYNC and not after & (PENDING | STOPPING)
    for wrong in (-1, 5):
        with pytest.raises(ValueError):
            step(IDLE, wrong)


@given(st.lists(st.sampled_from(EVENTS)))
def test_no_change_is_forgotten(events: list[int]) -> None:
    """Whatever happens, a change is looked at by a sync that begins after it, unless the loop was told to stop."""
    state, unseen, waiting = IDLE, False, False
    for event in events:
        running = state & 3 == SYNCING
        if event == QUIET and not waiting:
            continue  # the debounce time runs only where it was asked for
        state, effects = step(state, event)
        if event == CHANGED and not state & (ENDED | STOPPING):
            unseen = True
        if effects & SYNC:
            unseen, waiting = False, False
        if effects & (WAIT | AGAIN):
            waiting = True
        if unseen and not state & (ENDED | STOPPING):
            assert waiting or state & 3 == SYNCING, "the loop will look"
        assert not (event == STOP and running and effects & END), "a sync is never cut off"


def test_feed_gives_each_effect_to_one_thread() -> None:
    sync = AtomicSync()
    begun = [0] * THREADS

    def work(number: int) -> None:
        for _ in range(300):
            sync.feed(CHANGED)
            if sync.feed(QUIET) & SYNC:
                begun[number] += 1
                assert sync.state == SYNCING
                assert sync.feed(DONE) & REPORT

    together(work)
    assert sum(begun) >= 1 and sync.state == COMPLETE
    # A change that came while a sync ran is still to be looked at, or was.
    assert not sync.pending or sync.feed(QUIET) == SYNC


def test_stop_ends_after_the_sync() -> None:
    sync = AtomicSync()
    assert sync.feed(CHANGED) == WAIT and sync.pending
    assert sync.feed(QUIET) == SYNC and not sync.pending
    assert sync.feed(STOP) == 0 and not sync.ended
    assert sync.feed(CHANGED) == 0
    assert sync.feed(DONE) == REPORT | END and sync.ended and sync.state == COMPLETE
    assert not sync.move(COMPLETE, SYNCING), "nothing begins any more"
    again = AtomicSync()
    again.feed(CHANGED), again.feed(QUIET), again.feed(CHANGED)
    assert again.feed(FAILED) == REPORT | AGAIN and again.state == ERROR and again.pending
    assert again.feed(STOP) == END
