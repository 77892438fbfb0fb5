"""A changed rule is written with the smallest change of its file; whatever the file, it then says the new rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.format.revise import revise_rule
from driven.format.text import parse_rule, render_rule
from driven.model.activation import ALWAYS, ON_REQUEST, ForPaths, WhenRelevant
from driven.model.rule import Rule
from tests import strategies

FILE = """\
---
# Ask Ada before you change this.
paths:
  # the service
  - "src/api/**"   # all of it
  - web/**

description: 'It''s HTTP'   # short
tags: [a, b]  # ours
priority: 5
extra:
  cursor:
    # for the tracker
    ticket: 'A-1'
    level: 2
---

# Handlers

Check the input.
"""


def read(data: bytes) -> Rule:
    rule, found = parse_rule(data, path="a.md", rule_id="a")
    assert rule is not None, found
    return rule


def revised(text: str, **changes: Any) -> str:
    data = text.encode()
    old = read(data)
    new = replace(old, **changes)
    made = revise_rule(data, old, new, "a.md")
    assert read(made) == new
    return made.decode()


def difference(text: str, **changes: Any) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    before, after = text.split("\n"), revised(text, **changes).split("\n")
    return [line for line in before if line not in after], [line for line in after if line not in before]


@pytest.mark.parametrize(
    ("changes", "gone", "new"),
    [
        ({}, [], []),
        ({"body": "# Handlers\n\nNo."}, ["Check the input."], ["No."]),
        (
            {"description": "HTTP, it's"},
            ["description: 'It''s HTTP'   # short"],
            ["description: 'HTTP, it''s'   # short"],
        ),
        ({"description": ""}, ["description: 'It''s HTTP'   # short"], []),
        ({"priority": 7}, ["priority: 5"], ["priority: 7"]),
        ({"priority": 100}, ["priority: 5"], []),
        ({"kind": "persona"}, [], ["kind: persona"]),
        ({"tags": ("a", "c, d")}, ["tags: [a, b]  # ours"], ['tags: [a, "c, d"]  # ours']),
        ({"targets": ("-cursor",)}, [], ["targets: [-cursor]"]),
        ({"activation": ForPaths(("src/api/**", "new/*", "web/**"))}, [], ["  - new/*"]),
        ({"activation": ForPaths(("src/api/**", "web/**", "new/*"))}, [], ["  - new/*"]),
        ({"activation": ForPaths(("web/**",))}, ['  - "src/api/**"   # all of it'], []),
        ({"activation": ForPaths(("src/**", "web/**"))}, ['  - "src/api/**"   # all of it'], ['  - "src/**"']),
        ({"extra": {"cursor": {"ticket": "B", "level": 2}}}, ["    ticket: 'A-1'"], ["    ticket: B"]),
        ({"extra": {"cursor": {"ticket": "A-1", "level": 2, "x": [1]}}}, [], ["    x: [1]"]),
        ({"extra": {"cursor": {"ticket": "A-1"}}}, ["    level: 2"], []),
        (
            {"extra": {"cursor": {"ticket": "A-1", "level": 2}, "cline": {"a": True}}},
            [],
            ["  cline:", "    a: true"],
        ),
        ({"when": 'lang("go")'}, [], ['when: lang("go")']),
    ],
)
def test_only_what_changed_is_written(changes: dict[str, Any], gone: list[str], new: list[str]) -> None:
    assert difference(FILE, **changes) == (gone, new)


def test_paths_go_and_what_else_holds_comes() -> None:
    gone = ["paths:", "  # the service", '  - "src/api/**"   # all of it', "  - web/**"]
    assert difference(FILE, activation=ALWAYS) == (gone, [])
    assert difference(FILE, activation=ON_REQUEST) == (gone, ["apply: manual"])
    assert difference(FILE, activation=WhenRelevant("It's HTTP")) == (gone, ["apply: model"])


def test_what_is_written_out_stays_written_out() -> None:
    text = "---\napply: always  # yes\npriority: 3\n---\n\nx\n"
    assert revised(text, activation=ON_REQUEST) == text.replace("always", "manual")
    paths = revised(text, activation=ForPaths(("a/**",)))
    assert paths == '---\napply: paths  # yes\npaths:\n  - "a/**"\npriority: 3\n---\n\nx\n'
    assert revised(paths, activation=ALWAYS) == text


def test_line_ends_the_mark_and_odd_spelling_stay() -> None:
    text = '\ufeff---\r\npriority :  3\r\n"description":  one\r\npaths: "src/**"\r\n---\r\nbody\r\n'
    assert revised(text, activation=ForPaths(("lib/**",))) == text.replace("src", "lib")
    assert revised(text, body="other\r\n") == text.replace("body", "other")
    assert revised(text, tags=("x",)) == text.replace('"src/**"\r\n', '"src/**"\r\ntags: [x]\r\n')


def test_one_glob_becomes_several() -> None:
    assert revised("---\npaths: src/**\n---\nx", activation=ForPaths(("src/**", "b/{c,d}"))) == (
        '---\npaths:\n  - "src/**"\n  - "b/{c,d}"\n---\nx'
    )
    assert revised("---\npaths: [src/**]\n---\nx", activation=ForPaths(("src/**", "b/{c,d}"))) == (
        '---\npaths: [src/**, "b/{c,d}"]\n---\nx'
    )


@pytest.mark.parametrize("text", ["# T\n\nx\n", "\ufeffx", "x\r\n", ""])
def test_front_matter_only_where_it_must_be(text: str) -> None:
    assert revised(text, body=text.removeprefix("\ufeff") + "\nmore\n") == text + "\nmore\n"
    made = revised(text, description="What")
    assert "description: What" in made and made.endswith(text.removeprefix("\ufeff"))


def test_front_matter_goes_with_its_last_key() -> None:
    assert revised("---\npriority: 3\n---\n\nx\n", priority=100) == "x\n"
    assert revised("---\n# why\npriority: 3\n---\n\nx\n", priority=100) == "---\n# why\n---\n\nx\n"


def test_a_body_never_becomes_front_matter() -> None:
    assert revised("---\npriority: 3\n---\n\nx\n", priority=100, body="---\na: 1\n---\n").endswith("---\na: 1\n---\n")
    assert revised("---\npriority: 3\n---\nx\n", body="\nx\n") == "---\npriority: 3\n---\n\n\nx\n"
    assert revised("---\npriority: 3\n---", body="x\n") == "---\npriority: 3\n---\n\nx\n"


def test_what_cannot_be_changed_in_place_is_written_anew() -> None:
    flow = "---\n{description: x, priority: 3}\n---\n\nx\n"
    assert revised(flow, kind="persona") == "---\ndescription: x\nkind: persona\npriority: 3\n---\n\nx\n"
    folded = "---\ndescription: >\n  one\n  two\n# end\npriority: 3\n---\n\nx\n"
    assert revised(folded, description="three") == "---\ndescription: three\n# end\npriority: 3\n---\n\nx\n"


FIELDS = ("description", "activation", "kind", "category", "priority", "targets", "tags", "when", "extra", "body")


def readable(rule: Rule) -> Rule | None:
    """The rule as its own file says it, where one can say it."""
    again = parse_rule(render_rule(replace(rule, id="a")), path="a.md", rule_id="a")[0]
    return again if again is not None else None


@settings(max_examples=300)
@given(strategies.rules, strategies.rules, st.sets(st.sampled_from(FIELDS), max_size=3), st.booleans())
def test_the_file_says_the_new_rule(one: Rule, two: Rule, names: set[str], commented: bool) -> None:
    old = readable(one)
    other = readable(two)
    if old is None or other is None:
        return
    data = render_rule(old)
    if commented and data.startswith(b"---\n"):
        data = b"---\n# a comment\n" + data[4:]
    again = parse_rule(data, path="a.md", rule_id="a")[0]
    if again is None or again != old:
        return
    new = readable(replace(old, **{name: getattr(other, name) for name in names}))
    if new is None:
        return
    made = revise_rule(data, old, new, "a.md")
    assert parse_rule(made, path="a.md", rule_id="a")[0] == new
    if new == old:
        assert made == data
    if commented and data.startswith(b"---\n# a comment\n") and new.body == old.body:
        assert b"# a comment\n" in made
