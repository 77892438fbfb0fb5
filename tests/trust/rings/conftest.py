"""What the tests of the rings share: plugins written into a folder, and the rings that this machine must have."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.trust.rings import probe
from driven.trust.rings.choose import Choice

# Components take seconds to compile: they are kept for all runs of the tests, and for all versions of Python.
KEPT = Path.home() / ".cache/driven-e2e/rings"


def ring(name: str) -> Choice:
    """What runs a plugin in ring N or L. Skips where this machine has none; in CI that is a failure."""
    state = probe.state(name)
    if state.lacks:
        said = f"ring {name} does not hold here: {state.lacks}"
        if os.environ.get("CI"):
            pytest.fail(said, pytrace=False)
        pytest.skip(said)
    return state.choice


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with a file in it, and a secret beside it."""
    root = tmp_path / "project"
    (root / "docs").mkdir(parents=True)
    (root / "docs/a.md").write_text("a rule\n")
    (tmp_path / "secret").write_text("secret\n")
    return root


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str], str]:
    """Writes a plugin; its path."""

    def write(text: str, name: str = "plugin.py") -> str:
        folder = tmp_path / "plugins"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        return os.fspath(folder / name)

    return write


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing here runs but on Linux."""
    if sys.platform != "linux":
        for item in items:
            if "trust/rings" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="rings of processes are Linux's"))
