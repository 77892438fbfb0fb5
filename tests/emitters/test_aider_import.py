"""Aider's conventions: CONVENTIONS.md, and the files that `read` in .aider.conf.yml names."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS, ForPaths
from driven.model.artefact import ListEntry, Outside, Section, Settings
from driven.model.rule import Rule
from driven_emitters.aider import AiderEmitter, AiderImporter

EMITTER = AiderEmitter()
IMPORTER = AiderImporter()
CONFIG = ".aider.conf.yml"
MAIN = "CONVENTIONS.md"


def read(**files: str) -> Imported:
    """The files, named `CONVENTIONS.md=…`."""
    return IMPORTER.read([SourceFile(path=path, data=text.encode()) for path, text in files.items()])


@pytest.mark.parametrize(
    ("config", "paths", "codes"),
    [
        ("read: docs/a.md\n", ("docs/a.md",), []),
        ("read: [docs/a.md, ./b.txt]\n", ("docs/a.md", "b.txt"), []),
        ("read:\n  - docs/a.md\n  - 'b c.md'  # why\n", ("docs/a.md", "b c.md"), []),
        ("model: x\nlint-cmd:\n  - a.md\nread: &all [docs/a.md]\nfile: b.md\n", ("docs/a.md",), []),
        ("read: a.md, b.md\n", ("a.md, b.md",), ["AID01"]),
        ("read: a.md\nread: b.md\n", ("b.md",), ["AID03"]),
        ("read: [src/x.py, a.md]\n", ("a.md",), []),
        ("read: [~/me.md, /etc/x.md, ../up.md, docs/]\n", (), ["AID08"] * 4),
        ("read-only: a.md\n", (), ["AID02"]),
        ("read:\n", (), []),
        ("read: []\n", (), []),
        ("read: null\n", (), []),
        ("read: {a: b.md}\n", (), []),
        ("read: [a.md]\nx: {read: b.md}\ny: [c.md]\n", ("a.md",), []),
        ("a: " + "[" * 80 + "]" * 80 + "\n", (), ["AID09"]),
        ("read: [a.md, [b.md]]\n", ("a.md",), []),
        ("? [read]\n: a.md\nread: b.md\n", ("b.md",), []),
        ("", (), []),
        ("# nothing\n", (), []),
        ("- a.md\n", (), ["AID09"]),
        ("read: [\n", (), ["AID09"]),
        ("read: *x\n", (), []),
        ("\ufeffread: a.md\r\n", ("a.md",), []),
    ],
)
def test_which_files_the_configuration_names(config: str, paths: tuple[str, ...], codes: list[str]) -> None:
    assert IMPORTER.follows(SourceFile(path=CONFIG, data=config.encode())) == paths
    found = read(**{CONFIG: config})
    assert [item.code for item in found.diagnostics] == codes
    assert all(item.hint and item.span.path == CONFIG for item in found.diagnostics)


def test_where_the_findings_are() -> None:
    found = read(**{CONFIG: "model: x\nread:\n  - a.md\n  - ~/b.md\nread: c, d\n"})
    assert [(item.code, item.severity, item.span.line) for item in found.diagnostics] == [
        ("AID03", "warning", 5), ("AID01", "warning", 5),
    ]  # fmt: skip


def test_the_files_become_rules() -> None:
    found = read(**{
        MAIN: "# House\n\nText.\n", CONFIG: "read: [CONVENTIONS.md, docs/a.md, AGENTS.md, x.py]\n", "docs/a.md": "A.\n",
        "AGENTS.md": "No.\n",
    })  # fmt: skip
    assert not found.diagnostics
    assert [(rule.id, rule.activation, rule.targets, rule.body) for rule in found.rules] == [
        ("conventions", ALWAYS, (), "# House\n\nText.\n"), ("docs/a", ALWAYS, ("-aider",), "A.\n"),
    ]  # fmt: skip
    assert found.files == {"conventions": MAIN, "docs/a": "docs/a.md"}
    assert [(item.outcome, item.line) for item in found.fidelity if item.name == "`read`"] == [
        ("mapped", 1), ("approximated", 1), ("mapped", 1), ("dropped", 1),
    ]  # fmt: skip
    (rule, other) = found.rules
    emission = EMITTER.emit([rule], Settings())
    (artefact,) = emission.artefacts  # the entry in `read` is a person's
    assert (artefact.path, artefact.text, artefact.ownership) == (MAIN, rule.body, Outside())
    assert not emission.losses
    assert not other.for_editor("aider")


def test_conventions_that_nobody_reads() -> None:
    for files in ({MAIN: "Text.\n"}, {MAIN: "Text.\n", CONFIG: "model: x\n"}):
        found = read(**files)
        assert [(item.code, item.span.path) for item in found.diagnostics] == [("AID06", MAIN)]
        assert len(found.rules) == 1
    assert not read(**{MAIN: "Text.\n", CONFIG: "read: ./CONVENTIONS.md\n"}).diagnostics


def test_both_kinds_in_one_file_are_read_back_apart() -> None:
    (mine,) = read(**{MAIN: "# House\n\nText.\n"}).rules
    ours = Rule(id="ours", body="One.\n", description="Ours", activation=ForPaths(("*.py",)))
    outside, section, entry = EMITTER.emit([mine, ours], Settings()).artefacts
    assert (outside.ownership, section.ownership) == (Outside(), Section("aider"))
    assert (entry.ownership, entry.rule_ids) == (ListEntry("read"), ("ours",))
    edited = IMPORTER.read_back(mine, MAIN, outside.text.replace("Text", "More")).rule
    assert edited == replace(mine, body="# House\n\nMore.\n")
    edited = IMPORTER.read_back(ours, MAIN, section.text.replace("*.py", "*.ts").replace("One", "Two")).rule
    assert edited == replace(ours, body="Two.\n", activation=ForPaths(("*.ts",)))
    assert IMPORTER.read_back(ours, CONFIG, "CONVENTIONS.md").rule == ours


def test_a_rule_for_paths_is_none_of_a_persons_own() -> None:
    (mine,) = read(**{MAIN: "# House\n\nText.\n"}).rules
    changed = replace(mine, activation=ForPaths(("*.py",)))
    assert [artefact.ownership for artefact in EMITTER.emit([changed], Settings()).artefacts] == [
        Section("aider"), ListEntry("read"),
    ]  # fmt: skip


def test_what_is_no_text_is_a_diagnostic() -> None:
    for data in (b"read: caf\xe9.md\n", b"read: a\0.md\n", b"# " + b"x" * (1 << 19)):
        file = SourceFile(path=CONFIG, data=data)
        assert IMPORTER.follows(file) == ()
        assert [item.code for item in IMPORTER.read([file]).diagnostics] == ["AID09"]


def test_hostile_files_cost_no_time() -> None:
    start = time.process_time()
    for text in (
        "read: " + "[" * 100_000, "read: [" + "a.md, " * 40_000 + "]", "a: &a [x]\n" + "b: [*a, *a, *a]\n" * 10_000,
        "read: a.md\n" * 20_000, "read: '" + "a," * 100_000 + "'", "read: " + "{a: " * 60_000, "- " * 100_000,
    ):  # fmt: skip
        file = SourceFile(path=CONFIG, data=text.encode())
        IMPORTER.follows(file)
        found = IMPORTER.read([file])
        assert len(found.diagnostics) < 1_000
    assert time.process_time() - start < 60


def test_a_folder_is_said_to_be_one() -> None:
    found = read(**{CONFIG: "read: [docs/, docs, no.md]\n"})
    assert [item.code for item in found.diagnostics] == ["AID08"]
    assert "a folder is not read" in found.diagnostics[0].message
    assert [item.note for item in found.fidelity] == [
        "`docs/` is a folder, and a folder is not read; the entry stays",
        "`docs` is a folder, or no Markdown or text: it is not read; the entry stays",
        "`no.md` gives no rule; the entry stays",
    ]
