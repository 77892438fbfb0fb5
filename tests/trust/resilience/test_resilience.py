"""Deadline, bulkhead, breaker, retry: each alone, and all around one call. Time is handed in, none is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from driven.errors import DrivenError, PolicyError, SandboxError
from driven.trust.resilience import (
    DEADLINE,
    NAMES,
    Breaker,
    BrokenError,
    Bulkhead,
    BusyError,
    DeadlineError,
    Guard,
    Guards,
    Retry,
    deadline,
    in_time,
    incoming,
    outgoing,
    remaining,
    within,
)


class Time:
    """A clock that goes when somebody sleeps, or is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Host:
    """Fails as it is told, then answers."""

    def __init__(self, *errors: Exception, takes: float = 0.0, time: Time | None = None) -> None:
        self.errors, self.asked, self.takes, self.time = list(errors), 0, takes, time

    def __call__(self) -> str:
        self.asked += 1
        if self.time:
            self.time.now += self.takes
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def guard(time: Time, **given) -> Guard:
    given.setdefault("breaker", Breaker("api", 3, 30.0, clock=time))
    return Guard("api", clock=time, sleep=time.sleep, chance=lambda: 1.0, **given)


# The deadline


@given(st.lists(st.floats(-5, 100), min_size=1, max_size=5), st.floats(0, 50))
def test_no_deadline_is_later_than_the_one_around_it(limits: list[float], passes: float) -> None:
    time = Time()

    def inside(left: list[float]) -> None:
        if not left:
            time.now += passes
            assert remaining() == pytest.approx(max(0.0, min(max(0.0, one) for one in limits) - passes), abs=1e-6)
            return
        with deadline(left[0], clock=time):
            inside(left[1:])

    assert remaining() is None and outgoing() == {} and within(3.0) == 3.0 and within() is None
    inside(limits)
    assert remaining() is None


def test_what_is_left_goes_out_in_milliseconds_and_comes_in() -> None:
    time = Time()
    with deadline(2.5, clock=time):
        assert outgoing() == {DEADLINE: "2500"} and within(9.0) == within() == 2.5 and within(1.0) == 1.0
        time.now += 2.4996
        assert outgoing() == {DEADLINE: "0"}, "never more than there is"
        in_time("a look")
        time.now += 1
        assert outgoing() == {DEADLINE: "0"} and remaining() == 0.0
        with pytest.raises(DeadlineError, match="the time for a look is up") as caught:
            in_time("a look")
        assert caught.value.exit_code == 7 and caught.value.hint
    with deadline(float("inf"), clock=time):
        assert outgoing() == {DEADLINE: "86400000"}
    assert incoming("1500") == 1.5 and incoming("0") == 0.0 and incoming("999999999999") == 86_400.0
    for text in (None, "", "-1", "1.5", "1e3", "٣", "1" * 13, " 1", "0x1", "nan"):
        assert incoming(text) is None
    with pytest.raises(ValueError, match="no number"), deadline(float("nan")):
        pass


def test_a_deadline_is_that_of_its_thread_and_of_whom_it_is_given_to() -> None:
    seen: list[float | None] = []
    with deadline(5.0, clock=Time()):
        context = copy_context()
        for target in (lambda: seen.append(remaining()), lambda: context.run(lambda: seen.append(remaining()))):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert seen[-1] == 5.0 and len(seen) == 2


# The bulkhead


def test_as_many_as_may_be_and_then_no_more() -> None:
    bulkhead = Bulkhead("api", 2)
    with bulkhead(), bulkhead():
        with pytest.raises(BusyError, match="api: 2 calls are under way") as caught, bulkhead():
            pass
        assert caught.value.hint
    with bulkhead(), bulkhead():
        pass
    with pytest.raises(KeyError), bulkhead():
        raise KeyError
    with bulkhead(), bulkhead():
        pass


def test_who_waits_for_a_turn_gets_it_but_not_past_the_deadline() -> None:
    bulkhead = Bulkhead("api", 1, wait=60.0)
    inside, leave, done = threading.Event(), threading.Event(), []

    def hold() -> None:
        with bulkhead():
            inside.set()
            leave.wait()

    def turn() -> None:
        with bulkhead():
            done.append(True)

    first = threading.Thread(target=hold)
    first.start()
    inside.wait()
    with deadline(0.0), pytest.raises(BusyError, match="1 call is under way"), bulkhead():
        pass
    second = threading.Thread(target=turn)
    second.start()
    leave.set()
    second.join(60)
    first.join(60)
    assert done == [True]


