"""Running checks: which of them a file gets, and their findings as diagnostics with lines and columns."""

from __future__ import annotations

from driven.document.body import Body
from driven.document.document import Document
from driven.document.places import TEXT
from driven.document.repository import Repository
from driven.model.diagnostic import Diagnostic, Fix, TextEdit
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    from driven.model.check import About, Finding

    class Check(Protocol):
        """As in `driven.hookspecs`, which stands above this."""

        @property
        def about(self) -> About: ...

        def run(self, subject: Any) -> Iterable[Finding]: ...


MOST = 100  # findings of one check in one file that are told


class Runner:
    """The checks of one run, by what they read. `broken` is told of a check that raises: (code, subject, error)."""

    def __init__(self, checks: Iterable[Check], broken: Callable[[str, str, Exception], None]) -> None:
        checks = list(checks)
        self.repository: list[Check] = []
        self._security = {check.about.code for check in checks if check.about.security}
        self._broken = broken
        self._files: list[Check] = []
        self._bodies: list[Check] = []
        self._by_place: dict[str, list[Check]] = {}
        self._seen: dict[int, tuple[Body, list[tuple[About, list[Finding]]]]] = {}
        for check in checks:
            scope = check.about.scope
            {"file": self._files, "body": self._bodies, "repository": self.repository}[scope].append(check)

    def document(self, document: Document) -> list[Diagnostic]:
        """What "file" and "body" checks find in one file."""
        found: list[Diagnostic] = []
        place = document.place
        whole = is_ours(document)
        for check in self._for(place):
            about = check.about
            if whole and not about.security:
                continue
            for finding in self._ask(check, document, document.path):
                found.append(diagnostic(about, document, finding))
        if place in TEXT and not document.linked:
            for about, findings in self._of_body(document.body, document.path):
                for finding in findings:
                    found.append(diagnostic(about, document, finding, document.body_start))
        return self._foreign(document, found) if document.ours else found

    def _foreign(self, document: Document, found: list[Diagnostic]) -> list[Diagnostic]:
        """Without what checks found in text that driven wrote itself, unless it is about security."""
        ours = [(document.span(start), document.span(end)) for start, end in document.ours]

        def stays(told: Diagnostic) -> bool:
            here = told.span.line, told.span.column
            inside = any((a.line, a.column) <= here < (b.line, b.column) for a, b in ours)
            return told.code in self._security or not inside

        return [told for told in found if stays(told)]

    def of_repository(self, check: Check, repository: Repository) -> list[Diagnostic]:
        """What one "repository" check finds."""
        found: list[Diagnostic] = []
        for finding in self._ask(check, repository, ""):
            document = repository.document(finding.path)
            told = [diagnostic(check.about, document, finding)]
            found += self._foreign(document, told) if document is not None and document.ours else told
        return found

    def _for(self, place: str) -> list[Check]:
        known = self._by_place.get(place)
        if known is None:
            wanted = {place, "*"} | ({"text"} if place in TEXT else set())
            known = self._by_place[place] = [c for c in self._files if not wanted.isdisjoint(c.about.places)]
        return known

    def _of_body(self, body: Body, path: str) -> list[tuple[About, list[Finding]]]:
        known = self._seen.get(id(body))
        if known is None:
            found = [(check.about, self._ask(check, body, path)) for check in self._bodies]
            # The body is kept with its answer: the id of one that is gone may be given to another.
            known = self._seen[id(body)] = (body, [(about, findings) for about, findings in found if findings])
        return known[1]

    def _ask(self, check: Check, subject: object, path: str) -> list[Finding]:
        try:
            found = []
            for finding in check.run(subject):
                found.append(finding)
                if len(found) >= MOST and check.about.scope != "repository":
                    break
            return found
        except Exception as error:
            self._broken(check.about.code, path, error)
            return []


def is_ours(document: Document) -> bool:
    """Whether driven wrote the whole file."""
    return bool(document.ours) and document.ours[0][0] == 0 and document.ours[0][1] >= len(document.text)


def diagnostic(about: About, document: Document | None, finding: Finding, offset: int = 0) -> Diagnostic:
    """A finding with its lines and columns; `offset` is where the text it counts in begins."""
    severity = finding.severity or about.severity
    if document is None:
        span = Span(path=finding.path)
        return Diagnostic(code=about.code, severity=severity, message=finding.message, span=span, hint=finding.hint)
    fix = None
    if finding.repair is not None:
        repair = finding.repair
        edits = tuple(
            TextEdit(span=_whole(document, edit.start + offset, edit.end + offset), text=edit.text)
            for edit in repair.edits
        )
        fix = Fix(title=repair.title, edits=edits, safe=repair.safe, rename=repair.rename)
    rule_id = document.rule.id if document.rule is not None else ""
    return Diagnostic(
        code=about.code, severity=severity, message=finding.message,
        span=document.span(finding.start + offset, finding.end + offset), hint=finding.hint, fix=fix, rule_id=rule_id,
    )  # fmt: skip


def _whole(document: Document, start: int, end: int) -> Span:
    """The span of an edit: its end is given even where it is empty."""
    first, last = document.span(start), document.span(end)
    return Span(
        path=document.path, line=first.line, column=first.column, end_line=last.line, end_column=last.column
    )  # fmt: skip


def in_order(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """By path, then place, then code."""
    return iter(
        sorted(found, key=lambda d: (d.span.path, d.span.line, d.span.column, d.code, d.message))
    )  # fmt: skip
