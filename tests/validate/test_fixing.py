"""Repairs: planned to a fixed point, written as one plan, never at the cost of another file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from driven.check_kit import Document, Edit, Finding, FunctionCheck, Repair, file_check
from driven.errors import DiskError
from driven.project.config import Config
from driven.registry import Registry
from driven.validation import fixing
from driven.validation.engine import Choice
from driven.validation.fixing import fix, plan_fixes
from driven.validation.validate import Loaded

BAD = '---\ndescription: style\nalwaysApply: "true"\n---\nUse tabs.\n'
ONE = Choice(select=("CUR06",))


def word_check(code: str, old: str, new: str, *, safe: bool = True, rename: str = "") -> FunctionCheck:
    """Finds each `old` in CLAUDE.md and proposes `new`."""

    @file_check(code, "a word", "claude/memory", why="w.", url="https://x", verified="2026-11-21", fix="safe")
    def check(document: Document) -> Iterator[Finding]:
        at = document.text.find(old)
        while at >= 0:
            edits = (Edit(start=at, end=at + len(old), text=new),)
            repair = Repair(title="write the other", edits=edits, safe=safe, rename=rename)
            yield Finding(message=f"the word {old} at {code}", start=at, end=at + len(old), repair=repair)
            at = document.text.find(old, at + len(old))

    return check


def loaded(*checks: FunctionCheck) -> Loaded:
    registry = Registry()
    registry.checks.update((check.about.code, check) for check in checks)
    return Loaded(config=Config(), plugins=registry, diagnostics=[])


def planned(root: Path, text: str, *checks: FunctionCheck, unsafe: bool = False) -> dict[str, str]:
    (root / "CLAUDE.md").write_text(text)
    plan = plan_fixes(str(root), loaded(*checks), Choice(), unsafe=unsafe).plan
    return {change.path: (change.after or b"").decode() for change in plan.writes}


def test_a_folder_without_a_project_stays_one(tmp_path: Path) -> None:
    path = tmp_path / ".cursor" / "rules" / "a.mdc"
    path.parent.mkdir(parents=True)
    path.write_text(BAD)
    path.chmod(0o640)
    fixed = fix(str(tmp_path), ONE)
    assert path.read_text() == BAD.replace('"true"', "true")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.rglob("*")) == [".cursor", "a.mdc", "rules"]
    assert [told.code for told in fixed.repaired] == ["CUR06"]
    assert fixed.report.diagnostics == ()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".cursor" / "rules" / "a.mdc"
    path.parent.mkdir(parents=True)
    path.write_text(BAD)
    assert len(fix(str(tmp_path), ONE, dry_run=True).plan.writes) == 1
    assert path.read_text() == BAD


def test_in_a_project_undo_takes_it_back(tmp_path: Path) -> None:
    from driven.history import undo

    (tmp_path / ".driven" / "rules").mkdir(parents=True)
    (tmp_path / ".driven" / "config.toml").write_text("[editors]\nclaude = true\n")
    path = tmp_path / ".cursor" / "rules" / "a.mdc"
    path.parent.mkdir(parents=True)
    path.write_text(BAD)
    fixed = fix(str(tmp_path), ONE)
    assert fixed.kept
    assert '"' not in path.read_text()
    undo(str(tmp_path))
    assert path.read_text() == BAD


def test_repairs_that_make_new_ones_go_on_to_the_end(tmp_path: Path) -> None:
    chain = [word_check("AAA01", "one", "two"), word_check("AAA02", "two", "three")]
    assert planned(tmp_path, "one two one\n", *chain) == {"CLAUDE.md": "three three three\n"}


def test_repairs_that_undo_each_other_end(tmp_path: Path) -> None:
    circle = [word_check("AAA01", "one", "two"), word_check("AAA02", "two", "one")]
    after = planned(tmp_path, "one\n", *circle)
    assert after in ({}, {"CLAUDE.md": "two\n"})


def test_repairs_that_touch_are_made_one_after_the_other(tmp_path: Path) -> None:
    checks = [word_check("AAA01", "ab", "x"), word_check("AAA02", "b c", "y")]
    assert planned(tmp_path, "ab c\n", *checks) == {"CLAUDE.md": "x c\n"}


def test_a_repair_that_brings_an_error_is_left_out(tmp_path: Path) -> None:
    @file_check("AAA03", "a wall", "claude/memory", why="w.", url="https://x", verified="2026-11-21")
    def wall(document: Document) -> Iterator[Finding]:
        if "bad" in document.text:
            yield Finding(message="it is bad")

    (tmp_path / "CLAUDE.md").write_text("one two\n")
    checks = loaded(word_check("AAA01", "one", "bad"), word_check("AAA02", "two", "good"), wall)
    fixed = plan_fixes(str(tmp_path), checks, Choice(), unsafe=False)
    assert fixed.left_out == ("AAA01",)
    assert [change.after for change in fixed.plan.writes] == [b"one good\n"]


def test_unsafe_ones_only_on_request(tmp_path: Path) -> None:
    check = word_check("AAA01", "one", "two", safe=False)
    assert planned(tmp_path, "one\n", check) == {}
    assert planned(tmp_path, "one\n", check, unsafe=True) == {"CLAUDE.md": "two\n"}


def test_a_rename_never_writes_over_a_file(tmp_path: Path) -> None:
    check = word_check("AAA01", "one", "two", safe=False, rename="docs/CLAUDE.md")
    assert planned(tmp_path, "one\n", check, unsafe=True) == {"CLAUDE.md": "", "docs/CLAUDE.md": "two\n"}
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "CLAUDE.md").write_text("another\n")
    assert planned(tmp_path, "one\n", check, unsafe=True) == {}  # nor is half of the repair made


@pytest.mark.parametrize("target", ["../CLAUDE.md", "/tmp/CLAUDE.md", ".git/hooks/CLAUDE.md", "a/../../b.md"])
def test_a_rename_out_of_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    root = tmp_path / "inner"
    root.mkdir()
    assert planned(root, "one\n", word_check("AAA01", "one", "two", safe=False, rename=target), unsafe=True) == {}


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("one\n")
    os.symlink("real.md", tmp_path / "CLAUDE.md")
    plan = plan_fixes(str(tmp_path), loaded(word_check("AAA01", "one", "two")), Choice(), unsafe=False).plan
    assert plan.writes == ()


def test_a_file_that_changed_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".cursor" / "rules" / "a.mdc"
    path.parent.mkdir(parents=True)
    path.write_text(BAD)
    made = fixing.plan_fixes

    def late(*args, **kwargs):
        fixed = made(*args, **kwargs)
        path.write_text("saved just now\n")
        return fixed

    monkeypatch.setattr(fixing, "plan_fixes", late)
    with pytest.raises(DiskError, match="was changed meanwhile"):
        fix(str(tmp_path), ONE)
    assert path.read_text() == "saved just now\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path, end: str, mark: str) -> None:
    path = tmp_path / ".cursor" / "rules" / "a.mdc"
    path.parent.mkdir(parents=True)
    text = mark + BAD.replace("style", "é𝄞").replace("\n", end)
    path.write_bytes(text.encode())
    fix(str(tmp_path), ONE)
    assert path.read_bytes().decode() == text.replace('"true"', "true")


def test_what_is_no_utf8_is_not_repaired(tmp_path: Path) -> None:
    path = tmp_path / ".cursor" / "rules" / "a.mdc"
    path.parent.mkdir(parents=True)
    path.write_bytes(BAD.encode() + b"\xff\n")
    assert fix(str(tmp_path), ONE).plan.writes == ()
