"""driven/rulesHere and driven.explain: which rules hold for a file in each editor, and why."""

from __future__ import annotations

import os

from driven.document.places import place_of
from driven.model.activation import ForPaths
from driven_lsp.convert import uri_of
from driven_lsp.glob_text import glob_text
from driven_lsp.held import held_words
from driven_lsp.landing_text import about_rule, landings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.model.reach import AlsoRead, Reach
    from driven.model.report import ExplainReport
    from driven.model.target import Target
    from driven_lsp.snapshot import Snapshot

MOST = 20  # globs of one rule that are told
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
    """The same as a page of Markdown, of a rule's own file where it lands; "" outside of a project."""
    report = _report(snapshot, path)
    if report is None:
        return ""
    if place_of(path) == "driven/rule":
        return _of_rule(snapshot, path)
    lines = [f"# Rules for `{path}`", ""]
    for rule_id in dict.fromkeys(reach.rule_id for reach in report.reaches):
        if held := held_words(snapshot, rule_id):
            lines += [f"`{rule_id}` is {held}.", ""]
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
            lines += [_also(snapshot, target, also), ""]
    return "\n".join(lines)


def _also(snapshot: Snapshot, target: Target, also: AlsoRead) -> str:
    """What an editor loads beside its own files, whose it is, and what that costs."""
    from driven_lsp.snapshot import matches

    outputs = [one for one in snapshot.outputs.values() if one.path == also.path or matches(also.path, one.path)]
    names = dict.fromkeys(name for one in outputs for name in one.editors if name != target.name)
    whose = " and ".join(f"`{name}`" for name in names)
    one = also.rules == 1
    return (
        f"{target.title} loads `{also.path}` as well, which is written for {whose or 'another editor'}:"
        f" {'one rule stands' if one else f'{also.rules:,} rules stand'} there once more,"
        f" {also.characters:,} characters that are not counted above."
    )


def _of_rule(snapshot: Snapshot, path: str) -> str:
    """Where a rule lands, what of it is lost, and which files it is for."""
    rule = snapshot.rule_at(path) or snapshot.rule(snapshot.id_of(path))
    if rule is None:
        held = held_words(snapshot, snapshot.id_of(path)) or "no rule: it cannot be read, and is written nowhere"
        return f"# Rule `{snapshot.id_of(path)}`\n\nIt is {held}.\n"
    lines = [f"# Rule `{rule.id}`", about_rule(snapshot, rule), landings_table(snapshot, rule)]
    if isinstance(rule.activation, ForPaths):
        lines += ["## Its files", *(glob_text(snapshot, glob) for glob in rule.activation.globs[:MOST])]
    return "\n\n".join(line for line in lines if line) + "\n"


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
        "held": held_words(snapshot, reach.rule_id),
    }


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
