"""Block scan of Markdown: body -> step spans, first heading. Front matter is `core.front`, offered from here too.

Compiled: it looks at every byte of every rule. Plain loops over bytes; no regex, no recursion, no exception on the way.
The scan knows CommonMark's blocks as far as a step needs them (ATX and setext headings, fences, indented code, lists
with nested content, HTML comments); inline structure is not looked at.
"""

from __future__ import annotations

from driven.core._rt import i64
from driven.core.front import parse_front as parse_front
from driven.core.front import skip_blanks, starts_with_key
from driven.core.front import split_front as split_front
from driven.core.phrases import EXAMPLE, HEADING, PROSE, WORKFLOW, text_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

UNDECIDED: Final = -1  # a paragraph, until its last line is known

# The open block of the scan.
NONE: Final = 0
PARAGRAPH: Final = 1
LIST: Final = 2
FENCE: Final = 3
CODE: Final = 4
CLOSED: Final = 5  # a heading, a thematic break, an ended fence: nothing but blank lines can be added

MAX_HEADING: Final = 1000  # bytes of a heading that are read; no title is longer, and inline markers cost a search each


def scan_steps(body: bytes) -> list[tuple[int, int, int]]:
    """The blocks of a Markdown body as (kind, start, end): `kind` an index into `model.rule.STEP_KINDS`, byte offsets.

    The spans tile the body: the first starts at 0, each ends where the next starts, the last ends with the body; blank
    lines belong to the block above them. An empty body has none. A step is one heading, one paragraph, one fence or
    indented code block, or one run of list items of the same kind with all that is nested in them. Lines end with LF,
    CRLF or a lone CR. Never raises.
    """
    steps: list[tuple[int, int, int]] = []
    start: i64 = 0
    for packed in _scan(body, False):
        end = packed >> 3
        steps.append((packed & 7, start, end))
        start = end
    return steps


def step_texts(body: bytes) -> list[tuple[int, str]]:
    """The steps of a body in UTF-8 as (kind, text). UnicodeDecodeError when it is not UTF-8."""
    texts: list[tuple[int, str]] = []
    start: i64 = 0
    for packed in _scan(body, False):
        end = packed >> 3
        texts.append((packed & 7, body[start:end].decode("utf-8")))
        start = end
    return texts


def first_heading(text: str) -> str:
    """The text of the first heading (ATX or setext) outside fences and front matter, "" when there is none.

    One line: closing `#`s, emphasis, code ticks and link targets are taken away, white space is collapsed. Of a heading
    of more than 1,000 bytes the first 1,000 are read.
    """
    data = text.encode("utf-8", "surrogatepass")
    start, end, body = split_front(data)
    if end >= 0 and starts_with_key(data, start):
        data = data[body:]
    bounds = _scan(data, True)
    if bounds:
        a, b = bounds
        if b - a > MAX_HEADING:
            b = a + MAX_HEADING
            while b > a and 0x80 <= data[b] < 0xC0:  # not in the middle of a code point
                b -= 1
        return _plain(data[a:b].decode("utf-8", "surrogatepass"))
    return ""


