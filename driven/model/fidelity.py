"""Fidelity: what became of each construct of an editor's file on its way in, and of each rule on its way out."""

from __future__ import annotations

from collections.abc import Iterable

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Outcome: TypeAlias = 'Literal["mapped", "approximated", "dropped", "unsupported"]'
# mapped        a rule says the same
# approximated  a rule says nearly the same
# dropped       not kept
# unsupported   without a meaning for other editors: kept verbatim for this one
OUTCOMES: tuple[Outcome, ...] = ("mapped", "approximated", "dropped", "unsupported")


@frozen
class Construct:
    """A construct of an editor's file: `name` as people say it (`globs`, `body`, `@import`), `line` in `path` or 0."""

    path: str
    rule_id: str
    editor: str
    name: str
    outcome: Outcome
    note: str = ""
    line: int = 0


@frozen
class Fidelity:
    """What an import keeps, both ways: `read` are the constructs of the editors' files, `written` the rules made of
    them as each editor will get them (its `path` is the rule's file, `name` how the rule holds)."""

    read: tuple[Construct, ...] = ()
    written: tuple[Construct, ...] = ()


def tally(constructs: Iterable[Construct]) -> dict[str, dict[Outcome, int]]:
    """Editor -> outcome -> how many; every outcome is there, editors in the order in which they come."""
    counts: dict[str, dict[Outcome, int]] = {}
    for one in constructs:
        counts.setdefault(one.editor, dict.fromkeys(OUTCOMES, 0))[one.outcome] += 1
    return counts
