"""Our Markdown as plain text, for clients that show none, or show it as it is written: tables become aligned columns.

What stands in a rule was escaped when the Markdown was made, so this reads our own subset: headings, lists, fences,
tables, links, code, bold and italics.
"""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 78  # columns of a table; the widest cells of a longer one are broken into lines
LEAST = 16  # columns of a cell that is broken
GAP = "  "
_INLINE = re.compile(
    r"\\(?P<escaped>[\\`*_\[\]<>|!&~#])"
    r"|(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\[(?P<text>(?:\\.|`[^`]*`|[^\]\\])*)\]\((?P<to>[^()\s]*)\)"
    r"|\*\*(?P<bold>.+?)\*\*"
    r"|(?<![\w*])\*(?P<slanted>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
)
_CELL = re.compile(r"(?:\\.|[^|\\])+")
_RULER = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*$")


def plain_text(markdown: str, width: int = WIDTH) -> str:
    """The text of Markdown: headings underlined, tables in columns, links as their text, with the address of those that
    lead out of the machine."""
    made: list[str] = []
    lines = markdown.split("\n")
    fence = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if fence:
            if line.startswith(fence):
                fence = ""
            else:
                made.append(line)
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif line.startswith("|") and at < len(lines) and _RULER.match(lines[at]):
            end = next((to for to in range(at + 1, len(lines)) if not lines[to].startswith("|")), len(lines))
            made += _table([_cells(row) for row in (line, *lines[at + 1 : end])], width)
            at = end
        elif line.startswith("#") and (text := line.lstrip("#"))[:1] == " ":
            shown = inline(text.strip())
            made += [shown, ("=" if line[:2] == "# " else "-") * max(_width(shown), 3)]
        else:
            made.append(inline(line))
    return "\n".join(made)


def inline(text: str) -> str:
    """One line without its marks."""
    return _INLINE.sub(_bare, text)


def _bare(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "to":
        shown = inline(match["text"])
        return f"{shown} ({match['to']})" if match["to"].startswith(("http:", "https:")) else shown
    if kind == "code":
        return match["code"].strip(" ") if "`" in match["code"] else match["code"]
    return match["escaped"] if kind == "escaped" else inline(match[kind or 0])


def _cells(row: str) -> list[str]:
    return [inline(cell.strip()) for cell in _CELL.findall(row.strip()[1:])] if "||" not in row else _empty(row)


def _empty(row: str) -> list[str]:
    """A row with cells that hold nothing."""
    return _cells(row.replace("||", "| |"))


def _table(rows: Sequence[list[str]], width: int) -> list[str]:
    """Rows, the first of them the head, in columns of the same width."""
    count = max(len(row) for row in rows)
    filled = [[*row, *[""] * (count - len(row))] for row in rows]
    kept = [at for at in range(count) if any(row[at] for row in filled[1:])] or list(range(count))
    widths = {at: max(_width(row[at]) for row in filled) for at in kept}
    while sum(widths.values()) + len(GAP) * (len(kept) - 1) > width:
        widest = max(kept, key=lambda at: widths[at])
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    made: list[str] = []
    for number, row in enumerate(filled):
        broken = [_broken(row[at], widths[at]) for at in kept]
        for line in range(max(len(parts) for parts in broken)):
            cells = [parts[line] if line < len(parts) else "" for parts in broken]
            padded = [cell + " " * (widths[at] - _width(cell)) for at, cell in zip(kept, cells, strict=True)]
            made.append(GAP.join(padded).rstrip())
        if number == 0:
            made.append(GAP.join("-" * widths[at] for at in kept))
    return made


def _broken(text: str, width: int) -> list[str]:
    """A cell as lines of at most that width; a word that is longer is cut, at a `/` where it has one."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _width(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        while _width(word) > width:
            fits = next(at for at in range(len(word), 0, -1) if _width(word[:at]) <= width or at == 1)
            slash = word.rfind("/", 1, fits) + 1
            cut = slash if slash > 1 else fits
            lines[-1] = word[:cut]
            lines.append("")
            word = word[cut:]
        lines[-1] = word
    return lines


def _width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
