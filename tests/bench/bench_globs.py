"""What one glob costs over every path of a large project, against `re` with CPython's own translation of the glob.

Run as a script it prints the rows. The bars hold for the compiled core; `rows()` also works with the pure one. Needs
Python 3.13 for the baseline, `glob.translate`; without it there are no rows.
"""

from __future__ import annotations

import glob
import random
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

from driven.core.globs import Glob, expand
from driven.format.condition import Facts, compile_condition, evaluate

TRANSLATE: Any = getattr(glob, "translate", None)
PATHS = 44_000  # the size of the largest tree the specification was measured on
PATTERNS = ("**/*.tf", "src/**/*.{ts,tsx}", "**/test/**/*.py", "*.py")
FOLDERS = "src lib web api test docs pkg node components hooks".split()  # noqa: SIM905 - a list of words reads better


def sample(count: int = PATHS) -> list[str]:
    """`count` paths, one to six folders deep, the same at each call."""
    pick = random.Random(1)
    endings = ("py", "ts", "tsx", "tf", "md", "js")
    return [
        "/".join([*pick.choices(FOLDERS, k=pick.randint(1, 6)), f"file{i}.{pick.choice(endings)}"])
        for i in range(count)
    ]


def rows(rounds: int = 7) -> list[dict[str, Any]]:
    """Name, ratio, what it is a ratio to, the bar, whether less than the bar is better (`at_most`), and the seconds
    of one pass over `PATHS` paths (of one evaluation, for the condition)."""
    if TRANSLATE is None:
        return []
    paths = sample()
    found = [_against_re(pattern, paths, rounds) for pattern in PATTERNS]
    facts = Facts(paths)
    program = compile_condition('lang("python") and files("**/*.tf") > 0')
    first = _seconds(lambda: evaluate(program, Facts(paths)))
    again = statistics.median(_seconds(lambda: evaluate(program, facts)) for _ in range(rounds + 1))
    name = "a condition over facts that are known"
    found.append(_row(name, again / first, "the first evaluation", 0.01, True, again))
    return found


def _against_re(pattern: str, paths: list[str], rounds: int) -> dict[str, Any]:
    match = Glob(pattern).match
    lines = [TRANSLATE(line, recursive=True, include_hidden=True, seps="/") for line in expand(pattern)]
    oracle = re.compile("|".join(lines)).match

    def ours() -> int:
        return sum(map(match, paths))

    def theirs() -> int:
        return sum(1 for path in paths if oracle(path))

    assert ours() == theirs()
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)]
    ratio = statistics.median(mine / other for mine, other in pairs)
    return _row(pattern, ratio, "re, glob.translate", 1.0, True, statistics.median(mine for mine, _ in pairs))


def _row(name: str, ratio: float, baseline: str, bar: float, at_most: bool, seconds: float) -> dict[str, Any]:
    return {"name": name, "ratio": ratio, "baseline": baseline, "bar": bar, "at_most": at_most, "seconds": seconds}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for row in rows():
        good = row["ratio"] <= row["bar"]
        print(
            f"{'ok  ' if good else 'FAIL'} {row['name']:<38} {row['ratio']:8.4f} x  bar <= {row['bar']:<5}"
            f" {row['seconds'] * 1e3:9.3f} ms  against {row['baseline']}"
        )
