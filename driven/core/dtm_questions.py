"""The tests of compiled templates (`value is test`), each as Jinja2 3.1 has it. Compiled. docs/dtm.md lists them."""

from __future__ import annotations

from driven.core import dtm_layout as L
from driven.core import dtm_names as N
from driven.core._rt import FormatError, i64
from driven.core.dtm_layout import TESTS, RenderError
from driven.core.dtm_values import Undefined, arguments, compare, defined, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def apply_test(which: i64, value: Any, args: list[Any]) -> bool:
    """`value is test(args…)`."""
    if which >= len(TESTS):
        raise FormatError("an unknown test", 0)
    if len(args) == 1:
        return _compared(which, value, args[0])
    arguments(args, 0)
    if which == N.T_DEFINED:
        return not isinstance(value, Undefined)
    if which == N.T_UNDEFINED:
        return isinstance(value, Undefined)
    if which == N.T_NONE:
        return value is None
    if which == N.T_BOOLEAN:
        return isinstance(value, bool)
    if which == N.T_TRUE:
        return value is True
    if which == N.T_FALSE:
        return value is False
    if which == N.T_INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if which == N.T_FLOAT:
        return isinstance(value, float)
    if which == N.T_NUMBER:
        return isinstance(value, (int, float))
    if which == N.T_STRING:
        return isinstance(value, str)
    if which == N.T_MAPPING:
        return False
    if which == N.T_SEQUENCE:
        return isinstance(value, (str, list, tuple)) or (isinstance(value, Undefined) and value.lenient)
    defined(value)
    if which == N.T_ITERABLE:
        return isinstance(value, (str, list, tuple, Undefined))
    if which == N.T_LOWER:
        return text_of(value).islower()
    if which == N.T_UPPER:
        return text_of(value).isupper()
    if which == N.T_ODD:
        return bool(_remainder(value, 2) == 1)
    if which == N.T_EVEN:
        return bool(_remainder(value, 2) == 0)
    raise FormatError("a filter or test with another number of arguments", 0)


def _compared(which: i64, value: Any, other: Any) -> bool:
    if which == N.T_EQ:
        return compare(L.EQ, value, other)
    if which == N.T_NE:
        return compare(L.NE, value, other)
    if which == N.T_LT:
        return compare(L.LT, value, other)
    if which == N.T_LE:
        return compare(L.LE, value, other)
    if which == N.T_GT:
        return compare(L.GT, value, other)
    if which == N.T_GE:
        return compare(L.GE, value, other)
    if which == N.T_IN:
        return compare(L.IN, value, other)
    if which != N.T_DIVISIBLEBY:
        raise FormatError("a filter or test with another number of arguments", 0)
    defined(value)
    defined(other)
    return bool(_remainder(value, other) == 0)


def _remainder(value: Any, other: Any) -> Any:
    """RenderError for a text, which `%` would fill in as a form."""
    if isinstance(value, str):
        raise RenderError("a number is needed, and this is a text")
    return value % other
