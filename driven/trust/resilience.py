"""Calls that fail, hang or come too often: deadline(bulkhead(breaker(retry(call)))), in this order.

For what a broker does in the name of foreign code, and for plugins that are processes. A deadline is one point in time
for all that happens below it, whoever waits there; what waits elsewhere is told what is left, in milliseconds.
Nothing stops a call that is under way: it asks `remaining` and gives that to what it waits for.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from driven.errors import SandboxError
from driven.frozen import frozen
from driven.trust import telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeVar

    T = TypeVar("T")
    State = Literal["closed", "open", "half-open"]

Clock = Callable[[], float]  # seconds that only grow
FAILURES = (ConnectionError, TimeoutError)  # what may go away by itself
DEADLINE = "DRIVEN_DEADLINE_MS"  # what is left, for a process that is started
LONGEST = 86_400.0  # seconds, of what others say is left
NAMES = 1024  # guards that are remembered: names come from foreign code


class DeadlineError(SandboxError):
    """The time for it is up."""


class BusyError(SandboxError):
    """As many calls as may be are under way."""


class BrokenError(SandboxError):
    """It failed so often that it is left alone for a while."""


# The deadline

_until: ContextVar[tuple[float, Clock] | None] = ContextVar("driven_deadline", default=None)


@contextmanager
def deadline(seconds: float, *, clock: Clock = time.monotonic) -> Iterator[None]:
    """Give all that is inside at most `seconds` from now on, and never more than what is outside has left."""
    if seconds != seconds:
        raise ValueError("a deadline of no number of seconds")
    left = remaining()
    token = _until.set((clock() + max(0.0, seconds if left is None else min(seconds, left)), clock))
    try:
        yield
    finally:
        _until.reset(token)


def remaining() -> float | None:
    """The seconds that are left here, 0.0 when they are over; None without a deadline."""
    found = _until.get()
    if found is None:
        return None
    at, clock = found
    return max(0.0, at - clock())


def within(limit: float | None = None) -> float | None:
    """The seconds to wait for something that takes `limit` at most: the less of it and of what is left here."""
    left = remaining()
    return limit if left is None else left if limit is None else min(limit, left)


def in_time(what: str) -> None:
    """DeadlineError when nothing is left. `what` was to be done, and is named in it."""
    if remaining() == 0.0:
        raise DeadlineError(f"the time for {what} is up", hint="give it a wider band in its manifest, or less to do")


def outgoing() -> dict[str, str]:
    """What is left, in whole milliseconds, for the environment of a process that is started; {} without a deadline."""
    left = remaining()
    return {} if left is None else {DEADLINE: str(int(min(left, LONGEST) * 1000))}


def incoming(text: str | None) -> float | None:
    """The seconds that somebody says are left; None when it is said by nobody, or is no number of milliseconds."""
    if not text or not (text.isascii() and text.isdigit()) or len(text) > 12:
        return None
    return min(int(text) / 1000, LONGEST)


# The bulkhead


class Bulkhead:
    """So many calls at once, and no more: one that hangs does not take all threads along."""

    def __init__(self, name: str, most: int = 4, wait: float = 0.0) -> None:
        """`wait`: seconds that a call waits for its turn; it waits no longer than its deadline."""
        if most < 1 or not 0 <= wait < float("inf"):
            raise ValueError("a bulkhead lets at least one call in, and waits for it a number of seconds")
        self.name, self.most, self.wait = name, most, wait
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Be one of them. BusyError."""
        if not self._free.acquire(timeout=within(self.wait)):
            said = "call is" if self.most == 1 else "calls are"
            raise BusyError(f"{self.name}: {self.most} {said} under way", hint="try again when they have ended")
        try:
            yield
        finally:
            self._free.release()


# The breaker


class Breaker:
    """closed → open after so many failures in a row → half-open after a rest: one call tries → closed, or open again.

    A call that began before the last change of state says nothing about it any more.
    """

    def __init__(
        self, name: str, failures: int = 5, rest: float = 30.0, *, clock: Clock = time.monotonic
    ) -> None:  # fmt: skip
        """`rest`: seconds for which it stays open."""
        if failures < 1 or not 0 < rest < float("inf"):
            raise ValueError("a breaker opens after at least one failure, for some time")
        self.name, self.failures, self.rest = name, failures, rest
        self._clock = clock
        self._lock = threading.Lock()
        self._era = 0  # grows with each change of state
        self._failed = 0  # in a row
        self._until: float | None = None  # when it was opened: the end of its rest
        self._trying = False

    @property
    def state(self) -> State:
        """What the next call finds."""
        with self._lock:
            return self._state()

    def _state(self) -> State:
        if self._until is None:
            return "closed"
        return "half-open" if self._clock() >= self._until else "open"

    def begin(self) -> int:
        """Before a call: its number, for `end`. BrokenError when there shall be none."""
        with self._lock:
            state = self._state()
            if state == "closed":
                return self._era
            if state == "open" or self._trying:
                assert self._until is not None
                left = max(0.0, self._until - self._clock())
                when = f"in {left:.0f} s" if left >= 1 else "in a moment"
                raise BrokenError(f"{self.name} failed {self.failures} times in a row", hint=f"try again {when}")
            self._trying = True
            self._era += 1
            return self._era

    def end(self, era: int, ok: bool | None) -> None:
        """After a call: whether it went well. None: it said nothing about the other side."""
        with self._lock:
            if era != self._era:
                return
            tried, self._trying = self._trying, False
            if ok:
                self._failed = 0
                if tried:
                    self._until = None
                    self._era += 1
            elif ok is False:
                self._failed += 1
                if tried or self._failed >= self.failures:
                    self._until = self._clock() + self.rest
                    self._failed = 0
                    self._era += 1


