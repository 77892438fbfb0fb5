"""How the suite measures: two works in turn, round by round; a ratio is the median of the ratios of the rounds.

Machines are shared and noisy: an absolute time moves by half between two runs, the ratio of two works that were timed
one right after the other hardly at all. The garbage collector stays as the user has it, caches are warm.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from driven.errors import DiskError
from driven.frozen import frozen
from driven.model.rule import RuleSet

ROUND = 0.002  # seconds that one work is repeated for in one round, at least
MAX_CALLS = 100_000
PYTHON = f"Python {platform.python_version()}"
SHM = "/dev/shm"
SHM_BYTES, SHM_FILES = 64 << 20, 60_000  # what the suite needs there at the same time

Work = Callable[[], object]
Better = Literal["<=", ">="]


@frozen(kw_only=False)
class Figures:
    """What one benchmark found. `value` counts `unit`s; `ratio` is None when there was nothing to compare with."""

    value: float
    unit: str
    ratio: float | None
    baseline: str
    note: str = ""


@frozen(kw_only=False)
class Benchmark:
    """One row of the suite before it is measured.

    `better` says which ratios are good: `<=` ours to theirs (a multiple of a floor), `>=` theirs to ours (how many
    times as fast). `takes_file`: `--file` gives it other rules, for which the bar does not hold.
    """

    name: str
    says: str
    better: Better
    bar: float | None
    rounds: int
    measure: Callable[[Bench], Figures]
    takes_file: bool = False


@dataclass
class Bench:
    """What a benchmark gets: how many rounds, the rules of `--file`, and a folder. To be closed."""

    iterations: int | None = None
    given: RuleSet | None = None
    given_path: str = ""  # of a .drv that is to be read as it is
    rounds: int = 1  # of the benchmark that runs now
    kept: dict[str, object] = field(default_factory=dict)  # what several benchmarks measure with
    folders: list[str] = field(default_factory=list)
    places: int = 0

    @cached_property
    def folder(self) -> str:
        """An empty folder for many files: in memory where there is room, else among the temporary files.

        A file system on a disk may charge new files for those that were deleted just before (ext4 without a journal
        does), which is not what is to be measured.
        """
        return self._make(SHM if _has_room(SHM) else None)

    @cached_property
    def disk(self) -> str:
        """An empty folder among the temporary files, where single files lie as rules do."""
        return self._make(None)

    def _make(self, parent: str | None) -> str:
        self.folders.append(tempfile.mkdtemp(prefix="driven-benchmark-", dir=parent))
        return self.folders[-1]

    def place(self, folder: str, name: str) -> str:
        """A path in `folder` that nothing has yet."""
        self.places += 1
        return os.path.join(folder, f"{self.places}-{name}")

    @property
    def where(self) -> str:
        """Where the many files lie, for a note."""
        return f"in {os.path.dirname(self.folder)}"

    def write(self, name: str, data: bytes) -> str:
        """The path of a new file with `data`, on disk."""
        path = self.place(self.disk, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def close(self) -> None:
        """Delete the folders."""
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.close()
        if isinstance(error, OSError):
            reason = (error.strerror or str(error)).lower()
            where = " or ".join(f"`{os.path.dirname(folder)}`" for folder in self.folders) or "a temporary folder"
            raise DiskError(
                f"the benchmark cannot work in {where}: {reason}",
                hint="set TMPDIR to a folder with 100 MB and 100,000 files to spare",
            ) from error


def _has_room(folder: str) -> bool:
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        return False
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize >= SHM_BYTES and (room.f_files == 0 or room.f_favail >= SHM_FILES)


def compare(ours: Work, theirs: Work, rounds: int) -> tuple[float, float]:
    """Median seconds of one call of `ours`, and how many times the seconds of `theirs` that is."""
    our_calls, their_calls = calls_in_a_round(ours), calls_in_a_round(theirs)
    times, ratios = [], []
    for _ in range(rounds):
        mine = timed(ours, our_calls)
        ratios.append(mine / timed(theirs, their_calls))
        times.append(mine)
    return statistics.median(times), statistics.median(ratios)


def alone(ours: Work, rounds: int) -> float:
    """Median seconds of one call."""
    calls = calls_in_a_round(ours)
    return statistics.median(timed(ours, calls) for _ in range(rounds))


def timed(work: Work, calls: int) -> float:
    """Seconds of one of `calls` calls."""
    clock = time.perf_counter
    began = clock()
    for _ in range(calls):
        work()
    return (clock() - began) / calls


def calls_in_a_round(work: Work) -> int:
    """How often to call `work` so that it takes about `ROUND`. Calls it, so that what it reads is in the cache."""
    calls = 1
    while calls < MAX_CALLS and (took := timed(work, calls) * calls) < ROUND:
        # The first calls may be slow: never more than ten times as many at once.
        calls = min(MAX_CALLS, calls * 10, int(calls * ROUND / max(took, 1e-9)) + 1)
    return calls


def against(
    bench: Bench, better: Better, ours: Work, theirs: Work | None, baseline: str, *, per: int = 1, note: str = ""
) -> Figures:
    """The figures of a work of `per` items against another. `theirs` None: `baseline` is a package that is missing."""
    if theirs is None:
        value, unit = scaled(alone(ours, bench.rounds) / per)
        return Figures(value, unit, None, baseline, f"install {baseline} to compare")
    seconds, ratio = compare(ours, theirs, bench.rounds)
    value, unit = scaled(seconds / per)
    return Figures(value, unit, ratio if better == "<=" else 1 / ratio, baseline, note)


def scaled(seconds: float) -> tuple[float, str]:
    """A time in the unit that one reads it in: ns, µs, ms or s."""
    for unit, size in (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)):
        if seconds < size * 1000:
            return seconds / size, unit
    return seconds, "s"
