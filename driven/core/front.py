"""Front matter of a rule file: where it stands, and the strict subset of YAML that needs no YAML library.

Compiled: it runs for every rule file that is read. Plain loops over bytes; no regex, no recursion.
"""

from __future__ import annotations

from driven.core._rt import i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MAX_KEYS: Final = 64  # of the front-matter subset; more go to the full reader
MAX_ITEMS: Final = 1_024  # of all its lists
MAX_FRONT: Final = 65_536  # bytes; the full reader refuses more
NULLS: Final = frozenset(("null", "Null", "NULL", "~"))
UNUSUAL: Final = object()  # what the front-matter subset says of a scalar that it leaves to YAML
BOOLS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def split_front(data: bytes) -> tuple[int, int, int]:
    """Where the front matter of a rule file stands: (start of its YAML, end of its YAML, start of the body).

    Front matter begins on the first line (after a BOM), between two lines that are `---` and trailing blanks. The body
    is everything after the closing line less one blank line if there is one. Without front matter: (0, 0, body), where
    body is 3 after a BOM, else 0. When the closing line is missing: (start, -1, start). Never raises.
    """
    n: i64 = len(data)
    bom: i64 = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    if not _is_fence(data, bom, n):
        return 0, 0, bom
    start = _next_line(data, bom, n)
    line = start
    while line < n:
        after = _next_line(data, line, n)
        if _is_fence(data, line, n):
            end = skip_blanks(data, after, n)
            return start, line, _next_line(data, end, n) if end < n and (data[end] == 10 or data[end] == 13) else after
        line = after
    return start, -1, start


def starts_with_key(data: bytes, start: int) -> bool:
    """Whether the first line at `start` that is neither blank nor a comment begins like `key:`, as YAML would."""
    n: i64 = len(data)
    p: i64 = start
    while p < n:
        s = skip_blanks(data, p, n)
        if s < n and data[s] != 10 and data[s] != 13 and data[s] != 35:
            e = _key_end(data, p, n)
            return e > p and e < n and data[e] == 58 and (e + 1 == n or _is_white(data[e + 1]))
        p = _next_line(data, p, n)
    return False


def _is_white(c: i64) -> bool:
    return c == 32 or c == 9 or c == 10 or c == 13


def _is_fence(b: bytes, p: i64, n: i64) -> bool:
    """A line that is `---` and trailing blanks."""
    if n - p < 3 or b[p] != 45 or b[p + 1] != 45 or b[p + 2] != 45:
        return False
    p = skip_blanks(b, p + 3, n)
    return p == n or b[p] == 10 or b[p] == 13


def _next_line(b: bytes, p: i64, n: i64) -> i64:
    while p < n and (b[p] > 13 or (b[p] != 10 and b[p] != 13)):
        p += 1
    if p < n:
        p += 2 if b[p] == 13 and p + 1 < n and b[p + 1] == 10 else 1
    return p


def _key_end(b: bytes, p: i64, n: i64) -> i64:
    """Behind a name of ASCII letters, digits, `_` and `-` that begins with a letter or `_`; `p` when there is none."""
    s = p
    while p < n:
        c: i64 = b[p]
        if not (97 <= c <= 122 or 65 <= c <= 90 or c == 95 or (p > s and (48 <= c <= 57 or c == 45))):
            break
        p += 1
    return p


def parse_front(data: bytes, start: int, end: int, line: int = 2) -> list[tuple[str, object, int]] | None:
    """The keys of simple front matter, `data[start:end]`, as (key, value, line); None: not that simple, use YAML.

    `line` is the number of the first line; the lines returned are those of the keys. Understood are `key: scalar`,
    `key: [a, b]` and `key:` with `- item` lines below. A scalar is a plain one on one line, or a quoted one without an
    escape; plain ones are null, booleans, decimal integers and text as in YAML 1.2's core schema. Whatever else stands
    there (comments, tabs, anchors, tags, nesting, floats, duplicate keys, unusual characters) gives None. What is
    returned is what `format.yaml12` returns. Never raises.
    """
    n: i64 = end
    p: i64 = start
    number: i64 = line
    out: list[tuple[str, object, int]] = []
    seen: set[str] = set()
    if n - p > MAX_FRONT or not _is_simple(data, p, n):
        return None
    count: i64 = 0
    items: list[object]
    while p < n:
        e = p
        while e < n and data[e] != 10:
            e += 1
        after = e + 1
        if e > p and data[e - 1] == 13:
            e -= 1
        if e == p:
            p = after
            number += 1
            continue
        s = _key_end(data, p, e)
        if s in (p, e) or s - p > 64 or data[s] != 58 or (s + 1 < e and data[s + 1] != 32):
            return None
        key = data[p:s].decode("ascii")
        if key in seen or key in NULLS or key in BOOLS or len(out) == MAX_KEYS:
            return None
        seen.add(key)
        at = number
        p = after
        number += 1
        items = []
        s = skip_blanks(data, s + 1, e)
        while e > s and data[e - 1] == 32:
            e -= 1
        value: object
        if s < e:
            if data[s] == 91:
                if not _flow(data, s, e, items):
                    return None
                value = items
            else:
                value = _scalar(data, s, e, False)
                if value is UNUSUAL:
                    return None
        else:
            p, number = _block(data, p, n, number, items)
            if p < 0:
                return None
            value = items if items else None
        count += len(items)
        if count > MAX_ITEMS:
            return None
        out.append((key, value, at))
    return out


