"""Text that a model reads and a reviewer does not see: invisible characters, control characters, text far to the right,
encoded blobs. What is hidden in Markdown itself (comments, titles) is in `orders.py`, look-alike letters in
`lookalikes.py`. Each function is what a check of `driven validate` asks, and what `scan.py` asks of everything else.

Measured on 3,138 rule files of public projects: the rule for GEN07 finds 0.35 %, all of them odd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.document.document import Document
from driven.model.check import Edit, Finding, Repair
from driven.trust.everywhere import CONTROL, SIGN, WORD, everywhere, shape
from driven.trust.hidden import UNICODE, Run, hidden

# --- GEN07: invisible characters


def invisible(document: Document) -> Iterator[Finding]:
    """GEN07: invisible characters in a rule file."""
    if document.text.isascii():
        return
    for offset, run in everywhere(document, "GEN07", lambda text, whole: hidden(text, whole=whole)):
        message, hint = _told(run)
        start, end = run.start + offset, run.end + offset
        repair = None
        if run.kind not in ("PRIVATE", "UNASSIGNED"):
            edits = (Edit(start=start, end=end, text=""),)
            repair = Repair(title="Delete what is not shown", edits=edits, safe=run.safe)
        yield Finding(
            message=message, start=start, end=end, hint=hint, repair=repair, severity=None if repair else "warning"
        )  # fmt: skip


def _told(run: Run) -> tuple[str, str]:
    """The message and the hint for a run."""
    count = run.end - run.start
    shown = f"`{run.escaped}`"
    who = "delete it, and look in the file's history who put it there"
    if run.kind == "TAG":
        said = f"read `{run.decoded}` to a model" if run.decoded else "are read by a model"
        return f"{_count(count, 'tag character')} ({shown}) {said}, and no editor shows them", who
    if run.kind == "BIDI":
        return (
            f"{shown} turns the direction of text: what a reader sees is not the order in which a model reads it",
            who,
        )
    if run.kind == "VARIATION":
        said = f"spell `{run.decoded}`, which" if run.decoded else "change no character here, and"
        one = "selects no variant of the character before it, and"
        return (
            f"{_count(count, 'variation selector')} ({shown}) {said if count > 1 else one} no editor shows them", who
        )  # fmt: skip
    if run.kind == "PRIVATE":
        message = (
            f"{shown} has no meaning in Unicode: each font draws another sign, or none, and a model cannot know it"
        )
        return message, "write the word, or a character that every font has"
    if run.kind == "UNASSIGNED":
        return f"{shown} is no character of Unicode {UNICODE}: nobody can tell what a model makes of it", "delete it"
    if run.kind == "SEPARATOR":
        return f"{shown} ends a line for some readers and is nothing to others", "replace it by a line break or a space"
    what = (
        "looks like a space and is a letter or a sign"
        if run.kind == "BLANK"
        else "is read by a model, and no editor shows it"
    )
    if count == 1:
        from unicodedata import name

        named = name(run.text, "")
        return f"{shown}{f' ({named.lower()})' if named else ''} {what}", "delete it"
    what = (
        "look like spaces and are letters or signs"
        if run.kind == "BLANK"
        else "are read by a model, and no editor shows them"
    )
    return f"{count:,} invisible characters ({shown}) {what}", who if count > 3 else "delete them"


def _count(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


# --- HID05: text far to the right

_BLANK = " \t\u00a0\u2000-\u200a\u202f\u205f\u3000"
_GAP = re.compile(f"(?<![{_BLANK}])[{_BLANK}]{{20,}}(?=\\S)")
FAR = 80  # columns of blanks; a tab counts four
_EIGHTY, _TABS, _WIDE = " " * FAR, "\t" * (FAR // 4), ("\u00a0" * 20, "\u3000" * 20)


def far_right(document: Document) -> Iterator[Finding]:
    """HID05: text far to the right of its line."""
    text = document.text
    if _EIGHTY not in text and _TABS not in text and (text.isascii() or not any(wide in text for wide in _WIDE)):
        return
    markdown = document.editor and document.name.lower().endswith((".md", ".mdc", ".markdown", "rules", ".txt"))
    fences = [(fence.start, fence.end) for fence in document.body.fences] if markdown else []
    at = 0
    for match in _GAP.finditer(text):
        start, end = match.span()
        if end - start + 3 * text.count("\t", start, end) < FAR:
            continue
        line = text.rfind("\n", max(0, start - 2_000), start) + 1
        until = text.find("\n", end, end + 400)
        rest = text[end : until if until >= 0 else end + 400]
        before = text[line:start].strip()
        if rest[0] in "|│┃║\\" or before[:1] in ("|", "│", "║") or not any(map(str.isalpha, rest)):
            continue  # a table, a box, a comment's border
        while at < len(fences) and fences[at][1] + document.body_start <= start:
            at += 1
        inside = at < len(fences) and fences[at][0] + document.body_start <= start
        if not before and (inside or not markdown):
            continue  # deep indentation of code
        shown = rest.strip()[:30].replace("`", "'")
        yield Finding(
            message=f"`{shown}` stands {end - start} blanks to the right, where no editor's window shows it",
            start=end, end=end + len(rest.rstrip()), hint="move it to the left margin or delete it",
            severity="warning" if inside else None,
        )  # fmt: skip


# --- HID06: encoded blobs

LONG = 200
_LINE = 60  # of a blob that is wrapped into lines
_WRAP = re.compile(r"={0,2}[\"'\\]{0,2}\r?\n[ \t>\"']{0,12}")
_EXEMPT = ("ssh-rsa ", "ssh-dss ", "-----\n", "-----\r\n", "sha512-", "sha384-", "sha256-", "sha256:", "integrity")


def encoded(document: Document) -> Iterator[Finding]:
    """HID06: a long base64 or hexadecimal blob."""
    for offset, (start, end, what) in everywhere(document, "HID06", _blobs, least=LONG):
        yield Finding(
            message=f"{end - start:,} characters of {what} that no reviewer can read",
            start=start + offset, end=end + offset,
            hint="decode it and look; write what it holds as text, or keep it in a file outside of the rules",
        )  # fmt: skip


def _blobs(text: str, whole: bool) -> Iterator[tuple[int, int, str]]:
    # In base64 two signs of 64 are `+` and `/`: 200 of them without 20 others in a row are all but impossible.
    if (data := shape(text)).find(WORD * 20) < 0:
        return
    data = data.replace(SIGN, WORD).replace(CONTROL, b" ")
    line = WORD * _LINE
    at = data.find(line)
    if at < 0:
        return
    start = end = -1
    while at >= 0:
        stop = data.find(b" ", at)
        stop = stop if stop >= 0 else len(data)
        if start >= 0:
            gap = _WRAP.match(text, end)
            if gap is None or gap.end() != at:
                if what := _blob(text, start, end):
                    yield start, end, what
                start = at
        else:
            start = at
        end = stop
        # The last line of a wrapped blob is shorter.
        gap = _WRAP.match(text, end)
        if gap is not None and end - at >= _LINE and data[gap.end() : gap.end() + 1] == b"x":
            last = data.find(b" ", gap.end())
            last = last if last >= 0 else len(data)
            if last - gap.end() < _LINE and text[last : last + 1] in ("", "=", "\n", "\r", '"', "'"):
                end = last
        at = data.find(line, end)
    if start >= 0 and (what := _blob(text, start, end)):
        yield start, end, what


def _blob(text: str, start: int, end: int) -> str:
    """What the characters from `start` to `end` are, "" when they are no blob."""
    if end - start < LONG:
        return ""
    sample = "".join(text[start : min(end, start + 4096)].split())
    behind = text[max(0, start - 200) : start]
    word = (behind.rsplit(None, 1) or [""])[-1] if not behind[-1:].isspace() else ""
    if "://" in word or sample.startswith("eyJ") or behind.endswith(_EXEMPT) or any(e in word for e in _EXEMPT):
        return ""
    if "data:" in word and not word.rpartition("data:")[2].startswith(("text/", "application/j", "application/x-s")):
        return ""  # a picture or a font
    if sum(map(str.isdigit, sample)) < 3:
        return ""  # a path, a name
    from collections import Counter
    from math import log2

    size = len(sample)
    entropy = -sum(n / size * log2(n / size) for n in Counter(sample).values())
    if not sample.strip("0123456789abcdefABCDEF"):
        if entropy >= 3.4:
            return "hexadecimal"
        decoded = bytes.fromhex(sample[: size // 2 * 2])
        printed = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in decoded)
        return "hexadecimal" if printed >= 0.9 * len(decoded) and entropy > 2.5 else ""
    if sample.isdigit() or sample.islower() or sample.isupper():
        return ""
    return "base64" if entropy >= 4.5 and not ("/" in sample and ("-" in sample or "_" in sample)) else ""


# --- HID07: control characters

_CONTROL = re.compile(
    "(?:(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b\\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\\\)"
    "|\x1b[ -/]{0,4}[0-Z\\\\^-~]|[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f])+"
)
_COLOR = re.compile("(?:(?:\x1b\\[|\x9b)[0-9;:]{0,64}m|[\x01-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f])+")
_ZEROS = 8  # more are no accident: text of 16 bits a character
_LONE = re.compile("\r(?![\n\r]|$)")


def controls(document: Document) -> Iterator[Finding]:
    """HID07: control characters in a rule file."""
    if document.broken >= 0:  # no text at all, a picture: TXT01 tells of one that should be
        return
    for offset, (start, end, kind) in everywhere(document, "HID07", _controls):
        text = document.text[start + offset : end + offset]
        start, end = start + offset, end + offset
        if kind == "NUL":
            count = document.text.count("\0")
            message = f"{count:,} NUL characters: the file is no UTF-8 text, every reader makes something else of it"
            yield Finding(message=message, start=start, end=end, hint="save it as UTF-8")
            continue
        if kind == "CR":
            yield Finding(
                message="a carriage return inside a line: a terminal writes the rest over what stands before it",
                start=start, end=end, hint="end the line there or delete it",
                repair=Repair(title="End the line there", edits=(Edit(start=start, end=end, text="\n"),)),
            )  # fmt: skip
            continue
        shown = "".join(f"\\x{ord(c):02x}" if not " " <= c <= "~" else c for c in text[:12])
        shown = shown.replace("`", "'") + ("…" if len(text) > 12 else "")
        what = "a terminal escape sequence" if "\x1b" in text or "\x9b" in text else "a control character"
        yield Finding(
            message=f"`{shown}` is {what}: a terminal obeys it instead of showing it, and the model reads it",
            start=start, end=end, hint="delete it",
            repair=Repair(
                title="Delete it", edits=(Edit(start=start, end=end, text=""),), safe=bool(_COLOR.fullmatch(text))
            ),
        )  # fmt: skip


def _controls(text: str, whole: bool) -> Iterator[tuple[int, int, str]]:
    if CONTROL not in shape(text) and text.isascii() and ("\r" not in text or not _lone(text)):
        return
    if text.count("\0") > _ZEROS:
        at = text.find("\0")
        yield at, at + 1, "NUL"
        return
    found = [(*match.span(), "") for match in _CONTROL.finditer(text)]
    if "\r" in text:
        found += [(at, at + 1, "CR") for at in _lone(text)]
        found.sort()
    yield from found


def _lone(text: str) -> list[int]:
    """Offsets of carriage returns inside a line; where lines end with them there are none."""
    if text.count("\r") == text.count("\r\n") or "\n" not in text:
        return []
    return [match.start() for match in _LONE.finditer(text)]
