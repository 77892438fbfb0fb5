"""A file of an editor as checks see it: text, front matter with the place of every key, body, offsets -> lines."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from driven.core.front import parse_front, split_front
from driven.document.body import Body
from driven.document.places import place_of
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from driven.model.rule import Rule, Value

    T = TypeVar("T")

BOM = "\ufeff"
_UNREAD = object()


class Key:
    """A top-level key of front matter. Offsets (code points) are those of the file's text.

    `value` is what YAML 1.2 reads, where the front matter is YAML; else (`Front.problem`) the text after the colon
    without quotes. `raw` is that text as written, of a block all its lines. `start`, `end`: the name; `value_start`,
    `value_end`: the raw value without the blanks around it.
    """

    __slots__ = ("end", "line", "name", "raw", "start", "value", "value_end", "value_start")

    def __init__(self, name: str, value: Value, line: int, start: int, raw: str, value_start: int) -> None:
        self.name = name
        self.value = value
        self.line = line
        self.start = start
        self.end = start + len(name)
        self.raw = raw
        self.value_start = value_start
        self.value_end = value_start + len(raw)


class Front:
    """The front matter of a file: its keys in order (duplicates too), and why it is no YAML, "" when it is.

    `start` and `end` are offsets of what stands between the `---` lines; `end` is -1 when the block is never closed.
    """

    __slots__ = ("end", "keys", "problem", "problem_at", "start", "text")

    def __init__(self, text: str, start: int, end: int, keys: list[Key], problem: str, problem_at: int) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.keys = keys
        self.problem = problem
        self.problem_at = problem_at

    def get(self, name: str) -> Key | None:
        """The last key of that name: of duplicates most readers take that one."""
        for key in reversed(self.keys):
            if key.name == name:
                return key
        return None

    def value(self, name: str) -> Value:
        """The value of a key, None where it is not there."""
        key = self.get(name)
        return None if key is None else key.value


class Document:
    """One file. `text` is what was decoded (a BOM stays its first character; bytes that are not UTF-8 became U+FFFD and
    `broken` is the offset of the first). `place` says whose it is, `editor` and `kind` are its halves.

    `linked`: the path of the document that this one is by a link, "" for none: what is wrong with it is told there.
    `ours`: the parts (offsets) that driven itself wrote; what is odd there is a loss, no finding. `origins`: of a file
    that driven writes whole, edited meanwhile or not, the files of its rules: its text was copied from there.
    """

    __slots__ = (
        "_body", "_data", "_front", "_lines", "_shared", "body_start", "broken", "linked", "origins", "ours", "path",
        "place", "rule", "text",
    )  # fmt: skip

    def __init__(self, path: str, data: bytes, *, place: str | None = None) -> None:
        self.path = path
        self._data: bytes | None = None  # where the text does not say it
        self.place = place_of(path) if place is None else place
        self.linked = ""
        self.ours: list[tuple[int, int]] = []
        self.origins: tuple[str, ...] = ()
        self.rule: Rule | None = None  # of a `driven/rule`, when it could be read
        self.broken = -1
        try:
            self.text = data.decode()
        except UnicodeDecodeError as error:
            self.broken = len(data[: error.start].decode(errors="replace"))
            self.text = data.decode(errors="replace")
            self._data = data
        self._lines: array[int] | None = None
        self._front: Front | object | None = _UNREAD
        self._body: Body | None = None
        self._shared: dict[str, Any] | None = None
        self.body_start = 0  # offset of the body; 0 without front matter
        if self.text[:4] in ("---\n", "---\r", "--- ", "---\t") or self.text[:1] == BOM or self.text == "---":
            self._split(data)

    def marked(
        self, linked: str, ours: list[tuple[int, int]], origins: tuple[str, ...], rule: Rule | None
    ) -> Document:  # fmt: skip
        """The same file with what the project says of it now. Another one where that changed: whoever answers from an
        earlier look still reads this one."""
        if (self.linked, self.ours, self.origins, self.rule) == (linked, ours, origins, rule):
            return self
        other = Document.__new__(Document)
        for name in Document.__slots__:
            setattr(other, name, getattr(self, name))
        other.linked, other.ours, other.origins, other.rule = linked, ours, origins, rule
        return other

    @property
    def data(self) -> bytes:
        """The file's bytes. The text says them, so most documents keep it alone: a server has thousands."""
        return self.text.encode() if self._data is None else self._data

    def shared(self, key: str, make: Callable[[], T]) -> T:
        """What several checks need of a file's text, made once."""
        if self._shared is None:
            self._shared = {}
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]  # type: ignore[no-any-return]

    @property
    def editor(self) -> str:
        """`cursor` of `cursor/rule`."""
        return self.place.partition("/")[0]

    @property
    def kind(self) -> str:
        """`rule` of `cursor/rule`."""
        return self.place.partition("/")[2]

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder that the file stands in, "" for the project's own."""
        return self.path.rpartition("/")[0]

    @property
    def scope(self) -> str:
        """The folder whose files the document is for: of `web/.cursor/rules/x.mdc` it is `web`."""
        folder = self.folder
        parts = folder.split("/") if folder else []
        for at, part in enumerate(parts):
            if part[:1] == ".":
                return "/".join(parts[:at])
        return folder

    @property
    def front(self) -> Front | None:
        """The front matter; None where the file has none. One that is never closed is there, with `end` -1."""
        if self._front is _UNREAD:
            self._front = self._read_front()
        return self._front  # type: ignore[return-value]

    @property
    def body(self) -> Body:
        """The Markdown below the front matter (all of it where that is never closed or missing)."""
        if self._body is None:
            self._body = Body.of(self.text[self.body_start :] if self.body_start else self.text)
            if not self.body_start:
                self.text = self._body.text  # of many files of one text it is kept once
        return self._body

    def key(self, name: str) -> Key | None:
        """A key of the front matter."""
        front = self.front
        return None if front is None else front.get(name)

    def line_of(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return bisect_right(self._starts(), offset)

    def span(self, start: int, end: int = 0) -> Span:
        """Offsets as lines and columns; a BOM is no column."""
        line, column = self._place(start)
        if end <= start:
            return Span(path=self.path, line=line, column=column)
        end_line, end_column = self._place(end)
        return Span(path=self.path, line=line, column=column, end_line=end_line, end_column=end_column)

    def line_bounds(self, line: int) -> tuple[int, int]:
        """Where a line begins and ends, its line end included."""
        starts = self._starts()
        start = starts[line - 1] if line <= len(starts) else len(self.text)
        return start, starts[line] if line < len(starts) else len(self.text)

    def _place(self, offset: int) -> tuple[int, int]:
        starts = self._starts()
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1] + 1
        return line, max(1, column - 1) if line == 1 and self.text[:1] == BOM else column

    def _starts(self) -> array[int]:
        if self._lines is None:
            starts = [0]
            text = self.text
            if "\r" in text:
                import re

                starts += [match.end() for match in re.finditer("\r\n?|\n", text)]
            else:
                at = text.find("\n")
                while at >= 0:
                    starts.append(at + 1)
                    at = text.find("\n", at + 1)
            self._lines = array("I", starts)  # a fraction of a list's size, and there is one for each file
        return self._lines

    def _split(self, data: bytes) -> None:
        """Where the body begins."""
        data = data if self.broken < 0 else self.text.encode("utf-8", "surrogatepass")
        start, end, body = split_front(data)
        if start and end >= 0:
            self.body_start = len(data[:body].decode("utf-8", "surrogatepass"))
        else:
            self.body_start = 1 if self.text[:1] == BOM else 0

    def _read_front(self) -> Front | None:
        head = 1 if self.text[:1] == BOM else 0
        if self.text[head : head + 3] != "---":
            return None
        data = self.data if self.broken < 0 else self.text.encode("utf-8", "surrogatepass")
        start, end, _ = split_front(data)
        if not start:
            return None
        at = len(data[:start].decode("utf-8", "surrogatepass"))
        if end < 0:
            return Front("", at, -1, [], "the front matter is never closed", 0)
        text = data[start:end].decode("utf-8", "surrogatepass")
        simple = parse_front(data, start, end)
        if simple is not None:
            return Front(text, at, at + len(text), _keys(text, at, simple), "", 0)  # type: ignore[arg-type]
        return self._read_yaml(text, at)

    def _read_yaml(self, text: str, at: int) -> Front:
        from driven.format.yaml12 import load_yaml

        loaded = load_yaml(text, path=self.path, line_offset=1)
        if not loaded.diagnostics:
            found = [(name, value, loaded.keys[name].line) for name, value in loaded.values.items()]
            return Front(text, at, at + len(text), _keys(text, at, found), "", 0)
        first = loaded.diagnostics[0]
        problem_at = self.line_bounds(first.span.line)[0] + first.span.column - 1
        return Front(text, at, at + len(text), _lenient(text, at), first.message, min(problem_at, at + len(text)))


