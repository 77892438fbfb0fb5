"""The picture of `driven explain`: per editor, which rules hold for a path, why, from which file, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driven.cli.data import LOADED
from driven.cli.render import Output, Piece
from driven.cli.render_findings import loss_pieces
from driven.cli.text import count, estimate, number, percent
from driven.model.reach import Reach
from driven.model.report import ExplainReport
from driven.model.target import Limit, Target

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLES = {"always": "green", "match": "bold green", "model": "cyan", "manual": "blue", "no": "dim", "off": "dim"}
_WORDS = {"always": "always", "match": "match", "model": "offered", "manual": "by name", "no": "no", "off": "off"}
_ABSENT = ("no", "off")  # verdicts of rules that do not hold
_WHY = 36  # columns that the reason needs before the file gets a column of its own
_NAMES = 6  # rules that do not hold, named before the rest is counted


def show_explain(out: Output, report: ExplainReport, *, everything: bool) -> None:
    """One section per editor. With one editor, more of each rule; `everything` lists the rules that do not hold."""
    note = "" if report.exists else "  (does not exist yet: judged by its name)"
    out.line((report.path, "bold"), (note, "dim"))
    if not report.editors:
        out.line("no editor is enabled: see [editors] in .driven/config.toml")
        return
    alone = len(report.editors) == 1
    for target in report.editors:
        rules = [r for r in report.reaches if r.editor == target.name]
        if not out.terminal:
            out.line()
        _show_editor(out, report, target, rules, everything=everything or alone, alone=alone)
    if any(r.verdict in LOADED for r in report.reaches):
        if not out.terminal:
            out.line()
        out.line(("~ estimate: characters/4", "dim"))


def _show_editor(
    out: Output, report: ExplainReport, target: Target, rules: Sequence[Reach], *, everything: bool, alone: bool
) -> None:
    from rich.console import Group

    holding = [r for r in rules if r.verdict not in _ABSENT]
    holding.sort(key=lambda r: r.verdict not in LOADED)  # what is in the conversation stands first
    absent = [r for r in rules if r.verdict in _ABSENT]
    loaded = [r for r in rules if r.verdict in LOADED]
    tail = f"{len(loaded)} of {count(len(rules), 'rule')} loaded"
    title = out.text((target.title, "bold"), ("  " if out.terminal else ": ", ""), (tail, "dim"))
    room = out.panel - 4  # what the borders leave
    parts: list[RenderableType] = []
    if holding:
        longest = max(len(r.rule_id) + len(r.file) for r in holding)
        wide = not out.terminal or (not alone and room >= longest + _WHY + 36)
        head = ["", "", "Rule", "Why", *(["File"] if wide else []), "Chars", "Tokens"]
        right = (5, 6) if wide else (4, 5)
        # Besides the rule and the reason, glyph, verdict, figures and gaps take 38 columns; the two share the rest.
        ids = min(max(len(r.rule_id) for r in holding), (room - 38) // 2)
        rows = [_row(out, r, 0 if wide else max(20, room - 40 - ids), alone=alone) for r in holding]
        parts.append(
            out.table(
                rows, head=head, right=right, wrap=(3,), cut=(2, 4) if wide else (2,), indent=0, stretch=3, room=room
            )
        )
    else:
        parts.append(out.text(("no rule holds", "dim")))
    if absent and everything:
        rows = [
            [(out.glyph(r.verdict), "dim"), (_WORDS[r.verdict], "dim"), (r.rule_id, "dim"), (r.why, "dim")]
            for r in absent
        ]
        parts += [out.text(""), out.table(rows, wrap=(3,), cut=(2,), indent=0, room=room)]
    elif absent:
        names = ", ".join(r.rule_id for r in absent[:_NAMES])
        rest = f" and {len(absent) - _NAMES} more" if len(absent) > _NAMES else ""
        words = f"{out.glyph('no')} {count(len(absent), 'rule does', 'rules do')} not hold: {names}{rest}"
        parts.append(out.text((words, "dim")))
        # What an editor cannot be told is never just counted.
        parts += [out.text(f"  {r.rule_id}  ", *loss_pieces(out, loss)) for r in absent for loss in r.losses]
    for also in report.also.get(target.name, ()):
        words = f"also read: {also.path} ({count(also.rules, 'rule')}, {count(also.characters, 'character')})"
        parts.append(out.text((words, "dim")))
    if alone:
        parts += _about(out, target)
    out.section(title, Group(*parts), out.text((_totals(out, report, target, loaded), "")))


def _row(out: Output, r: Reach, below: int, *, alone: bool) -> list[list[Piece] | Piece]:
    """`below`: the columns for the file under the reason; 0 gives it a column of its own."""
    style = _STYLES[r.verdict]
    apart = "\n" if out.terminal else "  "
    why: list[Piece] = [r.why]
    if r.pattern and r.pattern not in r.why:
        why += [" ", (r.pattern, "yellow")]
    if r.file and below:
        # Of a long path the end says which file it is; one long word would tear the column apart.
        file = r.file if len(r.file) <= below else out.glyph("more") + r.file[-below + 3 :]
        why += ["\n", (f"{out.glyph('arrow')} {file}", "dim")]
    for loss in r.losses:
        why += ["\n", *loss_pieces(out, loss)]
    name: list[Piece] = [(r.rule_id, "bold" if r.verdict in LOADED else "")]
    if alone and r.title and r.title.lower().replace(" ", "-") != r.rule_id.rpartition("/")[2]:
        name += [apart, (r.title, "dim")]
    costs = r.verdict in LOADED
    return [
        (out.glyph(r.verdict), style),
        (_WORDS[r.verdict], style),
        name,
        why,
        *([] if below else [(r.file, "dim")]),
        (number(r.characters) if costs else "", ""),
        (f"~{number(estimate(r.characters))}" if costs else "", "dim"),
    ]


def _totals(out: Output, report: ExplainReport, target: Target, loaded: Sequence[Reach]) -> str:
    """`2,140 characters · ~535 tokens · largest file 812 of 12,000 (6 %)`."""
    characters = sum(r.characters for r in loaded)
    parts = [count(characters, "character")]
    if report.counter and target.name in report.tokens:
        parts.append(f"{count(report.tokens[target.name], 'token')} ({report.counter})")
    else:
        parts.append(f"~{count(report.tokens.get(target.name, estimate(characters)), 'token')}")
    limit = next((x for x in target.limits if x.characters), None)
    most = max((r.largest for r in loaded), default=0)
    if limit and most:
        over = " OVER THE LIMIT" if most > limit.characters else ""
        share = percent(most, limit.characters)
        parts.append(f"largest file {number(most)} of {number(limit.characters)} ({share}){over}")
    dot = out.glyph("dot")
    words = f" {dot} ".join(parts)
    return words if out.terminal else f"  {words}"


def _about(out: Output, target: Target) -> list[RenderableType]:
    """How this editor says each activation, what it limits, and where that is documented."""
    rows: list[list[list[Piece] | Piece]] = []
    for name in ("always", "paths", "model", "manual"):
        if way := target.ways.get(name):
            style = {"native": "", "approximated": "yellow", "dropped": "red"}[way.fidelity]
            rows.append([(name, "dim"), (way.fidelity, style), (way.words, "dim")])
    for limit in target.limits:
        rows.append([("limit", "dim"), "hard" if limit.hard else "advised", (_limit(limit), "dim")])
    rows.append([("docs", "dim"), target.verified, (target.docs, "dim")])
    return [out.text(""), out.table(rows, wrap=(2,), indent=0, room=out.panel - 4)]


def _limit(limit: Limit) -> str:
    sizes = ((limit.characters, "character"), (limit.lines, "line"), (limit.bytes, "byte"))
    words = ", ".join(count(n, unit) for n, unit in sizes if n)
    return f"{words}: {limit.note}" if limit.note and limit.note != "advised" else words
