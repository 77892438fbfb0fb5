"""The no-op path imports next to nothing: asserted by `sys.modules`, not by a clock."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

BANNED = (
    "typing", "re", "json", "dataclasses", "pathlib", "argparse", "yaml", "pluggy", "rich", "importlib.metadata",
    "contextlib", "functools", "enum", "inspect", "subprocess", "hashlib", "blake3", "tomllib", "logging",
)  # fmt: skip

# What a sync that has something to do goes without. PyYAML reads front matter that our own parser leaves to it.
HEAVY = (
    "dataclasses", "inspect", "pluggy", "tomllib", "difflib", "typing", "re", "json", "enum", "functools", "contextlib",
    "pathlib", "argparse", "yaml", "rich", "importlib.metadata", "logging", "datetime", "subprocess", "hashlib",
    "watchdog", "pygls", "ctypes", "threading",
)  # fmt: skip

# What `os._exit` would hide: the modules that are loaded when the process ends.
SHOW = (
    "import os, sys\n"
    "def leave(code):\n"
    "    os.write(2, ' '.join(sorted(sys.modules)).encode())\n"
    "    exit_(code)\n"
    "exit_, os._exit = os._exit, leave\n"
    "sys.argv[0] = 'driven'\n"
    "from driven.__main__ import main\n"
    "sys.exit(main())\n"
)


def run(folder: Path, *words: str, expect: tuple[int, ...] = (0,)) -> tuple[str, set[str]]:
    done = subprocess.run([sys.executable, "-c", SHOW, *words], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode in expect, done.stderr
    return done.stdout, set(done.stderr.split())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rules = tmp_path / ".driven" / "rules"
    rules.mkdir(parents=True)
    (tmp_path / ".driven" / "config.toml").write_text("[editors]\ncursor = true\nclaude = true\n")
    for number in range(20):
        (rules / f"rule-{number}.md").write_text(f"# Rule {number}\n\nDo this.\n")
    run(tmp_path, "sync")  # started like the runs below: the search path is part of the ledger's key
    return tmp_path


@pytest.mark.parametrize("words", [("sync",), ("sync", "--check")])
def test_a_sync_with_nothing_to_do_imports_nothing_that_it_does_not_need(project: Path, words: tuple[str, ...]) -> None:
    line, modules = run(project, *words)
    assert line == "up to date: 20 rules, 2 editors, 40 files\n"
    assert "driven.core.ledger" in modules
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(' '.join(sys.modules))"], capture_output=True, text=True, check=True
    )
    # An editable install's own .pth file may import more than a bare interpreter; that is not ours.
    assert not (modules - set(bare.stdout.split())) & set(BANNED)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / ".driven/rules/rule-3.md").write_text("# Rule 3\n\nDo that.\n"),
        lambda root: (root / ".driven/rules/new.md").write_text("# New\n\nText.\n"),
        lambda root: (root / ".driven/rules/rule-3.md").unlink(),
        lambda root: (root / ".claude/rules/rule-3.md").unlink(),
        lambda root: (root / ".driven/config.toml").write_text("[editors]\ncursor = true\n"),
        lambda root: (root / "pyproject.toml").write_text("[project]\nname = 'x'\n"),
        lambda root: (root / ".driven/outputs.lock").unlink(),
    ],
)
def test_any_change_leaves_the_short_path(project: Path, change) -> None:
    change(project)
    _, modules = run(project, "sync", "--check", expect=(0, 1, 2))
    assert "driven.pipeline" in modules


def test_a_sync_after_one_change_imports_nothing_that_costs_more_than_its_work(project: Path) -> None:
    rule = project / ".driven/rules/rule-3.md"
    for text in ("# Rule 3\n\nDo that.\n", "---\npaths: ['src/**', '*.{ts,tsx}']\n---\n\n# Rule 3\n\nDo that.\n"):
        time.sleep(0.05)  # what was saved in the tick of a sync is looked at again
        rule.write_text(text)
        line, modules = run(project, "sync")
        assert "2 files written, 38 unchanged" in line
        bare = subprocess.run(
            [sys.executable, "-c", "import sys; print(' '.join(sys.modules))"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert not (modules - set(bare.stdout.split())) & set(HEAVY)


def test_version_imports_nothing(tmp_path: Path) -> None:
    line, modules = run(tmp_path, "--version")
    assert line.startswith("driven ")
    assert {name for name in modules if name.startswith("driven")} == {"driven", "driven.__main__"}
