"""Globs: check, expand and match them. Compiled, because `files(...)` runs one pattern over every path of a project.

The dialect is the one that all editors share: `/` separates; `*` and `?` stay inside a segment; `**` as a whole segment
is any number of segments, none included; `[a-z]`, `[!a]` and `[^a]` are classes; `dir/**` is everything below `dir`
and not `dir` itself. There is no escape character: a class stands for a literal wildcard, `[[]id]` for `[id]`, as
`glob.escape` writes it. Parentheses are literal (route groups, `app/(auth)/**`); extended patterns such as `@(a|b)`
are refused, because half of the editors read them as text and would silently match nothing.

Braces are those of bash and of minimatch: `{a,b}` and `{1..3}` are alternatives, may be nested and may hold `/`; `{}`
and `{a}` have no alternative and stay literal; inside a class braces and commas are members.

Text is compared code point by code point after NFC, so that a pattern typed on Linux matches a name that macOS
decomposed; ASCII pays nothing for it. Matching takes O(pattern x path) steps, never more, and no recursion.
"""

from __future__ import annotations

from driven.core._rt import final, i64
from driven.core.braces import MAX_EXPANSIONS as MAX_EXPANSIONS
from driven.core.braces import class_end
from driven.core.braces import count as count
from driven.core.braces import expand as expand
from driven.core.braces import plain_first as plain_first
from driven.core.braces import split_list as split_list
from driven.core.braces import starts_plain as starts_plain
from driven.core.patterns import Class, is_wild
from driven.core.patterns import check as check
from driven.core.patterns import is_universal as is_universal
from driven.core.patterns import literal_prefix as literal_prefix
from driven.core.patterns import under_directory as under_directory

_LITERAL, _GLOBSTAR, _ANY, _SUFFIX, _MIXED = 0, 1, 2, 3, 4
_ONE, _STAR, _CLASS = -1, -2, -3  # in `_Segment.ops`: a code point, `?`, `*`, or `_CLASS - index of the class`


@final
class Glob:
    """A pattern, ready to match paths.

    ignore_case  letters match in either case
    dot          wildcards match a name that begins with a dot; without it only a literal dot does (picomatch's `dot`)
    anywhere     a pattern that begins with neither `/` nor `**/` matches at any depth, as in VS Code; `/` anchors it
    braces       `{a,b}` are alternatives; without it they are text
    """

    def __init__(
        self,
        pattern: str,
        ignore_case: bool = False,
        dot: bool = True,
        anywhere: bool = False,
        braces: bool = True,
    ) -> None:
        self.pattern = pattern
        self.ignore_case = ignore_case
        self.dot = dot
        text = pattern
        floating = anywhere
        if anywhere and text[:1] == "/":
            text = text[1:]
            floating = False
        text = check(text)
        if not text.isascii():
            text = _nfc(text)
        lines = expand(text) if braces else [text]
        self.lines = [_Line(line, ignore_case, floating) for line in lines]

    def match(self, path: str) -> bool:
        """Whether it matches `path`, which is relative to the same root, POSIX, without `./`."""
        if not path.isascii():
            path = _nfc(path)
        if self.ignore_case:
            path = _fold(path)
        names: list[str] | None = None
        for line in self.lines:
            if line.exact:
                if path == line.head:
                    return True
            elif path.endswith(line.tail) and path.startswith(line.head):
                if names is None:
                    names = path.split("/")
                if _match_segments(line.segments, names, self.dot, self.ignore_case):
                    return True
        return False


@final
class _Segment:
    """What stands between two slashes. `text`: the literal, or what follows the star of a `_SUFFIX`."""

    def __init__(self, text: str, ignore_case: bool) -> None:
        self.text = _fold(text) if ignore_case else text
        self.ops: list[int] = []
        self.classes: list[Class] = []
        if text == "**":
            self.kind = _GLOBSTAR
        elif not is_wild(text):
            self.kind = _LITERAL
        elif text == "*":
            self.kind = _ANY
        elif text[0] == "*" and not is_wild(text[1:]):
            self.kind = _SUFFIX
            self.text = self.text[1:]
        else:
            self.kind = _MIXED
            self.compile(text, ignore_case)

    def compile(self, text: str, ignore_case: bool) -> None:
        ops = self.ops
        at = 0
        while at < len(text):
            char = text[at]
            at += 1
            if char == "*":
                if not ops or ops[-1] != _STAR:
                    ops.append(_STAR)
            elif char == "?":
                ops.append(_ONE)
            elif char == "[":
                end = class_end(text, at - 1)
                ops.append(_CLASS - len(self.classes))
                self.classes.append(Class(text[at : end - 1]))
                at = end
            else:
                ops.append(ord(_fold(char) if ignore_case else char))


