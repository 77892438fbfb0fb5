"""A configuration with several mistakes: every command shows them all; `driven validate --fix` repairs what it can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from driven.project.config import CONFIG

BAD = '[editor]\ncurser = true\n[sync]\nmode = "twoway"\nheader = "maybe"\n'
MENDED = '[editors]\ncursor = true\n[sync]\nmode = "two-way"\nheader = "maybe"\n'


@pytest.fixture
def bad(project: Path) -> Path:
    (project / CONFIG).write_text(BAD)
    return project


@pytest.mark.parametrize("words", [("sync",), ("sync", "--check"), ("validate",), ("status",), ("explain", "a.py")])
def test_every_command_shows_all_of_them(bad: Path, drive: Any, words: tuple[str, ...]) -> None:
    ran = drive(*words)
    assert (ran.code, ran.out) == (2, "")
    heads = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert heads == [
        f"error: {CONFIG}:1:2: unknown key `editor`",
        f'error: {CONFIG}:4:8: `mode` is "twoway"',
        f'error: {CONFIG}:5:10: `header` is "maybe"',
    ]
    assert '    4 | mode = "twoway"\n      |        ^^^^^^^^\n' in ran.err
    assert "hint: did you mean `editors`? `driven validate --fix` puts it right\n" in ran.err
    assert (bad / CONFIG).read_text() == BAD


def test_json_has_the_first_and_the_others(bad: Path, drive: Any) -> None:
    ran = drive("sync", "--json")
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["code"], len(error["more"])) == (2, "DRV002", 2)
    assert all(set(one) == {"code", "message", "hint"} for one in error["more"])
    assert error["more"][1]["message"] == f'{CONFIG}:5:10: `header` is "maybe"'


def test_diff_shows_what_fix_would_write(bad: Path, drive: Any) -> None:
    ran = drive("validate", "--diff")
    assert ran.code == 2 and "-[editor]\n-curser = true\n+[editors]\n+cursor = true\n" in ran.out
    assert (bad / CONFIG).read_text() == BAD


def test_fix_repairs_what_is_certain_and_shows_the_rest(bad: Path, drive: Any, answer: Any) -> None:
    data = answer("validate", "--fix", code=2)
    assert (bad / CONFIG).read_text() == MENDED
    assert [one["code"] for one in data["repaired"]] == ["DRV002", "DRV002", "CFG01"]
    assert [one["message"] for one in data["diagnostics"]] == ['`header` is "maybe"']
    assert [(one["action"], one["path"]) for one in data["changes"]] == [("replace", CONFIG)]
    ran = drive("validate", "--fix")  # nothing more can be repaired: the error as anywhere else
    assert (ran.code, ran.out) == (2, "") and "header" in ran.err


def test_fix_goes_on_with_the_rules_when_the_configuration_is_right(bad: Path, drive: Any) -> None:
    (bad / CONFIG).write_text(BAD.replace("maybe", "yes"))
    (bad / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nUse tabs.\n")
    ran = drive("validate", "--fix")
    assert "5 findings repaired (DRV002 ×3, CFG01, RUL06); `driven undo` takes it back" in ran.out
    assert (bad / CONFIG).read_text() == MENDED.replace('"maybe"', "true")
    assert "priority: 3" in (bad / ".driven/rules/bad.md").read_text()
    assert drive("undo").code == 0
    assert "prioritty: 3" in (bad / ".driven/rules/bad.md").read_text()
    assert "cursor = true" in (bad / CONFIG).read_text(), "no snapshot holds the configuration"


def test_codes_that_are_left_out_are_not_repaired(bad: Path, drive: Any) -> None:
    assert drive("validate", "--fix", "--select", "CUR").code == 2
    assert (bad / CONFIG).read_text() == BAD


def test_an_editor_that_is_misspelt_is_repaired_with_the_rest(project: Path, drive: Any) -> None:
    (project / CONFIG).write_text("[editors]\ncurser = true\nclaud = false\n")
    ran = drive("validate", "--fix")
    assert (project / CONFIG).read_text() == "[editors]\ncursor = true\nclaud = false\n"
    assert "CFG01" in ran.out and "1 can be repaired with `driven validate --unsafe-fixes`" in ran.out
    assert drive("validate", "--unsafe-fixes").code == 0
    assert (project / CONFIG).read_text() == "[editors]\ncursor = true\nclaude = false\n"
