"""`driven sync`: write every editor's files from the rules."""

from __future__ import annotations

from driven.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Plan and apply; with --dry-run or --check plan only. 1: --check found drift, 2: a rule cannot be read,
    4: conflicts, 6: --locked or --frozen found a pack that is not to be trusted, or not written as it was."""
    for one, two in (("force", "check"), ("adopt", "check"), ("force", "adopt")):
        if getattr(args, one) and getattr(args, two):
            why = "writes nothing" if two == "check" else "takes the other side"
            raise UsageError(f"`--{two}` {why}, so `--{one}` means nothing", hint="leave one of them out")
    if (args.locked or args.frozen) and (args.watch or args.poll):
        word = "frozen" if args.frozen else "locked"
        raise UsageError(
            f"`--{word}` looks once, and a watch goes on with what changes after it", hint="leave one of them out"
        )
    if args.frozen:
        from driven.packing import require_frozen

        require_frozen(app.root)
    elif args.locked:
        from driven.packing import require_locked

        require_locked(app.root)
    if args.watch or args.poll:
        from driven.cli.watching import run as watch

        return watch(args, app)
    from driven import pipeline
    from driven.cli.render_plan import show_sync

    with app.progress() as progress:
        report = pipeline.sync(
            app.root, dry_run=args.dry_run, check=args.check, force=args.force, adopt=args.adopt, progress=progress
        )

    def data() -> dict[str, Any]:
        from driven.cli.data import sync

        return sync(report)

    app.answer(
        data,
        lambda out: show_sync(out, report, app.root, diff=args.dry_run, check=args.check),
    )
    return app.outcome(
        drift=args.check and not report.plan.is_clean,
        conflicts=bool(report.plan.conflicts),
        diagnostics=report.plan.diagnostics,
    )
