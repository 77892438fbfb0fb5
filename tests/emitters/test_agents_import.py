"""AGENTS.md, of the root and of directories, and skills: read, and written back beside our own section."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Outside, Section, Settings
from driven.model.rule import Rule
from driven_emitters.agents import LIMIT, AgentsEmitter, AgentsImporter

EMITTER = AgentsEmitter()
IMPORTER = AgentsImporter()


def read(**files: str) -> Imported:
    """The files, named `AGENTS.md=…`."""
    return IMPORTER.read([SourceFile(path=path, data=text.encode()) for path, text in files.items()])


@pytest.mark.parametrize(
    ("path", "rule_id", "activation"),
    [
        ("AGENTS.md", "agents", ALWAYS),
        ("web/app/AGENTS.md", "web/app/agents", ForPaths(("web/app/**",))),
        ("app/[id]/AGENTS.md", "app/id/agents", ForPaths(("app/[[]id]/**",))),
    ],
)
def test_where_a_file_stands_says_when_it_holds(path: str, rule_id: str, activation: Activation) -> None:
    found = read(**{path: "# House\n\nText.\n"})
    (rule,) = found.rules
    assert (rule.id, rule.activation, found.diagnostics) == (rule_id, activation, ())
    assert EMITTER.group(rule, Settings()) == "AGENTS.md"
    (artefact,) = EMITTER.emit([rule], Settings(header=True)).artefacts
    assert (artefact.path, artefact.text, artefact.ownership) == (path, "# House\n\nText.\n", Outside())
    moved = replace(rule, activation=ForPaths(("lib/**",)))
    (artefact,) = EMITTER.emit([moved], Settings()).artefacts
    assert (artefact.path, artefact.ownership) == ("lib/AGENTS.md", Section("agents"))


def test_front_matter_stays_where_it_is() -> None:
    text = "---\ntitle: House\n---\n\nText.\n"
    found = read(**{"AGENTS.md": text})
    (rule,) = found.rules
    assert [item.code for item in found.diagnostics] == ["AGM02"]
    assert rule.body == "Text.\n"
    assert [(item.name, item.outcome) for item in found.fidelity] == [
        ("key `title`", "unsupported"),
        ("body", "mapped"),
    ]
    (artefact,) = EMITTER.emit([rule], Settings()).artefacts
    assert artefact.text == text
    for line in ("---\n\nText.\n", "---\nOne line.\n---\nText.\n"):
        found = read(**{"AGENTS.md": line})
        assert [(rule.body, rule.extra) for rule in found.rules] == [(line, {"agents": {"$path": "AGENTS.md"}})]
        assert not found.diagnostics


def test_other_names() -> None:
    found = read(**{"AGENT.md": "One.\n", "AGENTS.override.md": "Two.\n", "web/AGENTS.override.md": "Three.\n"})
    assert [(rule.id, rule.extra) for rule in found.rules] == [("agent", {})]
    assert [(item.code, item.severity) for item in found.diagnostics] == [
        ("AGM06", "info"), ("AGM06", "info"), ("AGM03", "warning"),
    ]  # fmt: skip


def test_a_chain_that_codex_would_cut() -> None:
    found = read(**{"AGENTS.md": "x" * 20_000, "web/AGENTS.md": "y" * 20_000, "lib/AGENTS.md": "z" * 100})
    (told,) = found.diagnostics
    assert (told.code, told.span.path) == ("AGM01", "web/AGENTS.md")
    assert "40,000 bytes: Codex drops the last 7,232" in told.message
    emission = EMITTER.emit(found.rules, Settings())
    assert [len(artefact.text) for artefact in emission.artefacts] == [20_000, 100, 20_000]
    assert [(loss.rule_id, loss.kind) for loss in emission.losses] == [("web/agents", "approximated")]


def test_what_a_person_wrote_takes_room_from_our_section() -> None:
    (rule,) = read(**{"AGENTS.md": "# House\n\n" + "x" * (LIMIT - 2_000)}).rules
    ours = Rule(id="ours", body="# Ours\n\n" + "\n\n".join([f"{number} " + "y" * 500 for number in range(8)]) + "\n")
    alone = EMITTER.emit([ours], Settings())
    assert not alone.losses
    emission = EMITTER.emit([rule, ours], Settings())
    outside, section = emission.artefacts
    assert (outside.text, outside.ownership, section.ownership) == (rule.body, Outside(), Section("agents"))
    assert len(outside.text) + len(section.text) < LIMIT
    assert {(loss.rule_id, loss.kind) for loss in emission.losses} == {("ours", "dropped")}


def test_both_kinds_in_one_file_are_read_back_apart() -> None:
    (mine,) = read(**{"AGENTS.md": "# House\n\nText.\n"}).rules
    ours = Rule(id="ours", body="One.\n", description="Ours", activation=ForPaths(("*.py",)))
    outside, section = EMITTER.emit([mine, ours], Settings()).artefacts
    edited = IMPORTER.read_back(mine, "AGENTS.md", outside.text.replace("Text", "More")).rule
    assert edited == replace(mine, body="# House\n\nMore.\n")
    edited = IMPORTER.read_back(ours, "AGENTS.md", section.text.replace("*.py", "*.ts").replace("One", "Two")).rule
    assert edited == replace(ours, body="Two.\n", activation=ForPaths(("*.ts",)))
    nested = replace(ours, activation=ForPaths(("lib/**",)))
    (artefact,) = EMITTER.emit([nested], Settings()).artefacts
    assert artefact.path == "lib/AGENTS.md"
    edited = IMPORTER.read_back(nested, artefact.path, artefact.text.replace("## Ours", "## Mine")).rule
    assert edited == replace(nested, description="Mine")


def test_skills() -> None:
    path = ".agents/skills/a-skill/SKILL.md"
    text = "---\nname: a-skill\ndescription: 'D'\n---\nText.\n"
    (rule,) = read(**{path: text}).rules
    assert (rule.id, rule.activation) == ("a-skill", WhenRelevant("D"))
    emission = EMITTER.emit([rule], Settings())
    assert [(artefact.path, artefact.text) for artefact in emission.artefacts] == [(path, text)]
    assert [loss.kind for loss in emission.losses] == ["approximated"]
    manual = IMPORTER.read_back(rule, path, text.replace("'D'", "D\ndisable-model-invocation: true")).rule
    assert manual is not None
    assert manual.activation == ON_REQUEST
    asked = Settings(always="agents", editors=frozenset(("claude",)))
    assert not EMITTER.emit([rule], asked).artefacts


def test_with_always_on_text_in_agents_md_a_persons_own_stays_its_own() -> None:
    (rule,) = read(**{"AGENTS.md": "# House\n"}).rules
    settings = Settings(always="agents", editors=frozenset(("agents", "claude")))
    (artefact,) = EMITTER.emit([rule], settings).artefacts
    assert (artefact.text, artefact.ownership) == ("# House\n", Outside())


def test_hostile_files_cost_no_time() -> None:
    start = time.process_time()
    for text in ("---\n" * 30_000, "```\n" * 30_000, "<!-- driven:begin a\n" * 20_000, "`" * 900_000, "\r" * 300_000):
        for rule in read(**{"AGENTS.md": text, "a/" * 500 + "AGENTS.md": text}).rules:
            EMITTER.emit([rule], Settings())
            IMPORTER.read_back(rule, "AGENTS.md", text)
    assert time.process_time() - start < 60
