"""The values of the model as what `--json` prints: written out by hand, so that a schema changes only on purpose.

The schemas stand in `driven.grammar.results`; the tests hold every command's answer against its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from driven.cli.diff import unified
from driven.cli.text import estimate
from driven.model.artefact import Loss
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct
from driven.model.plan import Change, Conflict, Create, Delete, Keep, Overlap, Plan, Replace, SyncReport
from driven.model.reach import Reach
from driven.span import Span

if TYPE_CHECKING:
    from driven.model.report import ExplainReport, ImportReport, InitReport, StatusReport, ValidateReport
    from driven.validation.fixing import Fixed

LOADED = ("always", "match")  # the verdicts of rules that are in the conversation without anybody's choice


def place(span: Span) -> dict[str, Any]:
    """A span as five keys."""
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def diagnostic(d: Diagnostic) -> dict[str, Any]:
    """One finding, with its fix where it has one."""
    data: dict[str, Any] = {"code": d.code, "severity": d.severity, "message": d.message, "hint": d.hint}
    data |= {"rule": d.rule_id, **place(d.span)}
    if d.fix:
        edits = [{"text": edit.text, **place(edit.span)} for edit in d.fix.edits]
        data["fix"] = {"title": d.fix.title, "safe": d.fix.safe, "edits": edits, "rename": d.fix.rename}
    return data


def diagnostics(found: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Several findings."""
    return [diagnostic(d) for d in found]


def loss(value: Loss) -> dict[str, Any]:
    """What one editor cannot be told of one rule."""
    return {"rule": value.rule_id, "editor": value.editor, "kind": value.kind, "reason": value.reason}


def overlap(value: Overlap) -> dict[str, Any]:
    """Both sides of what a hand edit and the rule (or two hand edits) changed, and what it was."""
    return {
        "field": value.field,
        "base": value.base,
        "ours": {"path": value.source, "line": value.line, "text": value.ours},
        "theirs": {"path": value.file, "line": value.their_line, "text": value.theirs},
    }


def change(c: Change, *, diff: bool) -> dict[str, Any]:
    """One change; `diff` adds the unified diff of those that would touch the file."""
    data: dict[str, Any] = {"path": c.path, "editors": list(c.editors), "rules": list(getattr(c, "rule_ids", ()))}
    match c:
        case Create():
            data["action"] = "create"
        case Replace():
            data |= {"action": "replace", "forced": c.forced}
        case Delete():
            data |= {"action": "delete", "forced": c.forced}
        case Keep():
            data |= {"action": "keep", "reason": c.reason}
        case Conflict():
            data |= {"action": "conflict", "drift": c.drift, "message": c.message, "hint": c.hint}
            if c.overlaps:
                data["overlaps"] = [overlap(value) for value in c.overlaps]
    if diff and not isinstance(c, Keep):
        data["diff"] = "".join(line + "\n" for line in unified(c.path, c.before, c.after))
    return data


def plan(p: Plan, *, diff: bool) -> dict[str, Any]:
    """A plan; with `diff`, each change that would be made carries its unified diff."""
    return {
        "clean": p.is_clean,
        "kept": p.kept,
        "changes": [change(c, diff=diff) for c in p.changes],
        "losses": [loss(value) for value in p.losses],
        "diagnostics": diagnostics(p.diagnostics),
    }


def sync(report: SyncReport) -> dict[str, Any]:
    """The answer of `driven sync`; diffs only when nothing was written."""
    return {
        "applied": report.applied,
        "rules": report.rules,
        "editors": list(report.editors),
        "held": list(report.held),
        "waiting": list(report.waiting),
        "kept_copies": report.kept_copies,
        "seconds": round(report.seconds, 6),
        "plan": plan(report.plan, diff=not report.applied),
    }


