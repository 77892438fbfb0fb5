"""YAML 1.2 core values, exact places, refusals; and the front-matter subset never says anything else."""

from __future__ import annotations

import math
import time
import tracemalloc

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driven.core.tokens import parse_front
from driven.format import yaml12
from driven.format.yaml12 import load_yaml, resolve
from driven.model.rule import Value


def values(text: str) -> dict[str, Value]:
    loaded = load_yaml(text, path="f")
    assert loaded.diagnostics == []
    return loaded.values


def refusal(text: str) -> tuple[str, int, int]:
    loaded = load_yaml(text, path="f", line_offset=1)
    assert loaded.values == {}
    [item] = loaded.diagnostics
    assert item.severity == "error" and item.hint and "\n" not in item.message
    return item.code, item.span.line, item.span.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("true", True),
        ("False", False), ("tRUE", "tRUE"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("1", 1), ("-1", -1), ("+1", 1), ("017", 17), ("0o17", 15), ("0x1F", 31), ("-0x1F", "-0x1F"), ("0b1", "0b1"),
        ("1_000", "1_000"), ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-1.5E-2", -0.015), (".", "."),
        ("1.2.3", "1.2.3"),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.inf", math.inf), ("inf", "inf"), ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"), ("12:30:45", "12:30:45"), ("=", "="), ("0o8", "0o8"), ("0x", "0x"), ("1e", "1e"),
        ("\u0661", "\u0661"),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: Value) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)
    assert values(f"k: {text}") == {"k": value}
    assert values(f"k: '{text}'") == {"k": text}


def test_nan_and_long_numbers() -> None:
    number = resolve(".nan")
    assert isinstance(number, float) and math.isnan(number)
    assert refusal("k: " + "9" * 5_000) == ("RUL01", 2, 4)


def test_values_of_every_shape() -> None:
    text = """\
# a comment
description: >-
  folded
  text
list: [a, "b\\x41", {c: 1}]
block:
  - one
  -  two
map:
  deep: {a: [1, 2], b: }
"quoted key": 'it''s'
"""
    assert values(text) == {
        "description": "folded text",
        "list": ["a", "bA", {"c": 1}],
        "block": ["one", "two"],
        "map": {"deep": {"a": [1, 2], "b": None}},
        "quoted key": "it's",
    }
    assert values("") == values("# only a comment\n") == values("~") == {}


def test_places() -> None:
    loaded = load_yaml("é: x\nlist:\n  - ä\n  - {a: [b]}\nflow: [ö, '*']\nlast: 1\n", path="f", line_offset=4)
    assert [str(span) for span in loaded.keys.values()] == ["f:5:1", "f:6:1", "f:9:1", "f:10:1"]
    assert {key: [str(span) for span in spans] for key, spans in loaded.items.items()} == {
        "é": [], "list": ["f:7:5", "f:8:5"], "flow": ["f:9:8", "f:9:11"], "last": [],
    }  # fmt: skip
    span = loaded.items["flow"][1]
    assert (span.end_line, span.end_column) == (9, 14)
    assert str(loaded.at["last"]) == "f:10:7"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: b: c", "RUL01", 2, 5),
        ("ok: 1\nglobs: **/*.py", "RUL01", 3, 8),
        ("a: *", "RUL01", 2, 4),
        ("a: [1,", "RUL01", 2, 7),
        ("ok: 1\na: [1, 2\n\n", "RUL01", 3, 4),
        ('a: 1\nb: "c', "RUL01", 3, 4),
        ("a:\n\tb: 1", "RUL01", 3, 1),
        ('a: "\\q"', "RUL01", 2, 5),
        ("a: 1\n---\nb: 2", "RUL01", 3, 1),
        ("--- \na: 1", "RUL01", 2, 1),
        ("a: 1\n...\n", "RUL01", 3, 1),
        ("%YAML 1.1\n---\na: 1", "RUL01", 2, 1),
        ("a: 1\nb: \x07", "RUL01", 3, 4),
        ("a: é\x00", "RUL01", 2, 5),
        ("a: \ufeffb", "RUL01", 2, 4),
        ("a: \udc80", "RUL01", 2, 4),
        ("a: 1\r\nb: \x7f", "RUL01", 3, 4),
        ("a: &x 1", "RUL02", 2, 4),
        ("a: *x", "RUL02", 2, 4),
        ("&x a: 1", "RUL02", 2, 1),
        ("<<: *x", "RUL02", 2, 5),
        ("a: !x 1", "RUL02", 2, 4),
        ("a: !!python/object:os.system {}", "RUL02", 2, 4),
        ("a: ! 1", "RUL02", 2, 4),
        ("a: 1\nb: 2\na: 3", "RUL04", 4, 1),
        ("a: {b: 1, 'b': 2}", "RUL04", 2, 11),
        ("- a", "RUL05", 2, 1),
        ("text", "RUL05", 2, 1),
        ("1: a", "RUL05", 2, 1),
        ("true: a", "RUL05", 2, 1),
        ("? [a]\n: b", "RUL05", 2, 3),
        ("a: {~: 1}", "RUL05", 2, 5),
    ],
)
def test_refusals(text: str, code: str, line: int, column: int) -> None:
    assert refusal(text) == (code, line, column)


