"""Globs for editors that take them as one comma-joined scalar: expanded, in an order and a spelling that all read."""

from __future__ import annotations

from collections.abc import Sequence

from driven.model.artefact import Loss
from driven.model.rule import Rule
from driven.plugin_kit import FormatError, is_plain, one_line, plain_first, starts_plain
from driven_emitters.shared import approximated, visible

FEW = 10  # a class of so many members is written as alternatives where it cannot stand itself
_COMMA_CLASS = r"\[[!^]?\]?[^\]]*\]"
_CLASS = r"(?s)\[((?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_])+)\](.*)"  # its members, and what follows it


def comma_globs(rule: Rule, globs: Sequence[str], editor: str, *, bare: bool) -> tuple[list[str], list[Loss]]:
    """The patterns for one comma-joined scalar: braces expanded, those first that YAML accepts without quotes.

    A comma in a file name cannot be written there: `?` stands for it. `bare`: the scalar has no quotes, so what YAML or
    a line reader would take for something else (` #`, `: `, a quote or a bracket in front) is written as a class, as
    alternatives or as `?` too. What then matches more than the rule says is a loss.
    """
    try:
        patterns = plain_first(list(globs))
    except FormatError:  # not a canonical pattern: a rule that was built by hand
        patterns = list(dict.fromkeys(globs))
    losses: list[Loss] = []
    for at, pattern in enumerate(patterns):
        text = _without_comma(pattern)
        if text != pattern:
            shown = f"`{one_line(pattern)}` is written `{text}`: the list of patterns is split at commas"
            losses.append(approximated(rule, editor, shown))
        patterns[at] = _bare_inside(text) if bare else text
    if bare and patterns and not starts_plain(patterns[0]):
        patterns.sort(key=lambda pattern: pattern[:1] != "*")
        if patterns[0][0] != "*":
            patterns = _alternatives_first(patterns)
        first = patterns[0] if starts_plain(patterns[0]) else _bare_start(patterns[0])
        if first != patterns[0]:
            reason = f"`{patterns[0]}` is written `{first}`: a pattern without quotes cannot begin so"
            losses.append(approximated(rule, editor, reason))
            patterns[0] = first
    if bare and len(patterns) == 1 and patterns[0][0] != "*" and not is_plain(patterns[0]):
        patterns *= 2  # `123`, `null`: no text to YAML, but `123,123` is
    return patterns, losses


def _without_comma(pattern: str) -> str:
    text = visible(pattern)
    if "," in text:
        import re

        text = re.sub(_COMMA_CLASS, lambda match: "?" if "," in match.group() else match.group(), text)
        text = text.replace(",", "?")
    if text.strip(" ") != text:
        text = "?" * (len(text) - len(text.lstrip(" "))) + text.strip(" ") + "?" * (len(text) - len(text.rstrip(" ")))
    return text


def _alternatives_first(patterns: list[str]) -> list[str]:
    """The same patterns: where one begins with a small class, its members are written out, and stand first."""
    for at, pattern in enumerate(patterns):
        if pattern[:1] != "[":
            continue
        import re

        match = re.fullmatch(_CLASS, pattern)
        if match:
            ends = [(part[0], part[-1]) for part in re.findall(".-.|.", match[1])]
            members = "".join([chr(code) for low, high in ends for code in range(ord(low), ord(high) + 1)])
            if len(members) <= FEW and members.replace("_", "a").isalnum():
                written = [member + match[2] for member in members]
                return list(dict.fromkeys(written + patterns[:at] + patterns[at + 1 :]))
    return patterns


def _bare_inside(pattern: str) -> str:
    """Exactly the same pattern, without what ends a plain scalar."""
    if "#" in pattern or ":" in pattern:
        pattern = pattern.replace(" #", "[ ]#").replace(": ", ":[ ]")
        if pattern.endswith(":"):
            pattern = pattern[:-1] + "[:]"
    return pattern


def _bare_start(pattern: str) -> str:
    if pattern[0] == "*":
        return pattern
    if pattern[0] == "[":
        import re

        pattern = re.sub(_COMMA_CLASS, "?", pattern, count=1)
    elif pattern[0] == "{":
        pattern = pattern.replace("{", "?").replace("}", "?")  # without alternatives, so literal
    pattern = "?" + pattern[1:]
    return "?[ ]" + pattern[2:] if pattern[1:2] == " " else pattern
