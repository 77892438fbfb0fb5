"""Every verb at work: a project to run it in, arguments, and the exit code that comes of them. What holds for all verbs
is tested on these: tests/grammar/test_contract.py, tests/trust/honesty. One table, so longer than 350 lines."""

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
    typed, instead of `given`. `idle`: what the verb declares, and of its runs another one needs."""

    code: int
    given: dict[str, Any] = field(default_factory=dict)
    setup: Setup = lambda project: None
    words: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

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
    _live_in(folder, patch)
    assert quietly(folder, "key", "generate", "ana", "--no-passphrase") == 0


def own_home(person: Path, folder: Path, patch: Any) -> Path:
    """Let `folder` be a copy of what `person` keeps: one run may change keys, and the next begins with what was."""
    _live_in(shutil.copytree(person, folder), patch)
    return folder


def _live_in(folder: Path, patch: Any) -> None:
    patch.setenv("XDG_CONFIG_HOME", os.fspath(folder))
    for name in ("SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY"):
        patch.delenv(name, raising=False)


def _keys() -> Path:
    """Where this person's keys are."""
    return Path(os.environ["XDG_CONFIG_HOME"]) / "driven/keys"


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
    """A root of one key, which lets itself read docs, and let others read them."""
    assert quietly(project, "attest", "root", "init", "--holder", "ana") == 0
    words = ("--to", "ana", "--cap", "FileRead=docs", "--path", "docs", "--depth", "1")
    assert quietly(project, "attest", "issue", *words) == 0


def _attested_for_all(project: Path) -> None:
    _attested(project)
    (project / ".driven/trust/roots/1.json").chmod(0o666)


def _badly_attested(project: Path) -> None:
    _attested(project)
    (project / ".driven/trust/roots/1.json").write_text("{}")


def _root_waits(project: Path) -> None:
    """A root of two keys, which one has signed."""
    assert quietly(project, "key", "generate", "ben", "--no-passphrase") == 0
    words = ("--holder", "ana", "--holder", "ben", "--threshold", "2", "--key", "ana")
    assert quietly(project, "attest", "root", "init", *words) == 0


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


def _logged_and_trusted(project: Path) -> None:
    _logged(project)
    _trusted(project)


def _list_for_all(project: Path) -> None:
    _trusted(project)
    (project / ".driven/trust/allowed_signers").chmod(0o666)


def _list_is_none(project: Path) -> None:
    _trusted(project)
    (project / ".driven/trust/allowed_signers").write_text("ana is fine\n")


def _keys_for_all(project: Path) -> None:
    _keys().chmod(0o755)


def _own_key_for_all(project: Path) -> None:
    (_keys() / "ana").chmod(0o644)


def _own_key_is_none(project: Path) -> None:
    (_keys() / "ana").write_text("no key\n")


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


def _pack_unknown(project: Path) -> None:
    """A pack that came with the repository, and that nobody accepted."""
    _pack_source(project)
    shutil.copytree(project / "src/acme", project / ".driven/packs/acme")


def _pack_signed(project: Path) -> None:
    _trusted(project)
    _pack_source(project)
    assert quietly(project, "sign", "src/acme") == 0
    assert quietly(project, "pack", "add", "src/acme", "--yes") == 0


def _pack_source_signed(project: Path) -> None:
    """A pack that is signed, and not in the project; a store beside it."""
    _pack_source(project)
    assert quietly(project, "sign", "src/acme") == 0


def _pack_published_otherwise(project: Path) -> None:
    """Published, then changed under the same version."""
    _pack_source_signed(project)
    assert quietly(project, "pack", "publish", "src/acme", "--to", "out/store") == 0
    (project / "src/acme/rules/brief.md").write_text("Be very brief.\n")
    assert quietly(project, "sign", "src/acme") == 0


def _pack_and_token_for_all(project: Path) -> None:
    _pack_source_signed(project)
    (project / "src/token").write_text("drv_sample\n")
    (project / "src/token").chmod(0o644)


def _tokens(project: Path) -> None:
    assert quietly(project, "token", "add", "ana", "--tokens", "out/tokens") == 0


def _tokens_for_all(project: Path) -> None:
    _tokens(project)
    (project / "out/tokens").chmod(0o666)


def _pack_signed_list_for_all(project: Path) -> None:
    _pack_signed(project)
    (project / ".driven/trust/allowed_signers").chmod(0o666)


def _pack_tampered(project: Path) -> None:
    _pack_signed(project)
    (project / ".driven/packs/acme/rules/brief.md").write_text("Be very brief.\n")


