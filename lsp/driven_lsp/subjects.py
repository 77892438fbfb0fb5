"""What somebody points at: a rule, a file, an editor, a tag; and everywhere that it is named."""

from __future__ import annotations

from driven.frozen import frozen
from driven_lsp.marks import front_bounds, items_in, keys_in
from driven_lsp.mentions import is_alias, is_all_written, is_written, mention_at, mentions_of, rule_id_of, rule_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from driven.document.document import Document
    from driven_lsp.mentions import Mention
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here


@frozen
class Subject:
    """What stands from `start` to `end`; `name`: the rule's id, the file's path, the editor, the tag."""

    kind: Literal["rule", "file", "editor", "tag"]
    name: str
    start: int
    end: int
    mention: Mention | None = None


def subject_at(here: Here, *, text: bool = False) -> Subject | None:
    """What somebody points at. A rule is also its title and its description, in its file and where it is emitted; with
    `text` also the text of a link to it."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None:
        return None
    mention = mention_at(snapshot, document, here.offset, text=text)
    if mention is not None:
        word = document.text[mention.start : mention.end]
        if mention.rule_id:
            return Subject(kind="rule", name=mention.rule_id, start=mention.start, end=mention.end, mention=mention)
        if mention.kind in ("target", "marker"):
            return Subject(kind="editor", name=word, start=mention.start, end=mention.end, mention=mention)
        if mention.path:
            return Subject(kind="file", name=mention.path, start=mention.start, end=mention.end, mention=mention)
        return None
    for start, end, tag in tags_of(document):
        if start <= here.offset <= end:
            return Subject(kind="tag", name=tag, start=start, end=end)
    titled = title_at(document, here.offset)
    if titled is None:
        return None
    rule_id = rule_id_of(document.path) or _emitted_from(snapshot, document, here.offset)
    return Subject(kind="rule", name=rule_id, start=titled[0], end=titled[1]) if rule_id else None


def title_bounds(document: Document) -> tuple[int, int] | None:
    """The text of the first heading."""
    headings = document.body.headings
    if not headings:
        return None
    return heading_bounds(document, 0)


def heading_bounds(document: Document, index: int) -> tuple[int, int]:
    """The text of a heading, without the marks around it."""
    heading = document.body.headings[index]
    text = document.body.text[heading.text_start : heading.end].split("\n")[0]
    shown = text.strip().rstrip("#").rstrip() or text.strip()
    start = document.body_start + heading.text_start + len(text) - len(text.lstrip())
    return start, start + len(shown)


def title_at(document: Document, offset: int) -> tuple[int, int] | None:
    """The title or the description that stands at an offset: bounds of its text."""
    line = document.line_of(offset)
    first = title_bounds(document)
    if first is not None and document.line_of(first[0]) == line:
        return first
    start, end = front_bounds(document)
    for name, at, value, stop in keys_in(document.text, start, end):
        if name == "description" and at <= offset <= stop and offset < max(end, at + 1):
            text = document.text[value:stop]
            return value + len(text) - len(text.lstrip()), max(value + len(text.rstrip()), value)
    if document.place != "driven/rule" and first is not None:  # a section of a file that several rules share
        for index, heading in enumerate(document.body.headings):
            if document.line_of(document.body_start + heading.text_start) == line:
                return heading_bounds(document, index)
    return None


def tags_of(document: Document) -> Iterator[tuple[int, int, str]]:
    """(start, end, tag) of each tag of a rule."""
    if document.place != "driven/rule" or "tags" not in document.text:
        return
    for name, _, value, stop in keys_in(document.text, *front_bounds(document)):
        if name == "tags":
            yield from items_in(document.text, value, stop)


def named(snapshot: Snapshot, subject: Subject, *, written: bool = False) -> Iterator[tuple[Document, int, int]]:
    """Everywhere that a subject is named, as (document, start, end): in rules, in the configuration and in the files
    that people write. `written`: also in what driven writes."""
    needle = _needle(snapshot, subject)
    for document in snapshot.documents():
        if is_alias(snapshot, document) or (not written and is_all_written(snapshot, document)):
            continue
        if needle in document.text or "%" in document.text:
            for start, end in named_in(snapshot, document, subject):
                if written or not is_written(snapshot, document, start):
                    yield document, start, end


def named_in(snapshot: Snapshot, document: Document, subject: Subject) -> Iterator[tuple[int, int]]:
    """Where one document names a subject."""
    if subject.kind == "tag":
        for start, end, tag in tags_of(document):
            if tag == subject.name:
                yield start, end
        return
    for mention in mentions_of(snapshot, document):
        if is_same(document, mention, subject):
            yield mention.start, mention.end


def is_same(document: Document, mention: Mention, subject: Subject) -> bool:
    """Whether a mention names the subject. A link to a heading of the same file does not name the file."""
    match subject.kind:
        case "rule":
            same = mention.rule_id == subject.name
        case "editor":
            word = document.text[mention.start : mention.end]
            return mention.kind in ("target", "marker") and word == subject.name
        case _:
            same = bool(mention.path) and mention.path == subject.name and mention.kind not in ("target", "marker")
    return same and document.text[mention.start : mention.start + 1] != "#"


def _needle(snapshot: Snapshot, subject: Subject) -> str:
    """What every text that names a subject holds."""
    if subject.kind == "rule":
        path = rule_ids(snapshot).get(subject.name, subject.name)
        stem = path.rpartition("/")[2].removesuffix(".md")
        last = subject.name.rpartition("/")[2]
        return stem if stem == last else ""  # the file is written in other letters than the id
    if subject.kind == "file":
        return subject.name.rpartition("/")[2].removesuffix(".md")
    return subject.name


def _emitted_from(snapshot: Snapshot, document: Document, offset: int) -> str:
    """The rule whose title stands at an offset of an emitted file, "" when that is no title."""
    if document.path not in snapshot.outputs:
        return ""
    from driven_lsp.origin_text import part_at, parts_of

    part = part_at(parts_of(snapshot, document), offset)
    if part is None or not part.marks:
        return ""
    line = document.line_of(offset)
    rule_id = part.rule_at(offset)
    if any(document.line_of(start) == line for start, one in part.marks if one == rule_id):
        return rule_id
    first = title_bounds(document)
    return rule_id if len(part.rule_ids) == 1 and first is not None and document.line_of(first[0]) == line else ""
