"""What of a Markdown text is code: its spans and fences, by CommonMark's rules, in time linear in the text."""

from __future__ import annotations

import re

_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")


def code_spans(text: str) -> list[tuple[int, int, int]]:
    """Where the code spans of `text` stand, ticks included, and how many ticks open each: a run of them ends at the
    next one of that length."""
    runs = [(match.start(), match.end()) for match in re.finditer("`+", text)]
    closing: dict[int, list[int]] = {}
    for at in range(len(runs) - 1, -1, -1):
        closing.setdefault(runs[at][1] - runs[at][0], []).append(at)
    spans: list[tuple[int, int, int]] = []
    at = 0
    while at < len(runs):
        ticks = runs[at][1] - runs[at][0]
        later = closing[ticks]
        while later and later[-1] <= at:
            later.pop()
        if later:
            spans.append((runs[at][0], runs[later[-1]][1], ticks))
            at = later[-1]
        at += 1
    return spans


def prose(text: str) -> tuple[str, int]:
    """`text`, LF, with ticks for everything in code and in HTML comments that begin a line; and the line of a fence
    that is never closed, 0 for none. Every line stays where it is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    fence, opened, comment, start = "", 0, False, 0
    for number, line in enumerate([*lines, ""]):
        bare = line.strip().lstrip("> ")
        match = None if fence or comment else _FENCE.match(bare)
        opens = not fence and not comment and bare.startswith("<!--")
        if number == len(lines) or not bare or fence or comment or match or opens:
            if start < number:
                lines[start:number] = _without_code("\n".join(lines[start:number])).split("\n")
            start = number + 1
        if number == len(lines):
            break
        if fence or comment or match or opens:
            lines[number] = "`" * len(line)
        if fence:
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
        elif match:
            fence, opened = match[1] or match[2], number + 1
        elif comment or opens:
            comment = "-->" not in (bare[4:] if opens else bare)
    return "\n".join(lines), opened if fence else 0


def _without_code(text: str) -> str:
    parts: list[str] = []
    done = 0
    for start, end, _ in code_spans(text):
        parts += [text[done:start], re.sub(r"[^\n]", "`", text[start:end])]
        done = end
    return "".join([*parts, text[done:]])
