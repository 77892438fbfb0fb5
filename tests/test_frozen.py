"""`@frozen` classes are dataclasses in all but the cost of defining them: held against the library's own."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.frozen import frozen


@frozen
class Ours:
    """By keyword."""

    name: str
    number: int = 3
    many: list[int] = field(default_factory=list, hash=False)
    aside: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """By keyword."""

    name: str
    number: int = 3
    many: list[int] = field(default_factory=list, hash=False)
    aside: str = field(default="", compare=False, repr=False)


@frozen(kw_only=False)
class Pair:
    """By position."""

    left: str
    right: str = "r"


@frozen(kw_only=False)
class Nothing:
    """Without a field."""


parts = st.fixed_dictionaries(
    {"name": st.text()}, optional={"number": st.integers(), "many": st.lists(st.integers()), "aside": st.text()}
)


@given(parts, parts)
def test_equal_hashed_shown_and_replaced_as_the_library_does(one: dict, two: dict) -> None:
    assert (Ours(**one) == Ours(**two)) == (Theirs(**one) == Theirs(**two))
    assert hash(Ours(**one)) == hash(Theirs(**one))
    assert repr(Ours(**one)) == repr(Theirs(**one)).replace("Theirs", "Ours")
    assert replace(Ours(**one), **two) == Ours(**{**one, **two})
    assert [f.name for f in fields(Ours)] == [f.name for f in fields(Theirs)]


def test_it_is_frozen_slotted_and_a_dataclass() -> None:
    value = Ours(name="x")
    for act in (lambda: setattr(value, "name", "y"), lambda: setattr(value, "new", 1), lambda: delattr(value, "name")):
        with pytest.raises(FrozenInstanceError):
            act()
    assert not hasattr(value, "__dict__") and is_dataclass(value)
    assert value != Theirs(name="x") and value != "x" and Nothing() == Nothing()
    assert Ours(name="x").many is not value.many
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert again == value


def test_what_it_is_given() -> None:
    assert Pair("a") == Pair(left="a", right="r")
    match Pair("a", "b"):
        case Pair(left, right):
            assert (left, right) == ("a", "b")
    wrongs = (lambda: Ours("x"), lambda: Ours(), lambda: Ours(name="x", nam="y"), lambda: Pair(), lambda: Nothing(1))
    for wrong in wrongs:
        with pytest.raises(TypeError):
            wrong()
