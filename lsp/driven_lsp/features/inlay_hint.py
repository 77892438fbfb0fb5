"""textDocument/inlayHint: behind a glob how many files it matches, behind a heading what it costs in tokens, behind a
`when` whether it holds, behind an editor of the configuration what it gets."""

from __future__ import annotations

from driven_lsp import mentions
from driven_lsp.editor_text import gets, project_text
from driven_lsp.front_place import places_of
from driven_lsp.glob_text import glob_text, matching, problem_of, scope_of
from driven_lsp.landing_text import code, counted, plain, section_end, tokens_of
from driven_lsp.values import Hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

LEAST = 60  # characters of a section whose tokens are told: below that nobody asks
MOST = 200  # hints of one answer


def hints(here: Here, start: int, end: int) -> list[Hint]:
    """The hints between two offsets, in order."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None or not document.place:
        return []
    made = [*_of_globs(snapshot, document, start, end), *_of_sections(snapshot, document, start, end)]
    if document.place == "driven/rule":
        made += _of_condition(snapshot, document, start, end)
    elif document.place == "driven/config":
        made += _of_editors(snapshot, document, start, end)
    return sorted(made, key=lambda hint: hint.offset)[:MOST]


def _of_globs(snapshot: Snapshot, document: Document, start: int, end: int) -> Iterator[Hint]:
    text = document.text
    scope = scope_of(document)
    for kind, _, stop, glob in mentions.marks(snapshot, document):
        if kind != "glob" or not start <= stop <= end or problem_of(glob):
            continue
        offset = stop + (text[stop : stop + 1] in ("'", '"'))
        found = matching(snapshot, glob, scope)
        tooltip = glob_text(snapshot, glob, scope=scope) if found else _meant(snapshot, document, glob)
        yield Hint(offset=offset, label=counted(len(found), "file"), tooltip=tooltip)


def _meant(snapshot: Snapshot, document: Document, glob: str) -> str:
    """Of a glob that matches nothing what its finding says of it: another search for what was meant would take long."""
    for told in snapshot.told(document.path):
        if told.code == "GEN05" and f"`{glob}`" in told.message:
            return plain(f"{told.message}; {told.hint}" if told.hint else told.message)
    return f"{code(glob)} matches **no file**"


def _of_sections(snapshot: Snapshot, document: Document, start: int, end: int) -> Iterator[Hint]:
    """Of each heading the tokens down to the next one of its level; of the first one those of all text."""
    from driven.document.places import TEXT

    if document.place != "driven/rule" and document.place not in TEXT:
        return
    headings = document.body.headings
    text, shift = document.text, document.body_start
    for at, heading in enumerate(headings):
        if heading.start + shift > end:
            return
        stop = heading.start + shift + len(text[heading.start + shift : heading.end + shift].rstrip("\r\n"))
        if not start <= stop <= end or (at and heading.level > 2):
            continue
        part = text[heading.start + shift : section_end(document, at)] if at else text[shift:]
        if len(part) >= LEAST:
            yield Hint(offset=stop, label=tokens_of(snapshot, part))


def _of_condition(snapshot: Snapshot, document: Document, start: int, end: int) -> Iterator[Hint]:
    rule = snapshot.rule_at(document.path)
    key = document.key("when")
    if rule is None or key is None or not start <= key.value_end <= end:
        return
    before = snapshot.view.rules.get(rule.id)
    state = snapshot.view.active.get(rule.id)
    if state is not None and before is not None and before.when == rule.when:
        yield Hint(offset=key.value_end, label="true here" if state else "false here: not emitted")


def _of_editors(snapshot: Snapshot, document: Document, start: int, end: int) -> Iterator[Hint]:
    if not snapshot.is_managed:
        return
    for place in places_of(document):
        if place.kind != "key" or place.path[-1:] != ("editors",) or len(place.path) not in (1, 3):
            continue
        if place.key not in snapshot.enabled:
            continue
        feed = document.text.find("\n", place.end)
        offset = feed if feed >= 0 else len(document.text)
        offset -= document.text[offset - 1 : offset] == "\r"
        if start <= offset <= end:
            rules, files, _ = gets(snapshot, place.key)
            label = f"{counted(rules, 'rule')}, {counted(files, 'file')}"
            yield Hint(offset=offset, label=label, tooltip=project_text(snapshot, place.key))
