"""What stands at a place of front matter or of a settings file (YAML, TOML), also while it is typed and no reader could
read it: a key, a value, an item of a list, or a blank line where one of them may come."""

from __future__ import annotations

import re

from driven.frozen import frozen
from driven_lsp.front_flow import QUOTES, Flow
from driven_lsp.front_lines import LINE, SEGMENT, YAML_KEY, Node, line_end_of, read_toml, read_yaml, unquoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from driven.document.document import Document

    PlaceKind = Literal["key", "value", "item", "blank"]

LONGEST = 1 << 16  # characters of one front matter; more are nobody's
_OPENING = re.compile("\ufeff?---[ \t]*(?:\r\n|\r|\n|$)")
_KEY_BEGINS = re.compile(r"[\w$\"'-]+[ \t]*(?::|$)")
_CLOSING = re.compile("(?:^|(?<=[\r\n]))---[ \t]*(?=[\r\n]|$)")


@frozen
class FrontPlace:
    """One word of front matter: `start` to `end` are its offsets without quotes.

    kind     `key`: a key's name; `value`: the value of `key` (all of its text on this line); `item`: an item of the
             list of `key`; `blank`: nothing stands here yet, a key (or, `in_list`, an item of the list `path[-1]`) may
    key      the key that this is, or whose value or item this is; "" when unknown
    path     the keys above it: `("extra", "cursor")`; of config.toml the tables: `("editors",)`
    used     the names of the other keys of the same map; of an item, the other items
    is_table in the brackets of a TOML table's head: `text` is one part of its name, `path` the parts before it
    """

    kind: PlaceKind
    key: str
    path: tuple[str, ...]
    text: str
    start: int
    end: int
    quoted: bool = False
    in_list: bool = False
    used: tuple[str, ...] = ()
    is_table: bool = False
    line_start: int = 0
    flow: bool = False  # inside brackets

    @property
    def top(self) -> str:
        """The outermost key."""
        return self.path[0] if self.path else self.key


@frozen
class FrontBounds:
    """Where front matter stands: `start` to `end` is what lies between the `---` lines."""

    start: int
    end: int
    closed: bool


def front_bounds(document: Document) -> FrontBounds | None:
    """Where the front matter stands; None without. One that is never closed ends before its first blank line that is
    followed by no key."""
    text = document.text
    opening = _OPENING.match(text)
    if opening is None:
        return None
    start = opening.end()
    closing = _CLOSING.search(text, start)
    if closing is not None:
        return FrontBounds(start=start, end=closing.start(), closed=True)
    end = start
    blank = False
    for found in LINE.finditer(text, start):
        line = found[1]
        if not line.strip():
            blank = True
        elif line[:1] not in (" \t-" if blank else " \t-#]}") and not (YAML_KEY if blank else _KEY_BEGINS).match(line):
            break
        else:
            blank = False
        end = found.end() if blank or not found[2] else found.start() + len(line) + len(found[2])
        if not found[2]:
            break
    return FrontBounds(start=start, end=end, closed=False)


def place_at(document: Document, offset: int) -> FrontPlace | None:
    """What stands at an offset; None in comments, and outside of front matter and of settings in YAML and TOML."""
    kind, start, end = _region(document)
    text = document.text
    if not kind or not start <= offset <= end or end - start > LONGEST or text[start - 1 : start] == "-":
        return None
    nodes = _nodes(kind, text, start, end)
    line_start = max(text.rfind("\n", start, offset), text.rfind("\r", start, offset), start - 1) + 1
    if kind == "yaml" and offset == end > start and text[offset - 1] in "\r\n" and text[offset : offset + 3] == "---":
        return None  # before the closing line: that is not a place to write
    node = next((one for one in nodes if one.line_start <= offset <= one.last), None)
    if node is None:
        line = text[line_start : line_end_of(text, line_start, end)]
        if line.strip():
            return None  # a comment
        return _blank(kind, text, nodes, offset, line_start)
    return _place(kind, text, nodes, node, offset)


def places_of(document: Document) -> Iterator[FrontPlace]:
    """Every key, value and item, in order."""
    kind, start, end = _region(document)
    if not kind or end - start > LONGEST:
        return
    text = document.text
    nodes = _nodes(kind, text, start, end)
    for node in nodes:
        if node.is_head:
            for part in SEGMENT.finditer(text, node.start, node.end):
                yield _of_head(text, node, part.start())
            continue
        if node.key_start >= 0:
            place = _place(kind, text, nodes, node, node.key_start)
            if place is not None:
                yield place
        if node.flow is not None:
            yield from _of_flow_all(text, node, node.flow, node.path, node.name)
        elif node.end > node.start:
            place = _place(kind, text, nodes, node, node.start)
            if place is not None:
                yield place


