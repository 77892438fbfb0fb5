"""Where a hand edit and the rule overlap: both sides next to one another, or below where there is no room."""

from __future__ import annotations

from collections.abc import Sequence

from driven.cli.render import Output, Piece
from driven.cli.text import count, safe_line
from driven.model.plan import Overlap

_LEAST = 80  # columns of a terminal that has room for two sides
_MOST = 100  # columns of one side: longer lines are folded, so that the other one stays near
_LINES = 12  # of a side, what is shown without --verbose
_OVERLAPS = 5  # of a file, what is shown without --verbose
_TAB = 4
_SIDES = ("yellow", "cyan")  # the rule's, the edit's


def show_overlaps(out: Output, overlaps: Sequence[Overlap]) -> None:
    """What both sides changed, on stderr: what it was, what the rule's file has, what the editor's file has."""
    shown = overlaps if out.verbose else overlaps[:_OVERLAPS]
    for overlap in shown:
        if out.terminal and out.width >= _LEAST:
            _beside(out, overlap, min(_MOST, (out.width - 5) // 2))
        else:
            _below(out, overlap)
    if len(overlaps) > len(shown):
        out.line("  ", (f"{count(len(overlaps) - len(shown), 'more place')}: --verbose shows them", "dim"), error=True)


def _beside(out: Output, overlap: Overlap, width: int) -> None:
    """Two columns of `width`, below two places, with the text that both began with above them."""
    bar = "│" if out.unicode else "|"
    rule = "─" if out.unicode else "-"
    cross = "┼" if out.unicode else "+"
    out.line("  ", (overlap.field, "bold"), error=True)
    base = _rows(out, overlap.base, 0, 2 * width - 1)
    for number, row in enumerate(base):
        out.line("  ", (("was " if number == 0 else "    ") + row, "dim"), error=True)
    left, right = _place(overlap.source, overlap.line), _place(overlap.file, overlap.their_line)
    heads = [_fold(text, width)[0] for text in (left, right)]
    out.line("  ", (_pad(heads[0], width), _SIDES[0]), (f" {bar} ", "dim"), (heads[1], _SIDES[1]), error=True)
    out.line("  ", (rule * (width + 1) + cross + rule * (width + 1), "dim"), error=True)
    sides = [
        _rows(out, text, line, width)
        for text, line in ((overlap.ours, overlap.line), (overlap.theirs, overlap.their_line))
    ]
    for at in range(max(map(len, sides))):
        cells = [side[at] if at < len(side) else "" for side in sides]
        pieces: list[Piece] = ["  ", (_pad(cells[0], width), _SIDES[0]), (f" {bar}", "dim")]
        out.line(*pieces, *((" ", (cells[1], _SIDES[1])) if cells[1] else ()), error=True)


def _below(out: Output, overlap: Overlap) -> None:
    """Three parts, one below the other; without a terminal nothing is folded."""
    width = out.width - 4
    out.line("  ", (overlap.field, "bold"), error=True)
    for sign, place, text, line, style in (
        (" ", "was", overlap.base, 0, "dim"),
        ("<", _place(overlap.source, overlap.line), overlap.ours, overlap.line, _SIDES[0]),
        (">", _place(overlap.file, overlap.their_line), overlap.theirs, overlap.their_line, _SIDES[1]),
    ):
        out.line("  ", (f"{sign} {place}", f"bold {style}" if sign != " " else style), error=True)
        for row in _rows(out, text, line, width):
            out.line("    ", (row, style), error=True)


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def _rows(out: Output, text: str, line: int, width: int) -> list[str]:
    """The lines of a side with their numbers (from `line` on; 0: without), folded to `width`; of many, the first."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return ["(nothing)"]
    shown = lines if out.verbose else lines[:_LINES]
    gutter = len(str(line + len(shown) - 1)) + 2 if line else 0
    rows: list[str] = []
    for number, words in enumerate(shown):
        label = f"{line + number}".rjust(gutter - 2) + "  " if line else ""
        for part in _fold(safe_line(words).expandtabs(_TAB), width - gutter):
            rows.append(label + part)
            label = " " * gutter
    if len(shown) < len(lines):
        rows.append(" " * gutter + out.glyph("more") + " " + count(len(lines) - len(shown), "more line"))
    return rows


def _fold(text: str, width: int) -> list[str]:
    """`text` in parts of at most `width` columns, cut at a blank where there is one in the second half."""
    parts: list[str] = []
    while len(text) > width or _cells(text) > width:
        at = _fits(text, width)
        blank = text.rfind(" ", at // 2, at + 1)
        at = blank if blank > 0 and text[at : at + 1] != " " else at
        parts.append(text[:at].rstrip(" "))
        text = text[at:].lstrip(" ")
    return [*parts, text]


def _fits(text: str, width: int) -> int:
    """How many characters fit into `width` columns, one at least."""
    room = width
    for at, char in enumerate(text):
        room -= _cells(char)
        if room < 0:
            return max(1, at)
    return len(text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def _cells(text: str) -> int:
    """Columns that a terminal gives `text`: wide characters take two, marks above another none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum([0 if category(c) in ("Mn", "Me") else 2 if east_asian_width(c) in "WF" else 1 for c in text])
