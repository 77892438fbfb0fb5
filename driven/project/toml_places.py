"""Where keys and values stand in TOML that was read: tomllib keeps no places. Only a mistake pays for this."""

from __future__ import annotations

import re
from bisect import bisect_right

from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    Keys = tuple[str | int, ...]
    Part = tuple[int, int]

DEEPEST = 8  # levels whose places are kept; what lies deeper is only passed over
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[A-Za-z0-9_-]+")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}' r"|'''(?:[^']|'(?!''))*'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]*")


class Places:
    """The places (offsets of code points, the end exclusive) of one text.

    `keys`: a dotted key as a tuple -> each part of the text that names it, quotes included; `values`: what stands
    behind its `=`. The items of a list have their index for a key. `whole`: of `keys`, the names in front of a `=` and
    those of tables. Of text that is no TOML it holds what stands above the first thing that is none.
    """

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.keys: dict[Keys, list[Part]] = {}
        self.values: dict[Keys, Part] = {}
        self.whole: dict[Keys, list[Part]] = {}
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._read()

    def key(self, keys: Keys) -> Part | None:
        """Where a key is named first."""
        return self.keys.get(keys, [None])[0]

    def value(self, keys: Keys) -> Part | None:
        """Where its value stands; of a table that has a head of its own, its name."""
        return self.values.get(keys) or self.key(keys)

    def span(self, part: Part | None) -> Span:
        """A part of the text as lines and columns."""
        if part is None:
            return Span(path=self.path)
        line, column = self._line_column(part[0])
        end_line, end_column = self._line_column(part[1])
        return Span(path=self.path, line=line, column=column, end_line=end_line, end_column=end_column)

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and a column of the text."""
        return min(self._lines[min(line, len(self._lines)) - 1] + column - 1, len(self.text))

    def line(self, offset: int) -> Part:
        """The line that an offset stands in, without blanks around it and a comment behind it."""
        start = self._lines[bisect_right(self._lines, offset) - 1]
        end = self.text.find("\n", start)
        line = self.text[start : end if end >= 0 else len(self.text)]
        bare = re.sub(r"[ \t]+#[^\"']*$", "", line).rstrip()
        return start + len(line) - len(line.lstrip()), start + len(bare)

    def _line_column(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def _read(self) -> None:
        table: Keys = ()
        while self._skip():
            if self.text[self._at] == "[":
                self._at += 2 if self.text.startswith("[[", self._at) else 1
                table = self._name(())
                self._is_whole(table)
                self._skip_line()
            else:
                keys = self._name(table)
                if not self._takes("="):
                    return
                self._is_whole(keys)
                if not self._value(keys):
                    return

    def _skip(self) -> bool:
        """Over blanks, line ends and comments; whether there is anything behind them."""
        found = _BLANK.match(self.text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self.text)

    def _skip_line(self) -> None:
        end = self.text.find("\n", self._at)
        self._at = end + 1 if end >= 0 else len(self.text)

    def _takes(self, sign: str) -> bool:
        self._skip()
        if not self.text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _name(self, table: Keys) -> Keys:
        """A dotted key below a table."""
        keys = table
        while True:
            self._skip()
            found = _KEY.match(self.text, self._at)
            if found is None:
                return keys
            self._at = found.end()
            if len(keys) < DEEPEST:
                keys = (*keys, _unquoted(found[0]))
                self.keys.setdefault(keys, []).append(found.span())
            self._skip()
            if not self.text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, keys: Keys) -> bool:
        """Over a value. Without recursion: it may be nested as deep as it likes."""
        open_ones: list[
            tuple[Keys, int, int]
        ] = []  # key, where its bracket stands, number of the next item (-1: a map)
        while True:
            self._skip()
            sign = self.text[self._at : self._at + 1]
            if sign in ("[", "{") and sign:
                open_ones.append((keys, self._at, 0 if sign == "[" else -1))
                self._at += 1
            else:
                found = (_TEXT if sign in ('"', "'") and sign else _BARE).match(self.text, self._at)
                if found is None or not found[0].strip():
                    return False
                self._keep(keys, found.start(), found.start() + len(found[0].rstrip()))
                self._at = found.end()
            while open_ones:  # behind a bracket or a value: the next item, or the end of what is open
                keys, start, number = open_ones[-1]
                self._takes(",")
                self._skip()
                if not self._takes("]" if number >= 0 else "}"):
                    break
                open_ones.pop()
                self._keep(keys, start, self._at)
            if not open_ones:
                return True
            if number >= 0:
                open_ones[-1] = (keys, start, number + 1)
                keys = (*keys, number) if len(keys) < DEEPEST else keys
            else:
                keys = self._name(keys)
                if not self._takes("="):
                    return False

    def _is_whole(self, keys: Keys) -> None:
        if keys in self.keys:
            self.whole.setdefault(keys, []).append(self.keys[keys][-1])

    def _keep(self, keys: Keys, start: int, end: int) -> None:
        self.values.setdefault(keys, (start, end))


def _unquoted(text: str) -> str:
    if text[:1] == "'" or (text[:1] == '"' and "\\" not in text):
        return text[1:-1]
    if text[:1] != '"':
        return text
    import tomllib

    try:
        return str(tomllib.loads(f"x = {text}")["x"])
    except ValueError:
        return text[1:-1]