def part_at(place: FrontPlace, offset: int, comma: str = ",") -> tuple[int, int, str]:
    """The one glob at an offset in a value that joins several by commas, as (start, end, text); commas in braces are
    no ends."""
    depth = 0
    start = place.start
    found = [place.start]
    for at, char in enumerate(place.text, place.start):
        if char == "{":
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
        elif char == comma and not depth:
            found.append(at + 1)
    for start, after in zip(found, [*[at - 1 for at in found[1:]], place.end], strict=True):
        if offset <= after or after == place.end:
            text = place.text[start - place.start : after - place.start]
            lead = len(text) - len(text.lstrip())
            return min(start + lead, max(offset, start)), after - (len(text) - len(text.rstrip())), text.strip()
    return place.start, place.end, place.text


def _region(document: Document) -> tuple[str, int, int]:
    """("yaml" or "toml" or "", start, end) of what can be read."""
    name = document.path.rpartition("/")[2].lower()
    start = 1 if document.text[:1] == "\ufeff" else 0
    if name.endswith(".toml"):
        return "toml", start, len(document.text)
    if name.endswith((".yml", ".yaml")):
        return "yaml", start, len(document.text)
    if name.endswith((".json", ".jsonc")):
        return "", 0, 0
    bounds = front_bounds(document)
    return ("yaml", bounds.start, bounds.end) if bounds is not None else ("", 0, 0)


def _nodes(kind: str, text: str, start: int, end: int) -> list[Node]:
    return read_toml(text, start, end) if kind == "toml" else read_yaml(text, start, end)


def _keys_beside(nodes: list[Node], path: tuple[str, ...], but: Node | None) -> tuple[str, ...]:
    """The names of the keys of a map; tables below it count."""
    names = [one.name for one in nodes if one.key_start >= 0 and one is not but and one.path == path]
    names += [one.path[len(path)] for one in nodes if one.is_head and len(one.path) > len(path) and one is not but
              and one.path[: len(path)] == path]  # fmt: skip
    names += [one.path[len(path)] for one in nodes if one.key_start >= 0 and one is not but and not one.indent
              and len(one.path) > len(path) and one.path[: len(path)] == path]  # fmt: skip
    return tuple(dict.fromkeys(names))


def _blank(kind: str, text: str, nodes: list[Node], offset: int, line_start: int) -> FrontPlace:
    before = [one for one in nodes if one.line_start < offset]
    path: tuple[str, ...] = ()
    in_list = False
    if kind == "toml":
        heads = [one for one in before if one.is_head]
        path = heads[-1].path if heads else ()
    else:
        column = offset - line_start
        owner = next((one for one in reversed(before) if one.key_start >= 0 and one.indent < column), None)
        if owner is not None:
            path = (*owner.path, owner.name)
            in_list = any(one.is_item and (*one.path, one.name) == path for one in nodes)
    used = _keys_beside(nodes, path, None)
    if in_list:
        used = _items(text, nodes, path, None)
    return FrontPlace(
        kind="blank", key="", path=path, text="", start=offset, end=offset, used=used, in_list=in_list,
        line_start=line_start,
    )  # fmt: skip


def _items(text: str, nodes: list[Node], path: tuple[str, ...], but: Node | None) -> tuple[str, ...]:
    return tuple(
        unquoted(text[one.start : one.end])
        for one in nodes
        if one.is_item and one is not but and (*one.path, one.name) == path
    )


def _place(kind: str, text: str, nodes: list[Node], node: Node, offset: int) -> FrontPlace | None:
    if node.is_head:
        return _of_head(text, node, offset, nodes) if node.start <= offset <= node.end else None
    if node.key_start >= 0 and offset <= node.sep:
        if offset < node.key_start:
            offset = node.key_start
        return _word(
            "key", text, node.key_start, node.key_end, offset, node, node.name, node.path,
            used=_keys_beside(nodes, node.path, node),
        )  # fmt: skip
    if node.flow is not None and node.flow.open < offset and (
        offset < node.flow.end or (offset == node.flow.end and not node.flow.closed)
    ):  # fmt: skip
        return _of_flow(text, node, node.flow, node.path, node.name, offset)
    if offset > node.line_end and node.flow is not None:
        return None
    if offset > node.end:
        if text[node.start : node.start + 1] in ("[", "{", '"', "'") or text[node.end : offset].strip():
            return None  # behind quotes or brackets, or in a comment
        return _word("item" if node.is_item else "value" if node.sep >= 0 else "key", text, node.start, offset, offset,
                     node, node.name, node.path, used=_beside(kind, text, nodes, node))  # fmt: skip
    if node.sep < 0:
        return _word(
            "key", text, node.start, node.end, offset, node, text[node.start : node.end], node.path,
            used=_keys_beside(nodes, node.path, node),
        )  # fmt: skip
    return _word(
        "item" if node.is_item else "value", text, node.start, node.end, offset, node, node.name, node.path,
        used=_beside(kind, text, nodes, node),
    )  # fmt: skip


