"""Looking for something in every text of a file, once where many files hold the same body."""

from __future__ import annotations

from itertools import islice

from driven.document.document import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    T = TypeVar("T")

MOST = 101  # one more than are told of a file
WORD, SIGN, CONTROL = (
    b"x",
    b"y",
    b"\x01",
)  # what `shape` makes of a letter, digit, `_` or `-`; of `+` or `/`; of a control


def _kind(code: int) -> int:
    if code < 128 and (chr(code).isalnum() or code in b"_-"):
        return WORD[0]
    if code in b"+/":
        return SIGN[0]
    return CONTROL[0] if (code < 32 and code not in b"\t\n\f\r") or code == 127 else 32


_KINDS = bytes(map(_kind, range(256)))
_SHAPES: dict[str, bytes] = {}  # of the last texts: several checks ask for each


def shape(text: str) -> bytes:
    """A byte for each character of a text, by what it is: long words and controls are found in it at once."""
    known = _SHAPES.get(text)
    if known is None:
        if len(_SHAPES) >= 4:
            _SHAPES.clear()
        known = _SHAPES[text] = text.encode("ascii", "replace").translate(_KINDS)
    return known


def everywhere(
    document: Document, key: str, find: Callable[[str, bool], Iterable[T]], *, least: int = 0
) -> list[tuple[int, T]]:  # fmt: skip
    """What `find(text, whole)` gives for the head of a file and for its body, with the offset of that text in the file.

    `whole`: the text is that of a file from its first character on. `key` is unlike that of any other check. A text of
    fewer than `least` characters holds nothing that is looked for.
    """
    start = document.body_start
    if not start:
        found = document.body.shared(key + " whole", lambda body: list(islice(find(body.text, True), MOST)))
        return [(0, one) for one in found] if found else []
    found = document.body.shared(key, lambda body: list(islice(find(body.text, False), MOST)))
    both = [(start, one) for one in found] if found else []
    if start >= least:
        head = [(0, one) for one in find(document.text[:start], True)]
        return head + both if head else both
    return both
