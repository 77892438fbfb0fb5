"""`driven undo`: take back what the last sync did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Undo the newest snapshot's run; an undo is undone by the next. 4 when something was edited since."""
    from driven import history
    from driven.cli.commands.snapshot import finish

    return finish(app, history.undo(app.root, force=args.force))
