"""What did not change is not asked again: the findings of files, of repository checks, and the whole printed answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from driven.check_kit import (
    Body,
    Document,
    Finding,
    FunctionCheck,
    Repository,
    body_check,
    file_check,
    repository_check,
)
from driven.validation.engine import Choice, look
from driven.validation.files import Folder
from driven.validation.memory import Memory

WHY = {"why": "w.", "url": "https://x", "verified": "2026-11-21"}


class Counted:
    """Checks that count how often they are asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

        @file_check("AAA01", "x", "claude/memory", **WHY)
        def file(document: Document) -> Iterator[Finding]:
            self.asked.append(document.path)
            yield Finding(message="é", start=1, end=2)

        @body_check("AAA02", "x", **WHY)
        def body(body: Body) -> Iterator[Finding]:
            self.asked.append(body.text)
            return iter(())

        @repository_check("AAA03", "x", **WHY)
        def exists(repository: Repository) -> Iterator[Finding]:
            self.asked.append("exists")
            if not repository.exists("docs/a.md"):
                yield Finding(message="gone", path="CLAUDE.md")

        @repository_check("AAA04", "x", **WHY)
        def listing(repository: Repository) -> Iterator[Finding]:
            self.asked.append("listing")
            yield Finding(message=str(len(repository.files)))

        @repository_check("AAA05", "x", **WHY)
        def places(repository: Repository) -> Iterator[Finding]:
            self.asked.append("places")
            yield Finding(message=",".join(d.path for d in repository.of("claude/memory")))

        self.checks: list[FunctionCheck] = [file, body, exists, listing, places]

    def run(self, root: Path, codes: str = "") -> tuple[list[str], list[str]]:
        self.asked.clear()
        memory = Memory(str(root), [check.about.code + codes for check in self.checks])
        found = look(Folder(str(root)), self.checks, Choice(), memory=memory)
        return [f"{d.code} {d.span} {d.message}" for d in found.diagnostics], sorted(self.asked)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "CLAUDE.md").write_text("one\n")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "CLAUDE.md").write_text("two\n")
    return tmp_path


def test_an_unchanged_folder_asks_nothing(root: Path) -> None:
    counted = Counted()
    first, asked = counted.run(root)
    assert len(asked) == 7
    assert counted.run(root) == (first, [])


def test_a_changed_file_asks_what_hangs_on_it(root: Path) -> None:
    counted = Counted()
    counted.run(root)
    (root / "CLAUDE.md").write_text("three\n")
    assert counted.run(root)[1] == ["CLAUDE.md", "exists", "places", "three\n"]  # a finding stands in that file


def test_a_new_file_asks_what_lists_them(root: Path) -> None:
    counted = Counted()
    counted.run(root)
    (root / "x.py").write_text("")
    found, asked = counted.run(root)
    assert asked == ["listing"]
    assert "AAA04 :1:1 3" in found


def test_what_a_check_asked_of_the_disk(root: Path) -> None:
    counted = Counted()
    assert any("gone" in line for line in counted.run(root)[0])
    (root / "docs").mkdir()
    (root / "docs" / "a.md").write_text("")
    found, asked = counted.run(root)
    assert asked == ["exists", "listing"]
    assert not any("gone" in line for line in found)


def test_other_checks_are_another_memory(root: Path) -> None:
    counted = Counted()
    counted.run(root)
    assert len(counted.run(root, "x")[1]) == 7


@pytest.mark.parametrize("damage", [b"", b"[]", b"\xff", b"[" * 100_000, b'["k",{},{}]', b"null"])
def test_a_damaged_memory_is_none(
    root: Path, damage: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    counted = Counted()
    first, _ = counted.run(root)
    (kept,) = (cache / "driven" / "validate").iterdir()
    kept.write_bytes(damage)
    found, asked = counted.run(root)
    assert found == first
    assert len(asked) == 7


def test_without_a_cache_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    assert Counted().run(root) == Counted().run(root)


# The whole answer, by real processes.

STARTED = """
import os, sys
def leave(code):
    os.write(2, ("short" if "driven.cli.app" not in sys.modules else "long").encode())
    exit_(code)
exit_, os._exit = os._exit, leave
sys.argv[0] = "driven"
from driven.__main__ import main
sys.exit(main())
"""


def run(folder: Path, *words: str, **environment: str) -> tuple[str, int, str]:
    """stdout, exit code, and whether the way was short."""
    done = subprocess.run(
        [sys.executable, "-c", STARTED, "validate", *words], cwd=folder, capture_output=True, text=True, timeout=60,
        env={**os.environ, **environment},
    )  # fmt: skip
    return done.stdout, done.returncode, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rules = tmp_path / ".cursor" / "rules"
    rules.mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("x\n")
    (rules / "a.mdc").write_text('---\ndescription: style\nalwaysApply: "true"\n---\nSee [a](docs/a.md).\n')
    (tmp_path / "known.json").write_text('{"version": 1, "findings": []}')
    (tmp_path / "pyproject.toml").write_text("[tool.driven.validate]\nbaseline = 'known.json'\n")
    time.sleep(0.05)  # what is as young as the answer is looked at again
    return tmp_path


def test_the_same_answer_again(project: Path) -> None:
    first = run(project)
    assert "CUR06" in first[0]
    assert first[1:] == (1, "long")
    assert run(project) == (first[0], 1, "short")


def test_other_words_are_another_answer(project: Path) -> None:
    run(project)
    assert run(project, "--select", "GEN05")[2] == "long"
    assert run(project, "--select", "GEN05")[2] == "short"
    assert run(project, "--select", "GEN05", NO_COLOR="1")[2] == "long"
    assert run(project, "--select", "GEN05", FORCE_COLOR="1")[2] == "long"
    assert run(project / "docs")[2] == "long"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / ".cursor/rules/a.mdc").write_text("---\nalwaysApply: true\n---\nText.\n"),
        lambda root: (root / ".cursor/rules/b.md").write_text("Text.\n"),
        lambda root: (root / ".cursor/rules/a.mdc").unlink(),
        lambda root: (root / "docs/a.md").unlink(),
        lambda root: (root / "docs/new.py").write_text(""),
        lambda root: (root / "CLAUDE.md").write_text("Text.\n"),
        lambda root: (root / ".claude/rules").mkdir(parents=True),
        lambda root: (root / "known.json").write_text('{"version": 1, "findings":  []}'),
        lambda root: (root / "pyproject.toml").write_text("[tool.driven.validate]\nignore = ['CUR06']\n"),
        lambda root: (root / ".driven/rules").mkdir(parents=True),
        lambda root: (root / ".gitignore").write_text("*.md\n"),
    ],
)
def test_any_change_is_seen(project: Path, change: Callable[[Path], object]) -> None:
    run(project)
    assert run(project)[2] == "short"
    change(project)
    assert run(project)[2] == "long"


def test_nothing_is_kept_in_the_project(project: Path) -> None:
    """What comes with a stranger's project could else say that all is well."""
    run(project)
    before = {path.name for path in project.rglob("*")}
    run(project)
    assert {path.name for path in project.rglob("*")} == before


def test_a_repair_is_never_answered_from_memory(project: Path) -> None:
    run(project, "--diff")
    assert run(project, "--diff")[2].endswith("long")
    run(project, "--fix")
    assert "CUR06" not in run(project)[0]
