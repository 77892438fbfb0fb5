"""What docs/validate.md shows for CI is of the form that GitHub and pre-commit read, and says what there is to say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from reports import schema

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/validate.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, Any] = {
    path: yaml.safe_load(text) for path, text in re.findall(r"^```yaml (\S+)\n(.*?)^```$", PAGE, re.M | re.S)
}
FORMS = {".github/workflows/": "github-workflow.json", ".pre-commit-config.yaml": "pre-commit-config.json"}


def test_the_examples_are_there() -> None:
    assert set(EXAMPLES) == {
        ".github/workflows/rules.yml", ".github/workflows/rules-scanning.yml", ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
    }  # fmt: skip


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.startswith(tuple(FORMS))])
def test_they_fit_their_schema(path: str) -> None:
    name = next(name for start, name in FORMS.items() if path.startswith(start))
    # YAML 1.1 reads the key `on` as true.
    value = {"on" if key is True else key: item for key, item in EXAMPLES[path].items()}
    form = schema(name)
    Draft7Validator({key: item for key, item in form.items() if key != "$schema"}).validate(value)


def test_the_inputs_are_those_of_the_action() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    used = [
        step["with"]
        for path in EXAMPLES
        if "workflows" in path
        for step in EXAMPLES[path]["jobs"]["rules"]["steps"]
        if "driven@" in step["uses"]
    ]
    assert len(used) == 2 and set().union(*used) <= set(inputs)
    assert [name for name in inputs if f"`{name}`" not in PAGE and f"{name}:" not in PAGE] == []


def test_the_hooks_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    shown = [hook["id"] for hook in EXAMPLES[".pre-commit-config.yaml"]["repos"][0]["hooks"]]
    assert shown == [hook["id"] for hook in manifest]


def test_every_format_is_told() -> None:
    from driven.grammar.commands import COMMANDS

    command = next(one for one in COMMANDS if one.name == "validate")
    choices = next(one.choices for one in command.arguments if one.name == "--format")
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.M) == list(choices)
