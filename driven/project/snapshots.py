"""The snapshots of a project: one small file for each sync that wrote, below `.driven/state/snapshots/`.

A snapshot is written, durable, before the first file is renamed: it is the undo log of the run as well. It holds what
changed, before and after; a long text that an earlier one left is not held twice. `base.snap` is what remains of the
snapshots that were dropped: what they left, and every text that `outputs.lock` still names.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Set

from driven import __version__
from driven.core._rt import FormatError
from driven.errors import DiskError
from driven.format.hashes import digest
from driven.format.snap import ANSWERS, SOURCE, Builder, Change, Head, Row
from driven.frozen import frozen
from driven.model.plan import Owned
from driven.project.disk import Tree
from driven.project.snapshot_store import BASE_NAME, SNAPSHOTS, Store

__all__ = [
    "ANSWERS", "SOURCE", "Change", "Row", "Snapshot", "Store", "change_of", "entries", "find_blob", "last", "load",
    "newest_paths", "prune", "write",
]  # fmt: skip

BASE = f"{SNAPSHOTS}/{BASE_NAME}"
LOOK_BACK = 4  # snapshots in which a long text is looked for before it is held once more
DAY = 86_400  # seconds


@frozen
class Snapshot:
    """One snapshot as lists show it.

    `what` made it: `sync`, `sync --force`, `undo`, `restore 12`, `import`; `parent` is the number of the one before, 0
    for none; `time` in seconds, UTC; `files` and `rules` count what it speaks of; `bytes` is its own size.
    """

    number: int
    name: str
    parent: int
    time: int
    what: str
    version: str
    files: int
    rules: int
    bytes: int


def write(tree: Tree, what: str, changes: Iterable[Change]) -> str:
    """Keep what `what` is about to do, before it is done; the snapshot's path, "" when nothing changes.

    DiskError when the disk refuses, or when there is more than a snapshot can hold: then do not do it.
    """
    changes = list(changes)
    if not changes:
        return ""
    store = Store(tree.root)
    number = store.newest + 1

    def earlier(owned: Owned, known: bytes) -> tuple[int, int] | None:
        for one in list(store.names)[:LOOK_BACK]:
            head = store.head(one)
            try:
                row = None if head is None else head.row_of(owned)
                if head is not None and row is not None:
                    # What it left is what stands there now: the snapshots between the two did not touch it.
                    left = row.after >= 0 and head.digest(row.after) == known
                    return (one, head.blob(row.after)[7]) if left else None
            except FormatError:
                return None
        return None

    try:
        data = Builder(number, earlier).build(store.newest, int(time.time()), what, __version__, changes)
    except FormatError as error:
        raise DiskError(f"no snapshot can be kept: {error.message}; no file was changed") from None
    path = f"{SNAPSHOTS}/{number}-{digest(data)[:8]}.snap"
    try:
        tree.write_state(path, data, durable=True)
    except DiskError as error:  # without the name, which is another one at each try
        why = error.message.partition(" cannot be written: ")[2] or error.message
        hint = "free some space, or look at the disk, then run it again"
        raise DiskError(f"no snapshot can be kept: {why}; no file was changed", hint=hint) from None
    return path


def entries(root: str, store: Store | None = None) -> list[Snapshot]:
    """Every snapshot that can be read, newest first; only heads are read."""
    store = store or Store(root)
    return [_entry(store, number, head) for number, head in store.heads() if number]


def _entry(store: Store, number: int, head: Head) -> Snapshot:
    return Snapshot(
        number=number, name=store.names[number], parent=head.parent, time=head.time, what=head.what,
        version=head.version, files=head.files, rules=head.rules, bytes=head.size,
    )  # fmt: skip


def load(root: str, number: int) -> list[Change]:
    """What a snapshot holds, with all its texts. FormatError when it is not there or damaged."""
    store = Store(root)
    head = store.head(number) if number else None
    if head is None:
        raise FormatError(f"snapshot {number} cannot be read")
    return [change_of(store, number, row) for row in head.rows()]


def change_of(store: Store, number: int, row: Row) -> Change:
    """A change with its texts. FormatError when one cannot be had."""
    texts = [store.text(number, index) for index in (row.before, row.after, row.stood)]
    return Change(*row.owned, texts[0], texts[1], texts[2], row.was, row.now)


def find_blob(root: str, known: str) -> bytes | None:
    """The text with this digest: the base of a merge. For many of them ask one `Store`."""
    return Store(root).blob(known)


def last(root: str, owned: Owned) -> bytes | None:
    """What the newest snapshot that touched `owned` left there; None when it left nothing, or none touched it."""
    store = Store(root)
    found = store.last_row(owned)
    try:
        return None if found is None else store.text(found[0], found[1].after)
    except FormatError:
        return None


def newest_paths(root: str) -> list[str]:
    """Where a killed run may have left its temps: the paths that the newest snapshot speaks of, and `base.snap`."""
    store = Store(root)
    head = store.head(store.newest) if store.newest else None
    try:
        rows = [] if head is None else [row.owned[0] for row in head.rows()]
    except FormatError:
        rows = []
    return list(dict.fromkeys([BASE, *rows]))


def prune(tree: Tree, keep: int = 100, days: int = 30, live: Iterable[str] = (), *, slack: int = 0) -> int:
    """Drop the oldest snapshots, all but `keep` and those older than `days`; how many. The newest one stays.

    What they left, and the texts whose digest is in `live`, move into `base.snap`: what a later snapshot says of a text
    by naming an earlier one stays true. Nothing that is kept is read. With `slack`, nothing happens until so many more,
    or one that is a day older, have come together: `base.snap` is not written anew by every sync.
    """
    store = Store(tree.root)
    numbers = sorted(store.names)
    drop = numbers[: len(numbers) - keep] if len(numbers) > keep + slack else []
    oldest = int(time.time()) - days * DAY
    patience = DAY if slack else 0
    for number in numbers[len(drop) : -1]:
        head = store.head(number)
        if head is not None and head.time >= oldest - patience:
            break
        drop.append(number)
        patience = 0
    drop = drop if drop != numbers else drop[:-1]
    if not drop:
        return 0
    _move_to_base(tree, store, drop, frozenset(live))
    for number in reversed(drop):  # what a killed run leaves of them names nothing that is gone
        tree.remove_state(f"{SNAPSHOTS}/{store.names[number]}")
    return len(drop)


def _move_to_base(tree: Tree, store: Store, drop: list[int], live: Set[str]) -> None:
    base = store.head(0)
    state: dict[Owned, tuple[int, int, Row]] = {}
    texts: dict[str, tuple[int, int]] = {}
    for number in [0, *drop]:
        head = store.head(number)
        # A run that was killed here has moved what it did not yet remove.
        if head is None or (number and base is not None and number <= base.number):
            continue
        try:
            for row in head.rows():
                state[row.owned] = (number, row.after, row)
            for index in range(head.blobs):
                if head.digest(index).hex() in live:
                    texts[head.digest(index).hex()] = (number, index)
        except FormatError:
            continue
    builder = Builder(max(*drop, base.number if base else 0), lambda _owned, _known: None)
    changes: list[Change] = []
    for owned, (number, index, row) in state.items():
        data = _or_none(store, number, index)
        if data is not None:
            changes.append(Change(*owned, None, data, None, row.was, row.now))
    for number, index in texts.values():
        data = _or_none(store, number, index)
        if data is not None:
            builder.keep(data)
    try:
        data = builder.build(0, int(time.time()), "base", __version__, changes)
    except FormatError as error:
        raise DiskError(f"no snapshot can be dropped: {error.message}") from None
    tree.write_state(BASE, data, durable=True)


def _or_none(store: Store, number: int, index: int) -> bytes | None:
    try:
        return store.text(number, index)
    except FormatError:
        return None
