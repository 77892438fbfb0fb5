"""Codes of our own whose findings no text tree can show: made on the disk instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driven.format.text import MAX_RULE_BYTES
from driven.validation.engine import Choice
from driven.validation.fixing import fix
from driven.validation.own_codes import OWN_CODES
from driven.validation.validate import validate

# Codes that have no folder in tests/cases/validate, and why; each has its bad, good and near here.
WITHOUT_CASES = {
    "RUL22": "a rule of more than 1 MiB: the case would be a megabyte of text",
    "RUL25": "links, pipes and modes: a text tree holds plain files",
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """`.driven/rules` of a project for Cursor, with one good rule."""
    folder = tmp_path / "project" / ".driven" / "rules"
    folder.mkdir(parents=True)
    (folder.parent / "config.toml").write_text("version = 1\n\n[editors]\ncursor = true\n")
    (folder / "style.md").write_text("Use tabs.\n")
    return folder


def told(rules: Path, code: str) -> list[str]:
    """The findings of a code; none of them can be repaired, so `--fix` must write nothing."""
    root = str(rules.parent.parent)
    found = [d for d in validate(root, Choice()).diagnostics if d.code == code]
    assert all(d.fix is None and d.hint for d in found)
    assert fix(root, Choice(select=(code,)), unsafe=True).plan.writes == ()
    return [f"{d.span}: {d.message}" for d in found]


@pytest.mark.parametrize("code", sorted(WITHOUT_CASES))
def test_the_exceptions_are_codes_without_a_repair(code: str) -> None:
    assert OWN_CODES[code].fix == ""


def test_rul22_a_rule_that_is_too_large(rules: Path) -> None:
    path = rules / "log.md"
    path.write_bytes(b"Log once.\n" * (MAX_RULE_BYTES // 10 + 1))
    size = path.stat().st_size
    where = ".driven/rules/log.md:1:1"
    assert told(rules, "RUL22") == [f"{where}: the file has {size:,} bytes; a rule has at most {MAX_RULE_BYTES:,}"]
    path.write_bytes(b"Log once.\n")
    assert told(rules, "RUL22") == []


def test_rul22_near_a_rule_of_just_that_size(rules: Path) -> None:
    (rules / "log.md").write_bytes(b"Log once." + b"\n" * (MAX_RULE_BYTES - 9))
    (rules / "log.txt").write_bytes(b"x" * (MAX_RULE_BYTES + 1))
    assert told(rules, "RUL22") == []


def test_rul25_links_that_lead_nowhere_or_out_of_the_project(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "style.md").write_text("Use spaces.\n")
    (rules / "gone.md").symlink_to("nowhere.md")
    (rules / "out.md").symlink_to(tmp_path / "other" / "style.md")
    (rules / "folder").symlink_to(tmp_path / "other")
    assert told(rules, "RUL25") == [
        ".driven/rules/folder:1:1: it is a link out of the project",
        ".driven/rules/gone.md:1:1: it is a link that leads nowhere: no such file or directory",
        ".driven/rules/out.md:1:1: it is a link out of the project",
    ]
    for name in ("folder", "gone.md", "out.md"):
        (rules / name).unlink()
    assert told(rules, "RUL25") == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_rul25_a_pipe_is_not_waited_for(rules: Path) -> None:
    os.mkfifo(rules / "pipe.md")
    assert told(rules, "RUL25") == [".driven/rules/pipe.md:1:1: it is not a file"]


if os.geteuid():  # nothing is closed to root

    def test_rul25_a_file_that_is_not_ours_to_read(rules: Path) -> None:
        (rules / "secret.md").write_text("Use tabs.\n")
        (rules / "secret.md").chmod(0)
        assert told(rules, "RUL25") == [".driven/rules/secret.md:1:1: cannot be read: permission denied"]


def test_rul25_near_a_link_inside_and_files_that_are_no_rules(rules: Path) -> None:
    (rules.parent / "shared").mkdir()
    (rules.parent / "shared" / "errors.md").write_text("Log once.\n")
    (rules / "errors.md").symlink_to("../shared/errors.md")
    (rules / "more").symlink_to("../shared")
    (rules / ".gone.md").symlink_to("nowhere.md")
    (rules / "folder.md").mkdir()
    assert told(rules, "RUL25") == []


def test_txt02_a_rule_file_of_an_editor_that_leads_out(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("Use spaces.\n")
    memory = rules.parent.parent / "CLAUDE.md"
    memory.symlink_to(tmp_path / "CLAUDE.md")
    assert told(rules, "TXT02") == ["CLAUDE.md:1:1: `CLAUDE.md` is a link that leads out of the project"]
    memory.unlink()
    (rules.parent.parent / "AGENTS.md").write_text("Use tabs.\n")
    memory.symlink_to("AGENTS.md")
    assert told(rules, "TXT02") == []
