"""`driven grammar [WORD…]`: the grammar as a tree, as data, as tools of MCP, as OpenAPI or as a manual page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.grammar.command import Command

_FORMS = ("man", "mcp", "openapi")


def run(args: Any, app: App) -> int:
    """Print the commands of driven and of all plugins, or those of some words alone."""
    from driven import __version__
    from driven.grammar.to_json import to_json

    commands = _named(app.commands(), args.words) if args.words else app.commands()
    asked = [form for form in _FORMS if getattr(args, form)]
    if len(asked) + app.json > 1:
        raise UsageError(f"`--{asked[0]}` and another form ask for two things", hint="leave one of them out")
    if asked:
        app.out.raw(_written(asked[0], __version__, commands))
        return app.outcome()

    def show(out: Output) -> None:
        from driven.cli.render_grammar import show_grammar

        show_grammar(out, commands)

    app.answer(lambda: to_json(__version__, commands, _owners(app)), show)
    return app.outcome()


def _owners(app: App) -> dict[str, str]:
    """The plugin of each command that is one's."""
    offers = ((offer, plugin.name) for plugin in app.registry().plugins for offer in plugin.offers)
    return {offer.removeprefix("command "): name for offer, name in offers if offer.startswith("command ")}


def _named(commands: Sequence[Command], words: Sequence[str]) -> tuple[Command, ...]:
    """The command of these words, whole, below its noun. UsageError when there is none."""
    from driven.frozen import replace
    from driven.grammar.suggest import did_you_mean

    found = next((one for one in commands if one.name == words[0]), None)
    if found is None:
        hint = did_you_mean(words[0], [one.name for one in commands], otherwise="`driven --help` lists the commands")
        raise UsageError(f"there is no command `{words[0]}`", hint=hint)
    if not words[1:]:
        return (found,)
    if not found.verbs:
        raise UsageError(f"`driven {found.name}` has no words below it", hint=f"`driven grammar {found.name}`")
    return (replace(found, verbs=_named(found.verbs, words[1:])),)


def _written(form: str, version: str, commands: Sequence[Command]) -> str:
    import json

    if form == "man":
        from driven.grammar.to_man import to_man

        return to_man(version, commands)
    if form == "mcp":
        from driven.grammar.to_mcp import to_mcp

        return json.dumps({"tools": to_mcp(commands)}, indent=2) + "\n"
    from driven.grammar.to_openapi import to_openapi

    return json.dumps(to_openapi(version, commands), indent=2) + "\n"
