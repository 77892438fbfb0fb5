"""The grammar -> an OpenAPI 3.1 document: each verb a POST whose body are its arguments and whose answer its envelope.

`driven` serves no HTTP; the document is for who puts a server of their own in front, and for tools that read OpenAPI.
https://spec.openapis.org/oas/v3.1.1.html, read 2026-11-22.
"""

from __future__ import annotations

from driven.grammar.commands import COMMANDS, EXIT_CODES
from driven.grammar.to_mcp import to_mcp, tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from driven.grammar.command import Command

# What stands for an exit code in HTTP. 1 is an answer: something was found.
_STATUS = {2: "400", 4: "409", 5: "403", 6: "403", 7: "503", 70: "500"}
_ENVELOPE = ("ok", "data", "error", "meta")


def to_openapi(version: str, commands: Iterable[Command] = COMMANDS) -> dict[str, Any]:
    """The document, as data. `version` is driven's own."""
    commands = tuple(commands)
    found = tools(commands)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "driven",
            "version": version,
            "summary": "One source of rules for AI coding agents, for every editor",
            "description": "Written from the grammar. driven itself serves no HTTP.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            f"/{found[tool['name']][0].replace(' ', '/')}": {"post": _operation(tool, found[tool["name"]][1])}
            for tool in to_mcp(commands)
        },
        "components": {"schemas": {"Error": _ERROR, "Meta": _META}},
    }


def _operation(tool: dict[str, Any], command: Command) -> dict[str, Any]:
    meta = tool["_meta"]
    operation: dict[str, Any] = {
        "operationId": tool["name"],
        "summary": command.help,
        "description": tool["description"],
        "tags": [command.group or meta["driven/words"].partition(" ")[0]],
        "requestBody": {
            "required": bool(tool["inputSchema"]["required"]),
            "content": {"application/json": {"schema": tool["inputSchema"]}},
        },
        "responses": {"200": _response("; ".join(_codes(command)), tool.get("outputSchema"))},
    }
    for status in sorted({_STATUS[code] for code in (*command.exits, 70) if code in _STATUS}):
        words = [EXIT_CODES[code] for code, one in _STATUS.items() if one == status and code in (*command.exits, 70)]
        operation["responses"][status] = _response("; ".join(words), None)
    return operation | {f"x-{key.replace('/', '-')}": value for key, value in meta.items()}


def _codes(command: Command) -> list[str]:
    return [EXIT_CODES[code] for code in (0, 1) if code in command.exits]


def _response(words: str, data: dict[str, Any] | None) -> dict[str, Any]:
    is_answer = data is not None
    schema = {
        "type": "object",
        "required": list(_ENVELOPE),
        "properties": {
            "ok": {"const": is_answer},
            "data": data if data is not None else {"type": ["object", "null"]},
            "error": {"type": "null"} if is_answer else {"$ref": "#/components/schemas/Error"},
            "meta": {"$ref": "#/components/schemas/Meta"},
        },
    }
    return {"description": words, "content": {"application/json": {"schema": schema}}}


_TEXT = {"type": "string"}
_ERROR = {
    "type": ["object", "null"],
    "required": ["code", "message", "hint"],
    "properties": {
        "code": _TEXT, "message": _TEXT, "hint": _TEXT, "more": {"type": "array", "items": {"type": "object"}},
    },
}  # fmt: skip
_META = {"type": "object", "required": ["schema", "version"], "properties": {"schema": _TEXT, "version": _TEXT}}
