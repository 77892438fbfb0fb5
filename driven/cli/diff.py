"""A change of the plan as a unified diff that `git apply` takes; bounded in time for texts of any size and shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_CONTEXT = 3
_SHORT = 12  # lines: their few common ones are counted without difflib, which takes 2 ms to import
_COMPARE = 2_000  # lines: more than this between the common ends is shown as replaced whole, not compared line by line


def unified(path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """The lines (without line ends) of the diff that turns `before` into `after`; None means there is no file.

    Bytes that are not UTF-8 come as lone surrogates, so the text is to be shown with `driven.cli.text.safe_line`.
    """
    old, new = _lines(before), _lines(after)
    a, b = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    head = [f"diff --git {a} {b}"]
    end = "\t" if " " in path and a[0] != '"' else ""  # as git does: what follows a blank could be a date
    if before is None:
        head.append("new file mode 100644")
    if after is None:
        head.append("deleted file mode 100644")
    if old == new:
        return head
    head.append("--- /dev/null" if before is None else f"--- {a}{end}")
    head.append("+++ /dev/null" if after is None else f"+++ {b}{end}")
    return head + [line for hunk in _hunks(_blocks(old, new)) for line in _hunk(old, new, hunk)]


def _quoted(path: str) -> str:
    """A path as git writes it: in quotes where it holds a quote, a backslash, a control character or no UTF-8."""
    if not any(char in '"\\\x7f' or char < " " or 0xDC80 <= ord(char) <= 0xDCFF for char in path):
        return path
    shown = (
        f"\\{byte:03o}" if byte < 0x20 or byte > 0x7E else "\\" + chr(byte) if byte in b'"\\' else chr(byte)
        for byte in path.encode("utf-8", "surrogateescape")
    )
    return '"' + "".join(shown) + '"'


def added_removed(before: bytes | None, after: bytes | None) -> tuple[int, int]:
    """How many lines a change adds and removes."""
    old, new = _lines(before), _lines(after)
    start, end = _common_ends(old, new)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(a), len(b)) <= _SHORT or not (a and b):
        same = _same(a, b)
        return len(b) - same, len(a) - same
    blocks = [block for block in _blocks(old, new) if block[0]]
    return sum(b[4] - b[3] for b in blocks), sum(b[2] - b[1] for b in blocks)


def _same(a: Sequence[str], b: Sequence[str]) -> int:
    """How many lines two short texts share, found as difflib does: the longest run, then those on either side of it."""
    best = at = there = 0
    for i in range(len(a)):
        for j in range(len(b)):
            run = 0
            while i + run < len(a) and j + run < len(b) and a[i + run] == b[j + run]:
                run += 1
            if run > best:
                best, at, there = run, i, j
    if not best:
        return 0
    return best + _same(a[:at], b[:there]) + _same(a[at + best :], b[there + best :])


def _lines(data: bytes | None) -> list[str]:
    """Lines with their LF: a CR stays in the line, as in git."""
    text = (data or b"").decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


_Block = tuple[bool, int, int, int, int]  # changed?, old from, old to, new from, new to


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[_Block]:
    """Equal and changed runs that tile both texts."""
    start, end = _common_ends(old, new)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    blocks: list[_Block] = [(False, 0, start, 0, start)]
    if len(a) > _COMPARE or len(b) > _COMPARE:
        blocks.append((True, start, start + len(a), start, start + len(b)))
    else:
        from difflib import SequenceMatcher

        for tag, a1, a2, b1, b2 in SequenceMatcher(None, a, b).get_opcodes():
            blocks.append((tag != "equal", start + a1, start + a2, start + b1, start + b2))
    blocks.append((False, len(old) - end, len(old), len(new) - end, len(new)))
    return [block for block in blocks if block[2] > block[1] or block[4] > block[3]]


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines both texts begin with, and how many both end with."""
    shortest = min(len(old), len(new))
    start = 0
    while start < shortest and old[start] == new[start]:
        start += 1
    end = 0
    while end < shortest - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


def _hunks(blocks: Sequence[_Block]) -> Iterator[list[_Block]]:
    """Changed runs with `_CONTEXT` equal lines around them; runs that are near one another share a hunk."""
    hunk: list[_Block] = []
    for i, (changed, a1, a2, b1, b2) in enumerate(blocks):
        if changed:
            hunk.append((True, a1, a2, b1, b2))
            continue
        length = a2 - a1
        keep_before = _CONTEXT if hunk else 0  # lines after the last change
        keep_after = _CONTEXT if i + 1 < len(blocks) else 0  # lines before the next one
        if length <= keep_before + keep_after:
            hunk.append((False, a1, a2, b1, b2))
            continue
        if hunk:
            yield [*hunk, (False, a1, a1 + keep_before, b1, b1 + keep_before)]
        hunk = [(False, a2 - keep_after, a2, b2 - keep_after, b2)] if keep_after else []
    if any(block[0] for block in hunk):
        yield hunk


def _hunk(old: Sequence[str], new: Sequence[str], blocks: Sequence[_Block]) -> Iterator[str]:
    a1, a2, b1, b2 = blocks[0][1], blocks[-1][2], blocks[0][3], blocks[-1][4]
    yield f"@@ -{_range(a1, a2)} +{_range(b1, b2)} @@"
    for changed, x1, x2, y1, y2 in blocks:
        for line in old[x1:x2]:
            yield from _line("-" if changed else " ", line)
        for line in new[y1:y2] if changed else ():
            yield from _line("+", line)


def _line(sign: str, line: str) -> Iterator[str]:
    if line.endswith("\n"):
        yield sign + line[:-1]
    else:
        yield sign + line
        yield "\\ No newline at end of file"


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1 if length else start},{length}"
