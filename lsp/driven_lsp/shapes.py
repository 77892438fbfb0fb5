"""lsprotocol's objects and JSON: what of the conversion is done here and not by cattrs, which writes and compiles a
function for each class that it meets (some hundred for one `initialize`, which are used once).

What is sent is made from the fields of its class, under cattrs' rules. A client's capabilities are not converted: they
are looked at where they stand, so no capability that this lsprotocol does not know of can make `initialize` fail.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import attrs
from lsprotocol import types

from driven_lsp.streams import log


@cache
def camel(name: str) -> str:
    """A field's name in JSON: `text_document` → `textDocument`, `from_` → `from`."""
    first, *more = name.removesuffix("_").split("_")
    return first + "".join(part.title() for part in more)


class Capabilities:
    """A JSON object as the client sent it, read like lsprotocol's classes: `capabilities.text_document.diagnostic`.
    What is not there is None. `raw` is the object."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self.raw.get(camel(name))
        return Capabilities(value) if isinstance(value, dict) else value

    def __repr__(self) -> str:
        return f"Capabilities({self.raw!r})"


def first_params(converter: Any, params: Any) -> types.InitializeParams:
    """The parameters of `initialize`. A member that lsprotocol cannot take is left out, not the whole client."""
    given = dict(params) if isinstance(params, dict) else {}
    capabilities = given.pop("capabilities", None)
    said = dict(capabilities) if isinstance(capabilities, dict) else {}
    general = said.get("general")
    if not isinstance(general, dict):
        said.pop("general", None)
    elif not isinstance(encodings := general.get("positionEncodings", []), list):
        said["general"] = {**general, "positionEncodings": []}
    else:
        said["general"] = {**general, "positionEncodings": [one for one in encodings if isinstance(one, str)]}
    try:
        first = converter.structure({**given, "capabilities": {}}, types.InitializeParams)
    except Exception:
        first = types.InitializeParams(capabilities=types.ClientCapabilities())
        for key, value in given.items():
            name = next((name for name, json, _, _ in _fields(types.InitializeParams) if json == key), None)
            try:
                part = converter.structure({key: value, "capabilities": {}}, types.InitializeParams)
                if name is not None:
                    setattr(first, name, getattr(part, name))
            except Exception:
                log(f"`{key}` of initialize is not what LSP says and was left out")
    first.capabilities = Capabilities(said)
    return first  # type: ignore[no-any-return]


_fields_of: dict[type, list[tuple[str, str, Any, bool]]] = {}


def _fields(kind: type) -> list[tuple[str, str, Any, bool]]:
    """For each field: its name, its name in JSON, its default, and whether it is said although it is the default."""
    found = _fields_of.get(kind)
    if found is None:
        found = [
            (field.name, camel(field.name), field.default, types.is_special_property(kind, field.name))
            for field in attrs.fields(kind)
        ]
        _fields_of[kind] = found
    return found


def plain(value: Any) -> Any:
    """What JSON says for a value that it does not know. Made for `json.dumps(default=…)`: only the value itself is
    converted, not what it holds. TypeError for what cannot be sent."""
    kind = type(value)
    if hasattr(kind, "__attrs_attrs__"):
        said = {}
        for name, key, default, always in _fields(kind):
            field = getattr(value, name)
            if always or field != default:
                said[key] = field
        return said
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    if isinstance(value, Capabilities):
        return value.raw
    raise TypeError(f"a {kind.__name__} cannot be sent")


class OptionsCheck:
    """What pygls asks of a converter when a feature is registered: whether its options are of the right class."""

    @staticmethod
    def unstructure(value: Any, kind: Any) -> None:
        if not isinstance(value, get_args(kind) or kind):
            raise TypeError(f"{type(value).__name__} is no {kind}")
