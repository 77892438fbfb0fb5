"""Converting to an editor's files: a rule's condition is looked at where there is a project to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven.cli.forms import project_of

WHEN = "---\nwhen: {}\n---\n\nText.\n"


@pytest.fixture
def conditional(project: Path) -> Path:
    """The project with a Python file, and rules for Python, for Go and for a file that is not there."""
    (project / "main.py").write_text("")
    for name, condition in (("python", 'lang("python")'), ("golang", 'lang("go")'), ("terraform", 'files("**/*.tf")')):
        (project / f".driven/rules/{name}.md").write_text(WHEN.format(condition))
    return project


@pytest.mark.parametrize("given", [".", ".driven/rules"])
def test_a_condition_that_is_false_keeps_its_rule_out(conditional: Path, answer, given: str) -> None:
    data = answer("convert", given, "made", "--to", "cursor")
    assert (conditional / "made/.cursor/rules/python.mdc").exists()
    assert not (conditional / "made/.cursor/rules/golang.mdc").exists()
    told = {loss["rule"]: loss for loss in data["losses"]}
    assert set(told) == {"golang", "terraform"}
    assert told["golang"]["kind"] == "dropped"
    assert told["golang"]["reason"] == 'its condition `lang("go")` is false in this project'


@pytest.mark.parametrize("given", ["rules.drv", "rules.json", "loose"])
def test_a_condition_that_nothing_can_be_asked_for_is_told(conditional: Path, drive, answer, given: str) -> None:
    assert drive("convert", ".driven/rules", given).code == 0
    data = answer("convert", given, "made", "--to", "claude")
    assert (conditional / "made/.claude/rules/golang.md").exists()
    told = [loss for loss in data["losses"] if "condition" in loss["reason"]]
    assert {(loss["rule"], loss["kind"]) for loss in told} == {
        (name, "approximated") for name in ("golang", "python", "terraform")
    }


def test_the_rules_own_forms_keep_the_condition(conditional: Path, answer) -> None:
    data = answer("convert", ".driven/rules", "back")
    assert data["losses"] == [] and (conditional / "back/golang.md").read_text() == WHEN.format('lang("go")')


def test_a_rule_is_named_as_in_the_project(project: Path, answer) -> None:
    data = answer("convert", ".driven/rules", "made", "--to", "aider")
    reasons = {loss["rule"]: loss["reason"] for loss in data["losses"]}
    assert "`/read .driven/rules/release.md`" in reasons["release"]


def test_which_project_a_path_is_in(project: Path) -> None:
    assert project_of(".") == "."
    for path in (".driven/rules", ".driven/rules/", ".driven/rules/backend", ".driven/rules/backend/api.md"):
        assert project_of(path) == str(project)
    for path in (".driven", ".driven/rules.drv", "src", "/", ".driven/rulesets"):
        assert project_of(path) == ""
