"""What of the output a small change touches: which files to look at, what is gone, what to remember.

A partial run must give what a whole one would; where that cannot be told, it says so and the run becomes a whole one.
"""

from __future__ import annotations

from collections.abc import Iterable

from driven.core.ledger import Entry
from driven.emission import Emitted
from driven.model.plan import Owned
from driven.planning import Planned, fold
from driven.project import ledger
from driven.project.disk import Applied, Tree
from driven.workspace import Project


def stale(project: Project, tree: Tree) -> set[str]:
    """The outputs that do not stand as the last sync left them, by their stat; all, where it left no word."""
    made = project.memory.made_ns
    known = project.memory.outputs
    found = {
        path for path, entry in known.items() if tree.seen(path) != (entry[3], entry[4], entry[5]) or entry[4] >= made
    }
    if len(known) < len(project.lock):
        found.update(owned[0] for owned in project.lock if owned[0] not in known)
    return found


def drifted(project: Project, paths: Iterable[str]) -> dict[str, set[str]] | None:
    """Editor -> ids whose outputs must be looked at: their rule changed, or one of their files is in `paths`. None: all."""
    if project.memory.interrupted:
        return None
    changed = project.sources.changed | {rule.id for rule in project.rules if rule.when}
    out = {name: set(changed) for name in project.emitters}
    for path in paths:
        entry = project.memory.outputs.get(path)
        for editor, ids in ledger.output_rules(entry).items() if entry is not None else ():
            if editor not in out:
                return None
            out[editor].update(ids)
    return out


def collides(project: Project, emitted: Emitted) -> bool:
    """Whether a path of this part of the output is taken, on some disk, by a part that was not emitted again."""
    kept: set[str] = set()
    for path, entry in project.memory.outputs.items():
        for editor, ids in ledger.output_rules(entry).items():
            if not _is_dirty(emitted, editor, ids):
                kept.add(fold(path))
            elif not emitted.dirty[editor].issuperset(ids):
                return True  # two groups of one emitter share a file: a part of them cannot be emitted alone
    return any(fold(piece.artefact.path) in kept for piece in emitted.pieces)


def _is_dirty(emitted: Emitted, editor: str, ids: Iterable[str]) -> bool:
    return emitted.whole or not emitted.dirty.get(editor, set()).isdisjoint(ids)


def gone_lines(project: Project, emitted: Emitted) -> list[Owned]:
    """Lock lines that no rule gives any more. None while a rule cannot be read and what it gave is not known."""
    if project.sources.lost:
        return []
    given = {piece.owned for piece in emitted.pieces}
    keeps = project.config.unsure | emitted.failed
    known = project.plugins.emitters
    if project.config.unsure:  # `claud = true` must not delete what `claude` had
        keeps |= known.keys() - project.emitters.keys() - {*project.config.disabled}
    gone = [owned for owned in project.lock if owned not in given and owned[1] in known and owned[1] not in keeps]
    gone = [owned for owned in gone if owned[0] in project.memory.outputs or _is_editors(project, owned)]
    if emitted.whole:
        return gone
    touched = {
        (path, editor)
        for path, entry in project.memory.outputs.items()
        for editor, ids in ledger.output_rules(entry).items()
        if _is_dirty(emitted, editor, ids)
    }
    return [owned for owned in gone if owned[:2] in touched]


def _is_editors(project: Project, owned: Owned) -> bool:
    """Whether the editor has files of this name at all: a line of the lock alone must not delete anything else."""
    from driven.core.globs import Glob

    return any(Glob(pattern).match(owned[0]) for pattern in project.plugins.emitters[owned[1]].target.files)


def output_entries(project: Project, tree: Tree, planned: Planned, emitted: Emitted, applied: Applied) -> list[Entry]:
    """The ledger's entries of all outputs: those that were planned anew, and those that were not looked at."""
    by_path: dict[str, dict[str, list[str]]] = {}
    for path, entry in project.memory.outputs.items() if not emitted.whole else ():
        kept = {e: ids for e, ids in ledger.output_rules(entry).items() if not _is_dirty(emitted, e, ids)}
        if kept:
            by_path[path] = kept
    for piece in emitted.pieces:
        ids = by_path.setdefault(piece.artefact.path, {}).setdefault(piece.editor, [])
        ids.extend(rule_id for rule_id in piece.artefact.rule_ids if rule_id not in ids)
    planned_paths = {change.path for change in planned.plan.changes}
    entries: list[Entry] = []
    for path, rule_ids in by_path.items():
        if path not in planned_paths:
            entries.append(project.memory.outputs[path])
            continue
        seen = applied.written.get(path) or tree.read_stat(path)
        racy = seen is None or (path not in applied.written and seen[1] >= tree.began)
        entries.append(ledger.output_entry(path, rule_ids, None if racy else seen))
    return entries
