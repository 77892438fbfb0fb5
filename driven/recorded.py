"""What a sync is about to change, as its snapshot keeps it: rule files since the last sync, and each thing of ours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from driven.core._rt import FormatError
from driven.errors import SourceError
from driven.format.hashes import digest
from driven.format.parts import ownership_of, read_part
from driven.model.artefact import Outside
from driven.model.plan import Create, Delete, Lock, Owned, Replace
from driven.planning import Planned
from driven.project.disk import Tree
from driven.project.ledger import lock_entry
from driven.project.snapshots import ANSWERS, LOOK_BACK, SOURCE, Change, Store
from driven.project.sources import RULES, source_bytes
from driven.workspace import Project

APPLIED = "template apply"  # as the snapshot of such a run says


def changes_of(
    project: Project, tree: Tree, planned: Planned, *, held: Set[str] = frozenset(),
    merged: Mapping[Owned, bytes] = MappingProxyType({}), exact: bool = False,
) -> list[Change]:  # fmt: skip
    """The changes of a sync that will write `planned`; none when it writes nothing.

    `held`: the rules that wait, whose files count as not read yet. `merged`: things whose hand edit is in its rule now,
    as they were written: an undo takes the edit out of all files, so it brings back what was written there last, even
    where what stands there need not be written again. `exact`: a person decided (--force, --adopt), and an undo brings
    back just what stood on disk, both sides of it.
    """
    writes = planned.plan.writes
    if not writes:
        return []
    files = {change.path: change for change in writes}
    texts = {path: (change.before, change.after) for path, change in files.items()}
    for owned in merged:
        if owned[0] not in texts and owned in planned.decided:
            standing = tree.read(owned[0])
            if standing.kind == "file":
                texts[owned[0]] = (standing.data, standing.data)
    if exact:
        sources = [Change(c.path, "", SOURCE, c.before, c.after) for c in writes if c.path.startswith(RULES + "/")]
        return [*sources, *_outputs(project, planned, texts, {})]
    return [*_sources(project, files, held), *_outputs(project, planned, texts, merged)]


def _sources(
    project: Project, files: Mapping[str, Create | Replace | Delete], held: Set[str]
) -> Iterator[Change]:  # fmt: skip
    before, now = project.memory.rules, project.sources.rules
    came = _came_with_another_lock(project)
    is_answered = os.path.lexists(os.path.join(project.root, ANSWERS))
    store: Store | None = None
    for rule_id in sorted(project.sources.changed - held - project.sources.failed):
        old, new = before.get(rule_id), now.get(rule_id)
        path = new.span.path if new is not None else ""
        data = source_bytes(new) if new is not None else None
        if came:
            path = path or (old.span.path if old is not None else "")
            written = files.get(path)
            yield Change(path, "", SOURCE, written.before if written is not None else data, data)
            continue
        if old is not None and old.span.path != path:
            yield Change(old.span.path, "", SOURCE, source_bytes(old), None)
            old = None
        elif old is None and not (before and project.sources.known):
            written = files.get(path)  # what was there before this machine's first sync stays
            yield Change(path, "", SOURCE, written.before if written is not None else data, data)
            continue
        if data is None:
            continue
        applied: bytes | None = None
        if old is None or is_answered:
            store = store or Store(project.root)
            applied = _applied(store, path) if is_answered else None
            if applied == data or (old is None and store.left((path, "", SOURCE), data, most=LOOK_BACK)):
                continue  # an import or a template wrote it, or a run that was killed: its snapshot has it
        then = applied if applied is not None else source_bytes(old) if old is not None else None
        written = files.get(path)
        stood = written.before if written is not None else None
        yield Change(path, "", SOURCE, then, data, stood if stood not in (then, data) else None)


def _applied(store: Store, path: str) -> bytes | None:
    """What a template wrote there, where nothing else did since: that is taken back with the answers that it was given,
    and not by the sync that came after it."""
    found = store.last_row((path, "", SOURCE), most=LOOK_BACK)
    head = store.head(found[0]) if found is not None else None
    if found is None or head is None or head.what != APPLIED:
        return None
    try:
        return store.text(found[0], found[1].after)
    except FormatError:
        return None


def _came_with_another_lock(project: Project) -> bool:
    """Whether `outputs.lock` is not the one that the last sync left: git brought another state of the project, and its
    rules with it. Nobody edited those: an undo must not bring back another branch's."""
    then = lock_entry(project.memory.settings)
    return then is not None and then != lock_entry(project.stood) and not project.memory.interrupted


def _outputs(
    project: Project, planned: Planned, texts: Mapping[str, tuple[bytes | None, bytes | None]],
    merged: Mapping[Owned, bytes],
) -> Iterator[Change]:  # fmt: skip
    for owned in sorted(planned.decided):
        if owned[0] not in texts:
            continue
        was, now = project.lock.get(owned, frozenset()), planned.lock.get(owned, frozenset())
        before, after = (part_of(data, owned, was | now) for data in texts[owned[0]])
        if before == after and was == now:
            continue
        stood: bytes | None = None
        if before is not None and merged.get(owned, before) != before:
            stood, before = before, merged[owned]
        yield Change(*owned, before, after, stood, shorthand(was, before), shorthand(now, after))


def changes_of_import(
    tree: Tree, lock: Lock, writes: Iterable[Create | Replace | Delete], entered: Lock
) -> list[Change]:  # fmt: skip
    """The changes of an import: rule files that it makes, and outputs that it finds and enters in `outputs.lock`."""
    changes = [Change(change.path, "", SOURCE, change.before, change.after) for change in writes]
    for owned, now in sorted(entered.items()):
        standing = tree.read(owned[0])
        was = lock.get(owned, frozenset())
        text = part_of(standing.data, owned, was | now) if standing.kind == "file" else None
        if text is not None:
            changes.append(Change(*owned, text, text, None, shorthand(was, text), shorthand(now, text)))
    return changes


def part_of(data: bytes | None, owned: Owned, digests: Set[str]) -> bytes | None:
    """Our part of a file as it stands, in the form that one of `digests` is of where it has one; None: not there."""
    if data is None:
        return None
    ownership, value = ownership_of(owned[2])
    try:
        found = read_part(ownership, data, value)
    except SourceError:
        return None  # damaged marker lines: the plan says so
    if isinstance(ownership, Outside) and found is not None:
        # Above a section a missing final newline cannot be seen.
        for form in (found, found.removesuffix(b"\n"), found.replace(b"\r\n", b"\n")):
            if digest(form) in digests:
                return form
    return found


def shorthand(digests: frozenset[str], text: bytes | None) -> frozenset[str] | None:
    """`digests` as a `Change` has them: None where they are just that of the text."""
    return None if digests == (frozenset() if text is None else frozenset((digest(text),))) else digests
