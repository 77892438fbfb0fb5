"""The picture of `driven show`: the sections and rules of a `.drv`, or one rule highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.text import count, number, percent, size
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.rule import Rule

if TYPE_CHECKING:
    from driven.format.drv_header import Header

_STYLES = {"always": "green", "paths": "bold green", "model": "cyan", "manual": "blue"}


def activation(rule: Rule) -> tuple[str, tuple[str, ...]]:
    """`always paths model manual`, and the globs of `paths`."""
    match rule.activation:
        case Always():
            return "always", ()
        case ForPaths(globs):
            return "paths", globs
        case WhenRelevant():
            return "model", ()
        case OnRequest():
            return "manual", ()


def show_file(out: Output, path: str, header: Header, rules: Sequence[Rule], digest: str) -> None:
    """Header, section table, rules."""
    total = sum(s.length for s in header.sections)
    flags = [word for word, is_set in (("compressed", header.compressed), ("signed", header.signed)) if is_set]
    words = ", ".join([f"version {header.version}", *flags, count(len(rules), "rule"), size(total)])
    out.line((path, "bold"), f"  {words}")
    out.line((f"digest {digest}", "dim"))
    out.line()
    rows: list[list[list[Piece] | Piece]] = [
        [s.name, number(s.offset), number(s.length), number(s.raw_length), (percent(s.length, total), "dim")]
        for s in header.sections
    ]
    head = ["Section", "Offset", "Bytes", "Raw", "Share"]
    out.show(out.table(rows, head=head, right=(1, 2, 3, 4)))
    out.line()
    table: list[list[list[Piece] | Piece]] = []
    for rule in rules:
        word, globs = activation(rule)
        holds: list[Piece] = [(word, _STYLES[word]), (f"  {', '.join(globs)}" if globs else "", "dim")]
        steps = number(len(rule.steps))
        table.append([
            (out.glyph(word), _STYLES[word]), rule.id, holds, steps, number(len(rule.body)), (rule.title, "dim"),
        ])  # fmt: skip
    head = ["", "Rule", "Holds", "Steps", "Chars", "Title"]
    out.show(out.table(table, head=head, right=(3, 4), wrap=(2,), cut=(1, 5)))


def show_rule(out: Output, rule: Rule) -> None:
    """The rule as its Markdown file."""
    from driven.format.text import render_rule

    out.code(render_rule(rule).decode("utf-8", "surrogateescape"), "markdown")
