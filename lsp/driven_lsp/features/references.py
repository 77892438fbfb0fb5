"""Everywhere that a rule, a file, an editor or a tag is named; of a rule, also the files that are written of it."""

from __future__ import annotations

from driven.project.config import CONFIG
from driven_lsp.mentions import rule_ids
from driven_lsp.subjects import named, subject_at, title_bounds
from driven_lsp.values import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.values import Here


def references(here: Here, declaration: bool) -> list[Place]:
    """The places that name what stands at the cursor; with `declaration` what is named itself, first."""
    subject = subject_at(here, text=True)
    if subject is None:
        return []
    snapshot = here.snapshot
    places: list[Place] = []
    for document, start, end in named(snapshot, subject):
        if subject.kind == "editor" and document.path == CONFIG:
            if declaration:
                places.insert(0, Place(path=CONFIG, start=start, end=end))
            continue
        places.append(Place(path=document.path, start=start, end=end))
    if subject.kind == "rule":
        from driven_lsp.features.definition import written_places

        places += written_places(snapshot, subject.name)
    if declaration and subject.kind in ("rule", "file"):
        path = rule_ids(snapshot).get(subject.name, "") if subject.kind == "rule" else subject.name
        document_of = snapshot.document(path) if path else None
        if document_of is not None:
            start, end = title_bounds(document_of) or (0, 0)
            places.insert(0, Place(path=path, start=start, end=end))
    return list(dict.fromkeys(places))
