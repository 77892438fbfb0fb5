"""Whether a value is what a result schema says: the part of JSON Schema that `driven.grammar.results` writes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 64
_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


def fault(value: Any, schema: dict[str, Any], place: str = "data", depth: int = 0) -> str:
    """The first thing of `value` that is not as `schema` says, in words; "" when all is."""
    if depth > MAX_DEPTH:
        return f"{place}: nested deeper than {MAX_DEPTH}"
    if "anyOf" in schema:
        tries = [fault(value, one, place, depth + 1) for one in schema["anyOf"]]
        return "" if "" in tries else tries[0]
    if "enum" in schema:
        return "" if value in schema["enum"] else f"{place}: {value!r:.80} is none of {schema['enum']}"
    wanted = schema.get("type")
    names = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    if names and not any(_is(value, name) for name in names):
        return f"{place}: {value!r:.80} is no {' or '.join(names)}"
    if isinstance(value, dict):
        return _object(value, schema, place, depth)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        items = enumerate(value)
        return next((w for i, item in items if (w := fault(item, schema["items"], f"{place}[{i}]", depth + 1))), "")
    return ""


def _object(value: dict[str, Any], schema: dict[str, Any], place: str, depth: int) -> str:
    properties = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for key in schema.get("required", ()):
        if key not in value:
            return f"{place}: no `{key}`"
    for key, item in value.items():
        inner = properties.get(key, more)
        if inner is False:
            return f"{place}: `{key}` is not in the schema"
        if isinstance(inner, dict) and (wrong := fault(item, inner, f"{place}.{key}", depth + 1)):
            return wrong
    return ""


def _is(value: Any, name: str) -> bool:
    # In Python a bool is an int; in JSON it is not.
    return isinstance(value, _TYPES.get(name, ())) and (name == "boolean" or not isinstance(value, bool))
