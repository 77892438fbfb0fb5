"""What all tests share: `tests/` on the path (for `strategies`), and the corpus of rule files from public projects."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

CORPUS_SIZE = 43


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """Cursor rule files of public projects: below $DRIVEN_CORPUS, else ../shared/corpus beside the repository."""
    folder = Path(os.environ.get("DRIVEN_CORPUS") or TESTS.parent.parent / "shared" / "corpus")
    files = sorted((folder / "cursor").glob("*.mdc"))
    if not files:
        message = f"no corpus in {folder}: set DRIVEN_CORPUS to the folder that holds cursor/*.mdc"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert len(files) >= CORPUS_SIZE, f"{len(files)} files in {folder}, not {CORPUS_SIZE}"
    return files