def status(report: StatusReport) -> dict[str, Any]:
    """The answer of `driven status`."""
    rules = [
        {
            "id": r.id,
            "title": r.title,
            "activation": r.activation,
            "detail": r.detail,
            "path": r.path,
            "characters": r.characters,
            "editors": list(r.editors),
            "active": r.active,
        }
        for r in report.rules
    ]
    editors = [
        {
            "name": e.target.name,
            "title": e.target.title,
            "enabled": e.enabled,
            "plugin": e.plugin,
            "files": e.files,
            "characters": e.characters,
            "largest": e.largest,
            "largest_path": e.largest_path,
            "limit": e.limit,
            "drift": e.drift,
            "conflicts": e.conflicts,
            "losses": [loss(value) for value in e.losses],
        }
        for e in report.editors
    ]
    return {
        "root": report.root,
        "digest": report.digest,
        "rules": rules,
        "editors": editors,
        "plan": plan(report.plan, diff=False),
    }


def reach(r: Reach) -> dict[str, Any]:
    """One rule seen from one editor."""
    return {
        "id": r.rule_id,
        "title": r.title,
        "verdict": r.verdict,
        "loaded": r.verdict in LOADED,
        "why": r.why,
        "pattern": r.pattern,
        "file": r.file,
        "characters": r.characters,
        "losses": [loss(value) for value in r.losses],
    }


def explain(report: ExplainReport) -> dict[str, Any]:
    """The answer of `driven explain`, one entry per editor."""
    editors = []
    for target in report.editors:
        rules = [r for r in report.reaches if r.editor == target.name]
        characters = sum(r.characters for r in rules if r.verdict in LOADED)
        limits = [
            {"characters": x.characters, "lines": x.lines, "bytes": x.bytes, "hard": x.hard, "note": x.note}
            for x in target.limits
        ]
        exact = bool(report.counter) and target.name in report.tokens
        editors.append(
            {
                "name": target.name,
                "title": target.title,
                "docs": target.docs,
                "verified": target.verified,
                "loaded": sum(r.verdict in LOADED for r in rules),
                "characters": characters,
                "tokens": report.tokens.get(target.name, estimate(characters)),
                "tokens_estimated": not exact,
                "limits": limits,
                "largest": max((r.largest for r in rules), default=0),
                "also_read": [
                    {"path": x.path, "rules": x.rules, "characters": x.characters}
                    for x in report.also.get(target.name, ())
                ],
                "rules": [reach(r) for r in rules],
            }
        )
    return {
        "path": report.path,
        "exists": report.exists,
        "counter": report.counter,
        "editors": editors,
        "diagnostics": diagnostics(report.diagnostics),
    }


def validate(report: ValidateReport) -> dict[str, Any]:
    """The answer of `driven validate`."""
    return {
        "rules": report.rules, "files": report.files, "silenced": report.silenced,
        "diagnostics": diagnostics(report.diagnostics), "repaired": [], "changes": [], "written": False,
    }  # fmt: skip


def fixed(done: Fixed, *, written: bool) -> dict[str, Any]:
    """The answer of `driven validate --fix`."""
    return validate(done.report) | {
        "repaired": diagnostics(done.repaired), "changes": [change(c, diff=True) for c in done.plan.changes],
        "written": written,
    }  # fmt: skip


def imported(report: ImportReport) -> dict[str, Any]:
    """The answer of `driven import`."""
    return {
        "applied": report.applied,
        "rules": [
            {
                "id": rule.id,
                "activation": rule.activation,
                "detail": rule.detail,
                "targets": list(rule.targets),
                "files": dict(rule.files),
                "like": rule.like,
            }
            for rule in report.rules
        ],
        "same": list(report.same),
        "files": dict(report.files),
        "ours": list(report.ours),
        "fidelity": {
            "read": [construct(one) for one in report.fidelity.read],
            "written": [construct(one) for one in report.fidelity.written],
        },
        "plan": plan(report.plan, diff=not report.applied),
        "diagnostics": diagnostics(report.diagnostics),
    }


def construct(one: Construct) -> dict[str, Any]:
    """What became of one construct."""
    return {
        "editor": one.editor,
        "rule": one.rule_id,
        "path": one.path,
        "line": one.line,
        "construct": one.name,
        "outcome": one.outcome,
        "note": one.note,
    }


def initialised(report: InitReport) -> dict[str, Any]:
    """The answer of `driven init`."""
    return {
        "root": report.root,
        "found": {name: list(files) for name, files in report.found.items()},
        "editors": list(report.editors),
        "written": list(report.written),
        "imported": imported(report.imported) if report.imported else None,
    }
