"""The filters and tests of compiled templates, each as Jinja2 3.1 has it (autoescape off). Compiled.

A filter gets its value and its arguments with the defaults filled in; it raises RenderError, or what Python raises for
values of the wrong kind, which `Dtm.render` turns into one. docs/dtm.md lists them.
"""

from __future__ import annotations

import math

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, i64
from driven.core.dtm_layout import FILTERS, TESTS, RenderError
from driven.core.dtm_values import Undefined, check_size, compare, defined, items_of, text_of, weigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def apply_filter(which: i64, value: Any, args: list[Any]) -> object:
    """`value | filter(args…)`."""
    if which >= len(FILTERS):
        raise FormatError("an unknown filter", 0)
    name = FILTERS[which]
    if name == "default":
        _arguments(args, 2)
        if isinstance(value, Undefined) or (args[1] and not value):
            return args[0]
        return value
    defined(value)
    for arg in args:
        defined(arg)
    found = _of_text(name, value, args)
    if found is not None:
        return found
    return _of_lists(name, value, args) if name in _LISTS else _of_numbers(name, value, args)


_LISTS = frozenset(
    ("first", "join", "last", "length", "list", "max", "min", "reverse", "sort", "sum", "unique")
)


def _of_text(name: str, value: Any, args: list[Any]) -> str | None:
    """The filters that make a text of anything; None for another filter."""
    if name == "upper":
        return text_of(value).upper()
    if name == "lower":
        return text_of(value).lower()
    if name == "capitalize":
        return text_of(value).capitalize()
    if name == "title":
        return title(text_of(value))
    if name == "string":
        return text_of(value)
    if name == "trim":
        _arguments(args, 1)
        return text_of(value).strip(args[0])
    if name == "replace":
        _arguments(args, 3)
        return _replace(text_of(value), text_of(args[0]), text_of(args[1]), args[2])
    if name == "indent":
        _arguments(args, 3)
        return _indent(value, args[0], args[1], args[2])
    if name == "center":
        _arguments(args, 1)
        check_size(args[0])
        return text_of(value).center(args[0])
    return None


def title(text: str) -> str:
    """Each word with a capital first letter and small ones after it; words start after ``-``, brackets and blanks."""
    parts: list[str] = []
    start: i64 = 0
    at: i64 = 0
    n: i64 = len(text)
    while at <= n:
        if at == n or _separates(text[at]):
            if at > start:
                parts.append(text[start].upper())
                parts.append(text[start + 1 : at].lower())
            if at < n:
                parts.append(text[at])
            start = at + 1
        at += 1
    return "".join(parts)


def _separates(letter: str) -> bool:
    return letter.isspace() or letter in "-({[<"


def _replace(text: str, old: str, new: str, count: Any) -> str:
    times = -1 if count is None else count
    if not isinstance(times, int):
        raise RenderError("the count of `replace` is not a number")
    found = text.count(old)
    if 0 <= times < found:
        found = times
    check_size(len(text) + found * (len(new) - len(old)))
    return text.replace(old, new, times)


def _indent(text: Any, width: Any, first: Any, blank: Any) -> str:
    if not isinstance(text, str):
        raise RenderError("`indent` is for texts")
    if isinstance(width, str):
        indention = width
    else:
        check_size(width)
        indention = " " * width
    lines = (text + "\n").splitlines()
    check_size(len(text) + (len(lines) + 1) * (len(indention) + 1))
    if blank:
        result = ("\n" + indention).join(lines)
    else:
        out = [lines[0]]
        for line in lines[1:]:
            out.append(indention + line if line else line)
        result = "\n".join(out)
    return indention + result if first else result


def _truncate(text: Any, length: Any, killwords: Any, end: Any, leeway: Any) -> object:
    slack = 5 if leeway is None else leeway
    if length < len(end) or slack < 0:
        raise RenderError("`truncate` to fewer characters than its end has")
    if len(text) <= length + slack:
        kept: object = text  # a short list, too
        return kept
    return _cut(text, length, killwords, end)


def _cut(text: Any, length: Any, killwords: Any, end: Any) -> str:
    if not isinstance(text, str) or not isinstance(end, str):
        raise RenderError("`truncate` is for texts")
    kept = text[: length - len(end)]
    if not killwords:
        kept = kept.rsplit(" ", 1)[0]
    return kept + end


def _of_lists(name: str, value: Any, args: list[Any]) -> object:
    if name == "length":
        return len(value)
    if name == "reverse":
        _arguments(args, 1)
        if isinstance(value, str):
            return value[::-1]
        if not args[0]:
            raise RenderError("`reverse` alone makes an iterator of a list: write `| reverse | list`")
    items = items_of(value)
    if name == "join":
        _arguments(args, 1)
        return _join(items, text_of(args[0]))
    if name == "first":
        return items[0] if items else Undefined("", "the first of an empty list")
    if name == "last":
        return items[-1] if items else Undefined("", "the last of an empty list")
    if name == "list":
        return items
    if name == "reverse":
        items.reverse()
        return items
    if name == "sum":
        total: Any = 0
        for item in items:
            number: Any = item
            defined(number)
            total = total + number
            weigh(total)
        return total
    if name == "sort":
        _arguments(args, 2)
        return _sorted(items, bool(args[0]), bool(args[1]))
    if name == "unique":
        _arguments(args, 1)
        return _unique(items, bool(args[0]))
    _arguments(args, 1)
    return _extreme(items, name == "max", bool(args[0]))


