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
                _entry(out, c.name, c.help, error=error)
    _show_options(out, "Options", options, error=error)
    out.line(error=error)
    out.line(("`driven COMMAND --help` says more of one command", "dim"), error=error)


def show_command(out: Output, command: Command, words: str, options: Iterable[Argument]) -> None:
    """`driven sync --help`."""
    first, *more = folded(out, f"{words}: {command.help}".split(" "), 0)
    out.line((words, "bold"), first.removeprefix(words))
    for line in more:
        out.line(line)
    if command.description:
        out.line()
        for line in folded(out, command.description.split(" "), 0):
            out.line(line)
    out.line()
    first, *more = folded(out, usage(command, words).replace(" [", "\0[").split("\0"), 8)
    out.line(("usage:", "bold"), f" {first}")
    for line in more:
        out.line(f"        {line}")
    if command.verbs:
        out.line()
        for verb in command.verbs:
            _entry(out, verb.name, verb.help, error=False)
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
        _entry(out, label_of(o), o.help + (f" ({', '.join(o.choices)})" if o.choices else ""), error=error)


def _entry(out: Output, label: str, text: str, *, error: bool) -> None:
    """A word and its explanation, which on a terminal goes on below itself."""
    first, *more = folded(out, text.split(" "), max(_COLUMN, len(label) + 3))
    out.line("  ", (label.ljust(_COLUMN - 2), "cyan"), " " if len(label) > _COLUMN - 3 else "", first, error=error)
    for line in more:
        out.line(" " * _COLUMN, line, error=error)


def folded(out: Output, words: Sequence[str], indent: int) -> list[str]:
    """Words in lines, as many as a terminal has room for right of `indent`; elsewhere one line."""
    lines = [""]
    for word in words:
        fits = not lines[-1] or indent + len(lines[-1]) + 1 + len(word) <= out.width
        lines[-1:] = [f"{lines[-1]} {word}".lstrip()] if fits else [lines[-1], word]
    return lines


def label_of(argument: Argument) -> str:
    """`-e, --editor NAME`, `    --json`, `PATH`."""
    if not argument.name.startswith("-"):
        return argument.metavar or argument.name.upper()
    short = f"{argument.short}, " if argument.short else "    "
    value = "" if argument.flag else f" {argument.metavar or 'VALUE'}"
    return f"{short}{argument.name}{value}"
