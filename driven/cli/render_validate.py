"""What `driven validate` prints for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.render_findings import show_findings, tally
from driven.cli.render_plan import show_changes, show_diff
from driven.cli.text import count

if TYPE_CHECKING:
    from driven.model.report import ValidateReport
    from driven.validation.fixing import Fixed


def show_report(out: Output, report: ValidateReport, failing: tuple[str, ...]) -> None:
    """The findings with their source lines, one line that counts them, and what can be done about them at once."""
    show_findings(out, report.diagnostics, report.root)
    out.note(*_summary(report, failing))
    safe = sum(d.fix is not None and d.fix.safe for d in report.diagnostics)
    unsafe = sum(d.fix is not None and not d.fix.safe for d in report.diagnostics)
    if safe or unsafe:
        more = f", {unsafe} more with --unsafe-fixes" if safe and unsafe else ""
        words = "--fix" if safe else "--unsafe-fixes"
        out.note((f"{safe or unsafe} can be repaired with `driven validate {words}`{more}; --diff shows how", "dim"))


def show_fixed(out: Output, fixed: Fixed, failing: tuple[str, ...], *, dry_run: bool) -> None:
    """What was repaired, and what is left."""
    if dry_run:
        show_diff(out, fixed.plan)
    else:
        show_changes(out, fixed.plan)
        show_findings(out, fixed.report.diagnostics, fixed.root)
    if fixed.repaired:
        done = "would be repaired" if dry_run else "repaired"
        undo = "; `driven undo` takes it back" if fixed.kept else ""
        out.note((f"{count(len(fixed.repaired), 'finding')} {done}", "bold green"), f" ({_codes(fixed)}){undo}")
    else:
        out.note("nothing to repair")
    for code in fixed.left_out:
        out.note((f"{code} was left as it is: its repair would have brought another error", "yellow"))
    out.note(*_summary(fixed.report, failing), " left" if fixed.repaired and fixed.report.diagnostics else "")


def _codes(fixed: Fixed) -> str:
    codes = [told.code for told in fixed.repaired]
    return ", ".join(f"{code} ×{codes.count(code)}" if codes.count(code) > 1 else code for code in dict.fromkeys(codes))


def _summary(report: ValidateReport, failing: tuple[str, ...]) -> list[Piece]:
    told = tally(report.diagnostics)
    bad = any(d.severity in failing for d in report.diagnostics)
    style = "bold red" if bad else "bold yellow" if told else "bold green"
    silenced = f"; {report.silenced} silenced" if report.silenced else ""
    return [(told or "no findings", style), f" ({_scope(report)}{silenced})"]


def _scope(report: ValidateReport) -> str:
    """What was looked at, in words."""
    if not report.rules and not report.emitted:
        return count(report.files, "file") if report.files else "no rule files of any editor are here"
    other = f", {count(report.files, 'other file')}" if report.files else ""
    return f"{count(report.rules, 'rule')}, {count(report.emitted, 'emitted file')}{other}"
