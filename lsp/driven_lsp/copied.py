"""Text that driven copied from a rule into the file of an editor: from which folders its paths count."""

from __future__ import annotations

from driven.document.paths import folders
from driven_lsp.origin_text import part_at, parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot

MOST = 8  # rules of one part that are told apart


def copied_from(snapshot: Snapshot, document: Document) -> Callable[[int], Sequence[str]] | None:
    """For an offset of an emitted file the folders that a path counts from in the rule whose text stands there, the
    nearest first; none where the text is nobody's but the file's. None for a file that driven does not write."""
    if document.path not in snapshot.outputs:
        return None
    parts = parts_of(snapshot, document)
    made: dict[tuple[str, ...], Sequence[str]] = {}

    def at(offset: int) -> Sequence[str]:
        part = part_at(parts, offset)
        if part is None:
            return ()
        rule_id = part.rule_at(offset)
        ids = (rule_id,) if rule_id else part.rule_ids[:MOST]
        if ids not in made:
            above = dict.fromkeys(snapshot.rule_path(one).rpartition("/")[0] for one in ids)
            made[ids] = tuple(dict.fromkeys(folder for one in above for folder in folders(one)))
        return made[ids]

    return at
