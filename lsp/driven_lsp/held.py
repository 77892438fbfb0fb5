"""A rule that a mistake holds back, in words: its last good form stays in the editors' files, and is what is shown."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Diagnostic
    from driven_lsp.snapshot import Snapshot


def held_words(snapshot: Snapshot, rule_id: str) -> str:
    """`held back: a mistake in .driven/rules/api.md:3 (…); …` as a line of plain text; "" for a rule that is not."""
    wrong = snapshot.held(rule_id)
    if wrong is None:
        return ""
    what = f"held back: a mistake in {wrong.span.path}:{wrong.span.line} ({wrong.message})"
    return f"{what}; {_meanwhile(snapshot.rule(rule_id) is not None)}"


def held_hint(wrong: Diagnostic, *, is_known: bool) -> str:
    """What a finding that holds its rule back says of that, below what is to be done."""
    held = f"held back meanwhile: {_meanwhile(is_known)}"
    return f"{wrong.hint}\n{held}" if wrong.hint else held


def _meanwhile(is_known: bool) -> str:
    return "the editors' files keep its last good form" if is_known else "no editor's file has it yet"
