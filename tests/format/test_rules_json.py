"""RuleSet <-> JSON: lossless, readable, stable; a mistake is told with its line and column."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rule_sets

from driven.errors import SourceError
from driven.format.rules_json import KEYS, from_json, to_json
from driven.model.activation import ON_REQUEST, ForPaths, WhenRelevant
from driven.model.rule import Rule, RuleSet, Source
from driven.span import Span

RELAXED = settings(max_examples=80)


def all_fields(rules: RuleSet) -> list[list[object]]:
    return [[getattr(rule, field.name) for field in fields(rule)] for rule in rules]


@RELAXED
@given(rule_sets, st.sampled_from([None, 0, 2]))
def test_lossless(rules: RuleSet, indent: int | None) -> None:
    text = to_json(rules, indent=indent)
    assert all_fields(from_json(text)) == all_fields(rules)
    assert [list(rule.extra) for rule in from_json(text)] == [list(rule.extra) for rule in rules]
    assert to_json(from_json(text), indent=indent) == text


@RELAXED
@given(rule_sets)
def test_without_source_only_the_source_is_lost(rules: RuleSet) -> None:
    bare = RuleSet(tuple(replace(rule, source=Source()) for rule in rules))
    assert all_fields(from_json(to_json(rules, source=False))) == all_fields(bare)


@RELAXED
@given(rule_sets, st.data())
def test_any_cut_or_change_gives_rules_or_a_place_in_the_text(rules: RuleSet, data: st.DataObject) -> None:
    text = to_json(rules, indent=1)
    at = data.draw(st.integers(0, len(text)))
    hit = text[:at] + data.draw(st.sampled_from(["", "x", '"', "{", "]", ",", "1", "null", "\n", "\ud800"])) + (
        text[at + data.draw(st.integers(0, 3)) :]
    )  # fmt: skip
    try:
        from_json(hit, path="r.json")
    except SourceError as error:
        assert error.hint and error.span is not None
        lines = hit.split("\n")
        assert 1 <= error.span.line <= len(lines)
        assert 1 <= error.span.column <= len(lines[error.span.line - 1]) + 1


def test_what_it_looks_like() -> None:
    rules = RuleSet.of([
        Rule(
            id="web/react", body="# React\n", activation=ForPaths(("web/**/*.tsx",)), description="React", priority=10,
            targets=("cursor",), tags=("ui",), category="style", kind="persona", when='lang("typescript")',
            extra={"cursor": {"b": 1, "a": [None]}}, source=Source(front="---\n---\n", newline="\r\n", bom=True),
            span=Span(path=".driven/rules/web/react.md", line=3),
        ),
        Rule(id="ask", body="ä", activation=ON_REQUEST),
        Rule(id="model", body="# Heading", activation=WhenRelevant("Heading")),
        Rule(id="other", body="# Heading", activation=WhenRelevant("not the heading")),
        Rule(id="plain", body=""),
    ])  # fmt: skip
    assert json.loads(to_json(rules)) == {
        "driven": 1,
        "rules": [
            {
                "id": "web/react", "description": "React", "paths": ["web/**/*.tsx"], "kind": "persona",
                "category": "style", "priority": 10, "targets": ["cursor"], "tags": ["ui"],
                "when": 'lang("typescript")', "extra": {"cursor": {"b": 1, "a": [None]}}, "body": "# React\n",
                "path": ".driven/rules/web/react.md", "line": 3,
                "source": {"front": "---\n---\n", "newline": "\r\n", "bom": True},
            },
            {"id": "ask", "apply": "manual", "body": "ä"},
            {"id": "model", "apply": "model", "body": "# Heading"},
            {"id": "other", "apply": "model", "relevance": "not the heading", "body": "# Heading"},
            {"id": "plain", "body": ""},
        ],
    }  # fmt: skip
    written = json.loads(to_json(rules), object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert written == ["driven", "rules"]
    keys = list(json.loads(to_json(rules))["rules"][0])
    assert keys == [key for key in KEYS if key in keys]
    assert to_json(RuleSet(rules.rules[1:2]), indent=2) == (
        '{\n  "driven": 1,\n  "rules": [\n    {\n      "id": "ask",\n      "apply": "manual",\n      "body": "ä"\n'
        "    }\n  ]\n}\n"
    )


def test_what_a_person_writes_is_read() -> None:
    text = """\ufeff
    {
      "driven": 1, "rules": [
        {"body": "b", "apply": "always", "id": "b"},
        {"id": "a", "apply": "paths", "paths": ["*.py"], "body": "a", "source": {}}
      ]
    }
    """
    assert from_json(text) == RuleSet.of(
        [Rule(id="b", body="b"), Rule(id="a", body="a", activation=ForPaths(("*.py",)))]
    )
    assert from_json('{"driven": 1, "rules": []}') == RuleSet()


RULE = '{"driven": 1, "rules": [\n  {"id": "a", "body": "x", %s}\n]}'


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "a map"),
        ("[]", (1, 1), "a map"),
        ("{}", (1, 1), "no `rules`"),
        ('{"driven": 1}', (1, 1), "no `rules`"),
        ('{"driven": 2, "rules": []}', (1, 12), "version 2; this driven reads version 1"),
        ('{"driven": true, "rules": []}', (1, 12), "whole number"),
        ('{"rules": [], "driven": 1}', (1, 2), "comes first"),
        ('{"driven": 1, "rules": {}}', (1, 24), "is a list"),
        ('{"driven": 1, "rule": []}', (1, 15), "not a key of the document"),
        ('{"driven": 1, "rules": [] ', (1, 27), "not JSON"),
        ('{"driven": 1, "rules": []} x', (1, 28), "behind the end"),
        ('{"driven": 1, "rules": [1]}', (1, 25), "a rule is a map"),
        ('{"driven": 1, "rules": [{"id": "a", "body": ""},]}', (1, 49), "a rule is a map"),
        ('{"driven": 1, "rules": [\n{"id": "a"}]}', (2, 1), "without `body`"),
        ('{"driven": 1, "rules": [\n{"body": "a"}]}', (2, 1), "without `id`"),
        ('{"driven": 1, "rules": [{"id": "a", "body": ""},\n {"id": "a", "body": ""}]}', (2, 2), "second rule"),
        (RULE % '"id": "b"', (2, 28), "stands here twice"),
        (RULE % '"discription": "b"', (2, 28), "not a key of a rule"),
        (RULE % '"priority": "1"', (2, 40), "whole number"),
        (RULE % '"priority": true', (2, 40), "whole number"),
        (RULE % '"priority": 256', (2, 40), "0 to 255"),
        (RULE % '"line": 0', (2, 36), "counts from 1"),
        (RULE % '"kind": "standart"', (2, 36), "no value `standart`"),
        (RULE % '"apply": "sometimes"', (2, 37), "no value `sometimes`"),
        (RULE % '"apply": "paths"', (2, 37), "does not go with the globs"),
        (RULE % '"apply": "model", "paths": ["a"]', (2, 37), "does not go with the globs"),
        (RULE % '"relevance": "x"', (2, 41), "does not go with"),
        (RULE % '"paths": "a"', (2, 37), "a list"),
        (RULE % '"paths": [1]', (2, 37), "list of text"),
        (RULE % '"paths": ["/a"]', (2, 37), "the glob `/a`"),
        (RULE % '"targets": ["a b"]', (2, 39), "name of an editor"),
        (RULE % '"extra": {"cursor": 1}', (2, 37), "map of editors"),
        (RULE % '"extra": {"cursor": {"x": NaN}}', (2, 54), "`NaN` is not JSON"),
        (RULE % '"description": "\\ud800"', (2, 43), "surrogate"),
        (RULE % '"source": {"newline": "x"}', (2, 38), "line ending"),
        (RULE % '"source": {"bom": 1}', (2, 46), "true or false"),
        (RULE % '"source": []', (2, 38), "a map"),
        (RULE % '"tags": ["a\nb"]', (2, 39), "not JSON"),
        (RULE % ('"extra": ' + "[" * 100_000), (2, 26), "nested too deep"),
        (RULE % ('"priority": ' + "9" * 5000), (2, 26), "too long a number"),
    ],
)
def test_a_mistake_has_its_place_and_a_cure(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        from_json(text, path="rules.json")
    assert caught.value.span is not None and caught.value.span.path == "rules.json"
    assert (caught.value.span.line, caught.value.span.column) == place
    assert caught.value.hint


def test_a_misspelt_word_gets_a_suggestion() -> None:
    with pytest.raises(SourceError) as caught:
        from_json(RULE % '"discription": "b"')
    assert caught.value.hint == "did you mean `description`?"


def test_a_rule_that_json_cannot_say_is_refused_by_name() -> None:
    for extra in ({"cursor": {"x": float("nan")}}, {"cursor": {"x": {1}}}):
        with pytest.raises(SourceError, match="rule `a`: "):
            to_json(RuleSet.of([Rule(id="a", body="", extra=extra)]))  # type: ignore[arg-type]