def _pack_changed(project: Path) -> None:
    _packed(project)
    (project / ".driven/packs/acme/rules/brief.md").write_text("Be very brief.\n")


def _own_template(project: Path) -> None:
    folder = project / ".driven/templates/standards"
    folder.mkdir(parents=True)
    (folder / "brief.md").write_text("---\ntitle: Brief\ndescription: Say less.\nkind: standard\n---\nBe brief.\n")


def _broken_template(project: Path) -> None:
    _own_template(project)
    with (project / ".driven/templates/standards/brief.md").open("a") as file:
        file.write("{% if %}\n")


TEMPLATE = """---
description: How errors are raised
variables:
  folder: {type: str, default: src}
---
---
description: How errors are raised
paths: ["{{ folder }}/**"]
---

- Say where.
"""


def _template(project: Path) -> None:
    """A template of the project's own, and a file of values for it."""
    (project / ".driven/templates/standards").mkdir(parents=True)
    (project / ".driven/templates/standards/wrapping.md").write_text(TEMPLATE)
    (project / "src/values.toml").write_text('folder = "lib"\n')


def _template_and_rule(project: Path) -> None:
    _template(project)
    (project / ".driven/rules/wrapping.md").write_text("Another one.\n")


def _template_and_edit(project: Path) -> None:
    """The rule that it gave, edited where another answer would change it."""
    _template(project)
    assert quietly(project, "template", "apply", "standards/wrapping") == 0
    rule = project / ".driven/rules/wrapping.md"
    rule.write_text(rule.read_text().replace("src/**", "tools/**"))


def _broken_template(project: Path) -> None:
    _template(project)
    (project / ".driven/templates/broken.md").write_text("no front matter\n")


def _offered(project: Path) -> None:
    """A pack that was taken from a folder of the project, where a newer one is now."""
    _trusted(project)
    _pack_source(project)
    assert quietly(project, "sign", "src/acme") == 0
    words = ("--from", os.fspath(project / "src/acme"), "--yes")
    assert quietly(project, "add", "acme", *words) == 0
    (project / "src/acme/pack.toml").write_text('name = "acme"\nversion = "1.1.0"\n')
    assert quietly(project, "sign", "src/acme") == 0


def _offered_unsigned(project: Path) -> None:
    _offered(project)
    for name in ("pack.manifest", "pack.manifest.sig"):
        (project / "src/acme" / name).unlink()


def _not_frozen(project: Path) -> None:
    """A pack that was taken before an editor was switched on."""
    _pack_signed(project)
    with (project / ".driven/config.toml").open("a") as file:
        file.write("windsurf = true\n")


