"""Every verb at work: a project to run it in, arguments, and the exit code that comes of them. What holds for all verbs
is tested on these: tests/grammar/test_contract.py, tests/trust/honesty."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driven.cli.app import main
from driven.grammar.command import Command
from driven.grammar.commands import COMMANDS
from driven.grammar.to_mcp import command_line, leaves

LEAVES: dict[str, Command] = dict(leaves(COMMANDS))
Setup = Callable[[Path], Any]


@dataclass(frozen=True)
class Case:
    """One run of a verb: after `setup(project)`, with `given` arguments, it exits with `code`. `words`: as they are
    typed, instead of `given`."""

    code: int
    given: dict[str, Any] = field(default_factory=dict)
    setup: Setup = lambda project: None
    words: tuple[str, ...] = ()

    def line(self, verb: str) -> list[str]:
        """The words of the command line."""
        return [*verb.split(), *self.words] if self.words else command_line(LEAVES[verb], verb, self.given)


def make(folder: Path) -> Path:
    """A project with two rules and two editors, synced twice and built; the folder must not exist."""
    (folder / ".driven/rules").mkdir(parents=True)
    (folder / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\nclaude = true\n")
    (folder / ".driven/rules/errors.md").write_text("# Errors name the thing\n\nSay where.\n")
    (folder / ".driven/rules/api.md").write_text("---\npaths: ['src/**/*.ts']\n---\n\nValidate input.\n")
    for name in ("out", "src"):
        (folder / name).mkdir()
    (folder / "src/a.ts").write_text("export {}\n")
    (folder / ".aider.conf.yml").write_text("read: [CONVENTIONS.md]\n")
    (folder / "CONVENTIONS.md").write_text("# Conventions\n\nUse tabs.\n")
    quietly(folder, "sync")
    (folder / ".driven/rules/errors.md").write_text("# Errors name the thing\n\nSay where and what.\n")
    quietly(folder, "sync")
    quietly(folder, "build")
    return folder


def home_of(folder: Path, patch: Any) -> None:
    """Let `folder` be where a person keeps what is theirs: a key, `ana`."""
    patch.setenv("XDG_CONFIG_HOME", os.fspath(folder))
    for name in ("SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY"):
        patch.delenv(name, raising=False)
    assert quietly(folder, "key", "generate", "ana", "--no-passphrase") == 0


def quietly(folder: Path, *words: str) -> int:
    """Run driven there and drop what it says."""
    import contextlib
    import io

    here = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return main(words)
    finally:
        os.chdir(here)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file by its path, but driven's own state."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".driven/state" not in path.as_posix()
    }


def _bare(project: Path) -> None:
    shutil.rmtree(project / ".driven")
    shutil.rmtree(project / ".claude", ignore_errors=True)


def _bare_in_the_way(project: Path) -> None:
    _bare(project)
    (project / ".driven/rules").mkdir(parents=True)
    _stand_in_the_way(project)


def _no_config(project: Path) -> None:
    (project / ".driven/config.toml").write_text("version = 1\n[nonsense\n")


def _bad_rule(project: Path) -> None:
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")


def _change_rule(project: Path) -> None:
    (project / ".driven/rules/errors.md").write_text("# Errors name the thing\n\nSay more.\n")


def _conflict(project: Path) -> None:
    _change_rule(project)
    file = project / ".cursor/rules/errors.mdc"
    file.write_text(file.read_text().replace("Say where and what.", "Say nothing."))


def _stand_in_the_way(project: Path) -> None:
    (project / ".driven/rules/conventions.md").write_text("Something else.\n")


def _edit_since(project: Path) -> None:
    (project / ".driven/rules/errors.md").write_text("Edited since.\n")


def _new_rule(project: Path) -> None:
    (project / ".driven/rules/more.md").write_text("More.\n")


def _fixable(project: Path) -> None:
    (project / ".driven/rules/errors.md").write_bytes(b"# Errors name the thing\r\n\r\nSay where.\r\n")


def _no_snapshots(project: Path) -> None:
    shutil.rmtree(project / ".driven/state")


def _attested(project: Path) -> None:
    """A root of one key, which lets itself read docs; the key stands beside the project."""
    kept = os.environ.get("XDG_CONFIG_HOME")
    os.environ["XDG_CONFIG_HOME"] = os.fspath(project.parent / "config")
    try:
        quietly(project, "key", "generate", "ana", "--no-passphrase")
        quietly(project, "attest", "root", "init", "--holder", "ana")
        assert quietly(project, "attest", "issue", "--to", "ana", "--cap", "FileRead=docs", "--path", "docs") == 0
    finally:
        if kept is None:
            del os.environ["XDG_CONFIG_HOME"]
        else:
            os.environ["XDG_CONFIG_HOME"] = kept


def _badly_attested(project: Path) -> None:
    _attested(project)
    (project / ".driven/trust/roots/1.json").write_text("{}")


def _logged(project: Path) -> None:
    from driven.trust.audit import LOG, AuditLog

    with AuditLog(str(project / LOG)) as log:
        log.record({"event": "host.read", "outcome": "denied", "target": "FileRead(secret)"})


def _log_is_a_link(project: Path) -> None:
    (project / ".driven/state/audit.jsonl").symlink_to(project / "src/a.ts")


def _log_is_broken(project: Path) -> None:
    _logged_and_a_key(project)
    log = project / ".driven/state/audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"note", b"none"))


def _logged_and_a_key(project: Path) -> None:
    from driven.trust.ed25519 import new_seed
    from driven.trust.ssh_private import write

    _logged(project)
    (project / "src/key").write_bytes(write(new_seed(), "ana@example.org"))
    (project / "src/key").chmod(0o600)


def _key_for_all(project: Path) -> None:
    _logged_and_a_key(project)
    (project / "src/key").chmod(0o644)


def _trusted(project: Path) -> None:
    assert quietly(project, "key", "trust", "ana", "--yes") == 0


def _signed(project: Path) -> None:
    _trusted(project)
    assert quietly(project, "sign") == 0


def _packed(project: Path) -> None:
    source = project.parent / f"{project.name}-acme"
    (source / "rules").mkdir(parents=True)
    (source / "pack.toml").write_text('name = "acme"\nversion = "1.0.0"\n')
    (source / "rules/brief.md").write_text("Be brief.\n")
    assert quietly(project, "pack", "add", os.fspath(source), "--yes", "--unsigned") == 0


def _pack_source(project: Path) -> None:
    (project / "src/acme/rules").mkdir(parents=True)
    (project / "src/acme/pack.toml").write_text('name = "acme"\nversion = "1.0.0"\n')
    (project / "src/acme/rules/brief.md").write_text("Be brief.\n")


def _pack_changed(project: Path) -> None:
    _packed(project)
    (project / ".driven/packs/acme/rules/brief.md").write_text("Be very brief.\n")


USAGE = Case(2, words=("--no-such-option",))
CASES: dict[str, list[Case]] = {
    "init": [Case(0, setup=_bare), Case(2), Case(4, setup=_bare_in_the_way)],
    "import": [Case(0), Case(2, {"editor": "nobody"}), Case(4, setup=_stand_in_the_way)],
    "sync": [
        Case(0, setup=_new_rule), Case(1, {"check": True}, _new_rule), Case(2, setup=_bad_rule),
        Case(4, setup=_conflict), Case(0, {"force": True}, _conflict), Case(0, {"dry_run": True}, _new_rule),
    ],
    "status": [Case(0), Case(2, setup=_bad_rule)],
    "explain": [Case(0, {"path": "src/a.ts"}), Case(2, {"path": "src/a.ts", "editor": "nobody"})],
    "validate": [
        Case(0), Case(1, setup=_bad_rule), Case(2, setup=_no_config), Case(0, {"fix": True}, _fixable),
        Case(0, {"baseline": "src/known.json", "update_baseline": True}),
        Case(1, {"diff": True, "fix": True}, _fixable),
    ],
    "explain-code": [Case(0, {"codes": ["GEN"]}), Case(2, {"codes": ["NOT99"]})],
    "undo": [Case(0), Case(2, setup=_no_snapshots), Case(4, setup=_edit_since)],
    "snapshot list": [Case(0), USAGE],
    "snapshot show": [Case(0, {"number": 1}), Case(2, {"number": 99})],
    "snapshot diff": [Case(0, {"number": 1}), Case(2, {"number": 99})],
    "snapshot restore": [Case(0, {"number": 1}), Case(2, {"number": 99}), Case(4, {"number": 1}, _edit_since)],
    "convert": [
        Case(0, {"input": ".driven/rules.drv", "output": "out/rules.json"}),
        Case(2, {"input": "absent", "output": "out/rules.json"}),
        Case(0, {"input": ".driven/rules", "output": "out/cur", "to": "cursor"}),
    ],
    "build": [Case(0), Case(2, setup=_bad_rule), Case(0, {"output": "out/x.drv"})],
    "show": [Case(0, {"file": ".driven/rules.drv"}), Case(2, {"file": "src/a.ts"})],
    "attest verify": [
        Case(0, setup=_attested), Case(2, {"chains": ["nobody"]}, _attested),
        Case(5, {"cap": ["ProcessSpawn=git"]}, _attested), Case(6), Case(0, {"locked": True}, _attested),
    ],
    "attest show": [
        Case(0, setup=_attested), Case(2, {"chain": "nobody"}, _attested), Case(6, setup=_badly_attested),
    ],
    "plugin list": [Case(0), USAGE],
    "plugin show": [Case(0, {"name": "cursor"}), Case(2, {"name": "nobody"})],
    "doctor": [Case(0), Case(1, setup=_no_config), USAGE],
    "grammar": [Case(0), Case(2, {"words": ["nothing"]})],
    "key list": [Case(0, setup=_trusted), USAGE],
    "key show": [Case(0, {"key": "ana"}, _trusted), USAGE],
    "key trust": [Case(0, {"key": "ana", "yes": True}), USAGE],
    "key revoke": [Case(0, {"key": "ana"}, _trusted), USAGE],
    "pack add": [Case(0, {"source": "src/acme", "yes": True, "unsigned": True}, _pack_source), USAGE],
    "sign": [Case(0), USAGE],
    "verify": [Case(0, setup=_signed), Case(6), USAGE],
    "pack list": [Case(0, setup=_packed), USAGE],
    "pack show": [Case(0, {"name": "acme"}, _packed), Case(2, {"name": "nobody"})],
    "pack trust": [Case(0, {"yes": True, "unsigned": True}, _pack_changed), USAGE],
    "pack forget": [Case(0, {"name": "acme"}, _packed), Case(2, {"name": "nobody"})],
    "audit show": [Case(0, setup=_logged), Case(2, setup=_log_is_a_link)],
    "audit verify": [Case(0, setup=_logged), Case(2, setup=_log_is_a_link), Case(6, setup=_log_is_broken)],
    "audit sign": [
        Case(0, {"key": "./src/key"}, _logged_and_a_key), Case(2, {"key": "./src/key"}),
        Case(5, {"key": "./src/key"}, _key_for_all), Case(6, {"key": "./src/key"}, _log_is_broken),
    ],
}  # fmt: skip
