"""docs/editors.md and README's table of editors are what the emitters' data say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs/editors.py"))


def test_the_page_is_current(script: dict[str, Any]) -> None:
    page = (ROOT / "docs/editors.md").read_text(encoding="utf-8")
    assert page == script["document"](script["targets"]()), "python docs/editors.py writes it"


def test_the_table_of_the_readme_is_current(script: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == script["with_table"](readme, script["table"](script["targets"]())), (
        "python docs/editors.py writes it"
    )


def test_every_editor_of_ours_has_a_row(script: dict[str, Any]) -> None:
    sources = (ROOT / "plugins/driven_emitters").glob("*.py")
    ours = {path.stem for path in sources if "def driven_emitters(" in path.read_text(encoding="utf-8")}
    assert {target.name for target in script["targets"]()} == ours
    rows = script["table"](script["targets"]()).splitlines()
    assert len(rows) == len(ours) + 2
    assert len({row.count(" | ") for row in rows if not row.startswith("|---")}) == 1


def test_a_readme_without_marks_is_told(script: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="editors"):
        script["with_table"]("# driven\n", "| a |\n")
