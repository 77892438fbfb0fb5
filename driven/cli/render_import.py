"""What an import makes: the rules with the files they come from, what is kept of them, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driven.cli.render import Output, Piece
from driven.cli.render_findings import show_findings, tally
from driven.cli.render_plan import show_conflicts, show_diff
from driven.cli.text import count, number, shorten
from driven.model.fidelity import OUTCOMES, Construct, Fidelity
from driven.model.fidelity import tally as tally_outcomes
from driven.model.report import ImportedRule, ImportReport

_MANY = 60  # rules, from which on only their number is told without --verbose
_ROWS = 12  # constructs that are not mapped, shown without --verbose
_HOLDS = {"always": "green", "paths": "bold green", "model": "cyan", "manual": "blue"}
_STYLES = {"mapped": "green", "approximated": "yellow", "dropped": "red", "unsupported": "dim"}
_SIGNS = {"approximated": "loss", "dropped": "dropped", "unsupported": "no"}


def show_import(out: Output, report: ImportReport, root: str, titles: Mapping[str, str], *, asks: bool = False) -> None:
    """What an import made; with --dry-run, as a diff on stdout, or before the question, what it would make."""
    patch = not report.applied and not asks
    if patch:
        show_diff(out, report.plan)
    else:
        _show_rules(out, report, titles)
    show_conflicts(out, report.plan)
    show_findings(out, report.diagnostics, root, error=True)
    if report.rules:
        _show_fidelity(out, report.fidelity, titles, error=patch)
    if not asks:
        show_outcome(out, report)


def show_outcome(out: Output, report: ImportReport) -> None:
    """The last line: what became rules, what was known, and how much there is to look at."""
    verb = "imported" if report.applied else "would be imported"
    pieces: list[Piece] = [
        (f"{count(len(report.rules), 'rule')} {verb}" if report.rules else "nothing to import", "bold")
    ]
    if report.same:
        pieces.append(
            f", {count(len(report.same), 'rule') if not report.rules else number(len(report.same))} already there"
        )
    if report.ours:
        pieces.append(f", {count(len(report.ours), 'file')} known from a sync or an import")
    told = tally(report.diagnostics)
    notices = sum(d.severity == "info" for d in report.diagnostics)
    if notices and not out.verbose:
        told += f" (--verbose shows {'it' if notices == 1 else 'them'})"
    out.note(*pieces, f"; {told}" if told else "", error=not report.applied)


def next_step(report: ImportReport) -> str:
    """What to do after an import that made rules."""
    bound = sum(bool(rule.targets) for rule in report.rules)
    if not bound:
        return "`driven sync` writes them for every editor"
    who = "one rule is" if bound == 1 else f"{number(bound)} rules are"
    return f"`driven sync`; {who} for some editors only: delete `targets` in a rule to give it to all"


def _show_rules(out: Output, report: ImportReport, titles: Mapping[str, str]) -> None:
    if out.quiet or not report.rules:
        return
    if len(report.rules) > _MANY and not out.verbose:
        out.line(("+ ", "green"), ".driven/rules/", (f"  {count(len(report.rules), 'rule')}", "dim"))
        return
    if not out.terminal:
        for rule in report.rules:
            like = f"  {out.glyph('loss')} {rule.like}" if rule.like else ""
            out.line(("+ ", "green"), rule.id, (f"  from {', '.join(_files(rule))}{like}", "dim"))
        return
    several = len(report.files) > 1
    room = _room(out, report.rules)
    rows: list[list[list[Piece] | Piece]] = []
    for rule in report.rules:
        holds: list[Piece] = [(rule.activation, _HOLDS[rule.activation])]
        holds.append((f"  {shorten(rule.detail, 40)}" if rule.detail else "", "dim"))
        files = _files(rule)
        origin = _names(files[0])
        if files[1:]:
            origin.append((f" and {len(files) - 1} more", "dim"))
        if rule.like:
            origin.append((f"  {out.glyph('loss')} {rule.like}", "yellow"))
        wanted: list[list[Piece] | Piece] = [(_for(rule), "dim")] if several else []
        rows.append([("+", "green"), rule.id, holds, *wanted, _broken(origin, room)])
    head = ["", "Rule", "Holds", *(["For"] if several else []), "From"]
    out.show(out.table(rows, head=head, cut=(1, 2), wrap=(3,) if several else (), indent=0))


def _room(out: Output, rules: Sequence[ImportedRule]) -> int:
    """Columns for where a rule comes from: what the others leave, no less than two fifths, up to a half for a name."""
    others = [max((len(cell) for cell in cells), default=0) for cells in zip(*map(_cells, rules), strict=True)]
    longest = max(len(name) for rule in rules for name in _files(rule)[0].split("/"))
    return max(out.width * 2 // 5, min(longest, out.width // 2), out.width - sum(others) - 2 * len(others) - 4)


def _cells(rule: ImportedRule) -> tuple[str, str, str]:
    return rule.id, f"{rule.activation}  {shorten(rule.detail, 40)}", _for(rule)


def _names(path: str) -> list[Piece]:
    """The folders, each with its `/`, and the name."""
    *folders, name = path.split("/")
    return [*(f"{folder}/" for folder in folders), name]


def _broken(words: Sequence[Piece], room: int) -> list[Piece]:
    """`words` in lines of at most `room` columns, broken only between them; a longer one ends in `…`."""
    made: list[Piece] = []
    used = 0
    for word in words:
        text, style = word if isinstance(word, tuple) else (word, "")
        if used and used + len(text) > room:
            made.append("\n")
            text, used = text.lstrip(), 0
        text = shorten(text, room)
        used += len(text)
        made.append((text, style))
    return made


def _files(rule: ImportedRule) -> list[str]:
    return list(dict.fromkeys(rule.files.values()))


def _for(rule: ImportedRule) -> str:
    wanted = [name for name in rule.targets if name[:1] not in "-!"]
    without = [name[1:] for name in rule.targets if name[:1] in "-!"]
    if wanted:
        return ", ".join(wanted)
    return f"all but {', '.join(without)}" if without else "all"


def _show_fidelity(out: Output, fidelity: Fidelity, titles: Mapping[str, str], *, error: bool) -> None:
    """The table of editors and outcomes, and what is not mapped. Not a part of a diff, so on stderr beside one."""
    if out.quiet or not (fidelity.read or fidelity.written):
        return
    read, written = tally_outcomes(fidelity.read), tally_outcomes(fidelity.written)
    rows: list[list[list[Piece] | Piece]] = []
    for name in dict.fromkeys((*read, *written)):
        title = titles.get(name, name)
        for way, counts in (("read", read.get(name)), ("written", written.get(name))):
            if counts is not None:
                cells = [(number(n), _STYLES[word] if n else "dim") for word, n in counts.items()]
                rows.append([(title, "bold"), (way, "dim"), *cells])
                title = ""
    left = [one for one in (*fidelity.read, *fidelity.written) if one.outcome != "mapped"]
    if error:
        _show_lines(out, rows)
    else:
        out.show(out.table(rows, head=["Fidelity", "", *OUTCOMES], right=(2, 3, 4, 5), cut=(0,), indent=0))
    shown = left if out.verbose else left[:_ROWS]
    for one in shown:
        out.line(*_construct(out, one), error=error)
    if len(shown) < len(left):
        out.line(
            (f"{out.glyph('more')} {number(len(left) - len(shown))} more: --verbose lists them", "dim"), error=error
        )


def _show_lines(out: Output, rows: Sequence[Sequence[Sequence[Piece] | Piece]]) -> None:
    """The table as lines, for stderr."""
    title = ""
    for name, way, *cells in rows:
        title = name[0] if isinstance(name, tuple) and name[0] else title
        words = [f"{cell[0]} {word}" for cell, word in zip(cells, OUTCOMES, strict=True) if str(cell[0]) != "0"]
        out.line(f"{title}, {way[0]}: {', '.join(words) or 'nothing'}", error=True)


def _construct(out: Output, one: Construct) -> list[Piece]:
    """`≈ CLAUDE.md:3  @import approximated: why`."""
    place = f"{one.path}:{one.line}" if one.line else one.path
    style = _STYLES[one.outcome]
    pieces: list[Piece] = [(f"{out.glyph(_SIGNS[one.outcome])} ", style), place]
    pieces += [f"  {one.editor}: " if one.path.startswith(".driven/") else "  ", one.name, (f" {one.outcome}", style)]
    return [*pieces, (f": {one.note}", "dim")] if one.note else pieces
