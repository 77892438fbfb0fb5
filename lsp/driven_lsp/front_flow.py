"""Lists and maps in brackets, YAML's and TOML's, as they are while somebody types: their parts, never an error."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

QUOTES = "\"'"
_PLAIN_END = {
    ":": re.compile(r"[,\]\}\[\{\n\r]|:(?=[\s,\]\}]|$)|[ \t]#"),
    "=": re.compile(r"[,\]\}\[\{\n\r=#]"),
}
_LINE_END = re.compile(r"[\n\r]|$")
WIDEST = 200  # characters of the braces or brackets inside a glob
DEEPEST = 16  # containers in one another; what lies deeper is text


class Slot:
    """What stands between two commas: `slot_start` to `slot_end`, blanks included. `start` to `end` is the value
    without them, both `slot_end` where there is none yet; `key_start`, `key_end` the key of a map, -1 for none."""

    __slots__ = ("child", "end", "key_end", "key_start", "sep", "slot_end", "slot_start", "start")

    def __init__(self, at: int) -> None:
        self.slot_start = at
        self.slot_end = -1
        self.start = self.end = -1
        self.key_start = self.key_end = self.sep = -1
        self.child: Flow | None = None

    def close(self, at: int) -> None:
        """The comma or bracket that ends it stands at `at`."""
        self.slot_end = at
        if self.start < 0:
            self.start = self.end = at


class Flow:
    """A list or a map: `open` is its bracket, `end` behind the closing one, or where its text stops without."""

    __slots__ = ("closed", "end", "is_map", "open", "slots")

    def __init__(self, at: int, is_map: bool) -> None:
        self.open = at
        self.end = -1
        self.is_map = is_map
        self.closed = False
        self.slots = [Slot(at + 1)]


def string_end(text: str, at: int, limit: int) -> int:
    """Behind the quoted text that begins at `at`; the end of the line where it is not closed."""
    quote = text[at]
    end = at + 1
    while end < limit:
        char = text[end]
        if char == quote:
            if quote == "'" and text[end + 1 : end + 2] == "'":
                end += 2
                continue
            return end + 1
        if char == "\\" and quote == '"':
            end += 2
            continue
        if char in "\r\n":
            return end
        end += 1
    return limit


def read_flow(text: str, at: int, limit: int, separator: str, stops: Callable[[int], bool]) -> Flow:
    """The list or map whose bracket stands at `at`. `stops` says of the start of a line whether something else begins
    there: then a bracket was not closed yet."""
    root = Flow(at, text[at] == "{")
    stack = [root]
    ends = _PLAIN_END[separator]
    at += 1
    while at < limit:
        flow, slot = stack[-1], stack[-1].slots[-1]
        char = text[at]
        if char in " \t":
            at += 1
        elif char in "\r\n":
            at += 1
            if text[at - 1] == "\r" and text[at : at + 1] == "\n":
                at += 1
            if stops(at):
                at = len(text[:at].rstrip("\r\n"))
                break
        elif char == "#" and (separator == "=" or text[at - 1] in " \t\r\n"):
            found = _LINE_END.search(text, at, limit)
            at = found.start() if found else limit
        elif char == ",":
            slot.close(at)
            at += 1
            flow.slots.append(Slot(at))
        elif char in "]}":
            slot.close(at)
            at += 1
            flow.end = at
            flow.closed = True
            stack.pop()
            if not stack:
                return root
            stack[-1].slots[-1].end = at
        elif char in "[{" and slot.start < 0 and len(stack) < DEEPEST:
            slot.start = slot.end = at
            slot.child = Flow(at, char == "{")
            stack.append(slot.child)
            at += 1
        elif flow.is_map and slot.sep < 0 and char == separator:
            if slot.start >= 0:
                slot.key_start, slot.key_end = slot.start, slot.end
                slot.start = slot.end = -1
            slot.sep = at
            at += 1
        else:
            end = (
                string_end(text, at, limit) if char in QUOTES and slot.start < 0 else _plain_end(text, at, limit, ends)
            )
            if slot.start < 0:
                slot.start = at
            slot.end = max(end, at + 1)
            at = slot.end
    at = min(at, limit)
    for flow in stack:
        flow.slots[-1].close(at)
        flow.end = at
    return root


def _plain_end(text: str, at: int, limit: int, ends: re.Pattern[str]) -> int:
    """Where a plain text ends. Braces and brackets inside it (`src/{a,b}/[id].ts`) are its own, where they close."""
    begin = at
    while True:
        found = ends.search(text, at, limit)
        end = found.start() if found else limit
        if found and found[0] in "[{" and (end > begin or at > begin or text[begin] in "[{"):
            inside = text[end : min(limit, end + WIDEST)]
            close = inside.find("]" if found[0] == "[" else "}")
            at = end + 1 if close < 0 or "\n" in inside[:close] or "\r" in inside[:close] else end + close + 1
            continue
        while end > begin and text[end - 1] in " \t":
            end -= 1
        return end
