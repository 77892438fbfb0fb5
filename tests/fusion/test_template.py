"""A template's file: what is read from it, and what every mistake in it is told as, with its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.fusion.shelf import is_name
from driven.fusion.template import Template, parse_template

GOOD = """\
---
title: Errors in Python
description: How errors are raised
kind: standard
tags: [python, errors]
variables:
  package:
    type: str
    help: The import name
    default: app
    validator: "{% if not value %}a package has a name{% endif %}"
  port: 8080
  strict: {type: bool, default: true, when: "{{ package == 'app' }}"}
  editors:
    type: str
    multiselect: true
    choices: [cursor, claude]
    default: [cursor]
  level:
    type: int
    choices: {low: 1, high: 2}
    default: 1
  name: {type: str}
include: [standards/testing]
envops: {variable_start_string: "[[", variable_end_string: "]]"}
---
---
description: How errors are raised in [[ package ]]
---

# Errors
"""


def parse(text: str | bytes, name: str = "standards/x") -> tuple[Template | None, list[str]]:
    """The template, and its findings as `line:column code message`."""
    data = text if isinstance(text, bytes) else text.encode()
    made, found = parse_template(data, path="x.md", name=name, origin="project")
    return made, [f"{one.span.line}:{one.span.column} {one.code} {one.message}" for one in found]


def test_a_template_is_read_as_it_stands() -> None:
    made, found = parse(GOOD)
    assert found == [] and made is not None
    assert (made.title, made.kind, made.tags) == ("Errors in Python", "standard", ("python", "errors"))
    assert made.include == ("standards/testing",) and made.rule_id == "x"
    assert made.delimiters.variable_start_string == "[[" and made.delimiters.block_start_string == "{%"
    assert made.text.startswith("---\ndescription: How errors are raised in [[ package ]]\n---\n\n# Errors\n")
    assert GOOD.split("\n")[made.line - 1 :] == made.text.split("\n")
    package, port, strict, editors, level, name = made.variables
    assert (package.type, package.default, package.help) == ("str", "app", "The import name")
    assert (port.type, port.default) == ("int", 8080)  # Copier's short form: the default alone
    assert (strict.default, strict.when) == (True, "{{ package == 'app' }}")
    assert editors.multiselect and editors.choices == (("cursor", "cursor"), ("claude", "claude"))
    assert level.choices == (("low", 1), ("high", 2)) and name.default is None


def test_what_is_not_said_has_a_default() -> None:
    made, found = parse("---\ndescription: x\n---\nText.\n", "my/fine-name")
    assert found == [] and made is not None
    assert (made.title, made.kind, made.variables, made.text) == ("Fine name", "standard", (), "Text.\n")


def test_lines_may_end_with_crlf() -> None:
    made, found = parse("---\r\ndescription: x\r\n---\r\nOne.\r\nTwo.\r\n")
    assert found == [] and made is not None and made.text == "One.\nTwo.\n"


HEAD = "---\ndescription: x\n"
WRONG = {
    "no front matter": ("Text.\n", "1:1 TPL01 the template does not begin with front matter"),
    "not closed": ("---\ndescription: x\n", "1:1 TPL01 the template does not close its front matter"),
    "empty": ("", "1:1 TPL01 the template does not begin"),
    "no YAML": ("---\na: b: c\n---\n", "2:5 RUL01 the YAML does not parse"),
    "an alias": ("---\ndescription: &a x\ntitle: *a\n---\n", "2:14 RUL02 anchors and aliases"),
    "no description": ("---\ntitle: x\n---\n", "1:1 TPL02 the template has no `description`"),
    "two lines": ('---\ndescription: "a\\nb"\n---\n', "2:14 TPL02 `description` is not one line"),
    "unknown key": (f"{HEAD}titel: y\n---\n", "3:1 TPL02 the key `titel` is unknown"),
    "unknown kind": (f"{HEAD}kind: rule\n---\n", "3:7 TPL02 `kind` is `rule`"),
    "tags": (f"{HEAD}tags: [1]\n---\n", "3:7 TPL02 `tags` is not a list of names"),
    "include": (f"{HEAD}include: [../x]\n---\n", "3:10 TPL02 `include` names `../x`"),
    "envops": (f"{HEAD}envops: {{variable_start_string: '['}}\n---\n", "3:9 TPL02 `envops`"),
    "envops alike": (f"{HEAD}envops: {{variable_start_string: '{{%%'}}\n---\n", "3:9 TPL02 two delimiters"),
    "envops key": (f"{HEAD}envops: {{autoescape: true}}\n---\n", "3:9 TPL02 `envops`"),
    "variables": (f"{HEAD}variables: [a]\n---\n", "3:12 TPL03 `variables` is not a mapping"),
    "its name": (f"{HEAD}variables:\n  a-b: 1\n---\n", "4:3 TPL03 `a-b` is no name"),
    "a word of Jinja": (f"{HEAD}variables:\n  loop: 1\n---\n", "4:3 TPL03 `loop` is no name"),
    "hidden": (f"{HEAD}variables:\n  __class__: 1\n---\n", "4:3 TPL03 `__class__` is no name"),
    "its key": (f"{HEAD}variables:\n  a:\n    defalt: 1\n---\n", "5:5 TPL03 the variable `a` has an unknown key"),
    "its type": (f"{HEAD}variables:\n  a:\n    type: yaml\n---\n", "5:5 TPL03 the type of `a` is `yaml`"),
    "in one line": (f"{HEAD}variables:\n  a: {{type: date}}\n---\n", "4:7 TPL03 the type of `a` is `date`"),
    "its help": (f"{HEAD}variables:\n  a:\n    help: 3\n---\n", "5:5 TPL03 `help` of `a` is no text"),
    "choices": (f"{HEAD}variables:\n  a:\n    choices: []\n---\n", "5:5 TPL03 the choices of `a`"),
    "choices' type": (
        f"{HEAD}variables:\n  a:\n    type: int\n    choices: [x]\n---\n",
        "6:5 TPL03 the choices of `a` are not a list of `int`",
    ),
    "its default": (f"{HEAD}variables:\n  a:\n    type: int\n    default: x\n---\n", "6:5 TPL03 the default of `a`"),
    "default and choices": (
        f"{HEAD}variables:\n  a:\n    choices: [x]\n    default: y\n---\n",
        "6:5 TPL03 the default of `a` is not one of x",
    ),
    "when": (f"{HEAD}variables:\n  a:\n    when: 3\n---\n", "5:5 TPL03 `when` of `a`"),
    "multiline": (f"{HEAD}variables:\n  a:\n    multiline: 3\n---\n", "5:5 TPL03 `multiline` of `a`"),
    "too many": (
        HEAD + "variables:\n" + "".join(f"  a{n}: 1\n" for n in range(101)) + "---\n", "4:3 TPL03 101 variables"
    ),
    "far too many": (
        HEAD + "variables:\n" + "".join(f"  a{n}: 1\n" for n in range(10_000)) + "---\n", "RUL03"
    ),
    "deep": (HEAD + "variables:\n  a: " + "[" * 500 + "]" * 500 + "\n---\n", "RUL03 nested"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_its_place(case: str) -> None:
    text, told = WRONG[case]
    made, found = parse(text)
    assert made is None and any(told in one for one in found), found


def test_one_that_gives_nothing_is_told() -> None:
    empty = "---\ndescription: a\n---\n\n"
    assert parse(empty)[1] == ["1:1 TPL06 the template has no text, and no `include`"]
    assert not parse(empty.replace("---\n\n", "include: [b]\n---\n"))[1] and not parse(empty, "partials/end")[1]


def test_bytes_that_are_no_text() -> None:
    assert parse(b"---\ndescription: \xff\n---\n")[1] == ["1:1 TPL04 the file is not UTF-8"]
    assert parse(b"---\ndescription: a\n---\n\0")[1] == ["1:1 TPL04 the file holds a NUL character"]
    assert "256" not in parse(b"x" * 300_000)[1][0] and "TPL04" in parse(b"x" * 300_000)[1][0]


@pytest.mark.parametrize("name", ["a", "standards/python-errors", "a/b/c-1"])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "A",
        "a b",
        "../a",
        "-a",
        "a/-b",
        "a.md",
        "é",
        "a" * 200,
        "a-",
        "a--b",
        "con",
        "x/nul",
        "lpt1/x",
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert not is_name(name)
    assert parse(GOOD, name)[0] is None


def test_all_mistakes_are_told_at_once_in_order() -> None:
    text = "---\nkind: rule\ntagz: x\ndescription: y\nvariables:\n  b: {type: q}\n  a: {type: r}\n---\nx"
    assert [one.partition(" ")[0] for one in parse(text)[1]] == ["2:7", "3:1", "6:7", "7:7"]


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"---\n{text}\n---\nx".encode())))
def test_any_bytes_give_a_template_or_findings(data: bytes) -> None:
    made, found = parse_template(data, path="x.md", name="x")
    assert (made is None) == any(one.severity == "error" for one in found)
    assert all(one.message and one.span.line >= 1 for one in found)


@settings(max_examples=150)
@given(st.dictionaries(
    st.sampled_from(["type", "default", "choices", "multiselect", "when", "help", "validator", "multiline"]),
    st.recursive(st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["int", "x", "{{ a }}"])),
                 lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner)),
                 max_leaves=4),
))  # fmt: skip
def test_any_variable_is_read_or_refused(said: dict[str, object]) -> None:
    import json

    text = f"---\ndescription: x\nvariables: {{v: {json.dumps(said)}}}\n---\n"
    made, found = parse_template(text.encode(), path="x.md", name="x")
    assert (made is None) == bool(found)
