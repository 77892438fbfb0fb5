"""What a person sees of an overlap: both sides, their places and lines, on a terminal of any width, and as JSON."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from unicodedata import east_asian_width

import pytest

from driven.cli import data
from driven.cli.render import Output
from driven.cli.render_plan import show_conflicts
from driven.grammar.results import CHANGE
from driven.model.plan import Conflict, Overlap, Plan
from tests.cli.conftest import Drive, faults

ANSI = re.compile(r"\x1b\[[0-9;]*m")
OVERLAP = Overlap(
    field="body",
    ours="- Never show the text of an exception from a library, the database or the service of a carrier.\n- Log it.\n",
    theirs="- Never show an exception.\n",
    base="- Never show the text of an exception.\n",
    line=9,
    their_line=107,
    source=".driven/rules/errors.md",
    file=".cursor/rules/errors.mdc",
)
GONE = Overlap(
    field="paths", ours="src/**\n", theirs="", base="web/**\n", line=3, source=OVERLAP.source, file=OVERLAP.file
)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def conflict(*overlaps: Overlap) -> Plan:
    return Plan(
        changes=(
            Conflict(
                path=".cursor/rules/errors.mdc", drift="edited", before=b"a\n", after=b"b\n", message="both",
                hint="decide", overlaps=overlaps,
            ),
        )
    )  # fmt: skip


@pytest.fixture
def on_screen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a terminal of a width shows of some overlaps."""

    def show(columns: int, *overlaps: Overlap, verbose: bool = False, unicode: bool = True) -> str:
        screen = Screen()
        monkeypatch.setattr(sys, "stdout", Screen())
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setenv("COLUMNS", str(columns))
        out = Output(color="always", verbose=verbose)
        out.unicode = unicode
        show_conflicts(out, conflict(*overlaps))
        assert "\x1b[" in screen.getvalue()
        return ANSI.sub("", screen.getvalue())

    return show


def test_without_a_terminal(capsys: pytest.CaptureFixture[str], expect: Callable[[str, str], None]) -> None:
    show_conflicts(Output(), conflict(OVERLAP, GONE))
    printed = capsys.readouterr()
    assert printed.out == ""
    expect("conflict", printed.err)


def test_side_by_side(on_screen: Callable[..., str], expect: Callable[[str, str], None]) -> None:
    expect("conflict-100", on_screen(100, OVERLAP, GONE))


def test_one_below_the_other(on_screen: Callable[..., str], expect: Callable[[str, str], None]) -> None:
    expect("conflict-60", on_screen(60, OVERLAP))


WIDE = Overlap(
    field="description",
    ours="例外のテキストを決して表示しないでください。" * 4 + "e\u0301" * 200 + "\n\tx\ty\n",
    theirs="word " * 60 + "x" * 300 + "\n",
    base="日本" * 100 + "\n",
    line=2,
    source=".driven/rules/" + "long-" * 40 + ".md",
    file=".cursor/rules/例" + "外" * 60 + ".mdc",
)


@pytest.mark.parametrize("columns", [40, 60, 79, 80, 81, 100, 132, 300])
def test_nothing_is_wider_than_the_terminal_and_nothing_is_lost(columns: int, on_screen: Callable[..., str]) -> None:
    shown = on_screen(columns, WIDE)
    lines = shown.splitlines()[1:]  # the first one names the file and the reason
    sides = [line for line in lines if not line.startswith(("  < ", "  > "))]  # so does a place above a side
    width = max(sum(0 if c == "\u0301" else 2 if east_asian_width(c) in "WF" else 1 for c in line) for line in sides)
    assert width <= columns
    assert shown.count("例外のテキスト") + shown.count("e\u0301") >= 200
    assert shown.count("word") == 60 and shown.count("x") >= 300


def test_a_terminal_without_unicode(on_screen: Callable[..., str]) -> None:
    assert on_screen(100, OVERLAP, unicode=False).isascii()


def test_a_long_side_is_cut_and_says_so(on_screen: Callable[..., str]) -> None:
    long = Overlap(field="body", ours="".join(f"line {n}\n" for n in range(30)), theirs="", base="", line=1)
    for columns in (60, 100):
        assert "line 11\n" in on_screen(columns, long) or "line 11 " in on_screen(columns, long)
        assert "line 12" not in on_screen(columns, long) and "… 18 more lines" in on_screen(columns, long)
        assert "line 29" in on_screen(columns, long, verbose=True)
    assert "3 more places: --verbose" in on_screen(100, *[OVERLAP] * 8)


def test_hostile_text_is_shown_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]0;owned\x07\u202egpj\r\x00\ud800\n"
    bad = Overlap(field="key `\x1b[2J`", ours=evil, theirs=evil * 3, base=evil, line=1, source=evil, file=evil)
    show_conflicts(Output(), conflict(bad))
    printed = capsys.readouterr().err
    assert not set(printed) & set("\x1b\x07\u202e\x00\r")
    assert "\\e]0;owned" in printed


def test_status_shows_no_sides(capsys: pytest.CaptureFixture[str]) -> None:
    show_conflicts(Output(), conflict(OVERLAP), 5)
    assert "Never" not in capsys.readouterr().err


def test_json() -> None:
    (change,) = conflict(OVERLAP, GONE).changes
    value = data.change(change, diff=False)
    assert faults(value, json.loads(CHANGE)) == []
    assert value["overlaps"][0]["theirs"] == {
        "path": ".cursor/rules/errors.mdc", "line": 107, "text": "- Never show an exception.\n"
    }  # fmt: skip
    (plain,) = conflict().changes
    assert "overlaps" not in data.change(plain, diff=False)


def test_a_sync_shows_both_sides(project: Path, drive: Drive, expect: Callable[[str, str], None]) -> None:
    assert drive("sync").code == 0
    rule = project / ".driven/rules/backend/api.md"
    rule.write_text(rule.read_text().replace("- Validate input.", "- Validate all input."))
    file = project / ".cursor/rules/backend-api.mdc"
    file.write_text(file.read_text().replace("- Validate input.", "- Check what comes in."))
    ran = drive("sync")
    assert ran.code == 4
    expect("conflict-sync", ran.err)
    assert "- Check what comes in." in file.read_text()
