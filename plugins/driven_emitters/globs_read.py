"""Globs as importers find them: one text or a list, quoted or not; and as a rule has them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from driven.frozen import field, record
from driven.model.activation import Activation, Always, ForPaths
from driven.plugin_kit import FormatError, check, one_line, split_list
from driven_emitters.layout import Read

_ITEM = re.compile(r"[ \t]*-(?:[ \t]+(.*)|)$")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*(?:#.*)?$")
_STARS = re.compile(r"\*\*+")
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")


@record
class Globs:
    """The patterns under one key, at `line` (0: no such key). `forms`: how they stand there, of `quoted`, `list`,
    `unclosed` (a quote), `spaced` (a blank behind a comma) and `braces` (a comma in them)."""

    patterns: list[str] = field(default_factory=list)
    line: int = 0
    forms: set[str] = field(default_factory=set)


def glob_patterns(lines: list[str], key: str) -> Globs:
    """The patterns under `key` by a simple reader of lines: text, whatever YAML makes of it. Its lines are blanked, so
    that the others can be read as YAML."""
    found = Globs()
    start = re.compile(re.escape(key) + r"[ \t]*:(?=[ \t]|$)(.*)$")
    at = 0
    while at < len(lines):
        match = start.match(lines[at])
        if not match:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t-]#"):
            end += 1
        found = Globs(line=at + 2)
        found.patterns = _patterns(found, match.group(1).strip(), lines[at + 1 : end])
        lines[at:end] = [""] * (end - at)
        at = end
    return found


def _patterns(found: Globs, rest: str, below: list[str]) -> list[str]:
    """The patterns in what stands behind the key and in the lines below it."""
    if _BLOCK.fullmatch(rest):
        return [item for text in below for item in split_list(text)]
    parts = [rest, *[text.strip() for text in below]]
    if rest[:1] not in ("'", '"'):
        parts = [_COMMENT.sub("", part).strip() for part in parts]
    rest, below = parts[0], [part for part in parts[1:] if part]
    if not rest and below and all(_ITEM.match(part) for part in below):
        found.forms.add("list")
        items = [match.group(1) or "" for match in map(_ITEM.match, below) if match]
        return [pattern for item in items for pattern in split_list(unquoted(item.strip()))]
    text = " ".join([rest, *below]).strip()
    if text.startswith("[") and text.endswith("]") and not _is_pattern(text):
        found.forms.add("list")
        return [unquoted(item) for item in split_list(text[1:-1]) if unquoted(item)]
    bare = unquoted(text)
    if bare != text:
        found.forms.add("quoted")
    elif bare[:1] in ("'", '"'):
        found.forms.add("unclosed")
    patterns = split_list(bare)
    if ", " in bare and len(patterns) > 1:
        found.forms.add("spaced")
    if any("{" in pattern and "," in pattern for pattern in patterns):
        found.forms.add("braces")
    return patterns


def _is_pattern(text: str) -> bool:
    """Whether `[a-z]*.[ch]` and not the list `["a", "b"]`: its first bracket closes before a wildcard or a slash."""
    return text.find("]") < len(text) - 1 and "," not in text and '"' not in text and "'" not in text


def unquoted(text: str) -> str:
    """`text` without one pair of quotes around it."""
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def canonical_globs(found: Read, patterns: Sequence[str], line: int) -> tuple[str, ...]:
    """The patterns in canonical form; those that cannot be one are left out and named (GEN04): no edit means that."""
    globs: dict[str, None] = {}
    for pattern in patterns:
        text = pattern.replace("\\", "/").removeprefix("./").lstrip("/")
        if text.endswith("/"):
            text += "**"
        text = "/".join([s if s == "**" or "[" in s else _STARS.sub("*", s) for s in text.split("/")])
        shown = f"`{one_line(pattern)[:80]}`"
        try:
            text = check(text)
        except FormatError as error:
            hint = "write it relative to the project root"
            found.find("GEN04", line, f"the glob {shown} is left out: {error.message}", hint)
            found.tell(f"glob {shown}", "dropped", error.message, line)
            found.breaks(f"the glob {shown} cannot be used: {error.message}", line, hint)
            continue
        if text != pattern.removeprefix("./"):
            hint = "write it relative to the project root, with `/`"
            found.find("GEN04", line, f"the glob {shown} is read as `{text}`", hint)
            found.tell(f"glob {shown}", "approximated", f"read as `{text}`", line)
        globs[text] = None
    return tuple(globs)


def below(folder: str, activation: Activation) -> Activation:
    """What holds for the rules of a directory: the directory and no more. Its patterns may be relative to either."""
    if not folder:
        return activation
    literal = "".join(f"[{char}]" if char in "*?[{}" else char for char in folder)
    try:
        check(f"{literal}/**")
    except FormatError:
        return activation
    match activation:
        case Always():
            return ForPaths((f"{literal}/**",))
        case ForPaths(globs):
            return ForPaths(tuple([g if g.startswith(literal + "/") else f"{literal}/{g}" for g in globs]))
        case _:
            return activation
