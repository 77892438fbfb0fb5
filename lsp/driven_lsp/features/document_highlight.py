"""Where the document names again what stands at the cursor."""

from __future__ import annotations

from driven_lsp.mentions import rule_id_of
from driven_lsp.subjects import named_in, subject_at, title_bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.values import Here


def highlight(here: Here) -> list[tuple[int, int]]:
    """The places, in order. A rule's title counts as its name."""
    subject = subject_at(here)
    document = here.snapshot.document(here.path)
    if subject is None or document is None:
        return []
    found = {(subject.start, subject.end), *named_in(here.snapshot, document, subject)}
    if subject.kind == "rule" and rule_id_of(document.path) == subject.name:
        title = title_bounds(document)
        if title is not None:
            found.add(title)
    return sorted(found)
