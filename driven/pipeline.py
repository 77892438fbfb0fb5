"""The main path: load -> resolve -> emit -> plan -> apply. Each verb of the command line is one function here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from driven.core.state import Entry
from driven.emission import Emitted, emit_all, emit_changed
from driven.errors import ProjectError
from driven.hookspecs import Emitter
from driven.model.artefact import Settings
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Delete, Owned, Plan, Replace, SyncReport
from driven.model.rule import Rule, RuleSet
from driven.planning import Planned, fold, group_by_path, make_plan
from driven.project import ledger
from driven.project.config import Config, known_editors, read_config
from driven.project.disk import JOURNAL, STATE, Applied, Tree, keep_copies
from driven.project.sources import Sources, load_sources
from driven.project.writer import Writer
from driven.registry import Registry, path_stamps
from driven.registry import load as load_plugins
from driven.resolve import select, unknown_targets
from driven.span import Span

Progress = Callable[[str, int, int], None]
"""(what, done, total): called between the stages of long work."""

AGENTS = "agents"  # the editor name under which AGENTS.md is written


@dataclass(slots=True)
class Project:
    """A project, loaded: what a verb works on."""

    root: str
    config: Config
    plugins: Registry
    memory: ledger.Memory
    sources: Sources
    rules: RuleSet
    lock: dict[Owned, frozenset[str]]
    emitters: Mapping[str, Emitter]
    settings: Mapping[str, Settings]
    active: Mapping[str, bool]
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def select(self, rules: Iterable[Rule], editor: str) -> Sequence[Rule]:
        """The rules that `editor` gets: `targets` and `when` applied."""
        return select(rules, editor, self.active)


def find_root(start: str | None = None) -> str:
    """The nearest folder at or above `start` (or the current one) that holds `.driven`. ProjectError when none does."""
    here = os.path.abspath(start or os.getcwd())
    folder = here
    while not os.path.isdir(os.path.join(folder, ".driven")):
        parent = os.path.dirname(folder)
        if parent == folder:
            raise ProjectError(f"no `.driven` folder in `{here}` or above it", hint="start with `driven init`")
        folder = parent
    return folder


def sync(
    root: str, *, dry_run: bool = False, check: bool = False, force: bool = False, progress: Progress | None = None
) -> SyncReport:
    """Bring every editor's files in line with the rules. With `dry_run` or `check` nothing at all is written."""
    began = time.perf_counter()
    looks = dry_run or check
    say = progress or _quiet
    with Tree(root) as tree, nullcontext() if looks else Writer(tree):
        say("reading rules", 0, 4)
        project = load(root)
        say("emitting", 1, 4)
        emitted, planned = plan(project, tree, force=force)
        say("writing", 2, 4)
        applied, copies = (Applied(), "") if looks else apply(project, tree, planned)
        report = _report(project, emitted, planned.plan, applied, copies, not looks, time.perf_counter() - began)
        if not looks:
            say("remembering", 3, 4)
            remember(project, tree, planned, emitted, applied, report)
    return report


def load(root: str) -> Project:
    """Configuration, plugins, what the last sync left, and the rules. Read only."""
    plugins = load_plugins(index_path=os.path.join(root, STATE, "plugins.index"))
    options = {name: tuple(emitter.target.options) for name, emitter in plugins.emitters.items()}
    wanted, unknown = known_editors(read_config(root), options)
    diagnostics = [*plugins.diagnostics, *unknown]
    memory = ledger.read_memory(root)
    sources = load_sources(root, memory)
    rules = RuleSet.of(sources.rules.values())
    diagnostics.extend(sources.diagnostics)
    diagnostics.extend(unknown_targets(rules, plugins.emitters))
    names = frozenset(wanted.editors)
    emitters = {name: plugins.emitters[name] for name in wanted.editors}
    if wanted.always == AGENTS and AGENTS in plugins.emitters:
        emitters.setdefault(AGENTS, plugins.emitters[AGENTS])
    settings = {
        name: Settings(
            options={**emitter.target.options, **wanted.editors.get(name, {})},
            editors=names, always=wanted.always, header=wanted.header,
        )
        for name, emitter in emitters.items()
    }  # fmt: skip
    return Project(
        root=root, config=wanted, plugins=plugins, memory=memory, sources=sources, rules=rules,
        lock=ledger.read_lock(root), emitters=emitters, settings=settings, active=_conditions(root, rules),
        diagnostics=diagnostics,
    )  # fmt: skip


