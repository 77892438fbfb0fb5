"""Patterns of one rule of which one is covered by another."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Repair, file_check
from driven.plugin_kit import FormatError, expand
from driven_checks.globs import KEYS, Pattern, patterns

VERIFIED = "2026-11-21"
MOST = 64  # patterns of one file that are compared with each other
MOST_ALTERNATIVES = 64
_WILD = frozenset("*?[")


@file_check(
    "GLB01", "a glob that another one covers", *KEYS, severity="info",
    why="Every file that the pattern matches is matched by another one of the same rule. It changes nothing, and"
    " misleads who reads it: the rule seems to be for less than it is.",
    url="https://code.visualstudio.com/docs/agent-customization/custom-instructions", verified=VERIFIED,
    bad="paths: [src/**, src/api/**]", good="paths: [src/**]", fix="safe",
)  # fmt: skip
def covered(document: Document) -> Iterator[Finding]:
    found = patterns(document)
    if not 1 < len(found) <= MOST or any(one.text[:1] == "!" for one in found):
        return
    lines = [_alternatives(one.text) for one in found]
    gone: set[int] = set()
    for at, one in enumerate(found):
        for other_at, other in enumerate(found):
            if other_at == at or other_at in gone or not _covers_all(lines[other_at], lines[at]):
                continue
            if other_at > at and _covers_all(lines[at], lines[other_at]):
                continue  # the same files: the first one stays
            gone.add(at)
            same = one.text == other.text
            text = f"`{other.text}` covers `{one.text}`, which changes nothing"
            hint = f"delete `{one.text}`, or `{other.text}` if less is meant"
            yield Finding(
                message=f"`{one.text}` stands here twice" if same else text, start=one.start, end=one.end,
                hint="delete one of them" if same else hint, repair=_without(document, one),
            )  # fmt: skip
            break


def _alternatives(text: str) -> list[list[str]]:
    """The segments of each pattern that braces stand for; [] of what is no pattern."""
    text = text.removeprefix("./")
    if not text or text[0] == "/" or "\\" in text:
        return []
    try:
        expanded = expand(text) if "{" in text else [text]
    except FormatError:
        return []
    if len(expanded) > MOST_ALTERNATIVES:
        return []
    found = []
    for line in expanded:
        segments = line.split("/")
        if segments[-1] == "**":
            segments.append("*")  # everything below, and not the folder itself
        found.append(segments)
    return found


def _covers_all(wide: list[list[str]], narrow: list[list[str]]) -> bool:
    return bool(narrow) and bool(wide) and all(any(_covers(one, other) for one in wide) for other in narrow)


def _covers(wide: list[str], narrow: list[str]) -> bool:
    """Whether every path that `narrow` matches is matched by `wide`: certain when it is true."""
    reach = [True, *[False] * len(narrow)]  # whether the first i of `wide` take the first j of `narrow`
    for mine in wide:
        if mine == "**":
            for j, theirs in enumerate(narrow):
                reach[j + 1] = reach[j + 1] or (reach[j] and theirs[:1] != ".")
        else:
            reach = [False, *[reach[j] and _takes(mine, theirs) for j, theirs in enumerate(narrow)]]
    return reach[-1]


def _takes(mine: str, theirs: str) -> bool:
    """Whether a segment matches all names that another one does."""
    if mine == theirs:
        return True
    if theirs == "**" or mine[:1] != "*" or theirs[:1] == "." or not _WILD.isdisjoint(mine[1:]):
        return False
    return theirs.endswith(mine[1:])


def _without(document: Document, one: Pattern) -> Repair | None:
    """The file without that pattern, None where it is not plain how it stands there."""
    text = document.text
    start, end = one.start, one.end
    if text[start:end] != one.text:
        return None
    line_start, line_end = document.line_bounds(document.line_of(start))
    line = text[line_start:line_end].strip()
    if line[:2] in ("- ", "-\t") and line[1:].strip().strip("\"'") == one.text:
        return _delete(one, line_start, line_end)
    if "#" in line:
        return None
    if text[start - 1 : start] in ('"', "'") and text[end : end + 1] == text[start - 1 : start]:
        start, end = start - 1, end + 1
    after = end
    while text[after : after + 1] in (" ", "\t"):
        after += 1
    if text[after : after + 1] == ",":
        after += 1
        while text[after : after + 1] in (" ", "\t"):
            after += 1
        return _delete(one, start, after)
    before = start
    while text[before - 1 : before] in (" ", "\t"):
        before -= 1
    return _delete(one, before - 1, end) if text[before - 1 : before] == "," else None


def _delete(one: Pattern, start: int, end: int) -> Repair:
    return Repair(title=f"Delete {one.text}", edits=(Edit(start=start, end=end, text=""),), safe=True)
