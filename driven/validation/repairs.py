"""Repairs of one file as edits of its text: which of them go together, and what they make of it. Nothing is read or
written here but whether a name is free."""

from __future__ import annotations

import os

from driven.document.document import BOM
from driven.project.sources import RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driven.document.document import Document
    from driven.model.diagnostic import Diagnostic, Fix, TextEdit

Cut = tuple[int, int, str]
"""Offsets (code points) into a document's text, and what stands there then."""


def compose(document: Document, fixes: Iterable[tuple[Diagnostic, Fix]]) -> tuple[list[Diagnostic], list[Cut]]:
    """Every repair that does not touch one before it: the findings that are repaired so, and the edits, in order."""
    taken: dict[Cut, None] = {}
    done: list[Diagnostic] = []
    for told, fix in fixes:
        edits = [cut_of(document, edit) for edit in fix.edits]
        if edits and all(edit in taken or not any(_touch(edit, other) for other in taken) for edit in edits):
            taken.update(dict.fromkeys(edits))
            done.append(told)
    return done, sorted(taken)


def apply_fixes(document: Document, fixes: Iterable[tuple[Diagnostic, Fix]]) -> tuple[list[Diagnostic], str]:
    """The findings that are repaired, and the text then."""
    done, cuts = compose(document, fixes)
    return done, apply_cuts(document.text, cuts)


def apply_cuts(text: str, cuts: Iterable[Cut]) -> str:
    """The text with those edits, none of which overlaps another."""
    for start, end, new in sorted(cuts, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _touch(one: Cut, other: Cut) -> bool:
    """Whether two edits overlap or meet."""
    return one[0] <= other[1] and other[0] <= one[1]


def cut_of(document: Document, edit: TextEdit) -> Cut:
    """An edit of lines and columns as one of offsets."""
    span = edit.span
    has_bom = document.text[:1] == BOM
    if has_bom and span.line == span.end_line == 1 and span.column == span.end_column == 1 and not edit.text:
        return 0, 1, ""  # the mark itself, which is no column
    places = ((span.line, span.column), (span.end_line or span.line, span.end_column or span.column))
    starts = [document.line_bounds(line)[0] + column - 1 + (has_bom and line == 1) for line, column in places]
    return starts[0], max(starts), edit.text


def is_free(root: str, overlay: Mapping[str, bytes | None], path: str) -> bool:
    """Whether a file may come to stand there: inside, nobody's, and none of git's or ours."""
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or {"", ".", "..", ".git"}.intersection(map(str.casefold, parts)):
        return False
    if parts[0].casefold() == ".driven" and not path.startswith(RULES + "/"):
        return False
    if path in overlay:
        return overlay[path] is None
    return not os.path.lexists(os.path.join(root, path))
