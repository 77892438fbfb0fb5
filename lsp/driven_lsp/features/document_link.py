"""The words of a document that can be followed: to files of the project, and to addresses."""

from __future__ import annotations

from driven_lsp.mentions import is_file, mentions_of
from driven_lsp.values import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.values import Here


def links(here: Here) -> list[Link]:
    """Links, imports, paths and rule ids that lead somewhere, in order."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None:
        return []
    found: list[Link] = []
    for mention in mentions_of(snapshot, document):
        if mention.kind == "url":
            if mention.url.lower().startswith(("http://", "https://", "mailto:")):
                found.append(Link(start=mention.start, end=mention.end, url=mention.url))
            continue
        if mention.kind in ("target", "marker") or not mention.exists or not is_file(snapshot, mention.path):
            continue
        if document.text[mention.start : mention.start + 1] == "#":
            continue  # a heading of this file
        rule = snapshot.rule_at(mention.path) if mention.rule_id else None
        tooltip = f"rule {rule.id}: {rule.summary}" if rule is not None else mention.path
        found.append(Link(start=mention.start, end=mention.end, path=mention.path, tooltip=tooltip))
    return found
