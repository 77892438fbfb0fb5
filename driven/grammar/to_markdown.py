"""The grammar -> docs/commands.md: `python -m driven.grammar.to_markdown > docs/commands.md`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS, EXIT_CODES, OPTIONS, TOP_OPTIONS
from driven.grammar.powers import declared, is_idempotent
from driven.grammar.to_argparse import usage


def to_markdown(commands: Iterable[Command] = COMMANDS) -> str:
    """The reference of the command line, for people."""
    return "\n".join(_document(commands)).rstrip("\n") + "\n"


def _document(commands: Iterable[Command]) -> Iterator[str]:
    yield from (
        "# Commands",
        "",
        "Written from the grammar by `python -m driven.grammar.to_markdown`; change the grammar, not this file.",
        "",
        "## Options of every command",
        "",
        "They stand before or after the command word.",
        "",
        *_options(OPTIONS),
        "## Options without a command",
        "",
        *_options(TOP_OPTIONS),
    )
    for command in commands:
        yield from _command(command, f"driven {command.name}")
    yield from ("## Exit codes", "", "Of several reasons in one run the worst decides: 70, 7, 6, 5, 2, 4, 1, 0.", "")
    yield from ("| code | meaning |", "|---|---|")
    yield from (f"| {code} | {words} |" for code, words in EXIT_CODES.items())
    yield from (
        "",
        "## The envelope of `--json`",
        "",
        'One object on stdout: `{"ok": …, "data": …, "error": {"code", "message", "hint"} | null, "meta": {"schema",'
        ' "version"}}`.',
        "Of a configuration with several mistakes `error` is the first, and its `more` a list of the others.",
        "`ok` says that the command did its work and `data` is there; whether there was something to do, the exit code",
        "says. Where a part of it could not be done (`update` of several packs) `ok` is false, and `data` tells which.",
        "`meta.schema` is the command's words and the version of its `data` (`driven.sync/1`).",
        "`driven grammar --json` has the JSON schema of every `data`.",
    )


def _command(command: Command, words: str) -> Iterator[str]:
    yield from (f"## {words}", "", command.help[:1].upper() + command.help[1:] + ".", "")
    if command.description:
        yield from (command.description, "")
    if command.verbs:
        for verb in command.verbs:
            yield from _command(verb, f"{words} {verb.name}")
        return
    yield from ("```", usage(command, words), "```", "")
    if command.arguments:
        yield from _options(command.arguments)
    powers = ", ".join(f"`{one}`" for one in declared(command)) or "nothing"
    traits = [command.safety, "idempotent" if is_idempotent(command) else "", command.band, command.stability]
    yield from (f"Touches {powers}; {'; '.join(filter(None, traits))}. Exits {', '.join(map(str, command.exits))}.", "")
    if command.result:
        keys = ", ".join(f"`{key}`" for key in _keys(json.loads(command.result)))
        yield from (f"`--json` answers {keys}.", "")
    if command.examples:
        yield from ("```sh", *command.examples, "```", "")


def _keys(schema: dict[str, Any]) -> Iterable[str]:
    properties: dict[str, Any] = schema["properties"]
    return properties


def _options(arguments: Iterable[Argument]) -> Iterator[str]:
    yield from ("| | |", "|---|---|")
    for a in arguments:
        name = a.name if a.name.startswith("-") else a.metavar or a.name
        value = f" {a.metavar or 'VALUE'}" if a.name.startswith("-") and not a.flag else ""
        short = f"`{a.short}` " if a.short else ""
        choices = f" ({', '.join(f'`{c}`' for c in a.choices)})" if a.choices else ""
        yield f"| {short}`{name}{value}` | {a.help}{choices} |"
    yield ""


if __name__ == "__main__":
    import sys

    sys.stdout.write(to_markdown())