def test_merge_keys_are_text() -> None:
    assert values("<<: a") == {"<<": "a"}


def test_caps() -> None:
    assert refusal("a: " + "[" * 16 + "]" * 16)[0] == "RUL03"
    assert values("a: " + "[" * 15 + "]" * 15)
    assert refusal("a: [" + "b," * 1_998 + "]")[0] == "RUL03"
    assert len(values("a: [" + "b," * 1_996 + "]")) == 1
    assert refusal("a: " + "é" * 32_768)[0] == "RUL03"
    assert values("a: " + "é" * 32_766)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(2_000)),
        "[" * 60_000,
        "a: " + "{" * 60_000,
        "? " * 30_000,
        "- " * 30_000,
        "a: " + "9" * 60_000,
        "a: '" + "'" * 60_000,
        'a: "' + "\\x41" * 15_000,
        "\n".join(f"k{n}: 1" for n in range(7_000)),
        "a:\n" + "".join(" " * n + "- \n" for n in range(300)),
        "x" * (50 << 20),
    ],
    ids=lambda text: text[:12],
)
def test_bombs_cost_nothing(text: str) -> None:
    tracemalloc.start()
    began = time.perf_counter()
    loaded = load_yaml(text, path="f")
    seconds = time.perf_counter() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert loaded.diagnostics and not loaded.values
    assert seconds < 3 and peak < 64 << 20


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029"])
def test_line_separators_are_text(char: str) -> None:
    assert values(f"a: b{char}c:d\ne: '{char}'\nf: {char}") == {"a": f"b{char}c:d", "e": char, "f": char}


@given(st.text(max_size=200))
def test_never_raises(text: str) -> None:
    loaded = load_yaml(text, path="f")
    assert not (loaded.values and loaded.diagnostics)


def test_the_pure_parser_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml12, "_LOADER", yaml.SafeLoader)
    test_values_of_every_shape()
    test_places()
    for text in ("a: b: c", "a: *x", "a: &x 1", "- a", "a: 1\na: 2", "[" * 60_000):
        assert load_yaml(text, path="f").diagnostics


# fmt: off
PIECES = st.sampled_from(
    ["a", "b: ", ": ", ":", " #", "#", "- ", "-", "[", "]", ", ", ",", "{", "}", '"', "'", "''", "*", "&", "!", "%",
     "@", "`", "|", ">", "?", "? ", "---", "...", "\t", " ", "  ", "\n", "\n", "\n\n", "\n  - ", "\n- ", "\r\n",
     "\r", "yes", "no", "on", "off", "true", "False", "null", "Null", "~", "0", "1", "12", "017", "0o17", "0x1f",
     "1_000", "1e3", ".5", "1.", ".inf", "-.INF", ".nan", "+1", "-1", "-", "+", ".", "2026-01-01", "12:30", "<<", "=",
     "\\", "\\n", "/", "src/**/*.ts", "é", "\x85", "\xa0", "\u2028", "\u2029", "\ufeff", "\x7f", "\x00", "\x1b",
     "\ufffe", "🦀", "key:value", "it's", "a b", "key: ", "\nkey2: "]
)
# fmt: on


def same(left: object, right: object) -> bool:
    """Equal, and of equal types all the way down."""
    return repr(left) == repr(right)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["", "k: ", "k:\n  - ", "k: [", "k: '", 'k: "']))
@example("k: - b", "")
@example(" \nk2: v", "k: [a, b")
@example("a]", "k: [")
def test_the_subset_never_says_anything_else(text: str, start: str) -> None:
    agree(start + text)
    if "[" in start:
        agree(start + text + "]")


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["key", "apply", "a-b", "_x", "null", "yes", "K9"]),
            st.sampled_from([": ", ":  ", ":", " : ", ":\n  - ", ":\n- ", ": [", ": '", ': "']),
            st.text(alphabet="ab1.-+eE_x:#[]{},'\"*&!?/~ \té\n", max_size=8),
            st.sampled_from(["", "]", "'", '"', " ", "\n  - x", "\n- y"]),
        ).map("".join),
        max_size=4,
    ),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_the_subset_never_says_anything_else_of_lines(lines: list[str], newline: str) -> None:
    agree(newline.join(lines))


def agree(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    fast = parse_front(data, 0, len(data))
    if fast is None:
        return
    loaded = load_yaml(text, path="f", line_offset=1)
    assert loaded.diagnostics == []
    assert same({key: value for key, value, _ in fast}, loaded.values)
    assert [(key, line) for key, _, line in fast] == [(key, span.line) for key, span in loaded.keys.items()]
