"""`driven snapshot` and `driven undo` on the command line: answers, words and exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driven.cli.render_snapshots import ago, utc

STYLE = ".driven/rules/errors.md"
CURSOR = ".cursor/rules/errors.mdc"


@pytest.fixture
def twice(project: Path, drive: Callable[..., Any]) -> Path:
    """A project that was synced, changed and synced again."""
    assert drive("sync").code == 0
    (project / STYLE).write_text("# Errors name the thing\n\nNever swallow one.\n")
    assert drive("sync").code == 0
    return project


def test_list(twice: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    lines = drive("snapshot", "list").out.splitlines()
    assert lines[0].split() == ["When", "What", "Rules", "Files", "Size"]
    assert re.fullmatch(r"2 +\d+ s ago  sync +1 +3 +[\d.]+ K?B", lines[1])
    data = answer("snapshot list")
    assert [(one["number"], one["what"], one["rules"]) for one in data["snapshots"]] == [(2, "sync", 1), (1, "sync", 5)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", data["snapshots"][0]["time"])


def test_nothing_to_list_or_undo(project: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    assert drive("snapshot", "list").out.startswith("there is no snapshot")
    assert answer("snapshot list") == {"snapshots": [], "damaged": []}
    for words in (["undo"], ["snapshot", "show", "1"], ["snapshot", "diff", "1"], ["snapshot", "restore", "1"]):
        ran = drive(*words)
        assert ran.code == 2 and "there is no snapshot" in ran.err and "hint:" in ran.err


def test_show(twice: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    ran = drive("snapshot", "show", "2")
    assert "~ .driven/rules/errors.md  +1 -1\n" in ran.out
    assert "~ CONVENTIONS.md  section aider, +1 -1\n" in ran.out
    assert "-An error says" not in ran.out and "  -An error says" in drive("snapshot", "show", "2", "--verbose").out
    first = drive("snapshot", "show", "1")
    assert "+ .cursor/rules/errors.mdc\n" in first.out and "5 more as before: --verbose lists them" in first.out
    data = answer("snapshot show", "2")
    by_path = {change["path"]: change for change in data["changes"]}
    assert by_path[STYLE]["part"] == "source" and by_path[STYLE]["action"] == "changed"
    assert by_path[CURSOR]["editor"] == "cursor" and "+Never swallow one." in by_path[CURSOR]["diff"]


def test_diff_is_a_patch(twice: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    for words in (["1"], ["1", "2"]):
        out = drive("snapshot", "diff", *words).out
        assert out.startswith("diff --git a/.cursor/rules/errors.mdc") and "\n+Never swallow one.\n" in out
    assert "\n-Never swallow one.\n" in drive("snapshot", "diff", "2", "1").out
    assert drive("snapshot", "diff", "2").out == ""
    data = answer("snapshot diff", "1")
    assert (data["first"], data["second"]) == (1, 0) and {change["action"] for change in data["changes"]} == {"replace"}


def test_undo_and_restore(twice: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    ran = drive("undo")
    assert ran.code == 0 and ran.out.endswith(
        "snapshot 2 is undone: 4 files written; what stood there is in snapshot 3\n"
    )
    assert "An error says" in (twice / STYLE).read_text()
    assert drive("sync").out.startswith("up to date")
    data = answer("snapshot restore", "2")
    assert (data["what"], data["number"], data["applied"]) == ("restore 2", 2, True) and data["kept"].endswith(".snap")
    assert "Never swallow" in (twice / STYLE).read_text()
    ran = drive("snapshot", "restore", "2")
    assert ran.code == 0 and ran.out == "nothing to do: it is as after snapshot 2\n"
    assert answer("snapshot restore", "2")["applied"] is False


def test_an_edit_since_is_a_conflict(twice: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    (twice / CURSOR).write_text("Mine.\n")
    ran = drive("undo")
    assert ran.code == 4 and CURSOR in ran.err and "nothing was changed: 1 conflict" in ran.err and ran.out == ""
    assert answer("undo", code=4)["applied"] is False
    assert (twice / CURSOR).read_text() == "Mine.\n"
    ran = drive("undo", "--force")
    assert ran.code == 0 and "forced" in ran.out and "An error says" in (twice / CURSOR).read_text()


def test_a_number_that_is_none(twice: Path, drive: Callable[..., Any]) -> None:
    assert drive("snapshot", "restore", "x").code == 2
    ran = drive("snapshot", "restore", "99")
    assert ran.code == 2 and "there is no snapshot 99" in ran.err and "these can be restored: 2, 1" in ran.err


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (7300, "2 h ago"), (86_400, "1 day ago"),
     (3 * 86_400, "3 days ago"), (40 * 86_400, "2026-10-13"), (-100, "2026-11-22")],
)  # fmt: skip
def test_ago(seconds: int, words: str) -> None:
    now = 1_795_305_600  # 2026-11-22 00:00:00 UTC
    assert ago(now - seconds, now) == words


def test_a_time_that_no_calendar_has() -> None:
    assert utc(2**62).endswith(" s") and utc(0) == "1970-01-01 00:00:00 UTC"
