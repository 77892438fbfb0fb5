"""Main: words, errors, exit codes, envelopes, and what happens when everything goes wrong."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driven import __version__, errors
from driven.cli import app as app_module
from driven.cli.app import App, main
from driven.grammar.commands import COMMANDS
from driven.model.diagnostic import Diagnostic
from driven.span import Span

Drive = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def test_version(drive: Drive) -> None:
    assert drive("--version").out == f"driven {__version__}\n"
    assert json.loads(drive("--json", "-V").out)["data"] == {"version": __version__}


def test_help_and_nothing_at_all(empty: Path, drive: Drive, expect: Callable[[str, str], None]) -> None:
    ran = drive("--help")
    assert (ran.code, ran.err) == (0, "")
    expect("help", ran.out)
    bare = drive()
    assert (bare.code, bare.out, bare.err) == (2, "", ran.out)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("--help", [c.name for c in COMMANDS]),
        ("sync --help", ["sync"]),
        ("plugin -h", ["plugin"]),
        ("plugin list --help", ["plugin list"]),
    ],
)
def test_help_in_json_is_the_grammar(words: str, names: list[str], empty: Path, drive: Drive) -> None:
    ran = drive(*words.split(), "--json")
    envelope = json.loads(ran.out)
    assert (ran.code, ran.err, envelope["ok"], envelope["meta"]["schema"]) == (0, "", True, "driven.grammar/1")
    assert [c["name"] for c in envelope["data"]["commands"]][: len(names)] == names
    assert set(envelope["data"]) == set(json.loads(drive("grammar", "--json").out)["data"])


def test_no_command_in_json_is_an_error_on_stdout(empty: Path, drive: Drive) -> None:
    ran = drive("--json")
    envelope = json.loads(ran.out)
    assert (ran.code, ran.err, envelope["ok"]) == (2, "", False)
    assert envelope["error"]["message"] == "a command is needed"


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("snyc", "unknown command `snyc`", "did you mean `driven sync`?"),
        ("xyzzy", "unknown command `xyzzy`", "`driven --help` lists the commands"),
        ("plugin", "`driven plugin` needs a word more: `list`, `show`, `run`", "`driven plugin --help` says more"),
        ("plugin lsit", "`driven plugin` has no `lsit`", "did you mean `driven plugin list`?"),
        ("sync --bogus", "unknown option `--bogus` of `driven sync`", "`driven sync --help` lists the options"),
        ("sync --chekc", "unknown option `--chekc` of `driven sync`", "did you mean `--check`?"),
        ("--jsno sync", "unknown option `--jsno`", "did you mean `--json`?"),
        ("--vresion", "unknown option `--vresion` of `driven`", "did you mean `--version`?"),
        ("sync extra", "`driven sync` does not take `extra`", "usage: driven sync"),
        ("explain", "`driven explain` needs PATH", "usage: driven explain PATH"),
        ("status --color blue", "`blue` is no value of `--color`", "one of: auto, always, never"),
        ("--complete nothing", "`--complete` knows no `nothing`", "one of: editor, rule, plugin"),
    ],
)
def test_mistakes_on_the_command_line(words: str, error: str, hint: str, empty: Path, drive: Drive) -> None:
    ran = drive(*words.split())
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first.startswith("error: ") and error in first
    assert second.startswith("hint: ") and hint in second


def test_an_error_in_json_is_an_envelope_on_stdout(empty: Path, drive: Drive) -> None:
    for words in (["snyc", "--json"], ["--json", "status"], ["status", "--json"]):
        ran = drive(*words)
        envelope = json.loads(ran.out)
        assert (ran.code, ran.err, envelope["ok"], envelope["data"]) == (2, "", False, None)
        assert set(envelope["error"]) == {"code", "message", "hint"} and envelope["error"]["hint"]
        assert re.fullmatch(r"driven(\.status)?/1", envelope["meta"]["schema"])
        assert envelope["meta"]["version"] == __version__


def test_options_stand_before_or_after_the_word(project: Path, drive: Drive, tmp_path: Path) -> None:
    os.chdir(tmp_path)
    before = drive("--root", str(project), "--json", "status")
    after = drive("status", "--json", "--root", str(project))
    assert before.code == after.code == 0
    assert json.loads(before.out)["data"]["root"] == json.loads(after.out)["data"]["root"] == str(project)


def test_an_error_with_a_place_shows_the_line(project: Path, drive: Drive) -> None:
    (project / ".driven/config.toml").write_text("version = 1\n[sync]\nmdoe = 'two-way'\n")
    ran = drive("status")
    assert ran.code == 2
    assert ran.err.splitlines()[0].startswith("error: .driven/config.toml:3:1: ")
    assert "    3 | mdoe = 'two-way'" in ran.err and "      | ^" in ran.err and "mode" in ran.err


# The table of exit codes


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, 0),
        ({"drift": True}, 1),
        ({"findings": True}, 1),
        ({"conflicts": True}, 4),
        ({"conflicts": True, "drift": True}, 4),
        ({"conflicts": True, "diagnostics": "error"}, 2),
        ({"drift": True, "diagnostics": "warning"}, 1),
    ],
)
def test_the_worst_outcome_wins(facts: dict[str, Any], code: int) -> None:
    if severity := facts.get("diagnostics"):
        facts = facts | {"diagnostics": [Diagnostic(code="X", severity=severity, message="m", span=Span(path="p"))]}
    assert App().outcome(**facts) == code


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `driven doctor` raise."""

    def run(_args: object, _app: object) -> int:
        raise error

    monkeypatch.setattr("driven.cli.commands.doctor.run", run)


