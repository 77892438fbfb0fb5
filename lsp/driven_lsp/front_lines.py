"""The lines of YAML and TOML while they are typed: which keys, values and items stand in them. Never an error."""

from __future__ import annotations

import re
from functools import partial

from driven_lsp.front_flow import QUOTES, Flow, read_flow, string_end

_YAML_STOP = re.compile(r"[\w$-]+:(?=[\s]|$)")
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?$")
LINE = re.compile("([^\r\n]*)(\r\n|\r|\n|$)")
YAML_KEY = re.compile(
    r"(\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s#\-\[\]{},:\"'&*!|>%@`][^:#\r\n]*|-[\w-][^:#\r\n]*):(?=[ \t]|$)"
)
_TOML_KEY = re.compile(r"((?:\"[^\"\r\n]*\"|'[^'\r\n]*'|[\w\-. \t])+)=")
_TOML_HEAD = re.compile(r"\[\[?([^\]\r\n#]*)")
_TOML_STOP = re.compile(r"[ \t]*(?:[\w.-]+[ \t]*=(?!=)|\[\[?[A-Za-z_][\w.\"-]*\]\]?[ \t]*(?:#.*)?(?=[\r\n]|$))")
_COMMENT = re.compile(r"(?:^|[ \t])#")
SEGMENT = re.compile(r"\"([^\"]*)\"?|'([^']*)'?|[^.\s\"']+")


class Node:
    """A line that says something: a key with its value, an item of a list, or a word that may become one."""

    __slots__ = (
        "end", "flow", "indent", "is_head", "is_item", "key_end", "key_start", "last", "line_end", "line_start", "name",
        "path", "sep", "start",
    )  # fmt: skip

    def __init__(self, line_start: int, line_end: int, indent: int, path: tuple[str, ...]) -> None:
        self.line_start = line_start
        self.line_end = line_end
        self.last = line_end  # of the whole node: brackets may span lines
        self.indent = indent
        self.path = path
        self.name = ""
        self.key_start = self.key_end = -1  # quotes included
        self.sep = -1
        self.start = self.end = -1  # the value on this line, quotes included
        self.flow: Flow | None = None
        self.is_item = False
        self.is_head = False


def line_end_of(text: str, at: int, limit: int) -> int:
    found = LINE.match(text, at, limit)
    return found.end(1) if found else limit


def _value_end(text: str, start: int, line_end: int) -> int:
    """Where the value that begins at `start` ends: before a comment and the blanks at the end of the line."""
    if text[start : start + 1] in ('"', "'"):
        return string_end(text, start, line_end)
    comment = _COMMENT.search(text[start:line_end])
    end = start + comment.start() if comment else line_end
    while end > start and text[end - 1] in " \t":
        end -= 1
    return end


def skip(text: str, at: int, limit: int) -> int:
    while at < limit and text[at] in " \t":
        at += 1
    return at


def unquoted(text: str) -> str:
    if text[:1] in ('"', "'"):
        return text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    return text


