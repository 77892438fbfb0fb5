"""Whole processes, as a user starts them: `driven --version`, and `driven sync` in projects of 200 rules, 6 editors."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from driven import __version__
from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, scaled
from driven.benchmarks.samples import EDITORS, long_rules, write_project, write_rule, write_tree
from driven.errors import DrivenError

RULES, FEW, TREE = 200, 12, 30_000
PAUSE = 0.02  # seconds between a write and the sync that is to trust its time stamp: some ticks of the kernel's clock
PASS = [sys.executable, "-I", "-c", "pass"]
PLUGINS = "plugins.index"  # which plugins there are, not what a sync did
LEDGER = os.path.join(".driven", "state", "ledger")

Times = tuple[float, float]  # seconds on the wall; seconds of CPU, 0 where the system does not say


def command() -> tuple[list[str], str]:
    """The words that start driven, the script that is installed beside this Python or `-m driven`, and which it is."""
    script = os.path.join(os.path.dirname(sys.executable), "driven.exe" if os.name == "nt" else "driven")
    if os.access(script, os.X_OK):
        return [script], "installed script"
    return [sys.executable, "-m", "driven"], "python -m driven"


def environment(script: bool) -> dict[str, str]:
    """The user's, less driven's own settings; for `-m driven` with the folders that driven was found in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRIVEN_")}
    if not script:
        kept["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return kept


def run(words: list[str], folder: str, env: dict[str, str], codes: Sequence[int] = (0,)) -> Times:
    """Run `words` in `folder`, output thrown away. DrivenError unless it ends with one of these exit codes."""
    if not hasattr(os, "posix_spawn") or not hasattr(os, "wait4"):
        began = time.perf_counter()
        code = subprocess.run(
            words, cwd=folder, env=env, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip
        times = time.perf_counter() - began, 0.0
    else:
        # posix_spawn, because it adds the least to what is measured; it knows no working folder of its own.
        quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in range(3)]
        here = os.open(os.curdir, os.O_RDONLY)
        try:
            os.chdir(folder)
            began = time.perf_counter()
            pid = os.posix_spawn(words[0], words, env, file_actions=quiet)
            _, status, used = os.wait4(pid, 0)
            times = time.perf_counter() - began, used.ru_utime + used.ru_stime
        finally:
            os.fchdir(here)
            os.close(here)
        code = os.waitstatus_to_exitcode(status)
    if code not in codes:
        raise DrivenError(
            f"`{' '.join(words)}` ended with exit code {code} while it was measured",
            hint="run `driven doctor`, then the same command in a project",
        )
    return times


def against(bench: Bench, ours: Callable[[], Times], theirs: Callable[[], Times], baseline: str, note: str) -> Figures:
    """The figures of one process against another, in turn; the ratio is of the times on the wall."""
    pairs = [(ours(), theirs()) for _ in range(bench.rounds)]
    value, unit = scaled(statistics.median(mine[0] for mine, _ in pairs))
    ratio = statistics.median(mine[0] / other[0] for mine, other in pairs)
    if pairs[0][1][1]:
        cpu = statistics.median(mine[1] / max(other[1], 1e-6) for mine, other in pairs)
        note += f", CPU {cpu:.2f}x"
    return Figures(value, unit, ratio, baseline, note)


class _Project:
    """A project in the work folder, and driven at work in it."""

    def __init__(self, bench: Bench, count: int) -> None:
        self.rules = long_rules(count)
        self.root = bench.place(bench.folder, f"project-{count}")
        self.words, self.how = command()
        self.env = environment(len(self.words) == 1)
        self.edits = 0
        write_project(self.root, self.rules)

    def sync(self) -> Times:
        return run([*self.words, "sync"], self.root, self.env)

    def passes(self) -> Times:
        """The baseline: the same interpreter, started and ended."""
        return run(PASS, self.root, self.env)

    def settle(self) -> None:
        """Sync until the ledger is older than nothing that it lists, so that the next one can trust all of it."""
        for _ in range(3):
            self.sync()
            time.sleep(PAUSE)

    def ledger(self) -> tuple[int, int]:
        """What changes when a sync did more than look."""
        seen = os.stat(os.path.join(self.root, LEDGER))
        return seen.st_ino, seen.st_mtime_ns

    def edited(self) -> Times:
        """Change one rule, then sync."""
        self.edits += 1
        write_rule(self.root, self.rules.rules[self.edits % len(self.rules)], f"- Changed {self.edits} times.\n")
        time.sleep(PAUSE)
        return self.sync()

    def forgotten(self) -> Times:
        """Forget what the last sync remembered of the files, then sync: all is read, emitted and compared again."""
        state = os.path.join(self.root, ".driven", "state")
        for entry in os.scandir(state):
            if entry.name != PLUGINS and not entry.is_dir():  # the snapshots stay: no sync reads them
                os.unlink(entry.path)
        return self.sync()


def python_pass() -> str:
    return f"python -I -c pass ({PYTHON})"


def _version(bench: Bench) -> Figures:
    words, how = command()
    env = environment(len(words) == 1)
    ours, theirs = partial(run, [*words, "--version"], bench.folder, env), partial(run, PASS, bench.folder, env)
    ours(), theirs()
    return against(bench, ours, theirs, python_pass(), how)


def _settled(bench: Bench) -> _Project:
    """The project of 200 rules, synced; made once for the rows that leave it so."""
    if "project" not in bench.kept:
        project = _Project(bench, RULES)
        project.settle()
        bench.kept["project"] = project
    made = bench.kept["project"]
    assert isinstance(made, _Project)
    return made


def _noop(bench: Bench) -> Figures:
    project = _settled(bench)
    project.sync(), project.passes()
    before = project.ledger()
    found = against(bench, project.sync, project.passes, python_pass(), _note(bench, project))
    if project.ledger() != before:
        raise DrivenError("`driven sync` wrote its ledger again though nothing had changed", hint="this is a bug")
    return found


def _changed(bench: Bench) -> Figures:
    project = _settled(bench)
    project.edited(), project.passes()
    found = against(bench, project.edited, project.passes, python_pass(), _note(bench, project))
    project.settle()
    return found


def _cold(bench: Bench) -> Figures:
    def cold() -> Times:
        project = _Project(bench, RULES)
        times = project.sync()
        shutil.rmtree(project.root)
        return times

    project = _settled(bench)
    project.passes()
    return against(bench, cold, project.passes, python_pass(), _note(bench, project))


def _tree(bench: Bench) -> Figures:
    alone, inside = _Project(bench, FEW), _Project(bench, FEW)
    write_tree(inside.root, TREE)
    for project in (alone, inside):
        project.settle()
    baseline = f"the same without the {TREE:,} files (driven {__version__})"
    found = against(bench, inside.forgotten, alone.forgotten, baseline, f"{inside.how}, {bench.where}")
    shutil.rmtree(inside.root)
    return found


def _note(bench: Bench, project: _Project) -> str:
    with open(os.path.join(project.root, ".driven", "outputs.lock"), encoding="utf-8") as file:
        files = len({line.split("\t")[0] for line in file if line[0] not in "#\n"})
    return f"{project.how}, {files:,} files {bench.where}"


_WHAT = f"{RULES} rules, {len(EDITORS)} editors"

BENCHMARKS = (
    Benchmark("process/version", "`driven --version`", "<=", 1.25, 40, _version),
    Benchmark("sync/no-op", f"`driven sync`, nothing changed: {_WHAT}", "<=", 1.5, 40, _noop),
    Benchmark("sync/one-changed", f"`driven sync`, one rule changed: {_WHAT}", "<=", 6, 25, _changed),
    Benchmark("sync/cold", f"`driven sync`, nothing written yet: {_WHAT}", "<=", None, 9, _cold),
    Benchmark(
        "sync/large-tree", f"`driven sync` of all of {FEW} rules in a tree of {TREE:,} files", "<=", 1.1, 25, _tree
    ),
)
