"""driven/rulesHere and driven.explain: which rules hold for a file in each editor, and why."""

from __future__ import annotations

import os

from driven.document.places import place_of
from driven_lsp.convert import uri_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.model.reach import Reach
    from driven.model.report import ExplainReport
    from driven_lsp.snapshot import Snapshot

LOADED = ("always", "match")
_WORDS = {
    "always": "always", "match": "matches", "model": "the model decides", "manual": "on request", "no": "does not hold",
    "off": "never",
}  # fmt: skip


def rules_here(snapshot: Snapshot, path: str) -> dict[str, Any] | None:
    """The answer of driven/rulesHere; None outside of a project."""
    report = _report(snapshot, path)
    if report is None:
        return None
    editors = []
    for target in report.editors:
        reaches = [reach for reach in report.reaches if reach.editor == target.name]
        editors.append({
            "name": target.name,
            "title": target.title,
            "tokens": report.tokens.get(target.name, 0),
            "exact": bool(report.counter),
            "rules": [_rule(snapshot, reach) for reach in reaches],
        })  # fmt: skip
    return {"path": path, "root": snapshot.root, "editors": editors}


def explain(snapshot: Snapshot, path: str) -> str:
    """The same as a page of Markdown; "" outside of a project."""
    report = _report(snapshot, path)
    if report is None:
        return ""
    lines = [f"# Rules for `{path}`", ""]
    for target in report.editors:
        loaded = [r for r in report.reaches if r.editor == target.name and r.verdict in LOADED]
        about = "" if report.counter else "about "
        lines += [f"## {target.title}", ""]
        lines.append(f"{_count(len(loaded), 'rule')} loaded, {about}{report.tokens.get(target.name, 0):,} tokens.")
        lines += ["", "| rule | holds | why | file |", "|---|---|---|---|"]
        for reach in report.reaches:
            if reach.editor == target.name:
                file = f"`{reach.file}`" if reach.file else ""
                lines.append(f"| `{reach.rule_id}` | {_WORDS[reach.verdict]} | {_cell(reach.why)} | {file} |")
        lines.append("")
        for also in report.also.get(target.name, ()):
            lines += [
                f"It also reads `{also.path}` ({_count(also.rules, 'rule')}, {also.characters:,} characters).",
                "",
            ]
    return "\n".join(lines)


def _report(snapshot: Snapshot, path: str) -> ExplainReport | None:
    from driven.frozen import replace
    from driven.views import explained

    project, emitted = snapshot.view.project, snapshot.view.emitted
    if project is None or emitted is None:
        return None
    if place_of(path) == "driven/rule":
        return explained(replace(project, rules=snapshot.rules), emitted, path, project.emitters)
    return explained(project, emitted, path, project.emitters)


def _rule(snapshot: Snapshot, reach: Reach) -> dict[str, Any]:
    rule_path = snapshot.rule_path(reach.rule_id)
    return {
        "id": reach.rule_id,
        "title": reach.title,
        "verdict": reach.verdict,
        "why": reach.why,
        "pattern": reach.pattern,
        "file": reach.file,
        "fileUri": uri_of(os.path.join(snapshot.root, reach.file)) if reach.file else "",
        "ruleUri": uri_of(os.path.join(snapshot.root, rule_path)) if rule_path else "",
        "characters": reach.characters,
        "losses": [loss.reason for loss in reach.losses],
    }


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
