"""`driven import` and `driven init` on the command line: the screens, the answers of --json, the exit codes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Drive = Callable[..., Any]
Answer = Callable[..., Any]
Expect = Callable[[str, str], None]

MDC = "---\ndescription: Write tests\nglobs: tests/**/*.py\nalwaysApply: false\n---\n\n# Tests\n\nOne fact each.\n"
FILES = {
    ".driven/config.toml": "[editors]\ncursor = true\ncopilot = true\nclaude = true\ncline = true\n",
    ".cursor/rules/tests.mdc": MDC,
    ".cursor/rules/style.mdc": "---\nalwaysApply: true\ntags: x\n---\n\nShort lines, and names that say what it is.\n",
    ".claude/rules/tests.md": "---\npaths: tests/**/*.py\n---\n# Tests\n\nOne fact each.\n",
    ".clinerules/style.md": "Short lines, and names that say what it is not.\n",
    ".github/copilot-instructions.md": "# Copilot\n\nBe brief.\n",
    "CLAUDE.md": "# Claude\n\nSee @docs/errors.md.\n",
    "docs/errors.md": "# Errors\n\nName the thing.\n",
}


@pytest.fixture
def several(empty: Path) -> Path:
    """A project with the files of four editors."""
    for path, text in FILES.items():
        (empty / path).parent.mkdir(parents=True, exist_ok=True)
        (empty / path).write_text(text)
    return empty


def test_the_screen(several: Path, drive: Drive, expect: Expect) -> None:
    dry = drive("import", "--dry-run")
    expect("import-dry-run", f"{dry.out}--- stderr\n{dry.err}")
    assert dry.code == 0 and not (several / ".driven/rules").exists()
    done = drive("import", "--verbose")
    expect("import", f"{done.out}--- stderr\n{done.err}")
    assert done.code == 0
    assert drive("import").out == "nothing to import, 6 files known from a sync or an import\n"


def test_a_dry_run_is_a_patch(several: Path, drive: Drive) -> None:
    patch = drive("import", "--dry-run").out
    subprocess.run(["git", "init", "-q", "."], check=True)
    subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True)
    applied = {path.name: path.read_bytes() for path in (several / ".driven/rules").rglob("*.md")}
    for path in (several / ".driven/rules").rglob("*.md"):
        path.unlink()
    drive("import")
    assert applied == {path.name: path.read_bytes() for path in (several / ".driven/rules").rglob("*.md")}


def test_json(several: Path, answer: Answer) -> None:
    data = answer("import", "--dry-run")
    assert data["applied"] is False and all("diff" in change for change in data["plan"]["changes"])
    data = answer("import")
    rules = {rule["id"]: rule for rule in data["rules"]}
    assert rules["tests"] == {
        "id": "tests", "activation": "paths", "detail": "tests/**/*.py", "targets": ["claude", "cursor"], "like": "",
        "files": {"claude": ".claude/rules/tests.md", "cursor": ".cursor/rules/tests.mdc"},
    }  # fmt: skip
    assert rules["style-cursor"]["like"] == "style" and rules["style"]["targets"] == ["cline"]
    assert {"rule": "style-cursor", "outcome": "unsupported"}.items() <= next(
        one for one in data["fidelity"]["read"] if one["construct"] == "key `tags`"
    ).items()
    assert {one["editor"] for one in data["fidelity"]["written"]} == {"cursor", "copilot", "claude", "cline"}
    assert data["files"] == {"claude": 3, "cline": 1, "copilot": 1, "cursor": 2}


def test_one_file(several: Path, drive: Drive, answer: Answer) -> None:
    data = answer("import", ".cursor/rules/tests.mdc", "--editor", "cursor")
    assert [rule["id"] for rule in data["rules"]] == ["tests"] and data["rules"][0]["targets"] == []
    assert drive("import", ".cursor/rules/tests.mdc").code == 0
    assert drive("import", "nowhere").code == 2
    assert "it can be" in drive("import", "--editor", "emacs").err


def test_exit_codes(several: Path, drive: Drive) -> None:
    (several / ".driven/rules").mkdir()
    (several / ".driven/rules/tests.md").write_text("Mine.\n")
    ran = drive("import")
    assert ran.code == 4 and "conflict: .driven/rules/tests.md" in ran.err and "hint:" in ran.err
    (several / ".cursor/rules/bad.mdc").write_bytes(b"\xff\xfe")
    ran = drive("import")
    assert ran.code == 2 and "bad.mdc" in ran.err


def test_nothing_here(project: Path, drive: Drive) -> None:
    ran = drive("import")
    assert (ran.code, ran.out, ran.err) == (0, "nothing to import\n", "")


def test_many_rules_are_not_listed(project: Path, drive: Drive) -> None:
    (project / ".cursor/rules").mkdir(parents=True)
    for number in range(80):
        (project / f".cursor/rules/r{number}.mdc").write_text(f"---\nalwaysApply: true\n---\n\nRule {number}.\n")
    ran = drive("import", "--dry-run", "--quiet")
    assert ran.err == "" and ran.out.count("diff --git") == 80
    out = drive("import").out
    assert "+ .driven/rules/  80 rules" in out and "80 rules imported" in out and len(out.splitlines()) < 12


def test_init_of_several_editors(several: Path, drive: Drive, answer: Answer) -> None:
    (several / ".driven/config.toml").unlink()
    data = answer("init", "--yes")
    assert set(data["editors"]) == set(data["found"]) == {"claude", "cline", "copilot", "cursor"}
    assert sum(map(len, data["found"].values())) == sum(len(rule["files"]) for rule in data["imported"]["rules"])
    assert drive("sync").code == 0
    for path, text in FILES.items():
        if not path.startswith(".driven"):
            assert (several / path).read_text() == text
    assert drive("sync", "--check").code == 0


def test_init_says_what_comes_next(several: Path, drive: Drive) -> None:
    (several / ".driven/config.toml").unlink()
    out = drive("init").out
    assert "rules are for some editors only" in out and "ready: writes for " in out


def on_terminal(columns: int, answers: list[str], *words: str) -> str:
    """What a person sees who runs `driven` with `words` on a terminal, and gives these answers."""
    screen, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "driven", "--color", "never", *words]
    seen = ""
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        with contextlib.suppress(OSError):  # Linux: EIO once the other side is closed
            while chunk := os.read(screen, 65_536).decode(errors="replace"):
                seen += chunk
                if seen.endswith("] ") and answers:
                    os.write(screen, answers.pop(0).encode() + b"\n")
        os.close(screen)
    assert running.returncode == 0, seen
    return seen.replace("\r\n", "\n")


@pytest.fixture
def at_terminal(several: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`on_terminal` in a project with files of long names."""
    root = Path(__file__).parents[2]
    if (root / "driven").is_dir() and os.environ.get("DRIVEN_EXPECT") != "compiled":
        monkeypatch.setenv("PYTHONPATH", f"{root}{os.pathsep}{root / 'plugins'}")
    monkeypatch.setenv("TERM", "xterm")
    folder = several / ".github/instructions/frontend-of-the-web-client"
    folder.mkdir(parents=True)
    (folder / "accessibility-of-forms.instructions.md").write_text('---\napplyTo: "web/**"\n---\n\nLabels.\n')
    return on_terminal


