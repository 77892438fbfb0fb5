"""Values as they are typed or stand in a file: made what the variable says, or refused in words that help."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.fusion.template import Variable
from driven.fusion.variables import (
    Misfit,
    fits,
    fitted,
    is_true,
    refuse,
    risky,
    stand_in,
    typed,
    written,
)

TEXT = Variable(name="v")
INT = Variable(name="v", type="int")
FLOAT = Variable(name="v", type="float")
BOOL = Variable(name="v", type="bool")
MANY = Variable(name="v", multiselect=True)
INTS = Variable(name="v", type="int", multiselect=True)
ONE_OF = Variable(name="v", choices=(("Postgres", "pg"), ("None", "none")))
SOME_OF = Variable(name="v", choices=(("a", "a"), ("b", "b")), multiselect=True)
LEVEL = Variable(name="v", type="int", choices=(("low", 1), ("high", 2)))
LONG = Variable(name="v", multiline=True)


@pytest.mark.parametrize(("variable", "text", "value"), [
    (TEXT, "x y", "x y"), (TEXT, "", ""), (TEXT, "yes", "yes"), (TEXT, "8", "8"), (TEXT, "a, b", "a, b"),
    (INT, "8080", 8080), (INT, " -3 ", -3), (INT, "1_000", 1000), (FLOAT, "0.5", 0.5), (FLOAT, "3", 3.0),
    (BOOL, "yes", True), (BOOL, "NO", False), (BOOL, "true", True), (BOOL, "0", False), (BOOL, "off", False),
    (MANY, "a, b,a", ["a", "b"]), (MANY, "", []), (INTS, "1,2", [1, 2]),
    (ONE_OF, "pg", "pg"), (ONE_OF, "Postgres", "pg"), (SOME_OF, "b,a", ["b", "a"]), (LEVEL, "high", 2), (LEVEL, "1", 1),
    (LONG, "a\nb", "a\nb"), (LONG, "a\r\nb\tc", "a\nb\tc"),
])  # fmt: skip
def test_what_is_typed(variable: Variable, text: str, value: Any) -> None:
    found = typed(variable, text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("variable", "text", "why"), [
    (INT, "x", "it is a whole number"), (INT, "1.5", "it is a whole number"), (INT, "9" * 40, "whole number"),
    (INT, "9" * 19, "a number of at most 18 digits"), (INT, "", "whole number"), (INT, "٣", "whole number"),
    (FLOAT, "nan", "at most 18 digits"), (FLOAT, "inf", "at most 18 digits"), (FLOAT, "x", "it is a number"),
    (BOOL, "maybe", "it is yes or no"), (ONE_OF, "mysql", "it is one of Postgres, None"),
    (SOME_OF, "a,c", "it is some of a, b"), (INTS, "1,x", "a whole number, or several"),
    (LEVEL, "3", "one of low, high"),
    (TEXT, "x: y\n- z", "it is one line"), (TEXT, "a\rb", "it is one line"), (TEXT, "a\x85b", "it is one line"),
    (TEXT, "a\u2028b", "it is one line"), (TEXT, "a\x1bb", "U+001B"), (TEXT, "a\u202eb", "U+202E"),
    (LONG, "a\x00b", "U+0000"), (TEXT, "x" * 10_001, "10,001 characters"), (TEXT, "a\tb", "U+0009"),
    (MANY, "a,b\nc", "it is one line"), (MANY, "," * 2_000, "at most 1,000"), (TEXT, "\ud800", "U+D800"),
])  # fmt: skip
def test_what_does_not_fit(variable: Variable, text: str, why: str) -> None:
    with pytest.raises(Misfit) as told:
        typed(variable, text)
    assert why in str(told.value)


def test_choices_may_be_typed_by_number_where_they_were_shown_with_numbers() -> None:
    assert typed(ONE_OF, "2", numbered=True) == "none" and typed(SOME_OF, "1, 2", numbered=True) == ["a", "b"]
    assert typed(LEVEL, "2", numbered=True) == 2  # a value wins over a number
    for text in ("0", "3", "9999", "-1", "²"):
        with pytest.raises(Misfit):
            typed(ONE_OF, text, numbered=True)
    with pytest.raises(Misfit):
        typed(ONE_OF, "2")


@pytest.mark.parametrize(("variable", "value", "made"), [
    (INT, 3, 3), (INT, "3", 3), (FLOAT, 3, 3.0), (BOOL, True, True), (BOOL, "no", False), (TEXT, "x", "x"),
    (MANY, ["a"], ["a"]), (MANY, "a,b", ["a", "b"]), (INTS, [1, "2"], [1, 2]), (INTS, 1, [1]), (ONE_OF, "pg", "pg"),
    (SOME_OF, ["a"], ["a"]), (LEVEL, 2, 2),
])  # fmt: skip
def test_what_stands_in_a_file(variable: Variable, value: Any, made: Any) -> None:
    found = fitted(variable, value)
    assert found == made and type(found) is type(made)


@pytest.mark.parametrize(("variable", "value"), [
    (TEXT, 3), (TEXT, True), (TEXT, None), (TEXT, ["a"]), (INT, True), (INT, 1.5), (INT, None), (BOOL, 1),
    (FLOAT, True), (MANY, [["a"]]), (LEVEL, 3), (INT, 10**30), (FLOAT, float("nan")), (INT, {"a": 1}),
    (MANY, ["a"] * 1001),
    (TEXT, "a\nb"), (MANY, ["a\nb"]),
])  # fmt: skip
def test_what_in_a_file_does_not_fit(variable: Variable, value: Any) -> None:
    with pytest.raises(Misfit):
        fitted(variable, value)


def test_an_error_names_the_variable_what_was_given_and_what_fits() -> None:
    told = refuse(ONE_OF, "mysql\n", "it is one of Postgres, None")
    assert told.message == "the variable `v` cannot be `mysql\\n`: it is one of Postgres, None"
    assert "`--set v=…`" in told.hint and fits(SOME_OF) == "some of a, b"
    assert refuse(Variable(name="v", help="The port"), 3, "x").hint == "The port"


@pytest.mark.parametrize(("value", "text"), [
    (True, "yes"), (False, "no"), (3, "3"), (None, ""), (["a", True], "a, yes"), ("x", "x"),
])  # fmt: skip
def test_how_a_value_is_written(value: Any, text: str) -> None:
    assert written(value) == text


def test_what_a_condition_says_as_text() -> None:
    assert [text for text in ("True", "yes", " 1 ", "x") if not is_true(text)] == []
    assert [text for text in ("False", "no", "", " \n", "0", "None", "off") if is_true(text)] == []


def test_what_yaml_could_take_for_its_own_is_known() -> None:
    plain: dict[str, Any] = {"a": "src/app", "n": 3, "b": True, "l": ["x", "y"]}
    assert risky(plain) == [] and stand_in(plain) == plain
    assert risky({"a": 'x", "y', "b": ["ok", "[z"], "c": "fine"}) == ["a", "b"]
    assert stand_in({"a": 'x", "y', "b": ["a: b"]}) == {"a": "xxx xy", "b": ["ax b"]}
    assert risky({"a": " x"}) == ["a"]


@settings(max_examples=150)
@given(st.sampled_from([TEXT, INT, FLOAT, BOOL, MANY, INTS, ONE_OF, SOME_OF, LEVEL, LONG]), st.text(max_size=40))
def test_anything_typed_fits_or_is_refused_and_what_fits_is_typed_again_alike(variable: Variable, text: str) -> None:
    try:
        value = typed(variable, text, numbered=True)
    except Misfit as why:
        assert str(why)
        return
    assert fitted(variable, value) == value
    if not variable.multiline and isinstance(value, str):
        assert value.isprintable() or not value
    again = typed(variable, written(value))
    assert again == value or (variable is FLOAT and isinstance(again, float))
