"""A mistake found in a rule or a rule file, as a value: where, what, and what to do."""

from __future__ import annotations

from driven.errors import DrivenError
from driven.frozen import frozen
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Severity: TypeAlias = 'Literal["error", "warning", "info"]'


@frozen
class TextEdit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@frozen
class Fix:
    """Edits that repair a finding. `safe` ones keep the meaning and may be applied without asking.

    `rename`: where the file of the finding shall stand instead, "" to leave it.
    """

    title: str
    edits: tuple[TextEdit, ...]
    safe: bool
    rename: str = ""


@frozen
class Diagnostic:
    """One finding. `code` is stable (`RUL12`); `message` is one line; `hint` says what to do."""

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str = ""
    fix: Fix | None = None
    rule_id: str = ""


def of_error(error: DrivenError) -> list[Diagnostic]:
    """What an error says, as values: one finding, of a configuration one for each of its mistakes."""
    return [
        Diagnostic(code=one.code, severity="error", message=one.message, span=one.span or Span(path=""), hint=one.hint)
        for one in error.all
    ]
