"""Golden cases: tests/cases/<target>/<name>.md, one file per case; a new case is a new file.

A case is Markdown: a heading that says what it shows, then fenced blocks whose first line says what they hold:

    rule ID [PATH]      the text of a rule file, which stands at PATH, else where the id says
    settings            JSON: always, editors, header, options
    file PATH           a whole file that must be written, byte for byte
    section NAME PATH   the section NAME of a shared file
    entry KEY PATH      an entry of the YAML list KEY
    losses              one per line: rule id, kind, reason

A block ends with one line feed. After its first line's words may stand `crlf` (every line ends in CRLF), `noeol` (no
line end after the last line) and `bom` (it begins with a byte order mark). Fences are four backticks. Files that are
not named must not be written; losses that are not named must not be reported.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

from driven.hookspecs import Emitter
from driven.model.artefact import Artefact, Emission, ListEntry, Section, Settings
from driven.model.rule import Rule, RuleSet
from driven.plugin_kit import parse_rule

CASES = Path(__file__).parent.parent / "cases"
TARGETS = tuple(sorted(folder.name for folder in CASES.iterdir() if folder.name != "validate"))
BLOCK = re.compile(r"^````(\S.*)\n((?:.*\n)*?)````$", re.MULTILINE)
LAYOUTS = {"crlf", "noeol", "bom"}


class Case(NamedTuple):
    """A case file, read."""

    rules: RuleSet
    settings: Settings
    artefacts: dict[tuple[str, str], str]
    losses: list[str]


def emitter_of(target: str) -> Emitter:
    """The emitter of one of our own targets."""
    return next(iter(importlib.import_module(f"driven_emitters.{target}").driven_emitters()))


def read_case(text: str) -> Case:
    """The case in `text`. Whatever it does not understand fails."""
    rules: list[Rule] = []
    settings = Settings()
    artefacts: dict[tuple[str, str], str] = {}
    losses: list[str] = []
    for words, content in BLOCK.findall(text):
        kind, *rest = words.split()
        layout = {word for word in rest if word in LAYOUTS}
        rest = [word for word in rest if word not in LAYOUTS]
        content = content[:-1] if "noeol" in layout else content
        content = content.replace("\n", "\r\n") if "crlf" in layout else content
        content = "\ufeff" + content if "bom" in layout else content
        match kind:
            case "rule":
                path = rest[1] if len(rest) > 1 else f".driven/rules/{rest[0]}.md"
                rule, found = parse_rule(content.encode(), path=path, rule_id=rest[0])
                assert rule is not None, found
                rules.append(rule)
            case "settings":
                values = json.loads(content)
                settings = Settings(**values | {"editors": frozenset(values.get("editors", ()))})
            case "losses":
                losses = content.splitlines()
            case "file":
                artefacts[rest[0], "file"] = content
            case "section" | "entry":
                text = content if kind == "section" else content.removesuffix("\n")
                artefacts[rest[1], f"{kind} {rest[0]}" + (f" {text}" if kind == "entry" else "")] = text
            case _:
                pytest.fail(f"a block `{words}`")
    return Case(RuleSet.of(rules), settings, artefacts, losses)


def part(artefact: Artefact) -> tuple[str, str]:
    """The path of an artefact, and what of that file it is, as a case names it."""
    match artefact.ownership:
        case Section(marker):
            return artefact.path, f"section {marker}"
        case ListEntry(key):
            return artefact.path, f"entry {key} {artefact.text}"
        case _:
            return artefact.path, "file"


def told(emission: Emission) -> list[str]:
    """The losses of an emission, as a case names them."""
    return [f"{loss.rule_id} {loss.kind} {loss.reason}" for loss in emission.losses]


def case_files() -> list[ParameterSet]:
    """Every case, named `target/name`."""
    return [
        pytest.param(target, path, id=f"{target}/{path.stem}")
        for target in TARGETS
        for path in sorted((CASES / target).glob("*.md"))
    ]


@pytest.mark.parametrize(("target", "path"), case_files())
def test_case(target: str, path: Path) -> None:
    case = read_case(path.read_bytes().decode())
    rules = [rule for rule in case.rules if rule.for_editor(target)]
    emission = emitter_of(target).emit(rules, case.settings)
    assert {part(artefact): artefact.text for artefact in emission.artefacts} == case.artefacts
    assert len(emission.artefacts) == len(case.artefacts)
    assert told(emission) == case.losses
    assert {loss.editor for loss in emission.losses} <= {target}
    assert {i for artefact in emission.artefacts for i in artefact.rule_ids} <= {rule.id for rule in rules}


@pytest.mark.parametrize(("target", "path"), case_files())
def test_groups_can_be_emitted_one_by_one(target: str, path: Path) -> None:
    case = read_case(path.read_bytes().decode())
    rules = [rule for rule in case.rules if rule.for_editor(target)]
    emitter = emitter_of(target)
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(emitter.group(rule, case.settings), []).append(rule)
    parts = [emitter.emit(group, case.settings) for group in groups.values()]
    whole = emitter.emit(rules, case.settings)
    artefacts = [artefact for emission in parts for artefact in emission.artefacts]
    assert sorted(artefacts, key=part) == sorted(whole.artefacts, key=part)
    assert sorted(line for emission in parts for line in told(emission)) == sorted(told(whole))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_cases_for_every_activation(target: str) -> None:
    assert len(list((CASES / target).glob("*.md"))) >= 4


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_says_what_it_is(target: str) -> None:
    emitter = emitter_of(target)
    assert isinstance(emitter, Emitter)
    data = emitter.target
    assert data.name == target
    assert set(data.ways) == {"always", "paths", "model", "manual"}
    assert data.docs.startswith("https://")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", data.verified)
    assert data.files
