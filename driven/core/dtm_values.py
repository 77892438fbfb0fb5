"""Values of a template while it renders, and what operators do to them: as Python does, but bounded. Compiled.

A value is a str, int, float, bool, None, a list or tuple of values, or `Undefined`. Nothing here looks at an attribute
of a value. What would make a huge value is refused before it is made.
"""

from __future__ import annotations

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, final, i64
from driven.core.dtm_layout import RenderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@final
class Missing:
    """The type of `MISSING`."""


MISSING = Missing()  # what a cell holds that has no value


@final
class Undefined:
    """A value that is not there. It can be passed on and asked for with `is defined`; all else is an error.

    The `lenient` one is what `'a' if b` gives where b does not hold: it prints as nothing, and is empty and false.
    """

    def __init__(self, name: str, why: str = "", lenient: bool = False) -> None:
        """`name` is the variable, or "" where `why` says what is missing."""
        self.name = name
        self.why = why or f"`{name}` is undefined"
        self.lenient = lenient

    def error(self) -> RenderError:
        """What is raised when it is used."""
        return RenderError(self.why, self.name)

    def _need(self) -> None:
        if not self.lenient:
            raise self.error()

    def __bool__(self) -> bool:
        self._need()
        return False

    def __eq__(self, other: object) -> bool:
        self._need()
        defined(other)
        return isinstance(other, Undefined)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        self._need()
        return 1

    def __len__(self) -> int:
        self._need()
        return 0

    def __contains__(self, _item: object) -> bool:
        self._need()
        return False

    def __str__(self) -> str:
        self._need()
        return ""

    def __repr__(self) -> str:
        return "Undefined"


def defined(value: object) -> None:
    """RenderError for a value that is not there; the lenient one is left to what is done with it."""
    if isinstance(value, Undefined) and not value.lenient:
        raise value.error()


def weigh(value: object) -> int:
    """How large a value is: its characters and items, all that is nested counted. RenderError when it is too large."""
    if isinstance(value, str):
        weight: i64 = len(value)
        if weight > L.MAX_OUTPUT:
            raise RenderError(f"a text of more than {L.MAX_OUTPUT:,} characters")
        return weight
    if isinstance(value, (list, tuple)):
        return _weigh_nested(value)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > L.MAX_BITS:
        raise RenderError("a whole number that is too large")
    return 1


def _weigh_nested(value: object) -> int:
    total: i64 = 0
    left: list[object] = [value]
    depths: list[int] = [1]
    while left:
        one = left.pop()
        depth = depths.pop()
        if isinstance(one, (list, tuple)):
            if depth > L.MAX_DEPTH:
                raise RenderError(f"lists within lists, more than {L.MAX_DEPTH}")
            if len(one) > L.MAX_ITEMS:
                raise RenderError(f"a list of more than {L.MAX_ITEMS:,} items")
            for item in one:
                if isinstance(item, str):
                    total += 1 + len(item)
                elif isinstance(item, (list, tuple)):
                    left.append(item)
                    depths.append(depth + 1)
                else:
                    total += weigh(item)
            total += 1
        else:
            total += weigh(one)
        if total > L.MAX_OUTPUT:
            raise RenderError("a list that is too large")
    return total


def check_value(value: object, name: str) -> None:
    """RenderError for a value that a template cannot be given."""
    if isinstance(value, (str, bool, float)) or value is None or value is MISSING:
        if isinstance(value, str):
            weigh(value)
        return
    if isinstance(value, (list, tuple)):
        weigh(value)
        left: list[object] = [value]
        while left:
            one = left.pop()
            if isinstance(one, (list, tuple)):
                left.extend(one)
            elif not (isinstance(one, (str, bool, int, float)) or one is None):
                raise RenderError(f"`{name}` holds a value that a template cannot have", name)
        return
    if isinstance(value, int):
        weigh(value)
        return
    raise RenderError(f"`{name}` is a value that a template cannot have", name)


def text_of(value: object) -> str:
    """What `{{ value }}` prints."""
    if isinstance(value, str):
        return value
    return str(value)


