"""Where keys and values stand in TOML: held against tomllib, on texts of random pieces."""

from __future__ import annotations

import random
import time
import tomllib
from typing import Any

import pytest

from driven.project.toml_places import DEEPEST, Places

Keys = tuple[str | int, ...]

HEADS = ("[a]", "[ a . b ]", '["a"."x y"]', "[[list]]", "# [c]", "", "[d.e] # why", "[ü]")
KEYS = ("k", "k.l", '"q k"', "'l.t'", '"e\\u0041"', "k . m", "n-1", "1")
VALUES = (
    "1", "true", '"a # b"', "'it = x'", '"""a\n[b]\nk = 1"""', "'''x\n'y''' ", "[1, 2 , ]",
    '[\n "a", # ]\n "b\\"]",\n]', "{}",
    '{ a = 1, b.c = "}" }', "[{ a = [1] }, {}]", "1979-05-27 07:32:00", '""', '"""a\\""""', "-1_000.5e3",
)  # fmt: skip


def made(dice: random.Random) -> str:
    lines = []
    for _ in range(dice.randint(1, 6)):
        if dice.random() < 0.4:
            lines.append(dice.choice(HEADS))
        lines.append(f"{dice.choice(('', '  '))}{dice.choice(KEYS)} = {dice.choice(VALUES)}{dice.choice(('', ' # x'))}")
    return dice.choice(("\n", "\r\n")).join(lines)


def leaves(value: Any, keys: Keys = ()) -> dict[Keys, Any]:
    """Every value in a mapping by its key; those in lists of tables have no single place."""
    found: dict[Keys, Any] = {}
    for key, inner in value.items():
        found[(*keys, key)] = inner
        if isinstance(inner, dict):
            found |= leaves(inner, (*keys, key))
    return found


def test_every_key_and_value_is_where_it_is_said_to_be() -> None:
    dice = random.Random(4)
    seen = 0
    for _ in range(3_000):
        text = made(dice)
        try:
            whole = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            Places(text, "c")  # never an error
            continue
        places = Places(text, "c")
        for keys, value in leaves(whole).items():
            if "list" in keys:
                continue
            named = places.key(keys)
            assert named is not None, (text, keys)
            name = tomllib.loads(f"{text[slice(*named)]} = 1")
            assert list(name) == [keys[-1]], (text, keys)
            if keys in places.values:
                seen += 1
                part = text[slice(*places.values[keys])]
                assert tomllib.loads(f"x = {part}")["x"] == value, (text, keys, part)
            else:
                assert isinstance(value, dict), (text, keys)
    assert seen > 2_000


def test_lines_and_columns_count_code_points() -> None:
    text = '\r\n["é𝄞"]\r\nx = "é𝄞"  # c\r\n'
    places = Places(text, "c")
    told = [places.span(places.key(("é𝄞",))), places.span(places.value(("é𝄞", "x")))]
    assert [(s.line, s.column, s.end_line, s.end_column) for s in told] == [(2, 2, 2, 6), (3, 5, 3, 9)]
    assert places.line(text.index("x =")) == (text.index("x ="), text.index("  # c"))


def test_a_name_that_is_written_in_several_places() -> None:
    text = "[a]\nb = 1\n[a.c]\nd.e = 1\nd.f = 2\n"
    places = Places(text, "c")
    assert [text[slice(*part)] for part in places.keys["a",]] == ["a", "a"]
    assert len(places.keys["a", "c", "d"]) == 2
    assert places.value(("a", "c")) == places.key(("a", "c")), "a table stands where its head is"


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 300_000, "a = " + "[" * 100_000 + "]" * 100_000, "a = " + "{a=" * 100_000,
        'a = "' + "\\" * 300_001,
        'a = """' + '"' * 300_000, "a." * 100_000 + "b = 1", "[" * 300_000, "a = 1 # " + "#" * 300_000, "\0" * 300_000,
        "a = '" + "x" * 300_000, "=" * 300_000, "a =" + " \n" * 150_000, "[a]\n" * 100_000,
    ],
    ids=range(13),
)  # fmt: skip
def test_hostile_text_is_read_in_a_time_that_grows_with_it(text: str) -> None:
    """Four times the text may cost ten times as much, not sixteen."""
    costs = []
    for part in (text[: len(text) // 4], text):
        began = time.process_time()
        places = Places(part, "c")
        costs.append(time.process_time() - began)
        assert all(len(keys) <= DEEPEST for keys in places.keys)
    assert costs[1] < 10 * costs[0] + 0.5
