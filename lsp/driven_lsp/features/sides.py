"""driven.sides: both sides of a file that driven writes and a person edited, and what was written last."""

from __future__ import annotations

import os

from driven.errors import UsageError
from driven.model.plan import Conflict, Create, Replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven_lsp.snapshot import Snapshot


def sides(snapshot: Snapshot, path: str) -> dict[str, Any]:
    """`rule`: the text that a sync would write; `edited`: what stands there; `base`: what a sync wrote last, None where
    that is not known. UsageError for a file that driven does not write."""
    from driven.planning import group_by_path
    from driven.project.snapshots import last

    emitted, project = snapshot.view.emitted, snapshot.view.project
    pieces = group_by_path(emitted.pieces).get(path, []) if emitted is not None else []
    if not pieces or project is None:
        raise UsageError(f"`{path}` is not written by driven", hint="open a file that a rule is written to")
    document = snapshot.document(path)
    edited = document.text if document is not None else ""
    change = next(
        (one for one in (snapshot.plan.changes if snapshot.plan is not None else ()) if one.path == path), None
    )
    rule = _wanted(snapshot, path, edited)
    if isinstance(change, Conflict | Create | Replace) and change.after is not None:
        rule = change.after.decode(errors="replace")
    base = (
        last(project.root, pieces[0].owned) if os.path.isdir(os.path.join(project.root, ".driven", "state")) else None
    )
    return {
        "path": path, "rule": rule, "edited": edited,
        "base": base.decode(errors="replace") if base is not None else None,
    }  # fmt: skip


def _wanted(snapshot: Snapshot, path: str, edited: str) -> str:
    """The file with every part of ours as the rules give it now."""
    from driven.format.parts import put_part

    emitted = snapshot.view.emitted
    data: bytes | None = edited.encode("utf-8", "replace") if edited else None
    for piece in emitted.pieces if emitted is not None else ():
        if piece.artefact.path == path:
            data = put_part(piece.artefact.ownership, data, piece.artefact.text.encode())
    return (data or b"").decode(errors="replace")
