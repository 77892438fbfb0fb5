"""textDocument/formatting of a rule file: its front matter in one order and one quoting, no blank lines at the end.

The body stays byte for byte. Comments stay with the key below them, or on the line that they end. A value that is
written in a way of its own (a block of text, a map, a list with odd items) is moved with its key and not rewritten.
What comes out is read back and must say the same, else nothing is changed.
"""

from __future__ import annotations

from driven.core.front import split_front
from driven.format.fields import KEYS
from driven_lsp.values import Edit, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.document.document import Document
    from driven.span import Span
    from driven_lsp.values import Here

_FLAT = frozenset(("targets", "tags"))  # lists on one line; `paths` has a line for each glob


def format(here: Here) -> list[Edit]:
    """The edits that bring a rule file into form, none for any other file, or one that cannot be read."""
    document = here.snapshot.document(here.path)
    if document is None or document.place != "driven/rule" or document.broken >= 0 or "\0" in document.text:
        return []
    edits = [_front_edit(document), _tail_edit(document)]
    return [edit for edit in edits if edit is not None]


def format_range(here: Here) -> list[Edit]:
    """The edits of `format` in the part of the file that is selected."""
    first, last = sorted((here.offset, here.end or here.offset))
    return [edit for edit in format(here) if edit.place.start <= last and first <= edit.place.end]


# The end of the file


def _tail_edit(document: Document) -> Edit | None:
    """One line end below the last line that is not blank. An imported rule ends as its editor's file does."""
    text = document.text
    front = document.front
    start = len(text.rstrip(" \t\r\n"))
    if start <= document.body_start or (front is not None and front.end < 0):
        return None  # without a body the file ends with the line that closes its front matter
    ends = [at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0]
    start = min(ends) if ends else len(text)  # blanks behind the last word are the author's: two are a line break
    tail = text[start:]
    if tail in ("\n", "\r\n", "\r") or _keeps_layout(document):
        return None
    if tail and any(not fence.closed for fence in document.body.fences):
        return None
    return Edit(place=Place(path=document.path, start=start, end=len(text)), text=_newline(tail or text))


def _keeps_layout(document: Document) -> bool:
    """Whether the rule was imported: the editor's file keeps how it was written, and the rule has that from there."""
    front = document.front
    return front is not None and any(mark in front.text for mark in ("$front", "$path"))


def _newline(text: str) -> str:
    """The line end of the first line that has one."""
    feed, back = text.find("\n"), text.find("\r")
    if back < 0 or 0 <= feed < back:
        return "\n"
    return "\r\n" if feed == back + 1 else "\r"


# The front matter


def _front_edit(document: Document) -> Edit | None:
    """From the first `---` to the body, where that is not yet as it shall be."""
    front = document.front
    if front is None or front.end < 0 or front.problem:
        return None
    text = document.text
    head = 1 if text[:1] == "\ufeff" else 0
    newline = _newline(text)
    if newline == "\r" or "\r" in front.text.replace("\r\n", ""):
        return None
    lines = _formatted(front.text.replace("\r\n", "\n"), document.path)
    if lines is None:
        return None
    body = text[document.body_start :]
    new = newline.join(["---", *lines, "---", ""])
    if body:
        new += newline  # the blank line that is not the body's
    if not _says_the_same(document, text[:head] + new + body, newline.join([*lines, ""])):
        return None
    return _smallest(document.path, text, head, document.body_start, new)


def _smallest(path: str, text: str, start: int, end: int, new: str) -> Edit | None:
    """One edit of the lines that differ."""
    old = text[start:end]
    if old == new:
        return None
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    tail = next((at for at in range(most - head) if before[-1 - at] != after[-1 - at]), most - head)
    start += sum(map(len, before[:head]))
    end -= sum(map(len, before[len(before) - tail :]))
    return Edit(place=Place(path=path, start=start, end=end), text="".join(after[head : len(after) - tail]))


def _says_the_same(document: Document, text: str, yaml: str) -> bool:
    """Whether the new text has the same values and the same body."""
    from driven.format.yaml12 import load_yaml

    front = document.front
    data = text.encode("utf-8", "surrogatepass")
    start, end, body = split_front(data)
    if front is None or end < 0 or data[start:end].decode("utf-8", "surrogatepass") != yaml:
        return False
    if data[body:] != document.text[document.body_start :].encode("utf-8", "surrogatepass"):
        return False
    loaded, known = load_yaml(yaml, path=""), load_yaml(front.text, path="")
    return not loaded.diagnostics and _sorted(loaded.values) == _sorted(known.values)


def _sorted(values: dict[str, Any]) -> list[str]:
    return sorted(map(repr, values.items()))


