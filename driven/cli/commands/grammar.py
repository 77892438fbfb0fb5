"""`driven grammar`: the grammar as a tree, or with --json as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output


def run(args: Any, app: App) -> int:
    """Print the commands of driven and of all plugins."""
    from driven import __version__
    from driven.grammar.to_json import to_json

    commands = app.commands()

    def show(out: Output) -> None:
        from driven.cli.render_grammar import show_grammar

        show_grammar(out, commands)

    app.answer(lambda: to_json(__version__, commands), show)
    return app.outcome()
