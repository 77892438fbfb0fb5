"""`driven validate --format sarif`: SARIF 2.1.0, as GitHub code scanning and editors read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
(both verified 2026-11-21). GitHub takes the first 25,000 results of a run; it computes the fingerprint named
`primaryLocationLineHash` itself and warns of another one, so ours has a name of its own.
"""

from __future__ import annotations

from driven import __version__
from driven.cli.report_places import Lines, has_file, is_range, prefix_of
from driven.cli.text import count, safe, safe_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from driven.model.diagnostic import Diagnostic, Fix
    from driven.model.report import ValidateReport
    from driven.span import Span
    from driven.validation.catalogue import Entry

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "drivenFinding/v1"
ROOT = "%SRCROOT%"
MOST_RESULTS = 25_000
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_ORDER = {"error": 0, "warning": 1, "info": 2}


def render(report: ValidateReport, failing: Collection[str] = ("error",), *, verbose: bool = False) -> str:
    """The report as one line of JSON. Notices are in it, too: whoever reads it can filter by level."""
    from driven.registry import load
    from driven.validation.catalogue import catalogue

    entries = catalogue(load(editors=(), checks=True).checks.values())
    return to_sarif(report.diagnostics, entries, Lines(report.root), prefix_of(report.root))


def to_sarif(
    found: Sequence[Diagnostic], entries: Mapping[str, Entry], line_of: Callable[[Diagnostic], str], prefix: str
) -> str:
    """`line_of` answers the source line of a finding, for its fingerprint; `prefix` stands before every path."""
    import json

    told = [d for d in found if has_file(d)]
    kept = told
    if len(told) > MOST_RESULTS:
        worst = sorted(range(len(told)), key=lambda i: _ORDER[told[i].severity])[:MOST_RESULTS]
        kept = [told[i] for i in sorted(worst)]
    notes = [_notification(d) for d in found if not has_file(d)]
    if len(kept) < len(told):
        words = f"{count(len(told) - len(kept), 'more finding')}: a report has at most {MOST_RESULTS:,}"
        notes.append({"level": "warning", "message": {"text": words}})
    named = {d.code for d in kept}
    codes = [code for code, entry in entries.items() if entry.is_check or code in named]
    codes += sorted(named - set(codes))
    index = {code: at for at, code in enumerate(codes)}
    seen: dict[str, int] = {}
    results = [_result(d, index[d.code], line_of(d), prefix, seen) for d in kept]
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if notes:
        invocation["toolExecutionNotifications"] = notes
    run = {
        "tool": {
            "driver": {
                "name": "driven",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code, entries.get(code), found) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [invocation],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(code: str, entry: Entry | None, found: Sequence[Diagnostic]) -> dict[str, Any]:
    if entry is None:  # of a plugin that has no check of that code
        level = next(_LEVELS[d.severity] for d in found if d.code == code)
        return {"id": code, "shortDescription": {"text": code}, "defaultConfiguration": {"level": level}}
    title = _sentence(entry.title)
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": _plain(entry.why)},
        "help": {"text": _help(entry, markdown=False), "markdown": _help(entry, markdown=True)},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
    }
    if entry.url:
        rule["helpUri"] = entry.url
    properties: dict[str, Any] = {"tags": ["security"] if entry.security else ["correctness"]}
    if entry.verified:
        properties["verified"] = entry.verified
    rule["properties"] = properties
    return rule


def _help(entry: Entry, *, markdown: bool) -> str:
    parts = [_plain(entry.why)]
    for word, example in (("Wrong", entry.bad), ("Right", entry.good)):
        if example:
            shown = "\n".join(safe_line(line) for line in example.split("\n"))
            fence = "```"
            while fence in shown:
                fence += "`"
            parts.append(f"{word}:\n\n{fence}\n{shown}\n{fence}" if markdown else f"{word}:\n{shown}")
    if entry.url:
        source = f"<{entry.url}>" if markdown else entry.url
        parts.append(f"Source: {source}, verified {entry.verified}.")
    parts.append(f"`driven explain-code {entry.code}` says more, and how to silence it.")
    return "\n\n".join(parts)


def _result(d: Diagnostic, index: int, line: str, prefix: str, seen: dict[str, int]) -> dict[str, Any]:
    from driven.validation.baseline import fingerprint

    known = fingerprint(d, line)
    seen[known] = number = seen.get(known, 0) + 1
    artifact = _artifact(prefix + d.span.path)
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": index,
        "level": _LEVELS[d.severity],
        "message": {"text": _message(d)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": _region(d.span)}}],
        "partialFingerprints": {FINGERPRINT: f"{known}:{number}"},
    }
    if d.fix is not None:
        fix = _fix(d.fix, artifact)
        if fix:
            result["fixes"] = [fix]
        if d.fix.rename:
            result["properties"] = {"renameTo": safe(prefix + d.fix.rename)}
    return result


def _fix(fix: Fix, artifact: dict[str, Any]) -> dict[str, Any]:
    """The edits; {} where there are none that SARIF can say (a byte order mark is no column, a rename no edit)."""
    replacements = []
    for edit in fix.edits:
        if not edit.text and not is_range(edit.span):
            return {}
        region = _region(edit.span)
        region.setdefault("endLine", edit.span.line)
        region.setdefault("endColumn", edit.span.column)
        one: dict[str, Any] = {"deletedRegion": region}
        if edit.text:
            one["insertedContent"] = {"text": edit.text}
        replacements.append(one)
    if not replacements:
        return {}
    return {
        "description": {"text": _sentence(fix.title)},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": replacements}],
        "properties": {"safe": fix.safe},
    }


def _notification(d: Diagnostic) -> dict[str, Any]:
    note: dict[str, Any] = {"level": _LEVELS[d.severity], "message": {"text": _message(d)}}
    if d.code:
        note["descriptor"] = {"id": d.code}
    return note


def _artifact(path: str) -> dict[str, Any]:
    import os
    from urllib.parse import quote

    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}


def _region(span: Span) -> dict[str, Any]:
    region = {"startLine": span.line, "startColumn": span.column}
    if is_range(span):
        region |= {"endLine": span.end_line, "endColumn": span.end_column}
    return region


def _message(d: Diagnostic) -> str:
    return " ".join(_sentence(text) for text in (d.message, d.hint) if text)


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    text = _plain(text).strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".?!" else ".")


def _plain(text: str) -> str:
    """Safe to show. What stands in a rule must not become a link of a viewer's: `[text](target)` is one."""
    text = safe(text)
    return text.replace("[", "\\[").replace("]", "\\]") if "](" in text else text
