"""`driven explain PATH`: which rules hold for a file in each editor, why, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Explain PATH. 2 when a rule cannot be read, because then the answer may lack it."""
    from driven import views
    from driven.cli import data
    from driven.cli.render import Output
    from driven.cli.render_explain import show_explain
    from driven.cli.render_findings import show_findings

    report = views.explain(app.root, args.path, args.editor)

    def show(out: Output) -> None:
        show_explain(out, report, everything=args.all or out.verbose)
        show_findings(out, report.diagnostics, app.root, error=True)

    app.answer(lambda: data.explain(report), show)
    return app.outcome(diagnostics=report.diagnostics)