def _lines(text: str) -> list[tuple[int, str]]:
    """(offset, line without its end) of each line."""
    found = []
    at = 0
    for line in text.split("\n"):
        found.append((at, line.removesuffix("\r")))
        at += len(line) + 1
    return found


def _is_top(line: str) -> bool:
    """Whether a line begins a top-level key: no blank, comment or list item before its text."""
    return line[:1] not in ("", " ", "\t", "#", "-", "]", "}")


def _keys(text: str, at: int, found: Iterable[tuple[str, Value, int]]) -> list[Key]:
    """The keys that were read, with the raw text of their values."""
    lines = _lines(text)
    keys = []
    for name, value, number in found:
        index = number - 2
        if index >= len(lines):
            continue
        offset, line = lines[index]
        column = max(line.find(name), 0)
        colon = line.find(":", column + len(name))
        keys.append(Key(name, value, number, at + offset + column, *_raw(lines, index, colon + 1, at)))
    return keys


def _raw(lines: list[tuple[int, str]], index: int, column: int, at: int) -> tuple[str, int]:
    """The raw value that begins at a column of a line, blanks and trailing comment lines aside; and its offset."""
    offset, line = lines[index]
    rest = line[column:]
    last = index + 1
    while last < len(lines) and not _is_top(lines[last][1]):
        last += 1
    if last == index + 1 or all(not text.strip() or text.lstrip()[:1] == "#" for _, text in lines[index + 1 : last]):
        raw = rest.strip(" \t")
        return raw, at + offset + column + len(rest) - len(rest.lstrip(" \t"))
    whole = "\n".join([rest, *[text for _, text in lines[index + 1 : last]]])
    if lines[index + 1][0] - offset - len(line) == 2:  # a CR stands before each LF
        whole = whole.replace("\n", "\r\n")
    bare = whole.strip(" \t\r\n")
    return bare, at + offset + column + len(whole) - len(whole.lstrip(" \t\r\n"))


def _lenient(text: str, at: int) -> list[Key]:
    """The keys of front matter that is no YAML, line by line."""
    lines = _lines(text)
    keys = []
    for index, (offset, line) in enumerate(lines):
        name, colon, rest = line.partition(":")
        if not _is_top(line) or not colon or (rest and rest[0] not in " \t") or not name.strip():
            continue
        raw, start = _raw(lines, index, len(name) + 1, at)
        keys.append(Key(name.strip().strip("\"'"), _bare(raw), index + 2, at + offset, raw, start))
    return keys


def _bare(raw: str) -> Value:
    if raw in ("true", "false"):
        return raw == "true"
    return raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" else raw or None
