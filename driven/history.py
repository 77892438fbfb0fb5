"""Looking back and going back: what snapshots hold, what changed since, and the way to any of them."""

from __future__ import annotations

from driven.core._rt import FormatError
from driven.errors import ProjectError, SourceError
from driven.frozen import frozen
from driven.goback import Restored, State, Write, by_path, file_as, go, lock_of, write_of
from driven.model.plan import Owned
from driven.project import ledger, snapshots
from driven.project.disk import Tree
from driven.project.snapshots import Snapshot, Store
from driven.project.writer import Writer


@frozen
class Shown:
    """One snapshot and what it holds, each part on its own."""

    snapshot: Snapshot
    changes: tuple[snapshots.Change, ...]


@frozen
class Listed:
    """All snapshots, newest first; `damaged` are the names of files that cannot be read."""

    snapshots: tuple[Snapshot, ...]
    damaged: tuple[str, ...] = ()


@frozen
class Compared:
    """What turned the state at one snapshot into that at another, or into what stands there now (`second` 0)."""

    first: int
    second: int
    changes: tuple[Write, ...]


def list_all(root: str) -> Listed:
    """Every snapshot of the project at `root`."""
    store = Store(root)
    found = tuple(snapshots.entries(root, store))
    return Listed(snapshots=found, damaged=tuple(store.damaged))


def show(root: str, number: int) -> Shown:
    """What one snapshot changed. ProjectError when there is no such snapshot, or its texts are gone."""
    store = Store(root)
    known = [one for one in snapshots.entries(root, store) if one.number == number]
    if not known:
        raise _unknown(store, number)
    try:
        return Shown(snapshot=known[0], changes=tuple(snapshots.load(root, number)))
    except FormatError as error:
        raise ProjectError(f"snapshot {number} is damaged: {error.message}") from None


def compare(root: str, first: int, second: int = 0) -> Compared:
    """The changes from the state at `first` to that at `second`, or to the present."""
    store = Store(root)
    above = min(first, second) if second else first
    one = _states(store, first, above)
    two = _states(store, second, above) if second else {}
    lock = ledger.read_lock(root)
    changes: list[Write] = []
    with Tree(root) as tree:
        for path, things in by_path(one).items():
            standing = tree.read(path)
            now = standing.data if standing.kind == "file" else None
            try:
                before = file_as(now, things, one, lock)
                after = file_as(now, things, two, lock) if second else now
            except SourceError:
                continue  # damaged marker lines: what is ours in it cannot be told
            if before != after:
                changes.append(write_of(path, before, after, things))
    return Compared(first=first, second=second, changes=tuple(changes))


def restore(root: str, number: int, *, force: bool = False) -> Restored:
    """Bring rule files and outputs back to what they were right after snapshot `number`.

    What differs from every snapshot was edited since: then nothing is written and each such file is a conflict, unless
    `force`. What is written over is kept in a new snapshot first. ProjectError when the way back is broken.
    """
    with Tree(root) as tree, Writer(tree):
        store = Store(root)
        return go(tree, store, f"restore {number}", number, _states(store, number, number), force)


def undo(root: str, *, force: bool = False) -> Restored:
    """Take back what the newest snapshot's run did; an undo is undone by the next one. As `restore` in all else."""
    with Tree(root) as tree, Writer(tree):
        store = Store(root)
        number = store.newest
        head = store.head(number) if number else None
        if head is None:
            raise _unknown(store, number)
        try:
            changes = [snapshots.change_of(store, number, row) for row in head.rows()]
        except FormatError as error:
            raise ProjectError(f"snapshot {number} is damaged: {error.message}") from None
        states = {one.owned: State(one.before, lock_of(one.was, one.before)) for one in changes}
        return go(tree, store, "undo", number, states, force)


def _unknown(store: Store, number: int) -> ProjectError:
    reach = [str(one) for one in _reachable(store)]
    if not reach:
        return ProjectError("there is no snapshot", hint="every `driven sync` that writes leaves one")
    names = ", ".join(reach[:20]) + (f" and {len(reach) - 20:,} more" if len(reach) > 20 else "")
    if number in store.names:
        message = f"there is no way back to snapshot {number}: one between it and now is gone or damaged"
    else:
        message = f"there is no snapshot {number}"
    return ProjectError(message, hint=f"these can be restored: {names}")


def _reachable(store: Store) -> list[int]:
    """The snapshots from which on all newer ones are there: the way back passes through each of them."""
    found: list[int] = []
    for number in store.names:
        if (found and number != found[-1] - 1) or store.head(number) is None:
            break
        found.append(number)
    return found


def _states(store: Store, number: int, above: int) -> dict[Owned, State]:
    """The state right after snapshot `number` of all that snapshots above `above` touched. ProjectError where a
    snapshot on the way is gone.

    A thing was as the last snapshot up to `number` left it; where none speaks of it, as the first one above found it.
    """
    if number not in _reachable(store):
        raise _unknown(store, number)
    states: dict[Owned, State] = {}
    try:
        found: dict[Owned, tuple[int, snapshots.Row]] = {}
        for later, head in store.heads():
            if later > above:
                found.update(
                    {row.owned: (later, row) for row in head.rows() if later > number or row.owned not in found}
                )
        missing = dict(found)
        for earlier, head in store.heads():
            if earlier <= number and missing:
                for row in reversed(head.rows()):
                    if missing.pop(row.owned, None) is not None:
                        text = store.text(earlier, row.after)
                        states[row.owned] = State(text, lock_of(row.now, text))
        for owned, (later, row) in missing.items():
            text = store.text(later, row.before)
            states[owned] = State(text, lock_of(row.was, text))
    except FormatError as error:
        raise ProjectError(f"the way back to snapshot {number} is damaged: {error.message}") from None
    return states
