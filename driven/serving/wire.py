"""Connections with limits: how long a client may take to say what it wants, and how much it may say.

uvicorn's own protocol bounds none of these: https://www.uvicorn.org/settings/, verified 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from driven.serving.answers import PROBLEM, TRANSPORT, Problem

if TYPE_CHECKING:
    import asyncio

MAX_HEAD = 32 << 10  # bytes of a request's first line and headers
MAX_HEADERS = 100
MOST_WAITING = 100  # requests that a client says before it has the answer to the first
TAKING = 60.0  # seconds that a client may take nothing of what is sent
PATIENCE = 5.0  # seconds from the first byte of a request, or of a connection, to the end of the headers
_PHRASES = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class _TooMuch(Exception):
    """More than a request may say."""


class LimitedProtocol(HttpToolsProtocol):
    """As uvicorn's, with limits."""

    _head = 0  # bytes that were read of the head that is being read
    _said = 0  # bytes of its names and values
    _in_head = True
    _in_body = False
    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """It went."""
        self._stop_waiting()
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """It takes less than is sent."""
        super().pause_writing()
        self._taken()
        self._taking = self.loop.call_later(TAKING, self.transport.abort)

    def resume_writing(self) -> None:
        """It took it."""
        self._taken()
        super().resume_writing()

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def data_received(self, data: bytes) -> None:
        """It says something."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head += len(data)
            if self._timer is None:
                self._wait()
        super().data_received(data)
        if self._in_head and self._head > MAX_HEAD and not self.transport.is_closing():
            self._refuse(431, f"a request has at most {MAX_HEAD} bytes of headers")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._said = 0
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]

    def on_url(self, url: bytes) -> None:
        """What it asks for."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""
        self._count(name + value)
        if len(self.headers) >= MAX_HEADERS or (name.lower() == b"host" and b"host" in dict(self.headers)):
            raise _TooMuch
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """All of them."""
        self._in_head, self._in_body, self._head = False, True, 0
        self._stop_waiting()
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:
            self.transport.abort()
            raise _TooMuch

    def on_message_complete(self) -> None:
        """Its end."""
        self._in_head, self._in_body = True, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It was answered. A body that nobody read is not waited for."""
        if self._in_body:
            self.transport.close()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is no request."""
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete and self.cycle.response_started:
            self.transport.abort()  # in the middle of an answer there is no place for another
            return
        self._refuse(400, "this is no request of HTTP, or says too much")

    def _count(self, said: bytes) -> None:
        self._said += len(said)
        if self._said > MAX_HEAD:
            raise _TooMuch

    def _wait(self) -> None:
        self._timer = self.loop.call_later(PATIENCE, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head and not self.transport.is_closing():
            if self._head:
                self._refuse(408, f"a request says what it wants within {PATIENCE:.0f} seconds")
            else:
                self.transport.close()  # it says nothing

    def _refuse(self, status: int, why: str) -> None:
        title = _PHRASES[status]
        body = Problem(status, title, why).body()
        self.transport.write(
            f"HTTP/1.1 {status} {title}\r\nContent-Type: {PROBLEM}\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
        self.transport.close()
