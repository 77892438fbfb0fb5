"""What will be asked for next is fetched before it is: for packs that come over a network. Off where loads are fast.

What was asked after what is counted (a Markov chain of the first order). After each `get` the likeliest of what follows
is loaded in the background: the followers of the name, and theirs, by the chance of the whole way there. A prediction
costs some ten microseconds, so that nothing is predicted before loads are known to be `slow`; and nothing any more
while hardly any of what was fetched is asked for, by this process or by later ones.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from driven.frozen import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from driven.fusion.binary_cache import BinaryCache

TOP = 5  # names that are predicted, and loads that run at the same time
SLOW = 0.005  # seconds that a load takes in the median, from which on it pays
LEAST = 0.1  # the chance from which on a name is worth a load
MOST_NAMES = 1_000  # of which followers are counted
MOST_FOLLOWERS = 16  # of one name
MOST_COUNT = 255  # above it all counts of a name are halved: what was usual long ago fades
MOST_BYTES = 64 << 20  # of what waits to be asked for
MOST_WAITING = 16  # results
MAX_AGE = 60.0  # seconds that a result waits; then it may be old
MEASURED = 16  # the last so many loads decide whether they are slow
FIRST = 3  # so many must be known
TRIED = 20  # fetches from which on it is asked whether they were any good
GOOD = 0.1  # the part of them that must have been asked for
MAX_NAME = 500  # characters; a longer one is loaded, but not remembered
SESSION = 3600  # seconds: what another process asked for so short a time ago came before what this one asks for
_VERSION = 3


@record
class Counts:
    """What came of it. `loaded`: by who asked, who waited for it; `used`: was there, or on its way; `fetched`: in the
    background; `failed`: of those; `dropped`: results that nobody asked for in time."""

    loaded: int = 0
    used: int = 0
    fetched: int = 0
    failed: int = 0
    dropped: int = 0


class _Job:
    """One load in the background."""

    __slots__ = ("data", "done", "made", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.done = threading.Event()
        self.data: bytes | None = None
        self.made = 0.0


class SpeculativeLoader:
    """`load` with foresight. Use as a context manager, or call `close`. Threads may share it.

    `load` gets a name and gives its bytes, or raises; it is called from several threads at once. What it raises in the
    background is dropped: who asks for that name calls it again. What is learned is kept in `cache` under `key`.
    `slow`: seconds, 0 for always; inf for never. `label`: what people are told that the entry is.
    """

    def __init__(
        self, load: Callable[[str], bytes], *, cache: BinaryCache | None = None, key: str = "", slow: float = SLOW,
        top: int = TOP, max_age: float = MAX_AGE, label: str = "what is asked for after what",
    ) -> None:  # fmt: skip
        self.counts = Counts()
        self._label = label
        self._load = load
        self._cache = cache if key else None
        self._key = key
        self._slow = slow
        self._top = top
        self._max_age = max_age
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._followers: dict[str, dict[str, int]] = {}
        self._last = ""
        self._times: deque[float] = deque(maxlen=MEASURED)
        self._tried: deque[bool] = deque(maxlen=2 * TRIED)  # of the last fetches, whether they were asked for
        self._ahead: dict[str, bool] = {}  # names that were fetched and that nobody has asked for yet, as a set
        self._jobs: dict[str, _Job] = {}  # those that wait, run, or are done and wait to be asked for
        self._queue: list[_Job] = []
        self._threads = 0
        self._idle = 0
        self._closed = False
        self._is_slow = False
        self._learned = False
        self._read()
        self._judge()

    def __enter__(self) -> SpeculativeLoader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self.close()

    def get(self, name: str) -> bytes:
        """The bytes of `name`: what was fetched in advance, or what `load` gives now. Raises what `load` raises."""
        self.observe(name)
        job = self._taken(name)
        if self.is_on:
            self.prefetch(self.likely(name))  # while this one is on its way
        if job is not None:
            job.done.wait()
            if job.data is not None:
                with self._lock:
                    self.counts.used += 1
                return job.data
        began = time.perf_counter()
        data = self._load(name)
        with self._lock:
            self.counts.loaded += 1
            self._times.append(time.perf_counter() - began)
            self._judge()
        return data

    def loaded(self, name: str, seconds: float) -> None:
        """For who loads by other means: `name` was loaded, in so long. What follows it is fetched from here on."""
        self.observe(name)
        with self._lock:
            self.counts.loaded += 1
            self._times.append(seconds)
            self._judge()
        if self.is_on:
            self.prefetch(self.likely(name))

    def observe(self, name: str) -> None:
        """Somebody asked for `name` now, after what they asked for before."""
        if len(name) > MAX_NAME:
            return
        with self._lock:
            if self._ahead.pop(name, False):
                self._tried.append(True)
            before, self._last = self._last, name
            if not before or before == name:
                return
            counts = self._followers.pop(before, {})
            self._followers[before] = counts  # the last one that was seen is the last in order
            counts[name] = counts.get(name, 0) + 1
            self._learned = True
            if counts[name] > MOST_COUNT:
                for other in list(counts):
                    counts[other] //= 2
            if len(counts) > MOST_FOLLOWERS:
                del counts[min((one for one in counts if one != name), key=lambda one: counts[one])]
            if len(self._followers) > MOST_NAMES:
                del self._followers[next(iter(self._followers))]

    def likely(self, name: str) -> list[str]:
        """What will be asked for soon after `name`, the likeliest first, at most `top`: its followers and theirs, each
        by the product of the chances on the way there; those below `LEAST` are left out."""
        with self._lock:
            chances = {name: 1.0}
            done: list[str] = []
            while len(done) <= self._top:
                here = max((one for one in chances if one not in done), key=lambda one: chances[one], default="")
                if not here:
                    break
                done.append(here)
                counts = self._followers.get(here, {})
                total = sum(counts.values())
                for other, count in counts.items():
                    chance = chances[here] * count / total if total else 0.0
                    if chance >= LEAST and chance > chances.get(other, 0.0):
                        chances[other] = chance
            return done[1:]

    @property
    def is_on(self) -> bool:
        """Whether anything is fetched in advance: loads are slow, and what was fetched of late was asked for."""
        with self._lock:
            return self._is_on()

    def prefetch(self, names: Iterable[str]) -> int:
        """Begin to load `names` in the background, at most `top` of them; how many were begun. What waits in the queue
        from before gives way: it was a guess about a past that is over. Nothing happens while it is off."""
        with self._lock:
            if not self._is_on():
                return 0
            for job in self._queue:
                self._jobs.pop(job.name, None)
                job.done.set()
            self._queue.clear()
            self._forget_old()
            for name in list(names)[: self._top]:
                if name not in self._jobs and len(self._jobs) < MOST_WAITING:
                    job = self._jobs[name] = _Job(name)
                    self._queue.append(job)
            begun = len(self._queue)
            needed = min(self._top, begun + self._threads - self._idle)
            while self._threads < needed:
                self._threads += 1
                threading.Thread(target=self._work, name="driven-prefetch", daemon=True).start()
            self._wake.notify_all()
            return begun

    def close(self) -> None:
        """Stop: what waits is dropped, what runs is not waited for and its result not kept. What was learned is
        saved. `get` still loads afterwards."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for job in self._jobs.values():
                self.counts.dropped += job.data is not None
                job.done.set()
            self._jobs.clear()
            self._queue.clear()
            self._wake.notify_all()
        self._save()

    def _is_on(self) -> bool:
        return self._is_slow and not self._closed and not self._is_vain()

    def _is_vain(self) -> bool:
        return len(self._tried) >= TRIED and sum(self._tried) < GOOD * len(self._tried)

    def _judge(self) -> None:
        """Whether loads are slow, by the last ones."""
        self._is_slow = self._slow <= 0 or (
            len(self._times) >= FIRST and sorted(self._times)[len(self._times) // 2] > self._slow
        )

    def _taken(self, name: str) -> _Job | None:
        """The job of `name`, which is no longer anybody else's; None where there is none, or only a plan."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None:
                return None
            del self._jobs[name]
            if job in self._queue:  # nobody has begun it
                self._queue.remove(job)
                return None
            if job.done.is_set() and (job.data is None or time.monotonic() - job.made > self._max_age):
                self.counts.dropped += job.data is not None
                return None
            return job

    def _forget_old(self) -> None:
        now = time.monotonic()
        held = 0
        for job in list(reversed(self._jobs.values())):
            held += len(job.data or b"")
            if job.done.is_set() and (now - job.made > self._max_age or held > MOST_BYTES or job.data is None):
                self._drop(job)
        done = [job for job in self._jobs.values() if job.done.is_set()]
        for job in done[: max(0, len(self._jobs) + self._top - MOST_WAITING)]:
            self._drop(job)

    def _drop(self, job: _Job) -> None:
        del self._jobs[job.name]
        self.counts.dropped += job.data is not None

    def _work(self) -> None:
        """A thread: loads what is in the queue, the likeliest first, until there was nothing for a second."""
        while True:
            with self._lock:
                self._idle += 1
                found = self._wake.wait_for(lambda: self._queue or self._closed, 1.0)
                self._idle -= 1
                if self._closed or not found:
                    self._threads -= 1
                    return
                job = self._queue.pop(0)
                if self._ahead.pop(job.name, False):
                    self._tried.append(False)  # it was fetched before, and nobody asked for it
                elif len(self._ahead) >= MOST_WAITING:
                    del self._ahead[next(iter(self._ahead))]
                    self._tried.append(False)
                self._ahead[job.name] = True
            data: bytes | None = None
            try:
                data = self._load(job.name)
            except BaseException:  # whoever asks for it is told then; and whoever waits for it must not wait for ever
                data = None
            with self._lock:
                self.counts.fetched += data is not None
                self.counts.failed += data is None
                if data is None:
                    self._ahead.pop(job.name, None)
                job.data = None if self._closed else data
                job.made = time.monotonic()
                job.done.set()

    # What was learned, kept: how long loads took, in microseconds, the counts, and what came of the fetches.

    def _save(self) -> None:
        if self._cache is None or not (self._learned or self._times):
            return
        import json

        with self._lock:
            if self._is_vain():
                self._tried.popleft()  # so that it is tried again some time
            times = [round(one * 1e6) for one in self._times]
            tried = [int(one) for one in self._tried]
            data = json.dumps(
                [_VERSION, times, self._followers, self._last, int(time.time()), tried, list(self._ahead)],
                separators=(",", ":"),
            )
        self._cache.put(self._key, data.encode(), self._label)

    def _read(self) -> None:
        kept = self._cache.get(self._key) if self._cache is not None else None
        if kept is None:
            return
        import json

        try:
            version, times, followers, last, when, tried, ahead = json.loads(kept)
            if version == _VERSION:
                self._tried.extend(bool(one) for one in tried)
                self._ahead.update((str(one), True) for one in ahead[-MOST_WAITING:])
                self._last = str(last) if 0 <= time.time() - int(when) < SESSION else ""
                self._times.extend(int(one) / 1e6 for one in times)
                for name, counts in followers.items():
                    self._followers[name] = {other: int(count) for other, count in counts.items() if int(count) > 0}
        except (ValueError, TypeError, AttributeError):  # of another version of driven: it is learned anew
            self._last = ""
            self._followers.clear()
            self._times.clear()
            self._tried.clear()
            self._ahead.clear()


def for_server(load: Callable[[str], bytes], url: str, *, slow: float = SLOW) -> SpeculativeLoader:
    """A loader for the packs of one server, which goes on with what earlier processes learned of it. `load` keeps what
    it gets in the cache of packs: what is fetched here and not asked for is there for the next command."""
    from driven.fusion.binary_cache import key_of
    from driven.fusion.caches import open_cache

    key = key_of(b"server", url.encode())
    return SpeculativeLoader(load, cache=open_cache("prefetch"), key=key, label=url, slow=slow)
