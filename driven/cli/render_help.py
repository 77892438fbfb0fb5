"""Help from the grammar: all commands on one screen, or one command whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.cli.render import Output
from driven.grammar.command import Argument, Command
from driven.grammar.to_argparse import usage

_COLUMN = 28  # where the explanations begin


def show_overview(out: Output, commands: Sequence[Command], options: Iterable[Argument], *, error: bool) -> None:
    """`driven --help`; on stderr with `error`."""
    out.line(("driven", "bold"), ": one source of rules for AI coding agents, for every editor", error=error)
    out.line(error=error)
    out.line(("usage:", "bold"), " driven COMMAND [OPTIONS]", error=error)
    groups = dict.fromkeys(c.group or "Plugins" for c in commands)
    for group in groups:
        out.line(error=error)
        out.line((group, "bold"), error=error)
        for c in commands:
            if (c.group or "Plugins") == group:
                out.line("  ", (c.name.ljust(_COLUMN - 2), "cyan"), c.help, error=error)
    _show_options(out, "Options", options, error=error)
    out.line(error=error)
    out.line(("`driven COMMAND --help` says more of one command", "dim"), error=error)


def show_command(out: Output, command: Command, words: str, options: Iterable[Argument]) -> None:
    """`driven sync --help`."""
    out.line((words, "bold"), f": {command.help}")
    if command.description:
        out.line()
        out.line(command.description)
    out.line()
    out.line(("usage:", "bold"), f" {usage(command, words)}")
    if command.verbs:
        out.line()
        for verb in command.verbs:
            out.line("  ", (verb.name.ljust(_COLUMN - 2), "cyan"), verb.help)
    positionals = [a for a in command.arguments if not a.name.startswith("-")]
    if positionals:
        _show_options(out, "Arguments", positionals, error=False)
    own = [a for a in command.arguments if a.name.startswith("-")]
    if own:
        _show_options(out, "Options", own, error=False)
    _show_options(out, "Options of every command", options, error=False)
    if command.examples:
        out.line()
        out.line(("Examples", "bold"))
        for example in command.examples:
            out.line(f"  {example}")


def _show_options(out: Output, title: str, options: Iterable[Argument], *, error: bool) -> None:
    out.line(error=error)
    out.line((title, "bold"), error=error)
    for o in options:
        label = label_of(o)
        help_ = o.help + (f" ({', '.join(o.choices)})" if o.choices else "")
        out.line("  ", (label.ljust(_COLUMN - 2), "cyan"), " " if len(label) > _COLUMN - 3 else "", help_, error=error)


def label_of(argument: Argument) -> str:
    """`-e, --editor NAME`, `    --json`, `PATH`."""
    if not argument.name.startswith("-"):
        return argument.metavar or argument.name.upper()
    short = f"{argument.short}, " if argument.short else "    "
    value = "" if argument.flag else f" {argument.metavar or 'VALUE'}"
    return f"{short}{argument.name}{value}"
