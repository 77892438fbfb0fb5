"""`driven import [PATH…]`: editors' rule files -> rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Import. 2 when a file cannot be read as a rule, 4 when a rule stands there already and differs."""
    from driven import intake
    from driven.cli import data
    from driven.cli.render_plan import show_import

    report = intake.import_files(app.root, args.paths, editor=args.editor, dry_run=args.dry_run)
    app.answer(lambda: data.imported(report), lambda out: show_import(out, report, app.root))
    return app.outcome(conflicts=bool(report.plan.conflicts), diagnostics=report.diagnostics)
