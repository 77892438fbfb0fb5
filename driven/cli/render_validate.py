"""What `driven validate` prints for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.render_findings import show_findings, tally
from driven.cli.render_plan import show_changes, show_diff
from driven.cli.text import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from driven.model.report import ValidateReport
    from driven.validation.fixing import Fixed


MOST_ALIKE = 20  # warnings of one code that are shown without --verbose; errors are all shown
MANY = 10  # findings from which on a terminal shows a table of them


def show_report(out: Output, report: ValidateReport, failing: tuple[str, ...], title: Callable[[str], str]) -> None:
    """The findings with their source lines, one line that counts them, and what can be done about them at once.
    `title` says what a code is about."""
    _show_most(out, report)
    if out.terminal and len(report.diagnostics) >= MANY:
        _show_table(out, report, title)
    out.note(*_summary(report, failing, out.verbose))
    safe = sum(d.fix is not None and d.fix.safe for d in report.diagnostics)
    if safe:
        out.note((f"{safe} can be repaired with `driven validate --fix`; --diff shows how", "dim"))
    _show_unsafe(out, report, " more" if safe else "")


def _show_unsafe(out: Output, report: ValidateReport, more: str = "", *, error: bool = False) -> None:
    """How many repairs wait for a person, why, and how they are made."""
    unsafe = sum(d.fix is not None and not d.fix.safe for d in report.diagnostics)
    if unsafe:
        words = f"{unsafe}{more} can be repaired with `driven validate --unsafe-fixes`: the file may mean something"
        out.note((f"{words} else then, so look at `--unsafe-fixes --diff` first", "dim"), error=error)


def _show_most(out: Output, report: ValidateReport) -> None:
    shown: dict[str, int] = {}
    kept = []
    for told in report.diagnostics:
        if told.severity == "warning":
            shown[told.code] = shown.get(told.code, 0) + 1
            if shown[told.code] > MOST_ALIKE and not out.verbose:
                continue
        kept.append(told)
    show_findings(out, kept, report.root)
    for code, number in shown.items():
        if number > MOST_ALIKE and not out.verbose:
            more = f"{out.glyph('more')} and {number - MOST_ALIKE} more of {code}"
            out.line((more, "bold"), "; --verbose shows them all")


def _show_table(out: Output, report: ValidateReport, title: Callable[[str], str]) -> None:
    """How often each code was found, the worst first."""
    order = ("error", "warning", "info")
    counts: dict[tuple[int, str], int] = {}
    for told in report.diagnostics:
        key = (order.index(told.severity), told.code)
        counts[key] = counts.get(key, 0) + 1
    styles = ("red", "yellow", "blue")
    rows: list[list[Piece]] = [
        [(code, styles[rank]), (("error", "warning", "notice")[rank], styles[rank]), str(number), title(code)]
        for (rank, code), number in sorted(counts.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    ]
    out.line("")
    out.show(out.table(rows, head=("code", "", "found", "what"), right=(2,), cut=(3,)))
    out.line("")


def show_fixed(out: Output, fixed: Fixed, failing: tuple[str, ...], *, dry_run: bool) -> None:
    """What was repaired, and what is left. With `dry_run` stdout is a patch and nothing else."""
    if dry_run:
        show_diff(out, fixed.plan, exact=not out.terminal)
    else:
        if not out.quiet:
            show_changes(out, fixed.plan)
        show_findings(out, fixed.report.diagnostics, fixed.root)
    if fixed.repaired:
        done = "would be repaired" if dry_run else "repaired"
        undo = "; `driven undo` takes it back" if fixed.kept else ""
        counted = f"{count(len(fixed.repaired), 'finding')} {done}"
        out.note((counted, "bold green"), f" ({_codes(fixed)}){undo}", error=dry_run)
    else:
        out.note("nothing to repair", error=dry_run)
    for code in fixed.left_out:
        words = f"{code} was left as it is: its repair would have brought another error"
        out.note((words, "yellow"), error=dry_run)
    left = " left" if fixed.repaired and fixed.report.diagnostics else ""
    out.note(*_summary(fixed.report, failing, out.verbose), left, error=dry_run)
    _show_unsafe(out, fixed.report, error=dry_run)


def _codes(fixed: Fixed) -> str:
    codes = [told.code for told in fixed.repaired]
    return ", ".join(f"{code} ×{codes.count(code)}" if codes.count(code) > 1 else code for code in dict.fromkeys(codes))


def _summary(report: ValidateReport, failing: tuple[str, ...], verbose: bool) -> list[Piece]:
    told = tally(report.diagnostics)
    bad = any(d.severity in failing for d in report.diagnostics)
    style = "bold red" if bad else "bold yellow" if told else "bold green"
    silenced = f"; {report.silenced} silenced" if report.silenced else ""
    hidden = not verbose and any(d.severity == "info" for d in report.diagnostics)
    more = "; --verbose shows the notices" if hidden else ""
    return [(told or "no findings", style), f" ({_scope(report)}{silenced}{more})"]


def _scope(report: ValidateReport) -> str:
    """What was looked at, in words."""
    if not report.rules and not report.emitted:
        return count(report.files, "file") if report.files else "no rule files of any editor are here"
    other = f", {count(report.files, 'other file')}" if report.files else ""
    return f"{count(report.rules, 'rule')}, {count(report.emitted, 'emitted file')}{other}"
