"""The way back to an earlier state: planned against what stands there now, then taken like any sync's plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from driven.errors import SourceError
from driven.format.hashes import digest
from driven.format.parts import ownership_of, put_part, take_part
from driven.format.text import parse_rule, rule_id_for
from driven.frozen import frozen, record
from driven.model.artefact import WHOLE_FILE
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Change, Conflict, Create, Delete, Keep, Lock, Owned, Plan, Replace, Standing
from driven.project import ledger, snapshots
from driven.project.compiled import write_compiled
from driven.project.disk import JOURNAL, Applied, Tree
from driven.project.snapshots import ANSWERS, SOURCE, Store
from driven.project.sources import RULES
from driven.recorded import part_of, shorthand
from driven.span import Span

Write = Create | Replace | Delete
WHOLE = ("file", SOURCE)


@frozen
class Restored:
    """What going back did. `number` is the snapshot whose state is restored, for an undo the one that is undone;
    `plan` what was written, or with conflicts would be; `kept` the path of the snapshot that this made."""

    what: str
    number: int
    plan: Plan
    applied: bool
    kept: str = ""


@record
class State:
    """One thing as it shall be: its text (None: not there) and the digests in `outputs.lock`."""

    text: bytes | None
    lock: frozenset[str]


States = Mapping[Owned, State]


def lock_of(digests: frozenset[str] | None, text: bytes | None) -> frozenset[str]:
    """The digests of a `Change` written out: None stands for that of the text."""
    if digests is not None:
        return digests
    return frozenset() if text is None else frozenset((digest(text),))


def by_path(things: Iterable[Owned]) -> dict[str, list[Owned]]:
    """The things of each path, sorted."""
    paths: dict[str, list[Owned]] = {}
    for owned in sorted(things):
        paths.setdefault(owned[0], []).append(owned)
    return paths


def file_as(data: bytes | None, things: Iterable[Owned], states: States, lock: Lock) -> bytes | None:
    """The file `data` with these things as in `states`; every other byte stays. SourceError for damaged markers."""
    things = list(things)
    whole = _whole(data, things, states, lock)
    for owned in things:
        if owned in states:
            data = _put(data, owned, whole if owned[2] in WHOLE else states[owned].text)
    return data


def _whole(data: bytes | None, things: list[Owned], states: States, lock: Lock) -> bytes | None:
    """The text of a whole file: of several editors that share it, one that has it is enough."""
    texts = [states[owned].text for owned in things if owned[2] in WHOLE and owned in states]
    text = next((text for text in texts if text is not None), None)
    if (
        text is None
        and texts
        and any(one[0] == things[0][0] and one[2] == "file" and one not in states for one in lock)
    ):
        return data
    return text


def _put(data: bytes | None, owned: Owned, text: bytes | None) -> bytes | None:
    ownership, value = (WHOLE_FILE, b"") if owned[2] == SOURCE else ownership_of(owned[2])
    if text is not None:
        return put_part(ownership, data, text)
    return None if data is None else take_part(ownership, data, value)


def write_of(path: str, before: bytes | None, after: bytes | None, things: Iterable[Owned]) -> Write:
    """The change of a file, or of a part of it."""
    editors = tuple(dict.fromkeys(owned[1] for owned in things if owned[1]))
    if before is None:
        return Create(path=path, after=after or b"", editors=editors)
    if after is None:
        return Delete(path=path, before=before, editors=editors)
    return Replace(path=path, before=before, after=after, editors=editors)


class _Back:
    """The plan of going back: files, what is written down of them, and what stands in the way."""

    def __init__(self, tree: Tree, store: Store, states: States, lock: Lock) -> None:
        self.tree = tree
        self.store = store
        self.states = states
        self.lock = lock
        self.changes: list[Change] = []
        self.kept: list[snapshots.Change] = []
        self.blocked = False  # something that --force does not help against

    def plan(self, path: str, things: list[Owned]) -> None:
        """Decide one file."""
        standing = self.tree.read(path)
        editors = tuple(dict.fromkeys(owned[1] for owned in things if owned[1]))
        now = standing.data if standing.kind == "file" else None
        after = now
        edited = False
        kept: list[snapshots.Change] = []
        whole = _whole(now, things, self.states, self.lock)
        try:
            for owned in things:
                state = self.states[owned]
                text = whole if owned[2] in WHOLE else state.text
                was = self.lock.get(owned, frozenset()) if owned[2] != SOURCE else frozenset()
                present = now if owned[2] == SOURCE else part_of(now, owned, was | state.lock)
                if present != text:
                    after = _put(after, owned, text)
                    edited |= present is not None and not self._is_known(present)
                if present != text or (was != state.lock and owned[2] != SOURCE):
                    locks = (
                        (None, None) if owned[2] == SOURCE else (shorthand(was, present), shorthand(state.lock, text))
                    )
                    kept.append(snapshots.Change(*owned, present, text, None, *locks))
        except SourceError as error:
            self._conflict(path, standing, after, error.message, error.hint, editors)
            return
        if standing.kind == "blocked" or (standing.note and after != now):
            hint = "move it away, or make it writable, then try again"
            self._conflict(path, standing, after, f"it {standing.note}", hint, editors)
            return
        self.kept += kept
        if after == now:
            self.changes.append(Keep(path=path, editors=editors))
        elif edited:
            hint = "`driven sync` first, or `--force`: what stands there now is kept in a snapshot"
            message = "edited since the last sync: no snapshot has what stands there now"
            self.changes.append(
                Conflict(path=path, drift="edited", before=now or b"", after=after, message=message, hint=hint,
                         editors=editors)
            )  # fmt: skip
        else:
            self.changes.append(write_of(path, now, after, things))

    def _is_known(self, present: bytes) -> bool:
        forms = {present, present.replace(b"\r\n", b"\n"), present.removesuffix(b"\n")}
        return any(self.store.holds(digest(form)) for form in forms)

    def _conflict(
        self, path: str, standing: Standing, after: bytes | None, message: str, hint: str, editors: tuple[str, ...]
    ) -> None:
        self.blocked = True
        self.changes.append(
            Conflict(path=path, drift="foreign", before=standing.data, after=after, message=message, hint=hint,
                     editors=editors, holds=False)
        )  # fmt: skip


def go(
    tree: Tree, store: Store, what: str, number: int, states: States, force: bool
) -> Restored:  # fmt: skip
    """Plan the way, and take it unless something stands in it."""
    lock = ledger.read_lock(tree.root)
    back = _Back(tree, store, states, lock)
    for path, things in by_path(states).items():
        back.plan(path, things)
    if force and not back.blocked:
        back.changes = [_forced(change) for change in back.changes]
    plan = Plan(changes=tuple(back.changes))
    if plan.conflicts or not back.kept:
        return Restored(what=what, number=number, plan=plan, applied=False)
    ledger.prepare_state(tree)
    tree.clear_temps([*ledger.journal_paths(tree.root), *snapshots.newest_paths(tree.root)])
    kept = snapshots.write(tree, what, back.kept)
    after = {owned: state.lock for owned, state in states.items() if owned[2] != SOURCE}
    both = {owned: lock.get(owned, frozenset()) | digests for owned, digests in after.items()}
    applied = tree.apply(plan.writes, ledger.render_lock({**lock, **both}))
    done = {**lock, **{owned: digests for owned, digests in after.items() if owned[0] not in applied.failed}}
    ledger.write_lock(tree, {owned: digests for owned, digests in done.items() if digests}, lock)
    _remember(tree, states, applied)
    return Restored(what=what, number=number, plan=_told(plan, applied), applied=True, kept=kept)


def _forced(change: Change) -> Change:
    if not isinstance(change, Conflict):
        return change
    if change.after is None:
        return Delete(path=change.path, before=change.before, editors=change.editors, forced=True)
    return Replace(path=change.path, before=change.before, after=change.after, editors=change.editors, forced=True)


def _remember(tree: Tree, states: States, applied: Applied) -> None:
    """The restored rules are those that were emitted last: what the next snapshot says of them builds on it."""
    with Tree(tree.root) as fresh:  # the folder of rules itself may have been removed with its last file
        fresh.folder(RULES, create=True)
    rules = dict(ledger.read_memory(tree.root).rules)
    there = [owned for owned in states if owned[2] == SOURCE and owned[0] not in applied.failed]
    things = [owned for owned in there if owned[0] != ANSWERS]  # that is no rule
    for path, _, _ in sorted(things, key=lambda owned: states[owned].text is not None):
        rule_id = rule_id_for(path.removeprefix(RULES + "/"))
        text = states[path, "", SOURCE].text
        rule = None if text is None else parse_rule(text, path=path, rule_id=rule_id)[0]
        if rule is not None:
            rules[rule_id] = rule
        elif text is None:
            rules.pop(rule_id, None)
    write_compiled(tree, rules.values())
    tree.remove_state(JOURNAL)
    ledger.forget(tree)


def _told(plan: Plan, applied: Applied) -> Plan:
    """The plan with what could not be written."""
    failed = applied.failed
    changes = tuple(
        Keep(path=c.path, editors=c.editors, reason=failed[c.path]) if c.path in failed else c for c in plan.changes
    )
    found = tuple(
        Diagnostic(code="DSK01", severity="error", message=f"`{path}` {why}", span=Span(path=path))
        for path, why in failed.items()
    )
    return Plan(changes=changes, diagnostics=found)