@pytest.mark.parametrize("columns", [80, 110, 160])
def test_a_path_is_not_broken_inside_a_name(columns: int, at_terminal: Callable[..., str]) -> None:
    seen = at_terminal(columns, ["n"], "import")
    table = seen[: seen.index(".cursor/rules/style.mdc:3")]  # the first finding
    names = (".github/copilot-instructions.md", "accessibility-of-forms.instructions.md", ".clinerules/style.md")
    assert all(name in table for name in names), table
    assert all(len(line) <= columns for line in table.splitlines())
    assert "nothing was written" in seen


def test_init_shows_the_plan_before_it_asks(several: Path, at_terminal: Callable[..., str]) -> None:
    (several / ".driven/config.toml").unlink()
    seen = at_terminal(110, ["", "y"], "init")
    plan, _, done = seen.partition("as rules? [Y/n]")
    assert "accessibility-of-forms" in plan and "From" in plan and "would be" not in plan
    assert "Fidelity" in plan and "Fidelity" not in done, "it is told once"
    assert "7 rules imported" in done and (several / ".driven/rules/tests.md").is_file()


def test_init_asked_in_vain(several: Path, at_terminal: Callable[..., str]) -> None:
    (several / ".driven/config.toml").unlink()
    seen = at_terminal(110, ["cursor", "n"], "init")
    assert "From" in seen and "imported" not in seen
    assert [file.name for file in (several / ".driven/rules").iterdir()] == ["working-here.md"]


def test_notices_say_how_to_see_them(several: Path, drive: Drive) -> None:
    assert "1 notice (--verbose shows it)" in drive("import", "--dry-run").err
    assert "(--verbose" not in drive("import", "--verbose").out
