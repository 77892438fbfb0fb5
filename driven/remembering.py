"""After the files: what the next sync is to know of this one: the lock, the compiled rules, the ledger."""

from __future__ import annotations

from collections.abc import Set

from driven import partial
from driven.emission import Emitted
from driven.errors import DiskError
from driven.frozen import replace
from driven.model.merged import MergedBack
from driven.model.plan import Delete, Owned, Plan, SyncReport
from driven.model.rule import Rule
from driven.planning import Planned
from driven.project import ledger, snapshots
from driven.project.compiled import write_compiled
from driven.project.config import keep_config
from driven.project.disk import JOURNAL, Applied, Tree
from driven.project.sources import RULES, refresh
from driven.registry import path_stamps
from driven.workspace import Project


def remember(
    project: Project, tree: Tree, planned: Planned, emitted: Emitted, applied: Applied, merged: MergedBack,
    report: SyncReport,
) -> ledger.Memory | None:  # fmt: skip
    """Write `outputs.lock`, the compiled rules and the ledger, and forget the journal. What the next sync would read of
    them; None when it must look at everything."""
    if ledger.LOCK in applied.failed:  # the journal stays as well: with it, what this run wrote is known as ours
        ledger.forget(tree)
        return None
    lock = _lock_after(project, planned, applied, merged)
    wrote = ledger.write_lock(tree, lock, project.lock)
    settings = project.stood if wrote is None else ledger.with_lock(project.root, project.stood, wrote)
    keep_config(tree, project.config)
    if project.sources.changed or not project.memory.rules:
        compiled = write_compiled(tree, _emitted_rules(project, held_rules(planned.plan)), project.memory.compiled)
    else:
        compiled = project.memory.compiled
    tree.remove_state(JOURNAL)
    if report.plan.conflicts or applied.failed or project.sources.lost or emitted.failed:
        ledger.forget(tree)  # something is still to be done: the next sync must look at everything again
        return None
    written = {path: seen for path, seen in applied.written.items() if path.startswith(RULES + "/")}
    if written:
        refresh(project.root, project.sources, written)
    outputs = partial.output_entries(project, tree, planned, emitted, applied)
    searched = ledger.searched_entries(path_stamps())
    entries = [*searched, *settings, *project.sources.entries, *outputs]
    settled = not (
        report.held
        or any(rule.when for rule in project.rules)
        or any(finding.severity == "error" for finding in report.plan.diagnostics)
    )
    memory = ledger.write_ledger(tree, entries, summary(project, len(outputs)) + "\n", compiled, settled)
    return replace(memory, lock={owned: known for owned, known in lock.items() if known})


def summary(project: Project, files: int) -> str:
    """The line of a sync that had nothing to do."""
    counts = ((len(project.rules), "rule"), (len(project.emitters), "editor"), (files, "file"))
    return "up to date: " + ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts)


def held_rules(plan: Plan) -> set[str]:
    """The rules that a conflict of this plan holds back."""
    return {
        rule_id for c in plan.conflicts if c.holds and (c.overlaps or len(c.rule_ids) == 1) for rule_id in c.rule_ids
    }


def _emitted_rules(project: Project, held: Set[str]) -> list[Rule]:
    """The rules as they stand in the editors' files now: a held one as it was before, if it was there at all, and a
    deleted one for as long as an edit of its file waits."""
    before = project.memory.rules
    rules = [
        before[rule_id] if rule_id in held and rule_id in before else rule
        for rule_id, rule in project.sources.rules.items()
        if rule_id not in held or rule_id in before or rule_id not in project.sources.changed
    ]
    return rules + [before[rule_id] for rule_id in sorted(held - project.sources.rules.keys()) if rule_id in before]


def _lock_after(
    project: Project, planned: Planned, applied: Applied, merged: MergedBack
) -> dict[Owned, frozenset[str]]:  # fmt: skip
    lock = {owned: ours for owned, ours in project.lock.items() if owned not in planned.decided}
    is_in_rule = not any(path.startswith(RULES + "/") for path in applied.failed)
    gone = {change.path for change in planned.plan.writes if isinstance(change, Delete)}
    for owned in planned.decided:
        failed = owned[0] in applied.failed
        if failed and owned in merged.ours and is_in_rule:
            lock[owned] = merged.ours[owned]  # saved once more while this ran: the next edit is one of that text
            continue
        # A rule that could not be written may not know of a renamed output either: that is to be seen anew.
        stays = failed or not (is_in_rule or owned[0] in applied.written or owned[0] in gone)
        source = project.lock if stays else planned.lock
        if owned in source:
            lock[owned] = source[owned]
    return lock


def prune(project: Project, tree: Tree) -> None:
    """Drop old snapshots, now and then. A disk that refuses is no reason to call a sync that is done a failure."""
    keep = project.config.snapshots
    live = (known for digests in project.lock.values() for known in digests)
    try:
        snapshots.prune(tree, keep, project.config.snapshot_days, live, slack=keep // 10)
    except DiskError:
        return
