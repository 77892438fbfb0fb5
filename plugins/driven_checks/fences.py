"""Code fences that swallow what was meant as text: never closed, or closed by the end of another one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import Body, Edit, Fence, Finding, Repair, body_check

_OPENER = re.compile(r"^[ \t>]{0,40}(`{3,}|~{3,})[ \t]{0,4}[A-Za-z{][^\n`]{0,200}$", re.MULTILINE)
# What only Markdown looks like: a heading of two or more `#`, a bold line, a task, an item that begins in bold.
_MARKDOWN = re.compile(r"^(?:#{2,6} +[^\s#]|\*\*[^*\n]{1,200}\*\*|[-*] +(?:\*\*|\[[ x]\] ))", re.MULTILINE)
_SENTENCE = re.compile(r"^(?:[-*] +)?[A-Z][a-z']*(?: [`\w',;()/-]{1,60}){4,200}[.:]$", re.MULTILINE)
_TEXTUAL = frozenset(("md", "mdc", "markdown", "mdx", "text", "txt", "plaintext", "prompt", "xml", "html"))
MOST_LOOKED_AT = 100_000  # characters below a fence that is never closed


@body_check(
    "GEN09", "a code fence that is not closed",
    why="Everything below an open fence is code: headings, rules and links there are not seen as such, and whoever"
    " reads the text takes them for an example.",
    url="https://spec.commonmark.org/0.31.2/#fenced-code-blocks", verified="2026-11-21",
    bad="```bash", good="```bash … ```", fix="unsafe",
)  # fmt: skip
def open_fence(body: Body) -> Iterator[Finding]:
    text = body.text
    if "```" not in text and "~~~" not in text:
        return
    outer: Fence | None = None
    fences = body.fences
    if fences and fences[-1].closed and text.count("```") + text.count("~~~") == 2 * len(fences):
        return  # no line in a fence looks like another one
    for at, fence in enumerate(fences):
        if not fence.closed:
            before = fences[at - 1] if at and outer is fences[at - 1] else None
            yield from _never_closed(text, fence, before)
            return
        inner = _inner(text, fence)
        outer = fence if inner >= 0 else None
        if inner >= 0 and (at + 1 == len(fences) or fences[at + 1].closed):
            found = _swallows(text, fence, inner)
            if found is not None:
                yield found


def _run(text: str, fence: Fence) -> int:
    """How many ticks open a fence."""
    end = fence.start
    while text[end : end + 1] == text[fence.start]:
        end += 1
    return end - fence.start


def _inner(text: str, fence: Fence) -> int:
    """Where in a fence a line opens another one, which it cannot: only a bare line closes; -1 for nowhere."""
    width = _run(text, fence)
    mark = text[fence.start]
    at = fence.content_start
    end = text.rfind("\n", at, fence.end) + 1  # where the closing line begins
    if text.find(mark * 3, at, end) < 0:
        return -1
    for match in _OPENER.finditer(text, at, end):
        run = match[1]
        if run[0] == mark and len(run) >= width:
            return match.start(1)
    return -1


def _swallows(text: str, fence: Fence, inner: int) -> Finding | None:
    """A fence that is closed only by the end of the one below it."""
    if fence.info.split(" ")[0].strip("{}.").lower() in _TEXTUAL:
        return None  # Markdown that shows a fence: what follows decides
    meant = _text_at(text, fence.content_start, inner)
    if meant < 0:
        return None
    return Finding(
        message="this code fence is not closed before the next one opens; the text between them is code",
        start=fence.start, end=fence.start + _run(text, fence), hint="close it with a line of its own above the text",
        repair=_close_at(text, fence, meant),
    )  # fmt: skip


def _never_closed(text: str, fence: Fence, outer: Fence | None) -> Iterator[Finding]:
    width = _run(text, fence)
    end = fence.start + width
    if outer is not None and not fence.info:
        back = text.count("\n", outer.start, fence.start)
        ticks = text[fence.start] * (width + 1)
        before = _run(text, outer)
        yield Finding(
            message=f"this fence is never closed: the one {back} lines above holds another fence, and ends with it",
            start=fence.start, end=end, severity=None if text[end:].strip() else "warning",
            hint=f"open and close the outer fence with {_named(ticks)}",
            repair=Repair(
                title=f"Write {ticks} for the outer fence",
                edits=(
                    Edit(start=outer.start, end=outer.start + before, text=ticks),
                    Edit(start=fence.start, end=end, text=ticks),
                ),
            ),
        )  # fmt: skip
        return
    stop = min(len(text), fence.content_start + MOST_LOOKED_AT)
    textual = fence.info.split(" ")[0].strip("{}.").lower() in _TEXTUAL
    meant = _text_at(text, fence.content_start, stop)
    if meant < 0 or textual:
        repair = None
        if text[fence.content_start :].strip():
            gap = "" if text.endswith("\n") else "\n"
            closing = Edit(start=len(text), end=len(text), text=f"{gap}{_closing(text, fence)}\n")
            repair = Repair(title="Close the fence at the end of the file", edits=(closing,))
        yield Finding(
            message="the code fence at the end of the file is never closed; what is added below it will be code",
            start=fence.start, end=end, severity="info", repair=repair,
            hint=f"close it with a line of {_named(text[fence.start : end])}",
        )  # fmt: skip
        return
    yield Finding(
        message="the code fence is never closed; all text below it is code", start=fence.start, end=end,
        severity="warning" if _ends_with_item(text, fence, meant) else None,
        hint=f"close it with a line of {_named(text[fence.start : end])} where the code ends",
        repair=_close_at(text, fence, meant) if fence.info else None,
    )  # fmt: skip


def _named(ticks: str) -> str:
    """`3 backticks`: in code quotes they could not be read."""
    return f"{len(ticks)} {'tildes' if ticks[0] == '~' else 'backticks'}"


def _text_at(text: str, start: int, stop: int) -> int:
    """Where between two offsets something stands that is surely text and no code; -1 for nowhere."""
    found = _MARKDOWN.search(text, start, stop)
    while found is not None and not _after_blank(text, start, found.start()):
        found = _MARKDOWN.search(text, found.end(), stop)
    first = found.start() if found is not None else -1
    said = _SENTENCE.search(text, start, stop if first < 0 else first)
    while said is not None and not _after_blank(text, start, said.start()):
        said = _SENTENCE.search(text, said.end(), stop if first < 0 else first)
    return said.start() if said is not None else first


def _after_blank(text: str, start: int, at: int) -> bool:
    """Whether a blank line stands above, or the fence's own line."""
    above = text.rfind("\n", 0, max(at - 1, 0)) + 1
    return at <= start or not text[max(above, start) : at].strip()


def _ends_with_item(text: str, fence: Fence, meant: int) -> bool:
    """Whether the fence is part of a list item and the text below is not: the end of the item closes it."""
    line = text.rfind("\n", 0, fence.start) + 1
    return fence.start - line >= 2 and text[meant - 1 : meant] == "\n"


def _closing(text: str, fence: Fence) -> str:
    """The line that closes it, as deep as it was opened."""
    line = text.rfind("\n", 0, fence.start) + 1
    lead = "".join([char if char in " \t>" else " " for char in text[line : fence.start]])
    return lead + text[fence.start : fence.start + _run(text, fence)]


def _close_at(text: str, fence: Fence, meant: int) -> Repair:
    """Close a fence behind the code, above the text."""
    code = len(text[:meant].rstrip()) if meant > fence.content_start else fence.content_start
    at = text.find("\n", code) + 1 if code > fence.content_start else fence.content_start
    return Repair(title="Close the fence", edits=(Edit(start=at, end=at, text=_closing(text, fence) + "\n"),))
