"""The kept answer: every change after which it would be another one, in repositories and around them; by processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.validate.test_memory import run

BROKEN = "See [a](none.md)\n"


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in {
        "CLAUDE.md": "Use tabs.\n", "web/CLAUDE.md": "Use tabs.\n", "web/.gitignore": "*.log\n",
        "gen/CLAUDE.md": BROKEN, "web/gen/CLAUDE.md": BROKEN, ".gitignore": "*.o\n",
    }.items():  # fmt: skip
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for folder in ("empty/deeper/deepest", ".foo", "build/x"):
        (root / folder).mkdir(parents=True)
    (root / "build/x/a.o").write_text("")
    git(root, "init", "-q")
    git(root, "add", "-A")
    time.sleep(0.05)
    return root


def changed(folder: Path, change: Callable[[], object], *words: str) -> None:
    """What `change` does is seen in `folder`, and the answer was kept before."""
    before = run(folder, *words)
    assert run(folder, *words) == (*before[:2], "short")
    change()
    after = run(folder, *words)
    assert after[2].endswith("long")
    assert after[:2] == run(folder, *words, XDG_CACHE_HOME="/proc/none")[:2]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("web/.gitignore", "gen\n"), (".git/info/exclude", "gen\n"), ("empty/deeper/deepest/CLAUDE.md", BROKEN),
        (".foo/CLAUDE.md", BROKEN), ("build/x/CLAUDE.md", BROKEN),
    ],
)  # fmt: skip
def test_what_git_lists(repository: Path, path: str, text: str) -> None:
    changed(repository, lambda: (repository / path).write_text(text))


@pytest.mark.parametrize("path", [".gitignore", ".git/info/exclude"])
def test_what_a_repository_above_ignores(repository: Path, path: str) -> None:
    changed(repository / "web", lambda: (repository / path).write_text("gen\n"))


def test_the_index_of_a_repository_above(repository: Path) -> None:
    (repository / ".gitignore").write_text("more\n")
    (repository / "web/more").mkdir()
    (repository / "web/more/CLAUDE.md").write_text(BROKEN)
    time.sleep(0.05)
    changed(repository / "web", lambda: git(repository, "add", "-f", "web/more/CLAUDE.md"))


def test_the_index_of_a_worktree(repository: Path) -> None:
    git(repository, "commit", "-qm", "x")
    tree = repository.parent / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    time.sleep(0.05)
    changed(tree, lambda: git(tree, "rm", "-q", "--cached", "CLAUDE.md"))


def test_a_repository_that_is_made_above(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "CLAUDE.md").write_text("x\n")
    time.sleep(0.05)
    changed(tmp_path / "web", lambda: git(tmp_path, "init", "-q"))


def test_the_configuration_of_git(repository: Path, home: Path) -> None:
    (home / "names").write_text("nothing\n")
    changed(repository, lambda: (home / ".gitconfig").write_text(f"[core]\nexcludesFile = {home}/names\n"))
    time.sleep(0.05)
    changed(repository, lambda: (home / "names").write_text("gen\n"))
    (home / ".gitconfig").unlink()
    changed(
        repository,
        lambda: [(home / ".config/git").mkdir(parents=True), (home / ".config/git/ignore").write_text("gen")],
    )


def test_an_ignored_folder_may_change(repository: Path) -> None:
    (repository / "node_modules/x").mkdir(parents=True)
    (repository / ".gitignore").write_text("node_modules\n")
    time.sleep(0.05)
    first = run(repository)
    (repository / "node_modules/y").mkdir()
    assert run(repository) == (*first[:2], "short")


def test_rules_that_git_ignores(repository: Path) -> None:
    (repository / ".driven/rules").mkdir(parents=True)
    (repository / ".driven/config.toml").write_text("[editors]\ncursor = true\n")
    (repository / ".driven/rules/a.md").write_text("Use tabs.\n")
    (repository / ".gitignore").write_text(".driven\n")
    time.sleep(0.05)
    changed(repository, lambda: (repository / ".driven/rules/a.md").write_text("---\nbroken: [\n---\nUse tabs.\n"))


def test_a_baseline_named_from_below(repository: Path) -> None:
    (repository / ".driven/rules").mkdir(parents=True)
    (repository / ".driven/config.toml").write_text("[editors]\ncursor = true\n")
    known = repository / "web" / "known.json"
    run(repository / "web", "--baseline", "known.json", "--update-baseline")
    time.sleep(0.05)
    empty = '{"version": 1, "findings": []}'
    changed(repository / "web", lambda: known.write_text(empty), "--baseline", "known.json")


def test_a_path_that_is_gone(repository: Path) -> None:
    changed(repository, lambda: (repository / "build/x/a.o").unlink(), "build/x/a.o")


def test_a_file_saved_while_we_look(repository: Path) -> None:
    """What is as young as the run may change once more without a trace."""
    path = repository / "CLAUDE.md"
    path.write_text(BROKEN)
    os.utime(path, (1, 1))
    now = run(repository)
    assert now[0] == run(repository, XDG_CACHE_HOME="/proc/none")[0]


def test_a_check_that_is_being_written(repository: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    (packages / "acme-1.dist-info").mkdir(parents=True)
    (packages / "acme-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (packages / "acme-1.dist-info" / "entry_points.txt").write_text("[driven]\nacme = acme_checks\n")
    text = """
from driven.check_kit import Finding, file_check
from driven.hookspecs import hookimpl
@file_check("ACM01", "x", "claude/memory", why="w.", url="https://x", verified="2026-11-21")
def check(document):
    yield Finding(message="first")
@hookimpl
def driven_checks():
    return [check]
"""
    (packages / "acme_checks.py").write_text(text)
    search = os.pathsep.join([str(packages), os.environ.get("PYTHONPATH", "")])
    time.sleep(0.05)

    def told() -> str:
        return run(repository, "--select", "ACM", PYTHONPATH=search, PYTHONDONTWRITEBYTECODE="1")[0]

    assert "first" in told()
    assert told() == told()
    (packages / "acme_checks.py").write_text(text.replace("first", "other"))
    assert "other" in told()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-16"])
def test_the_bytes_are_the_same(repository: Path, encoding: str) -> None:
    (repository / "CLAUDE.md").write_text("Ü [ä](nöne.md) →\n")
    time.sleep(0.05)
    words = [sys.executable, "-m", "driven", "validate"]
    said = [
        subprocess.run(words, cwd=repository, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding})
        for _ in range(2)
    ]
    if encoding != "utf-16":
        assert said[0].stdout == said[1].stdout
    assert said[0].returncode == said[1].returncode == 1


def test_an_answer_that_another_put_there_is_none(repository: Path, home: Path) -> None:
    run(repository)
    (kept,) = [path for path in (home / "cache/driven/validate").iterdir() if path.suffix != ".checks"]
    kept.rename(home / "elsewhere")
    kept.symlink_to(home / "elsewhere")
    assert run(repository)[2] == "long"


def test_streams_that_take_nothing(repository: Path) -> None:
    for _ in range(2):
        closed = subprocess.run(
            [sys.executable, "-m", "driven", "validate"], cwd=repository, stdout=None, stderr=subprocess.PIPE,
            preexec_fn=lambda: os.close(1),
        )  # fmt: skip
        assert (closed.returncode, closed.stderr) == (1, b"")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "driven", "validate"], cwd=repository, stdout=full, stderr=subprocess.PIPE
            )
        assert done.returncode == 2
        assert b"error: the output cannot be written" in done.stderr
