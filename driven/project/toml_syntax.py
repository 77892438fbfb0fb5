"""Text that is no TOML: the word that is wrong, what to write, and a repair where one makes all of it right."""

from __future__ import annotations

import re

from driven.format.words import shown, slip_of
from driven.model.diagnostic import Diagnostic, Fix, TextEdit
from driven.project.mistakes import FALSE, TRUE
from driven.project.toml_places import Places
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from driven.project.toml_places import Part

BOM = "\ufeff"
LONG = 200  # characters: a longer word is no slip
_HINT = "strings need quotes, tables `[name]`; nothing was written"
_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_WORD = re.compile(r"[^\s,\[\]{}#=\"']+")
_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot redefine", "Cannot mutate", "Duplicate inline")
_MARK = re.compile("[#\"']")
_WHOLE = re.compile(  # a comment, or a text that is closed
    r"#[^\n]*|\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|\"(?!\"\")(?:\\.|[^\"\\\n])*\"|'(?!'')[^'\n]*'", re.DOTALL
)
_OPEN = ("Unterminated string", "Illegal character '\\n'", "Illegal character '\\r'", "Expected \"'")


def unparsable(error: Exception, text: str, path: str, is_good: Callable[[str], bool]) -> Diagnostic:
    """Why tomllib refused a text. `is_good`: whether another text is a configuration without a mistake."""
    said = str(error)
    found = _PLACE.search(said)
    message = said[: found.start()].strip() if found else said
    if isinstance(error, RecursionError):
        message = "it is nested too deeply"
    elif message.startswith("Exceeds the limit") or "int_max_str_digits" in message:
        message = "a number has thousands of digits"
    places = Places(text, path)
    at = places.offset(int(found[1]), int(found[2])) if found and found[1] else len(text)
    hint = _HINT
    repair: tuple[str, Part, str, bool] | None = None  # title, what to replace, by what, whether it is certain
    if text[:1] == BOM:
        part = (0, 1)
        message, hint = "a byte order mark stands in front of it", "save the file as UTF-8 without one"
        repair = "Delete the byte order mark", part, "", True
    elif message.startswith(_TWICE):
        second = _second(places, at)
        part = second or _line(places, at)
        hint = "a key has one value, and a table one place"
        if second is not None:
            message, hint = f"`{shown(text[slice(*second)])}` stands there already", "delete one of the two"
    elif message.startswith(_OPEN):
        part = _text_before(text, places, at)
        quote = text[part[0]] * (3 if text.startswith(text[part[0]] * 3, part[0]) else 1)
        message, hint = "the text is not closed", f"end it with `{quote}`"
        repair = f"End it with `{quote}`", (part[1], part[1]), quote, True
    elif message == "Invalid value":
        part, message, hint, repair = _value(text, places, at, is_good)
    elif message.startswith("Expected '='"):
        part = _line(places, at)
        message, hint = f"no `=` stands behind `{shown(text[slice(*part)])}`", "write `name = value`"
    elif message.startswith("Expected ']'"):
        part = _line(places, at)
        message, hint = "the name of the table is not closed", "end it with `]`"
        repair = "End it with `]`", (part[1], part[1]), "]", True
    else:
        part = _around(text, places, at)
        hint = (
            "write one `name = value` on a line; texts need quotes" if message.startswith("Expected newline") else hint
        )
    fix = None
    if repair is not None:
        title, where, new, sure = repair
        span = places.span(where)
        if text[:1] == BOM:
            span = Span(path=path, end_line=1, end_column=1)  # the mark is no column
        edits = (TextEdit(span=span, text=new),)
        fix = Fix(title=title, edits=edits, safe=sure and is_good(text[: where[0]] + new + text[where[1] :]))
    message = f"not valid TOML: {message[:1].lower()}{message[1:]}"
    place = Span(path=path) if text[:1] == BOM else places.span(part)
    return Diagnostic(code="DRV002", severity="error", message=message, span=place, hint=hint, fix=fix)


def _value(
    text: str, places: Places, at: int, is_good: Callable[[str], bool]
) -> tuple[Part, str, str, tuple[str, Part, str, bool] | None]:  # fmt: skip
    """What stands where a value should: nothing, or a word without quotes."""
    found = _WORD.match(text, at)
    if found is None:
        start, end = _line(places, at)
        sign = text.find("=", start, end)
        name = (start, start + len(text[start:sign].rstrip())) if sign > start else (start, end)
        return name, f"no value stands behind `{shown(text[slice(*name)])}`", "write one, or delete the line", None
    word = found[0]
    low = word.lower()
    quoted = f'"{word}"'
    guesses = [slip_of(low, ("true", "false")) or low if low not in TRUE + FALSE else ("false", "true")[low in TRUE]]
    better = next((one for one in (*guesses, quoted) if is_good(text[:at] + one + text[found.end() :])), "")
    sure = bool(better) and (better != "false" or low in ("false", "fals"))
    better = better or quoted
    hint = f"write `{shown(better)}`: texts need quotes" if better == quoted else f"write `{better}`"
    is_plain = len(word) < LONG and word.isprintable() and "\\" not in word
    repair = (f"Write `{shown(better)}`", found.span(), better, sure) if is_plain else None
    return found.span(), f"`{shown(word)}` is no value", hint, repair


def _second(places: Places, at: int) -> Part | None:
    """The last name above an offset that stands there for the second time."""
    return max((part for parts in places.whole.values() for part in parts[1:] if part[0] < at), default=None)


def _text_before(text: str, places: Places, at: int) -> Part:
    """The first text that is not closed, to the end of its line or, of one on several lines, of the file."""
    here = 0
    while (quote := _MARK.search(text, here)) and (whole := _WHOLE.match(text, quote.start())):
        here = whole.end()
    start = quote.start() if quote else places.line(at)[0]
    end = len(text.rstrip()) if text.startswith(('"' * 3, "'" * 3), start) else places.line(start)[1]
    return start, max(end, start + 1)


def _around(text: str, places: Places, at: int) -> Part:
    """The word at an offset, else the last character of what stands before it."""
    while at > 0 and _WORD.match(text[at - 1 : at]) and _WORD.match(text, at):
        at -= 1
    found = _WORD.match(text, at)
    if found is not None:
        return found.span()
    if at < len(text) and not text[at].isspace():
        return at, at + 1
    start, end = _line(places, at)
    return max(start, end - 1), end


def _line(places: Places, at: int) -> Part:
    return places.line(max(0, at))