def read_yaml(text: str, start: int, end: int) -> list[Node]:
    nodes: list[Node] = []
    stack: list[Node] = []  # the keys that the line may stand below
    block = -1  # the indent of a key whose value is a block of text
    at = start
    while at < end:
        line_end = line_end_of(text, at, end)
        content = skip(text, at, line_end)
        indent = content - at
        after = line_end + (2 if text[line_end : line_end + 2] == "\r\n" else 1)
        if content == line_end:
            at = after
            continue
        if block >= 0 and indent > block and stack:
            owner = stack[-1]
            node = Node(at, line_end, indent, owner.path)
            node.name = owner.name
            node.start, node.end = content, line_end
            node.sep = content
            nodes.append(node)
            at = after
            continue
        block = -1
        if text[content] == "#" or (text.startswith(("---", "..."), content) and not indent):
            at = after
            continue
        is_item = text[content] == "-" and text[content + 1 : content + 2] in ("", " ", "\t", "\r", "\n")
        while stack and (stack[-1].indent > indent or (stack[-1].indent == indent and not _holds(stack[-1], is_item))):
            stack.pop()
        path = (*stack[-1].path, stack[-1].name) if stack else ()
        node = Node(at, line_end, indent, path)
        nodes.append(node)
        if is_item:
            node.is_item = True
            node.name = path[-1] if path else ""
            node.path = path[:-1]
            node.key_start = -1
            content = min(skip(text, content + 1, line_end), line_end)
            node.sep = content
        found = YAML_KEY.match(text, content, line_end)
        if found is not None and not (is_item and text[content] in QUOTES and not found[1].endswith(text[content])):
            if is_item:  # a map in a list
                node.is_item = False
                node.path = path
                node.indent = content - at
            node.key_start = found.start(1)
            node.key_end = node.key_start + len(found[1].rstrip(" \t"))
            node.name = unquoted(text[node.key_start : node.key_end])
            node.sep = found.end() - 1
            stack.append(node)
            content = skip(text, found.end(), line_end)
        node.start, node.end = content, _value_end(text, content, line_end)
        char = text[content : content + 1] if content < line_end else ""
        if char in ("[", "{") and char and (node.sep >= 0):
            node.flow = read_flow(text, content, end, ":", partial(_begins_key, text, indent))
            node.end = node.flow.end
            node.last = max(line_end, node.flow.end)
            if node.last > line_end:
                node.last = max(node.flow.end, line_end_of(text, node.flow.end, end))
                after = node.last + (2 if text[node.last : node.last + 2] == "\r\n" else 1)
        elif char in ("|", ">") and char and node.key_start >= 0 and _BLOCK.match(text[content:line_end]):
            block = node.indent
        if node.sep < 0 and path and stack and stack[-1].end > stack[-1].start and indent > stack[-1].indent:
            node.name, node.path, node.sep = stack[-1].name, stack[-1].path, content  # a text that goes on
        at = after
    return nodes


def _holds(key: Node, is_item: bool) -> bool:
    """Whether an item of the same indent is one of the key's list."""
    return is_item and key.end <= key.start


def _begins_key(text: str, deepest: int, at: int) -> bool:
    content = skip(text, at, len(text))
    if content - at > deepest:
        return False
    if text.startswith("---", content):
        return True
    return _YAML_STOP.match(text, content) is not None


def read_toml(text: str, start: int, end: int) -> list[Node]:
    nodes: list[Node] = []
    table: tuple[str, ...] = ()
    at = start
    while at < end:
        line_end = line_end_of(text, at, end)
        content = skip(text, at, line_end)
        after = line_end + (2 if text[line_end : line_end + 2] == "\r\n" else 1)
        if content == line_end or text[content] == "#":
            at = after
            continue
        node = Node(at, line_end, 0, table)
        nodes.append(node)
        head = _TOML_HEAD.match(text, content, line_end)
        if head is not None:
            node.is_head = True
            node.start, node.end = head.span(1)
            node.path = table = tuple(_segments(head[1]))
            at = after
            continue
        found = _TOML_KEY.match(text, content, line_end)
        if found is None:
            node.start, node.end = content, _value_end(text, content, line_end)
            at = after
            continue
        parts = list(SEGMENT.finditer(text, *found.span(1)))
        if parts:
            names = [unquoted(part[0]) for part in parts]
            node.path = (*table, *names[:-1])
            node.name = names[-1]
            node.key_start, node.key_end = parts[-1].span()
        else:
            node.key_start, node.key_end = found.span(1)
        node.sep = found.end() - 1
        content = skip(text, found.end(), line_end)
        node.start, node.end = content, _value_end(text, content, line_end)
        if text[content : content + 1] in ("[", "{") and content < line_end:
            node.flow = read_flow(text, content, end, "=", partial(_begins_toml, text))
            node.end = node.flow.end
            if node.end > line_end:
                node.last = line_end_of(text, node.end, end)
                after = node.last + (2 if text[node.last : node.last + 2] == "\r\n" else 1)
        at = after
    return nodes


def _begins_toml(text: str, at: int) -> bool:
    return _TOML_STOP.match(text, at) is not None


def _segments(text: str) -> list[str]:
    return [unquoted(part[0]) for part in SEGMENT.finditer(text)]
