"""Braces in globs: count them, expand them, and split lists at the commas outside of them. Compiled with `globs`.

The semantics of bash and minimatch: `{a,b}` and `{1..3}` are alternatives, may be nested and may hold `/`; `{}` and
`{a}` have no alternative and stay literal. As in picomatch, braces and commas in a class, `[{,}]`, are its members.
"""

from __future__ import annotations

from driven.core._rt import FormatError, i64

MAX_LENGTH = 4096  # code points of one pattern
MAX_EXPANSIONS = 1000  # Claude Code's own budget per rule: https://code.claude.com/docs (verified 2026-11-21)
MANY = 10**18  # where `count` stops counting

# What a YAML 1.2 plain scalar may not begin with (section 7.3.3); `-`, `?` and `:` may when no blank follows.
_NOT_PLAIN = "*{[!&%@`|>'\"#,]}"


def count(pattern: str) -> int:
    """How many patterns the braces stand for, found without expanding them; never more than `MANY`."""
    if len(pattern) > MAX_LENGTH:
        raise FormatError(f"the pattern is longer than {MAX_LENGTH} characters", 0)
    totals: list[int] = []  # per open brace: the alternatives before this comma, the product before this brace
    outer: list[int] = []
    opened: list[int] = []
    commas: list[bool] = []
    product = 1
    for at in _marks(pattern):
        char = pattern[at]
        if char == "{":
            opened.append(at)
            outer.append(product)
            totals.append(0)
            commas.append(False)
            product = 1
        elif char == "}":
            if not opened:
                raise FormatError("`}` without `{`", at)
            start = opened.pop()
            total = totals.pop()
            if commas.pop():
                product += total
            elif product == 1:
                product = max(1, _range_size(pattern[start + 1 : at]))
            product = min(MANY, product * outer.pop())
        elif opened:
            totals[-1] = min(MANY, totals[-1] + product)
            commas[-1] = True
            product = 1
    if opened:
        raise FormatError("`{` is never closed", opened[-1])
    return product


def expand(pattern: str, cap: int = MAX_EXPANSIONS) -> list[str]:
    """All patterns that the braces stand for, in the order in which bash writes them. FormatError when over `cap`."""
    if "{" not in pattern and "}" not in pattern:
        return [pattern]
    if count(pattern) > cap:
        raise FormatError(f"the braces stand for more than {cap} patterns", 0)
    finished: list[list[str]] = []  # per open brace: the alternatives before this comma
    outer: list[list[str]] = []  # per open brace: what stands before it
    opened: list[int] = []
    commas: list[bool] = []
    current = [""]
    start = 0
    for at in _marks(pattern):
        char = pattern[at]
        if char == "," and not opened:
            continue
        if at > start:
            run = pattern[start:at]
            current = [head + run for head in current]
        if char == "{":
            opened.append(at)
            outer.append(current)
            finished.append([])
            commas.append(False)
            current = [""]
        elif char == ",":
            finished[-1].extend(current)
            commas[-1] = True
            current = [""]
        else:
            inside = finished.pop()
            first = opened.pop() + 1
            if commas.pop():
                inside.extend(current)
            else:
                inside = _range(pattern[first:at]) if len(current) == 1 else []
                if not inside:
                    inside = ["{" + text + "}" for text in current]
            current = [head + text for head in outer.pop() for text in inside]
        start = at + 1
    run = pattern[start:]
    return [head + run for head in current]


def split_list(text: str) -> list[str]:
    """The patterns of a comma-separated list, trimmed; commas in braces and classes do not separate. Never fails."""
    found: list[str] = []
    depth = 0
    start = 0
    for at in _marks(text):
        char = text[at]
        if char == "{":
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
        elif depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
    found.append(text[start:].strip())
    return [item for item in found if item]


def starts_plain(pattern: str) -> bool:
    """Whether YAML lets a plain scalar, one without quotes, begin as this pattern does."""
    first = pattern[:1]
    if first in ("-", "?", ":"):
        return pattern[1:2] not in ("", " ", "\t")
    return first != "" and first not in _NOT_PLAIN


def plain_first(patterns: list[str]) -> list[str]:
    """For comma-joined lists: braces expanded, no pattern twice, and those first that YAML accepts without quotes."""
    plain: dict[str, None] = {}
    rest: dict[str, None] = {}
    for pattern in patterns:
        for line in expand(pattern):
            if starts_plain(line):
                plain[line] = None
            else:
                rest[line] = None
    return list(plain) + list(rest)


def class_end(text: str, start: int) -> int:
    """The offset past the `]` that closes the class opened at `start`, or -1. A `]` in first place is a member."""
    first = start + 1
    if text[first : first + 1] in ("!", "^"):
        first += 1
    return text.find("]", first + 1) + 1 or -1


def _marks(text: str) -> list[int]:
    """Where every `{`, `}` and `,` outside a class stands, in one pass however hostile the text."""
    found: list[int] = []
    at: i64 = 0
    n: i64 = len(text)
    closed: i64 = text.rfind("]")
    while at < n:
        char = text[at]
        if char == "[" and at < closed:
            end: i64 = class_end(text, at)
            at = at + 1 if end < 0 else end
            continue
        if char == "{" or char == "}" or char == ",":
            found.append(at)
        at += 1
    return found


def _range(text: str) -> list[str]:
    """The members of `1..3`, `01..10`, `a..e` or `0..10..5` inside braces; none when it is not a range."""
    size = _range_size(text)
    if size == 0:
        return []
    parts = text.split("..")
    numbers = _is_number(parts[0])
    low = int(parts[0]) if numbers else ord(parts[0])
    high = int(parts[1]) if numbers else ord(parts[1])
    step = max(1, abs(int(parts[2]))) if len(parts) == 3 else 1
    if high < low:
        step = -step
    if not numbers:
        return [chr(low + step * i) for i in range(size)]
    width = 0
    for part in parts[:2]:
        digits = part.removeprefix("-")
        if len(digits) > 1 and digits[0] == "0":
            width = max(width, len(parts[0]), len(parts[1]))
    return [str(low + step * i).zfill(width) for i in range(size)]


def _range_size(text: str) -> int:
    parts = text.split("..")
    if len(parts) not in (2, 3) or (len(parts) == 3 and not _is_number(parts[2])):
        return 0
    if _is_number(parts[0]) and _is_number(parts[1]):
        distance = abs(int(parts[1]) - int(parts[0]))
    elif len(parts[0]) == 1 and len(parts[1]) == 1 and (parts[0] + parts[1]).isalpha() and text.isascii():
        distance = abs(ord(parts[1]) - ord(parts[0]))
    else:
        return 0
    return distance // (max(1, abs(int(parts[2]))) if len(parts) == 3 else 1) + 1


def _is_number(text: str) -> bool:
    """A decimal number of at most 18 digits, so that it fits where it is counted."""
    digits = text.removeprefix("-")
    return digits.isdigit() and digits.isascii() and len(digits) <= 18
