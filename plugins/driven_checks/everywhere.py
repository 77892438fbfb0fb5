"""Looking for something in every text of a file, once where many files hold the same body."""

from __future__ import annotations

from itertools import islice

from driven.check_kit import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

MOST = 101  # one more than are told of a file


def everywhere(
    document: Document, key: str, find: Callable[[str, bool], Iterable[T]]
) -> Iterator[tuple[int, T]]:  # fmt: skip
    """What `find(text, whole)` gives for the head of a file and for its body, with the offset of that text in the file.

    `whole`: the text is that of a file from its first character on. `key` is unlike that of any other check.
    """
    start = document.body_start
    if start:
        for one in find(document.text[:start], True):
            yield 0, one
    key = key if start else key + " whole"
    for one in document.body.shared(key, lambda body: list(islice(find(body.text, not start), MOST))):
        yield start, one
