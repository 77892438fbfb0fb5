"""The whole grammar as one JSON value: what a tool or a model needs to drive `driven` without guessing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS, EXIT_CODES, OPTIONS, TOP_OPTIONS
from driven.grammar.powers import is_idempotent, own


def to_json(
    version: str, commands: Iterable[Command] = COMMANDS, owners: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """`version` of driven, the options that every command takes, the commands with their result schemas, exit codes.
    `owners`: the plugin of each command that is not built in, by name."""
    return {
        "version": version,
        "options": [_argument(a) for a in (*OPTIONS, *TOP_OPTIONS)],
        "commands": [_command(c) | {"plugin": owners.get(c.name, "")} for c in commands],
        "exit_codes": {str(code): words for code, words in EXIT_CODES.items()},
    }


def _argument(a: Argument) -> dict[str, Any]:
    return {
        "name": a.name,
        "short": a.short,
        "help": a.help,
        "flag": a.flag,
        "many": a.many,
        "optional": a.optional,
        "default": a.default,
        "type": a.type,
        "choices": list(a.choices),
        "metavar": a.metavar,
        "complete": a.complete,
        "capabilities": list(a.capabilities),
        "dry": a.dry,
        "review": a.review,
        "terminal": a.terminal,
    }


def _command(c: Command) -> dict[str, Any]:
    import json

    data: dict[str, Any] = {
        "name": c.name,
        "help": c.help,
        "description": c.description,
        "group": c.group,
        "arguments": [_argument(a) for a in c.arguments],
        "verbs": [_command(verb) for verb in c.verbs],
        "examples": list(c.examples),
    }
    if c.verbs:  # a noun does nothing by itself
        return data
    return data | {
        "capability": c.capability,
        "capabilities": list(own(c)),
        "exits": list(c.exits),
        "idempotent": is_idempotent(c),
        "interactive": c.interactive,
        "review": c.review,
        "band": c.band,
        "safety": c.safety,
        "stability": c.stability,
        "run": c.run,
        "result": json.loads(c.result) if c.result else None,
        "lines": json.loads(c.lines) if c.lines else None,
    }