def compare(op: i64, a: Any, b: Any) -> bool:
    """One of the comparisons."""
    if op == L.EQ:
        return bool(a == b)
    if op == L.NE:
        return bool(a != b)
    if op == L.IN:
        defined(b)
        return bool(a in b)
    if op == L.NOT_IN:
        defined(b)
        return bool(a not in b)
    defined(a)
    defined(b)
    if op == L.LT:
        return bool(a < b)
    if op == L.LE:
        return bool(a <= b)
    if op == L.GT:
        return bool(a > b)
    if op == L.GE:
        return bool(a >= b)
    raise FormatError("an unknown comparison", 0)


def binary(op: i64, a: Any, b: Any) -> object:
    """One of the operators of two values."""
    defined(a)
    defined(b)
    if op == L.ADD:
        if isinstance(a, (str, list, tuple)) and isinstance(b, (str, list, tuple)):
            _bound(len(a) + len(b))
        return _checked(a + b)
    if op == L.SUB:
        return _checked(a - b)
    if op == L.MUL:
        if isinstance(a, (str, list, tuple)):
            _repeated(a, b)
        elif isinstance(b, (str, list, tuple)):
            _repeated(b, a)
        return _checked(a * b)
    if op == L.DIV:
        return a / b
    if op == L.FLOORDIV:
        return _checked(a // b)
    if op == L.MOD:
        if isinstance(a, str):
            raise RenderError("`%` on a text: join texts with `~`")
        return a % b
    if op == L.POW:
        whole = isinstance(a, int) and isinstance(b, int)
        if whole and (b > L.MAX_BITS or a.bit_length() * max(b, 1) > L.MAX_BITS):
            raise RenderError("a whole number that is too large")
        result: object = a**b
        if not isinstance(result, (int, float)):
            raise RenderError("the root of a negative number")
        return result
    raise FormatError("an unknown operator", 0)


def sign(op: i64, a: Any) -> object:
    """`-a` or `+a`."""
    defined(a)
    result: object = -a if op == L.NEG else +a
    return result


def _repeated(what: Any, times: object) -> None:
    if isinstance(times, int):
        _bound(weigh(what) * max(times, 0))
        _bound(len(what) * max(times, 0))


def check_size(size: Any) -> None:
    """RenderError for more characters or items than a value may have."""
    if not isinstance(size, int):
        raise RenderError("a number of characters or items is needed")
    _bound(size)


def _bound(size: int) -> None:
    if size > L.MAX_OUTPUT:
        raise RenderError(f"a value of more than {L.MAX_OUTPUT:,} characters or items")


def _checked(value: object) -> object:
    """The result of an operator, once it is known not to be too large."""
    if isinstance(value, float):
        return value
    weigh(value)
    return value


def item(value: Any, key: Any) -> object:
    """`value[key]`; undefined when there is none."""
    if isinstance(value, Undefined):
        raise value.error()
    try:
        found: object = value[key]
        return found
    except (TypeError, LookupError):
        if isinstance(key, Undefined):
            return Undefined("", key.why)
        return Undefined("", f"there is no item {key!r}" if isinstance(key, int) else "there is no such item")


def part(value: Any, start: object, stop: object, step: object) -> object:
    """`value[start:stop:step]`."""
    defined(value)
    result: object = value[slice(start, stop, step)]
    return result


def items_of(value: Any) -> list[object]:
    """What a loop goes over."""
    if isinstance(value, Undefined):
        defined(value)
        return []
    if isinstance(value, (str, list, tuple)):
        if len(value) > L.MAX_ITEMS:
            raise RenderError(f"more than {L.MAX_ITEMS:,} items")
        return list(value)
    raise RenderError(f"{kind(value)} cannot be gone through")


def kind(value: object) -> str:
    """What a value is, for a message."""
    if value is None:
        return "`none`"
    if isinstance(value, bool):
        return "a yes or no"
    if isinstance(value, (int, float)):
        return "a number"
    return "a text" if isinstance(value, str) else "a list"


def arguments(args: list[Any], count: i64) -> None:
    """FormatError unless there are that many."""
    if len(args) != count:
        raise FormatError("a filter or test with another number of arguments", 0)
