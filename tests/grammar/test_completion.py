"""Completion scripts: the shells read them, and they offer the right words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS
from driven.grammar.completion import SHELLS, script

ROOT = Path(__file__).parents[2]
CHECK = {"bash": ["-n"], "zsh": ["-n"], "fish": ["--no-execute"]}
NASTY = Command(
    name="odd", help="it's [odd]: $HOME `x` \\", run="a:b",
    arguments=(Argument(name="--value", help="it's [odd]: $x", choices=("a", "b")),),
)  # fmt: skip


def run(shell: str, text: str, cwd: Path) -> list[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    done = subprocess.run(
        [shell, *(["--norc"] if shell == "bash" else ["--no-config"] if shell == "fish" else ["-f"])],
        input=text, capture_output=True, text=True, timeout=60, cwd=cwd, check=False,
        env={**os.environ, "PYTHONPATH": path, "DRIVEN_PYTHON": sys.executable},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_reads_its_script(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    file = tmp_path / "script"
    file.write_text(script(shell, (*COMMANDS, NASTY)), encoding="utf-8")
    done = subprocess.run([shell, *CHECK[shell], str(file)], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_every_script(shell: str) -> None:
    text = script(shell, COMMANDS)
    for command in COMMANDS:
        assert command.name in text
        for a in command.arguments:
            if a.name.startswith("-"):
                assert (a.name[2:] if shell == "fish" else a.name) in text


BASH = [
    ("driven s", {"sync", "status", "show"}),
    ("driven --ver", {"--verbose", "--version"}),
    ("driven plugin ", {"list", "show", "--json", "--root", "--quiet", "--verbose", "--color", "--help"}),
    ("driven --root x sync --d", {"--dry-run"}),
    ("driven sync --color a", {"auto", "always"}),
    ("driven plugin list --j", {"--json"}),
    ("driven explain fi", {"file-one.ts"}),
    ("driven show file-one.ts be", {"beta/two"}),
    ("driven status --root di", {"dir-one"}),
]


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_bash_offers_the_right_words(tmp_path: Path) -> None:
    (tmp_path / ".driven/rules/beta").mkdir(parents=True)
    (tmp_path / ".driven/rules/beta/two.md").write_text("two\n")
    (tmp_path / "file-one.ts").touch()
    (tmp_path / "dir-one").mkdir()
    lines = [script("bash", COMMANDS), 'driven() { "$DRIVEN_PYTHON" -m driven "$@"; }']
    for typed, _ in BASH:
        words = typed.split(" ")
        lines.append(f"COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; _driven")
        lines.append('echo "${COMPREPLY[*]}" | tr " " "," ; echo ";"')
    got = "".join(run("bash", "\n".join(lines) + "\n", tmp_path)).split(";")[:-1]
    for (typed, expected), found in zip(BASH, got, strict=True):
        assert set(found.split(",")) == expected, typed


FISH = [
    ("driven sta", {"status"}),
    ("driven sync --dr", {"--dry-run"}),
    ("driven plugin ", {"list", "show"}),
    ("driven show file-one.ts be", {"beta/two"}),
]


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_fish_offers_the_right_words(tmp_path: Path) -> None:
    (tmp_path / ".driven/rules/beta").mkdir(parents=True)
    (tmp_path / ".driven/rules/beta/two.md").write_text("two\n")
    (tmp_path / "file-one.ts").touch()
    lines = [script("fish", COMMANDS), "function driven; $DRIVEN_PYTHON -m driven $argv; end"]
    for typed, _ in FISH:
        lines += [f"complete -C '{typed}' | string replace -r '\\t.*' '' | string join ,", "echo ';'"]
    got = "".join(run("fish", "\n".join(lines) + "\n", tmp_path)).split(";")[:-1]
    for (typed, expected), found in zip(FISH, got, strict=True):
        assert set(found.split(",")) == expected, typed
