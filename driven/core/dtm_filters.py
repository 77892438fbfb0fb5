"""The filters of compiled templates, each as Jinja2 3.1 has it (autoescape off). Compiled.

A filter gets its value and its arguments with the defaults filled in; it raises RenderError, or what Python raises for
values of the wrong kind, which `Dtm.render` turns into one. docs/dtm.md lists them.
"""

from __future__ import annotations

import math

from driven.core import dtm_layout as L
from driven.core import dtm_names as N
from driven.core._rt import FormatError, i64
from driven.core.dtm_layout import FILTERS, RenderError
from driven.core.dtm_values import Undefined, arguments, check_size, defined, items_of, text_of, weigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

MANY: Final = 200  # characters that `trim` takes off


def apply_filter(which: i64, value: Any, args: list[Any]) -> object:
    """`value | filter(args…)`."""
    if which >= len(FILTERS):
        raise FormatError("an unknown filter", 0)
    if which == N.F_DEFAULT:
        arguments(args, 2)
        if isinstance(value, Undefined) or (args[1] and not value):
            return args[0]
        return value
    defined(value)
    for arg in args:
        defined(arg)
    found = _of_text(which, value, args)
    if found is not None:
        return found
    return _of_lists(which, value, args) if _goes_over_lists(which) else _of_numbers(which, value, args)


def _goes_over_lists(which: i64) -> bool:
    return (
        which == N.F_JOIN or which == N.F_LENGTH or which == N.F_LIST or which == N.F_FIRST or which == N.F_LAST
        or which == N.F_SORT or which == N.F_UNIQUE or which == N.F_REVERSE or which == N.F_SUM or which == N.F_MAX
        or which == N.F_MIN
    )  # fmt: skip


def _of_text(which: i64, value: Any, args: list[Any]) -> str | None:
    """The filters that make a text of anything; None for another filter."""
    if which == N.F_UPPER:
        return text_of(value).upper()
    if which == N.F_LOWER:
        return text_of(value).lower()
    if which == N.F_CAPITALIZE:
        return text_of(value).capitalize()
    if which == N.F_TITLE:
        return title(text_of(value))
    if which == N.F_STRING:
        return text_of(value)
    if which == N.F_TRIM:
        arguments(args, 1)
        return _trim(text_of(value), args[0])
    if which == N.F_REPLACE:
        arguments(args, 3)
        return _replace(text_of(value), text_of(args[0]), text_of(args[1]), args[2])
    if which == N.F_INDENT:
        arguments(args, 3)
        return _indent(value, args[0], args[1], args[2])
    if which == N.F_CENTER:
        arguments(args, 1)
        check_size(args[0])
        return text_of(value).center(args[0])
    return None


def _trim(text: str, chars: Any) -> str:
    if isinstance(chars, str) and len(chars) > MANY:
        chars = "".join(dict.fromkeys(chars))
        if len(chars) > MANY:  # each end of the text is looked for among all of them
            raise RenderError(f"`trim` of more than {MANY} characters")
    return text.strip(chars)


def title(text: str) -> str:
    """Each word with a capital first letter and small ones after it; words start after ``-``, brackets and blanks."""
    parts: list[str] = []
    start: i64 = 0
    at: i64 = 0
    n: i64 = len(text)
    while at <= n:
        if at == n or _separates(ord(text[at])):
            if at > start:
                parts.append(text[start].upper())
                parts.append(text[start + 1 : at].lower())
            if at < n:
                parts.append(text[at])
            start = at + 1
        at += 1
    return "".join(parts)


def _separates(letter: i64) -> bool:
    if letter < 128:
        if letter <= 32:
            return letter == 32 or 9 <= letter <= 13 or letter >= 28
        return letter in (40, 45, 60, 91, 123)
    return chr(letter).isspace()


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


def _of_lists(which: i64, value: Any, args: list[Any]) -> object:
    if which == N.F_LENGTH:
        return len(value)
    if which == N.F_REVERSE:
        arguments(args, 1)
        if isinstance(value, str):
            return value[::-1]
        if not args[0]:
            raise RenderError("`reverse` alone makes an iterator of a list: write `| reverse | list`")
    items = items_of(value)
    if which == N.F_JOIN:
        arguments(args, 1)
        return join(items, text_of(args[0]))
    if which == N.F_FIRST:
        return items[0] if items else Undefined("", "the first of an empty list")
    if which == N.F_LAST:
        return items[-1] if items else Undefined("", "the last of an empty list")
    if which == N.F_LIST:
        return items
    if which == N.F_REVERSE:
        items.reverse()
        return items
    if which == N.F_SUM:
        total: Any = 0
        for item in items:
            number: Any = item
            defined(number)
            total = total + number
            weigh(total)
        return total
    if which == N.F_SORT:
        arguments(args, 2)
        return _sorted(items, bool(args[0]), bool(args[1]))
    if which == N.F_UNIQUE:
        arguments(args, 1)
        return _unique(items, bool(args[0]))
    arguments(args, 1)
    return _extreme(items, which == N.F_MAX, bool(args[0]))


def join(items: list[object], separator: str) -> str:
    """One text of all items."""
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


def _of_numbers(which: i64, value: Any, args: list[Any]) -> object:
    if which == N.F_ABS:
        return abs(value)
    if which == N.F_INT:
        arguments(args, 2)
        return _int(value, args[0], args[1])
    if which == N.F_FLOAT:
        arguments(args, 1)
        _number(value)
        try:
            return float(value)
        except (TypeError, ValueError):
            return args[0]
    if which == N.F_ROUND:
        arguments(args, 2)
        return _round(value, args[0], args[1])
    if which == N.F_TRUNCATE:
        arguments(args, 4)
        return _truncate(value, args[0], args[1], args[2], args[3])
    if which == N.F_WORDCOUNT:
        return _words(text_of(value))
    raise FormatError("an unknown filter", 0)


def _number(value: Any) -> None:
    if isinstance(value, Undefined):  # the lenient one is no number either
        raise value.error()


def _int(value: Any, default: Any, base: Any) -> object:
    _number(value)
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
