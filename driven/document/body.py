"""The Markdown of a rule, scanned once for all checks: lines, headings, fences, comments, links, imports, code.

Equal bodies (one rule in the files of six editors) are scanned once. All offsets are code points into `text`.
"""

from __future__ import annotations

from array import array
from weakref import WeakValueDictionary

from driven.core import markdown as core
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")


@frozen(kw_only=False)
class Heading:
    """A heading: `start` to `end` is its line, `text_start` to `end` its text, level 1 to 6."""

    start: int
    end: int
    level: int
    text_start: int


@frozen(kw_only=False)
class Fence:
    """A fenced code block, from its opening line to its closing one; `info` as written behind the ticks."""

    start: int
    end: int
    content_start: int
    closed: bool
    info: str


@frozen(kw_only=False)
class Link:
    """A link, an image, a definition or a bare URL (`kind`): `target` stands from `target_start` to `target_end`."""

    kind: str
    start: int
    end: int
    target_start: int
    target_end: int
    target: str


@frozen(kw_only=False)
class Statement:
    """What says one thing: a paragraph, an item of a list, a row of a table. `text` is one line, blanks collapsed."""

    start: int
    end: int
    text: str
    is_item: bool


_LINKS = {core.LINK: "link", core.IMAGE: "image", core.DEFINITION: "definition", core.URL: "url"}
# Each for as long as somebody holds it: a server sees thousands of texts, each of them for the time of one edit.
_KEPT: WeakValueDictionary[str, Body] = WeakValueDictionary()


class Body:
    """One Markdown text. See `core.markdown` for what is found and how far CommonMark is followed."""

    __slots__ = ("__weakref__", "_scanned", "_shared", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._scanned: dict[int, array[int]] | None = None  # kind -> the four numbers of each, one after another
        self._shared: dict[str, Any] = {}

    @classmethod
    def of(cls, text: str) -> Body:
        """The body of that text, the same object for the same text."""
        known = _KEPT.get(text)
        if known is None:
            known = _KEPT[text] = cls(text)
        return known

    def shared(self, key: str, make: Callable[[Body], T]) -> T:
        """What several checks need of a body, made once."""
        if key not in self._shared:
            self._shared[key] = make(self)
        return self._shared[key]  # type: ignore[no-any-return]

    @property
    def headings(self) -> list[Heading]:
        """The headings, outside of fences and comments."""
        return self.shared("headings", _headings)

    @property
    def fences(self) -> list[Fence]:
        """The fenced code blocks."""
        return self.shared("fences", _fences)

    @property
    def links(self) -> list[Link]:
        """Links, images, definitions and URLs, outside of code and comments."""
        return self.shared("links", _links)

    @property
    def statements(self) -> list[Statement]:
        """Paragraphs, list items and table rows, outside of code and comments."""
        return self.shared("statements", _statements)

    @property
    def comments(self) -> list[tuple[int, int]]:
        """HTML comments; one that is never closed goes to the end of the text."""
        return [(start, end) for _, start, end, _, _ in self._of(core.COMMENT)]

    @property
    def code(self) -> list[tuple[int, int]]:
        """What stands between the ticks of code spans."""
        return [(a, b) for _, _, _, a, b in self._of(core.CODE)]

    @property
    def imports(self) -> list[tuple[int, int]]:
        """Words that begin with `@`, outside of code: bounds with the `@`."""
        return [(start, end) for _, start, end, _, _ in self._of(core.IMPORT)]

    @property
    def outside(self) -> list[tuple[int, int]]:
        """Bounds of everything that is neither a fence, indented code nor a comment, in order."""
        return self.shared("outside", _outside)

    def _of(self, kind: int) -> list[core.Found]:
        if self._scanned is None:
            found: dict[int, array[int]] = {}
            for one in core.scan(self.text):
                if one[0] not in found:
                    found[one[0]] = array("i")
                found[one[0]].extend(one[1:])
            self._scanned = found
        numbers = self._scanned.get(kind)
        if numbers is None:
            return []
        each = iter(numbers)
        return [(kind, start, end, a, b) for start, end, a, b in zip(each, each, each, each, strict=True)]


def _headings(body: Body) -> list[Heading]:
    return [Heading(start, end, level, text) for _, start, end, level, text in body._of(core.HEADING)]


def _fences(body: Body) -> list[Fence]:
    text = body.text
    made = []
    for _, start, end, content, closed in body._of(core.FENCE):
        info = text[start:content].strip("`~ \t\r\n")
        made.append(Fence(start, end, content, bool(closed), info))
    return made


def _links(body: Body) -> list[Link]:
    text = body.text
    found = [
        Link(_LINKS[kind], start, end, a, b, text[a:b]) for each in _LINKS for kind, start, end, a, b in body._of(each)
    ]
    return sorted(found, key=lambda link: link.start) if found else found


def _statements(body: Body) -> list[Statement]:
    text = body.text
    found = []
    comments = body._of(core.COMMENT)
    for _, _, end, item, at in body._of(core.STATEMENT):
        said = text[at:end]
        if comments and "<!--" in said:
            for _, start, stop, _, _ in reversed(comments):
                if at <= start and stop <= end:
                    said = f"{said[: start - at]} {said[stop - at :]}"
        found.append(Statement(at, end, " ".join(said.split()), bool(item)))
    return found


def _outside(body: Body) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    holes = [hole for kind in (core.FENCE, core.COMMENT, core.INDENTED) for hole in body._of(kind)]
    for _, start, end, _, _ in sorted(holes, key=lambda hole: hole[1]):
        if start > at:
            found.append((at, start))
        at = max(at, end)
    if at < len(body.text):
        found.append((at, len(body.text)))
    return found
