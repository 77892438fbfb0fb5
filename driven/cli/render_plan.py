"""A plan and a sync: one line per file that changes, or the whole as a unified diff, and a summary."""

from __future__ import annotations

from collections.abc import Iterable

from driven.cli.diff import added_removed, unified
from driven.cli.render import Output, Piece
from driven.cli.render_findings import loss_pieces, show_findings
from driven.cli.text import count, number, seconds
from driven.model.artefact import Loss
from driven.model.plan import Change, Conflict, Create, Delete, Keep, Plan, Replace, SyncReport

_SIGNS = {Create: ("+", "green"), Replace: ("~", "yellow"), Delete: ("-", "red"), Conflict: ("!", "bold red")}
_FEW = 5  # of a long list, what is shown without --verbose where the rest can be asked for
_MANY = 60  # changed files, from which on a folder is one line
_COUNTED = 256 << 10  # bytes: larger changes are listed without their +/- line counts


def show_sync(out: Output, report: SyncReport, root: str, *, diff: bool, check: bool) -> None:
    """What a sync did, or with `diff` or `check` would do."""
    plan = report.plan
    if diff:
        show_diff(out, plan)
    elif not out.quiet:
        show_changes(out, plan)
    show_conflicts(out, plan)
    show_findings(out, plan.diagnostics, root, error=True)
    if report.held:
        shown = report.held if out.verbose else report.held[:_FEW]
        words = ", ".join(f"`{rule}`" for rule in shown)
        more = f" and {number(len(report.held) - len(shown))} more" if len(report.held) > len(shown) else ""
        what = "what they wrote before stays as it is" if report.held[1:] else "what it wrote before stays as it is"
        out.line(("held back:", "bold yellow"), f" {words}{more}: {what}", error=True)
    if report.kept_copies:
        out.note(f"what was overwritten is kept in {report.kept_copies}", error=diff)
    # A diff on stdout is a patch and nothing else: `driven sync --dry-run | git apply` works.
    # Of rules that changed, or whose file is new, and of those that no file carries: the others' were told before.
    told = {rule for change in plan.changes if not isinstance(change, Delete) for rule in change.rule_ids}
    told -= {
        *report.changed,
        *(rule for change in plan.writes if isinstance(change, Create) for rule in change.rule_ids),
    }
    _show_losses(out, (loss for loss in plan.losses if out.verbose or loss.rule_id not in told), error=diff)
    out.note(*_summary(report, check=check), error=diff)
    if report.waiting and (len(report.waiting) == report.rules or report.changed or out.verbose):
        # Told when it surprises: where nothing else is written, and of rules that are new.
        what = count(len(report.waiting), "rule waits", "rules wait")
        out.note((f"{what}, for `when` is false here: `driven status` lists them", "dim"), error=diff)


def show_changes(out: Output, plan: Plan) -> None:
    """`+ path`, `~ path (+3 -1)`, `- path`; kept files only with --verbose. Of many files in a folder their number."""
    shown = plan.changes
    if not out.verbose and len(plan.writes) > _MANY:
        _show_folders(out, plan)
        shown = tuple(change for change in plan.changes if isinstance(change, Keep) and change.reason)
    for change in shown:
        if isinstance(change, Keep):
            if change.reason:
                out.line(("= ", "dim"), change.path, (f"  {change.reason}", "dim"))
            else:
                out.detail(("= ", "dim"), (change.path, "dim"))
        elif not isinstance(change, Conflict):
            sign, style = _SIGNS[_kind(change)]
            out.line((f"{sign} ", style), change.path, (_note(change), "dim"))


def _kind(change: Change) -> type:
    """What happens to the file: one that a part is put into, or taken out of, is changed."""
    if (isinstance(change, Create) and change.before is not None) or (
        isinstance(change, Delete) and change.after is not None
    ):
        return Replace
    return type(change)


def _show_folders(out: Output, plan: Plan) -> None:
    """A line for each folder and kind of change, `+ .cursor/rules/  200 files`; a lone file by its name."""
    folders: dict[tuple[str, type], list[str]] = {}
    for change in plan.writes:
        folders.setdefault((change.path.rpartition("/")[0] or change.path, _kind(change)), []).append(change.path)
    for (folder, kind), paths in folders.items():
        sign, style = _SIGNS[kind]
        if len(paths) == 1:
            out.line((f"{sign} ", style), paths[0])
        else:
            out.line((f"{sign} ", style), f"{folder}/", (f"  {count(len(paths), 'file')}", "dim"))


