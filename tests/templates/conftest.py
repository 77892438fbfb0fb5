"""What the tests of templates share: a project to put templates into, and its library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from driven.registry import Registry, load
from driven.templating.finding import Library

Put = Callable[..., None]


@pytest.fixture(scope="session")
def plugins() -> Registry:
    """Our own library, and no stranger's."""
    return load(editors=(), templates=True, strangers=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project without rules."""
    folder = tmp_path / "shop"
    (folder / ".driven/rules").mkdir(parents=True)
    (folder / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\n", encoding="utf-8")
    return folder


@pytest.fixture
def put(root: Path) -> Put:
    """Write a template of the project: its text, and above it more lines of front matter."""

    def write(name: str, text: str, more: str = "") -> None:
        path = root / ".driven/templates" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ndescription: A template\n{more}---\n{text}", encoding="utf-8", newline="")

    return write


@pytest.fixture
def library(root: Path) -> Callable[[], Library]:
    """The project's templates alone, as they stand when it is called."""
    return lambda: Library(str(root), Registry())
