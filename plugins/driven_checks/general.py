"""Mistakes in any editor's file: bytes that are no text, merge conflicts, front matter that is not seen, no text.

Globs are in `glob_checks`, links in `links`, fences in `fences`. A rule of `.driven/rules` has RUL codes for the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import TEXT, Document, Edit, Finding, Repair, file_check

VERIFIED = "2026-11-21"
# Files in editors' folders are what their names say: a `.DS_Store` or a picture is no rule.
TEXT_SUFFIXES = frozenset(
    ("md", "mdc", "markdown", "txt", "json", "jsonc", "toml", "yaml", "yml", "rst", "cursorrules", "windsurfrules",
     "clinerules", "roorules", "rules", "goosehints")
)  # fmt: skip
_KINDS = ("rule", "instructions", "old", "agent", "command", "workflow", "prompt", "chatmode", "skill")
# Places whose files begin with front matter where they have any; the others are sent as they are.
_FRONT_PLACES = tuple(
    sorted(
        place
        for place in TEXT
        if place.partition("/")[2] in _KINDS
        and place not in ("driven/rule", "roo/rule", "gemini/command")
    )
)  # fmt: skip
# Keys that some editor reads: two lines across the page with one of these between them are front matter.
FRONT_KEYS = frozenset(
    ("description", "globs", "alwaysApply", "applyTo", "paths", "trigger", "name", "title", "apply", "patterns", "type",
     "inclusion", "fileMatchPattern", "tools", "model", "agent", "mode", "excludeAgent", "regex", "invokable",
     "argument-hint", "allowed-tools", "disable-model-invocation", "tags", "priority", "version", "disabled", "enabled")
)  # fmt: skip
MOST_LINES = 200  # of front matter that is looked for in the wrong place


def is_text(document: Document) -> bool:
    """Whether the file is of a kind that holds text."""
    return document.name.rpartition(".")[2].lower() in TEXT_SUFFIXES


@file_check(
    "TXT01", "a file that is not UTF-8 text", "*",
    why="Editors and models read rule files as UTF-8. Bytes of another encoding arrive as `\ufffd` or make the reader"
    " give up, and a NUL ends the text for some and makes it a binary file for git.",
    url="https://spec.commonmark.org/0.31.2/#insecure-characters", verified=VERIFIED,
    bad="`é` as the one byte E9 (Latin-1)", good="`é` as the bytes C3 A9 (UTF-8)",
)  # fmt: skip
def not_utf8(document: Document) -> Iterator[Finding]:
    text = document.text
    if (document.broken < 0 and "\0" not in text) or document.place == "driven/rule" or not is_text(document):
        return
    if document.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Finding(
            message="the file is UTF-16, not UTF-8; nothing of it can be read", end=1,
            hint="save it as UTF-8 without BOM",
        )  # fmt: skip
        return
    nul = text.find("\0")
    if nul >= 0 and (document.broken < 0 or nul < document.broken):
        yield Finding(
            message="the file holds a NUL character; git takes it for a binary file, and readers may stop here",
            start=nul, end=nul + 1, hint="delete the character, or save the file as UTF-8",
        )  # fmt: skip
        return
    at = document.broken
    byte = document.data[len(text[:at].encode("utf-8", "surrogatepass"))]
    yield Finding(
        message=f"the file is not UTF-8: the byte 0x{byte:02X} here means nothing, and the model gets `\ufffd` instead",
        start=at, end=at + 1, hint="save it as UTF-8 (it may be Windows-1252 or Latin-1 now)",
    )  # fmt: skip


@file_check(
    "TXT03", "a merge conflict that nobody resolved", "*",
    why="The markers of git and both versions of the text go to the model, which then gets two contradicting rules.",
    url="https://git-scm.com/docs/git-merge#_how_conflicts_are_presented", verified=VERIFIED,
    bad="<<<<<<< HEAD", good="only the version that is wanted",
)  # fmt: skip
def conflict(document: Document) -> Iterator[Finding]:
    text = document.text
    if "<<<<<<<" not in text or document.place == "driven/rule":
        return
    outside: list[tuple[int, int]] | None = None
    if document.place in TEXT:
        shift = document.body_start
        outside = [(0, shift), *[(a + shift, b + shift) for a, b in document.body.outside]]
    part = 0
    at = 0
    while True:
        start, at = _next_marker(text, "<<<<<<<", at)
        if start < 0:
            return
        middle, middle_end = _next_marker(text, "=======", at)
        last, last_end = _next_marker(text, ">>>>>>>", middle_end) if middle >= 0 else (-1, at)
        if last < 0:
            return
        if outside is not None:
            while part < len(outside) and outside[part][1] <= start:
                part += 1
            if part == len(outside) or start < outside[part][0]:
                continue
        yield Finding(
            message="a merge conflict of git's stands here, unresolved; the model gets both versions and the markers",
            start=start, end=at, hint="keep what is right, and delete the lines `<<<<<<<`, `=======` and `>>>>>>>`",
        )  # fmt: skip
        at = last_end


def _next_marker(text: str, marker: str, at: int) -> tuple[int, int]:
    """The next line that is a marker, with a label or without: where it begins and ends; (-1, at) for none."""
    while True:
        start = text.find(marker, at)
        if start < 0:
            return -1, at
        end = start + 7
        follows = text[end : end + 1]
        if (start == 0 or text[start - 1] in "\n\r") and follows in ("", " ", "\n", "\r"):
            stop = text.find("\n", end)
            stop = len(text) if stop < 0 else stop
            return start, stop - 1 if text[stop - 1 : stop] == "\r" else stop
        while text[end : end + 1] == marker[0]:  # a longer run is no marker, nor is a part of it
            end += 1
        at = end


@file_check(
    "GEN01", "a byte order mark before front matter", "text",
    why="Many readers look for `---` in the first bytes of a file. Behind a byte order mark they do not find it: the"
    " front matter becomes text, and the rule is on always or never.",
    url="https://github.com/cline/cline/issues/12151", verified=VERIFIED,
    bad="U+FEFF, then `---`", good="`---` in the first bytes", fix="safe",
)  # fmt: skip
def byte_order_mark(document: Document) -> Iterator[Finding]:
    text = document.text
    if text[:1] != "\ufeff" or text[1:4] != "---" or document.place == "driven/rule" or document.front is None:
        return
    yield Finding(
        message="a byte order mark stands before `---`; some tools do not see the front matter", end=1,
        hint="save the file as UTF-8 without BOM",
        repair=Repair(title="Remove the byte order mark", edits=(Edit(start=0, end=1, text=""),), safe=True),
    )  # fmt: skip


@file_check(
    "GEN02", "front matter that is not at the top of the file", *_FRONT_PLACES,
    why="Front matter counts only when `---` is the very first line. Below a blank line or a comment it is text: the"
    " rule loses its globs and its description, and the model reads them as prose.",
    url="https://docs.cline.bot/features/cline-rules/conditional-rules", verified=VERIFIED,
    bad="a blank line, then `---`", good="`---` on line 1", fix="safe",
)  # fmt: skip
def front_not_first(document: Document) -> Iterator[Finding]:
    text = document.text
    if text[:3] == "---" or document.body_start > 1 or "\n---" not in text[:20_000]:
        return
    head = 1 if text[:1] == "\ufeff" else 0
    at = _skip(text, head)
    if at == head or text[at : at + 3] != "---":
        return
    end = _front_end(text, at)
    if end < 0:
        return
    lead = text[head:at]
    edits: tuple[Edit, ...]
    what = "blank lines stand" if not lead.strip() else "a comment stands"
    if lead.strip():
        moved = lead.strip("\r\n") + ("\r\n" if "\r\n" in lead else "\n")
        edits = (Edit(start=head, end=at, text=""), Edit(start=end, end=end, text=moved))
    else:
        edits = (Edit(start=head, end=at, text=""),)
        what = "a blank line stands" if lead.count("\n") == 1 else what
    yield Finding(
        message=f"{what} above the front matter; it must begin on the first line, else it is sent as text",
        start=at, end=at + 3, hint="make `---` the first line of the file",
        repair=Repair(title="Move the front matter to the top", edits=edits, safe=True),
    )  # fmt: skip


def _skip(text: str, at: int) -> int:
    """Behind the blank lines and HTML comments that begin at `at`."""
    for _ in range(20):
        while text[at : at + 1] in (" ", "\t", "\r", "\n") and at < len(text):
            at += 1
        if text[at : at + 4] != "<!--":
            break
        end = text.find("-->", at, at + 4_000)
        if end < 0:
            break
        at = end + 3
    return at


def _front_end(text: str, at: int) -> int:
    """Where the front matter that begins at `at` ends, its closing line included; -1 when it is none: two lines across
    the page, with prose between them."""
    known = False
    start = text.find("\n", at) + 1
    if not start or text[at:start].strip() != "---":
        return -1
    for _ in range(MOST_LINES):
        stop = text.find("\n", start)
        line = text[start : len(text) if stop < 0 else stop].rstrip()
        if line == "---":
            return (len(text) if stop < 0 else stop + 1) if known else -1
        if stop < 0:
            return -1
        key, colon, rest = line.partition(":")
        if colon and key in FRONT_KEYS and rest[:1] in ("", " "):
            known = True
        elif line and line[0] not in " \t#-" and not (colon and key.replace("-", "").replace("_", "").isalnum()):
            return -1
        start = stop + 1
    return -1


@file_check(
    "GEN03", "a rule file without text", "text",
    why="The file is found and its front matter is read, but there is nothing to tell the model. Some tools report an"
    " error for it.",
    url="https://docs.cline.bot/customization/cline-rules", verified=VERIFIED,
    bad="front matter and nothing below it", good="front matter and a rule below it",
)  # fmt: skip
def no_text(document: Document) -> Iterator[Finding]:
    start = document.body_start
    if document.text[start : start + 200].strip("\ufeff \t\r\n") or document.text[start:].strip("\ufeff \t\r\n"):
        return
    if document.place in ("driven/rule", "gemini/command", "copilot/agent") or not is_text(document):
        return
    if document.front is not None and document.front.end < 0:
        return
    if document.key("instructions") is not None:  # JetBrains keeps some text there
        return
    end = len(document.text.rstrip())
    if document.kind in ("rule", "instructions", "old"):
        front = document.front is not None
        message = "there is no text below the front matter" if front else "the file is empty"
        yield Finding(
            message=f"{message}; the rule tells the model nothing", start=0, end=min(end, 3),
            hint="write the rule, or delete the file",
        )  # fmt: skip
    else:
        yield Finding(
            message="there is no text in the file; it tells the model nothing", severity="warning",
            hint="write something, or delete the file",
        )  # fmt: skip
