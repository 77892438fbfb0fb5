"""driven/tree and driven/status: the rules and files of a project by editor, and how a project stands in one line."""

from __future__ import annotations

import os

from driven.model.activation import ForPaths, WhenRelevant, activation_word
from driven.model.plan import Conflict, Create, Delete, Replace
from driven_lsp.convert import uri_of
from driven_lsp.held import held_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.model.plan import Change
    from driven.model.rule import Rule
    from driven_lsp.root import Root
    from driven_lsp.snapshot import Snapshot


def tree(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """One root of the answer of driven/tree."""
    from driven.format.drv import digest

    uri = uri_of(snapshot.root)
    if not snapshot.is_managed:
        return {"uri": uri, "name": name, "digest": "", "editors": [], "rules": []}
    changes = {change.path: change for change in (snapshot.plan.changes if snapshot.plan is not None else ())}
    emitted = snapshot.view.emitted
    losses = emitted.losses if emitted is not None else ()
    editors = []
    for editor, target in snapshot.targets.items():
        enabled = editor in snapshot.enabled
        files = [
            {
                "path": output.path,
                "uri": uri_of(os.path.join(snapshot.root, output.path)),
                "rules": list(output.rule_ids),
                "characters": len(output.text),
                "state": state_of(changes.get(output.path)),
            }
            for output in snapshot.outputs.values()
            if editor in output.editors
        ]
        mine = [state_of(change) for change in changes.values() if editor in change.editors]
        editors.append({
            "name": editor,
            "title": target.title,
            "enabled": enabled,
            "drift": mine.count("drift"),
            "conflicts": mine.count("conflict"),
            "characters": sum(len(o.text) for o in snapshot.outputs.values() if editor in o.editors),
            "limit": next((limit.characters for limit in target.limits if limit.characters), 0),
            "files": sorted(files, key=lambda file: str(file["path"])),
            "losses": [
                {"rule": loss.rule_id, "reason": loss.reason, "kind": loss.kind}
                for loss in losses
                if loss.editor == editor
            ],
        })  # fmt: skip
    return {
        "uri": uri, "name": name, "digest": digest(snapshot.rules).hex(), "editors": editors,
        "rules": [_rule(snapshot, rule) for rule in snapshot.rules],
    }  # fmt: skip


def state_of(change: Change | None) -> str:
    """How a file stands: `same`, `drift` or `conflict`."""
    if isinstance(change, Conflict):
        return "conflict"
    return "drift" if isinstance(change, Create | Replace | Delete) else "same"


def status(root: Root) -> dict[str, Any]:
    """One root of a driven/status notification."""
    view, plan = root.view, root.plan
    told = [one for group in (view.told.values() if view is not None else ()) for one in group]
    problems = sum(one.severity == "error" for one in told)
    states = [state_of(change) for change in (plan.changes if plan is not None else ())]
    drift, conflicts, held = states.count("drift"), states.count("conflict"), len(root.held)
    waiting = f"{_count(held, 'rule')} held back by a mistake: the files keep what {'it' if held == 1 else 'they'} said"
    if not root.is_managed:
        state, message = "none", f"{root.name} has no `.driven` folder: `driven init` sets it up"
    elif not root.trusted:
        state, message = "untrusted", "not trusted: only driven's own editors are known, and nothing is written"
    elif view is None or not root.is_looked_at:
        state, message = "looking", "looking at the rules and the editors' files"
    elif view.problem is not None or root.problem:
        state, message = "error", view.problem.message if view.problem is not None else root.problem
    elif conflicts:
        state, message = "conflict", f"{_count(conflicts, 'file')} in conflict: a person has to choose a side"
    elif held:
        state, message = "held", waiting
    elif drift:
        state, message = "drift", f"{_count(drift, 'file')} would change: save a rule, or run `driven sync`"
    else:
        state, message = "clean", "every editor's files are up to date"
    if held and state in ("conflict", "drift"):
        message = f"{message}; {waiting}"
    elif drift and state == "held":
        message = f"{message}; {_count(drift, 'file')} would change"
    return {
        "uri": uri_of(root.path), "name": root.name, "state": state,
        "rules": len(view.rules) if view is not None else 0,
        "editors": list(view.project.emitters) if view is not None and view.project is not None else [],
        "drift": drift, "conflicts": conflicts, "held": held, "problems": problems, "message": message,
    }  # fmt: skip


def _rule(snapshot: Snapshot, rule: Rule) -> dict[str, Any]:
    match rule.activation:
        case ForPaths(globs):
            detail = ", ".join(globs)
        case WhenRelevant(description):
            detail = description
        case _:
            detail = ""
    names = {name for output in snapshot.outputs_of(rule.id) for name in output.editors}
    editors = [name for name in snapshot.enabled if name in names]
    return {
        "id": rule.id, "title": rule.title, "uri": uri_of(os.path.join(snapshot.root, rule.span.path)),
        "activation": activation_word(rule.activation), "detail": detail, "editors": editors,
        "active": snapshot.view.active.get(rule.id, True), "tokens": snapshot.tokens(rule.body)[0],
        "held": held_words(snapshot, rule.id),
        "conflicts": [one.path for one in snapshot.conflicts.rules.get(rule.span.path, ())],
    }  # fmt: skip


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
