"""The files of a project without git, and with it."""

from __future__ import annotations

from pathlib import Path

from checkout import git

from driven.project.listing import list_both, list_files

FILES = ("a.py", "src/b.py", ".cursor/rules/c.mdc", "web/.github/instructions/d.md", ".hidden/e", ".driven/config.toml")
STATE = (".driven/state/x", "web/.driven/state/y/z")


def test_without_git_folders_with_a_dot_are_walked_where_they_are_named(tmp_path: Path) -> None:
    for path in (*FILES, *STATE, "odd.driven/state/f"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("", encoding="utf-8")
    plain = ["a.py", "odd.driven/state/f", "src/b.py"]
    assert list_files(str(tmp_path)) == plain
    named = [".cursor/rules/c.mdc", ".driven/config.toml", *plain, "web/.github/instructions/d.md"]
    assert list_both(str(tmp_path), {".cursor", ".driven", ".github"}) == (plain, named)
    git(tmp_path, "init", "-q")
    assert sorted(list_files(str(tmp_path))) == sorted([*FILES, *STATE, "odd.driven/state/f"])
