"""What a terminal shows: colour only when wanted, no line too wide, ASCII where nothing else goes, nothing raw."""

from __future__ import annotations

import io
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.cli.app import main
from driven.cli.render import Output, wants_color
from driven.cli.render_findings import show_error, show_finding, source_line
from driven.cli.render_plan import show_sync
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Conflict, Create, Delete, Keep, Plan, Replace, SyncReport
from driven.span import Span

ROOT = Path(__file__).parents[2]
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Put a terminal of a width and an encoding where stdout is."""

    def make(columns: int = 80, encoding: str = "utf-8") -> Terminal:
        made = Terminal(encoding)
        monkeypatch.setattr(sys, "stdout", made)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm-256color")
        return made

    return make


@pytest.mark.parametrize("words", ["--help", "key trust --help", "attest delegate --help"])
def test_nothing_is_cut_or_broken_inside_a_word(words: str, terminal: Callable[..., Terminal]) -> None:
    wide = terminal(1000)
    main(words.split())
    screen = terminal(80)
    main(words.split())
    seen = ANSI.sub("", screen.text)
    assert ANSI.sub("", wide.text).split() == seen.split()
    assert max(map(len, seen.splitlines())) <= 80


def test_a_fingerprint_is_whole_on_any_terminal(
    terminal: Callable[..., Terminal],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["key", "generate", "somebody.with.a.long.name@example.org", "--no-passphrase"]) == 0
    made = capsys.readouterr().out.split()
    screen = terminal(80)
    assert main(["key", "list"]) == 0
    seen = ANSI.sub("", screen.text)
    assert "somebody.with.a.long.name@example.org  " + made[2] in seen
    assert "no passphrase  not trusted" in seen and "…" not in seen


@pytest.mark.parametrize(
    ("when", "env", "tty", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_color(when: str, env: dict[str, str], tty: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert wants_color(Terminal() if tty else io.StringIO(), when) is wanted


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("words", ["explain src/api/orders.ts", "explain a.md -e cursor", "status", "plugin list"])
def test_no_line_is_wider_than_the_terminal(
    words: str, columns: int, project: Path, terminal: Callable[..., Terminal]
) -> None:  # fmt: skip
    screen = terminal(columns)
    assert main(words.split()) == 0
    lines = ANSI.sub("", screen.text).splitlines()
    wide = [line for line in lines[1:] if len(line) > columns]  # the first line is a path, and may be as long as it is
    assert wide == []
    assert "\x1b[" in screen.text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_long_names_take_nothing_from_the_figures(
    columns: int, project: Path, terminal: Callable[..., Terminal]
) -> None:  # fmt: skip
    for i in range(40):
        name = f"a-rule-with-a-name-that-is-far-too-long-for-any-column-and-goes-on-{i:02}"
        (project / f".driven/rules/{name}.md").write_text("# " + "A long title " * 9 + "\n" + "x" * 900 + "\n")
    for words in (["explain", "a.ts", "--editor", "cursor"], ["explain", "a.ts"], ["status", "--all"]):
        screen = terminal(columns)
        assert main([*words, "--color", "never"]) == 0
        rows = [line for line in screen.text.splitlines() if "●" in line and "a-r" in line]
        assert len(rows) >= 40
        assert all("1,0" in row and len(row) <= columns for row in rows), rows[0]


def test_explain_on_a_terminal_draws_panels(project: Path, terminal: Callable[..., Terminal]) -> None:
    screen = terminal(100)
    assert main(["explain", "src/api/orders.ts", "--color", "never"]) == 0
    text = screen.text
    assert "\x1b" not in text
    assert text.count("╭─") == text.count("╰─") == 3
    assert "─ Cursor  2 of 5 rules loaded ─" in text and "118 characters · ~30 tokens ─╯" in text
    assert "release  × dropped: " in text, "a dropped rule is said even where the others are collapsed"


def test_a_terminal_without_unicode_gets_ascii(project: Path, terminal: Callable[..., Terminal]) -> None:
    screen = terminal(100, "ascii")
    assert main(["explain", "src/api/orders.ts", "--color", "never"]) == 0
    assert screen.text.isascii() and "+-" in screen.text
    screen = terminal(100, "ascii")
    assert main(["status"]) == 0 and screen.text.isascii()


def test_hostile_names_and_texts_are_shown_escaped(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    evil = "\x1b]0;owned\x07\u202egpj"
    (project / ".driven/rules/evil.md").write_text(f'---\napply: model\ndescription: "a{evil[-4:]}"\n---\n\n{evil}\n')
    for words in (["sync", "--dry-run"], ["status"], ["explain", evil], ["validate"], ["sync"], ["show", evil]):
        main(words)
        captured = capsys.readouterr()
        for text in (captured.out, captured.err):
            assert not set(text) & {"\x1b", "\x07", "\u202e"}, words


def test_a_finding_points_at_wide_and_tabbed_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text("first\n\t漢字 bad\x1b word\n" + "x" * 500 + "HERE" + "y" * 500 + "\n")
    out = Output()
    span = Span(path="a.md", line=2, column=5, end_line=2, end_column=8)
    show_finding(out, Diagnostic(code="X1", severity="warning", message="no", span=span, hint="yes"), str(tmp_path))
    assert capsys.readouterr().out == (
        "a.md:2:5: warning X1: no\n    2 |     漢字 bad\\e word\n      |          ^^^\n  hint: yes\n"
    )
    show_error(out, "long", span=Span(path="a.md", line=3, column=501, end_line=3, end_column=505), root=str(tmp_path))
    shown = capsys.readouterr().err.splitlines()
    assert shown[0] == "error: a.md:3:501: long" and len(shown[1]) < 130
    assert shown[1].index("HERE") == shown[2].index("^^^^")


def test_source_lines_come_only_from_plain_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert [source_line(str(tmp_path / "a"), n) for n in (0, 1, 2, 3)] == [None, "one", "two", None]
    assert source_line(str(tmp_path), 1) is None
    assert source_line("/dev/zero", 1) is None
    assert source_line("a\0b", 1) is None


def test_a_plan_of_every_kind(capsys: pytest.CaptureFixture[str], expect: Callable[[str, str], None]) -> None:
    plan = Plan(
        changes=(
            Create(path="new.mdc", after=b"a\n"),
            Create(path="shared.md", before=b"mine\n", after=b"mine\nours\n"),
            Replace(path="CLAUDE.md", before=b"x\ny\n", after=b"x\nz\n", forced=True),
            Delete(path="old.md", before=b"old\n"),
            Keep(path="same.md"),
            Keep(path="held.md", reason="its rule is held back"),
            Conflict(path="c.md", drift="edited", before=b"q\n", after=b"r\n", message="was edited", hint="choose"),
        ),
        kept=3,
    )
    report = SyncReport(plan=plan, rules=2, editors=("a",), applied=True, held=("r",), kept_copies="kept/", seconds=1)
    for verbose in (False, True):
        show_sync(Output(verbose=verbose), report, "/", diff=False, check=False)
        captured = capsys.readouterr()
        expect(f"plan-{'verbose' if verbose else 'short'}", f"{captured.out}--- stderr\n{captured.err}")
    show_sync(Output(), report, "/", diff=True, check=False)
    expect("plan-diff", capsys.readouterr().out)


def converse(words: list[str], cwd: Path, answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run `driven WORDS` on a real terminal; type each answer once its question is on the screen."""
    import pty

    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    parent, child = pty.openpty()
    env = {**os.environ, "PYTHONPATH": path, "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "driven", *words], stdin=child, stdout=child, stderr=child, cwd=cwd, env=env
    )  # fmt: skip
    os.close(child)
    screen, end = "", time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([parent], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            data = os.read(parent, 65536)
        except OSError:  # Linux: the other side has closed
            break
        if not data:
            break
        screen += data.decode()
        if answers and answers[0][0] in screen:
            os.write(parent, answers.pop(0)[1].encode() + b"\n")
    os.close(parent)
    assert answers == [], screen
    return process.wait(timeout=10), screen


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_init_asks_on_a_terminal(empty: Path) -> None:
    (empty / ".cursor/rules").mkdir(parents=True)
    (empty / ".cursor/rules/a.mdc").write_text("---\nalwaysApply: true\n---\n\nBe kind.\n")
    answers = [("Write rules for which editors?", "cursor, cluade"), ("did you mean `claude`?", "cursor, claude"),
               ("Import 1 rule file as rules?", "")]  # fmt: skip
    code, screen = converse(["init"], empty, answers)
    assert code == 0, screen
    assert "cursor: 1 rule file" in screen and "ready" in screen
    config = (empty / ".driven/config.toml").read_text()
    assert "cursor" in config and "claude" in config
    assert "Be kind." in (empty / ".driven/rules/a.md").read_text()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_init_takes_no_for_an_answer(empty: Path) -> None:
    (empty / ".cursor/rules").mkdir(parents=True)
    (empty / ".cursor/rules/a.mdc").write_text("---\nalwaysApply: true\n---\n\nBe kind.\n")
    code, screen = converse(["init"], empty, [("which editors?", ""), ("Import 1 rule file", "n")])
    assert code == 0, screen
    assert not (empty / ".driven/rules/a.md").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("answer", "written"), [("y", True), ("", False), ("q", False)])
