"""`driven sync --watch`: from a save to the last of six editors' files, and what it takes while nothing happens.

The clock runs from the moment a file is saved, in this process, until the last file that follows is another one by its
inode; the watch itself is asked nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

from driven.benchmarks.measure import Bench, Benchmark, Figures, scaled
from driven.benchmarks.processes import PAUSE, RULES, command, environment
from driven.benchmarks.samples import EDITORS, long_rules, write_project, write_rule
from driven.errors import DrivenError
from driven.model.rule import Rule

DEBOUNCE = 0.075  # seconds, the default
PEACE = 2.0  # seconds after which a watch has come to rest
REST = 0.1  # seconds between two saves, in which the watch looks at what it wrote itself
PATIENCE = 20.0  # seconds, after which the watch does not work at all
IDLE = 60.0  # seconds for which an idle watch is looked at: what wakes it now and then is seen as well
MEMORY = 40e6  # bytes
SHARE = 0.001  # of one core, while nothing happens
SHARED = "CONVENTIONS.md"


class _Watch:
    """A watched project of all rules and editors. To be closed."""

    def __init__(self, bench: Bench) -> None:
        self.rules = long_rules(RULES)
        self.root = bench.place(bench.folder, "watched")
        write_project(self.root, self.rules)
        words, self.how = command()
        self._said = os.path.join(bench.folder, "events")
        self._edits = 0
        with open(self._said, "wb") as said:
            self.process = subprocess.Popen(
                [*words, "sync", "--watch", "--json"], cwd=self.root, env=environment(len(words) == 1),
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        self._until(self._is_ready, "say that it watches")
        time.sleep(4 * REST)

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def save(self) -> float:
        """Seconds from the save of one rule to the last of the editors' files."""
        return self._timed(lambda rule_id: write_rule(self.root, self._rule(rule_id), self._words()), "")

    def edit(self) -> float:
        """Seconds from a hand edit of Cursor's file to the last of the others', and of the rule."""

        def append(rule_id: str) -> None:
            path = os.path.join(self.root, ".cursor", "rules", f"{rule_id}.mdc")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path + "~", "w", encoding="utf-8") as file:
                file.write(text + self._words())
            os.replace(path + "~", path)

        return self._timed(append, ".cursor")

    def _timed(self, change: Callable[[str], None], but: str) -> float:
        self._edits += 1
        rule_id = self.rules.rules[self._edits * 7 % len(self.rules)].id
        followers = [os.path.join(self.root, path) for path in self._files(rule_id) if not but or but not in path]
        before = {path: os.stat(path).st_ino for path in followers}
        time.sleep(PAUSE)
        began = time.perf_counter()
        change(rule_id)
        self._until(lambda: all(_inode(path) not in (0, was) for path, was in before.items()), "follow a change")
        took = time.perf_counter() - began
        time.sleep(REST + DEBOUNCE)
        return took

    def _files(self, rule_id: str) -> Iterable[str]:
        with open(os.path.join(self.root, ".driven", "outputs.lock"), encoding="utf-8") as file:
            paths = {line.split("\t")[0] for line in file if line[0] not in "#\n"}
        found = [path for path in paths if path == SHARED or os.path.basename(path).split(".")[0] == rule_id]
        if len(found) != len(EDITORS):
            raise DrivenError(f"the rule `{rule_id}` is in {len(found)} files, not in {len(EDITORS)}")
        return found

    def _rule(self, rule_id: str) -> Rule:
        return next(rule for rule in self.rules if rule.id == rule_id)

    def _words(self) -> str:
        return f"- Changed {self._edits} times.\n"

    def _is_ready(self) -> bool:
        with open(self._said, "rb") as file:
            return b'"watching"' in file.read()

    def _until(self, done: Callable[[], bool], what: str) -> None:
        until = time.perf_counter() + PATIENCE
        while not done():
            if time.perf_counter() > until or self.process.poll() is not None:
                raise DrivenError(f"`driven sync --watch` did not {what}", hint="run `driven doctor`")
            time.sleep(0.0003)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def _latency(bench: Bench, share: float, take: Callable[[_Watch], float], kept: str) -> Figures:
    """The latency that `share` of all changes keep to; measured once for all the rows that want it."""
    times = bench.kept.get(kept)
    if not isinstance(times, list) or len(times) != bench.rounds:
        with _Watch(bench) as watch:
            take(watch)
            times = bench.kept[kept] = [take(watch) for _ in range(bench.rounds)]
            bench.kept["how"] = watch.how
    found = sorted(times)[min(len(times) - 1, int(len(times) * share))]
    value, unit = scaled(found)
    return Figures(value, unit, found / DEBOUNCE, f"the debounce alone ({DEBOUNCE * 1000:.1f} ms)",
                   f"{bench.kept['how']}, {bench.where}")  # fmt: skip


def _save(bench: Bench) -> Figures:
    return _latency(bench, 0.5, _Watch.save, "saves")


def _save_95(bench: Bench) -> Figures:
    return _latency(bench, 0.95, _Watch.save, "saves")


def _edit(bench: Bench) -> Figures:
    return _latency(bench, 0.5, _Watch.edit, "edits")


def _idle(bench: Bench) -> Figures:
    with _Watch(bench) as watch:
        watch.save()
        time.sleep(PEACE)
        clock = (~watch.process.pid << 3) | 2  # its CPU clock, in Linux's numbering
        before, began = time.clock_gettime(clock), time.perf_counter()
        time.sleep(IDLE if bench.rounds > 1 else IDLE / 20)  # a trial run has one round, and no verdict
        waited = time.perf_counter() - began
        used = max(time.clock_gettime(clock) - before, 1e-9)  # a row has a value, and this one is most often 0
        value, unit = scaled(used)
        ratio = used / waited / SHARE
        return Figures(value, unit, ratio, f"{SHARE * 100:.1f} % of a core", f"CPU time in {waited:.0f} s; {watch.how}")


def _memory(bench: Bench) -> Figures:
    with _Watch(bench) as watch:
        for _ in range(5):
            watch.save()
        time.sleep(PEACE)
        with open(f"/proc/{watch.process.pid}/statm", encoding="ascii") as file:
            used = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return Figures(used, "bytes", used / MEMORY, f"{MEMORY / 1e6:.1f} MB", f"resident, after 5 saves; {watch.how}")


_WHAT = f"{RULES} rules, {len(EDITORS)} editors"

BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("watch/save", f"a saved rule to the last editor's file, median: {_WHAT}", "<=", 1.333, 100, _save),
    Benchmark("watch/save-95", "the same, 95 of 100", "<=", 1.8, 100, _save_95),
    Benchmark("watch/hand-edit", f"a hand edit to the last of all the others, median: {_WHAT}", "<=", 1.333, 50, _edit),
)
if sys.platform == "linux":
    BENCHMARKS += (
        Benchmark("watch/idle", f"while nothing happens: {_WHAT}", "<=", 1.0, 5, _idle),
        Benchmark("watch/memory", f"while nothing happens: {_WHAT}", "<=", 1.0, 5, _memory),
    )
