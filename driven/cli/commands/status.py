"""`driven status`: everything about the project on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Show it. 0 whatever drift and conflicts it shows: `driven sync --check` fails on those. 2 when a rule cannot be
    read, because then the answer may lack it."""
    from driven import views
    from driven.cli import data
    from driven.cli.render_status import show_status

    report = views.status(app.root)
    app.answer(lambda: data.status(report), lambda out: show_status(out, report, everything=args.all))
    return app.outcome(diagnostics=report.plan.diagnostics)
