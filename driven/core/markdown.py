"""One scan of a Markdown text for what checks look at: headings, fences, comments, links, imports, code, statements.

Compiled: it looks at every byte of every rule file that is validated. Loops over bytes; no regex, no recursion, and no
step back of more than a bounded length, so that time is linear in the text, whatever it holds.

CommonMark (https://spec.commonmark.org/0.31.2, verified 2026-11-21) is followed as far as a check needs: ATX and setext
headings, fences (in lists and quotes too), indented code, HTML comments, code spans across the lines of a paragraph,
inline links and images, definitions, autolinks. Emphasis and other HTML are text.

One pass with one state, so it is longer than 350 lines.
"""

from __future__ import annotations

from driven.core._rt import i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# What is found, as (kind, start, end, a, b); offsets are code points.
HEADING: Final = 0  # the line; a: level; b: where its text starts
FENCE: Final = 1  # from the opening line to the end of the closing one; a: where the content starts; b: 1 when closed
COMMENT: Final = 2  # `<!-- … -->`; b: 1 when closed
CODE: Final = 3  # a code span with its ticks
LINK: Final = 4  # `[text](target)`; a, b: the target
IMAGE: Final = 5  # `![text](target)`; a, b: the target
DEFINITION: Final = 6  # `[label]: target`; a, b: the target
URL: Final = 7  # `<scheme:…>` or a bare `http://…`; a, b: the URL
IMPORT: Final = 8  # `@word` at the start of a word; the whole word
STATEMENT: Final = 9  # a paragraph, a list item or a table row; a: 1 for an item; b: where its text starts
INDENTED: Final = 10  # an indented code block

MAX_OPEN: Final = 256  # brackets that wait for their end; deeper ones are text
MAX_TARGET: Final = 4_096  # bytes of a link's target
MAX_PARENS: Final = 32  # nested in a target, as in CommonMark's reference implementation

Found = tuple[int, int, int, int, int]


def scan(text: str) -> list[Found]:
    """Everything found in `text`, by kind as above; those of one kind stand in the order of the text. Never raises."""
    data = text.encode("utf-8", "surrogatepass")
    found: list[Found] = []
    _blocks(data, found)
    if len(data) != len(text):
        return _to_code_points(data, found)
    return found


def _to_code_points(data: bytes, found: list[Found]) -> list[Found]:
    """The same with offsets that count code points."""
    wanted: set[int] = set()
    for kind, start, end, a, b in found:
        wanted.add(start)
        wanted.add(end)
        if kind != HEADING and kind != COMMENT and kind != STATEMENT:
            wanted.add(a)
        if kind != FENCE and kind != COMMENT:
            wanted.add(b)
    places: dict[int, int] = {}
    count: i64 = 0
    at: i64 = 0
    for offset in sorted(wanted):
        stop: i64 = offset
        while at < stop:
            if data[at] < 0x80 or data[at] >= 0xC0:
                count += 1
            at += 1
        places[offset] = count
    out: list[Found] = []
    for kind, start, end, a, b in found:
        if kind != HEADING and kind != COMMENT and kind != STATEMENT:
            a = places[a]
        if kind != FENCE and kind != COMMENT:
            b = places[b]
        out.append((kind, places[start], places[end], a, b))
    return out


