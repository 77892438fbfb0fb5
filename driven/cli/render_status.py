"""The picture of `driven status`: rules, editors, drift, conflicts, losses and sizes against limits, on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from driven.cli.render import Output, Piece
from driven.cli.render_findings import loss_pieces, show_findings
from driven.cli.render_plan import show_conflicts
from driven.cli.text import count, number, percent, shorten
from driven.model.artefact import Loss
from driven.model.report import EditorStatus, RuleStatus, StatusReport

_STYLES = {"always": "green", "paths": "bold green", "model": "cyan", "manual": "blue"}
_FEW = 12  # rules that are always listed; of more, the first ones, so that the rest stays in sight
_CONFLICTS = 5  # conflicts and mistakes that are shown without --verbose: the screen is one screen
_FULL = 8  # columns of the bar that shows a size against its limit


def show_status(out: Output, report: StatusReport, *, everything: bool) -> None:
    """One screen; `everything` lists every rule however many."""
    enabled = [e for e in report.editors if e.enabled]
    head = f"{count(len(report.rules), 'rule')}, {count(len(enabled), 'editor')}"
    out.line((head, "bold"), (f"  {report.root}", "dim"))
    _show_rules(out, report.rules, [e.target.name for e in enabled], everything=everything)
    _show_editors(out, enabled)
    off = [e.target.name for e in report.editors if not e.enabled]
    if off:
        out.line(("  not enabled: " + ", ".join(off), "dim"))
    losses = [loss for e in enabled for loss in e.losses]
    _show_losses(out, losses)
    out.line()
    _show_mistakes(out, report)
    show_conflicts(out, report.plan, _CONFLICTS)
    _show_verdict(out, report)


def _show_rules(out: Output, rules: Sequence[RuleStatus], editors: Sequence[str], *, everything: bool) -> None:
    if not rules:
        out.line("  no rule yet: write one in .driven/rules/, or `driven import`")
        return
    many = len(rules) > _FEW + 2 and not everything
    rows = [_rule(out, r, editors) for r in (rules[:_FEW] if many else rules)]
    head = ["", "Rule", "Holds", "Chars", "Editors"]
    out.show(out.table(rows, head=head, right=(3,), wrap=() if many else (2,), cut=(1, 2, 4)))
    if many:
        kinds = Counter(r.activation for r in rules)
        words = ", ".join(f"{kinds[k]:,} {k}" for k in _STYLES if kinds[k])
        more = out.glyph("more")
        out.line((f"  {more} {number(len(rules) - _FEW)} more: {words} in all; --all lists them", "dim"))


def _rule(out: Output, r: RuleStatus, editors: Sequence[str]) -> list[list[Piece] | Piece]:
    style = _STYLES.get(r.activation, "") if r.active else "dim"
    detail = shorten(r.detail, 60) if out.terminal else r.detail
    holds: list[Piece] = [(r.activation, style), (f"  {detail}" if detail else "", "dim")]
    if not r.active:
        holds.append(("  its condition is false", "yellow"))
    # Where a rule goes everywhere, say so in one word.
    missing = [name for name in editors if name not in r.editors]
    where = ", ".join(r.editors) or out.glyph("dash")
    if editors and not missing:
        where = "all"
    elif r.editors and len(missing) < len(r.editors):
        where = f"all but {', '.join(missing)}"
    glyph = out.glyph(r.activation if r.activation in _STYLES else "no")
    return [(glyph, style), (r.id, "" if r.active else "dim"), holds, number(r.characters), (where, "dim")]


def _show_editors(out: Output, editors: Sequence[EditorStatus]) -> None:
    out.line()
    if not editors:
        out.line("  no editor is enabled: see [editors] in .driven/config.toml")
        return
    rows = [_editor(out, e) for e in editors]
    head = ["Editor", "Files", "Chars", "Largest file", "", "State"]
    out.show(out.table(rows, head=head, right=(1, 2), wrap=(5,), cut=(0,)))


def _editor(out: Output, e: EditorStatus) -> list[list[Piece] | Piece]:
    largest: list[Piece] = [number(e.largest)]
    share: list[Piece] = []
    if e.limit:
        style = "bold red" if e.largest > e.limit else "yellow" if e.largest > e.limit * 0.8 else "green"
        full = min(_FULL, -(-e.largest * _FULL // e.limit))
        share = [(out.glyph("full") * full, style), (out.glyph("empty") * (_FULL - full), "dim")]
        share.append((f" {percent(e.largest, e.limit)}", style if e.largest > e.limit * 0.8 else "dim"))
        largest.append((f" of {number(e.limit)}", "dim"))
    state: list[Piece] = []
    if e.conflicts:
        state.append((count(e.conflicts, "conflict"), "bold red"))
    if e.drift:
        state += [", " if state else "", (f"{count(e.drift, 'file')} to write", "yellow")]
    if e.losses:
        state += [", " if state else "", (count(len(e.losses), "loss", "losses"), "dim")]
    if not e.drift and not e.conflicts:
        state = [(out.glyph("ok"), "green"), " ", *state]
    return [(e.target.title, "bold"), number(e.files), number(e.characters), largest, share, state]


def _show_losses(out: Output, losses: Sequence[Loss]) -> None:
    if not losses:
        return
    if not out.verbose:
        dropped = sum(loss.kind == "dropped" for loss in losses)
        words = f"  {count(len(losses), 'loss', 'losses')}, {number(dropped)} dropped: --verbose lists them"
        out.line((words, "dim"))
        return
    out.line()
    rows: list[list[list[Piece] | Piece]] = [
        [(loss.editor, "dim"), loss.rule_id, loss_pieces(out, loss)] for loss in losses
    ]
    out.show(out.table(rows, head=["Losses", "", ""], wrap=(2,), cut=(1,)))


def _show_mistakes(out: Output, report: StatusReport) -> None:
    found = [d for d in report.plan.diagnostics if d.severity != "info" or out.verbose]
    shown = found if out.verbose else found[:_CONFLICTS]
    show_findings(out, shown, report.root, error=True)
    if len(shown) < len(found):
        out.line((f"{number(len(found) - len(shown))} more: `driven validate` lists them", "dim"), error=True)


def _show_verdict(out: Output, report: StatusReport) -> None:
    plan = report.plan
    if plan.is_clean:
        out.line((f"{out.glyph('ok')} up to date", "bold green"))
        return
    pieces: list[Piece] = []
    if plan.writes:
        pieces.append((f"{count(len(plan.writes), 'file')} to write: `driven sync`", "bold yellow"))
    if plan.conflicts:
        pieces += ["; " if pieces else "", (count(len(plan.conflicts), "conflict"), "bold red")]
    out.line(*pieces)