def _scan(b: bytes, find: bool) -> list[i64]:
    """All steps, each as its end and kind (`end << 3 | kind`: one number costs a fifth of a tuple).

    With `find`: [start, end] of the text of the first heading that has any.
    """
    out: list[i64] = []
    n: i64 = len(b)
    pos: i64 = 0
    kind: i64 = PROSE
    block: i64 = NONE
    text: i64 = 0  # where the open paragraph's text starts and ends
    text_end: i64 = 0
    base: i64 = 0  # indent of the open list's items
    mark: i64 = 0  # the character of the open fence, 0 outside of one
    run: i64 = 0
    comment = False
    blank = True  # the line above is blank
    while pos < n:
        line = pos
        s = pos
        indent: i64 = 0
        while s < n:
            c: i64 = b[s]
            if c == 32:
                indent += 1
            elif c == 9:
                indent += 4 - indent % 4
            else:
                break
            s += 1
        e = s
        while e < n and (b[e] > 13 or (b[e] != 10 and b[e] != 13)):
            e += 1
        pos = e
        if pos < n:
            pos += 2 if b[pos] == 13 and pos + 1 < n and b[pos + 1] == 10 else 1
        if s == e:
            blank = True
            continue
        after_blank = blank
        blank = False
        c = b[s]
        if mark != 0:
            if block != LIST or indent >= base + 2:
                ticks = _run(b, s, e)
                if c == mark and ticks >= run and (block == LIST or indent < 4) and _blank(b, s + ticks, e):
                    mark = 0
                    if block == FENCE:
                        block = CLOSED
                continue
            mark = 0  # a line that leaves the list closes the fence inside it
        elif comment:
            comment = not _ends_comment(b, s, e)
            continue
        if block == LIST and indent >= base + 2:
            if (c == 96 or c == 126) and _opens_fence(b, s, e):
                mark = c
                run = _run(b, s, e)
            continue
        goes_on = not after_blank and block in (PARAGRAPH, LIST)
        next_kind: i64 = UNDECIDED
        next_block: i64 = PARAGRAPH
        if indent >= 4:
            if goes_on or block == CODE:
                text_end = e
                continue
            next_kind = EXAMPLE
            next_block = CODE
        elif c == 35:  # '#'
            level = _run(b, s, e)
            if level <= 6 and (s + level == e or b[s + level] == 32 or b[s + level] == 9):
                next_kind = HEADING
                next_block = CLOSED
                if find and not _blank(b, s + level, e):
                    return [s + level, e]
        elif (c == 96 or c == 126) and _opens_fence(b, s, e):
            next_kind = EXAMPLE
            next_block = FENCE
        elif c in (45, 42, 43) and s + 2 < e and b[s + 1] == 32 and b[s + 2] > 45:  # the usual list item, for speed
            s += 2
            next_kind = text_kind(b, s, e, True)
            next_block = LIST
        elif c == 45 or c == 42 or c == 43 or c == 95 or c == 61:  # - * + _ =
            underlines = (c == 45 or c == 61) and _blank(b, s + _run(b, s, e), e)
            if underlines and block == PARAGRAPH and not after_blank and b[text] != 62:
                if find:
                    return [text, text_end]
                kind = HEADING
                block = CLOSED
                continue
            if _is_break(b, s, e):
                next_kind = PROSE
                next_block = CLOSED
            elif _is_bullet(b, s, e) and (block != PARAGRAPH or after_blank or not _blank(b, s + 1, e)):
                s = skip_blanks(b, s + 1, e)
                next_kind = text_kind(b, s, e, True)
                next_block = LIST
        elif 48 <= c <= 57:
            digits = s
            while digits < e and digits - s < 9 and 48 <= b[digits] <= 57:
                digits += 1
            if digits < e and (b[digits] == 46 or b[digits] == 41):
                at = digits + 1
                if at == e or b[at] == 32 or b[at] == 9:
                    first = digits == s + 1 and c == 49 and not _blank(b, at, e)
                    if block != PARAGRAPH or after_blank or first:  # only a list that starts with 1 ends a paragraph
                        s = skip_blanks(b, at, e)
                        next_kind = WORKFLOW
                        next_block = LIST
        elif c == 60 and e - s >= 4 and b[s + 1] == 33 and b[s + 2] == 45 and b[s + 3] == 45:  # <!--
            next_kind = PROSE
            next_block = CLOSED
            comment = not _ends_comment(b, s + 4, e)
        if next_kind == UNDECIDED and goes_on:
            text_end = e
            continue
        if next_block != LIST or block != LIST or next_kind != kind:  # else: the run of items goes on
            if block != NONE:
                out.append(line << 3 | (text_kind(b, text, text_end, False) if kind == UNDECIDED else kind))
            kind = next_kind
            block = next_block
            text = s
            text_end = e
        if next_block == LIST:
            base = indent
        if next_block in (LIST, FENCE) and s < e and _opens_fence(b, s, e):
            mark = b[s]
            run = _run(b, s, e)
    if find:
        return []
    if n:
        out.append(n << 3 | (text_kind(b, text, text_end, False) if kind == UNDECIDED else kind))
    return out


def _run(b: bytes, s: i64, e: i64) -> i64:
    """How many times the byte at `s` is repeated."""
    p = s + 1
    while p < e and b[p] == b[s]:
        p += 1
    return p - s


def _blank(b: bytes, s: i64, e: i64) -> bool:
    return skip_blanks(b, s, e) == e


def _opens_fence(b: bytes, s: i64, e: i64) -> bool:
    c: i64 = b[s]
    if c != 96 and c != 126:
        return False
    p = s + _run(b, s, e)
    if p - s < 3:
        return False
    while c == 96 and p < e:
        if b[p] == 96:
            return False
        p += 1
    return True


def _is_break(b: bytes, s: i64, e: i64) -> bool:
    c: i64 = b[s]
    count: i64 = 0
    if c == 43 or c == 61:
        return False
    for p in range(s, e):
        if b[p] == c:
            count += 1
        elif b[p] != 32 and b[p] != 9:
            return False
    return count >= 3


def _is_bullet(b: bytes, s: i64, e: i64) -> bool:
    c: i64 = b[s]
    return c in (45, 42, 43) and (s + 1 == e or b[s + 1] == 32 or b[s + 1] == 9)


def _ends_comment(b: bytes, s: i64, e: i64) -> bool:
    p = s
    while p + 2 < e:
        if b[p] == 45 and b[p + 1] == 45 and b[p + 2] == 62:
            return True
        p += 1
    return False


def _plain(text: str) -> str:
    """One line of inline Markdown without closing `#`s, emphasis, code ticks and link targets."""
    text = " ".join(text.split())
    bare = text.rstrip("#")
    if bare == "" or bare.endswith(" "):
        text = bare.rstrip(" ")
    out: list[str] = []
    i = 0
    n = len(text)
    while i < n:
        c = text[i]
        j = i + 1
        if c == "\\" and j < n and text[j] in "\\`*_{}[]<>()#+-.!|":
            out.append(text[j])
            i += 2
            continue
        if c == "`" or c == "*" or c == "_":
            while j < n and text[j] == c:
                j += 1
            close = text.find(text[i:j], j + 1) if j < n and (c == "`" or text[j] != " ") else -1
            word = c == "_" and i > 0 and text[i - 1].isalnum()
            if close > 0 and not word and (c == "`" or text[close - 1] != " "):
                inner = text[j:close]
                if c == "`":
                    out.append(inner)
                    i = close + (j - i)
                else:  # what is emphasised may hold more: read on, without the two runs
                    text = inner + text[close + (j - i) :]
                    n = len(text)
                    i = 0
                continue
            out.append(text[i:j])
            i = j
            continue
        if c == "[":
            middle = text.find("](", i)
            close = text.find(")", middle) if middle > 0 else -1
            if close > 0:
                text = text[i + 1 : middle] + text[close + 1 :]
                n = len(text)
                i = 0
                continue
        if c != "!" or text[j : j + 1] != "[":  # an image leaves its text
            out.append(c)
        i = j
    return " ".join("".join(out).split())
