"""What a glob may be: check a pattern, bring it to its canonical form, read its prefix. Compiled with `globs`."""

from __future__ import annotations

from driven.core._rt import FormatError, final, i64
from driven.core.braces import MANY, MAX_EXPANSIONS, MAX_LENGTH, class_end, count, expand


def check(pattern: str) -> str:
    """The canonical form of a pattern: relative, POSIX, no blanks around it, no leading `./`; braces are kept.

    FormatError, its offset in code points, says what is wrong and what to write instead.
    """
    text = pattern.strip(" \t")
    base = len(pattern.rstrip(" \t")) - len(text)
    if len(text) > MAX_LENGTH:
        raise FormatError(f"the pattern is longer than {MAX_LENGTH} characters", base)
    while text[:2] == "./":
        text = text[2:].lstrip("/")
        base = len(pattern.rstrip(" \t")) - len(text)
    if not text:
        raise FormatError("the pattern is empty", base)
    _check_start(text, base)
    _check_characters(text, base)
    alternatives = count(text)
    if alternatives > MAX_EXPANSIONS:
        shown = "over 10^18" if alternatives >= MANY else str(alternatives)
        raise FormatError(f"the braces stand for {shown} patterns; at most {MAX_EXPANSIONS} are allowed", base)
    if "{" in text:
        brace = base + text.find("{")
        for line in expand(text):
            _check_path(line, brace, False)
    else:
        _check_path(text, base, True)
    return text


def is_universal(pattern: str) -> bool:
    """Whether it matches every file, `**` or `**/*`: the rule is then always on."""
    segments = pattern.split("/")
    if segments[-1] == "*":
        segments.pop()
    return bool(segments) and all(segment == "**" for segment in segments)


def literal_prefix(pattern: str) -> str:
    """The directory that everything it matches lies in, as far as no wildcard stands in it; `""` for the root."""
    folders: list[str] = []
    for segment in pattern.split("/")[:-1]:
        if not _is_literal(segment):
            break
        folders.append(segment)
    return "/".join(folders)


def under_directory(pattern: str) -> str:
    """`web/api` for exactly `web/api/**` or `web/api/**/*`, else `""`."""
    for ending in ("/**", "/**/*"):
        folder = pattern.removesuffix(ending)
        if folder != pattern and folder and _is_literal(folder):
            return folder
    return ""


def is_wild(text: str) -> bool:
    return "*" in text or "?" in text or "[" in text


@final
class Class:
    """A bracket expression: pairs of code points, both ends included."""

    def __init__(self, inside: str) -> None:
        self.negated = inside[:1] in ("!", "^")
        self.bounds: list[int] = []
        at = 1 if self.negated else 0
        while at < len(inside):
            low = ord(inside[at])
            high = low
            if at + 2 < len(inside) and inside[at + 1] == "-":
                high = ord(inside[at + 2])
                at += 2
            self.bounds.append(low)
            self.bounds.append(high)
            at += 1

    def holds(self, code: int) -> bool:
        bounds = self.bounds
        at: i64 = 0
        while at < len(bounds):
            if bounds[at] <= code <= bounds[at + 1]:
                return True
            at += 2
        return False


def _check_start(text: str, offset: int) -> None:
    if text[:1] == "!":
        raise FormatError("`!` excludes, which only few editors know: write what is wanted, not what is not", offset)
    if text[:1] == "/":
        raise FormatError("the pattern is absolute: write it relative to the project root, without `/`", offset)
    if text[:1] == "~" and text[1:2] in ("", "/"):
        raise FormatError("`~` is outside the project: write the pattern relative to the project root", offset)
    if text[1:2] == ":" and text[0].isalpha() and text[0].isascii():
        raise FormatError("a drive letter: write the pattern relative to the project root", offset)


def _check_characters(text: str, base: int) -> None:
    classes = 0  # where the class that holds `at`, or held it last, ends
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            raise FormatError("a backslash: write `/` between names, and `[*]` for a literal `*`", base + at)
        code = ord(char)
        if code < 32 or 0x7F <= code <= 0x9F or code in (0x2028, 0x2029) or 0xD800 <= code <= 0xDFFF:
            raise FormatError(f"a control character (U+{code:04X})", base + at)
        if char == "[" and at >= classes:
            end = class_end(text, at)
            if end < 0:
                raise FormatError("`[` is never closed: write `[[]` for a literal one", base + at)
            _check_class(text[at + 1 : end - 1], base + at)
            classes = end
        at += 1


def _check_class(inside: str, offset: int) -> None:
    if "/" in inside:
        raise FormatError("a class in brackets cannot hold `/`", offset)
    if "[:" in inside:
        raise FormatError("named classes are understood by few editors: write `[A-Za-z]`", offset)
    bounds = Class(inside).bounds
    at = 0
    while at < len(bounds):
        if bounds[at] > bounds[at + 1]:
            raise FormatError("a range in brackets is out of order", offset)
        at += 2


def _check_path(line: str, offset: int, exact: bool) -> None:
    """What can be seen once braces are expanded. `exact`: they were not, so a place in `line` is one in the text."""
    _check_start(line, offset)
    at = 0
    where = offset
    names = line.split("/")
    for i in range(len(names)):
        name = names[i]
        if exact:
            where = offset + at
        if not name:
            if i == 0:
                raise FormatError("the braces have an alternative that is empty or absolute", where)
            if i == len(names) - 1:
                raise FormatError("the pattern ends in `/`: write `/**` for everything below a directory", where - 1)
            raise FormatError("`//`: a name is missing between two slashes", where)
        if name == "..":
            raise FormatError("`..` leaves the project: write the pattern relative to the project root", where)
        if name == ".":
            raise FormatError("`.` is no name: leave it out", where)
        if name != "**" and ("**" in name or "(" in name):
            _check_pairs(name, where, exact)
        at += len(name) + 1


def _check_pairs(name: str, offset: int, exact: bool) -> None:
    """Refuse `**` beside something else, and extended patterns: two characters outside a class."""
    at = 0
    while at < len(name):
        where = offset + at if exact else offset
        if name[at] == "[":
            at = class_end(name, at)
            continue
        if name[at : at + 2] == "**":
            raise FormatError("`**` must stand alone between slashes: write `**/*.py`, not `**.py`", where)
        if name[at] in "?*+@!" and name[at + 1 : at + 2] == "(":
            raise FormatError(f"`{name[at]}(` is understood by few editors: write braces, `{{a,b}}`", where)
        at += 1


def _is_literal(text: str) -> bool:
    return not is_wild(text) and "{" not in text