def test_import_shows_its_plan_and_asks(empty: Path, answer: str, written: bool) -> None:
    for path, text in (
        (".driven/config.toml", "[editors]\ncursor = true\ncline = true\n"),
        (".cursor/rules/a.mdc", "---\nalwaysApply: true\n---\n\nBe kind.\n"),
        (".clinerules/a.md", "Be kind.\n"),
        (".clinerules/b.md", "Be brief.\n"),
    ):
        (empty / path).parent.mkdir(parents=True, exist_ok=True)
        (empty / path).write_text(text)
    code, screen = converse(["import"], empty, [("Write these 2 rules? [y/N]", answer)])
    assert code == 0, screen
    plan, _, after = screen.partition("Write these 2 rules?")
    for word in (
        "Rule",
        "Holds",
        "For",
        "From",
        ".clinerules/a.md and 1 more",
        "all",
        "cline",
        "Fidelity",
        "unsupported",
    ):
        assert word in plan, screen
    assert (empty / ".driven/rules/a.md").exists() is written
    assert ("2 rules imported" in after, "nothing was written" in after) == (written, not written)
    assert ("delete `targets`" in after) is written


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().progress() as step:
        step("work", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_progress_appears_only_after_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with Output().progress() as step:
        step("reading", 0, 2)
        assert screen.text == ""
        now[0] = 0.6
        step("writing \x1b[2J", 1, 2)
        time.sleep(0.15)
    assert "writing \\e[2J" in ANSI.sub("", screen.text)
