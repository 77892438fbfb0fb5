"""What a person types into the front matter of an editor's own file stays there, byte for byte.

For every editor with whole files and every form they take: rules, workflows, skills.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from driven.frozen import replace
from driven.hookspecs import Emitter, Importer
from driven.merging import merge_rule
from driven.model.activation import ForPaths
from driven.model.artefact import Artefact, Settings, WholeFile
from driven.model.rule import Rule
from driven.plugin_kit import parse_rule, render_rule

EDITORS = ("cursor", "copilot", "windsurf", "claude", "cline", "agents")
LONG = "word " * 300
FRONTS = {
    "always": "description: D\n",
    "always, no description": "priority: 1\n",
    "paths": 'description: D\npaths: ["src/**/*.py"]\n',
    "paths, no description": 'paths: ["src/**/*.{a,b}", lib/**]\n',
    "paths, stars first": 'description: D\npaths: ["**/*.ts", "src/**/*.{a,b}"]\n',
    "model": "description: D\napply: model\n",
    "model, no description": "apply: model\n",
    "model, long description": f"description: {LONG}\napply: model\n",
    "manual": "description: D\napply: manual\n",
    "manual, no description": "apply: manual\n",
    "manual, long description": f"description: {LONG}\napply: manual\n",
    "own keys": "apply: manual\nextra:\n" + "".join([f"  {editor}: {{k: [1]}}\n" for editor in EDITORS]),
}
FLOW = 'zork: [1, "2", {a: b}]\n'


def parsed(data: bytes) -> Rule:
    rule, found = parse_rule(data, path=".driven/rules/beta.md", rule_id="beta")
    assert rule is not None, found
    return rule


def plugin(editor: str) -> tuple[Emitter, Importer]:
    module = importlib.import_module(f"driven_emitters.{editor}")
    return next(iter(module.driven_emitters())), next(iter(module.driven_importers()))


def files(emitter: Emitter, rule: Rule, settings: Settings) -> list[Artefact]:
    return [one for one in emitter.emit([rule], settings).artefacts if isinstance(one.ownership, WholeFile)]


def edits(text: str) -> Iterator[str]:
    yield "\ufeff" + text
    if text.startswith("---\n"):
        end = text.index("\n---\n") + 1
        for line in ("# my comment\n", FLOW, "zork: x\n", "\n"):
            yield text[:4] + line + text[4:]
            yield text[:end] + line + text[end:]
    else:
        for line in ("# my comment\n", FLOW, ""):
            yield f"---\n{line}---\n\n{text}"


@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("editor", EDITORS)
def test_front_matter_comes_back_as_it_was_typed(editor: str, name: str, header: bool) -> None:
    emitter, importer = plugin(editor)
    rule = parsed(f"---\n{FRONTS[name]}---\n\n# Beta\n\n- one\n- two\n".encode())
    settings = Settings(header=header)
    for written in files(emitter, rule, settings):
        before = importer.read_back(rule, written.path, written.text)
        assert before.rule == rule
        for text in edits(written.text):
            after = importer.read_back(rule, written.path, text)
            assert after.rule is not None, (after, text)
            found = merge_rule(rule, before.rule, after.rule)
            assert not found.overlaps
            again = parsed(render_rule(found.rule))
            (artefact,) = files(emitter, again, settings)
            assert (artefact.path, artefact.text) == (written.path, text)
            assert replace(again, extra={}) == replace(rule, extra={})


@pytest.mark.parametrize("editor", ["cursor", "copilot", "windsurf", "claude", "cline"])
@pytest.mark.parametrize("first", ["src/*.{a,b}", "src/*.c"])
def test_the_globs_of_an_edited_file_come_in_its_order(editor: str, first: str) -> None:
    """And then there is no layout to remember."""
    emitter, importer = plugin(editor)

    def of(*globs: str) -> Rule:
        return Rule(id="beta", body="# Beta\n", description="D", activation=ForPaths(globs))

    def text(rule: Rule) -> str:
        (written,) = files(emitter, rule, Settings())
        return written.text

    rule = of(first, "lib/**")
    (written,) = files(emitter, rule, Settings())
    for want in (
        of("src/*.b", "lib/**", "new/**"), of(first, "new/**", "lib/**"), of("new/**", first, "lib/**"),
        of("lib/**", first), of("src/*.b", "lib/**"),
    ):  # fmt: skip
        back = importer.read_back(rule, written.path, text(want))
        assert back.rule is not None
        assert merge_rule(rule, rule, back.rule).rule == want
