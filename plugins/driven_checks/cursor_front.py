"""Front matter of Cursor's rules that is missing, or never begins or ends: https://cursor.com/docs/rules."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Repair, file_check
from driven_checks.cursor_globs import feed

DOCS = "https://cursor.com/docs/rules"
VERIFIED = "2026-11-21"
OURS = frozenset(("description", "globs", "alwaysApply"))


@file_check(
    "CUR10", "front matter that is missing or never closed", "cursor/rule",
    why="The lines between `---` and `---` tell Cursor when to apply a rule. Without them the rule waits until someone"
    " types its name; when the end is missing they are part of the text that the model gets.",
    url=DOCS, verified=VERIFIED, bad="---\nalwaysApply: true\n\nUse tabs.",
    good="---\nalwaysApply: true\n---\n\nUse tabs.", fix="unsafe",
)  # fmt: skip
def front_matter(document: Document) -> Iterator[Finding]:
    if not document.path.endswith(".mdc"):
        return
    front = document.front
    text = document.text
    start = 1 if text[:1] == "\ufeff" else 0
    if front is not None:
        if front.end < 0:
            yield Finding(
                message="the front matter is missing its end; Cursor cannot tell when to apply the rule",
                start=start, end=start + 3,
                hint="write `---` on a line of its own below the keys", repair=_closed(text, front.start),
            )  # fmt: skip
        return
    head = text[:4_000].lstrip("\ufeff \t\r\n")
    if not head or head[:3] == "---":
        return  # an empty file, or blank lines before it: other checks
    lines = head.split("\n", 40)[:40]
    if _names(lines[0]):
        last = next((at for at, line in enumerate(lines) if line.rstrip() == "---"), 0)
        closed = last > 0 and all(_names(line) for line in lines[:last])
        edit = Edit(start=start, end=start, text=f"---{feed(text)}")
        repair = Repair(title="Begin the front matter", edits=(edit,), safe=True)
        yield Finding(
            message="the front matter is missing its start; Cursor reads its keys as text of the rule",
            start=text.find(lines[0].rstrip("\r")), end=text.find(lines[0].rstrip("\r")) + len(lines[0].rstrip("\r")),
            hint="write `---` as the first line", repair=repair if closed else None,
        )  # fmt: skip
        return
    for number, line in enumerate(lines[1:]):
        above = lines[number]
        if above.rstrip() == "---" and _names(line):
            at = text.find(f"{above}\n{line}")
            yield Finding(
                message="the front matter does not begin in the first line; Cursor reads it as text of the rule",
                start=at, end=at + 3, hint="move what stands above it below it", repair=_moved(text, start, at),
            )  # fmt: skip
            return
    block = "---\nalwaysApply: true\n---\n\n".replace("\n", feed(text))
    yield Finding(
        message="there is no front matter; Cursor cannot tell when to apply the rule, and waits for its name in a chat",
        hint="begin with `---`, `alwaysApply: true`, `---`, or give `globs` or a `description`",
        repair=Repair(title="Apply it always", edits=(Edit(start=start, end=start, text=block),)),
    )  # fmt: skip


def _names(line: str) -> bool:
    """Whether a line is one of Cursor's keys."""
    name, colon, _ = line.partition(":")
    return bool(colon) and name in OURS


def _closed(text: str, start: int) -> Repair | None:
    """The end of front matter, where it is plain: behind keys of Cursor's."""
    at = start
    seen = False
    for _ in range(40):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        bare = line.strip()
        if not _names(line) and not (seen and line[:1] in (" ", "\t") and bare):
            break
        seen = True
        at = end
    else:
        return None
    if not seen or (at == len(text) and text[-1:] != "\n"):
        return None
    almost = len(bare) > 1 and not bare.strip("-–—_=")  # `--` or `----` where `---` is meant
    stop = end - len(line) + len(line.rstrip("\r\n")) if almost else at
    edit = Edit(start=at, end=stop, text="---" if almost else f"---{feed(text)}")
    return Repair(title="Close the front matter", edits=(edit,), safe=True)


def _moved(text: str, start: int, at: int) -> Repair | None:
    """What stands above the front matter below it, where that is whole and the rest no part of a code block."""
    head = text[start:at]
    if "```" in head or "~~~" in head:
        return None
    end = text.find("\n", at) + 1
    for _ in range(40):
        line = text[end : text.find("\n", end) + 1]
        end += len(line)
        if line.rstrip() == "---":
            edits = (Edit(start=start, end=at, text=""), Edit(start=end, end=end, text=head))
            return Repair(title="Move the front matter to the top", edits=edits, safe=True)
        if not _names(line) and line[:1] not in (" ", "\t", "-"):
            return None
    return None