def show_diff(out: Output, plan: Plan, *, exact: bool = False) -> None:
    """The writes of the plan as one unified diff that `git apply` takes. With `exact` every byte is as it is in the
    files, also one that a terminal would obey."""
    for change in plan.writes:
        for line in unified(change.path, change.before, change.after):
            if exact and not out.color:
                out.raw(line + "\n")
            else:
                out.line((line, _diff_style(line)))


def show_conflicts(out: Output, plan: Plan, most: int = 0) -> None:
    """Each conflict with what to do and both sides of what overlaps; with --verbose the diff between what stands there
    and what would be written. Without --verbose, no more than `most` (0: all), and then without the sides."""
    conflicts = plan.conflicts if out.verbose or not most else plan.conflicts[:most]
    for c in conflicts:
        out.line(("conflict:", "bold red"), f" {c.path}: {c.message}", error=True)
        if c.overlaps and (out.verbose or not most):
            from driven.cli.render_conflicts import show_overlaps

            show_overlaps(out, c.overlaps)
        if c.hint:
            out.line("  ", ("hint:", "cyan"), f" {c.hint}", error=True)
        if out.verbose:
            for line in unified(c.path, c.before, c.after):
                out.line("  ", (line, _diff_style(line)), error=True)
    if len(conflicts) < len(plan.conflicts):
        left = count(len(plan.conflicts) - len(conflicts), "more conflict")
        out.line((f"{left}: --verbose lists them", "dim"), error=True)


def _note(change: Change) -> str:
    if isinstance(change, Create) and change.before is None:
        return f"  {change.note}" if change.note else ""
    if isinstance(change, Keep | Conflict):
        return ""
    words = []
    if len(change.before or b"") + len(change.after or b"") <= _COUNTED and change.after is not None:
        added, removed = added_removed(change.before, change.after)
        words.append(f"+{added} -{removed}")
    if getattr(change, "forced", False):
        words.append("forced")
    if getattr(change, "note", ""):
        words.append(getattr(change, "note"))  # noqa: B009
    return f"  {', '.join(words)}" if words else ""


def _diff_style(line: str) -> str:
    if line.startswith(("diff --git", "--- ", "+++ ", "new file", "deleted file")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan", "\\": "dim"}.get(line[:1], "")


def _show_losses(out: Output, losses: Iterable[Loss], *, error: bool) -> None:
    losses = tuple(losses)
    if not losses:
        return
    if not out.verbose:
        out.note((f"{count(len(losses), 'loss', 'losses')}: `driven status --verbose` lists them", "dim"), error=error)
        return
    for loss in losses:
        out.line(f"{loss.editor}: {loss.rule_id}  ", *loss_pieces(out, loss), error=error)


def _summary(report: SyncReport, *, check: bool) -> list[Piece]:
    plan = report.plan
    kinds = [_kind(change) for change in plan.writes]
    deleted = kinds.count(Delete)
    written = len(kinds) - deleted
    unchanged = plan.kept + sum(isinstance(c, Keep) for c in plan.changes)
    conflicts = len(plan.conflicts)
    scope = f"{count(report.rules, 'rule')}, {count(len(report.editors), 'editor')}, {seconds(report.seconds)}"
    if plan.is_clean and report.held:
        held = count(len(report.held), "rule")
        return [("nothing to write", "bold yellow"), f", {held} held back ({scope})"]
    if plan.is_clean and any(finding.severity == "error" for finding in plan.diagnostics):
        return [("nothing to write", "bold yellow"), f" for the rest ({scope})"]
    if plan.is_clean:  # the words of `driven.remembering.summary`, which the shortest sync prints by itself
        counts = ((report.rules, "rule"), (len(report.editors), "editor"), (unchanged, "file"))
        return [("up to date", "bold green"), ": " + ", ".join(count(n, what) for n, what in counts)]
    would = "" if report.applied else "to be "
    parts = []
    if written:
        parts.append(f"{count(written, 'file')} {would}written")
    if deleted:
        parts.append(f"{number(deleted) if written else count(deleted, 'file')} {would}deleted")
    if unchanged:
        parts.append(f"{number(unchanged)} unchanged")
    if conflicts:
        parts.append(count(conflicts, "conflict"))
    style = "bold red" if conflicts else "bold yellow" if check and plan.writes else "bold"
    return [(", ".join(parts), style), f" ({scope})"]
