"""What the grammar says of every verb, held against what the verb does: exits, answers, dry runs, a second run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from verbs import CASES, LEAVES, Case, home_of, make, own_home, quietly, tree

from driven.cli.app import main
from driven.grammar.conform import fault
from driven.grammar.powers import is_dry, is_idempotent
from driven.grammar.to_json import to_json

KEPT = Path(__file__).parent / "cases/grammar.json"
# Exits that need a broken plugin, or the passing of time; the tests of the command reach them.
ELSEWHERE = {"explain-code": {1}, "plugin list": {1}, "plugin show": {1}}
RUNS = [(verb, case) for verb, cases in CASES.items() for case in cases]
NAMES = [f"{verb}-{case.code}-{'-'.join(case.given) or 'plain'}" for verb, case in RUNS]


@pytest.fixture(scope="module", autouse=True)
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Somebody with a key of their own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("person")
        home_of(folder, patch)
        yield folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("verbs") / "shop")


@pytest.fixture
def project(template: Path, person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy, to stand in, of somebody with a fresh copy of their own folder."""
    own_home(person, tmp_path / "own", monkeypatch)
    folder = Path(shutil.copytree(template, tmp_path / "shop", symlinks=True))
    monkeypatch.chdir(folder)
    return folder


def run(line: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    capsys.readouterr()
    cut = line.index("--") if "--" in line else len(line)
    code = main([*line[:cut], "--json", *line[cut:]])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("verb", "case"), RUNS, ids=NAMES)
def test_a_run_exits_as_declared_and_answers_its_schema(
    verb: str, case: Case, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case.setup(project)
    code, envelope = run(case.line(verb), capsys)
    assert code == case.code, envelope["error"] or envelope["data"]
    assert code in LEAVES[verb].exits
    assert list(envelope) == ["ok", "data", "error", "meta"]
    if envelope["ok"]:
        assert fault(envelope["data"], json.loads(LEAVES[verb].result)) == ""
    else:
        assert envelope["error"]["message"] and code in (2, 4, 5, 6, 7)
        assert envelope["data"] is None or fault(envelope["data"], json.loads(LEAVES[verb].result)) == ""


@pytest.mark.parametrize("verb", CASES)
def test_every_declared_exit_is_reached(verb: str) -> None:
    reached = {case.code for case in CASES[verb]}
    assert reached <= set(LEAVES[verb].exits) <= reached | ELSEWHERE.get(verb, set())


@pytest.mark.parametrize(
    ("verb", "case"), [(v, c) for v, c in RUNS if LEAVES[v].safety == "reads" or is_dry(LEAVES[v], c.given)]
)
def test_what_only_reads_writes_nothing(verb: str, case: Case, project: Path) -> None:
    case.setup(project)
    before = tree(project)
    quietly(project, *case.line(verb))
    assert tree(project) == before


@pytest.mark.parametrize("verb", [verb for verb in CASES if any(a.dry for a in LEAVES[verb].arguments)])
def test_every_dry_flag_is_tried(verb: str, project: Path) -> None:
    for argument in LEAVES[verb].arguments:
        if argument.dry:
            for case in CASES[verb]:
                if case.code != 2:
                    fresh = Path(shutil.copytree(project, project.parent / f"{argument.key}{id(case)}"))
                    case.setup(fresh)
                    before = tree(fresh)
                    quietly(fresh, *case.line(verb)[:-1], argument.name, "--")
                    assert tree(fresh) == before, argument.name


@pytest.mark.parametrize(
    ("verb", "case"),
    [(v, c) for v, c in RUNS if is_idempotent(LEAVES[v]) and LEAVES[v].safety != "reads" and c.code == 0],
)
def test_a_second_run_of_an_idempotent_verb_changes_nothing(verb: str, case: Case, project: Path) -> None:
    case.setup(project)
    assert quietly(project, *case.line(verb)) == 0
    after = tree(project)
    assert quietly(project, *case.line(verb)) in LEAVES[verb].exits
    assert tree(project) == after


def test_one_that_is_not_idempotent_says_so(project: Path) -> None:
    quietly(project, "undo")
    once = tree(project)
    quietly(project, "undo")
    assert tree(project) != once and not is_idempotent(LEAVES["undo"])


def test_nothing_of_the_grammar_is_taken_away() -> None:
    """Agents and scripts lean on it: what was told once stays. UPDATE_CASES=1 writes the new form."""
    now = {words: _form(command) for words, command in _flat(to_json("")["commands"])}
    if os.environ.get("UPDATE_CASES"):
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    lost = [f"{words}: {part}" for words, parts in kept.items() for part in parts if part not in now.get(words, ())]
    assert not lost


def _flat(commands: list[Any], above: str = "") -> list[tuple[str, Any]]:
    found = []
    for command in commands:
        words = f"{above} {command['name']}".strip()
        found += _flat(command["verbs"], words) if command["verbs"] else [(words, command)]
    return found


def _form(command: Any) -> list[str]:
    """What somebody may lean on: keys of the declaration, arguments with their kinds, keys of the answer, exits."""
    arguments = [f"{a['name']} {a['type']}{' flag' * a['flag']}{' many' * a['many']}" for a in command["arguments"]]
    answers = [f"answers {key}" for key in (command["result"] or {}).get("properties", ())]
    return sorted([*(f"has {key}" for key in command), *arguments, *answers, *(f"exits {c}" for c in command["exits"])])
