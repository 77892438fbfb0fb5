"""`driven import [PATH…]`: editors' rule files -> rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Plan, show, on a terminal ask, then write. 2 when a file cannot be read as a rule, 4 when a rule stands there
    already and differs."""
    from driven import intake
    from driven.cli import data
    from driven.cli.render_import import next_step, show_import, show_outcome
    from driven.cli.text import count

    prepared = intake.prepare(app.root, args.paths, editor=args.editor)
    report = prepared.report
    titles = {name: emitter.target.title for name, emitter in app.registry().emitters.items()}
    asks = bool(report.rules) and not (args.yes or args.dry_run or app.json) and app.out.can_ask()
    if asks:
        show_import(app.out, report, app.root, titles, asks=True)
        which = f"these {count(len(report.rules), 'rule')}" if report.rules[1:] else "this rule"
        if app.out.ask((f"Write {which}?", "bold"), " [y/N]").lower() not in ("y", "yes"):
            app.out.note("nothing was written")
            return 0
    if not args.dry_run:
        report = intake.carry_out(prepared)
    if asks:
        show_outcome(app.out, report)
    else:
        app.answer(lambda: data.imported(report), lambda out: show_import(out, report, app.root, titles))
    if report.applied and report.rules and not app.json:
        app.out.note(f"next: {next_step(report)}")
    return app.outcome(conflicts=bool(report.plan.conflicts), diagnostics=report.diagnostics)
