"""What `.drv` costs against JSON and against the system calls alone: ratios of medians of interleaved rounds.

Run as a script it prints the rows. The bars hold for the compiled core; `rows()` also works with the pure one.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import orjson

from driven.core.wire import Reader
from driven.core.wire_files import open_rules
from driven.format.drv import to_drv
from driven.format.rules_json import to_json
from driven.model.activation import ForPaths
from driven.model.rule import Rule, RuleSet

PYTHON = "json of Python {}.{}.{}".format(*sys.version_info[:3])
ORJSON = f"orjson {orjson.__version__}"


def sample(count: int, items: int) -> RuleSet:
    """`count` rules whose bodies have a heading, a paragraph and `items` list items: some 80 + 48 bytes each.

    With four items they are about 270 bytes; with eight, 200 of them are 115 KB of JSON, the size of a real rule set.
    """
    return RuleSet.of(
        Rule(
            id=f"area-{i % 17}/rule-{i}",
            description=f"What holds in area {i % 17}",
            activation=ForPaths((f"src/area{i % 17}/**/*.py",)),
            body=f"# Rule {i} of area {i % 17}\n\nWrite small functions with type hints; return early"
            f"{' – naïve façades too' if i % 10 == 0 else ''}.\n\n"
            + "".join(f"- Validate inputs at the boundary of module {i + j}.\n" for j in range(items)),
        )
        for i in range(count)
    )


def medians(works: dict[str, Callable[[], Any]], rounds: int, repeat: dict[str, int]) -> dict[str, float]:
    """Median seconds of one call of each work: in every round each one is timed over `repeat` calls, in turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, work in works.items():
                calls = repeat.get(name, 1)
                start = time.perf_counter()
                for _ in range(calls):
                    work()
                times[name].append((time.perf_counter() - start) / calls)
    finally:
        gc.enable()
    return {name: statistics.median(found) for name, found in times.items()}


def rows(rounds: int = 40) -> list[dict[str, Any]]:
    """Name, ratio, what it is a ratio to, the bar, and whether less than the bar is better (`at_most`)."""
    with tempfile.TemporaryDirectory() as folder:
        return _rows(folder, rounds)


def _rows(folder: str, rounds: int) -> list[dict[str, Any]]:
    works: dict[str, Callable[[], Any]] = {}
    for count in (200, 2_000, 20_000):
        rules = sample(count, 8)
        wanted = rules.rules[count // 3]
        files = {"drv": to_drv(rules), "json": to_json(rules, source=False).encode()}
        for kind, data in files.items():
            with open(os.path.join(folder, f"{count}.{kind}"), "wb") as out:
                out.write(data)
        drv, text = os.path.join(folder, f"{count}.drv"), os.path.join(folder, f"{count}.json")
        works[f"one {count}"] = _one(drv, wanted, count // 3)
        works[f"id {count}"] = _one(drv, wanted, None)
        if count <= 2_000:
            works[f"json {count}"] = _json(text, json.loads)
        if count == 200:
            works["floor"] = lambda path=drv: _read(path)
            works["orjson 200"] = _json(text, orjson.loads)
    small = sample(200, 4)
    text_of_all = to_json(small, source=False).encode()
    works["all"] = Reader(to_drv(small)).all
    works["json all"] = lambda: json.loads(text_of_all)
    works["orjson all"] = lambda: orjson.loads(text_of_all)
    assert len(works["all"]()) == 200
    repeat = {name: 40 if name.startswith(("one", "id", "floor")) else 2 for name in works}
    took = medians(works, rounds, repeat)
    table = [
        ("open and read one of 200", "one 200", "floor", "open+fstat+read+close of the file", 1.3, True),
        ("open and read one of 200", "json 200", "one 200", PYTHON, 45, False),
        ("open and read one of 200", "orjson 200", "one 200", ORJSON, 15, False),
        ("open and read one of 2,000", "json 2000", "one 2000", PYTHON, 400, False),
        ("open and read one of 20,000", "one 20000", "one 200", "one of 200", 1.5, True),
        ("open, find by id, read one of 200", "id 200", "floor", "open+fstat+read+close of the file", 1.3, True),
        ("open, find by id, read one of 200", "json 200", "id 200", PYTHON, 35, False),
        ("open, find by id, read one of 2,000", "json 2000", "id 2000", PYTHON, 250, False),
        ("open, find by id, read one of 20,000", "id 20000", "id 200", "one of 200", 1.8, True),
        ("id and body of all of 200", "json all", "all", PYTHON, 4, False),
        ("id and body of all of 200", "orjson all", "all", ORJSON, 1.5, False),
    ]
    return [
        {
            "name": name,
            "ratio": took[above] / took[below],
            "baseline": baseline,
            "bar": bar,
            "at_most": at_most,
            "seconds": took[below] if not at_most else took[above],
        }
        for name, above, below, baseline, bar, at_most in table
    ]


def _one(path: str, wanted: Rule, number: int | None) -> Callable[[], str]:
    """Open, read one body by its number or by the rule's id, close."""

    def read() -> str:
        rules = open_rules(path)
        body = rules.body(rules.find(wanted.id) if number is None else number)
        rules.close()
        return body

    assert read() == wanted.body
    return read


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY)
    data = os.read(fd, os.fstat(fd).st_size)
    os.close(fd)
    return data


def _json(path: str, loads: Callable[[bytes], Any]) -> Callable[[], Any]:
    def read() -> Any:
        return loads(_read(path))["rules"][0]["body"]

    return read


if __name__ == "__main__":
    for row in rows():
        good = row["ratio"] <= row["bar"] if row["at_most"] else row["ratio"] >= row["bar"]
        sign = "<=" if row["at_most"] else ">="
        print(
            f"{'ok  ' if good else 'FAIL'} {row['name']:<36} {row['ratio']:9.2f} x  bar {sign} {row['bar']:<5}"
            f" {row['seconds'] * 1e6:9.1f} us  against {row['baseline']}"
        )
