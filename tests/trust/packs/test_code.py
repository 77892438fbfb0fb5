"""Code that comes with a pack: it runs in a ring, behind the hooks of every other plugin, with what was granted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from driven import packing, pipeline
from driven.cli.app import main
from driven.trust.audit_read import entries
from trust.packs import making

MORE = """
[capabilities]
FileRead = ["owners.txt"]
[plugins.owners]
run = "plugins/owners.py"
[[plugins.owners.checks]]
code = "ACM01"
title = "a rule without an owner"
why = "Nobody answers for it."
places = ["driven/rule"]
[plugins.owners.editor]
name = "acme"
title = "Acme Editor"
docs = "https://acme.example.org/rules"
files = [".acme/rules/*.txt"]
"""
CODE = """
import host

def check(code, files):
    known = host.read("owners.txt").split()
    return [
        {"path": one["path"], "line": 1, "message": "nobody owns this rule", "hint": "write `owner: " + known[0] + "`"}
        for one in files if "owner:" not in one["text"]
    ]

def emit(rules, options):
    return [
        {"path": ".acme/rules/" + rule["id"].replace("/", "-") + ".txt", "text": rule["body"], "rules": [rule["id"]]}
        for rule in rules
    ]
"""


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return making.new_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def root(tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that accepted a pack with a plugin: a check and an editor."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    root = making.project(tmp_path / "project")
    (root / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\nacme = true\n")
    (root / "owners.txt").write_text("ana bob\n")
    install(root, key, CODE)
    return root


def install(root: Path, key: Path, code: str) -> None:
    folder = making.pack(root / ".driven/packs/acme-errors", more=MORE)
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "plugins/owners.py").write_text(code)
    making.sign(folder, key)
    packing.accept(str(root), packing.look_all(str(root)))


def test_its_editor_is_written_and_kept_up_to_date(root: Path) -> None:
    report = making.sync(root)
    assert not report.plan.diagnostics
    assert (root / ".acme/rules/style.txt").read_text() == "- Use four spaces.\n"
    assert "Wrap every error" in (root / ".acme/rules/acme-errors-errors.txt").read_text()
    assert making.sync(root).plan.is_clean
    (root / ".driven/rules/style.md").write_text("- Use two spaces.\n")
    assert not making.sync(root).plan.diagnostics
    assert "two spaces" in (root / ".acme/rules/style.txt").read_text()


def test_its_check_is_one_of_validate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    making.sync(root)
    for _ in range(2):
        main(["--root", str(root), "validate", "--json", "--select", "ACM01"])
        found = json.loads(capsys.readouterr().out)["data"]["diagnostics"]
        assert {(one["path"], one["code"], one["line"]) for one in found} == {
            (".driven/rules/style.md", "ACM01", 1),
        } | {(one["path"], "ACM01", 1) for one in found if "packs" in one["path"]}
        assert all(one["hint"] == "write `owner: ana`" for one in found)
    (root / ".driven/rules/style.md").write_text("---\nx-owner: {owner: ana}\n---\n\n- Use four spaces. owner: ana\n")
    main(["--root", str(root), "validate", "--json", "--select", "ACM01"])
    found = json.loads(capsys.readouterr().out)["data"]["diagnostics"]
    assert not [one for one in found if one["path"] == ".driven/rules/style.md"]


def test_a_check_that_fails_names_its_own_line(root: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(root, key, "def emit(rules, options):\n    return []\n\n\ndef check(code, files):\n    return 1 / 0\n")
    main(["--root", str(root), "validate", "--json"])
    told = [one for one in json.loads(capsys.readouterr().out)["data"]["diagnostics"] if one["code"] == "PLG11"]
    assert len(told) == 1 and "`check` failed at owners.py:6: ZeroDivisionError: division by zero" in told[0]["message"]
    assert "sandbox.py" not in str(told), "where the failure came out of the ring is nobody's mistake"


def test_its_code_is_explained_without_running_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the words of its `pack.toml`, as far as it is accepted."""
    log = root / ".driven/state/audit.jsonl"
    assert main(["--root", str(root), "explain-code", "acm01"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ACM01  warning  a rule without an owner\n")
    assert "found by  the plugin `owners` of the pack acme-errors 1.0.0\n" in said and "verified" not in said
    assert main(["--root", str(root), "explain-code", "ACM", "CUR06", "--json"]) == 0
    ours, theirs = json.loads(capsys.readouterr().out)["data"]["codes"][::-1]
    assert (theirs["code"], theirs["check"], theirs["silence"][0][:5]) == ("ACM01", True, "`<!--")
    assert theirs["origin"] == "the plugin `owners` of the pack acme-errors 1.0.0" and ours["origin"] == ""
    assert main(["--root", str(root), "explain-code"]) == 0 and "ACM" in capsys.readouterr().out
    assert not log.exists(), "its code ran"
    (root / ".driven/packs/acme-errors/plugins/owners.py").write_text("other")
    assert main(["--root", str(root), "explain-code", "ACM01"]) == 2
    said = capsys.readouterr().err
    assert "there is no code `ACM01`" in said and "known when it is accepted: `driven pack list`" in said
    (root / ".driven/driven.lock").write_text("nonsense")
    assert main(["--root", str(root), "explain-code", "CUR06"]) == 0, "a broken pack takes no other code away"


def test_its_check_sees_what_it_reads_anew(root: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def hints(*words: str) -> set[str]:
        main(["--root", str(root), "validate", "--json", "--select", "ACM01", *words])
        return {one["hint"] or one["message"] for one in json.loads(capsys.readouterr().out)["data"]["diagnostics"]}

    assert hints() == {"write `owner: ana`"}
    (root / "owners.txt").write_text("eve\n")
    assert hints() == {"write `owner: eve`"}
    install(root, key, CODE.replace("write `owner", "put `owner"))
    assert hints() == {"put `owner: eve`"}
    (root / "owners.txt").unlink()
    (told,) = hints()
    assert "ACM01 failed" in told or "report it" in told


def test_it_is_listed_with_the_ring_that_holds_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root), "plugin", "list", "--json"]) == 0
    plugins = {one["name"]: one for one in json.loads(capsys.readouterr().out)["data"]["plugins"]}
    assert (plugins["owners"]["distribution"], plugins["owners"]["ring"]) == ("pack acme-errors", "L")
    assert plugins["owners"]["offers"] == ["check ACM01", "emitter acme"]
    assert plugins["cursor"]["ring"] == "T"
    assert main(["--root", str(root), "plugin", "show", "owners"]) == 0
    assert "under Landlock, seccomp and limits" in capsys.readouterr().out


