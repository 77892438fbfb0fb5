"""`driven validate` as a person meets it: findings, counts, repairs, words that mean nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from driven.cli.render import Output
from driven.cli.render_validate import MOST_ALIKE, show_report
from driven.model.diagnostic import Diagnostic
from driven.model.report import ValidateReport
from driven.span import Span

BAD = '---\ndescription: style\nalwaysApply: "true"\n---\nUse tabs.\n'


@pytest.fixture
def by_hand(empty: Path) -> Path:
    """A folder of a person's own rule files, without a `.driven/`."""
    rules = empty / ".cursor" / "rules"
    rules.mkdir(parents=True)
    (rules / "style.mdc").write_text(BAD)
    (rules / "old.md").write_text(BAD.replace('"true"', "true").replace("style", "old"))
    return empty


def test_in_any_folder(by_hand: Path, drive: Any) -> None:
    ran = drive("validate", "--select", "CUR01,CUR06")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[-3:] == [
        "2 errors (2 files)",
        "1 can be repaired with `driven validate --fix`; --diff shows how",
        "1 more can be repaired with `driven validate --unsafe-fixes`: the file may mean something else then, so look"
        " at `--unsafe-fixes --diff` first",
    ]
    assert not (by_hand / ".driven").exists()


def test_a_folder_without_rules_is_said(empty: Path, drive: Any) -> None:
    ran = drive("validate")
    assert (ran.code, ran.out) == (0, "no findings (no rule files of any editor are here)\n")


def test_repairs(by_hand: Path, drive: Any, answer: Any) -> None:
    ran = drive("validate", "--select", "CUR01,CUR06", "--diff")
    assert ran.code == 1
    assert '-alwaysApply: "true"\n+alwaysApply: true\n' in ran.out
    assert "1 finding would be repaired (CUR06)" in ran.err
    assert (by_hand / ".cursor/rules/style.mdc").read_text() == BAD
    data = answer("validate", "--select", "CUR01,CUR06", "--fix", code=1)
    assert [d["code"] for d in data["repaired"]] == ["CUR06"]
    assert [(c["action"], c["path"]) for c in data["changes"]] == [("replace", ".cursor/rules/style.mdc")]
    assert data["written"] is True
    ran = drive("validate", "--select", "CUR01,CUR06", "--unsafe-fixes")
    assert ran.code == 0
    assert ran.out.splitlines()[:3] == [
        "- .cursor/rules/old.md", "+ .cursor/rules/old.mdc", "1 finding repaired (CUR01)",
    ]  # fmt: skip
    assert drive("validate", "--select", "CUR01,CUR06", "--fix").out.startswith("nothing to repair\n")


def test_strict_and_quiet(by_hand: Path, drive: Any) -> None:
    (by_hand / ".cursor/rules/style.mdc").write_text(BAD.replace('"true"', '"false"'))
    words = ("validate", "--select", "CUR06")
    assert drive(*words).code == 0
    assert drive(*words, "--strict").code == 1
    (by_hand / "pyproject.toml").write_text("[tool.driven.validate]\nstrict = true\n")
    assert drive(*words).code == 1
    assert "file" not in drive(*words, "--quiet").out.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--json", "--format", "sarif"), "ask for two things"),
        (("--update-baseline", "--fix", "--baseline", "x"), "cannot be used with --fix"),
        (("--update-baseline",), "needs a file"),
        (("--baseline", "nowhere.json"), "there is no baseline"),
        (("--select", "cursor"), "is no code"),
        (("nowhere",), "there is no `nowhere`"),
        ((".."), "is outside of"),
        (("--format", "xml"), "xml"),
    ],
)
def test_words_that_mean_nothing(by_hand: Path, drive: Any, words: Any, message: str) -> None:
    ran = drive("validate", *([words] if isinstance(words, str) else words))
    assert ran.code == 2
    said = ran.err if "--json" not in words else json.loads(ran.out)["error"]["message"]
    assert message in said


def test_a_baseline(by_hand: Path, drive: Any) -> None:
    words = ("validate", "--select", "CUR", "--baseline", "known.json")
    ran = drive(*words, "--update-baseline")
    assert ran.code == 0
    assert ran.out.endswith("kept in known.json: from now on only new ones are told\n")
    assert drive(*words).code == 0
    (by_hand / ".cursor/rules/new.md").write_text(BAD)
    assert "new.md" in drive(*words).out


def report(*severities: str, code: str = "CUR04") -> ValidateReport:
    found = tuple(
        Diagnostic(code=code, severity=severity, message=f"number {n}", span=Span(path="", line=n))  # type: ignore[arg-type]
        for n, severity in enumerate(severities, 1)
    )
    return ValidateReport(root="/", rules=0, files=3, emitted=0, diagnostics=found)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What is printed for a report, on a terminal or not."""

    def show(found: ValidateReport, *, terminal: bool = False, verbose: bool = False) -> str:
        stream = StringIO()
        monkeypatch.setattr("sys.stdout", stream)
        out = Output(color="never", verbose=verbose)
        out.terminal = terminal
        show_report(out, found, ("error",), lambda code: f"what {code} is about")
        return stream.getvalue()

    return show


def test_one_mistake_a_hundred_times(screen: Callable[..., str]) -> None:
    many = report(*["warning"] * (MOST_ALIKE + 30))
    assert screen(many).count("number") == MOST_ALIKE
    assert "and 30 more of CUR04; --verbose shows them all" in screen(many)
    assert screen(many, verbose=True).count("number") == MOST_ALIKE + 30
    assert screen(report(*["error"] * 50)).count("number") == 50


def test_a_table_on_a_terminal(screen: Callable[..., str]) -> None:
    found = report(*["error"] * 9, "info")
    assert "what CUR04 is about" not in screen(found)
    shown = screen(found, terminal=True)
    assert "CUR04  error       9  what CUR04 is about" in shown
    assert "CUR04  notice      1  what CUR04 is about" in shown
    assert "what" not in screen(report("error"), terminal=True)


def test_notices_are_counted_and_said_where(screen: Callable[..., str]) -> None:
    assert screen(report("info")) == "1 notice (3 files; --verbose shows the notices)\n"
    assert "number 1" in screen(report("info"), verbose=True)


def test_a_secret_is_not_repeated(by_hand: Path, drive: Any) -> None:
    secret = "gh" + "p_8aspm4G7VmSUfOoD6V1vrORcmn0iSH2JWh3d"
    (by_hand / "CLAUDE.md").write_text(f"Use {secret} to push.\n")
    for words in ([], ["--json"], ["--format", "sarif"], ["--format", "github"], ["--format", "junit"]):
        ran = drive("validate", "--select", "SEC", *words)
        assert "SEC01" in ran.out
        assert secret not in ran.out
        assert secret[8:] not in ran.out
    (by_hand / "CLAUDE.md").write_text(f"See [x](docs/none.md), use {secret} to push, or {secret} to pull.\n")
    (by_hand / "main.py").write_text("")
    ran = drive("validate", "--select", "SEC,GEN08", "--verbose")
    assert "GEN08" in ran.out
    assert secret[8:] not in ran.out
