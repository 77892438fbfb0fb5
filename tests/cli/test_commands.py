"""Every command in a real project: what it prints, what --json answers, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from driven.grammar.command import Command
from driven.grammar.commands import COMMANDS

Drive = Callable[..., Any]
Answer = Callable[..., Any]
Expect = Callable[[str, str], None]

MDC = "---\ndescription: Write tests\nglobs: tests/**/*.py\nalwaysApply: false\n---\n\n# Tests\n\nOne fact each.\n"


def command(words: str) -> Command:
    first, _, second = words.partition(" ")
    found = next(c for c in COMMANDS if c.name == first)
    return next(v for v in found.verbs if v.name == second) if second else found


# sync


def test_sync_writes_then_has_nothing_to_do(project: Path, drive: Drive, expect: Expect) -> None:
    first = drive("sync")
    assert first.code == 0
    expect("sync-first", first.out)
    assert (project / ".cursor/rules/backend-api.mdc").is_file()
    again = drive("sync")
    assert again.code == 0 and again.out.startswith("up to date: 5 rules, 3 editors, ")


def test_sync_check_and_dry_run_write_nothing(project: Path, drive: Drive) -> None:
    before = sorted(str(p) for p in project.rglob("*"))
    check = drive("sync", "--check")
    assert check.code == 1 and "to be written" in check.out
    dry = drive("sync", "--dry-run")
    assert dry.code == 0
    assert dry.out.startswith("diff --git ") and "+++ b/.cursor/rules/errors.mdc" in dry.out
    assert "to be written" in dry.err
    assert sorted(str(p) for p in project.rglob("*")) == before
    drive("sync")
    assert drive("sync", "--check").code == 0


def test_sync_deletes_what_no_rule_gives(project: Path, drive: Drive) -> None:
    drive("sync")
    (project / ".driven/rules/errors.md").unlink()
    ran = drive("sync")
    assert ran.code == 0 and "- .cursor/rules/errors.mdc" in ran.out
    assert not (project / ".cursor/rules/errors.mdc").exists()


def test_a_conflict_exits_4_and_force_takes_our_side(project: Path, drive: Drive, answer: Answer) -> None:
    file = project / ".cursor/rules/errors.mdc"
    file.parent.mkdir(parents=True)
    file.write_text("a stranger's\n")
    ran = drive("sync")
    assert ran.code == 4
    assert "conflict: .cursor/rules/errors.mdc" in ran.err and "hint:" in ran.err
    assert file.read_text() == "a stranger's\n"
    data = answer("sync", code=4)
    conflict = next(c for c in data["plan"]["changes"] if c["action"] == "conflict")
    assert conflict["drift"] == "foreign" and "errors" in data["held"]
    forced = drive("sync", "--force")
    assert forced.code == 0 and "kept in" in forced.out
    assert "Errors name the thing" in file.read_text()


def test_a_bad_rule_exits_2_and_the_rest_is_written(project: Path, drive: Drive, expect: Expect) -> None:
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")
    ran = drive("sync", "--quiet")
    assert ran.code == 2 and ran.out == ""
    expect("sync-bad-rule", ran.err)
    assert (project / ".cursor/rules/errors.mdc").is_file()


def test_of_several_reasons_the_worst_decides(project: Path, drive: Drive) -> None:
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")
    (project / ".cursor/rules").mkdir(parents=True)
    (project / ".cursor/rules/errors.mdc").write_text("a stranger's\n")
    assert drive("sync", "--check").code == 2


def test_sync_json(project: Path, answer: Answer) -> None:
    dry = answer("sync", "--dry-run")
    assert dry["applied"] is False
    assert all(c["diff"].startswith("diff --git") for c in dry["plan"]["changes"] if c["action"] != "keep")
    done = answer("sync")
    assert done["applied"] is True and done["rules"] == 5 and done["editors"] == ["cursor", "copilot", "aider"]
    assert not any("diff" in c for c in done["plan"]["changes"])


def test_a_sync_says_which_rules_wait(project: Path, drive: Drive, answer: Answer) -> None:
    drive("sync")
    (project / ".driven/rules/rust.md").write_text('---\nwhen: lang("rust")\n---\nRun clippy.\n')
    said = drive("sync").out
    assert "1 rule waits, for `when` is false here" in said
    assert "waits" not in drive("sync").out, "told once: nothing of it is new"
    assert answer("sync")["waiting"] == ["rust"]
    (project / "main.rs").write_text("fn main() {}\n")
    assert "waits" not in drive("sync").out and answer("sync")["waiting"] == []


def test_check_with_force_is_refused(project: Path, drive: Drive) -> None:
    ran = drive("sync", "--check", "--force")
    assert ran.code == 2 and "hint: leave one of them out" in ran.err


# status, explain, validate


def test_status(project: Path, drive: Drive, expect: Expect, answer: Answer) -> None:
    ran = drive("status")
    assert ran.code == 0
    expect("status-before", ran.out)
    drive("sync")
    expect("status-after", drive("status").out)
    expect("status-verbose", drive("status", "--verbose").out)
    data = answer("status")
    assert data["plan"]["clean"] and {r["id"] for r in data["rules"]} >= {"backend/api", "sql"}


def test_what_only_looks_fails_where_its_answer_lacks_a_rule(project: Path, drive: Drive) -> None:
    (project / ".cursor/rules").mkdir(parents=True)
    (project / ".cursor/rules/errors.mdc").write_text("a stranger's\n")
    assert [drive(*words).code for words in (["status"], ["explain", "a"], ["sync"])] == [0, 0, 4]
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")
    assert [drive(*words).code for words in (["status"], ["explain", "a"], ["sync"])] == [2, 2, 2]


def test_status_of_many_rules_stays_short(project: Path, drive: Drive) -> None:
    for i in range(200):
        (project / f".driven/rules/r{i:03}.md").write_text(f"Rule {i}.\n")
    short, whole = drive("status").out, drive("status", "--all").out
    assert len(short.splitlines()) < 45 and "193 more: 202 always, 1 paths" not in short
    assert "--all lists them" in short and "r199" not in short
    assert "r199" in whole


def test_explain(project: Path, drive: Drive, expect: Expect) -> None:
    ran = drive("explain", "src/api/orders.ts")
    assert (ran.code, ran.err) == (0, "")
    expect("explain", ran.out)
    expect("explain-all", drive("explain", "web/site.css", "--all").out)
    expect("explain-one", drive("explain", "src/api/orders.ts", "--editor", "cursor").out)


def test_explain_json(project: Path, answer: Answer) -> None:
    data = answer("explain", "src/api/orders.ts")
    assert data["exists"] is False and [e["name"] for e in data["editors"]] == ["cursor", "copilot", "aider"]
    cursor = data["editors"][0]
    verdicts = {r["id"]: r["verdict"] for r in cursor["rules"]}
    assert verdicts == {
        "backend/api": "match", "errors": "always", "release": "manual", "sql": "model", "web/css": "no",
    }  # fmt: skip
    assert cursor["loaded"] == 2 and cursor["tokens_estimated"] is True
    assert cursor["characters"] == sum(r["characters"] for r in cursor["rules"] if r["loaded"])


def test_explain_mistakes(project: Path, drive: Drive) -> None:
    assert drive("explain", "x", "--editor", "cusror").code == 2
    assert drive("explain", "../../outside").code == 2


def test_validate(project: Path, drive: Drive, expect: Expect, answer: Answer) -> None:
    assert drive("validate").code == 0
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")
    (project / ".driven/rules/warn.md").write_bytes(b"a\r\nb\r\n")
    ran = drive("validate")
    assert ran.code == 1
    expect("validate", ran.out)
    data = answer("validate", code=1)
    assert any(d["severity"] == "error" and d["line"] == 2 and d["hint"] for d in data["diagnostics"])
    (project / ".driven/rules/bad.md").unlink()
    assert drive("validate").code == 0
    assert drive("validate", "--strict").code == 1


# build, show, convert


def test_build_and_show(project: Path, drive: Drive, expect: Expect, answer: Answer) -> None:
    ran = drive("build")
    assert ran.code == 0 and ran.out.startswith("+ .driven/rules.drv\n5 rules, ")
    shown = drive("show", ".driven/rules.drv")
    assert shown.code == 0
    for word in ("RULES", "DATA", "backend/api", "src/api/**/*.ts", "version 1"):
        assert word in shown.out
    one = drive("show", ".driven/rules.drv", "backend/api")
    assert one.out == (project / ".driven/rules/backend/api.md").read_text()
    built = answer("build", "--compress", "--output", "small.drv")
    data = answer("show", "small.drv")
    assert data["compressed"] and data["digest"] == built["digest"] and len(data["rules"]) == 5
    assert data["bytes"] == built["bytes"] == (project / "small.drv").stat().st_size
    assert answer("show", "small.drv", "sql")["rules"][0]["body"] == "Name every column.\n"


def test_show_mistakes(project: Path, drive: Drive) -> None:
    drive("build")
    ran = drive("show", ".driven/rules.drv", "backend/apy")
    assert ran.code == 2 and "did you mean `backend/api`?" in ran.err
    data = bytearray((project / ".driven/rules.drv").read_bytes())
    data[-1] ^= 1
    Path("damaged.drv").write_bytes(data)
    Path("text.drv").write_text("no drv")
    later = bytearray((project / ".driven/rules.drv").read_bytes())
    later[4] = 2
    Path("later.drv").write_bytes(later)
    ran = drive("show", "later.drv")
    assert ran.code == 2 and "hint: update driven: the file was written by a later one" in ran.err
    for name in ("damaged.drv", "text.drv", "absent.drv", "."):
        ran = drive("show", name)
        assert ran.code == 2 and f"`{name}`" in ran.err, name


def test_build_refuses_when_a_rule_cannot_be_read(project: Path, drive: Drive) -> None:
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")
    ran = drive("build")
    assert ran.code == 2 and "nothing was written" in ran.err and not (project / ".driven/rules.drv").exists()


def test_convert_there_and_back_is_lossless(project: Path, drive: Drive, answer: Answer) -> None:
    assert drive("convert", ".driven/rules", "a.drv").code == 0
    assert drive("convert", "a.drv", "b.json").code == 0
    assert drive("convert", "b.json", "c.drv", "--compress").code == 0
    data = answer("convert", "c.drv", "back")
    assert data["source"] == "drv" and data["target"] == "rules" and len(data["files"]) == 5
    for file in (project / ".driven/rules").rglob("*.md"):
        copy = project / "back" / file.relative_to(project / ".driven/rules")
        assert copy.read_bytes() == file.read_bytes()
    assert drive("convert", ".", "d.drv").code == 0
    assert Path("d.drv").read_bytes() == Path("a.drv").read_bytes()


def test_convert_to_and_from_an_editor(project: Path, drive: Drive, answer: Answer) -> None:
    ran = drive("convert", ".driven/rules", "made", "--to", "aider")
    assert ran.code == 0 and "dropped" in ran.out
    text = Path("made/CONVENTIONS.md").read_text()
    assert text.count("driven:begin") == 1 and "Errors name the thing" in text
    assert "CONVENTIONS.md" in Path("made/.aider.conf.yml").read_text()
    drive("convert", ".driven/rules", "cur", "--to", "cursor")
    found = answer("convert", "cur/.cursor/rules", "rules2")
    assert found["source"] == "cursor" and "backend-api" in found["rules"]


def test_convert_mistakes(project: Path, drive: Drive) -> None:
    Path("there.drv").write_bytes(b"x")
    Path("odd.bin").write_bytes(b"x")
    for words, message in (
        (["absent", "x.drv"], "there is no `absent`"),
        (["odd.bin", "x.drv"], "`odd.bin` is of no form"),
        ([".driven/rules", "there.drv"], "`there.drv` is there already"),
        ([".driven/rules", "x", "--to", "cusror"], "there is no form `cusror`"),
        ([".driven/rules", "one.md"], "can hold one rule, not 5"),
        (["there.drv", "x.json"], "there.drv"),
    ):
        ran = drive("convert", *words)
        assert ran.code == 2 and message in ran.err and "hint:" in ran.err, words
    assert not Path("x.drv").exists() and Path("there.drv").read_bytes() == b"x"
    assert drive("convert", ".driven/rules", "there.drv", "--force").code == 0


# init, import


def test_init_finds_and_imports(empty: Path, drive: Drive, answer: Answer) -> None:
    (empty / ".cursor/rules").mkdir(parents=True)
    (empty / ".cursor/rules/tests.mdc").write_text(MDC)
    data = answer("init", "--yes")
    assert data["found"] == {"cursor": [".cursor/rules/tests.mdc"]} and data["editors"] == ["cursor"]
    assert (empty / ".driven/config.toml").is_file()
    assert "One fact each." in (empty / ".driven/rules/tests.md").read_text()
    assert drive("sync", "--check").code == 0, "an imported file is taken up as it is"


def test_init_says_what_comes_next(empty: Path, drive: Drive) -> None:
    ran = drive("init", "--editor", "cursor", "--editor", "claude", "--no-import")
    assert ran.code == 0 and "ready: writes for cursor, claude" in ran.out and "driven sync" in ran.out
    assert drive("init", "--editor", "cursr").code == 2


# the house


def test_plugins(empty: Path, drive: Drive, answer: Answer) -> None:
    ran = drive("plugin", "list")
    assert ran.code == 0 and "cursor" in ran.out
    assert "cursor" in {p["name"] for p in answer("plugin list")["plugins"]}
    assert answer("plugin show", "cursor")["plugins"][0]["status"] == "loaded"
    shown = drive("plugin", "show", "cursor")
    assert "emitter cursor" in shown.out
    wrong = drive("plugin", "show", "cusror")
    assert wrong.code == 2 and "did you mean `cursor`?" in wrong.err


def test_doctor(project: Path, drive: Drive, answer: Answer) -> None:
    data = answer("doctor")
    names = [c["name"] for c in data["checks"]]
    for name in ("python", "driven", "core", "libraries", "script", "git", "plugins", "project", "file names", "state"):
        assert name in names
    assert all(c["hint"] for c in data["checks"] if c["state"] != "ok")
    (project / ".driven/config.toml").write_text("version = 1\n[editors]\ncursr = true\n[nonsense]\n")
    ran = drive("doctor")
    assert ran.code == 1 and "config.toml" in ran.out and "fail" in ran.out


def test_doctor_outside_a_project(empty: Path, answer: Answer) -> None:
    checks = {c["name"]: c for c in answer("doctor")["checks"]}
    assert checks["project"]["state"] == "warn" and "driven init" in checks["project"]["hint"]


def test_grammar(empty: Path, drive: Drive, expect: Expect, answer: Answer) -> None:
    data = answer("grammar")
    assert [c["name"] for c in data["commands"]][: len(COMMANDS)] == [c.name for c in COMMANDS]
    assert data["exit_codes"]["4"].startswith("conflict")
    expect("grammar", drive("grammar").out)


def words_of(commands: Iterable[Command], above: str = "") -> list[str]:
    return [
        words
        for c in commands
        for words in [f"{above} {c.name}".strip(), *words_of(c.verbs, f"{above} {c.name}".strip())]
    ]


@pytest.mark.parametrize("words", words_of(COMMANDS))
def test_help_of_every_command(words: str, empty: Path, drive: Drive) -> None:
    ran = drive(*words.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"driven {words}: ")
    for a in command(words).arguments:
        assert (a.name if a.name.startswith("-") else a.metavar) in ran.out
    assert drive("-h", *words.split()).out == ran.out


@pytest.mark.parametrize("words", ["sync", "status", "explain x", "build", "import"])
def test_without_a_project(words: str, empty: Path, drive: Drive) -> None:
    ran = drive(*words.split())
    assert ran.code == 2 and ran.out == ""
    assert ran.err.startswith("error: ") and "hint: start with `driven init`" in ran.err


def test_benchmark(empty: Path, drive: Drive, answer: Answer) -> None:
    name = answer("benchmark", "strings", "--iterations", "1")["rows"][0]["name"]
    assert name in drive("benchmark", name, "--iterations", "1").out
    assert drive("benchmark", "--iterations", "0").code == 2