@final
class _Line:
    """One pattern without alternatives. A path that does not begin with `head` and end with `tail` is no match."""

    def __init__(self, text: str, ignore_case: bool, floating: bool) -> None:
        names = text.split("/")
        if names[-1] == "**":
            names.append("*")  # everything below, and not the directory itself
        if floating:
            names.insert(0, "**")
        self.segments: list[_Segment] = []
        for name in names:
            if name != "**" or not self.segments or self.segments[-1].kind != _GLOBSTAR:
                self.segments.append(_Segment(name, ignore_case))
        literal: list[str] = []
        for segment in self.segments:
            if segment.kind != _LITERAL:
                break
            literal.append(segment.text)
        self.exact = len(literal) == len(self.segments)
        self.head = "/".join(literal)
        if literal and not self.exact:
            self.head += "/"
        last = self.segments[-1]
        self.tail = last.text if last.kind == _LITERAL or last.kind == _SUFFIX else ""


def _match_segments(segments: list[_Segment], names: list[str], dot: bool, ignore_case: bool) -> bool:
    """What follows the last `**` is matched from the end, what comes before it from the start: there, on a mismatch,
    only the `**` just passed takes one name more. That is enough, since the leftmost match leaves the most to come."""
    n: i64 = len(names)
    m: i64 = len(segments)
    while m > 0 and segments[m - 1].kind != _GLOBSTAR:
        if n == 0 or not _match_name(segments[m - 1], names[n - 1], dot, ignore_case):
            return False
        m -= 1
        n -= 1
    if m == 0:
        return n == 0
    i: i64 = 0
    j: i64 = 0
    star: i64 = -1
    resume: i64 = 0
    while j < m - 1:
        segment = segments[j]
        if segment.kind == _GLOBSTAR:
            star = j
            resume = i
            j += 1
        elif i < n and _match_name(segment, names[i], dot, ignore_case):
            i += 1
            j += 1
        elif star < 0 or i >= n or (not dot and names[resume].startswith(".")):
            return False
        else:
            resume += 1
            i = resume
            j = star + 1
    while i < n:
        if not dot and names[i].startswith("."):
            return False
        i += 1
    return True


def _match_name(segment: _Segment, name: str, dot: bool, ignore_case: bool) -> bool:
    kind = segment.kind
    if kind == _LITERAL:
        return name == segment.text
    if kind == _MIXED:
        if not dot and name.startswith(".") and segment.ops[0] != 46:
            return False
        return _match_mixed(segment, name, ignore_case)
    if not name or (not dot and name.startswith(".")):
        return False
    return kind == _ANY or name.endswith(segment.text)


def _match_mixed(segment: _Segment, name: str, ignore_case: bool) -> bool:
    """The same idea inside a segment: on a mismatch the last `*` takes one character more."""
    ops = segment.ops
    n: i64 = len(name)
    m: i64 = len(ops)
    i: i64 = 0
    j: i64 = 0
    star: i64 = -1
    resume: i64 = 0
    while i < n:
        if j < m:
            op = ops[j]
            if op == _STAR:
                star = j
                resume = i
                j += 1
                continue
            code = ord(name[i])
            hit = op == code if op >= 0 else op == _ONE or _in_class(segment.classes[_CLASS - op], code, ignore_case)
            if hit:
                i += 1
                j += 1
                continue
        if star < 0:
            return False
        resume += 1
        i = resume
        j = star + 1
    while j < m and ops[j] == _STAR:
        j += 1
    return j == m


def _in_class(members: Class, code: int, ignore_case: bool) -> bool:
    held = members.holds(code)
    if not held and ignore_case:
        upper = chr(code).upper()
        held = len(upper) == 1 and members.holds(ord(upper))
    return held != members.negated


def _fold(text: str) -> str:
    """Case away, character by character, so that the length stays: `ß` and `İ` are left alone."""
    if text.isascii():
        return text.lower()
    folded = [(char.casefold(), char) for char in text]
    return "".join([lower if len(lower) == 1 else char for lower, char in folded])


def _nfc(text: str) -> str:
    from unicodedata import normalize

    return normalize("NFC", text)
