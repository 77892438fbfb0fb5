"""`@frozen` classes are dataclasses in all but the cost of defining them: held against the library's own."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, dataclass, fields, is_dataclass, replace
from dataclasses import field as their_field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven import frozen as module
from driven.frozen import field, frozen, record
from driven.frozen import replace as our_replace


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
    many: list[int] = their_field(default_factory=list, hash=False)
    aside: str = their_field(default="", compare=False, repr=False)


@record
class Count:
    """Open to change."""

    name: str
    number: int = 3
    many: list[int] = field(default_factory=list)


@dataclass(slots=True)
class TheirCount:
    """Open to change."""

    name: str
    number: int = 3
    many: list[int] = their_field(default_factory=list)


@frozen
class Mixed:
    """With a field of the library's."""

    many: list[int] = their_field(default_factory=list, compare=False)


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


def shown(call) -> str:
    """What a call comes to: the object, or what it raises, without the name of the class."""
    try:
        return repr(call()).partition("(")[2]
    except TypeError as error:
        return str(error).partition(".")[2]


@given(
    st.lists(st.integers(), max_size=4), st.dictionaries(st.sampled_from(["name", "number", "many", "x"]), st.text())
)
def test_the_first_objects_are_made_as_those_after_them(given_in_order: list, named: dict) -> None:
    """Before an `__init__` is compiled, the same comes out: by position, by keyword, wrong, missing and twice."""
    wanted = [shown(lambda: TheirCount(*given_in_order, **named)), shown(lambda: Theirs(*given_in_order, **named))]

    @record
    class Fresh:
        name: str
        number: int = 3
        many: list[int] = field(default_factory=list)

    @frozen
    class FreshValue:
        name: str
        number: int = 3
        many: list[int] = field(default_factory=list)
        aside: str = field(default="", compare=False, repr=False)

    for _ in range(2):  # a mistake compiles it at once
        assert shown(lambda: Fresh(*given_in_order, **named)).replace("<locals>.Fresh.", "") in (
            wanted[0], "test_the_first_objects_are_made_as_those_after_them." + wanted[0],
        )  # fmt: skip
        assert shown(lambda: FreshValue(*given_in_order, **named)).replace("<locals>.FreshValue.", "") in (
            wanted[1], "test_the_first_objects_are_made_as_those_after_them." + wanted[1],
        )  # fmt: skip


def test_many_objects_are_made_alike() -> None:
    @frozen(kw_only=False)
    class Many:
        left: int
        right: list[int] = field(default_factory=list)

    made = [Many(number) for number in range(2 * module.SLOW)]
    assert [one.left for one in made] == [*range(2 * module.SLOW)]
    assert len({id(one.right) for one in made}) == len(made)
    assert "_compile" not in Many.__init__.__qualname__ and Many.__init__ is not module._init


def test_a_record_is_a_dataclass_that_changes() -> None:
    one, two = Count("x", many=[1]), Count("x", 3, [1])
    assert one == two and is_dataclass(one) and not hasattr(one, "__dict__")
    assert repr(one) == repr(TheirCount("x", many=[1])).replace("TheirCount", "Count")
    one.number = 4
    assert one != two and asdict(one) == {"name": "x", "number": 4, "many": [1]}
    assert replace(one, number=3) == our_replace(one, number=3) == two
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]
    match one:
        case Count(name, 4):
            assert name == "x"
        case _:
            pytest.fail("no match")


def test_it_goes_with_the_librarys_own() -> None:
    assert Mixed().many is not Mixed().many and Mixed(many=[1]) == Mixed()
    value = Ours(name="x", aside="y")
    assert our_replace(value, number=9) == replace(value, number=9) == Ours(name="x", number=9)
    assert our_replace(Theirs(name="x"), number=9) == Theirs(name="x", number=9)
    for wrong in (lambda: our_replace(value, nam="x"), lambda: replace(value, nam="x")):
        with pytest.raises(TypeError):
            wrong()
    assert asdict(value) == asdict(Theirs(name="x", aside="y"))

    @dataclass(frozen=True)
    class Below(Ours):
        more: int = 0

    assert Below(name="x", more=1) == Below(name="x", more=1) != Below(name="x")
    assert [one.name for one in fields(Below)] == ["name", "number", "many", "aside", "more"]
    if sys.version_info >= (3, 13):
        assert copy.replace(value, number=9) == Ours(name="x", number=9)


def test_it_imports_nothing() -> None:
    words = "import sys; before = {*sys.modules}; import driven.frozen; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if not name.startswith("driven")} <= {"__future__"}
