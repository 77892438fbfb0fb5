"""Workflow commands: GitHub's escapes, its limits, and nothing of a rule that could be a command itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reports import NASTY, report, span, told

from driven.cli.format_github import MOST, render, to_github
from driven.cli.text import safe
from driven.span import Span

COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:]*,)*\w+=[^,:]*)::(.*)")
ESCAPE = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner reads it."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    properties = dict(one.split("=", 1) for one in found[2].split(","))
    return found[1], {name: unescaped(value) for name, value in properties.items()}, unescaped(found[3])


def unescaped(text: str) -> str:
    return re.sub("%(?:25|0D|0A|3A|2C)", lambda match: ESCAPE[match[0]], text)


def test_a_finding_is_one_command() -> None:
    line, total = to_github([told()], "web/").splitlines()
    assert parsed(line) == (
        "error",
        {"file": "web/.cursor/rules/a.mdc", "line": "2", "endLine": "2", "col": "8", "endColumn": "20",
         "title": "driven CUR06"},
        "it is `wrong`\nwrite it right",
    )  # fmt: skip
    assert total == "1 error"


def test_columns_only_of_one_line() -> None:
    point = to_github([told(span=Span(path="a", line=3, column=4))], "").splitlines()[0]
    assert parsed(point)[1] == {"file": "a", "line": "3", "col": "4", "title": "driven CUR06"}
    lines = to_github([told(span=Span(path="a", line=3, column=4, end_line=5, end_column=1))], "").splitlines()[0]
    assert parsed(lines)[1] == {"file": "a", "line": "3", "endLine": "5", "title": "driven CUR06"}


def test_a_finding_without_a_file_names_none() -> None:
    line = to_github([told("PLG01", "warning", span=Span(path="acme:plugin"))], "web/").splitlines()[0]
    assert parsed(line)[:2] == ("warning", {"title": "driven PLG01"})


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_hostile_text_stays_text(severity: str) -> None:
    many = [told(severity=severity, message=NASTY, hint=NASTY, span=span(f"{NASTY}{i}")) for i in range(MOST + 3)]
    lines = to_github(many, "").split("\n")
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert len(commands) == MOST + 2 and commands[-2].startswith("::group::") and commands[-1] == "::endgroup::"
    assert all("##[" not in line for line in lines if line not in commands)
    for line in commands[:MOST]:
        _, properties, text = parsed(line)
        assert properties["file"] == safe(NASTY) + properties["file"][-1]
        assert text == f"{safe(NASTY)}\n{safe(NASTY)}"
    assert "".join(lines) == safe("".join(lines))


def test_what_github_does_not_show_is_in_the_log() -> None:
    found = [told(severity=s, message=f"{s} {i}") for i in range(MOST + 2) for s in ("error", "warning")]
    lines = to_github(found, "").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("::group::"))
    assert at == 2 * MOST and "4 more findings" in lines[at]
    assert lines[at + 1] == "error CUR06: .cursor/rules/a.mdc:2:8: error 10 (write it right)"
    assert lines[-2:] == ["::endgroup::", "12 errors, 12 warnings"]


def test_nothing_found() -> None:
    assert to_github([], "") == "no findings\n"


def test_notices_are_for_the_verbose() -> None:
    found = report(told(severity="info"))
    assert render(found) == "no findings\n"
    assert render(found, verbose=True).startswith("::notice file=")


def test_paths_are_from_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkout/.git").mkdir(parents=True)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    found = report(told(span=span("a.md")), root=str(tmp_path / "checkout"))
    assert "file=a.md," in render(found)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert "file=checkout/a.md," in render(found)


def test_the_command(empty: Path, drive: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    (empty / ".cursor/rules").mkdir(parents=True)
    (empty / ".cursor/rules/a.mdc").write_text('---\nalwaysApply: "true"\n---\nUse tabs.\n', encoding="utf-8")
    ran = drive("validate", "--format", "github", "--select", "CUR06")
    assert ran.code == 1 and ran.err == ""
    assert parsed(ran.out.splitlines()[0])[1]["file"] == ".cursor/rules/a.mdc"
