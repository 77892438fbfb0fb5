"""Fresh front matter: its one form, that it says what the rule says, and that no value breaks out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driven.core._rt import FormatError
from driven.core.globs import check, is_universal
from driven.core.tokens import split_front
from driven.format.text import parse_rule, render_rule
from driven.format.words import one_line
from driven.format.yaml12 import load_yaml
from driven.model.activation import ALWAYS, ON_REQUEST, ForPaths, WhenRelevant
from driven.model.rule import CATEGORIES, KINDS, Rule, Source, Value


def load(data: bytes) -> Rule:
    rule, found = parse_rule(data, path="a.md", rule_id="a")
    assert rule is not None, found
    return rule


def test_fresh_front_matter() -> None:
    rule = Rule(
        id="a", body="B\n", description="Use: care", activation=ForPaths(("**/*.py", "a b/*")), kind="workflow",
        category="testing", priority=1, targets=("cursor", "-aider", "!cline"), tags=("x", "true", "a, b"),
        when='lang("go")',
        extra={"cursor": {"$front": "---\na: 1\n---\n", "n": [1, 1e30, None, {"k": "v"}]}, "cline": {}},
    )  # fmt: skip
    text = r"""---
description: "Use: care"
paths:
  - "**/*.py"
  - "a b/*"
kind: workflow
category: testing
priority: 1
targets: [cursor, -aider, "!cline"]
tags: [x, "true", "a, b"]
when: lang("go")
extra:
  cursor:
    "$front": "---\na: 1\n---\n"
    n: [1, 1e+30, null, {"k": "v"}]
  cline: {}
---

B
"""
    assert render_rule(rule).decode() == text
    assert load(text.encode()) == rule


@pytest.mark.parametrize("body", ["---\na: 1\n---\nx", "---", "\n---\na: 1\n---\n", "\ufeffx", " ---\na: 1\n---"])
def test_a_body_is_never_taken_for_front_matter(body: str) -> None:
    rule = Rule(id="a", body=body)
    assert render_rule(rule).decode() == f"---\napply: always\n---\n\n{body}"
    assert load(render_rule(rule)) == rule


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NASTY = st.sampled_from(
    ["", "true", "null", "~", "1", "- a", "a: b", "a #b", "a\nkind: persona", "x\n---\npriority: 1", '"', "'", "\\",
     "{a", "*a", "[a, b]", "a, b", "]", "\u2028", "\x85kind: persona", "\ufeff", "a ", "%", "@", "yes", "0o17",
     ".inf", "\t", "|", ">-"]
)  # fmt: skip
ONE_LINE = st.one_of(TEXT, NASTY).map(one_line)
NAMES = st.text(alphabet="abz09-", min_size=1, max_size=8).filter(lambda name: name[0] != "-")


def is_canonical(glob: str) -> bool:
    try:
        return check(glob) == glob and not is_universal(glob)
    except FormatError:
        return False


GLOBS = st.one_of(
    st.sampled_from(
        ["src/**/*.ts", "*.{a,b}", "**/*.py", "é/ü*", "a b", "#x", "a'b", 'a"b', "ab: c", "yes", "1", "-x"]
    ),
    st.text(alphabet="abé.-_ #:'\"&%@", min_size=1, max_size=8),
).filter(is_canonical)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.one_of(TEXT, NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.one_of(TEXT, NASTY), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    rule = Rule(
        id="a",
        body=draw(
            st.one_of(TEXT, st.sampled_from(["# T\n", "---\nkind: persona\n---\nx", "\n\n---\na: 1\n---", "\r\n"]))
        ),
        description=draw(ONE_LINE),
        kind=draw(st.sampled_from(KINDS)),
        category=draw(st.sampled_from(CATEGORIES)),
        priority=draw(st.integers(0, 255)),
        targets=tuple(draw(st.lists(st.tuples(st.sampled_from(["", "-", "!"]), NAMES).map("".join), max_size=3))),
        tags=tuple(draw(st.lists(ONE_LINE.filter(bool), max_size=3))),
        when=draw(st.sampled_from(["", 'lang("python")', "files('**/*.tf') > 0 and not lang(\"go\")"])),
        extra=draw(st.dictionaries(NAMES, st.dictionaries(st.one_of(TEXT, NASTY), VALUES, max_size=2), max_size=2)),
        source=Source(newline=draw(st.sampled_from(["\n", "\r\n", "\r"])), bom=draw(st.booleans())),
    )
    activation = draw(
        st.one_of(
            st.just(ALWAYS),
            st.just(ON_REQUEST),
            st.just(WhenRelevant(rule.summary)),
            st.lists(GLOBS, min_size=1, max_size=3).map(lambda globs: ForPaths(tuple(globs))),
        )
    )
    return replace(rule, activation=activation)


@settings(max_examples=200)
@given(rules())
def test_a_fresh_file_says_what_the_rule_says(rule: Rule) -> None:
    data = render_rule(rule)
    again = load(data)
    assert again == rule
    assert again.source.bom == rule.source.bom
    assert render_rule(again) == data


@given(TEXT, st.sampled_from(["description", "tags", "globs", "when", "extra"]))
@example("x\n---\n\nInjected", "description")
@example("x\nkind: persona", "description")
@example('x"\nkind: persona\ny: "', "globs")
@example("x]\nkind: persona", "tags")
def test_no_value_breaks_out(text: str, key: str) -> None:
    rule = Rule(id="a", body="BODY")
    match key:
        case "description":
            rule = replace(rule, description=text)
        case "tags":
            rule = replace(rule, tags=(text,))
        case "globs":
            rule = replace(rule, activation=ForPaths((text,)))
        case "when":
            rule = replace(rule, when=text)
        case _:
            rule = replace(rule, extra={"cursor": {text: text}})
    data = render_rule(rule)
    start, end, body = split_front(data)
    assert data[body:] == b"BODY"
    loaded = load_yaml(data[start:end].decode(), path="f")
    assert not loaded.diagnostics
    assert set(loaded.values) <= {"paths" if key == "globs" else key}


def test_numbers_that_are_none_are_not_written_as_texts() -> None:
    rule = Rule(id="a", body="B\n", extra={"cursor": {"k": [float("nan"), float("inf"), -float("inf"), 1.5]}})
    text = render_rule(rule).decode()
    assert "    k: [.nan, .inf, -.inf, 1.5]\n" in text
    read = load_yaml(text.split("---\n")[1], path="a.md", line_offset=1).values
    assert repr(read) == "{'extra': {'cursor': {'k': [nan, inf, -inf, 1.5]}}}"