def _beside(kind: str, text: str, nodes: list[Node], node: Node) -> tuple[str, ...]:
    if node.is_item:
        return _items(text, nodes, (*node.path, node.name), node)
    return _keys_beside(nodes, node.path, node)


def _word(
    kind: PlaceKind, text: str, start: int, end: int, offset: int, node: Node, key: str, path: tuple[str, ...], *,
    used: tuple[str, ...] = (), in_flow: bool = False, in_list: bool = False,
) -> FrontPlace:  # fmt: skip
    """The place of a word, quotes aside."""
    quoted = text[start : start + 1] in ('"', "'") and start < end
    if quoted:
        quote = text[start]
        if end - start > 1 and text[end - 1] == quote:
            end -= 1
        start += 1
    elif offset < start:
        start = offset
    return FrontPlace(
        kind=kind, key=key, path=path, text=text[start:end].lstrip() if not quoted else text[start:end], start=start,
        end=end, quoted=quoted, in_list=in_list or node.is_item, used=used, line_start=node.line_start, flow=in_flow,
    )  # fmt: skip


def _of_head(text: str, node: Node, offset: int, nodes: list[Node] | None = None) -> FrontPlace:
    """A part of a TOML table's name."""
    before: list[str] = []
    part = (offset, offset)
    for found in SEGMENT.finditer(text, node.start, node.end):
        if found.start() <= offset <= found.end():
            part = found.span()
            break
        if found.end() < offset:
            before.append(unquoted(found[0]))
    path = tuple(before)
    used = _keys_beside(nodes, path, node) if nodes is not None else ()
    made = _word("key", text, *part, offset, node, unquoted(text[slice(*part)]), path, used=used)
    return FrontPlace(
        kind="key", key=made.text, path=path, text=made.text, start=made.start, end=made.end, quoted=made.quoted,
        used=used, is_table=True, line_start=node.line_start,
    )  # fmt: skip


def _of_flow(text: str, node: Node, flow: Flow, path: tuple[str, ...], key: str, offset: int) -> FrontPlace:
    """What stands in brackets."""
    while True:
        slot = next((one for one in flow.slots if one.slot_start <= offset <= one.slot_end), flow.slots[-1])
        inner = slot.child
        inside = inner is not None and inner.open < offset and (
            offset < inner.end or (offset == inner.end and not inner.closed)
        )  # fmt: skip
        if flow.is_map:
            path = (*path, key)
            key = unquoted(text[slot.key_start : slot.key_end]) if slot.key_start >= 0 else ""
        if inner is None or not inside:
            break
        flow = inner
    empty = slot.start >= slot.end
    start, end = (offset, offset) if empty else (slot.start, slot.end)
    if not flow.is_map:
        others = tuple(
            unquoted(text[one.start : one.end]) for one in flow.slots if one is not slot and one.end > one.start
        )
        if text[start : start + 1] not in QUOTES and end < offset <= slot.slot_end and "\n" not in text[end:offset]:
            end = offset
        return _word("item", text, start, end, offset, node, key, path, used=others, in_flow=True, in_list=True)
    names = tuple(
        unquoted(text[one.key_start : one.key_end] if one.key_start >= 0 else text[one.start : one.end])
        for one in flow.slots
        if one is not slot and (one.key_start >= 0 or one.end > one.start)
    )
    if slot.sep >= 0 and offset > slot.sep:
        return _word("value", text, start, end, offset, node, key, path, used=names, in_flow=True)
    if slot.key_start >= 0:
        return _word("key", text, slot.key_start, slot.key_end, offset, node, key, path, used=names, in_flow=True)
    kind: PlaceKind = "blank" if empty else "key"
    return _word(kind, text, start, end, offset, node, text[start:end], path, used=names, in_flow=True)


def _of_flow_all(text: str, node: Node, flow: Flow, path: tuple[str, ...], key: str) -> Iterator[FrontPlace]:
    inner = (*path, key)
    for slot in flow.slots:
        name = key
        if flow.is_map:
            name = unquoted(text[slot.key_start : slot.key_end]) if slot.key_start >= 0 else ""
            if slot.key_start >= 0:
                yield _word("key", text, slot.key_start, slot.key_end, slot.key_start, node, name, inner, in_flow=True)
        if slot.child is not None:
            yield from _of_flow_all(text, node, slot.child, inner if flow.is_map else path, name)
        elif slot.end > slot.start:
            kind: PlaceKind = "value" if flow.is_map else "item"
            at = inner if flow.is_map else path
            yield _word(
                kind, text, slot.start, slot.end, slot.start, node, name, at, in_flow=True, in_list=not flow.is_map
            )