def _formatted(yaml: str, path: str) -> list[str] | None:
    """The lines of front matter in form; None where it is not one key a line."""
    from driven.format.yaml12 import load_yaml

    loaded = load_yaml(yaml, path=path)
    if loaded.diagnostics:
        return None
    lines = yaml.split("\n")
    if lines[-1] == "":
        lines.pop()
    starts = {span.line - 1: name for name, span in loaded.keys.items()}
    if len(starts) != len(loaded.keys) or any(span.column != 1 for span in loaded.keys.values()):
        return None
    order = sorted(starts)
    header, comments = _above(lines[: order[0]] if order else lines)
    chunks: list[tuple[int, list[str]]] = []
    for at, first in enumerate(order):
        last = order[at + 1] if at + 1 < len(order) else len(lines)
        mine, below = _split(lines[first:last])
        name = starts[first]
        chunks.append((_rank(name), [*comments, *_chunk(name, mine, first, loaded)]))
        comments = below
    chunks.sort(key=lambda chunk: chunk[0])
    whole = [line for _, chunk in chunks for line in chunk]
    return [*header, *whole, *comments]


def _rank(name: str) -> int:
    return KEYS.index(name) if name in KEYS else len(KEYS)


def _above(lines: list[str]) -> tuple[list[str], list[str]]:
    """What stands above the first key: comments of the file, with the blank line that ends them; comments of the
    key."""
    last = next((at for at in range(len(lines) - 1, -1, -1) if not lines[at].strip()), -1)
    head = [line.strip() for line in lines[: max(last, 0)] if line.strip()]
    return ([*head, ""] if head else []), [line.strip() for line in lines[last + 1 :]]


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of a key, and the comments at the margin below them: those belong to the next one."""
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or lines[end - 1][:1] == "#"):
        end -= 1
    return lines[:end], [line.rstrip() for line in lines[end:] if line.strip()]


def _is_block(line: str) -> bool:
    """Whether a key's line opens a block of text."""
    value = line.partition(":")[2].strip()
    return value[:1] in ("|", ">")


def _chunk(name: str, lines: list[str], first: int, loaded: Any) -> list[str]:
    """The lines of one key, rewritten where their value is plain."""
    from driven.format.canonical import quoted, scalar

    span: Span | None = loaded.at.get(name)
    value = loaded.values.get(name)
    plain = [line.rstrip() for line in lines] if not _is_block(lines[0]) else lines
    if name not in KEYS or name == "extra" or span is None or lines[0][: len(name)] != name:
        return plain
    if isinstance(value, list):
        return _list(name, value, lines, first, loaded) or plain
    if isinstance(value, dict | bool | float) or value is None or span.line != span.end_line:
        return plain
    if span.line - 1 != first or any(line.strip() for line in lines[1:]):
        return plain
    comment = _comment(lines[0][span.end_column - 1 :])
    if comment is None:
        return plain
    text = str(value) if isinstance(value, int) else quoted(value) if name == "paths" else scalar(value)
    return [f"{name}: {text}{comment}"]


def _comment(rest: str) -> str | None:
    """What stands behind a value: nothing, or a comment with two blanks before it; None for anything else."""
    bare = rest.strip()
    if not bare:
        return ""
    return f"  {bare}" if bare[0] == "#" and rest[0] in " \t" and "\n" not in bare else None


def _list(name: str, items: list[Any], lines: list[str], first: int, loaded: Any) -> list[str] | None:
    """A list of texts in its one form; None where it is to stay as it is."""
    from driven.format.canonical import quoted, scalar

    places: list[Span] = loaded.items.get(name, [])
    if not all(isinstance(item, str) for item in items) or len(places) != len(items):
        return None
    if any(place.line != place.end_line for place in places):
        return None
    opening = lines[0][len(name) :].lstrip(" \t").removeprefix(":").strip()
    if opening[:1] == "[":
        closed = _closing(lines, places, first)
        if closed is None:
            return None
        comment = closed
        behind: list[str] = [""] * len(items)
        between: dict[int, list[str]] = {}
    else:
        if opening and opening[0] != "#":
            return None
        comment = f"  {opening}" if opening else ""
        behind, between = [], {}
        at = 0
        for number, line in enumerate(lines[1:], first + 2):
            if at < len(places) and places[at].line == number:
                rest = _comment(line[places[at].end_column - 1 :])
                if rest is None or line[: places[at].column - 1].strip() != "-":
                    return None
                behind.append(rest)
                at += 1
            elif line.strip()[:1] == "#":
                between.setdefault(at, []).append(f"  {line.strip()}")
            elif line.strip():
                return None
        if at != len(items):
            return None
    if name in _FLAT and not any(behind) and not between:
        return [f"{name}: [{', '.join(scalar(item, True) for item in items)}]{comment}"]
    made = [f"{name}:{comment}"]
    for at, item in enumerate(items):
        made += between.get(at, [])
        made.append(f"  - {quoted(item) if name == 'paths' else scalar(item)}{behind[at]}")
    return made + between.get(len(items), [])


def _closing(lines: list[str], places: list[Span], first: int) -> str | None:
    """The comment behind the `]` of a list; None where there are comments inside of it, or more behind it."""
    if not places:
        return None
    last = places[-1]
    if any("#" in line for line in lines[: last.end_line - 1 - first]):
        return None  # or in an item: a list over several lines may stay as it is
    rest = "\n".join([lines[last.end_line - 1 - first][last.end_column - 1 :], *lines[last.end_line - first :]])
    inner, bracket, behind = rest.partition("]")
    return _comment(behind) if bracket and not inner.strip(" \t\n,") else None
