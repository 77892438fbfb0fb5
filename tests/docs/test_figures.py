"""README's table of figures is in the form that docs/figures.py writes, and names benchmarks that there are."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from driven import benchmarks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs/figures.py"))


def row(name: str, ratio: float | None, bar: float | None, better: Any = "<=") -> benchmarks.Row:
    return benchmarks.Row(
        name=name, value=1234.0, unit="µs", ratio=ratio, baseline="json", bar=bar, better=better, ok=None, note=""
    )  # fmt: skip


def test_the_table_says_in_which_direction_a_bar_lies(script: dict[str, Any]) -> None:
    rows = [row("a", 1.25, 1.5), row("b", 45.6, 40, ">="), row("c", 2, None), row("d", None, 2)]
    lines = script["table"](rows, "driven 1", "Linux").splitlines()[5:]
    assert lines == [
        "| `a` | 1,234 µs | json | 1.25× | ≤ 1.5× |",
        "| `b` | 1,234 µs | json | 45.6× | ≥ 40× |",
        "| `d` | 1,234 µs | json |  | ≤ 2× |",
    ]


def test_it_replaces_what_stands_between_the_marks(script: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    once = script["with_table"](readme, "new\n")
    assert "<!-- figures -->\nnew\n<!-- /figures -->" in once
    assert script["with_table"](once, "new\n") == once
    with pytest.raises(ValueError, match="figures"):
        script["with_table"]("# driven\n", "new\n")


def test_the_readme_names_benchmarks_that_there_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    figures = readme.partition("<!-- figures -->")[2].partition("<!-- /figures -->")[0]
    named = re.findall(r"^\| `([^`]+)` \|", figures, re.MULTILINE)
    assert named, "python docs/figures.py writes the table"
    assert set(named) <= set(benchmarks.names())
