"""What a verb printed -> the answer of `tools/call`; what was refused, the same."""

from __future__ import annotations

import json

from driven.errors import DrivenError
from driven.grammar.conform import fault
from driven.mcp.link import MAX_OUTPUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.grammar.command import Command
    from driven.mcp.calls import Done

_ENDED = {
    "output": f"what it printed is too long: over {MAX_OUTPUT >> 20} MiB; ask for less",
    "wall": "it took too long and was ended",
    "cpu": "it used too much of the processor and was ended",
    "signal": "it was ended by a signal",
    "cancelled": "it was taken back",
}


def answer(command: Command, done: Done, ring: str) -> dict[str, Any]:
    """The answer for a process that ended. `ring`: what it was held by, for `_meta`."""
    meta = {"driven/exit": done.code, "driven/ring": ring}
    if done.ended:
        return _failed(_ENDED.get(done.ended, f"its answer cannot be read: {done.ended}"), "", meta)
    envelope = done.answer
    if envelope is None:
        return _plain(command, done, meta)
    if not envelope["ok"]:
        error = envelope["error"] if isinstance(envelope["error"], dict) else {}
        failed = _failed(
            str(error.get("message", "it failed")), str(error.get("hint", "")), meta | {"driven/error": error}
        )
        if isinstance(envelope["data"], dict):  # a part of it was done, or found out
            failed["content"].append(_text(json.dumps(envelope["data"], ensure_ascii=False)))
        return failed
    data = envelope["data"]
    if command.result:
        wrong = fault(data, json.loads(command.result))
        if wrong:
            return _failed(f"its answer is not what its grammar says: {wrong}", "report it to its authors", meta)
    made: dict[str, Any] = {"content": [_text(json.dumps(data, ensure_ascii=False))], "isError": False, "_meta": meta}
    if command.result:
        made["structuredContent"] = data
    return made


def _plain(command: Command, done: Done, meta: dict[str, Any]) -> dict[str, Any]:
    """The answer of a verb that prints no envelope: what it said, unless it owes data."""
    said = done.out.decode("utf-8", "replace")
    errors = done.errors.decode("utf-8", "replace").strip()
    if command.result:
        return _failed("it answered no envelope of `--json`, as its grammar says" + _tail(errors), "", meta)
    if done.code not in command.exits or done.code >= 2:
        return _failed((said.strip() or f"it exited with {done.code}") + _tail(errors), "", meta)
    return {"content": [_text(said)], "isError": False, "_meta": meta}


def _tail(errors: str) -> str:
    return f"\n{errors[-2000:]}" if errors else ""


def refused(error: DrivenError) -> dict[str, Any]:
    """The answer for a call that was not carried out."""
    said = {"code": error.code, "message": str(error), "hint": error.hint}
    return _failed(str(error), error.hint, {"driven/exit": error.exit_code, "driven/error": said})


def bug(error: Exception) -> dict[str, Any]:
    """The answer for an exception that nobody foresaw."""
    return _failed(
        f"this is a bug in driven: {type(error).__name__}: {error!s:.500}", "please report it", {"driven/exit": 70}
    )


def _failed(message: str, hint: str, meta: dict[str, Any]) -> dict[str, Any]:
    text = f"{message}\nhint: {hint}" if hint else message
    return {"content": [_text(text)], "isError": True, "_meta": meta}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}
