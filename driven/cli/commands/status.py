"""`driven status`: everything about the project on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Show it. Always 0 when it can be shown: `driven sync --check` is the one that fails on drift."""
    from driven import views
    from driven.cli import data
    from driven.cli.render_status import show_status

    report = views.status(app.root)
    app.answer(lambda: data.status(report), lambda out: show_status(out, report, everything=args.all))
    return app.outcome()
