"""A file or folder is going to be renamed: what links to it, imports it, names it or matches it follows."""

from __future__ import annotations

from driven_lsp.mentions import is_alias, is_all_written, is_written, mentions_of, rule_id_of
from driven_lsp.paths import rewritten
from driven_lsp.values import Edit, Edits, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot

_SPECIAL = frozenset("*?[]{},:#\"'\\")


def edits(snapshot: Snapshot, renames: Sequence[tuple[str, str]]) -> Edits:
    """The edits that keep everything leading where it leads; places are those before the renames. Files that driven
    writes are left alone: the next sync writes them anew."""
    moves = _Moves(snapshot, [(old.strip("/"), new.strip("/")) for old, new in renames])
    if not moves.renames:
        return Edits()
    found: list[Edit] = []
    for document in snapshot.documents():
        if is_alias(snapshot, document) or is_all_written(snapshot, document):
            continue
        if moves.is_named_in(document):
            found += _in_document(snapshot, document, moves)
    return Edits(edits=tuple(found))


class _Moves:
    """Where paths are going to be."""

    def __init__(self, snapshot: Snapshot, renames: Sequence[tuple[str, str]]) -> None:
        self.snapshot = snapshot
        self.renames = sorted([(o, n) for o, n in renames if o and n and o != n], key=lambda one: -len(one[0]))
        self.needles = {old.rpartition("/")[2].removesuffix(".md") for old, _ in self.renames}
        self.outputs: dict[str, str] = {}  # whole files of one rule that moves -> its id
        self.ids: dict[str, str] = {}
        for document in snapshot.documents() if any(_may_hold_rules(old) for old, _ in self.renames) else ():
            rule_id = rule_id_of(document.path)
            if rule_id and (there := rule_id_of(self.of(document.path))) not in ("", rule_id):
                self.ids[rule_id] = there
        if self.ids:
            for output in snapshot.outputs.values():
                if output.whole and len(output.rule_ids) == 1 and output.rule_ids[0] in self.ids:
                    self.outputs[output.path] = output.rule_ids[0]
            self.needles |= {rule_id.rpartition("/")[2] for rule_id in self.ids}
        self._written: dict[str, str] = {}

    def of(self, path: str) -> str:
        """Where a path is going to be."""
        for old, new in self.renames:
            if path == old:
                return new
            if path.startswith(old + "/"):
                return new + path[len(old) :]
        return path

    def written(self, path: str) -> str:
        """Where the next sync writes what it wrote at `path`."""
        if path not in self._written:
            from driven.frozen import replace

            self._written[path] = path
            rule = self.snapshot.rule(self.outputs[path])
            if rule is not None:
                now = self.snapshot.landings(rule)
                then = self.snapshot.landings(replace(rule, id=self.ids[rule.id]))
                for one, other in zip(now, then, strict=True):
                    if len(one.files) == len(other.files):
                        self._written.update(zip(one.files, other.files, strict=True))
        return self._written[path]

    def is_named_in(self, document: Document) -> bool:
        """Whether the text may name what moves, or moves itself."""
        text = document.text
        return "%" in text or any(needle in text for needle in self.needles) or self.of(document.path) != document.path


def _may_hold_rules(path: str) -> bool:
    return path.startswith(".driven") or ".driven".startswith(path + "/")


def _in_document(snapshot: Snapshot, document: Document, moves: _Moves) -> Iterator[Edit]:
    folder = moves.of(document.path).rpartition("/")[0] if moves.of(document.path) != document.path else None
    for mention in mentions_of(snapshot, document):
        raw = document.text[mention.start : mention.end]
        if mention.kind in ("url", "target", "marker") or is_written(snapshot, document, mention.start):
            continue
        if mention.kind == "glob" and not mention.path:
            text = _glob(raw, document, moves)
        else:
            there = moves.of(mention.path)
            if there == mention.path and mention.path in moves.outputs:
                there = moves.written(mention.path)
            if there == mention.path and (folder is None or not mention.exists):
                continue
            text = rewritten(document, mention, there, folder)
        if text != raw:
            yield Edit(place=Place(path=document.path, start=mention.start, end=mention.end), text=text)


def _glob(raw: str, document: Document, moves: _Moves) -> str:
    """A glob whose literal beginning is a folder that moves."""
    head = "./" if raw.startswith("./") else "/" if raw.startswith("/") else ""
    for old, new in moves.renames:
        if raw.startswith(old + "/", len(head)) and _SPECIAL.isdisjoint(old + new) and not document.scope:
            return head + new + raw[len(head) + len(old) :]
    return raw
