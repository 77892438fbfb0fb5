"""What type checkers say of sessions: `typing/good.py` has no error, `typing/bad.py` exactly those that it marks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trust.sessions.checkers import ROOT, Lines, by_mypy, by_pyright

HERE = Path(__file__).parent / "typing"


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_the_nine_mistakes_are_found_and_nothing_else(checker: Callable[..., Lines]) -> None:
    lines = (HERE / "bad.py").read_text(encoding="utf-8").splitlines()
    marked = {("bad.py", at) for at, line in enumerate(lines, 1) if "  # E: " in line}
    assert len(marked) == 9
    assert checker(HERE / "good.py", HERE / "bad.py") == marked


def test_what_is_right_runs() -> None:
    subprocess.run([sys.executable, str(HERE / "good.py")], check=True)


def test_the_page_says_truly_what_is_refused(tmp_path: Path) -> None:
    page = (ROOT / "docs/trust.md").read_text(encoding="utf-8")
    example = page.partition("```python fetching.py\n")[2].partition("```")[0]
    (tmp_path / "fetching.py").write_text(example, encoding="utf-8")
    refused = [("fetching.py", at) for at, line in enumerate(example.splitlines(), 1) if "reader.run(follow)" in line]
    assert len(refused) == 2
    assert by_mypy(tmp_path / "fetching.py") == set(refused)
