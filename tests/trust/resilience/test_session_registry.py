"""Sessions are found by an id that cannot be guessed, while they live and no longer; beside a model, and by threads."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import PolicyError, SandboxError
from driven.trust.session_registry import SIZE, SessionRegistry

WORDS = st.sampled_from(["open", "find", "close", "sweep"])


class Time:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@given(st.sampled_from([1, 4]), st.lists(st.tuples(WORDS, st.integers(0, 9), st.floats(0, 6)), max_size=40))
def test_it_does_what_a_dict_with_times_does(shards: int, steps: list[tuple[str, int, float]]) -> None:
    time = Time()
    registry: SessionRegistry[int] = SessionRegistry(life=10.0, shards=shards, clock=time)
    names: list[bytes] = []
    until: dict[bytes, float] = {}
    for word, which, passes in steps:
        time.now += passes
        if word == "open" or not names:
            names.append(registry.open(len(names)))
            until[names[-1]] = time.now + 10.0
        elif word == "sweep":
            registry.sweep()
            assert len(registry) == len([one for one in until.values() if time.now < one])
        else:
            at = which % len(names)
            alive = time.now < until.get(names[at], 0.0)
            if word == "close":
                assert registry.close(names[at]) is alive
                until.pop(names[at], None)
            elif alive:
                assert registry.find(names[at]) == at
                until[names[at]] = time.now + 10.0
            else:
                with pytest.raises(PolicyError):
                    registry.find(names[at])
        assert sorted(registry) == sorted(name for name, end in until.items() if time.now < end)


def test_ids_are_random_and_nothing_else_is_one() -> None:
    registry: SessionRegistry[str] = SessionRegistry()
    names = {registry.open("x") for _ in range(500)}
    assert len(names) == 500 and {len(name) for name in names} == {SIZE}
    for place in range(SIZE):  # every byte of it: 500 of 256 leave few out
        assert len({name[place] for name in names}) > 150
    good = next(iter(names))
    for name in (b"", good[:-1], good + b"\0", bytes(SIZE), good[::-1] if good[::-1] != good else b"?"):
        with pytest.raises(PolicyError, match="no session of that name") as caught:
            registry.find(name)
        assert caught.value.hint and good.hex() not in str(caught.value)
        assert registry.close(name) is False


def test_the_limit_holds_and_what_ended_makes_room() -> None:
    time = Time()
    registry: SessionRegistry[int] = SessionRegistry(most=3, life=5.0, clock=time)
    first = [registry.open(number) for number in range(3)]
    with pytest.raises(SandboxError, match="3 sessions are open"):
        registry.open(3)
    time.now += 4
    registry.find(first[0])
    time.now += 4
    for number in (4, 5):
        registry.open(number)
    assert registry.find(first[0]) == 0
    with pytest.raises(SandboxError):
        registry.open(6)
    assert registry.close(first[0]) and registry.open(7)


@pytest.mark.parametrize("given_", [{"most": 0}, {"life": 0.0}, {"life": float("nan")}, {"shards": 0}, {"shards": 3},
                                    {"shards": 2048}, {"life": float("inf")}])  # fmt: skip
def test_settings_that_mean_nothing(given_: dict) -> None:
    with pytest.raises(ValueError, match="shards"):
        SessionRegistry(**given_)


@pytest.mark.parametrize("shards", [1, 16])
def test_threads_lose_no_session_and_find_only_their_own(shards: int) -> None:
    registry: SessionRegistry[tuple[int, int]] = SessionRegistry(shards=shards)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    left: list[list[bytes]] = [[] for _ in range(4)]
    wrong: list[object] = []

    def work(who: int) -> None:
        for number in range(400):
            name = registry.open((who, number))
            if registry.find(name) != (who, number):
                wrong.append(name)
            if number % 2:
                left[who].append(name)
            elif not registry.close(name):
                wrong.append(name)
            if number % 100 == 0:
                registry.sweep()

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert not wrong and len(registry) == 800 and set(registry) == {name for part in left for name in part}