# The retry


def _chance() -> float:
    """From 0 to 1. `random` would do, and imports what takes longer than a process takes to start."""
    return int.from_bytes(os.urandom(6), "little") / (1 << 48)


@frozen
class Retry:
    """How often something is tried, and how long between: a random time up to `first`, twice as long each time, up to
    `most` seconds. `on` are the errors that may go away; no other is tried again."""

    tries: int = 3
    first: float = 0.1
    most: float = 5.0
    on: tuple[type[Exception], ...] = FAILURES

    def wait(self, failed: int, chance: Callable[[], float] = _chance) -> float:
        """Seconds after the `failed`th failure, from 1. All of it is chance: those who failed together come apart."""
        # Not past 2**63: what is asked for is a time, and not how far a float goes.
        return chance() * min(self.most, self.first * 2.0 ** min(failed - 1, 63))


ONCE = Retry(tries=1)


# All of them


class Guard:
    """The four around the calls to one plugin or one host. Safe to be used by several threads."""

    def __init__(
        self,
        name: str,
        *,
        seconds: float = 10.0,
        most: int = 4,
        wait: float = 0.0,
        retry: Retry | None = None,
        breaker: Breaker | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = _chance,
    ) -> None:
        """`name` is said in errors. `seconds` is the deadline of one call with all its tries; `most` calls at once,
        which wait `wait` seconds for their turn. ValueError for a retry that is no number of tries, or on all errors:
        a denial that is tried again is an attack."""
        retry = retry or Retry()
        if retry.tries < 1 or any(issubclass(SandboxError, kind) for kind in retry.on):
            raise ValueError("a retry has at least one try, and names errors that may go away")
        self.name, self.seconds, self.retry = name, seconds, retry
        self.bulkhead = Bulkhead(name, most, wait)
        self.breaker = breaker or Breaker(name, clock=clock)
        self._clock, self._sleep, self._chance = clock, sleep, chance

    def call(self, work: Callable[[], T], *, idempotent: bool = False) -> T:
        """What `work` answers. Only what is `idempotent` is tried again: of anything else nobody knows whether it was
        done. DeadlineError, BusyError, BrokenError, or the last error of `work` itself."""
        with deadline(self.seconds, clock=self._clock), telemetry.span("call", self.name):
            in_time(self.name)
            with self.bulkhead():
                era = self.breaker.begin()
                ok: bool | None = None
                failures: tuple[type[Exception], ...] = (*self.retry.on, DeadlineError)
                try:
                    answer = self._tried(work, self.retry if idempotent else ONCE)
                    ok = True
                    return answer
                except failures:
                    ok = False
                    raise
                finally:
                    self.breaker.end(era, ok)

    def _tried(self, work: Callable[[], T], retry: Retry) -> T:
        failed = 0
        while True:
            try:
                return work()
            except self.retry.on as error:
                failed += 1
                if failed >= retry.tries:
                    raise
                pause = retry.wait(failed, self._chance)
                left = remaining()
                if left is not None and pause >= left:
                    times = "once" if failed == 1 else f"{failed} times"
                    raise DeadlineError(
                        f"{self.name} failed {times}, and there is no time to try again: {error}",
                        hint="look whether it runs; a wider band in its manifest gives it more time",
                    ) from error
            telemetry.count("retries", call=self.name)
            self._sleep(pause)
            in_time(self.name)


class Guards:
    """A guard for each name, made when first asked for. Of more than `NAMES` the one not asked for longest goes."""

    def __init__(self, make: Callable[[str], Guard] = Guard) -> None:
        self._make = make
        self._known: dict[tuple[str, str], Guard] = {}
        self._lock: AbstractContextManager[bool] = threading.Lock()

    def of(self, name: str, whose: str = "") -> Guard:
        """The guard of that name. `whose` it is, is said nowhere: what one plugin spoils is not spoilt for another."""
        with self._lock:
            guard = self._known.pop((name, whose), None) or self._make(name)
            self._known[name, whose] = guard
            while len(self._known) > NAMES:
                del self._known[next(iter(self._known))]
            return guard
