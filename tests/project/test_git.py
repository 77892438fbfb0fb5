"""What git knows of a project, asked of a real git, in repositories that mean no good as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import git

from driven.project.git import committed_files, git_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in a folder of a repository."""
    root = tmp_path / "repository/project"
    (root / "rules/deep").mkdir(parents=True)
    git(root.parent, "init", "-q")
    (root / "rules/one.md").write_bytes(b"One.\n")
    (root / "rules/deep/zw\u00f6lf und mehr.md").write_bytes(b"\0\n\nno final newline")
    (root / "rules/empty.md").write_bytes(b"")
    (root / "rules/link.md").symlink_to("one.md")
    (root.parent / "other.md").write_text("Not of the project.")
    (root / ".gitignore").write_text("*.log")
    git(root, "add", "..")
    git(root, "commit", "-qm", "all")
    return root


def test_committed_files_are_those_of_the_last_commit(root: Path) -> None:
    (root / "rules/one.md").write_bytes(b"Changed.\n")
    (root / "rules/new.md").write_bytes(b"New.\n")
    assert committed_files(str(root), "rules") == {
        "rules/one.md": b"One.\n", "rules/empty.md": b"",
        "rules/deep/zw\u00f6lf und mehr.md": b"\0\n\nno final newline",
    }  # fmt: skip
    assert committed_files(str(root), "nowhere") == {}


def test_files_are_those_that_git_does_not_ignore(root: Path) -> None:
    (root / "x.log").touch()
    (root / "new.md").touch()
    found = git_files(str(root))
    assert found is not None and "new.md" in found and "rules/one.md" in found and "x.log" not in found


def test_without_a_commit_or_a_repository_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert committed_files(str(tmp_path), "rules") == {} and git_files(str(tmp_path)) is None
    git(tmp_path, "init", "-q")
    assert committed_files(str(tmp_path), "rules") == {} and git_files(str(tmp_path)) == []
    monkeypatch.setenv("PATH", str(tmp_path))
    assert committed_files(str(tmp_path), "rules") == {} and git_files(str(tmp_path)) is None


def test_a_repository_runs_no_program_of_its_own(root: Path) -> None:
    program = root / "program"
    program.write_text(f"#!/bin/sh\ntouch {root}/ran\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "filter.x.smudge"):
        git(root, "config", key, str(program))
    (root / ".gitattributes").write_text("* filter=x diff=x\n")
    assert committed_files(str(root), "rules") and git_files(str(root))
    assert not (root / "ran").exists()