def test_many_threads_are_never_more_than_may_be() -> None:
    one = guard(Time(), most=3, wait=60.0, seconds=1e9, retry=Retry(tries=1))
    lock, state = threading.Lock(), {"now": 0, "most": 0}

    def work() -> None:
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
        with lock:
            state["now"] -= 1

    threads = [threading.Thread(target=lambda: [one.call(work) for _ in range(40)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= state["most"] <= 3 and state["now"] == 0


# The breaker


class BreakerMachine(RuleBasedStateMachine):
    """The breaker beside a model of it: calls begin, end in any order, time goes on."""

    @initialize(failures=st.integers(1, 3), rest=st.sampled_from([1.0, 7.5]))
    def start(self, failures: int, rest: float) -> None:
        self.time, self.failures, self.rest = Time(), failures, rest
        self.breaker = Breaker("api", failures, rest, clock=self.time)
        self.state, self.opened, self.row = "closed", 0.0, 0
        self.under_way: list[tuple[int, int]] = []  # its number, and the change of state that it began after
        self.changes = 0
        self.probe: int | None = None

    def see(self) -> str:
        if self.state == "open" and self.time.now >= self.opened + self.rest:
            return "half-open"
        return self.state

    @rule()
    def begin(self) -> None:
        state = self.see()
        if state == "open" or (state == "half-open" and self.probe is not None):
            with pytest.raises(BrokenError, match="failed") as caught:
                self.breaker.begin()
            assert "try again in" in caught.value.hint
            return
        era = self.breaker.begin()
        if state == "half-open":
            self.changes += 1
            self.probe = era
        self.under_way.append((era, self.changes))

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 50), ok=st.sampled_from([True, False, None]))
    def end(self, which: int, ok: bool | None) -> None:
        era, began = self.under_way.pop(which % len(self.under_way))
        self.breaker.end(era, ok)
        if began != self.changes:
            return  # it says nothing any more
        probing = self.probe is not None
        self.probe = None
        if ok:
            self.row = 0
            if probing:
                self.state = "closed"
                self.changes += 1
        elif ok is False:
            self.row += 1
            if probing or self.row == self.failures:
                self.state, self.opened, self.row = "open", self.time.now, 0
                self.changes += 1

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.time.now += seconds

    @invariant()
    def is_in_that_state(self) -> None:
        if hasattr(self, "breaker"):
            assert self.breaker.state == self.see()


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=60, stateful_step_count=30)


@pytest.mark.parametrize("late", [True, False])
def test_a_call_that_began_before_the_last_change_says_nothing(late: bool) -> None:
    time = Time()
    breaker = Breaker("api", 1, 5.0, clock=time)
    slow = [breaker.begin() for _ in range(3)]
    breaker.end(breaker.begin(), False)
    time.now += 4
    breaker.end(slow[0], late)
    time.now += 1
    assert breaker.state == "half-open", "its rest was not begun anew"
    probe = breaker.begin()
    breaker.end(slow[1], late)
    assert breaker.state == "half-open"
    with pytest.raises(BrokenError):
        breaker.begin()
    breaker.end(probe, True)
    breaker.end(slow[2], late)
    assert breaker.state == "closed"


def test_of_many_threads_one_tries_a_breaker_that_is_half_open() -> None:
    time = Time()
    breaker = Breaker("api", 1, 5.0, clock=time)
    breaker.end(breaker.begin(), False)
    time.now += 5.0
    start, let = threading.Barrier(8), []

    def ask() -> None:
        start.wait()
        try:
            let.append(breaker.begin())
        except BrokenError:
            let.append(None)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let) == 8 and len([one for one in let if one is not None]) == 1


# The retry


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0.001, 10), st.floats(0.001, 60))
def test_a_pause_is_chance_up_to_a_time_that_doubles(failed: int, chance: float, first: float, most: float) -> None:
    retry = Retry(first=first, most=most)
    longest = min(most, first * 2.0 ** (failed - 1) if failed < 200 else most)
    assert retry.wait(failed, lambda: chance) == pytest.approx(chance * longest)
    assert 0 <= retry.wait(failed) <= most


def test_what_may_go_away_is_tried_again() -> None:
    time = Time()
    host = Host(ConnectionResetError("reset"), TimeoutError("slow"))
    assert guard(time).call(host, idempotent=True) == "answer"
    assert host.asked == 3 and time.slept == [0.1, 0.2]


def test_what_is_not_idempotent_is_never_tried_again() -> None:
    time = Time()
    host = Host(ConnectionResetError("reset"))
    with pytest.raises(ConnectionResetError):
        guard(time).call(host)
    assert host.asked == 1 and time.slept == []