def plan(project: Project, tree: Tree, *, force: bool = False, whole: bool = False) -> tuple[Emitted, Planned]:
    """Emit what changed (everything with `whole`, or where the last sync's memory does not hold); decide each file."""
    holds = project.memory.current and not project.sources.lost and not whole
    drifted = _drifted(project, tree) if holds else None
    if drifted is not None:
        emitted = emit_changed(
            project.emitters, project.settings, project.rules.rules,
            list(project.memory.rules.values()), drifted, project.select,
        )  # fmt: skip
        if not _collides(project, emitted):
            return emitted, _planned(project, tree, emitted, force)
    emitted = emit_all(project.emitters, project.settings, project.rules.rules, project.select)
    return emitted, _planned(project, tree, emitted, force)


def apply(project: Project, tree: Tree, planned: Planned) -> tuple[Applied, str]:
    """Write the plan; what came of it, and where --force kept what it overwrote."""
    ledger.prepare_state(tree)
    tree.clear_temps(ledger.journal_paths(project.root))
    writes = planned.plan.writes
    forced = {change.path: change.before for change in writes if isinstance(change, Replace | Delete) and change.forced}
    copies = keep_copies(tree, forced) if forced else ""
    if not writes:
        return Applied(), copies
    return tree.apply(writes, ledger.render_lock({**project.lock, **planned.lock})), copies


def remember(
    project: Project, tree: Tree, planned: Planned, emitted: Emitted, applied: Applied, report: SyncReport
) -> None:
    """Write `outputs.lock`, the compiled rules and the ledger, and forget the journal."""
    ledger.write_lock(tree, _lock_after(project, planned, applied), project.lock)
    if project.sources.changed or not project.memory.rules:
        checksum = ledger.write_compiled(tree, project.sources.rules.values())
    else:
        checksum = ledger.compiled_checksum(project.root)
    tree.remove_state(JOURNAL)
    if report.plan.conflicts or applied.failed or project.sources.lost or emitted.failed:
        ledger.forget(tree)  # something is still to be done: the next sync must look at everything again
        return
    outputs = _outputs(project, tree, planned, emitted, applied)
    entries = [*ledger.setting_entries(project.root, path_stamps()), *project.sources.entries, *outputs]
    settled = not (
        report.held
        or any(rule.when for rule in project.rules)
        or any(finding.severity == "error" for finding in report.plan.diagnostics)
    )
    ledger.write_ledger(tree, entries, summary(project, len(outputs)) + "\n", checksum, settled)


def summary(project: Project, files: int) -> str:
    """The line of a sync that had nothing to do."""
    counts = ((len(project.rules), "rule"), (len(project.emitters), "editor"), (files, "file"))
    return "up to date: " + ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts)


def _conditions(root: str, rules: RuleSet) -> dict[str, bool]:
    """Rule id -> whether its `when` holds, for the rules that have one. The tree is listed once, and only for them."""
    asked = [rule for rule in rules if rule.when]
    if not asked:
        return {}
    from driven.format.condition import Facts, evaluate
    from driven.project.listing import list_files

    facts = Facts(list_files(root))
    return {rule.id: evaluate(rule.when, facts) for rule in asked}


def _drifted(project: Project, tree: Tree) -> dict[str, set[str]] | None:
    """Editor -> ids whose outputs must be looked at: their rule changed, or the file no longer stands as it did."""
    changed = project.sources.changed | {rule.id for rule in project.rules if rule.when}
    out = {name: set(changed) for name in project.emitters}
    made = project.memory.made_ns
    for path, entry in project.memory.outputs.items():
        if tree.seen(path) != (entry[3], entry[4], entry[5]) or entry[4] >= made:
            for editor, ids in ledger.output_rules(entry).items():
                if editor not in out:
                    return None
                out[editor].update(ids)
    return out


