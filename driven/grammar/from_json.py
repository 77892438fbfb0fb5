"""What `driven grammar --json` printed -> the commands again: how one process knows the grammar of another."""

from __future__ import annotations

from driven.errors import ConfigError
from driven.grammar.command import Argument, Command
from driven.grammar.dsl import problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 1000  # commands of one grammar
_TUPLES = ("choices", "capabilities", "exits", "examples")
_ARGUMENT = (
    "name", "help", "short", "flag", "many", "optional", "default", "type", "choices", "metavar", "complete",
    "capabilities", "dry", "review", "terminal",
)  # fmt: skip
_VERB = (
    "name", "help", "description", "group", "examples", "run", "capability", "capabilities", "exits", "idempotent",
    "interactive", "review", "band", "safety", "stability",
)  # fmt: skip
_NOUN = ("name", "help", "description", "group", "examples")


def from_json(grammar: object) -> tuple[tuple[Command, ...], dict[str, str]]:
    """The commands, and by the name of each that is a plugin's the plugin's. ConfigError for what is no grammar, or
    has a command that cannot be."""
    found = grammar.get("commands") if isinstance(grammar, dict) else None
    if not isinstance(found, list) or len(found) > MOST:
        raise ConfigError("this is no grammar of `driven grammar --json`", hint="run it again with this driven")
    commands = tuple(_command(one) for one in found)
    for command in commands:
        if wrong := problem(command):
            raise ConfigError(f"a grammar has {wrong}")
    owners = {one["name"]: one.get("plugin", "") for one in found}
    return commands, {name: str(plugin) for name, plugin in owners.items() if plugin}


def _command(value: Any) -> Command:
    import json

    if not isinstance(value, dict):
        raise ConfigError("a grammar has a command that is no object")
    verbs = value.get("verbs") or []
    given = _given(value, _NOUN if verbs else _VERB)
    if verbs:
        given["verbs"] = tuple(_command(one) for one in verbs)
    else:
        given["arguments"] = tuple(Argument(**_given(one, _ARGUMENT)) for one in value.get("arguments") or [])
        for name in ("result", "lines"):
            given[name] = json.dumps(value[name]) if value.get(name) else ""
    return Command(**given)


def _given(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict) or not {"name", "help"} <= value.keys():
        raise ConfigError("a grammar has an object without `name` and `help`")
    given = {name: value[name] for name in names if name in value}
    for name in _TUPLES:
        if name in given:
            if not isinstance(given[name], list):
                raise ConfigError(f"a grammar has a `{name}` that is no list")
            given[name] = tuple(given[name])
    return given
