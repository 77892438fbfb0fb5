"""Answers of the server: problems, and bodies that are sent no faster than they are taken."""

from __future__ import annotations

import json

from starlette.responses import Response

from driven.errors import ConflictError, DrivenError, PolicyError, SignatureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlette.types import Receive, Scope, Send

    from driven.serving.bodies import Body

PROBLEM = "application/problem+json"
_AT_ONCE = 64 << 10  # bytes
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
    """A body, or its bytes from `first` to `end`, in pieces, each sent when the one before was taken. The bytes are
    those of all who are sent the same: none are copied for one client but the piece that it gets."""

    def __init__(
        self, body: Body, status: int, headers: Mapping[str, str], media: str, first: int = 0, end: int | None = None
    ) -> None:  # fmt: skip
        self._whole = body  # that it is held says that it is being sent
        self._first, self._end = first, len(body.data) if end is None else end
        super().__init__(b"", status, {**headers, "Content-Length": str(self._end - self._first)}, media)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start: dict[str, Any] = {
            "type": "http.response.start", "status": self.status_code, "headers": self.raw_headers
        }  # fmt: skip
        await send(start)
        data, at = self._whole.data, self._first
        while True:
            part = data[at : min(at + _AT_ONCE, self._end)]
            at += len(part)
            await send({"type": "http.response.body", "body": part, "more_body": at < self._end})
            if at >= self._end:
                return


def cut_off(scope: Scope) -> None:
    """End a connection at once, whatever waits to be sent."""
    transport = scope.get("extensions", {}).get(TRANSPORT)
    if transport is not None:
        transport.abort()
