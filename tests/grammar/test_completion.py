"""Completion scripts: the shells read them, and they offer the right words."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
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
    ("driven s", {"sync", "status", "serve", "show", "snapshot", "sign"}),
    ("driven --ver", {"--verbose", "--version"}),
    ("driven plugin ", {"list", "show", "run", "--json", "--root", "--quiet", "--verbose", "--color", "--help"}),
    ("driven --root x sync --d", {"--dry-run"}),
    ("driven sync --color a", {"auto", "always"}),
    ("driven plugin list --j", {"--json"}),
    ("driven convert --from dr", {"drv"}),
    ("driven convert --to cur", {"cursor"}),
    ("driven benchmark tokenizer/s", {"tokenizer/scan"}),
    ("driven explain fi", {""}),  # files are readline's to offer: see below
    ("driven show file-one.ts be", {"beta/two"}),
    ("driven --root = away show file-one.ts ", {"gone", "here"}),
    ("driven show --root away file-one.ts h", {"here"}),
    ("driven explain --editor cursor a --a", {"--all"}),
]


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_bash_offers_the_right_words(tmp_path: Path) -> None:
    (tmp_path / ".driven/rules/beta").mkdir(parents=True)
    (tmp_path / ".driven/rules/beta/two.md").write_text("two\n")
    (tmp_path / "file-one.ts").touch()
    away = tmp_path / "away/.driven/rules"
    away.mkdir(parents=True)
    for name in ("Here.md", "gone.md", "§.md", ".hidden.md"):
        (away / name).touch()
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
    ("driven plugin ", {"list", "show", "run"}),
    ("driven show file-one.ts be", {"beta/two"}),
    ("driven --root away show file-one.ts ", {"here"}),
    ("driven show --root=away file-one.ts ", {"here"}),
    ("driven convert --from dr", {"drv"}),
]


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_fish_offers_the_right_words(tmp_path: Path) -> None:
    (tmp_path / ".driven/rules/beta").mkdir(parents=True)
    (tmp_path / ".driven/rules/beta/two.md").write_text("two\n")
    (tmp_path / "away/.driven/rules").mkdir(parents=True)
    (tmp_path / "away/.driven/rules/here.md").touch()
    (tmp_path / "file-one.ts").touch()
    lines = [script("fish", COMMANDS), "function driven; $DRIVEN_PYTHON -m driven $argv; end"]
    for typed, _ in FISH:
        lines += [f"complete -C '{typed}' | string replace -r '\\t.*' '' | string join ,", "echo ';'"]
    got = "".join(run("fish", "\n".join(lines) + "\n", tmp_path)).split(";")[:-1]
    for (typed, expected), found in zip(FISH, got, strict=True):
        assert set(found.split(",")) == expected, typed


START = {
    "bash": (["--norc", "--noprofile", "-i"], "PS1=; source ./script; unset HISTFILE; echo REA''DY"),
    "zsh": (["-f", "-i"], "PS1=; autoload -Uz compinit; compinit -D; source ./script; echo REA''DY"),
    "fish": (["--no-config", "-i"], "source ./script; echo REA''DY"),
}
HOSTILE = "$(touch PWNED) `touch PWNED` ;touch PWNED; *"
# Stands for driven: offers a hostile word, and notes what it is called with.
SPY = f"""#!/bin/sh
if [ "$1" = --complete ]; then
    printf '%s\\n' '{HOSTILE}'
else
    printf '%s\\n' "$@" > ../arguments.new; mv ../arguments.new ../arguments
fi
"""


def press_tab(shell: str, typed: str, folder: Path, bin_: Path) -> list[str]:
    """Type a line in a real shell on a terminal, then TAB and, once that showed something, ENTER: the words that the
    command was called with."""
    import pty

    options, start = START[shell]
    ours, theirs = pty.openpty()
    env = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "TERM": "xterm", "HOME": str(bin_)}
    shown = ""
    with subprocess.Popen([shell, *options], cwd=folder, env=env, preexec_fn=lambda: os.login_tty(theirs)) as process:
        os.close(theirs)
        todo = [("", start + "\r"), ("READY", typed + "\t"), ("PWNED", "\r")]
        end = time.monotonic() + 20
        try:
            while time.monotonic() < end and not (folder.parent / "arguments").exists():
                if todo and todo[0][0] in shown:
                    shown = ""
                    os.write(ours, todo.pop(0)[1].encode())
                if select.select([ours], [], [], 0.05)[0]:
                    shown += os.read(ours, 65_536).decode(errors="replace")
        finally:
            process.kill()
            os.close(ours)
    assert todo == [] and (folder.parent / "arguments").exists(), (todo, shown)
    return (folder.parent / "arguments").read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("typed", ["driven show a ", "driven explain ", "driven explain '"])
@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_that_a_project_is_called_is_run(shell: str, typed: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    bin_, folder = tmp_path / "bin", tmp_path / "cloned"
    bin_.mkdir()
    folder.mkdir()
    (bin_ / "driven").write_text(SPY, encoding="utf-8")
    (bin_ / "driven").chmod(0o755)
    (folder / HOSTILE).touch()
    (folder / "script").write_text(script(shell, COMMANDS), encoding="utf-8")
    if "explain" in typed:
        typed += "$" if typed.endswith("'") else "\\$"  # what tells the file from the script
    got = press_tab(shell, typed, folder, bin_)
    assert got == [*typed.rstrip("\\$'").split()[1:], HOSTILE]
    assert sorted(path.name for path in folder.iterdir()) == sorted([HOSTILE, "script"])
