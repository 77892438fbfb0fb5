"""Rule files from elsewhere, an editor's files or a template: all of them are written, with a snapshot, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from driven.errors import DiskError
from driven.model.plan import Create, Delete, Lock, Owned, Replace
from driven.project import ledger, snapshots
from driven.project.disk import JOURNAL, Tree
from driven.project.writer import Writer
from driven.recorded import changes_of_import


def bring(
    root: str, what: str, writes: Sequence[Create | Replace | Delete], *,
    entered: Mapping[Owned, frozenset[str]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Write what was planned; `entered` are lines for `outputs.lock`, `what` is how the snapshot calls it.

    DiskError when the disk refuses, or when a file came to stand in the way, or was changed, since it was planned.
    """
    if not writes and not entered:
        return
    with Tree(root) as tree, Writer(tree):
        ledger.prepare_state(tree)
        for change in writes:
            standing = tree.read(change.path)
            if standing.kind == "blocked" or (standing.data or None) != (change.before or None):
                raise DiskError(f"`{change.path}` was changed meanwhile", hint=f"run `driven {what}` again")
        lock: Lock = ledger.read_lock(root)
        snapshots.write(tree, what, changes_of_import(tree, lock, writes, entered))
        applied = tree.apply(writes, ledger.render_lock(lock))
        for path, why in applied.failed.items():
            raise DiskError(f"`{path}` {why}")
        ledger.write_lock(tree, {**lock, **entered}, lock)  # also what the journal of a killed run says
        tree.remove_state(JOURNAL)
        ledger.forget(tree)
