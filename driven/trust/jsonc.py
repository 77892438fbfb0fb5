"""The values of a JSON file with the place of each, read as leniently as an editor reads it: comments, commas at the
end, single quotes, names without quotes, a file that breaks off. Nothing raises; what cannot be read is passed over.
"""

from __future__ import annotations

import re

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Scalar: TypeAlias = str | int | float | bool | None

MOST_DEPTH = 64
MOST_LEAVES = 100_000


@frozen(kw_only=False)
class Leaf:
    """A value that holds no other: `path` leads to it (names, and numbers in lists); a text's bounds are inside of its
    quotes. An empty list or object is a leaf too, of the value None."""

    path: tuple[str | int, ...]
    value: Scalar
    start: int
    end: int


_TOKEN = re.compile(
    r"(?P<mark>[{}\[\],:])"
    r"|(?P<text>\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?)"
    r"|(?P<skip>//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|/\*.*|\#[^\n]*)"
    r"|(?P<bare>[^\s{}\[\],:\"'/#]+)",
    re.DOTALL,
)
_PLAIN = {"true": True, "false": False, "null": None}


def leaves(text: str, start: int = 0, end: int | None = None) -> Iterator[Leaf]:
    """The values between two offsets, in the order of the text."""
    stack: list[list[str | int]] = []  # for each open bracket: the name or the number that the next value has
    lists: list[bool] = []
    name: tuple[str, int, int] | None = None
    count = 0
    after_colon = False
    empty = -1  # where the bracket opened that held nothing yet
    deeper = 0  # brackets open below the depth that is read
    for token in _TOKEN.finditer(text, start, len(text) if end is None else end):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if deeper or (len(stack) == MOST_DEPTH and token[0] in ("[", "{")):
            deeper += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
            empty = -1
            continue
        if kind != "mark":
            empty = -1
            if lists and not lists[-1] and not after_colon:
                name = (_read(token[0]) if kind == "text" else token[0], token.start(), token.end())
                continue
            low, high = token.span()
            value: Scalar = token[0]
            if kind == "text":
                value = _read(token[0])
                low, high = low + 1, high - (len(token[0]) > 1 and token[0][-1] == token[0][0])
            else:
                value = _PLAIN.get(token[0], token[0])
            yield Leaf(_path(stack, lists, name), value, low, high)
            count += 1
            if count >= MOST_LEAVES:
                return
            after_colon = False
            continue
        mark = token[0]
        if mark == ":":
            after_colon = True
        elif mark == ",":
            if stack and lists[-1]:
                stack[-1][0] = int(stack[-1][0]) + 1
            after_colon = False
            name = None
        elif mark in "{[":
            if stack and not lists[-1]:
                stack[-1][0] = name[0] if name is not None else ""
            stack.append([0 if mark == "[" else ""])
            lists.append(mark == "[")
            after_colon = False
            name = None
            empty = token.start()
        elif stack:
            if empty >= 0 and len(stack) > 1:
                yield Leaf(_path(stack[:-1], lists[:-1], None, inner=True), None, empty, token.end())
            empty = -1
            stack.pop()
            lists.pop()
            after_colon = False
            name = None


def _path(
    stack: list[list[str | int]], lists: list[bool], name: tuple[str, int, int] | None, inner: bool = False
) -> tuple[str | int, ...]:
    path = [level[0] for level in stack]
    if path and not lists[-1] and not inner:
        path[-1] = name[0] if name is not None else ""
    return tuple(path)


def _read(raw: str) -> str:
    """The text of a quoted one."""
    inner = raw[1:-1] if len(raw) > 1 and raw[-1] == raw[0] else raw[1:]
    if "\\" not in inner:
        return inner
    try:
        from json import loads

        return str(loads(f'"{inner}"'))
    except ValueError:
        return inner.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


# --- TOML, of which only what Codex and Gemini's commands are written in: tables, names, texts, lists on any lines

_LINE = re.compile(r"[ \t]*(?:\[\[?([^\]\n]{1,300})\]\]?|([A-Za-z0-9_.\"'-]{1,200})[ \t]*=[ \t]*)")
_EQUALS = re.compile("(\"[^\"\n]*\"|'[^'\n]*')|=")  # of an inline table; those in texts stay
_LONG_TEXT = ('"""', "'''")


def toml_leaves(text: str) -> Iterator[Leaf]:
    """The values of a TOML file, in the same form."""
    table: tuple[str | int, ...] = ()
    at = count = 0
    while at < len(text) and count < MOST_LEAVES:
        count += 1
        match = _LINE.match(text, at)
        feed = text.find("\n", at)
        feed = feed if feed >= 0 else len(text)
        if match is None:
            at = feed + 1
            continue
        if match[1] is not None:
            table = _names(match[1])
            at = feed + 1
            continue
        path = table + _names(match[2])
        low = match.end()
        if text.startswith(_LONG_TEXT, low):
            close = text.find(text[low : low + 3], low + 3)
            close = close if close >= 0 else len(text)
            yield Leaf(path, text[low + 3 : close], low + 3, close)
            feed = text.find("\n", close)
            at = (feed if feed >= 0 else len(text)) + 1
            continue
        if text[low : low + 1] in ("[", "{"):
            close = _close(text, low)
            inner = _EQUALS.sub(lambda part: part[1] or ":", text[low:close])
            for leaf in leaves(inner):
                count += 1
                yield Leaf(path + leaf.path, leaf.value, low + leaf.start, low + leaf.end)
            feed = text.find("\n", close)
            at = (feed if feed >= 0 else len(text)) + 1
            continue
        for leaf in leaves(text, low, feed):
            yield Leaf(path, leaf.value, leaf.start, leaf.end)
            break
        at = feed + 1


def _names(written: str) -> tuple[str | int, ...]:
    return tuple(part.strip().strip("\"'") for part in written.split("."))


def _close(text: str, at: int) -> int:
    """Where the bracket closes that opens at `at`; a list is read to its end, at most 20,000 characters on."""
    depth = 0
    for token in _TOKEN.finditer(text, at, at + 20_000):
        if token.lastgroup == "mark":
            depth += (token[0] in "[{") - (token[0] in "]}")
            if depth == 0:
                return token.end()
    return min(len(text), at + 20_000)
