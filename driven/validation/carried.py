"""Findings of the last look at everything, carried over to a file that is edited meanwhile."""

from __future__ import annotations

from driven.document.document import Document
from driven.frozen import replace
from driven.model.diagnostic import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driven.hookspecs import Check


def is_far(told: Diagnostic, checks: Mapping[str, Check]) -> bool:
    """Whether a finding of the last look at everything hangs on other files, so that one file alone cannot give it."""
    check = checks.get(told.code)
    if check is not None:
        return check.about.scope == "repository"
    return told.code.startswith(("PLG", "PLN", "SYN"))


def moved(found: Sequence[Diagnostic], old: Document | None, new: Document) -> list[Diagnostic]:
    """Findings of `old` where their lines stand in `new`; without those whose lines were edited."""
    if not found or old is None or old.text == new.text:
        return list(found)
    before, after = old.text.split("\n"), new.text.split("\n")
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    tail = next((at for at in range(most - head) if before[-1 - at] != after[-1 - at]), most - head)
    shift = len(after) - len(before)
    kept = []
    for told in found:
        last = told.span.end_line or told.span.line
        if last <= head:
            kept.append(told)
        elif told.span.line > len(before) - tail:
            end_line = told.span.end_line + shift if told.span.end_line else 0
            span = replace(told.span, line=told.span.line + shift, end_line=end_line)
            kept.append(replace(told, span=span, fix=told.fix if shift == 0 else None))
    return kept
