"""Snapshots: the list, what one of them changed, and what going back did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from driven.cli.diff import added_removed, unified
from driven.cli.render import Output, Piece
from driven.cli.render_findings import show_findings
from driven.cli.render_plan import show_changes, show_conflicts
from driven.cli.text import count, number, size
from driven.model.plan import Delete
from driven.project.snapshots import SOURCE, Change

if TYPE_CHECKING:
    from driven.goback import Restored
    from driven.history import Listed, Shown

_SIGNS = {"created": ("+", "green"), "changed": ("~", "yellow"), "deleted": ("-", "red"), "same": ("=", "dim")}
_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (30 * 86_400, 86_400, "day"))


def utc(seconds: int) -> str:
    """`2026-11-21 17:18:49 UTC`; a time that no calendar has as its number."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"


def ago(seconds: int, now: float) -> str:
    """`2 min ago`, `3 days ago`; the date from a month on, and for what lies ahead."""
    past = int(now) - seconds
    for end, unit, word in _STEPS if past >= 0 else ():
        if past < end:
            many = past // unit
            return f"{many} {word}{'s' if word == 'day' and many != 1 else ''} ago"
    return utc(seconds)[:10]


def action(change: Change) -> str:
    """What happened to the thing: `created`, `changed`, `deleted`, or `same` for what was only taken in."""
    if change.before == change.after:
        return "same"
    return "created" if change.before is None else "deleted" if change.after is None else "changed"


def show_list(out: Output, listed: Listed) -> None:
    """A row for each snapshot, newest first."""
    if not listed.snapshots:
        out.line("there is no snapshot: every `driven sync` that writes leaves one")
    else:
        now = time.time()
        rows: list[list[list[Piece] | Piece]] = [
            [(str(one.number), "bold"), ago(one.time, now), one.what, str(one.rules), str(one.files),
             (size(one.bytes), "dim")]
            for one in listed.snapshots
        ]  # fmt: skip
        head = ["", "When", "What", "Rules", "Files", "Size"]
        out.show(out.table(rows, head=head, right=(0, 3, 4, 5), indent=0))
    for name in listed.damaged:
        out.line(("damaged:", "bold yellow"), f" .driven/state/snapshots/{name}", error=True)


def show_one(out: Output, shown: Shown) -> None:
    """What a snapshot changed, one line each; with --verbose as diffs, and what it only took in."""
    one = shown.snapshot
    rules, files = count(one.rules, "rule"), count(one.files, "file")
    out.line((f"{one.number}", "bold"), f"  {one.what}, {utc(one.time)}, {rules}, {files}", (f"  {one.name}", "dim"))
    same = 0
    for change in shown.changes:
        what = action(change)
        if what == "same" and not out.verbose:
            same += 1
            continue
        sign, style = _SIGNS[what]
        out.line((f"{sign} ", style), change.path, (_note(change, what), "dim"))
        if out.verbose and what != "same":
            for line in unified(change.path, change.before, change.after)[1:]:
                out.line("  ", (line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")))
    if same:
        out.note((f"{number(same)} more as before: --verbose lists them", "dim"))


def _note(change: Change, what: str) -> str:
    words = [] if change.part in ("file", SOURCE) else [change.part.replace(":", " ")]
    if what == "changed":
        added, removed = added_removed(change.before, change.after)
        words.append(f"+{added} -{removed}")
    if change.stood is not None:
        words.append("a hand edit was merged")
    return "  " + ", ".join(words) if words else ""


def show_restored(out: Output, restored: Restored, root: str) -> None:
    """What going back did, or what stands in the way."""
    plan = restored.plan
    done = (
        f"snapshot {restored.number} is undone" if restored.what == "undo" else f"as after snapshot {restored.number}"
    )
    if restored.applied and not out.quiet:
        show_changes(out, plan)
    show_conflicts(out, plan)
    show_findings(out, plan.diagnostics, root, error=True)
    if plan.conflicts:
        out.line((f"nothing was changed: {count(len(plan.conflicts), 'conflict')}", "bold red"), error=True)
    elif not restored.applied:
        out.note(("nothing to do", "bold green"), f": it is {done}" if restored.what != "undo" else f": {done} already")
    else:
        deleted = sum(isinstance(change, Delete) and change.after is None for change in plan.writes)
        written = len(plan.writes) - deleted
        parts = [f"{count(written, 'file')} written"] if written or not deleted else []
        parts += [f"{number(deleted)} deleted"] if deleted else []
        kept = restored.kept.rpartition("/")[2].partition("-")[0]
        out.note((done, "bold"), f": {', '.join(parts)}; what stood there is in snapshot {kept}")
