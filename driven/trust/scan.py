"""What a text says to a model and hides from a reader: the checks of `driven validate`, for any text by itself.

An import, a pack and what is about to be signed are looked at by this, with no project and no plugin. Findings are
those of the checks of the same code (`driven explain-code GEN07`). No finding does not mean no risk: a text in plain
sight can persuade a model as well.
"""

from __future__ import annotations

from itertools import islice

from driven.document.body import Body
from driven.document.document import Document
from driven.document.places import place_of
from driven.model.diagnostic import Diagnostic
from driven.trust import lookalikes, orders, unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from driven.model.check import Finding
    from driven.model.diagnostic import Severity

MOST = 100  # findings of one code in one text
RULE = "driven/rule"
_MARKDOWN = (".md", ".mdc", ".markdown", ".txt", "rules")
# (code, severity where the finding has none, what finds it); the severities are those of the checks.
_FILES: tuple[tuple[str, Severity, Callable[[Document], Iterable[Finding]]], ...] = (
    ("GEN07", "error", unseen.invisible),
    ("HID01", "error", lookalikes.names),
    ("HID02", "error", lookalikes.hosts),
    ("HID05", "error", unseen.far_right),
    ("HID06", "warning", unseen.encoded),
    ("HID07", "error", unseen.controls),
)
_BODIES: tuple[tuple[str, Severity, Callable[[Body], Iterable[Finding]]], ...] = (
    ("HID03", "error", orders.comments),
    ("HID04", "error", orders.unseen),
)
CODES = tuple(sorted(code for code, _, _ in (*_FILES, *_BODIES)))
AT_EMIT = ("GEN07", "HID01", "HID02", "HID03", "HID05", "HID07")


def scan(name: str, text: str, codes: Iterable[str] = CODES, *, rule_id: str = "") -> list[Diagnostic]:
    """What is hidden in `text`, by place. `name` is the file's path, which says how it is read (`.md`: Markdown, with
    front matter) and what the findings name; `rule_id` goes with them."""
    place = place_of(name)
    if not place and name.lower().endswith(_MARKDOWN):
        place = RULE
    document = Document(name, text.encode("utf-8", "surrogatepass"), place=place)
    wanted = frozenset(codes)
    found = [
        _told(document, code, severity, finding, 0, rule_id)
        for code, severity, find in _FILES
        if code in wanted
        for finding in islice(find(document), MOST)
    ]
    found += [
        _told(document, code, severity, finding, document.body_start, rule_id)
        for code, severity, look in _BODIES
        if code in wanted and place
        for finding in islice(look(document.body), MOST)
    ]
    return sorted(found, key=lambda one: (one.span.line, one.span.column, one.code))


def scan_bytes(name: str, data: bytes) -> list[Diagnostic]:
    """As `scan`, of a file as it stands; one that is no UTF-8 is read as far as it can be."""
    return scan(name, data.decode("utf-8", "replace"))


def _told(
    document: Document, code: str, severity: Severity, finding: Finding, offset: int, rule_id: str
) -> Diagnostic:  # fmt: skip
    span: Any = document.span(finding.start + offset, finding.end + offset)
    return Diagnostic(
        code=code, severity=finding.severity or severity, message=finding.message, span=span, hint=finding.hint,
        rule_id=rule_id,
    )  # fmt: skip
