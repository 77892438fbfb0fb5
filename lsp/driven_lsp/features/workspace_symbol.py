"""Rules, headings, rule files and editors of the whole project, found by a few letters of their names."""

from __future__ import annotations

from driven.project.config import CONFIG
from driven_lsp.mentions import is_alias, is_written, rule_id_of
from driven_lsp.subjects import heading_bounds, title_bounds
from driven_lsp.values import Found, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven.document.body import Body
    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import SymbolKind

MOST = 200
_BREAKS = frozenset(" -_/.`*(\"'")
_ORDER: dict[SymbolKind, int] = {"rule": 0, "file": 1, "editor": 2, "heading": 3}
# Of what the names are taken: (order, shown name, what is matched, document, index of a heading or -1)
Candidate = tuple["SymbolKind", str, str, "Document", int]


def find(snapshot: Snapshot, query: str) -> list[Found]:
    """What holds the letters of the query in their order, the best first. Without letters, all rules and files."""
    letters = "".join(query.split()).lower()
    scored: list[tuple[float, int, str, int, Candidate]] = []
    for number, candidate in enumerate(_candidates(snapshot)):
        kind, name, low, _, _ = candidate
        if not letters:
            if kind != "heading":
                scored.append((0.0, _ORDER[kind], name, number, candidate))
            continue
        score = _score(letters, low)
        if score is not None:
            scored.append((-score, _ORDER[kind], name, number, candidate))
        if number & 1023 == 1023 and snapshot.stopped():
            return []
    scored.sort(key=lambda one: one[:4])
    return [_found(snapshot, candidate) for *_, candidate in scored[:MOST]]


def _candidates(snapshot: Snapshot) -> Iterator[Candidate]:
    for document in snapshot.documents():
        if document.path == CONFIG:
            for name in snapshot.enabled:
                title = snapshot.targets[name].title if name in snapshot.targets else name
                yield "editor", title, title.lower(), document, -1
            continue
        if document.place.endswith(("/config", "/settings", "/mcp", "/hooks", "/cli")):
            continue
        rule_id = rule_id_of(document.path)
        if is_alias(snapshot, document) or (not rule_id and is_written(snapshot, document, document.body_start)):
            continue
        if rule_id:
            yield "rule", rule_id, rule_id, document, -1
        else:
            yield "file", document.path, document.path.lower(), document, -1
        for index, (name, low) in enumerate(document.body.shared("driven_lsp.headings", _names)):
            yield "heading", name, low, document, index


def _names(body: Body) -> list[tuple[str, str]]:
    """The headings' texts, also in lower case."""
    found = []
    for heading in body.headings:
        name = " ".join(body.text[heading.text_start : heading.end].split("\n")[0].strip().rstrip("#").split())
        found.append((name, name.lower()))
    return found


def _found(snapshot: Snapshot, candidate: Candidate) -> Found:
    kind, name, _, document, index = candidate
    rule_id = rule_id_of(document.path)
    if kind == "editor":
        from driven_lsp.marks import marks_of

        for mark, start, end, word in marks_of(document):
            if mark == "target" and word in snapshot.targets and snapshot.targets[word].title == name:
                return Found(name=name, kind=kind, place=Place(path=CONFIG, start=start, end=end), container=CONFIG)
        return Found(name=name, kind=kind, place=Place(path=CONFIG), container=CONFIG)
    if index >= 0:
        start, end = heading_bounds(document, index)
        container = rule_id or document.path
    else:
        start, end = title_bounds(document) or (0, 0)
        container = document.text[start:end] if kind == "rule" else document.editor
    return Found(
        name=name or "…", kind=kind, place=Place(path=document.path, start=start, end=end), container=container
    )


def _score(letters: str, low: str) -> float | None:
    """How well a name holds the letters in order: whole words and beginnings of words count most; None when it does
    not."""
    if letters in low:
        at = low.index(letters)
        starts = at == 0 or low[at - 1] in _BREAKS
        return 200.0 + (100.0 if starts else 0.0) + (50.0 if len(low) == len(letters) else 0.0) - len(low) * 0.1
    at = -1
    score = 0.0
    for letter in letters:
        found = low.find(letter, at + 1)
        if found < 0:
            return None
        if found == at + 1 and at >= 0:
            score += 5.0
        elif found == 0 or low[found - 1] in _BREAKS:
            score += 4.0
        else:  # perhaps a word that begins with it stands further on
            score -= min(3.0, (found - at) * 0.2)
        at = found
    return score - len(low) * 0.1
