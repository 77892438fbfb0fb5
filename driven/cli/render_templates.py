"""Templates for a person: lists by kind, one with its variables and its rule, what applying wrote, and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from driven.cli.diff import unified
from driven.cli.render import Output, Piece
from driven.cli.render_findings import show_findings, tally
from driven.cli.render_plan import show_changes, show_diff
from driven.cli.text import count
from driven.format.snap import ANSWERS
from driven.fusion.template import Template, Variable
from driven.fusion.variables import fits, written
from driven.model.plan import Keep

if TYPE_CHECKING:
    from driven.model.diagnostic import Diagnostic
    from driven.model.plan import Overlap
    from driven.model.rule import Value
    from driven.templating.answering import Ask
    from driven.templating.applying import Applied, Made
    from driven.templating.checking import Checked

_TITLES = {"persona": "personas", "project": "projects", "standard": "standards", "workflow": "workflows"}
_BESIDE = 26  # columns: the mark, and a description that can be read
_PATCH = {"+": "green", "-": "red", "@": "cyan"}


def show_list(out: Output, looks: Sequence[Mapping[str, Any]], found: Sequence[Diagnostic], root: str) -> None:
    """A table for each kind."""
    if not looks:
        out.note("no template is like that", ("  `driven template list` without options shows all", "dim"))
    for kind, title in _TITLES.items():
        rows = [_row(out, one) for one in looks if one["kind"] == kind]
        if rows:
            out.line((title, "bold"))
            _show_rows(out, rows)
    if looks:
        here = sum(one["holds"] is True for one in looks)
        fit = f"; {out.glyph('ok')} {number_that_fits(here)} this project" if here else ""
        out.note((f"{count(len(looks), 'template')}{fit}; `driven template show NAME` says more", "dim"))
    show_findings(out, found, root, error=True)


def number_that_fits(here: int) -> str:
    """`1 is for`, `12 are for`."""
    return "1 is for" if here == 1 else f"{here} are for"


def show_found(out: Output, looks: Sequence[Mapping[str, Any]], words: str, near: str) -> None:
    """What a search found, best first."""
    if looks:
        _show_rows(out, [_row(out, one) for one in looks])
        return
    out.line(f"no template has `{words}` in its name, title, tags or description", error=True)
    hint = f"did you mean `driven template search {near}`?" if near else "`driven template list` shows all"
    out.line("  ", ("hint:", "cyan"), f" {hint}", error=True)


def _show_rows(out: Output, rows: Sequence[Sequence[Sequence[Piece] | Piece]]) -> None:
    """A mark, a name and what it says; on a narrow terminal that stands below the name, for no name is cut."""
    if max(len(row[1][0]) for row in rows) + _BESIDE <= out.width:
        out.show(out.table(rows, wrap=(2,), indent=0))
        return
    for mark, name, said in rows:
        out.show(out.table([[mark, name]], wrap=(1,), indent=0))
        out.show(out.table([[said]], wrap=(0,), indent=5))


def _row(out: Output, one: Mapping[str, Any]) -> list[Sequence[Piece] | Piece]:
    mark = (out.glyph("ok"), "green") if one["holds"] is True else ("", "")
    origin = "" if one["origin"] == "driven" else f"  {one['origin']}"
    there = "  applied" if one["applied"] else "  rule here" if one["there"] else ""
    dim = "dim" if one["holds"] is False else ""
    return [mark, (one["name"], dim or "bold"), [(one["description"], dim), (f"{origin}{there}", "dim")]]


def show_one(
    out: Output, one: Template, look: Mapping[str, Any], defaults: Mapping[str, str], made: Made | None, root: str
) -> None:
    """One template, what it asks for, and the rule that it gives."""
    out.line((one.name, "bold"), f"  {one.title}")
    out.line(one.description)
    rows: list[list[Sequence[Piece] | Piece]] = [[("kind", "dim"), one.kind]]
    if one.tags:
        rows.append([("tags", "dim"), ", ".join(one.tags)])
    rows.append([("from", "dim"), one.path])
    if look["condition"]:
        holds = {True: "true here", False: "not true here", None: "not known here"}[look["holds"]]
        style = "green" if look["holds"] else "yellow"
        rows.append([("when", "dim"), [look["condition"], (f"  {holds}", style)]])
    if one.include:
        rows.append([("with", "dim"), ", ".join(one.include)])
    rule = f".driven/rules/{one.rule_id}.md"
    if made is not None:
        there = look["there"] and not look["applied"]
        rows.append([("rule", "dim"), [rule, ("  stands here already", "dim") if there else ""]])
    for its in look["applied"]:
        answers = ", ".join(f"{name}={written(value)}" for name, value in its["answers"].items())
        rows.append([("applied", "dim"), [f".driven/rules/{its['rule']}.md", (f"  {answers}", "cyan")]])
    out.show(out.table(rows, wrap=(1,)))
    if one.variables:
        out.line("")
        out.line(("variables", "bold"))
        table: list[list[Sequence[Piece] | Piece]] = []
        for variable in one.variables:
            default = defaults[variable.name]
            said: list[Piece] = [fits(variable)]
            if variable.default is None:
                said.append(("  must be given", "yellow"))
            elif default:
                said.append((f"  [{default}]", "cyan"))
            if variable.help:
                said.append((f"  {variable.help}", "dim"))
            table.append([(variable.name, "bold"), said])
        out.show(out.table(table, wrap=(1,)))
    if made is not None:
        out.line("")
        out.line(("the rule, with defaults", "bold"))
        out.line("")
        out.code(made.text, "markdown")
        show_findings(out, made.diagnostics, root, error=True)


def show_applied(out: Output, made: Applied, *, dry: bool, more: bool = True) -> None:
    """What applying wrote, or with `dry` would write, or why nothing was written. `more`: what to do next."""
    plan = made.plan
    if dry:
        show_diff(out, plan)
    elif made.done and not out.quiet:
        show_changes(out, plan)
    for c in plan.conflicts:
        out.line(("conflict:", "bold red"), f" {c.path}: {c.message}", error=True)
        for lap in c.overlaps:
            _show_overlap(out, lap)
        for line in unified(c.path, c.before, c.after)[1:] if not c.overlaps else ():
            out.line("  ", (line, _PATCH.get(line[:1], "")), error=True)
        if c.hint:
            out.line("  ", ("hint:", "cyan"), f" {c.hint}", error=True)
    show_findings(out, made.diagnostics, made.root, error=True)
    rules = sum(change.path != ANSWERS for change in plan.writes)
    kept = sum(isinstance(change, Keep) for change in plan.changes)
    there = f"; {count(kept, 'rule')} there already" if kept else ""
    if not made.is_sound:
        out.note(("nothing was written", "bold"), error=True)
    elif dry:
        out.note(f"{count(rules, 'rule')} would be written{there}", error=True)
    elif not rules:
        out.note("the answers are kept" if plan.writes else "nothing to do", there.replace(";", ":"))
    else:
        out.note((f"{count(rules, 'rule')} written", "bold green"), there)
    if made.done and rules and more:
        out.note("next: `driven sync` writes them for every editor")


def _show_overlap(out: Output, lap: Overlap) -> None:
    """Both sides of a place that a person and the template changed."""
    out.line("  ", (f"line {lap.line}", "cyan"), error=True)
    for sign, style, text in (("yours   ", "red", lap.ours), ("template", "green", lap.theirs)):
        for line in text.splitlines() or ["(nothing)"]:
            out.line("    ", (f"{sign}  ", "dim"), (line, style), error=True)


def show_checked(out: Output, made: Checked, root: str) -> None:
    """Every finding, and how many there are."""
    show_findings(out, made.diagnostics, root)
    said = tally(made.diagnostics) or "no findings"
    if not made.names:
        out.note("there is no template in .driven/templates", ("  `driven template new NAME` begins one", "dim"))
    else:
        out.note((said, "bold red" if "error" in said else "bold"), f" ({count(len(made.names), 'template')})")


def asker(out: Output) -> Ask:
    """Asks for one value: its help, its choices with numbers, its default in brackets, and what was wrong before. The
    name of its template is told where that is another one than before."""
    told = ""

    def ask(template: Template, variable: Variable, default: Value, problem: str) -> str:
        nonlocal told
        if template.name != told:
            told = template.name
            out.line((told, "bold"), (f"  {template.title}", "dim"), error=True)
        if problem:
            out.line(("  ", ""), (f"{variable.name}: {problem}", "yellow"), error=True)
        else:
            if variable.help:
                out.line((variable.help, "dim"), error=True)
            for number, (label, _) in enumerate(variable.choices, 1):
                out.line((f"  {number:>2}  ", "cyan"), label, error=True)
        shown = "" if default is None else f" [{_default(variable, default)}]"
        several = " (commas between)" if variable.multiselect else ""
        return out.ask((variable.name, "bold"), several, shown, ends=True)

    return ask


def _default(variable: Variable, value: Value) -> str:
    """A default as it would be typed; of choices by label."""
    values = value if isinstance(value, list) else [value]
    labels = [next((label for label, one in variable.choices if one == item), written(item)) for item in values]
    return ", ".join(labels)