def _blocks(d: bytes, found: list[Found]) -> None:
    """The blocks; what stands inside paragraphs is left to `_inline`."""
    n: i64 = len(d)
    pos: i64 = 0
    open_at: i64 = -1  # the paragraph that is open: where its first line and its text start, where it ends
    text_at: i64 = 0
    open_end: i64 = 0
    is_item = False
    in_list = False
    after_blank = True
    code_at: i64 = -1
    code_end: i64 = 0
    no_comment_end = False
    end: i64 = 0
    after: i64 = 0
    while pos < n:
        line = pos
        if pos >= after:  # else it is the rest of a line, behind a comment
            end = pos
            while end < n and (d[end] > 13 or (d[end] != 10 and d[end] != 13)):
                end += 1
            after = end
            if after < n:
                after += 2 if d[after] == 13 and after + 1 < n and d[after + 1] == 10 else 1
        s = line
        indent: i64 = 0
        while s < end and (d[s] == 32 or d[s] == 9):
            indent += 1 if d[s] == 32 else 4 - indent % 4
            s += 1
        pos = after
        if s == end:
            if open_at >= 0:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
                open_at = -1
            after_blank = True
            continue
        if indent >= 4 and open_at < 0 and not in_list:
            if code_at < 0:
                code_at = line
            code_end = end
            continue
        if code_at >= 0:
            found.append((INDENTED, int(code_at), int(code_end), int(code_at), int(code_end)))
            code_at = -1
        while s < end and d[s] == 62:  # quotes: what they hold is read like any text
            s += 1
            while s < end and (d[s] == 32 or d[s] == 9):
                s += 1
        item = False
        while s < end:
            width = _marker(d, s, end)
            if width == 0:
                break
            item = True
            s += width
            while s < end and (d[s] == 32 or d[s] == 9):
                s += 1
        if not item and s < end and _is_break(d, s, end) and not (d[s] == 45 and open_at >= 0):
            if open_at >= 0:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
                open_at = -1
            in_list = False
            after_blank = False
            continue
        if indent == 0 and not item and after_blank:
            in_list = False
        after_blank = False
        if item:
            in_list = True
        # A fence.
        ticks = _fence(d, s, end)
        if ticks > 0:
            if open_at >= 0:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
                open_at = -1
            pos, close_end, closed = _fence_end(d, d[s], ticks, after, n)
            found.append((FENCE, int(s), int(close_end), int(after), closed))
            continue
        # A heading.
        if s < end and d[s] == 35:
            level: i64 = 0
            while s + level < end and d[s + level] == 35:
                level += 1
            if level <= 6 and (s + level == end or d[s + level] == 32 or d[s + level] == 9):
                if open_at >= 0:
                    _paragraph(d, open_at, text_at, open_end, is_item, found)
                    open_at = -1
                start = s + level
                while start < end and (d[start] == 32 or d[start] == 9):
                    start += 1
                found.append((HEADING, int(s), int(end), int(level), int(start)))
                _inline(d, start, end, found)
                in_list = False
                continue
        if s == end:  # a quote or an item that is empty
            if open_at >= 0:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
                open_at = -1
            continue
        if open_at >= 0 and not item and (d[s] == 61 or d[s] == 45) and _is_underline(d, s, end):
            if not is_item:
                found.append((HEADING, int(open_at), int(open_end), 1 if d[s] == 61 else 2, int(text_at)))
                _inline(d, text_at, open_end, found)
            else:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
            open_at = -1
            continue
        # A comment: what stands before it on the line is text, and so is what follows it.
        at = _comment(d, s, end)
        if at >= 0:
            if at > s:
                if open_at < 0 or item:
                    if open_at >= 0:
                        _paragraph(d, open_at, text_at, open_end, is_item, found)
                    open_at = line
                    text_at = s
                    is_item = item
                open_end = at
            if open_at >= 0:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
                open_at = -1
            stop: i64 = -1
            if not no_comment_end:
                stop = d.find(b"-->", at + 4)
                if stop < 0 and d[at + 4 : at + 5] == b">":  # `<!-->` is a comment too
                    stop = at + 2
            if stop < 0:
                no_comment_end = True
                found.append((COMMENT, int(at), int(n), 0, 0))
                pos = n
            else:
                found.append((COMMENT, int(at), int(stop) + 3, 0, 1))
                pos = stop + 3
                if pos < n and d[pos] == 10:
                    pos += 1
            continue
        if item or d[s] == 124:  # a list item, a table row
            if open_at >= 0:
                _paragraph(d, open_at, text_at, open_end, is_item, found)
            open_at = line
            text_at = s
            open_end = end
            is_item = item
            continue
        if open_at < 0:
            open_at = line
            text_at = s
            is_item = False
        open_end = end
    if open_at >= 0:
        _paragraph(d, open_at, text_at, open_end, is_item, found)
    if code_at >= 0:
        found.append((INDENTED, int(code_at), int(code_end), int(code_at), int(code_end)))


def _paragraph(d: bytes, line: i64, start: i64, end: i64, item: bool, found: list[Found]) -> None:
    found.append((STATEMENT, int(line), int(end), 1 if item else 0, int(start)))
    if d[start] == 91:
        colon = d.find(b"]:", start, min(end, start + 1_000))
        if colon > 0:
            s: i64 = colon + 2
            while s < end and (d[s] == 32 or d[s] == 9):
                s += 1
            e = s
            while e < end and d[e] > 32:
                e += 1
            if e > s and d[start + 1] != 94:  # not a footnote
                a, b = (s + 1, e - 1) if d[s] == 60 and d[e - 1] == 62 and e - s > 1 else (s, e)
                found.append((DEFINITION, int(start), int(e), int(a), int(b)))
                # Each line of a run of definitions is one of its own.
                while e < end and d[e] != 10:
                    e += 1
                while e < end and d[e] <= 32:
                    e += 1
                if e < end:
                    _paragraph_rest(d, e, end, found)
                return
    _inline(d, start, end, found)


