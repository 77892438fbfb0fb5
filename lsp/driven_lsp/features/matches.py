"""driven.matches: the files that the globs of a document match."""

from __future__ import annotations

from driven_lsp.glob_text import matching, problem_of, scope_of
from driven_lsp.mentions import marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.snapshot import Snapshot


def matches(snapshot: Snapshot, path: str) -> list[str]:
    """The files that any glob of a document matches, as rules mean it, sorted; [] for a document without globs."""
    document = snapshot.document(path)
    if document is None:
        return []
    scope = scope_of(document)
    globs = globs_of(snapshot, path)
    return sorted({file for glob in globs if not problem_of(glob) for file in matching(snapshot, glob, scope)})


def globs_of(snapshot: Snapshot, path: str) -> list[str]:
    """The globs of a document, but for those that leave files out."""
    document = snapshot.document(path)
    if document is None:
        return []
    return [text for kind, _, _, text in marks(snapshot, document) if kind == "glob" and text[:1] != "!"]
