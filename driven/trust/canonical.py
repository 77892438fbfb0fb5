"""Canonical JSON: one text for one value, so that what was signed is what was read.

Keys sorted by code point, no blanks, UTF-8 without escapes that are not needed, whole numbers alone, one final newline.
"""

from __future__ import annotations

from driven.errors import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 4 << 20  # of one document: a manifest of 30,000 files
MAX_DEPTH = 32
_LARGEST = 2**53 - 1  # what every reader of JSON keeps exact


def dump(value: Json) -> bytes:
    """The one text of a value. ValueError for what has none: a float, a number past 2**53, half of a pair of UTF-16."""
    import json

    _check(value, MAX_DEPTH)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"  # UnicodeEncodeError, a ValueError, for half of a pair


def load(data: bytes, what: str) -> Json:
    """The value of a text, which must be the one that `dump` gives. `what` names it in the SourceError."""
    import json

    if len(data) > MAX_BYTES:
        raise SourceError(f"{what} is larger than {MAX_BYTES >> 20} MiB")
    try:
        value: Json = json.loads(data.decode(), parse_float=_no_float, parse_constant=_no_float)
        same = dump(value) == data
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{what} is not canonical JSON: {error or 'nested too deeply'}") from None
    if not same:
        raise SourceError(
            f"{what} is not canonical JSON: blanks, the order of keys or a key that stands twice",
            hint="sign it again with `driven sign`",
        )
    return value


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    match value:
        case None | bool() | str():
            return
        case int():
            if not -_LARGEST <= value <= _LARGEST:
                raise ValueError(f"{value} is too large a number")
        case list():
            for one in value:
                if type(one) is not str or depth < 1:  # most are, and a call costs more than this
                    _check(one, depth - 1)
        case dict():
            for key, one in value.items():
                if not isinstance(key, str):
                    raise ValueError("a key is no text")
                if type(one) is not str or depth < 1:
                    _check(one, depth - 1)
        case _:
            raise ValueError(f"a {type(value).__name__} has no canonical form")
