"""The main path: load -> merge -> resolve -> emit -> plan -> apply. Each verb is one function here."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from types import MappingProxyType

from driven import partial
from driven.core import ledger as core
from driven.emission import Emitted, emit_all, emit_changed, hidden_in
from driven.frozen import frozen, replace
from driven.model.artefact import Piece
from driven.model.diagnostic import Diagnostic
from driven.model.merged import MergedBack
from driven.model.plan import Change, Conflict, Create, Keep, Plan, Standing, SyncReport
from driven.model.rule import Rule, RuleSet, effect_order
from driven.planning import Planned, group_by_path, make_plan
from driven.project import ledger, snapshots
from driven.project.disk import CHANGED, Applied, Tree
from driven.project.sources import RULES
from driven.project.writer import Writer
from driven.recorded import changes_of
from driven.remembering import held_rules, prune, remember
from driven.span import Span
from driven.workspace import Kept, Project, find_root, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.format.merge import Take

__all__ = ["Project", "Session", "apply", "find_root", "load", "merge", "plan", "plan_with", "remember", "sync"]

ROUNDS = 3  # looks at a project in which somebody saves a file just now
Progress = Callable[[str, int, int], None]
"""(what, done, total): called between the stages of long work."""


def sync(
    root: str,
    *,
    dry_run: bool = False,
    check: bool = False,
    force: bool = False,
    adopt: bool = False,
    sides: Mapping[str, Take] = MappingProxyType({}),
    progress: Progress | None = None,
) -> SyncReport:
    """Bring every editor's files and the rules in line. With `dry_run` or `check` nothing at all is written.

    In two-way mode, and with `adopt`, hand edits flow back into the rules first. Where both sides changed, `adopt`
    takes the edited side and `force` the rule's; `sides` says so for single outputs ("theirs" is the edited side).
    """
    return _sync(root, Kept(), dry_run or check, Deciding(force, adopt, sides), progress or _quiet)


@frozen(kw_only=False)
class Deciding:
    """Which side of a conflict a person has chosen, for all outputs or by path."""

    force: bool = False
    adopt: bool = False
    sides: Mapping[str, Take] = MappingProxyType({})

    @property
    def what(self) -> str:
        """The command, as a snapshot keeps it; what is not a plain sync is undone to both sides."""
        if self.force or "ours" in self.sides.values():
            return "sync --force"
        return "sync --adopt" if self.adopts else "sync"

    @property
    def adopts(self) -> bool:
        """Whether an edited side was chosen anywhere: then edits flow back also in one-way mode."""
        return self.adopt or "theirs" in self.sides.values()

    def take(self, path: str) -> Take:
        """The side of what overlaps in `path`."""
        return self.sides.get(path, "theirs" if self.adopt else "ours" if self.force else "none")

    def forces(self, path: str) -> bool:
        """Whether what stands at `path` is written over."""
        return self.take(path) == "ours"


UNDECIDED = Deciding()


class Session:
    """A project that is synced again and again, by a watch: what costs time to load is kept while it holds."""

    def __init__(self, root: str, *, strangers: bool = True) -> None:
        """Without `strangers` no plugin is loaded that is not ours."""
        self.root = root
        self._kept = Kept(strangers=strangers)

    def sync(self, progress: Progress | None = None, hints: Collection[str] | None = None) -> SyncReport:
        """As `sync`. With `hints`, an edited output that is not among them may be seen by a later sync alone, or by
        `overlooks`; it is not written over."""
        return _sync(self.root, self._kept, False, UNDECIDED, progress or _quiet, hints)

    def look(self) -> SyncReport:
        """What a sync would do now. Writes nothing."""
        return _sync(self.root, self._kept, True, UNDECIDED, _quiet)

    @property
    def rules(self) -> RuleSet:
        """The rules as the last sync left them in the editors' files; none before the first."""
        memory = self._kept.memory
        return RuleSet.of(memory.rules.values()) if memory is not None else RuleSet()

    def overlooks(self) -> bool:
        """Whether an output does not stand as the last sync left it."""
        memory = self._kept.memory
        return memory is not None and bool(core.stale(memory.outputs, self.root, memory.made_ns))


