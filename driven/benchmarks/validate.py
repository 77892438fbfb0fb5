"""`driven validate` as a user starts it, on 600 rule files that people wrote by hand: against other linters of the same
files, and against an interpreter that does nothing."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from driven.benchmarks.measure import Bench, Benchmark, Figures, scaled
from driven.benchmarks.processes import PASS, PAUSE, Times, against, command, environment, python_pass, run
from driven.benchmarks.samples import long_rules
from driven.model.activation import ForPaths

RULES = 200  # each in the files of three editors
CODES = (0, 1)  # findings are no failure


class _Folder:
    """A folder of editors' files without a `.driven/`, and driven at work in it."""

    def __init__(self, bench: Bench) -> None:
        self.root = bench.place(bench.folder, "by-hand")
        self.cache = bench.place(bench.folder, "cache")
        self.words, self.how = command()
        self.env = {**environment(len(self.words) == 1), "XDG_CACHE_HOME": self.cache}
        self.edits = 0
        for rule in long_rules(RULES):
            globs = rule.activation.globs if isinstance(rule.activation, ForPaths) else ()
            name = rule.id.replace("/", "-")
            listed = "".join(f'  - "{glob}"\n' for glob in globs)
            front = f"description: {rule.description}\nglobs: {','.join(globs)}\nalwaysApply: false\n"
            self._write(f".cursor/rules/{name}.mdc", f"---\n{front}---\n{rule.body}")
            self._write(
                f".github/instructions/{name}.instructions.md", f'---\napplyTo: "{",".join(globs)}"\n---\n{rule.body}'
            )
            self._write(f".claude/rules/{name}.md", f"---\npaths:\n{listed}---\n{rule.body}")
        for folder in ("src", "src/api", "src/auth", "src/core", "tests", "web", "db/migrations", "docs"):
            for number in range(5):
                self._write(f"{folder}/file{number}.py", "x\n")

    def _write(self, path: str, text: str) -> None:
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)

    def validate(self) -> Times:
        """As it comes: what is remembered is used."""
        return run([*self.words, "validate"], self.root, self.env, CODES)

    def cold(self) -> Times:
        """Nothing is remembered."""
        shutil.rmtree(self.cache, ignore_errors=True)
        return self.validate()

    def edited(self) -> Times:
        """One file was changed."""
        self.edits += 1
        path = os.path.join(self.root, ".claude", "rules", sorted(os.listdir(self.root + "/.claude/rules"))[0])
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"\n- Changed {self.edits} times.\n")
        time.sleep(PAUSE)
        return self.validate()

    def passes(self) -> Times:
        """The baseline: the same interpreter, started and ended."""
        return run(PASS, self.root, self.env)


def _folder(bench: Bench) -> _Folder:
    if "by-hand" not in bench.kept:
        bench.kept["by-hand"] = _Folder(bench)
    made = bench.kept["by-hand"]
    assert isinstance(made, _Folder)
    return made


def _other(bench: Bench, package: str, *words: str, ours_over_theirs: bool) -> Figures:
    """Cold, against another linter, where that is installed; the ratio is of the CPU that both use."""
    folder = _folder(bench)
    program = os.path.join(os.path.dirname(sys.executable), package)
    found = program if os.access(program, os.X_OK) else shutil.which(package)
    folder.cold()
    if found is None:
        value, unit = scaled(statistics.median(folder.cold()[0] for _ in range(bench.rounds)))
        return Figures(value, unit, None, package, f"install `{package}` to compare; {folder.how}")
    theirs: Callable[[], Times] = lambda: run([found, *words], folder.root, folder.env, CODES)  # noqa: E731
    theirs()
    pairs = [(folder.cold(), theirs()) for _ in range(bench.rounds)]
    value, unit = scaled(statistics.median(mine[1] or mine[0] for mine, _ in pairs))
    ratios = [(mine[1] or mine[0]) / max(other[1] or other[0], 1e-6) for mine, other in pairs]
    ratio = statistics.median(ratios if ours_over_theirs else [1 / ratio for ratio in ratios])
    try:
        named = f"{package} {version(package)}"
    except PackageNotFoundError:
        named = package
    return Figures(value, unit, ratio, named, f"CPU of whole processes, {folder.how}, {bench.where}")


def _agnix(bench: Bench) -> Figures:
    return _other(bench, "agnix", ".", ours_over_theirs=True)


def _skillsaw(bench: Bench) -> Figures:
    return _other(bench, "skillsaw", "lint", ".", ours_over_theirs=False)


def _rerun(bench: Bench) -> Figures:
    folder = _folder(bench)
    for _ in range(3):
        folder.validate()
        time.sleep(PAUSE)
    return against(bench, folder.validate, folder.passes, python_pass(), f"{folder.how}, {bench.where}")


def _changed(bench: Bench) -> Figures:
    folder = _folder(bench)
    folder.edited(), folder.passes()
    return against(bench, folder.edited, folder.passes, python_pass(), f"{folder.how}, {bench.where}")


_WHAT = f"{3 * RULES} files"

BENCHMARKS = (
    Benchmark("validate/cold", f"`driven validate`, nothing remembered: {_WHAT}", "<=", 5, 9, _agnix),
    Benchmark("validate/python", f"`driven validate`, nothing remembered: {_WHAT}", ">=", 8, 5, _skillsaw),
    Benchmark("validate/one-changed", f"`driven validate`, one file changed: {_WHAT}", "<=", None, 9, _changed),
    Benchmark("validate/rerun", f"`driven validate`, nothing changed: {_WHAT}", "<=", 2, 40, _rerun),
)
