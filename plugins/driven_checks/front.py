"""Front matter that is no YAML, in the files of editors that have no check of their own for it.

Cursor reads its own simple form, where `globs: **/*.ts` is right; Claude Code (CLA03), Cline (CLN04), skills (SKL02)
and our own rules (RUL01) are told of elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Finding, file_check

_SURE = ("copilot/instructions", "copilot/prompt", "copilot/agent", "continue/rule")  # read by a YAML library
_LIKELY = ("kiro/rule", "augment/rule", "kilo/rule", "qwen/rule", "trae/rule", "aiassistant/rule", "antigravity/rule")


@file_check(
    "TXT04", "front matter that is not YAML", *_SURE, *_LIKELY,
    why="Where the front matter does not parse, an editor drops all of it, the paths and the description with it: the"
    " rule is loaded always, or never, and nothing says so. A colon and a blank inside a value are the usual cause.",
    url="https://code.visualstudio.com/docs/agent-customization/custom-instructions", verified="2026-11-21",
    bad="description: Handlers: HTTP", good='description: "Handlers: HTTP"',
)  # fmt: skip
def not_yaml(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or front.end < 0 or not front.problem:
        return
    line = document.line_of(front.problem_at)
    start, end = document.line_bounds(line)
    text = document.text[start:end]
    if text.partition(":")[2].lstrip(" \t-").startswith("*"):  # COP05, and what other editors do with a bare `*`
        return
    yield Finding(
        message=f"the front matter is not YAML ({front.problem.removeprefix('the YAML does not parse: ')}); none of its"
        " keys is read",
        start=front.problem_at, end=min(front.problem_at + 1, end), hint="put quotes around the value",
        severity=None if document.place in _SURE else "warning",
    )  # fmt: skip
