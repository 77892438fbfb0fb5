"""A rule's part of a marked section, read back: the inverse of `shared.section`.

The rule tells what the text cannot: whether the heading is the body's own, which blank lines, line ends and `mdc:`
links stood in the body. A line that nobody touched comes back as it is in the rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from driven.frozen import replace
from driven.hookspecs import ReadBack
from driven.model.activation import ALWAYS, Activation, ForPaths, WhenRelevant
from driven.model.rule import Rule
from driven.plugin_kit import FormatError, check, code_span, is_universal, one_line, split_list
from driven_emitters.markdown_read import code_spans
from driven_emitters.shared import markdown, visible

APPLIES = "Applies to files matching:"
_CLOSING = re.compile(r"(?<=[ \t])#+[ \t]*$")


def section_back(rule: Rule, text: str, *, applies: bool) -> ReadBack:
    """`rule` as `text` says it, which is what `shared.section` made of it, or what a person has made of that since.

    A heading becomes the description, or a line of the body where the body has it; with `applies` the line that names
    the paths becomes the activation. A `problem` when no text is left, or a glob cannot be one. Takes time linear in
    the text.
    """
    lines = _trimmed(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if not lines:
        hint = "delete the rule in `.driven/rules`, or leave this editor out of its `targets`"
        return ReadBack(problem="the text of the rule is gone", hint=hint)
    body = _Body(rule.body)
    title = one_line(rule.summary)
    own = body.lines[:1] if body.opens_with(title) else []
    title = _escaped(title)
    heading, rest = _heading(lines, own, title, body)
    applied, below = (_applied(rest, rule, body.lines[len(own) :]) if applies else None), rest
    activation: Activation = rule.activation
    if applied is not None:
        line, below = applied
        try:
            activation = _activation(rule, line)
        except FormatError as error:
            at = next(at for at, other in enumerate(lines, 1) if other.startswith(APPLIES))
            return ReadBack(problem=error.message, line=at, hint="write globs relative to the project root")
    elif applies and isinstance(activation, ForPaths):
        activation = ALWAYS  # nobody names a path any more
    gap = _blanks(below)
    words = below[gap:]
    if own:
        kept = body.gap if gap == 1 and body.has_more else gap
        words = [*([] if heading is None else [heading, *[""] * (kept if words else 0)]), *words]
    if not words:
        return ReadBack(problem="the text of the rule is gone", hint="write it anew, or delete the rule")
    description = _description(rule, heading, title, bool(own))
    if description != rule.description and activation == WhenRelevant(rule.description):
        activation = WhenRelevant(description)
    return ReadBack(rule=replace(rule, body=body.with_lines(words), activation=activation, description=description))


class _Body:
    """A rule's body as `shared.section` shows it, line by line, beside what stands in the rule itself."""

    def __init__(self, body: str) -> None:
        self.text = body
        self.bom = "\ufeff" if body.startswith("\ufeff") else ""
        parts = re.split(r"(\r\n|\r|\n)", body.removeprefix("\ufeff"))
        raw = list(zip(parts[::2], [*parts[1::2], ""], strict=True))
        self.newline = raw[0][1] or "\n"
        first = next((at for at, (content, _) in enumerate(raw) if content), len(raw))
        last = next((at for at in range(len(raw), first, -1) if raw[at - 1][0]), first)
        self.above = "".join([content + end for content, end in raw[:first]])
        self.below = "".join([content + end for content, end in raw[last:]])
        self.raw = raw[first:last]
        self.lines = [_escaped(markdown(content)) for content, _ in self.raw]
        self.gap = _blanks(self.lines[1:])
        self.has_more = len(self.lines) > 1

    def opens_with(self, title: str) -> bool:
        """Whether the first line is the heading `title`, so that a section needs no other."""
        first = markdown(self.raw[0][0]) if self.raw else ""
        return first.startswith("#") and first.strip("# \t") == title

    def with_lines(self, lines: list[str]) -> str:
        """The body with `lines` for its own ones; those that were there come back as the rule has them."""
        old = self.lines
        if lines == old:
            return self.text
        head = _common(lines, old)
        tail = _common(lines[head:][::-1], old[head:][::-1])
        known = dict(zip(reversed(old), [content for content, _ in reversed(self.raw)], strict=True))
        made = [*self.raw[:head]]
        for line in lines[head : len(lines) - tail]:
            made.append((known.get(line) or _unescaped(line), self.newline))
        made += self.raw[len(self.raw) - tail :]
        last = self.raw[-1][1] if self.raw else self.newline
        ended = [content + (end or self.newline) for content, end in made[:-1]]
        return f"{self.bom}{self.above}{''.join(ended)}{made[-1][0]}{last}{self.below}"


