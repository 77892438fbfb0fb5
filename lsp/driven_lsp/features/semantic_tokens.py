"""textDocument/semanticTokens/full: keys, globs, editors, rules, imports and conditions, for any theme to colour."""

from __future__ import annotations

import re
from bisect import bisect_right

from driven_lsp import mentions
from driven_lsp.condition_text import calls_in
from driven_lsp.front_place import front_bounds, places_of
from driven_lsp.marks import GLOB_KEYS
from driven_lsp.values import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from driven.document.document import Document
    from driven_lsp.front_place import FrontPlace
    from driven_lsp.mentions import Mention
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here, TokenKind

MOST = 20_000  # tokens of one document
_COMMENT = re.compile(r"(?:^[ \t]*|(?<=[\r\n])[ \t]*|[ \t])(#[^\r\n]*)")
_OURS = re.compile(r"<!--[ \t]*driven[:-][^\r\n]{0,400}?-->")
_NAMED: dict[str, TokenKind] = {
    "link": "rule", "rule": "rule", "import": "import", "glob": "glob", "target": "editor",
}  # fmt: skip


def tokens(here: Here) -> list[Token]:
    """The tokens of a document, in order; none overlaps another or spans lines."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None or not document.place:
        return []
    places = list(places_of(document))
    found = [*_of_mentions(snapshot, document), *_of_front(document, places), *_of_comments(document, places)]
    return _apart(document.text, found)[:MOST]


def _of_mentions(snapshot: Snapshot, document: Document) -> Iterator[Token]:
    for mention in mentions.mentions_of(snapshot, document):
        kind = _kind(mention)
        if kind is not None:
            yield Token(start=mention.start, end=mention.end, kind=kind)


def _kind(mention: Mention) -> TokenKind | None:
    """A link counts where it leads to a rule: any other is the client's own to colour."""
    if mention.kind in ("link", "path"):
        return "rule" if mention.rule_id else None
    return _NAMED.get(mention.kind)


def _of_front(document: Document, places: Iterable[FrontPlace]) -> Iterator[Token]:
    """Keys and values, of a text that no reader can read as well."""
    for place in places:
        if place.kind == "key":
            yield Token(start=place.start, end=place.end, kind="editor" if _is_editor(document, place) else "key")
        elif place.top == "when" and document.place == "driven/rule":
            yield from _of_condition(place)
        elif place.key in GLOB_KEYS or (place.key == "targets" and document.place == "driven/rule"):
            continue  # mentions tell the globs of a list apart, and an editor from the `-` before it
        elif place.key != "description":
            yield Token(start=place.start, end=place.end, kind="value")


def _is_editor(document: Document, place: FrontPlace) -> bool:
    if document.place == "driven/rule":
        return place.path == ("extra",)
    return document.place == "driven/config" and place.path == ("editors",)


def _of_condition(place: FrontPlace) -> Iterator[Token]:
    for name, _, start, end, inner, after in calls_in(place.text):
        yield Token(start=place.start + start, end=place.start + end, kind="function")
        if after > inner >= 0:
            yield Token(start=place.start + inner, end=place.start + after, kind="glob" if name == "files" else "value")


def _of_comments(document: Document, places: Sequence[FrontPlace]) -> Iterator[Token]:
    """Comments of front matter and settings, and those in the text that driven reads."""
    text = document.text
    toml = document.place == "driven/config" or document.name.endswith((".toml", ".yml", ".yaml"))
    bounds = None if toml else front_bounds(document)
    if toml or bounds is not None:
        start, end = (0, len(text)) if bounds is None else (bounds.start, bounds.end)
        starts = [place.start for place in places]
        at = start
        while match := _COMMENT.search(text, at, end):
            comment = match.start(1)
            before = bisect_right(starts, comment) - 1
            if before >= 0 and comment < places[before].end:
                at = max(places[before].end, comment + 1)  # it stands in quotes
            else:
                yield Token(start=comment, end=match.end(), kind="comment")
                at = match.end()
    if "driven" in text:
        for match in _OURS.finditer(text, 0 if bounds is None else bounds.end):
            yield Token(start=match.start(), end=match.end(), kind="comment")


def _apart(text: str, found: Iterable[Token]) -> list[Token]:
    """Sorted; of two that overlap the first one stays; one that spans lines is cut into its lines."""
    apart: list[Token] = []
    last = 0
    order = {"comment": 1}
    for token in sorted(found, key=lambda token: (token.start, order.get(token.kind, 0))):
        start, end = max(token.start, 0), min(token.end, len(text))
        if start < last or end <= start:
            continue
        last = end
        part = text[start:end]
        if "\n" not in part and "\r" not in part:
            apart.append(token)
            continue
        for match in re.finditer(r"[^\r\n]+", part):
            bare = match[0].strip()
            if bare:
                at = start + match.start() + match[0].index(bare)
                apart.append(Token(start=at, end=at + len(bare), kind=token.kind))
    return apart