@pytest.mark.parametrize("leaf", errors.DrivenError.__subclasses__())
def test_every_error_has_its_code(
    leaf: type[errors.DrivenError], drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(monkeypatch, leaf("the `thing` broke", hint="mend it"))
    ran = drive("doctor")
    assert ran.code == leaf.exit_code and ran.err == "error: the `thing` broke\nhint: mend it\n"


def test_a_bug_is_70_with_a_log_to_paste(project: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    drive("sync")

    def status(_root: str) -> None:
        raise RuntimeError(f"boom in {Path.home()}\n\x1b[31m")

    monkeypatch.setattr("driven.views.status", status)
    ran = drive("status")
    assert ran.code == 70 and "RuntimeError: boom" in ran.err and "\x1b" not in ran.err
    logs = list((project / ".driven/state").glob("driven-crash-*.md"))
    assert len(logs) == 1 and str(logs[0]) in ran.err
    text = logs[0].read_text()
    assert "RuntimeError: boom in ~" in text and "`driven status`" in text and __version__ in text


def test_a_bug_in_json(drive: Drive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    raising(monkeypatch, RecursionError("deep"))
    ran = drive("doctor", "--json")
    assert ran.code == 70 and json.loads(ran.out)["error"]["code"] == "DRV070"
    assert len(list(tmp_path.glob("driven-crash-*.md"))) == 1


def test_interrupted_is_130(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    ran = drive("doctor")
    assert (ran.code, ran.out, ran.err) == (130, "", "interrupted\n")


class ClosedPipe(io.StringIO):
    """A stdout whose reader has gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_a_reader_that_leaves_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", ClosedPipe())
    assert main(["--version"]) == 141
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="pipes of a shell")
def test_a_real_pipe_that_closes(empty: Path) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    script = f"for i in 1 2 3; do {sys.executable} -m driven grammar --json; done | head -c 10"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, cwd=empty, env={**os.environ, "PYTHONPATH": path},
        timeout=60, check=False,
    )  # fmt: skip
    assert (len(done.stdout), done.stderr) == (10, "")


# Plugins' commands


HELLO = """\
from driven.grammar.command import Argument, Command
from driven.hookspecs import hookimpl

def run(args, app):
    app.answer(lambda: {"name": args.name}, lambda out: out.line(f"hello {args.name}"))
    return app.outcome()

@hookimpl
def driven_commands():
    return [
        Command(name="hello", help="greet", run="hello_driven:run", arguments=(Argument(name="name", help="who"),)),
        Command(name="gone", help="cannot load", run="no_such_module:run"),
        Command(name="sync", help="a shadow", run="hello_driven:run"),
    ]
"""


@pytest.fixture
def hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution that adds commands."""
    site = tmp_path / "site"
    info = site / "hello_driven-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hello-driven\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[driven]\nhello = hello_driven\n")
    (site / "hello_driven.py").write_text(HELLO)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "hello_driven", raising=False)


@pytest.mark.usefixtures("hello")
def test_a_command_of_a_plugin(drive: Drive, empty: Path) -> None:
    assert drive("hello", "ada").out == "hello ada\n"
    assert json.loads(drive("hello", "ada", "--json").out)["data"] == {"name": "ada"}
    ran = drive("gone")
    assert ran.code == 2 and "the command `gone` cannot be loaded" in ran.err
    listed = drive("--help").out
    assert "Plugins\n  hello" in listed and "a shadow" not in listed
    assert "did you mean `driven hello`?" in drive("helo").err
    assert "hello" in [c["name"] for c in json.loads(drive("grammar", "--json").out)["data"]["commands"]]


def test_built_in_commands_load_no_plugins(drive: Drive, monkeypatch: pytest.MonkeyPatch, empty: Path) -> None:
    def never(_self: App) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr(App, "registry", never)
    assert drive("sync", "--help").code == 0
    assert drive("explain").code == 2


# Completion


def test_complete(project: Path, drive: Drive) -> None:
    assert drive("--complete", "rule").out.split() == ["backend/api", "errors", "release", "sql", "web/css"]
    assert {"cursor", "claude"} <= set(drive("--complete", "editor").out.split())
    assert "cursor" in drive("--complete", "plugin").out.split()
    assert {"rules", "drv", "json", "cursor", "claude"} <= set(drive("--complete", "form").out.split())
    assert {"tokenizer", "tokenizer/scan"} <= set(drive("--complete", "benchmark").out.split())


def test_complete_gives_ids_whatever_the_files_are_called(project: Path, drive: Drive) -> None:
    rules = project / ".driven/rules"
    for name in ("$(touch PWNED).md", "É t.md", "§.md", ".hidden.md", "$(x)/`y`.md"):
        (rules / name).parent.mkdir(exist_ok=True)
        (rules / name).touch()
    new = {"touch-pwned", "e-t", "x/y"}
    known = {"backend/api", "errors", "release", "sql", "web/css"}
    assert set(drive("--complete", "rule").out.split()) == known | new


def test_complete_looks_below_the_root_that_is_typed(
    project: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project.parent))
    monkeypatch.chdir("/")
    assert drive("--complete", "rule").out == ""
    for typed in (str(project), "~/shop", f"'{project}'", f'"{project}', "\\~/../shop"):
        found = "errors" in drive("--complete", "rule", typed).out.split()
        assert found is not typed.startswith(('"', "\\")), typed


def test_complete_outside_a_project_is_silent(empty: Path, drive: Drive) -> None:
    ran = drive("--complete", "rule")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".local/share/bash-completion/completions/driven"),
        ("zsh", ".zfunc/_driven"),
        ("fish", ".config/fish/completions/driven.fish"),
    ],
)
def test_install_completion(
    shell: str, place: str, drive: Drive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    ran = drive("--install-completion")
    assert ran.code == 0 and str(tmp_path / place) in ran.out and "\\n" not in ran.out
    if shell == "zsh":
        assert ran.out.splitlines()[1:] == [
            "add this line to ~/.zshrc and open a new shell:",
            "fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit",
        ]
    assert "explain" in (tmp_path / place).read_text()
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert drive("--install-completion").code == 2


def test_main_imports_nothing_heavy() -> None:
    code = (
        "import sys; from driven.cli.app import main; main(['sync', '--help']); "
        "print([m for m in ('rich', 'yaml', 'pluggy', 'difflib', 'json', 'argparse') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=30, check=True
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_exit_codes_are_decided_in_one_place() -> None:
    folder = Path(app_module.__file__).parent / "commands"
    for file in folder.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "sys.exit" not in text
        assert not re.search(r"return [1-9]", text), file.name