def _paragraph_rest(d: bytes, start: i64, end: i64, found: list[Found]) -> None:
    """The lines below a definition, each read as one."""
    s = start
    while s < end:
        e = s
        while e < end and d[e] != 10:
            e += 1
        colon = d.find(b"]:", s, min(e, s + 1_000)) if d[s] == 91 else -1
        if colon > 0:
            a: i64 = colon + 2
            while a < e and (d[a] == 32 or d[a] == 9):
                a += 1
            b = a
            while b < e and d[b] > 32:
                b += 1
            if b > a and d[s + 1] != 94:
                found.append((DEFINITION, int(s), int(b), int(a), int(b)))
        else:
            _inline(d, s, e, found)
        s = e + 1
        while s < end and (d[s] == 32 or d[s] == 9):
            s += 1


def _inline(d: bytes, start: i64, end: i64, found: list[Found]) -> None:
    """Code spans, links, images, URLs and imports in one paragraph."""
    s = start
    opened: list[int] = []
    runs: dict[int, list[int]] | None = None  # length of a run of ticks -> where those stand, last first
    while s < end:
        c: i64 = d[s]
        if c != 96 and c != 91 and c != 93 and c != 64 and c != 60 and c != 92 and c != 104:
            s += 1
            continue
        if c == 92:  # \
            s += 2
            continue
        if c == 96:  # `
            run = s
            while run < end and d[run] == 96:
                run += 1
            width: i64 = run - s
            if runs is None:
                runs = _tick_runs(d, s, end)
            closing = runs.get(int(width), [])  # a backslash may hide a part of a run
            while closing and closing[-1] < run:
                closing.pop()
            if closing:
                close_at: i64 = closing[-1]
                found.append((CODE, int(s), int(close_at + width), int(run), int(close_at)))
                s = close_at + width
            else:
                s = run
            continue
        if c == 91:  # [
            if len(opened) < MAX_OPEN:
                opened.append(int(s))
            s += 1
            continue
        if c == 93:  # ]
            if opened:
                begin: i64 = opened.pop()
                if s + 1 < end and d[s + 1] == 40:
                    a, b, close = _target(d, s + 2, end)
                    if close >= 0:
                        image = begin > start and d[begin - 1] == 33
                        kind = IMAGE if image else LINK
                        found.append((kind, int(begin - 1 if image else begin), int(close), int(a), int(b)))
                        if not image:
                            opened.clear()  # no link stands in a link
                        s = close
                        continue
            s += 1
            continue
        if c == 64:  # @
            e = s + 1
            before: i64 = d[s - 1] if s > start else 32
            if before <= 32 or before == 40:
                while e < end and d[e] > 32:
                    e += 1
                if e > s + 1:
                    found.append((IMPORT, int(s), int(e), int(s) + 1, int(e)))
            s += 1
            continue
        if c == 60:  # <scheme:…>
            e = s + 1
            colon: i64 = -1
            while e < end and d[e] > 32 and d[e] != 62 and d[e] != 60 and e - s < MAX_TARGET:
                if d[e] == 58 and colon < 0:
                    colon = e
                e += 1
            if e < end and d[e] == 62 and colon > s + 2:
                found.append((URL, int(s), int(e) + 1, int(s) + 1, int(e)))
                s = e + 1
            else:
                s += 1
            continue
        if d[s : s + 7] == b"http://" or d[s : s + 8] == b"https://":
            before = d[s - 1] if s > start else 32
            if not (48 <= before <= 57 or 65 <= before <= 90 or 97 <= before <= 122):
                e = s
                while e < end and d[e] > 32 and d[e] != 60 and d[e] != 62 and d[e] != 96 and d[e] != 34 and d[e] != 93:
                    e += 1
                extra: i64 = d.count(b")", s, e) - d.count(b"(", s, e)  # an unmatched one ends the sentence around it
                while e > s and d[e - 1] in (46, 44, 58, 59, 33, 63, 39, 42, 95, 41):
                    if d[e - 1] == 41:
                        if extra <= 0:
                            break
                        extra -= 1
                    e -= 1
                found.append((URL, int(s), int(e), int(s), int(e)))
                s = e
                continue
        s += 1


