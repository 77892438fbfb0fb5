"""What of the output a small change touches: which files to look at, what is gone, what to remember.

A partial run must give what a whole one would; where that cannot be told, it says so and the run becomes a whole one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from driven.core import ledger as core
from driven.core.ledger import Entry
from driven.emission import Emitted
from driven.model.plan import Owned
from driven.planning import Planned, fold
from driven.project import ledger
from driven.project.disk import Applied, Tree
from driven.workspace import Project


def stale(project: Project, tree: Tree, hints: Collection[str] | None = None) -> set[str]:
    """The outputs that do not stand as the last sync left them, by their stat; all, where it left no word.

    With `hints` only those are looked at, and what the last sync was not sure of.
    """
    known = project.memory.outputs
    if hints is not None and project.memory.current:
        known = {path: entry for path, entry in known.items() if path in hints or entry[4] == core.UNSURE}
    found = set(core.stale(known, tree.root, project.memory.made_ns))
    if not project.memory.current:  # the lock may be another branch's, or another machine's
        found.update(owned[0] for owned in project.lock if owned[0] not in known)
    return found


def drifted(project: Project, paths: Iterable[str]) -> dict[str, set[str]] | None:
    """Editor -> ids whose outputs must be looked at: their rule changed, or one of their files is in `paths`. None: all
    of them."""
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
    outputs = project.memory.outputs
    again, mixed = core.touched(outputs, emitted.dirty)
    if mixed:
        return True  # two groups of one emitter share a file: a part of them cannot be emitted alone
    emitted.touched = {path: ledger.output_rules(outputs[path]) for path in again}
    new: list[str] = []
    for piece in emitted.pieces:
        path = piece.artefact.path
        if path not in outputs:
            new.append(fold(path))
        elif path not in emitted.touched or any(not _is_dirty(emitted, *one) for one in emitted.touched[path].items()):
            return True
    if not new:  # what is known is a whole run's: no two of its paths are one on any disk
        return False
    kept = {
        fold(path)
        for path in outputs
        if path not in emitted.touched or any(not _is_dirty(emitted, *one) for one in emitted.touched[path].items())
    }
    return any(path in kept for path in new)


def _is_dirty(emitted: Emitted, editor: str, ids: Iterable[str]) -> bool:
    return not emitted.dirty.get(editor, set()).isdisjoint(ids)


def gone_lines(project: Project, emitted: Emitted) -> list[Owned]:
    """Lock lines that no rule gives any more. None while a rule cannot be read and what it gave is not known."""
    if project.sources.lost:
        return []
    given = {piece.owned for piece in emitted.pieces}
    keeps = project.config.unsure | emitted.failed
    known = project.plugins.emitters
    if project.config.unsure:  # `claud = true` must not delete what `claude` had
        keeps |= known.keys() - project.emitters.keys() - {*project.config.disabled}
    lines: Iterable[Owned] = project.lock
    if not emitted.whole:  # of what was emitted again alone can anything be gone
        again = {
            (path, editor)
            for path, editors in emitted.touched.items()
            for editor, ids in editors.items()
            if _is_dirty(emitted, editor, ids)
        }
        lines = [owned for owned in project.lock if owned[0] in emitted.touched and owned[:2] in again]
    return [
        owned
        for owned in lines
        if owned not in given and owned[1] in known and owned[1] not in keeps
        and (owned[0] in project.memory.outputs or _is_editors(project, owned))
    ]  # fmt: skip


def _is_editors(project: Project, owned: Owned) -> bool:
    """Whether the editor has files of this name at all: a line of the lock alone must not delete anything else."""
    from driven.core.globs import Glob

    importer = project.plugins.importers.get(owned[1])
    patterns = (*project.plugins.emitters[owned[1]].target.files, *(importer.patterns if importer is not None else ()))
    return any(Glob(pattern).match(owned[0]) for pattern in patterns)


def output_entries(project: Project, tree: Tree, planned: Planned, emitted: Emitted, applied: Applied) -> list[Entry]:
    """The ledger's entries of all outputs: those that were planned anew, and those that were not looked at."""
    entries: list[Entry] = []
    by_path: dict[str, dict[str, list[str]]] = {}
    planned_paths = {change.path for change in planned.plan.changes}
    for path, entry in project.memory.outputs.items() if not emitted.whole else ():
        if path in emitted.touched:
            kept = {e: ids for e, ids in emitted.touched[path].items() if not _is_dirty(emitted, e, ids)}
            if kept:
                by_path[path] = kept
        elif path in planned_paths:
            by_path[path] = ledger.output_rules(entry)
        else:
            entries.append(entry)
    for piece in emitted.pieces:
        ids = by_path.setdefault(piece.artefact.path, {}).setdefault(piece.editor, [])
        ids.extend(rule_id for rule_id in piece.artefact.rule_ids if rule_id not in ids)
    for path, rule_ids in by_path.items():
        if path not in planned_paths:
            entries.append(project.memory.outputs[path])
            continue
        seen = applied.written.get(path) or tree.read_stat(path)
        racy = seen is None or (path not in applied.written and seen[1] >= tree.began)
        entries.append(ledger.output_entry(path, rule_ids, None if racy else seen))
    return entries