_BEN = {"name": "ben", "no_passphrase": True}
_NEW_ANA = {"name": "ana", "no_passphrase": True}
_DOCS = {"to": "ana", "cap": ["FileRead=docs"], "path": ["docs"], "out": "more"}
_TO_STORE = {"path": "src/acme", "to": "out/store"}
_ACCEPTED = {"source": "src/acme", "yes": True, "unsigned": True}
_TAKEN = {"name": "acme", "from": "src/acme", "yes": True, "unsigned": True}
USAGE = Case(2, words=("--no-such-option",))
_WRAPPING = {"name": "standards/wrapping"}
_WRAPPINGS = {"names": ["standards/wrapping"]}
_LIB = {**_WRAPPINGS, "set": ["folder=lib"]}
CASES: dict[str, list[Case]] = {
    "init": [
        Case(0, setup=_bare), Case(2), Case(4, setup=_bare_in_the_way),
        Case(0, {"template": ["workflows/tdd"], "no_import": True}, _bare),
    ],
    "import": [Case(0), Case(2, {"editor": "nobody"}), Case(4, setup=_stand_in_the_way)],
    "sync": [
        Case(0, setup=_new_rule), Case(1, {"check": True}, _new_rule), Case(2, setup=_bad_rule),
        Case(4, setup=_conflict), Case(0, {"force": True}, _conflict), Case(0, {"dry_run": True}, _new_rule),
        Case(5, setup=_pack_unknown), Case(6, setup=_pack_changed), Case(6, {"frozen": True}, _not_frozen),
    ],
    "status": [Case(0), Case(2, setup=_bad_rule), Case(5, setup=_pack_unknown), Case(6, setup=_pack_changed)],
    "explain": [
        Case(0, {"path": "src/a.ts"}), Case(2, {"path": "src/a.ts", "editor": "nobody"}),
        Case(5, {"path": "src/a.ts"}, _pack_unknown), Case(6, {"path": "src/a.ts"}, _pack_changed),
    ],
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
    "attest root": [
        Case(0, {"act": "rotate"}, _attested), Case(2, {"act": "init"}), Case(5, {"act": "rotate"}, _attested_for_all),
        Case(0, {"act": "init", "holder": ["ana"]}, idle=("FileRead(.driven/state)",)), Case(6, {"act": "rotate"}),
    ],
    "attest issue": [
        Case(0, _DOCS, _attested), Case(2, setup=_attested), Case(5, _DOCS, _attested_for_all), Case(6, _DOCS),
    ],
    "attest delegate": [
        Case(0, {"chain": "ana", **_DOCS}, _attested), Case(2, {"chain": "nobody", **_DOCS}, _attested),
        Case(5, {"chain": "ana", **_DOCS, "cap": ["FileRead=src"], "path": ["src"]}, _attested),
        Case(6, {"chain": "ana", **_DOCS}),
    ],
    "attest sign": [
        Case(0, {"what": "root", "yes": True}, _root_waits), Case(2, {"what": "root"}),
        Case(5, {"what": "root"}, _root_waits), Case(6, {"what": "ana"}),
    ],
    "attest revoke": [
        Case(0, {"what": ["ana"], "reason": "lost"}, _attested), Case(2, {"what": ["nobody"]}, _attested),
        Case(5, setup=_attested_for_all), Case(6),
    ],
    "attest verify": [
        Case(0, setup=_attested), Case(2, {"chains": ["nobody"]}, _attested),
        Case(5, {"cap": ["ProcessSpawn=git"]}, _attested), Case(6), Case(0, {"locked": True}, _attested),
    ],
    "attest show": [
        Case(0, setup=_attested), Case(2, {"chain": "nobody"}, _attested),
        Case(5, setup=_attested_for_all), Case(6, setup=_badly_attested),
    ],
    "cache status": [Case(0), USAGE],
    "cache list": [Case(0), Case(2, words=("nothing",))],
    "cache clear": [Case(0, {"kind": "templates"}), Case(2, words=("nothing",))],
    "cache prune": [Case(0, {"kind": "templates", "days": 30}), Case(2, {"days": 40_000})],
    "cache warm": [Case(0, setup=_own_template), Case(2, setup=_broken_template)],
    "plugin list": [Case(0), USAGE],
    "plugin show": [Case(0, {"name": "cursor"}), Case(2, {"name": "nobody"})],
    "doctor": [Case(0), Case(1, setup=_no_config), USAGE],
    "grammar": [Case(0), Case(2, {"words": ["nothing"]})],
    "key generate": [Case(0, _BEN), Case(2, _NEW_ANA), Case(5, _BEN, _keys_for_all)],
    "key rotate": [
        Case(0, _NEW_ANA, _trusted), Case(2, _BEN), Case(5, _NEW_ANA, _keys_for_all),
        Case(6, _NEW_ANA, _list_is_none),
    ],
    "key list": [Case(0, setup=_trusted), USAGE, Case(5, setup=_own_key_for_all), Case(6, setup=_list_is_none)],
    "key show": [
        Case(0, {"key": "ana"}, _trusted), Case(2, {"key": "nobody"}), Case(5, {"key": "ana"}, _list_for_all),
        Case(6, {"key": "ana"}, _list_is_none),
    ],
    "key trust": [
        Case(0, {"key": "ana", "yes": True}), Case(2), Case(5, {"key": "ana"}, _list_for_all),
        Case(6, {"key": "ana"}, _list_is_none),
    ],
    "key revoke": [
        Case(0, {"key": "ana"}, _trusted), Case(2), Case(5, {"key": "ana"}, _list_for_all),
        Case(6, {"key": "ana"}, _list_is_none),
    ],
    "add": [
        Case(0, _TAKEN, _pack_source), Case(2, _TAKEN), Case(5, _TAKEN, _pack_signed_list_for_all),
        Case(6, {"name": "acme", "from": "src/acme", "yes": True}, _pack_source),
    ],
    "update": [
        Case(0, {"yes": True}, _offered), Case(0, {"dry_run": True}, _offered), Case(1, {"check": True}, _offered),
        Case(2, {"names": ["nobody"]}), Case(5, setup=_offered), Case(6, {"yes": True}, _offered_unsigned),
        Case(0, {"repin": True}, _not_frozen),
    ],
    "pack add": [
        Case(0, _ACCEPTED, _pack_source), Case(2, _ACCEPTED), Case(5, _ACCEPTED, _pack_signed_list_for_all),
        Case(6, {"source": "src/acme", "yes": True}, _pack_source),
    ],
    "sign": [Case(0), USAGE, Case(5, setup=_own_key_for_all), Case(6, setup=_own_key_is_none)],
    "verify": [Case(0, setup=_signed), USAGE, Case(5, setup=_list_for_all), Case(6)],
    "pack list": [Case(0, setup=_packed), USAGE, Case(5, setup=_list_for_all), Case(6, setup=_pack_changed)],
    "pack show": [
        Case(0, {"name": "acme"}, _packed), Case(2, {"name": "nobody"}),
        Case(5, {"name": "acme"}, _pack_signed_list_for_all), Case(6, {"name": "acme"}, _pack_tampered),
    ],
    "pack trust": [
        Case(0, {"yes": True, "unsigned": True}, _pack_changed), Case(2, {"names": ["nobody"]}),
        Case(5, {"yes": True}, _pack_signed_list_for_all), Case(6, {"yes": True}, _pack_tampered),
    ],
    "pack build": [
        Case(0, {"folder": "src/acme"}, _pack_source_signed), Case(2, {"folder": "nowhere"}),
        Case(6, {"folder": "src/acme"}, _pack_source),
    ],
    "pack publish": [
        Case(0, _TO_STORE, _pack_source_signed), Case(2, _TO_STORE), Case(4, _TO_STORE, _pack_published_otherwise),
        Case(5, {"path": "src/acme", "to": "http://127.0.0.1:9", "token_file": "src/token"}, _pack_and_token_for_all),
        Case(6, _TO_STORE, _pack_source),
    ],
    "token add": [
        Case(0, {"name": "ana", "tokens": "out/tokens", "publish": True}),
        Case(0, {"name": "ana", "tokens": "out/tokens", "output": "out/ana.token"}),
        Case(2, {"name": "a b", "tokens": "out/tokens"}),
        Case(2, {"name": "ben", "tokens": "out/tokens", "output": "out/tokens"}),
        Case(5, {"name": "ben", "tokens": "out/tokens"}, _tokens_for_all),
    ],
    "token list": [
        Case(0, {"tokens": "out/tokens"}, _tokens), Case(2, {"tokens": "out/none"}),
        Case(5, {"tokens": "out/tokens"}, _tokens_for_all),
    ],
    "token remove": [
        Case(0, {"name": "ana", "tokens": "out/tokens"}, _tokens),
        Case(2, {"name": "ben", "tokens": "out/tokens"}, _tokens),
        Case(5, {"name": "ana", "tokens": "out/tokens"}, _tokens_for_all),
    ],
    "pack forget": [Case(0, {"name": "acme"}, _packed), Case(2, {"name": "nobody"})],
    "template list": [Case(0, setup=_template), Case(2, setup=_broken_template)],
    "template search": [Case(0, {"words": ["raised"]}, _template), Case(2)],
    "template show": [Case(0, _WRAPPING, _template), Case(2, {"name": "nobody"})],
    "template render": [
        Case(0, _WRAPPING, _template), Case(2, {"name": "broken"}, _broken_template),
        Case(0, {**_WRAPPING, "values": "src/values.toml", "as": "x"}, _template),
    ],
    "template apply": [
        Case(0, _WRAPPINGS, _template), Case(2, {"names": ["nobody"]}), Case(4, _WRAPPINGS, _template_and_rule),
        Case(0, {**_WRAPPINGS, "force": True}, _template_and_rule), Case(4, _LIB, _template_and_edit),
        Case(0, {**_LIB, "keep": True}, _template_and_edit),
        Case(0, _LIB, _template), Case(0, {**_WRAPPINGS, "dry_run": True}, _template),
    ],
    "template check": [
        Case(0, setup=_template), Case(1, setup=_broken_template), Case(2, {"names": ["nobody"]}),
    ],
    "template new": [
        Case(0, _WRAPPING), Case(2, {"name": "../up"}), Case(4, _WRAPPING, _template),
        Case(0, {"name": "mine", "from": "errors"}),
    ],
    "audit show": [Case(0, setup=_logged), Case(2, setup=_log_is_a_link)],
    "audit verify": [Case(0, setup=_logged), Case(2, setup=_log_is_a_link), Case(6, setup=_log_is_broken)],
    "audit sign": [
        Case(0, setup=_logged_and_trusted), Case(2, {"key": "./src/key"}),
        Case(5, {"key": "./src/key"}, _key_for_all), Case(6, {"key": "./src/key"}, _log_is_broken),
    ],
}  # fmt: skip