def _collides(project: Project, emitted: Emitted) -> bool:
    """Whether a path of this part of the output is taken, on some disk, by a part that was not emitted again."""
    kept = {
        fold(path)
        for path, entry in project.memory.outputs.items()
        if not all(_is_dirty(emitted, editor, ids) for editor, ids in ledger.output_rules(entry).items())
    }
    return any(fold(piece.artefact.path) in kept for piece in emitted.pieces)


def _is_dirty(emitted: Emitted, editor: str, ids: Iterable[str]) -> bool:
    return emitted.whole or not emitted.dirty.get(editor, set()).isdisjoint(ids)


def _gone(project: Project, emitted: Emitted) -> list[Owned]:
    """Lock lines that no rule gives any more. None while a rule cannot be read and what it gave is not known."""
    if project.sources.lost:
        return []
    given = {piece.owned for piece in emitted.pieces}
    keeps = project.config.unsure | emitted.failed
    known = project.plugins.emitters
    if project.config.unsure:  # `claud = true` must not delete what `claude` had
        keeps |= known.keys() - project.emitters.keys() - {*project.config.disabled}
    gone = [owned for owned in project.lock if owned not in given and owned[1] in known and owned[1] not in keeps]
    if emitted.whole:
        return gone
    touched = {
        (path, editor)
        for path, entry in project.memory.outputs.items()
        for editor, ids in ledger.output_rules(entry).items()
        if _is_dirty(emitted, editor, ids)
    }
    return [owned for owned in gone if owned[:2] in touched]


def _planned(project: Project, tree: Tree, emitted: Emitted, force: bool) -> Planned:
    pieces = emitted.pieces
    if project.sources.lost:
        # A shared file would lose the part of the rule that cannot be read: it waits as it is.
        pieces = [piece for piece in pieces if not piece.is_shared or piece.owned not in project.lock]
    gone = _gone(project, emitted)
    # Checked before anything is read: a path outside the project must not even be looked at.
    by_path = group_by_path(pieces)
    paths = {*by_path, *(owned[0] for owned in gone)}
    return make_plan(by_path, gone, {path: tree.read(path) for path in paths}, project.lock, force=force)


def plan_with(plan: Plan, project: Project, emitted: Emitted) -> Plan:
    """`plan` with the losses and the findings of the run that made it."""
    return replace(plan, losses=tuple(emitted.losses), diagnostics=(*project.diagnostics, *emitted.diagnostics))


def _report(
    project: Project, emitted: Emitted, plan: Plan, applied: Applied, copies: str, wrote: bool, seconds: float
) -> SyncReport:
    in_conflict = {c.rule_ids[0] for c in plan.conflicts if c.holds and len(c.rule_ids) == 1}
    kept = 0 if emitted.whole else len(project.memory.outputs.keys() - {change.path for change in plan.changes})
    failed = [
        Diagnostic(code="DSK01", severity="error", message=f"`{path}` {why}", span=Span(path=path))
        for path, why in applied.failed.items()
    ]
    plan = replace(plan_with(plan, project, emitted), kept=kept)
    plan = replace(plan, diagnostics=(*plan.diagnostics, *failed))
    return SyncReport(
        plan=plan, rules=len(project.rules), editors=tuple(project.emitters), applied=wrote,
        held=tuple(sorted(project.sources.failed | in_conflict)), kept_copies=copies, seconds=seconds,
    )  # fmt: skip


def _lock_after(project: Project, planned: Planned, applied: Applied) -> dict[Owned, frozenset[str]]:
    lock = {owned: ours for owned, ours in project.lock.items() if owned not in planned.decided}
    for owned in planned.decided:
        source = project.lock if owned[0] in applied.failed else planned.lock
        if owned in source:
            lock[owned] = source[owned]
    return lock


def _outputs(project: Project, tree: Tree, planned: Planned, emitted: Emitted, applied: Applied) -> list[Entry]:
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


def _quiet(_what: str, _done: int, _total: int) -> None:
    return
