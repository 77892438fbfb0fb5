"""The grammar -> the tools of `driven mcp`, and a call of a tool -> the words of a command line.

A tool is a verb that needs nobody at a terminal. Its fields are those of the Model Context Protocol, 2025-11-25
(https://modelcontextprotocol.io/specification/2025-11-25/server/tools, read 2026-11-22). Annotations are hints that a
client must distrust; what holds is checked at each call (`driven.mcp`).
"""

from __future__ import annotations

from driven.errors import UsageError
from driven.grammar.command import Argument, Command
from driven.grammar.powers import declared, is_idempotent, only_reads, reaches_out
from driven.grammar.suggest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

MAX_TEXT = 64 << 10  # characters of one value
MAX_VALUES = 1000  # of one list
LARGEST = 999_999_999


def leaves(commands: Iterable[Command], above: str = "") -> Iterator[tuple[str, Command]]:
    """Every command that runs, with its words: `plugin list`."""
    for command in commands:
        words = f"{above} {command.name}".strip()
        if command.verbs:
            yield from leaves(command.verbs, words)
        else:
            yield words, command


def tools(commands: Iterable[Command]) -> dict[str, tuple[str, Command]]:
    """Name of a tool -> (words, command). A name has no blank: `plugin_list`; command names have no `_`, so no two
    are alike."""
    return {w.replace(" ", "_"): (w, c) for w, c in leaves(commands) if c.interactive != "only"}


def to_mcp(commands: Iterable[Command]) -> list[dict[str, Any]]:
    """The tools as `tools/list` answers them."""
    return [_tool(name, words, command) for name, (words, command) in tools(commands).items()]


def _tool(name: str, words: str, command: Command) -> dict[str, Any]:
    import json

    taken = arguments_of(command)
    tool: dict[str, Any] = {
        "name": name,
        "title": f"driven {words}",
        "description": _described(command),
        "inputSchema": {
            "type": "object",
            "properties": {argument.key: _schema(argument) for argument in taken},
            "required": [argument.key for argument in taken if _is_required(argument)],
            "additionalProperties": False,
        },
        "annotations": {
            "title": f"driven {words}",
            "readOnlyHint": only_reads(command),
            "destructiveHint": command.safety == "deletes" or any(argument.review for argument in taken),
            "idempotentHint": is_idempotent(command),
            "openWorldHint": reaches_out(command),
        },
        "_meta": {
            "driven/words": words,
            "driven/band": command.band,
            "driven/safety": command.safety,
            "driven/stability": command.stability,
            "driven/capabilities": [str(one) for one in declared(command)],
            "driven/review": command.review or [argument.key for argument in taken if argument.review],
            "driven/exits": list(command.exits),
        },
    }
    if command.result:
        tool["outputSchema"] = json.loads(command.result)
    return tool


def arguments_of(command: Command) -> list[Argument]:
    """The arguments of a command that its tool has."""
    return [argument for argument in command.arguments if not argument.terminal]


def _described(command: Command) -> str:
    parts = [command.help[:1].upper() + command.help[1:] + "." * bool(command.help), command.description]
    if command.review:
        parts.append("A person is asked to agree.")
    return " ".join(part for part in parts if part)


def _is_required(argument: Argument) -> bool:
    return not (argument.name.startswith("-") or argument.optional or argument.many)


def _schema(argument: Argument) -> dict[str, Any]:
    said = argument.help + (" (a person is asked to agree)" if argument.review else "")
    if argument.flag:
        return {"type": "boolean", "description": said, "default": False}
    one: dict[str, Any] = {"type": "string", "maxLength": MAX_TEXT}
    if argument.type == "int":
        one = {"type": "integer", "minimum": 1, "maximum": LARGEST}
    elif argument.choices:
        one = {"type": "string", "enum": list(argument.choices)}
    if argument.many:
        return {"type": "array", "items": one, "description": said, "maxItems": MAX_VALUES}
    return {**one, "description": said, **({} if argument.default is None else {"default": argument.default})}


def command_line(command: Command, words: str, given: Mapping[str, Any]) -> list[str]:
    """The words of `driven` that a call of a tool means; values stand where none can be taken for an option.

    UsageError names the argument that is unknown, missing, or of another type than its schema says.
    """
    taken = {argument.key: argument for argument in arguments_of(command)}
    for key in given:
        if key not in taken:
            hint = did_you_mean(str(key), taken, otherwise=f"it takes {', '.join(taken) or 'nothing'}")
            raise UsageError(f"`{words}` has no argument {str(key)[:80]!a}", hint=hint)
    options: list[str] = []
    values: list[str] = []
    for key, argument in taken.items():
        if given.get(key) is None:
            if _is_required(argument):
                raise UsageError(f"`{words}` needs `{key}`: {argument.help}", hint=f"give `{key}`")
            continue
        found = _values(argument, given[key])
        if argument.flag:
            options += [argument.name] if given[key] else []
        elif argument.name.startswith("-"):
            options += [f"{argument.name}={value}" for value in found]
        else:
            values += found
    return [*words.split(), *options, "--", *values]


def _values(argument: Argument, value: Any) -> list[str]:
    if argument.flag:
        if not isinstance(value, bool):
            raise UsageError(f"`{argument.key}` is true or false", hint="give no text")
        return []
    if argument.many:
        if not isinstance(value, list) or len(value) > MAX_VALUES:
            raise UsageError(f"`{argument.key}` is a list of at most {MAX_VALUES} values", hint='`["one"]`')
        return [_one(argument, item) for item in value]
    return [_one(argument, value)]


def _one(argument: Argument, value: Any) -> str:
    if argument.type == "int":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST:
            raise UsageError(f"`{argument.key}` is a whole number from 1 to {LARGEST}", hint="give such a number")
        return str(value)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise UsageError(f"`{argument.key}` is a text of at most {MAX_TEXT} characters", hint="give such a text")
    if argument.choices and value not in argument.choices:
        hint = did_you_mean(value, argument.choices, otherwise=f"one of: {', '.join(argument.choices)}")
        raise UsageError(f"`{argument.key}` has no value {value[:80]!a}", hint=hint)
    # What no person types: a null byte, a control character, half of a pair of UTF-16.
    if any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in value):
        raise UsageError(f"`{argument.key}` holds a control character", hint="leave it out")
    return value