def _is_simple(b: bytes, s: i64, n: i64) -> bool:
    """Valid UTF-8 of printable characters; no tab, no lone CR, none of NEL, LS, PS, BOM."""
    is_ascii = True
    p = s
    while p < n:
        c: i64 = b[p]
        if c >= 127:
            is_ascii = False
            if c == 127 or (c == 0xC2 and p + 1 < n and b[p + 1] < 0xA0):
                return False
            if c == 0xE2 and p + 2 < n and b[p + 1] == 0x80 and (b[p + 2] == 0xA8 or b[p + 2] == 0xA9):
                return False
            if (
                c == 0xEF
                and p + 2 < n
                and ((b[p + 1] == 0xBB and b[p + 2] == 0xBF) or (b[p + 1] == 0xBF and b[p + 2] > 0xBD))
            ):
                return False
        elif c < 32 and c != 10 and not (c == 13 and p + 1 < n and b[p + 1] == 10):
            return False
        p += 1
    if not is_ascii:
        try:
            b[s:n].decode("utf-8")
        except UnicodeDecodeError:
            return False
    return True


def _block(b: bytes, p: i64, n: i64, number: i64, items: list[object]) -> tuple[i64, i64]:
    """Gathers the `- item` lines at `p`: where the next line begins and its number; (-1, 0) when one is unusual."""
    indent: i64 = -1
    while p < n:
        s = p
        while s < n and b[s] == 32:
            s += 1
        e = s
        while e < n and b[e] != 10:
            e += 1
        after = e + 1
        if e > s and b[e - 1] == 13:
            e -= 1
        if s < e:
            if b[s] != 45 or s + 1 == e or b[s + 1] != 32:
                return (p, number) if s == p else (-1, 0)
            if indent < 0:
                indent = s - p
            while b[e - 1] == 32:
                e -= 1
            at = skip_blanks(b, s + 1, e)
            value = _scalar(b, at, e, False) if at < e and s - p == indent else UNUSUAL
            if value is UNUSUAL:
                return -1, 0
            items.append(value)
        elif s > p:
            return -1, 0
        p = after
        number += 1
    return p, number


def _flow(b: bytes, s: i64, e: i64, items: list[object]) -> bool:
    """Gathers the items of a `[a, b]` that fills `b[s:e]`; False when something in it is unusual."""
    e -= 1
    if e <= s or b[e] != 93:
        return False
    p = skip_blanks(b, s + 1, e)
    if p == e:
        return True
    while True:
        end = p
        if p < e and (b[p] == 34 or b[p] == 39):
            end += 1
            while end < e and b[end] != b[p]:
                end += 1
            end += 1
        comma = end
        while comma < e and b[comma] != 44:
            comma += 1
        stop = min(comma, e)
        while stop > p and b[stop - 1] == 32:
            stop -= 1
        value = _scalar(b, p, stop, True) if stop > p else UNUSUAL
        if value is UNUSUAL:
            return False
        items.append(value)
        if comma >= e:
            return True
        p = skip_blanks(b, comma + 1, e)


def _scalar(b: bytes, s: i64, e: i64, flow: bool) -> object:
    """The value of the scalar `b[s:e]` (not empty, no blank at either end), UNUSUAL when it is not a simple one."""
    c: i64 = b[s]
    d: i64
    p = s + 1
    if c == 34 or c == 39:
        while p < e and b[p] != c:
            if b[p] == 92 and c == 34:
                return UNUSUAL
            p += 1
        return b[s + 1 : p].decode("utf-8") if p == e - 1 else UNUSUAL
    numeric = 48 <= c <= 57 or c == 43 or c == 45 or c == 46  # digit + - .
    if not (
        numeric or 65 <= c <= 90 or 97 <= c <= 122 or c == 95 or c == 47 or c == 36 or c == 40 or c == 126 or c > 127
    ):
        return UNUSUAL
    digits = 48 <= c <= 57
    while p < e:
        d = b[p]
        if d == 58 and (flow or p + 1 == e or b[p + 1] == 32):
            return UNUSUAL
        if d == 35 and (flow or b[p - 1] == 32):
            return UNUSUAL
        if flow and (d == 34 or d == 39 or d == 44 or d == 63 or d == 91 or d == 93 or d == 123 or d == 125):
            return UNUSUAL
        if not 48 <= d <= 57:
            digits = False
            if not (65 <= d <= 90 or 97 <= d <= 122 or d == 43 or d == 45 or d == 46):
                numeric = False  # no number has such a character
        p += 1
    if c == 45 and (s + 1 == e or b[s + 1] == 32 or b[s + 1] == 45):
        return UNUSUAL
    if numeric:
        if digits and e - s <= 18:
            number: i64 = 0
            for p in range(s, e):
                number = number * 10 + (b[p] - 48)
            return number
        d = b[s + 1] | 32 if s + 1 < e else 0
        if not 97 <= d <= 122 or 48 <= c <= 57 or (c == 46 and (d == 105 or d == 110)):
            return UNUSUAL  # a number of another form, a date, `.inf`, `.nan`
    text = b[s:e].decode("utf-8")
    if e - s <= 5:
        if text in NULLS:
            return None
        if text in BOOLS:
            return BOOLS[text]
    return text


def skip_blanks(b: bytes, s: i64, e: i64) -> i64:
    """Behind the spaces and tabs at `s`."""
    while s < e and (b[s] == 32 or b[s] == 9):
        s += 1
    return s