def _sync(
    root: str, kept: Kept, looks: bool, decides: Deciding, say: Progress, hints: Collection[str] | None = None
) -> SyncReport:  # fmt: skip
    began = time.perf_counter()
    with Tree(root) as tree, Writer(tree, idle=looks):
        for _ in range(ROUNDS):
            say("reading rules", 0, 4)
            project = load(root, kept=kept)
            merged = merge(project, tree, decides, hints=hints)
            changed = project.sources.changed
            project.diagnostics += hidden_in(rule for rule in project.rules if rule.id in changed)
            say("emitting", 1, 4)
            emitted, planned = plan(project, tree, merged, decides)
            # A file that was saved after the merge had looked at it: an edit to merge, not a conflict.
            if not any(c.drift == "edited" and c.path not in project.stale for c in planned.plan.conflicts):
                break
            hints = None
        say("writing", 2, 4)
        applied, snapshot = (Applied(), "") if looks else apply(project, tree, planned, merged, what=decides.what)
        if not looks and ledger.is_another_lock(root, project.stood):
            applied.failed[ledger.LOCK] = f"cannot be written: {CHANGED}"  # git checked out another branch's: it stays
        copies = snapshot if any(getattr(change, "forced", False) for change in planned.plan.writes) else ""
        seconds = time.perf_counter() - began
        report = _report(project, emitted, planned.plan, applied, copies, not looks, merged.held.keys(), seconds)
        if not looks:
            say("remembering", 3, 4)
            if snapshot:
                prune(project, tree)  # before the ledger: killed in here, the next run looks, and sweeps
            kept.memory = remember(project, tree, planned, emitted, applied, merged, report)
    return report


def merge(
    project: Project, tree: Tree, decides: Deciding = UNDECIDED, *, hints: Collection[str] | None = None
) -> MergedBack:  # fmt: skip
    """Let hand edits flow into the rules of `project`, where its mode or a person says so; `hints` as in `Session`."""
    project.stale = partial.stale(project, tree, hints)
    if not project.stale or not (decides.adopts or project.config.mode == "two-way"):
        return MergedBack()
    from driven.mergeback import merge_back

    merged = merge_back(project, tree, project.stale, take=decides.take)
    for path in [path for path in merged.problems if decides.forces(path)]:
        del merged.problems[path]
    for rule_id in [rule_id for rule_id, path in merged.held.items() if decides.forces(path)]:
        del merged.held[rule_id]
    return merged


def plan(
    project: Project, tree: Tree, merged: MergedBack, decides: Deciding = UNDECIDED, *, whole: bool = False
) -> tuple[Emitted, Planned]:
    """Emit what changed (everything with `whole`, or where the last sync's memory does not hold); decide each file.

    A rule in conflict stays everywhere as it was last emitted, so what it shares a file with is planned once more.
    """
    emitted, planned = _plan_once(project, tree, merged, project.rules.rules, decides, whole)
    held = (held_rules(planned.plan) | merged.held.keys()) & project.sources.changed
    if held:
        emitted, planned = _plan_held(project, tree, merged, emitted, planned, held, decides, whole)
    if not (merged.sources or merged.problems or merged.restored):
        return emitted, planned
    changes = [_told(change, merged) for change in planned.plan.changes]
    return emitted, replace(planned, plan=replace(planned.plan, changes=(*merged.sources, *changes)))