def _heading(lines: list[str], own: list[str], title: str, body: _Body) -> tuple[str | None, list[str]]:
    """The heading and the lines below it; None where it was deleted."""
    first = lines[0]
    known = own or [f"## {title}"]
    after = body.lines[len(own) :]
    if not first.startswith("#") or (first != known[0] and after[_blanks(after) :][:1] == [first]):
        return None, lines
    return first, lines[1:]


def _description(rule: Rule, heading: str | None, title: str, is_own: bool) -> str:
    if heading is None or heading == f"## {title}":
        return rule.description
    if is_own:  # the very text that the heading of the body must have for the section to need no other
        text = heading.strip("# \t")
        return rule.description if not rule.description or text == title else one_line(_unescaped(text))
    return one_line(_unescaped(_CLOSING.sub("", heading.lstrip("#")))) or rule.description


def _applied(lines: list[str], rule: Rule, own: list[str]) -> tuple[str, list[str]] | None:
    """The line that names the paths, and what stands below it. `own`: how the body itself goes on."""
    at = _blanks(lines)
    if not (at < len(lines) and lines[at].startswith(APPLIES)):
        return None
    if not isinstance(rule.activation, ForPaths) and own[_blanks(own) :][:1] == [lines[at]]:
        return None  # text of the body
    end = at + 1
    while lines[end - 1].rstrip(" \t").endswith(",") and end < len(lines) and lines[end]:
        end += 1  # a formatter has wrapped it
    return " ".join(lines[at:end]), lines[end:]


def _activation(rule: Rule, line: str) -> Activation:
    """What the line says. FormatError for a glob that cannot be one."""
    old = rule.activation.globs if isinstance(rule.activation, ForPaths) else ()
    shown = [_escaped(visible(glob)) for glob in old]
    if line == f"{APPLIES} {', '.join([code_span(pattern) for pattern in shown])}":
        return rule.activation
    text = line.removeprefix(APPLIES)
    patterns: list[str] = []
    done = 0
    for start, end, ticks in code_spans(text):
        patterns += [*split_list(text[done:start]), _unpadded(text[start + ticks : end - ticks])]
        done = end
    patterns += split_list(text[done:])
    known = dict(zip(reversed(shown), reversed(old), strict=True))
    globs = tuple(dict.fromkeys([known.get(found) or _checked(_unescaped(found)) for found in patterns]))
    return ALWAYS if not globs or any(is_universal(glob) for glob in globs) else ForPaths(globs)


def _checked(pattern: str) -> str:
    try:
        return check(pattern.removeprefix("./"))
    except FormatError as error:
        raise FormatError(f"the glob `{one_line(pattern)[:80]}` cannot be used: {error.message}") from None


def _unpadded(text: str) -> str:
    """What `code_span` was given: it puts a blank on both sides of a text with a backtick at an end."""
    padded = len(text) > 2 and text[0] == text[-1] == " " and "`" in (text[1], text[-2])
    return text[1:-1] if padded else text


def _escaped(text: str) -> str:
    return text.replace("<!-- driven:", "<!-- driven :")


def _unescaped(text: str) -> str:
    return text.replace("<!-- driven :", "<!-- driven:")


def _trimmed(lines: list[str]) -> list[str]:
    """Without the empty lines at both ends."""
    start = _blanks(lines)
    end = len(lines) - _blanks(lines[::-1])
    return lines[start:end]


def _blanks(lines: Sequence[str]) -> int:
    """How many empty lines there are before the first that is not."""
    return next((at for at, line in enumerate(lines) if line), len(lines))


def _common(one: Sequence[str], two: Sequence[str]) -> int:
    """How many lines both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