def _join(items: list[object], separator: str) -> str:
    texts: list[str] = []
    size: i64 = 0
    gap: i64 = len(separator)
    for item in items:
        text = text_of(item)
        size += len(text) + gap
        if size > L.MAX_OUTPUT + gap:
            raise RenderError(f"a text of more than {L.MAX_OUTPUT:,} characters")
        texts.append(text)
    return separator.join(texts)


def _key(value: Any, case_sensitive: bool) -> Any:
    return value.lower() if isinstance(value, str) and not case_sensitive else value


def _sorted(items: list[Any], reverse: bool, case_sensitive: bool) -> list[Any]:
    keyed: list[Any] = []
    for item in items:
        keyed.append(_key(item, case_sensitive))
    for key in keyed:  # a list of one is not compared, and what is not there cannot be sorted either
        if len(keyed) > 1:
            defined(key)
    order = sorted(range(len(items)), key=keyed.__getitem__, reverse=reverse)
    return [items[i] for i in order]


def _unique(items: list[Any], case_sensitive: bool) -> list[Any]:
    seen: set[Any] = set()
    kept: list[Any] = []
    for item in items:
        key = _key(item, case_sensitive)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _extreme(items: list[Any], largest: bool, case_sensitive: bool) -> object:
    if not items:
        return Undefined("", "the largest or smallest of an empty list")
    best = items[0]
    best_key = _key(best, case_sensitive)
    for item in items[1:]:
        key = _key(item, case_sensitive)
        defined(key)
        defined(best_key)
        if (key > best_key) if largest else (key < best_key):
            best, best_key = item, key
    return best


def _of_numbers(name: str, value: Any, args: list[Any]) -> object:
    if name == "abs":
        return abs(value)
    if name == "int":
        _arguments(args, 2)
        return _int(value, args[0], args[1])
    if name == "float":
        _arguments(args, 1)
        try:
            return float(value)
        except (TypeError, ValueError):
            return args[0]
    if name == "round":
        _arguments(args, 2)
        return _round(value, args[0], args[1])
    if name == "truncate":
        _arguments(args, 4)
        return _truncate(value, args[0], args[1], args[2], args[3])
    if name == "wordcount":
        return _words(text_of(value))
    raise FormatError("an unknown filter", 0)


def _int(value: Any, default: Any, base: Any) -> object:
    number: object = default
    try:
        number = int(value, base) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        try:
            number = int(float(value))
        except (TypeError, ValueError, OverflowError):
            return default
    weigh(number)
    return number


def _round(value: Any, precision: Any, method: Any) -> object:
    if method not in ("common", "ceil", "floor"):
        raise RenderError("`round` is common, ceil or floor")
    if not isinstance(precision, int) or not -400 <= precision <= 400:
        raise RenderError("`round` to more than 400 places")
    if method == "common":
        result: object = round(value, precision)
        return result
    scale: Any = 10**precision
    if isinstance(value, (str, list, tuple)):
        raise RenderError("`round` is for numbers")
    moved: Any = value * scale
    whole = math.ceil(moved) if method == "ceil" else math.floor(moved)
    divided: object = whole / scale
    return divided


def _words(text: str) -> int:
    count: i64 = 0
    inside = False
    for letter in text:
        word = letter.isalnum() or letter == "_"
        if word and not inside:
            count += 1
        inside = word
    return count


def _arguments(args: list[Any], count: i64) -> None:
    if len(args) != count:
        raise FormatError("a filter or test with another number of arguments", 0)


def apply_test(which: i64, value: Any, args: list[Any]) -> bool:
    """`value is test(args…)`."""
    if which >= len(TESTS):
        raise FormatError("an unknown test", 0)
    name = TESTS[which]
    if name in ("eq", "ne", "lt", "le", "gt", "ge", "in", "divisibleby"):
        _arguments(args, 1)
        return _compared(name, value, args[0])
    _arguments(args, 0)
    if name == "defined":
        return not isinstance(value, Undefined)
    if name == "undefined":
        return isinstance(value, Undefined)
    if name == "none":
        return value is None
    if name == "boolean":
        return isinstance(value, bool)
    if name == "true":
        return value is True
    if name == "false":
        return value is False
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "float":
        return isinstance(value, float)
    if name == "number":
        return isinstance(value, (int, float))
    if name == "string":
        return isinstance(value, str)
    if name == "mapping":
        return False
    if name == "sequence":
        return isinstance(value, (str, list, tuple))
    defined(value)
    if name == "iterable":
        return isinstance(value, (str, list, tuple))
    if name == "lower":
        return text_of(value).islower()
    if name == "upper":
        return text_of(value).isupper()
    return bool(_remainder(value, 2) == (1 if name == "odd" else 0))


def _compared(name: str, value: Any, other: Any) -> bool:
    if name == "eq":
        return compare(L.EQ, value, other)
    if name == "ne":
        return compare(L.NE, value, other)
    if name == "lt":
        return compare(L.LT, value, other)
    if name == "le":
        return compare(L.LE, value, other)
    if name == "gt":
        return compare(L.GT, value, other)
    if name == "ge":
        return compare(L.GE, value, other)
    if name == "in":
        return compare(L.IN, value, other)
    defined(value)
    defined(other)
    return bool(_remainder(value, other) == 0)


def _remainder(value: Any, other: Any) -> Any:
    """RenderError for a text, which `%` would fill in as a form."""
    if isinstance(value, str):
        raise RenderError("a number is needed, and this is a text")
    return value % other