@pytest.mark.parametrize("error", [PolicyError("no"), ValueError("no"), KeyError("no"), SandboxError("no")])
def test_what_does_not_go_away_is_not_tried_again_and_opens_nothing(error: Exception) -> None:
    time = Time()
    one = guard(time)
    for _ in range(9):
        host = Host(error)
        with pytest.raises(type(error)):
            one.call(host, idempotent=True)
        assert host.asked == 1
    assert one.breaker.state == "closed" and time.slept == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: Guard("a", retry=Retry(on=(Exception,))),
        lambda: Guard("a", retry=Retry(on=(DrivenError,))),
        lambda: Guard("a", retry=Retry(on=(ConnectionError, SandboxError))),
        lambda: Guard("a", retry=Retry(tries=0)),
        lambda: Bulkhead("a", 0),
        lambda: Bulkhead("a", 1, float("nan")),
        lambda: Bulkhead("a", 1, -1),
        lambda: Breaker("a", 0),
        lambda: Breaker("a", 1, 0.0),
        lambda: Breaker("a", 1, float("nan")),
    ],
)
def test_settings_that_mean_nothing(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()


# All of them


def test_no_try_begins_after_the_deadline() -> None:
    time = Time()
    host = Host(*[TimeoutError("slow")] * 99, takes=0.9, time=time)
    one = guard(time, seconds=4.0, retry=Retry(tries=99, first=0.5))
    with pytest.raises(DeadlineError, match="api failed 3 times, and there is no time to try again: slow") as caught:
        one.call(host, idempotent=True)
    # 0.9 + 0.5 + 0.9 + 1.0 + 0.9 = 4.2 s
    assert host.asked == 3 and time.slept == [0.5, 1.0] and time.now <= 1004.3
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_a_call_sees_what_is_left_for_it_and_for_its_tries() -> None:
    time = Time()
    left: list[float | None] = []

    def work() -> None:
        left.append(remaining())
        time.now += 1
        if len(left) < 3:
            raise ConnectionError

    with deadline(5.0, clock=time):
        guard(time, retry=Retry(first=0.25)).call(work, idempotent=True)
    assert left == [5.0, 3.75, 2.25]


def test_without_time_nothing_is_asked() -> None:
    time = Time()
    host = Host()
    one = guard(time)
    with deadline(0.0, clock=time), pytest.raises(DeadlineError, match="the time for api is up"):
        one.call(host)
    assert host.asked == 0 and one.breaker.state == "closed"


def test_a_host_that_keeps_failing_is_left_alone_and_tried_again() -> None:
    time = Time()
    host = Host(*[ConnectionError("refused")] * 7)
    one = guard(time, retry=Retry(tries=2, first=0.0))
    for _ in range(3):  # one failure is all tries of one call together
        with pytest.raises(ConnectionError):
            one.call(host, idempotent=True)
    assert host.asked == 6 and one.breaker.state == "open"
    with pytest.raises(BrokenError, match="api failed 3 times in a row") as caught:
        one.call(host, idempotent=True)
    assert host.asked == 6 and caught.value.hint == "try again in 30 s"
    time.now += 30
    assert one.breaker.state == "half-open"
    with pytest.raises(ConnectionError):
        one.call(host)
    assert one.breaker.state == "open"
    time.now += 30
    assert one.call(host) == "answer"
    assert one.breaker.state == "closed"


def test_a_call_that_was_broken_off_leaves_its_place() -> None:
    time = Time()
    breaker = Breaker("api", 1, 5.0, clock=time)
    one = guard(time, most=1, breaker=breaker)
    breaker.end(breaker.begin(), False)
    time.now += 5
    for _ in range(2):  # the try of a half-open breaker too
        with pytest.raises(KeyboardInterrupt):
            one.call(Host(KeyboardInterrupt()))  # type: ignore[arg-type]
        assert breaker.state == "half-open"
    assert one.call(Host()) == "answer"


def test_each_name_has_a_guard_of_its_own_and_names_are_not_kept_for_ever() -> None:
    guards = Guards()
    first = guards.of("a")
    assert guards.of("a") is first and guards.of("b") is not first and first.name == "a"
    for number in range(NAMES - 2):
        guards.of(f"host-{number}")
        assert guards.of("a") is first
    guards.of("one more")
    assert guards.of("a") is first and len(guards._known) == NAMES
    assert ("b", "") not in guards._known
    assert guards.of("a", "acme") is not first and guards.of("a", "acme").name == "a"
