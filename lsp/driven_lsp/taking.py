"""What each command takes, and what is said where something of it is missing; the names that people give to rules."""

from __future__ import annotations

from driven.errors import UsageError
from driven.format.text import is_rule_id, rule_id_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ID_HINT = "an id is letters, digits, `-` and `/`: `backend/errors`"

# Command -> what its one object holds; what may be left out stands in brackets.
TAKES: Mapping[str, tuple[str, ...]] = {
    "driven.sync": ("[uri]",),
    "driven.explain": ("uri",),
    "driven.matches": ("uri",),
    "driven.openEmitted": ("uri or rule", "[editor]"),
    "driven.openRule": ("uri", "[line]"),
    "driven.sides": ("uri",),
    "driven.resolveConflict": ("uri", "take"),
    "driven.adopt": ("uri",),
    "driven.fixAll": ("[uri]", "[unsafe]"),
    "driven.newRule": ("id", "[uri]"),
    "driven.import": ("uri",),
    "driven.explainCode": ("code",),
    "driven.debugInfo": (),
}
_MEANS = {
    "uri": "the file that it is about, as `file:///home/me/project/AGENTS.md`",
    "rule": "the id of a rule, as `api/errors`",
    "take": "which side is right, `rule` or `edited`",
    "id": "the id of the new rule, as `api/errors`",
    "code": "the code of a finding, as `CUR06`",
}  # fmt: skip


def taken(name: str, given: tuple[Any, ...]) -> Mapping[str, Any]:
    """The one object that a command was given, {} for none. UsageError where something that it needs is missing or no
    text, and where it was given something else than an object."""
    argument = given[0] if given and given[0] is not None else {}
    if not isinstance(argument, dict):
        raise UsageError(f"`{name}` takes one object, not {_kind(argument)}", hint=f"give it {_form(name)}")
    for needed in TAKES[name]:
        keys = needed.split(" or ")
        if needed[0] == "[" or any(isinstance(argument.get(key), str) and argument[key] for key in keys):
            continue
        means = ", or ".join(f"`{key}`, {_MEANS[key]}" for key in keys)
        raise UsageError(f"`{name}` needs {means}", hint=f"give it {_form(name)}")
    return argument


def id_of_name(name: str) -> str:
    """The id of a rule that somebody names: small letters, `-` for what is between the words. UsageError where nothing
    of the name can be one."""
    bare = name.strip().removesuffix(".md").strip("/")
    rule_id = rule_id_for(bare) if bare and ".." not in bare.split("/") else ""
    if not rule_id or not is_rule_id(rule_id):
        raise UsageError(f"`{name}` cannot be the id of a rule", hint=ID_HINT)
    return rule_id


def _form(name: str) -> str:
    """`{uri, take}`, as the object is written."""
    return "`{" + ", ".join(TAKES[name]) + "}`"


def _kind(value: object) -> str:
    kinds = {str: "a text", list: "a list", int: "a number", float: "a number", bool: "true or false"}
    return kinds.get(type(value), "that")
