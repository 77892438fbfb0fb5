"""Settings are read as editors read them: what JSON holds is found with its place, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.trust.jsonc import MOST_DEPTH, leaves, toml_leaves

SCALARS = st.one_of(st.none(), st.booleans(), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


def flat(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict) and value:
        return [leaf for name, inner in value.items() for leaf in flat(inner, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for number, inner in enumerate(value) for leaf in flat(inner, (*path, number))]
    return [(path, None if isinstance(value, (dict, list)) else value)]


@given(st.dictionaries(st.text(max_size=4), VALUES, min_size=1, max_size=4), st.sampled_from([None, 2]))
def test_what_json_holds(value: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    found = list(leaves(text))
    assert [(leaf.path, leaf.value) for leaf in found] == flat(value)
    for leaf in found:
        if isinstance(leaf.value, str):
            assert json.loads(f'"{text[leaf.start : leaf.end]}"') == leaf.value


LENIENT = """{
  // a comment with "quotes" and { brackets
  "a": [1, "b", /* here */ {"c": true,},],
  'd': 'e', f: "unclosed
  , "g": {}, "h": [] # end
"""


def test_lenient() -> None:
    assert [(leaf.path, leaf.value) for leaf in leaves(LENIENT)] == [
        (("a", 0), "1"), (("a", 1), "b"), (("a", 2, "c"), True), (("d",), "e"), (("f",), "unclosed"), (("g",), None),
        (("h",), None),
    ]  # fmt: skip


TOML = '''# Codex
approval_policy = "never" # no
[mcp_servers.docs]
command = "npx"
args = [
  "-y",  # yes
  "pkg",
]
env = { A = "1", B = "2=3" }
[profiles."x y"]
prompt = """
one
"""
last = true
'''


def test_toml() -> None:
    found = list(toml_leaves(TOML))
    assert [(leaf.path, leaf.value) for leaf in found] == [
        (("approval_policy",), "never"),
        (("mcp_servers", "docs", "command"), "npx"),
        (("mcp_servers", "docs", "args", 0), "-y"),
        (("mcp_servers", "docs", "args", 1), "pkg"),
        (("mcp_servers", "docs", "env", "A"), "1"),
        (("mcp_servers", "docs", "env", "B"), "2=3"),
        (("profiles", "x y", "prompt"), "\none\n"),
        (("profiles", "x y", "last"), True),
    ]
    assert all(TOML[leaf.start : leaf.end] == leaf.value for leaf in found if isinstance(leaf.value, str))


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_too_deep(bracket: str) -> None:
    deep = bracket * (MOST_DEPTH + 40) + "1"
    assert list(leaves(deep)) == []
    closed = {"[": "]"}.get(bracket, "}") * (MOST_DEPTH + 40)
    assert [leaf.value for leaf in leaves("[" + deep + closed + ', "after"]')] == ["after"]


@given(st.text(st.sampled_from("{}[]:,\"'\\/*#\n =ab1"), max_size=80))
def test_any_text(text: str) -> None:
    for leaf in (*leaves(text), *toml_leaves(text)):
        assert 0 <= leaf.start <= leaf.end <= len(text)
