"""The outline of a document: keys of its front matter, headings; tables and keys of a settings file."""

from __future__ import annotations

import re

from driven.frozen import replace
from driven_lsp.marks import front_bounds, items_in, keys_in
from driven_lsp.values import Symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here, SymbolKind

LONGEST = 80  # characters of a detail
MOST = 5_000
_TABLE = re.compile(r"[ \t]*\[+[ \t]*([^\]\r\n]+?)[ \t]*\]")
_SETTING = re.compile(r"""[ \t]*(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([\w.-]+))[ \t]*=[ \t]*([^\r\n]*)""")


def symbols(here: Here) -> list[Symbol]:
    """The outline, in the order of the text."""
    document = here.snapshot.document(here.path)
    if document is None:
        return []
    if document.place == "driven/config":
        return _tables(document.text)
    if document.path.endswith((".yml", ".yaml")):
        return _keys(document.text, 0, len(document.text), with_items=True)
    if document.path.endswith((".json", ".jsonc", ".toml")):
        return []
    found: list[Symbol] = []
    start, end = front_bounds(document)
    if document.front is not None:
        begin = 1 if document.text[:1] == "\ufeff" else 0
        close = document.text.find("\n", end)
        stop = end if document.front.end < 0 else close if close >= 0 else len(document.text)
        keys = _keys(document.text, start, end, with_items=False)
        found.append(_symbol("front matter", "list", begin, max(stop, begin + 3), begin, begin + 3, children=keys))
    return found + _headings(document, _rules_in(here.snapshot, document))


def _rules_in(snapshot: Snapshot, document: Document) -> dict[int, str]:
    """Line -> the rule whose text begins there, in a file that several rules share."""
    if document.path not in snapshot.outputs or len(snapshot.outputs[document.path].rule_ids) < 2:
        return {}
    from driven_lsp.origin_text import parts_of

    return {document.line_of(at): rule_id for part in parts_of(snapshot, document) for at, rule_id in part.marks}


def _headings(document: Document, rules: dict[int, str]) -> list[Symbol]:
    """The headings as a tree: each goes to the next one that is not below it."""
    from driven_lsp.subjects import heading_bounds

    shift = document.body_start
    headings = document.body.headings[:MOST]
    done: list[Symbol] = []
    open_: list[tuple[int, Symbol, list[Symbol]]] = []  # level, symbol, children

    def close(level: int, end: int) -> None:
        while open_ and open_[-1][0] >= level:
            _, symbol, children = open_.pop()
            whole = replace(symbol, end=max(end, symbol.name_end), children=tuple(children))
            (open_[-1][2] if open_ else done).append(whole)

    for index, heading in enumerate(headings):
        start = heading.start + shift
        close(heading.level, start)
        name_start, name_end = heading_bounds(document, index)
        rule_id = rules.get(document.line_of(start), "")
        name = " ".join(document.text[name_start:name_end].split()) or "…"
        detail = f"rule {rule_id}" if rule_id else ""
        kind: SymbolKind = "rule" if rule_id else "heading"
        open_.append((heading.level, _symbol(name, kind, start, name_end, name_start, name_end, detail=detail), []))
    close(0, len(document.text))
    return done


def _keys(text: str, start: int, end: int, *, with_items: bool) -> list[Symbol]:
    found = []
    for name, at, value, stop in keys_in(text, start, end):
        last = max(value, at + len(name), stop - len(text[:stop]) + len(text[:stop].rstrip()))
        detail = _one_line(text[value:last])
        items: list[Symbol] = []
        if with_items and "\n" in text[value:last]:
            items = [_symbol(word, "file", a, b, a, b) for a, b, word in items_in(text, value, last)][:MOST]
            detail = ""
        found.append(_symbol(name, "key", at, last, at, at + len(name), detail=detail, children=items))
    return found


def _tables(text: str) -> list[Symbol]:
    """The tables of a TOML file with their keys; an editor's key is the editor."""
    found: list[Symbol] = []
    children: list[Symbol] = []
    table: Symbol | None = None
    at = 0
    for line in text.split("\n"):
        head = _TABLE.match(line)
        setting = None if head else _SETTING.match(line)
        end = at + len(line.rstrip())
        if head:
            if table is not None:
                found.append(replace(table, end=_last(children, table), children=tuple(children)))
            name = head[1].strip()
            kind: SymbolKind = "editor" if name.startswith("editors.") else "list"
            table = _symbol(name, kind, at, end, at + head.start(1), at + head.end(1))
            children = []
        elif setting:
            group = setting.lastindex and next(one for one in (1, 2, 3) if setting[one] is not None)
            name = setting[group or 3] or "…"
            kind = "editor" if table is not None and table.name == "editors" else "key"
            a, b = at + setting.start(group or 3), at + setting.end(group or 3)
            symbol = _symbol(name, kind, a, max(end, b), a, b, detail=_one_line(setting[4]))
            (children if table is not None else found).append(symbol)
        at += len(line) + 1
    if table is not None:
        found.append(replace(table, end=_last(children, table), children=tuple(children)))
    return found


def _last(children: list[Symbol], table: Symbol) -> int:
    return max(children[-1].end if children else 0, table.end)


def _one_line(text: str) -> str:
    shown = " ".join(text[:1_000].split())
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _symbol(
    name: str, kind: SymbolKind, start: int, end: int, name_start: int, name_end: int, *, detail: str = "",
    children: list[Symbol] | None = None,
) -> Symbol:  # fmt: skip
    return Symbol(
        name=name, kind=kind, start=start, end=max(end, name_end), name_start=name_start, name_end=name_end,
        detail=detail, children=tuple(children or ()),
    )  # fmt: skip
