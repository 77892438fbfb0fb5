"""`driven snapshot list`, `show N`, `diff N [M]` and `restore N`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.goback import Restored
    from driven.project.snapshots import Change, Snapshot


def run_list(args: Any, app: App) -> int:
    """List every snapshot, newest first."""
    from driven import history
    from driven.cli.render_snapshots import show_list

    listed = history.list_all(app.root)
    app.answer(
        lambda: {"snapshots": [_entry(one) for one in listed.snapshots], "damaged": list(listed.damaged)},
        lambda out: show_list(out, listed),
    )
    return app.outcome()


def run_show(args: Any, app: App) -> int:
    """Show what one snapshot changed. 2 when there is no such snapshot."""
    from driven import history
    from driven.cli.render_snapshots import show_one

    shown = history.show(app.root, args.number)
    app.answer(
        lambda: {"snapshot": _entry(shown.snapshot), "changes": [_change(one) for one in shown.changes]},
        lambda out: show_one(out, shown),
    )
    return app.outcome()


def run_diff(args: Any, app: App) -> int:
    """Show what changed since a snapshot, or between two. 2 when there is no such snapshot."""
    from driven import history
    from driven.cli import data
    from driven.cli.render_plan import show_diff
    from driven.model.plan import Plan

    compared = history.compare(app.root, args.number, args.other or 0)
    app.answer(
        lambda: {
            "first": compared.first,
            "second": compared.second,
            "changes": [data.change(one, diff=True) for one in compared.changes],
        },
        lambda out: show_diff(out, Plan(changes=compared.changes)),
    )
    return app.outcome()


def run_restore(args: Any, app: App) -> int:
    """Go back to a snapshot. 2 when there is no way back, 4 when something was edited since."""
    from driven import history

    return finish(app, history.restore(app.root, args.number, force=args.force))


def finish(app: App, restored: Restored) -> int:
    """Tell what going back did; the exit code."""
    from driven.cli import data
    from driven.cli.render_snapshots import show_restored

    app.answer(
        lambda: {
            "what": restored.what,
            "number": restored.number,
            "applied": restored.applied,
            "kept": restored.kept,
            "plan": data.plan(restored.plan, diff=not restored.applied),
        },
        lambda out: show_restored(out, restored, app.root),
    )
    return app.outcome(conflicts=bool(restored.plan.conflicts), diagnostics=restored.plan.diagnostics)


def _entry(one: Snapshot) -> dict[str, Any]:
    from driven.cli.render_snapshots import utc

    return {
        "number": one.number,
        "name": one.name,
        "parent": one.parent,
        "time": utc(one.time),
        "what": one.what,
        "version": one.version,
        "files": one.files,
        "rules": one.rules,
        "bytes": one.bytes,
    }


def _change(one: Change) -> dict[str, Any]:
    from driven.cli.diff import added_removed, unified
    from driven.cli.render_snapshots import action

    added, removed = added_removed(one.before, one.after)
    return {
        "path": one.path,
        "editor": one.editor,
        "part": one.part,
        "action": action(one),
        "added": added,
        "removed": removed,
        "merged": one.stood is not None,
        "diff": "".join(line + "\n" for line in unified(one.path, one.before, one.after)),
    }