def _tick_runs(d: bytes, s: i64, end: i64) -> dict[int, list[int]]:
    """Where the runs of ticks stand, by their length, the last one first."""
    runs: dict[int, list[int]] = {}
    while s < end:
        at: i64 = d.find(b"`", s, end)
        if at < 0:
            break
        s = at
        while s < end and d[s] == 96:
            s += 1
        width = int(s - at)
        if width in runs:
            runs[width].append(int(at))
        else:
            runs[width] = [int(at)]
    for places in runs.values():
        places.reverse()
    return runs


def _target(d: bytes, s: i64, end: i64) -> tuple[i64, i64, i64]:
    """The target of a link whose `(` stands before `s`: its bounds, and where the link ends, -1 when it is none."""
    while s < end and d[s] <= 32:
        s += 1
    limit = min(end, s + MAX_TARGET)
    e = s
    if s < end and d[s] == 60:
        while e < limit and d[e] != 62 and d[e] != 10:
            e += 1
        if e >= limit or d[e] != 62:
            return 0, 0, -1
        a, b = s + 1, e
        e += 1
    else:
        depth: i64 = 0
        while e < limit and d[e] > 32:
            if d[e] == 92:
                e += 1
            elif d[e] == 40:
                depth += 1
                if depth > MAX_PARENS:
                    return 0, 0, -1
            elif d[e] == 41:
                if depth == 0:
                    break
                depth -= 1
            e += 1
        e = min(e, end)
        a, b = s, e
    while e < limit and d[e] <= 32:
        e += 1
    if e < limit and (d[e] == 34 or d[e] == 39):  # a title
        quote: i64 = d[e]
        e += 1
        while e < limit and d[e] != quote:
            e += 2 if d[e] == 92 else 1
        e += 1
        while e < limit and d[e] <= 32:
            e += 1
    if e < limit and d[e] == 41:
        return a, b, e + 1
    return 0, 0, -1


def _marker(d: bytes, s: i64, end: i64) -> i64:
    """The width of a list marker and the blank behind it, 0 for none."""
    c: i64 = d[s]
    if c == 45 or c == 42 or c == 43:
        if s + 1 < end and (d[s + 1] == 32 or d[s + 1] == 9) and not _is_break(d, s, end):
            return 2
        return 0
    if 48 <= c <= 57:
        e = s
        while e < end and e - s < 9 and 48 <= d[e] <= 57:
            e += 1
        if e + 1 < end and (d[e] == 46 or d[e] == 41) and (d[e + 1] == 32 or d[e + 1] == 9):
            return e + 2 - s
    return 0


def _is_break(d: bytes, s: i64, end: i64) -> bool:
    """A thematic break."""
    c: i64 = d[s]
    if c != 45 and c != 42 and c != 95:
        return False
    count: i64 = 0
    while s < end:
        if d[s] == c:
            count += 1
        elif d[s] != 32 and d[s] != 9:
            return False
        s += 1
    return count >= 3


def _is_underline(d: bytes, s: i64, end: i64) -> bool:
    c: i64 = d[s]
    while s < end and d[s] == c:
        s += 1
    while s < end and (d[s] == 32 or d[s] == 9):
        s += 1
    return s == end


def _fence(d: bytes, s: i64, end: i64) -> i64:
    """The length of the run that opens a fence, 0 when the line opens none."""
    if s >= end or (d[s] != 96 and d[s] != 126):
        return 0
    e = s
    while e < end and d[e] == d[s]:
        e += 1
    if e - s < 3 or (d[s] == 96 and d.find(b"`", e, end) >= 0):
        return 0
    return e - s


def _fence_end(d: bytes, mark: i64, ticks: i64, pos: i64, n: i64) -> tuple[i64, i64, int]:
    """Of a fence whose content starts at `pos`: where the text goes on, where the fence ends, 1 when it is closed."""
    while pos < n:
        end = pos
        while end < n and d[end] != 10 and d[end] != 13:
            end += 1
        after = end
        if after < n:
            after += 2 if d[after] == 13 and after + 1 < n and d[after + 1] == 10 else 1
        s = pos
        while s < end and (d[s] == 32 or d[s] == 9 or d[s] == 62):
            s += 1
        e = s
        while e < end and d[e] == mark:
            e += 1
        if e - s >= ticks:
            while e < end and (d[e] == 32 or d[e] == 9):
                e += 1
            if e == end:
                return after, end, 1
        pos = after
    return n, n, 0


def _comment(d: bytes, s: i64, end: i64) -> i64:
    """Where `<!--` stands in the line, outside of code; -1 for nowhere."""
    at: i64 = d.find(b"<!--", s, end)
    if at < 0:
        return -1
    return -1 if d.count(b"`", s, at) % 2 else at
