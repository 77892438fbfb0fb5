"""Answers of the server: problems, and bodies that are sent no faster than they are taken."""

from __future__ import annotations

import asyncio
import json

from starlette.responses import Response

from driven.errors import ConflictError, DrivenError, PolicyError, SignatureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlette.types import Receive, Scope, Send

PROBLEM = "application/problem+json"
_AT_ONCE = 64 << 10  # bytes
_PATIENCE = 60.0  # seconds that one piece may wait for a client to take what came before
TRANSPORT = "driven.transport"


class Problem(Exception):
    """What becomes an answer by RFC 9457."""

    def __init__(
        self, status: int, title: str, detail: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """As JSON."""
        value = {"title": self.title, "detail": self.detail, "status": self.status, "hint": self.hint}
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")

    def response(self) -> Response:
        """As an answer."""
        return Response(self.body(), self.status, self.headers, PROBLEM)


FAULT = Problem(500, "A fault of ours", "the server could not answer this", "its log says more: --verbose")


def of_error(error: DrivenError) -> Problem:
    """An error of ours: what a client did wrong, or a store that cannot do its work now."""
    match error:
        case ConflictError():
            return Problem(409, "Another content", error.message, error.hint)
        case SignatureError():
            return Problem(422, "No signed pack", error.message, error.hint)
        case PolicyError():
            return Problem(403, "Not allowed", error.message, error.hint)
    return Problem(503, "Not now", error.message, error.hint, {"Retry-After": "2"})


class Patient(Response):
    """A body in pieces, each sent when the one before was taken; a client that takes none is cut off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start: dict[str, Any] = {
            "type": "http.response.start", "status": self.status_code, "headers": self.raw_headers
        }  # fmt: skip
        await send(start)
        body = bytes(self.body)
        if len(body) <= _AT_ONCE:  # there is room for that
            await send({"type": "http.response.body", "body": body})
            return
        pieces = range(0, len(body), _AT_ONCE)
        try:
            for at in pieces:
                message = {
                    "type": "http.response.body", "body": body[at : at + _AT_ONCE], "more_body": at != pieces[-1],
                }  # fmt: skip
                async with asyncio.timeout(_PATIENCE):
                    await send(message)
        except TimeoutError:
            cut_off(scope)


def cut_off(scope: Scope) -> None:
    """End a connection at once, whatever waits to be sent."""
    transport = scope.get("extensions", {}).get(TRANSPORT)
    if transport is not None:
        transport.abort()
