"""What can be folded: front matter, keys of several lines, sections, code, comments, imports, tables of settings."""

from __future__ import annotations

import re

from driven_lsp.marks import front_bounds, keys_in
from driven_lsp.values import Fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.document.document import Document
    from driven_lsp.values import FoldKind, Here

MOST = 5_000
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_BEGIN = re.compile(r"<!-- driven:begin ([\w-]+) ")


def folds(here: Here) -> list[Fold]:
    """The folds, by their beginnings; each is of two lines at least."""
    document = here.snapshot.document(here.path)
    if document is None:
        return []
    found = _Folds(document)
    if document.path.endswith((".toml", ".json", ".jsonc")):
        if document.path.endswith(".toml"):
            _tables(document, found)
    elif document.path.endswith((".yml", ".yaml")):
        _keys(document, 0, len(document.text), found)
    else:
        start, end = front_bounds(document)
        if document.front is not None:
            if document.front.end >= 0:
                found.add(0, end, trim=False)
            _keys(document, start, end, found)
        _body(document, found)
    return sorted(found.made.values(), key=lambda fold: (fold.start, -fold.end))[:MOST]


class _Folds:
    """Folds of several lines, one for each first and last line."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.made: dict[tuple[int, int], Fold] = {}

    def add(self, start: int, end: int, kind: FoldKind = "region", *, trim: bool = True) -> None:
        """From the line of `start` to that of `end`; blank lines at the end stay outside."""
        if trim:
            text = self.document.text
            while end > start and text[end - 1] in " \t\r\n":
                end -= 1
        lines = self.document.line_of(start), self.document.line_of(max(start, end))
        if lines[0] < lines[1]:
            self.made.setdefault(lines, Fold(start=start, end=end, kind=kind))


def _keys(document: Document, start: int, end: int, found: _Folds) -> None:
    for _, at, _, stop in keys_in(document.text, start, end):
        found.add(at, stop)


def _tables(document: Document, found: _Folds) -> None:
    starts = [match.start() for match in _TABLE.finditer(document.text)]
    for index, start in enumerate(starts):
        found.add(start, starts[index + 1] if index + 1 < len(starts) else len(document.text))


def _body(document: Document, found: _Folds) -> None:
    shift = document.body_start
    body = document.body
    waiting: list[tuple[int, int]] = []
    for heading in body.headings:
        while waiting and waiting[-1][0] >= heading.level:
            found.add(waiting.pop()[1], heading.start + shift)
        waiting.append((heading.level, heading.start + shift))
    for _, start in waiting:
        found.add(start, len(document.text))
    for fence in body.fences:
        found.add(fence.start + shift, fence.end + shift)
    for start, end in body.comments:
        found.add(start + shift, end + shift, "comment")
    for match in _BEGIN.finditer(document.text):
        end = document.text.find(f"<!-- driven:end {match[1]} ", match.end())
        if end >= 0:
            found.add(match.start(), end, trim=False)
    _imports(document, found)


def _imports(document: Document, found: _Folds) -> None:
    """Runs of lines that each begin with an import."""
    shift = document.body_start
    text = document.body.text
    first = last = -1
    for start, end in document.body.imports:
        if start and text[start - 1] not in "\r\n":
            continue
        if first >= 0 and not text[last:start].strip() and text.count("\n", last, start) <= 1:
            last = end
            continue
        if first >= 0:
            found.add(first + shift, last + shift, "imports")
        first, last = start, end
    if first >= 0:
        found.add(first + shift, last + shift, "imports")
