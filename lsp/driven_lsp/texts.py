"""The text of an open document as the Language Server Protocol counts it: lines, positions in three encodings, edits.

A line ends at \\n, \\r\\n or \\r and nowhere else (LSP 3.17, *Text Documents*): `str.splitlines` also ends lines at
form feeds, NEL and U+2028, after which every later position lies on a wrong line. An offset is a number of code points.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

Spot = tuple[int, int]
"""Line and character, both from 0; the character counts code units of the encoding that was agreed on."""

Change = tuple[tuple[int, int, int, int] | None, str]
"""(start line, start character, end line, end character) and what stands there now; None: the whole document."""

_MORE_ENDS: "Final" = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What `str.splitlines` takes for the end of a line besides \\n, \\r\\n and \\r."""


def split_lines(text: str) -> list[str]:
    """The lines of `text` with their ends; joined, they are the text. No empty line stands after a last line end."""
    ends = _MORE_ENDS[:5] if text.isascii() else _MORE_ENDS
    if not any(end in text for end in ends):
        return text.splitlines(keepends=True)
    import re

    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)


def _content(line: str) -> str:
    """A line without its end."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line[:-1] if line.endswith("\r") else line


def _code_points(content: str, character: int, encoding: str) -> int:
    """How many code points of a line `character` code units are; inside of a character counts as before it."""
    if character <= 0:
        return 0
    if content.isascii() or encoding == "utf-32":
        return min(character, len(content))
    if encoding == "utf-8":
        data = content.encode("utf-8", "surrogatepass")
        if character >= len(data):
            return len(content)
        while character and data[character] & 0xC0 == 0x80:
            character -= 1
        return len(data[:character].decode("utf-8", "surrogatepass"))
    width = _code_units(content, encoding)
    if character >= width:
        return len(content)
    if width == len(content):
        return character
    points = units = 0  # not by decoding: that would join two halves of a pair which stand in the text as two
    for letter in content:
        units += 2 if letter > "\uffff" else 1
        if units > character:
            break
        points += 1
    return points


def _code_units(text: str, encoding: str) -> int:
    """The length of a piece of one line in code units."""
    if text.isascii() or encoding == "utf-32":
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _mended(chunk: str) -> str:
    """`chunk` with the two halves of a surrogate pair made one character: a client that counts in UTF-16 may type them
    one after another."""
    try:
        chunk.encode("utf-16-le")
    except UnicodeEncodeError:
        return chunk.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return chunk


class Text:
    """One version of a document. It never changes: `apply` makes the next one, so work in another thread may keep it.

    `encoding` is "utf-8", "utf-16" or "utf-32" everywhere (a member of `PositionEncodingKind` is one, too). Positions
    and offsets outside of the document are moved to its nearest place; nothing here raises on a wrong one."""

    __slots__ = ("_ends", "_lines", "_text", "version")

    def __init__(self, text: str, version: int = 0) -> None:
        self._text: str | None = text
        self._lines: list[str] | None = None
        self._ends: list[int] | None = None
        self.version = version

    @classmethod
    def _of_lines(cls, lines: list[str], version: int) -> "Text":
        self = cls("", version)
        self._text = None
        self._lines = lines
        return self

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = "".join(self._lines or ())
        return self._text

    @property
    def lines(self) -> list[str]:
        """All lines with their ends. The last one has none, so a text that ends a line has an empty line at the end,
        and there is always at least one. Not to be changed."""
        if self._lines is None:
            lines = split_lines(self._text or "")
            if not lines or lines[-1][-1] in "\r\n":
                lines.append("")
            self._lines = lines
        return self._lines

    @property
    def _line_ends(self) -> list[int]:
        """The offset behind each line, its end included."""
        if self._ends is None:
            from itertools import accumulate

            self._ends = list(accumulate(map(len, self.lines)))
        return self._ends

    def __len__(self) -> int:
        """The length in code points."""
        return len(self.text)

    def __repr__(self) -> str:
        return f"Text({len(self)} characters, {len(self.lines)} lines, version {self.version})"

    def line_text(self, line: int) -> str:
        """Line `line` (from 0) without its end; "" for one that is not there."""
        lines = self.lines
        return _content(lines[line]) if 0 <= line < len(lines) else ""

    def line_start(self, line: int) -> int:
        """The offset at which line `line` (from 0) starts, kept inside the document."""
        ends = self._line_ends
        return 0 if line <= 0 else ends[min(line, len(ends)) - 1]

    def offset(self, line: int, character: int, encoding: str) -> int:
        """The offset of a position. Never inside of a character or between \\r and \\n."""
        lines = self.lines
        if line < 0:
            return 0
        if line >= len(lines):
            return self._line_ends[-1]
        return self.line_start(line) + _code_points(_content(lines[line]), character, encoding)

    def position(self, offset: int, encoding: str) -> Spot:
        """The position of an offset. One behind the end of a line's content counts as that end."""
        from bisect import bisect_right

        ends = self._line_ends
        offset = max(0, min(offset, ends[-1]))
        line = min(bisect_right(ends, offset), len(ends) - 1)
        content = _content(self.lines[line])
        return line, _code_units(content[: offset - self.line_start(line)], encoding)

    def apply(self, changes: "Iterable[Change]", encoding: str, version: int | None = None) -> "Text":
        """The text after `changes`, each of which holds for the text that the one before it left.

        An edit splits its own lines again and no others; the rest of its cost is moving pointers, so that 500 edits of
        50,000 lines stay a matter of milliseconds."""
        version = self.version if version is None else version
        whole: str | None = None
        lines: list[str] | None = None
        for where, new in changes:
            if where is None:
                whole, lines = new, None
                continue
            if lines is None:
                # The caller's text keeps its own list.
                lines = list(self.lines) if whole is None else list(Text(whole).lines)
                whole = None
            _edit(lines, where, new, encoding)
        if lines is not None:
            return Text._of_lines(lines, version)
        if whole is not None:
            return Text(whole, version)
        same = Text("", version)
        same._text, same._lines, same._ends = self._text, self._lines, self._ends
        return same


def _place(lines: list[str], line: int, character: int, encoding: str) -> Spot:
    """A position as line and code points, moved into the document."""
    if line < 0:
        return 0, 0
    if line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    return line, _code_points(_content(lines[line]), character, encoding)


def _edit(lines: list[str], where: tuple[int, int, int, int], new: str, encoding: str) -> None:
    """Replace a range in `lines`, whose last one never has an end."""
    start = _place(lines, where[0], where[1], encoding)
    end = _place(lines, where[2], where[3], encoding)
    if start > end:
        start, end = end, start
    (first, left), (last, right) = start, end
    chunk = _mended(lines[first][:left] + new + lines[last][right:])
    if first and not left and chunk.startswith("\n") and lines[first - 1].endswith("\r"):
        first -= 1  # a lone \r and the \n that came behind it are one line end now
        chunk = lines[first] + chunk
    fresh = split_lines(chunk)
    if last == len(lines) - 1 and (not fresh or fresh[-1][-1] in "\r\n"):
        fresh.append("")
    if len(fresh) == last - first + 1 == 1:
        lines[first] = fresh[0]
    else:
        lines[first : last + 1] = fresh