def _plan_held(
    project: Project, tree: Tree, merged: MergedBack, emitted: Emitted, planned: Planned, held: set[str],
    decides: Deciding, whole: bool,
) -> tuple[Emitted, Planned]:  # fmt: skip
    before = project.memory.rules
    new = held - before.keys()
    rules = [before[rule.id] if rule.id in held else rule for rule in project.rules if rule.id not in new]
    # The files of a new rule alone stay in the plan, which says why they wait.
    own = [p for p in emitted.pieces if not p.is_shared and p.artefact.rule_ids and new.issuperset(p.artefact.rule_ids)]
    rules.sort(key=effect_order)
    waits = bool(new) and not project.sources.known
    again, second = _plan_once(project, tree, merged, rules, decides, whole, own=own, waits=waits)
    changes: dict[str, Change] = {change.path: change for change in second.plan.changes}
    changes.update((conflict.path, conflict) for conflict in planned.plan.conflicts)
    again.losses = emitted.losses
    return again, replace(second, plan=replace(second.plan, changes=tuple(changes[path] for path in sorted(changes))))


def _told(change: Change, merged: MergedBack) -> Change:
    """`change` with what the merge knows of its file."""
    problem = merged.problems.get(change.path)
    if isinstance(change, Conflict) and problem is not None:
        return replace(
            change, message=problem.message, hint=problem.hint, overlaps=problem.overlaps,
            rule_ids=problem.rule_ids or change.rule_ids,
        )  # fmt: skip
    if isinstance(change, Create) and change.path in merged.restored:
        return replace(change, note=merged.restored[change.path])
    return change


def _plan_once(
    project: Project,
    tree: Tree,
    merged: MergedBack,
    rules: Sequence[Rule],
    decides: Deciding,
    whole: bool,
    *,
    own: Sequence[Piece] = (),
    waits: bool = False,
) -> tuple[Emitted, Planned]:
    """`own` are planned besides; `waits`: what rules share a file with was not seen before and must stay as it is."""
    holds = project.memory.current and not project.sources.lost and not whole
    drifted = partial.drifted(project, project.stale) if holds else None
    if drifted is not None:
        before = list(project.memory.rules.values())
        emitted = emit_changed(project.emitters, project.settings, rules, before, drifted, project.select)
        emitted.pieces.extend(own)
        if not partial.collides(project, emitted):
            return emitted, _planned(project, tree, merged, emitted, decides, waits)
    emitted = emit_all(project.emitters, project.settings, rules, project.select)
    emitted.pieces.extend(own)
    return emitted, _planned(project, tree, merged, emitted, decides, waits)


def apply(
    project: Project, tree: Tree, planned: Planned, merged: MergedBack, *, what: str = "sync"
) -> tuple[Applied, str]:  # fmt: skip
    """Write the plan; what came of it, and the snapshot that keeps what was there before ("" when nothing changes)."""
    ledger.prepare_state(tree)
    if left := ledger.journal_paths(project.root):
        tree.clear_temps([*left, *snapshots.newest_paths(project.root)])
    writes = planned.plan.writes
    if not writes:
        return Applied(), ""
    held = held_rules(planned.plan) | merged.held.keys()
    # An edit that was merged is undone with the rest; what a person decided is undone to both sides as they stood.
    decided = what != "sync"
    changes = changes_of(project, tree, planned, held=held, merged=merged.bases, exact=decided)
    kept = snapshots.write(tree, what, changes)
    lock = {**project.lock, **planned.lock}
    if not project.memory.interrupted:  # the journal adds to `outputs.lock`: it need not repeat what stands there
        paths = {change.path for change in writes}
        lock = {owned: known for owned, known in lock.items() if owned[0] in paths or owned in planned.lock}
    early = {owned: known for owned, known in lock.items() if owned not in merged.ours or owned in project.lock}
    early.update((owned, project.lock[owned]) for owned in merged.ours if owned in project.lock)
    applied = tree.apply(writes, ledger.render_lock(lock), ledger.render_lock(early) if merged.sources else None)
    if any(path.startswith(RULES + "/") for path in applied.failed):
        for owned in merged.ours:  # its edit may not be in its rule: it is not ours yet
            if owned[0] not in applied.written:
                applied.failed.setdefault(owned[0], "holds an edit that could not be written to its rule")
    if all(change.path in applied.failed for change in writes):
        tree.remove_state(kept)  # of nothing: it would push a real one out
        kept = ""
    return applied, kept


