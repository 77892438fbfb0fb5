"""What a selection grows to: word, span, item, paragraph, sections, body or front matter, file."""

from __future__ import annotations

import re
from bisect import bisect_right

from driven_lsp.marks import front_bounds, items_in, keys_in
from driven_lsp.mentions import mentions_of
from driven_lsp.values import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven.document.document import Document
    from driven_lsp.values import Here

Range = tuple[int, int]
_BLANK = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)")
_SENTENCE_END = re.compile(r"[.!?…][\"')*_`\]]*\s+")


def select(here: Here) -> Selection:
    """Ranges around the cursor, each inside the next."""
    document = here.snapshot.document(here.path)
    if document is None:
        return Selection(ranges=((here.offset, here.offset),))
    at = max(0, min(here.offset, len(document.text)))
    candidates = [*_around(here, document, at)]
    kept: list[Range] = []
    for start, end in sorted(set(candidates), key=lambda one: (one[1] - one[0], one[0])):
        if end <= start or not start <= at <= end:
            continue
        if not kept or (start <= kept[-1][0] and kept[-1][1] <= end):
            kept.append((start, end))
    return Selection(ranges=tuple(kept) or ((at, at),))


def _around(here: Here, document: Document, at: int) -> Iterator[Range]:
    text = document.text
    yield 0, len(text)
    yield _word(text, at)
    yield _line(text, at)
    for mention in mentions_of(here.snapshot, document):
        if mention.start <= at <= mention.end:
            yield mention.start, mention.end
    start, end = front_bounds(document)
    settings = document.path.endswith((".yml", ".yaml"))
    if settings or (document.front is not None and at < max(end, document.body_start)):
        bounds = (0, len(text)) if settings else (start, end)
        if not settings:
            yield start, end
            yield 0, document.body_start or end
        for _, key, value, stop in keys_in(text, *bounds):
            if key <= at <= stop:
                yield from _in_value(text, key, value, stop)
    elif document.path.endswith((".toml", ".json", ".jsonc")):
        yield _block(text, at, 0)
    else:
        yield from _in_body(document, at)


def _in_value(text: str, key: int, value: int, stop: int) -> Iterator[Range]:
    raw = text[value:stop]
    a, b = value + len(raw) - len(raw.lstrip()), value + len(raw.rstrip())
    yield a, b
    yield key, max(b, key)
    for start, end, _ in items_in(text, value, stop):
        yield start, end
        if text[start - 1] in "\"'" and text[end : end + 1] == text[start - 1]:
            yield start - 1, end + 1


def _in_body(document: Document, at: int) -> Iterator[Range]:
    shift = document.body_start
    body = document.body
    where = at - shift
    yield shift, len(document.text)
    for start, end in body.code:
        if start <= where <= end:
            yield start + shift, end + shift
            ticks = 0
            while body.text[start - ticks - 1 : start - ticks] == body.text[end + ticks : end + ticks + 1] == "`":
                ticks += 1
            yield start - ticks + shift, end + ticks + shift
    for link in body.links:
        if link.start <= where <= link.end:
            yield link.start + shift, link.end + shift
    in_block = False
    for fence in body.fences:
        if fence.start <= where <= fence.end:
            in_block = True
            yield fence.start + shift, fence.end + shift
            close = body.text.rfind("\n", fence.content_start, fence.end) if fence.closed else fence.end
            if fence.content_start <= where <= max(close, fence.content_start):
                yield fence.content_start + shift, max(close, fence.content_start) + shift
    for start, end in body.comments:
        if start <= where <= end:
            yield start + shift, end + shift
    for statement in body.statements:
        if statement.start <= where <= statement.end:
            yield statement.start + shift, statement.end + shift
            yield from _sentence(document.text, statement.start + shift, statement.end + shift, at)
    if not in_block:
        yield _block(document.text, at, shift)
    yield from _sections(document, at)


def _sections(document: Document, at: int) -> Iterator[Range]:
    """The sections around a place: with their headings, and the text below the heading alone."""
    shift = document.body_start
    headings = document.body.headings
    level = 7
    for index in range(bisect_right(headings, at - shift, key=lambda one: one.start) - 1, -1, -1):
        heading = headings[index]
        if heading.level >= level:
            continue
        level = heading.level
        start = heading.start + shift
        after = next((one.start for one in headings[index + 1 :] if one.level <= heading.level), None)
        end = after + shift if after is not None else len(document.text)
        if at <= end:
            trimmed = start + len(document.text[start:end].rstrip())
            yield start, max(trimmed, at) if at <= trimmed else end
            below = document.text.find("\n", heading.end + shift - 1, end) + 1
            if 0 < below <= at:
                yield below + _blanks(document.text, below, at), trimmed


def _blanks(text: str, start: int, end: int) -> int:
    part = text[start:end]
    return len(part) - len(part.lstrip("\r\n"))


def _sentence(text: str, start: int, end: int, at: int) -> Iterator[Range]:
    begin = start
    for match in _SENTENCE_END.finditer(text, start, end):
        if match.end() > at:
            stop = match.end() - len(match[0]) + len(match[0].rstrip())
            yield begin, max(stop, at)
            return
        begin = match.end()
    if begin != start:
        yield begin, end


def _word(text: str, at: int) -> Range:
    start = end = at
    while start > 0 and _is_word(text[start - 1]):
        start -= 1
    while end < len(text) and _is_word(text[end]):
        end += 1
    return start, end


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_-"


def _line(text: str, at: int) -> Range:
    """A line without the blanks around it."""
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    ends = [stop for char in "\r\n" if (stop := text.find(char, at)) >= 0]
    line = text[start : min(ends, default=len(text))]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


def _block(text: str, at: int, least: int) -> Range:
    """The lines around a place up to blank ones: a paragraph, a list, a table of settings."""
    start = least
    for match in _BLANK.finditer(text, max(least, at - 20_000), at):
        start = match.end()
    after = _BLANK.search(text, max(at - 1, start))
    return start, after.start() if after is not None else start + len(text[start:].rstrip())