def test_what_its_code_is_for_is_shown_before_it_is_accepted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root), "pack", "show", "acme-errors"]) == 0
    shown = capsys.readouterr().out
    assert "writes .acme/rules/*.txt  as `acme`" in shown and "checks ACM01" in shown


def test_what_it_asked_stands_in_the_audit_log(root: Path) -> None:
    main(["--root", str(root), "validate", "--quiet"])
    log = [entry for entry in entries(str(root / ".driven/state/audit.jsonl")) if "owners.txt" in str(entry)]
    assert log


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (
            "def emit(rules, options):\n    return [{'path': '../evil', 'text': 'x', 'rules': [rules[0]['id']]}]",
            "../evil",
        ),
        (
            "def emit(rules, options):\n    return [{'path': 'CLAUDE.md', 'text': 'x', 'rules': [rules[0]['id']]}]",
            "CLAUDE",
        ),
        ("def emit(rules, options):\n    open('/etc/passwd').read()", "lacks FileRead(/etc/passwd)"),
        ("def emit(rules, options):\n    open('/var/tmp/evil', 'w')", "`emit` failed"),
        ("import socket\ndef emit(rules, options):\n    socket.socket()", "ermission"),
        ("import os\ndef emit(rules, options):\n    os.fork()", "ermi"),
        ("def emit(rules, options):\n    while True: pass", "time"),
        ("def emit(rules, options):\n    return 3", "no list of tables"),
        ("def emmit(rules, options):\n    return []", "no function"),
        (
            "def emit(rules, options):\n"
            "    return [{'path': '.acme/rules/x.txt', 'text': chr(0xd800), 'rules': [rules[0]['id']]}]",
            "half of a pair",
        ),
    ],
)
def test_code_that_does_what_it_may_not_breaks_alone(root: Path, key: Path, code: str, what: str) -> None:
    install(root, key, code)
    report = making.sync(root)
    told = [one for one in report.plan.diagnostics if what in one.message]
    assert told, [one.message for one in report.plan.diagnostics]
    assert not (root / ".acme").exists()
    assert not (root.parent / "evil").exists()
    assert not Path("/var/tmp/evil").exists()
    assert "four spaces" in (root / ".cursor/rules/style.mdc").read_text(), "the others are written"


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        (".acme/rules/../../.git/hooks/x", "x", "names .acme"),
        (".mcp.json", "{}", "nothing foreign writes `.mcp.json`"),
        ("sub/.Claude/Settings.json", "{}", "nothing foreign writes `.claude/settings.json`"),
        (".husky/pre-commit", "id", "nothing foreign writes `.husky`"),
        (".gemini/settings.json", '{"mcpServers": {"x": {"command": "id"}}}', "nothing foreign writes"),
        (".acme/rules/x.md", "Run !`id` first.\n", "command: ! = id"),
        (".claude/skills/x/SKILL.md", "---\nname: x\nallowed-tools: Bash\n---\n\nx\n", "permission: allowed-tools"),
    ],
)
def test_its_editor_writes_nothing_that_does_something(
    root: Path, key: Path, path: str, text: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever globs it was accepted with: it can write another text with each sync, and no grant holds for that."""
    if "names" not in what:
        monkeypatch.setitem(globals(), "MORE", MORE.replace(".acme/rules/*.txt", "**"))
    install(
        root, key, f"def emit(rules, options):\n    return [dict(path={path!r}, text={text!r}, rules=[rules[0]['id']])]"
    )
    told = [one.message for one in making.sync(root).plan.diagnostics]
    assert any(what in one for one in told), told
    assert not (root / path).exists()


def test_what_runs_is_what_was_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is swapped once its digest was compared: the accepted bytes run, not what stands there then."""
    from driven.trust.rings import Sandbox

    path = root / ".driven/packs/acme-errors/plugins/owners.py"
    run = Sandbox.run

    def swapped(sandbox: Sandbox, *args: object, **kwargs: object) -> object:
        path.write_text(
            "def emit(rules, options):\n"
            "    return [{'path': '.acme/rules/evil.txt', 'text': 'x', 'rules': [rules[0]['id']]}]\n"
        )
        return run(sandbox, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Sandbox, "run", swapped)
    making.sync(root)
    assert (root / ".acme/rules/style.txt").exists()
    assert not (root / ".acme/rules/evil.txt").exists()


def test_code_that_was_changed_does_not_run(root: Path) -> None:
    making.sync(root)
    (root / ".driven/packs/acme-errors/plugins/owners.py").write_text("raise SystemExit\n")
    report = making.sync(root)
    assert "DRV010" in making.codes(report)
    assert (root / ".acme/rules/style.txt").exists(), "what its editor has stays"


def test_a_wider_wish_is_a_question_again(root: Path, key: Path) -> None:
    folder = root / ".driven/packs/acme-errors"
    text = (folder / "pack.toml").read_text()
    (folder / "pack.toml").write_text(
        text.replace('["owners.txt"]', '["owners.txt"]\nNetworkAccess = ["evil.example"]')
    )
    making.sign(folder, key)
    look = packing.look(str(root), "acme-errors")
    assert [str(one) for one in look.more] == ["NetworkAccess(evil.example:443)"]
    assert "DRV010" in making.codes(pipeline.sync(str(root)))