def _planned(
    project: Project, tree: Tree, merged: MergedBack, emitted: Emitted, decides: Deciding, waits: bool
) -> Planned:  # fmt: skip
    pieces = emitted.pieces
    gone = partial.gone_lines(project, emitted)
    if project.sources.lost or waits:
        # A shared file would lose the part of a rule that cannot be read, or whose last form is not known: it waits.
        pieces = [piece for piece in pieces if not piece.is_shared or piece.owned not in project.lock]
        gone = [owned for owned in gone if owned[2] == "file"]
    # Checked before anything is read: a path outside the project must not even be looked at.
    by_path = group_by_path(pieces)
    paths = {*by_path, *(owned[0] for owned in gone)}
    standing: dict[str, Standing] = {}
    places: dict[tuple[int, int, str], str] = {}
    for path in sorted(paths):
        place = tree.place(path)
        first = path if place is None else places.setdefault(place, path)
        if first == path:
            known = merged.read.get(path)  # as the merge saw it: what is saved meanwhile fails the write, and no more
            standing[path] = tree.read(path) if known is None else known
        else:
            standing[path] = Standing("blocked", note=f"is `{first}`, by a link")
    lock = project.lock
    if merged.ours:  # an edit that is in its rule now may be written over; the lock itself says so once it is written
        lock = {**lock, **{owned: lock.get(owned, frozenset()) | known for owned, known in merged.ours.items()}}
    untouched = {path for path in standing if path not in project.stale and _stands(project, tree, path)}
    return make_plan(by_path, gone, standing, lock, force=decides.forces, held=merged.held, untouched=untouched)


def _stands(project: Project, tree: Tree, path: str) -> bool:
    """Whether the file that was read is the one that the last sync left."""
    entry, seen = project.memory.outputs.get(path), tree.read_stat(path)
    return (
        entry is not None
        and seen is not None
        and (entry[3], entry[4], entry[5]) == (*seen[:2], seen[2] & 0x7FFFFFFFFFFFFFFF)
    )


def plan_with(plan: Plan, project: Project, emitted: Emitted) -> Plan:
    """`plan` with the losses and the findings of the run that made it."""
    return replace(plan, losses=tuple(emitted.losses), diagnostics=(*project.diagnostics, *emitted.diagnostics))


def _report(
    project: Project, emitted: Emitted, plan: Plan, applied: Applied, copies: str, wrote: bool, held: Set[str],
    seconds: float,
) -> SyncReport:  # fmt: skip
    kept = 0 if emitted.whole else len(project.memory.outputs.keys() - {change.path for change in plan.changes})
    failed = [
        Diagnostic(code="DSK01", severity="error", message=f"`{path}` {why}", span=Span(path=path))
        for path, why in applied.failed.items()
    ]
    plan = replace(plan_with(plan, project, emitted), kept=kept)
    changes = tuple(
        Keep(path=c.path, editors=c.editors, reason=applied.failed[c.path]) if c.path in applied.failed else c
        for c in plan.changes
    )
    plan = replace(plan, changes=changes, diagnostics=(*plan.diagnostics, *failed))
    return SyncReport(
        plan=plan, rules=len(project.rules), editors=tuple(project.emitters), applied=wrote,
        held=tuple(sorted(project.sources.failed | held_rules(plan) | held)),
        changed=tuple(sorted(project.sources.changed)), kept_copies=copies, seconds=seconds,
        waiting=tuple(sorted(rule for rule, holds in project.active.items() if not holds)),
    )  # fmt: skip


def _quiet(_what: str, _done: int, _total: int) -> None:
    return
