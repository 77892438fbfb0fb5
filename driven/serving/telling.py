"""Telling clients what was published: `GET /events`, as server-sent events.

An event is encoded once, and every client's queue holds the same bytes. A queue is short: who does not read is dropped,
comes again with `Last-Event-ID`, and misses nothing.
https://html.spec.whatwg.org/multipage/server-sent-events.html, verified 2026-11-22.
"""

from __future__ import annotations

import asyncio
import json

from driven.serving.store import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from typing import Any

    from driven.serving.tokens import Holder

MOST_CLIENTS = 2000
QUEUE = 64  # messages that wait for one client
HEARTBEAT = 15.0  # seconds
RETRY = 2000  # ms after which a client comes again
_AT_ONCE = 64  # events of before that are sent in one piece, the next when it was taken
_COMMENT = b":\n\n"


def encoded(event: Event) -> bytes:
    """As it is sent."""
    return b"id: %d\nevent: publish\ndata: %b\n\n" % (event.number, json.dumps(short(event)).encode())


def short(event: Event) -> dict[str, Any]:
    """What an event tells: enough to know whether it matters."""
    one = event.version
    return {"name": one.name, "version": one.version, "etag": one.etag, "sha256": one.sha256}


class Listener:
    """One client that listens to events of `pack`, "" for all; `holder`: whose token it came with."""

    __slots__ = ("abort", "gone", "holder", "idle", "pack", "queue", "wake")

    def __init__(self, pack: str, abort: Callable[[], None], holder: Holder | None = None) -> None:
        self.pack = pack
        self.holder = holder
        self.abort = abort
        self.queue: list[bytes] = []
        self.wake = asyncio.Event()
        self.gone = False
        self.idle = 0  # heartbeats since it took something

    def put(self, data: bytes) -> bool:
        """Whether it can be expected to read that."""
        if len(self.queue) >= QUEUE:
            return False
        self.queue.append(data)
        self.wake.set()
        return True

    def end(self) -> None:
        """It is not there any more, or is to go."""
        self.gone = True
        self.wake.set()


class Hub:
    """All that listen. `may`: whether somebody may listen still; whose token is taken away hears nothing more."""

    def __init__(self, most: int = MOST_CLIENTS, may: Callable[[Holder | None], bool] = lambda _: True) -> None:
        self.most = most
        self._may = may
        self.dropped = 0
        self.listeners: set[Listener] = set()
        self.closed = False

    def announce(self, events: Iterable[Event]) -> None:
        """Tell everybody whom it concerns."""
        self._part()
        for event in events:
            data = encoded(event)
            for one in [each for each in self.listeners if each.pack in ("", event.version.name)]:
                if not one.put(data):
                    self._drop(one)

    def beat(self) -> None:
        """A sign of life; who has not read the last three is not there."""
        self._part()
        for one in list(self.listeners):
            one.idle += 1
            if one.idle > 3 and one.queue:
                self._drop(one)
            elif not one.queue:
                one.put(_COMMENT)

    def _part(self) -> None:
        for one in [each for each in self.listeners if not self._may(each.holder)]:
            self.listeners.discard(one)
            one.end()

    def _drop(self, one: Listener) -> None:
        self.dropped += 1
        self.listeners.discard(one)
        one.end()
        one.abort()

    def close(self) -> None:
        """End every stream: the server goes."""
        self.closed = True
        for one in list(self.listeners):
            one.end()

    async def stream(
        self, one: Listener, first: bytes, history: Sequence[Event], receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:  # fmt: skip
        """Serve one client until it goes, is dropped, or the server ends. It listens already: what is told from now on
        comes after `first` and `history`."""
        await send({
            "type": "http.response.start", "status": 200,
            "headers": [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"),
                        (b"x-accel-buffering", b"no")],
        })  # fmt: skip
        watching = asyncio.ensure_future(_until_gone(receive))
        watching.add_done_callback(lambda _: one.end())
        try:
            await send({"type": "http.response.body", "body": first, "more_body": True})
            for at in range(0, len(history), _AT_ONCE):
                if one.gone or self.closed:
                    break
                part = b"".join(encoded(event) for event in history[at : at + _AT_ONCE])
                await send({"type": "http.response.body", "body": part, "more_body": True})
                one.idle = 0
            while not one.gone and not self.closed:
                await one.wake.wait()
                one.wake.clear()
                count = len(one.queue)
                if count:
                    await send({"type": "http.response.body", "body": b"".join(one.queue), "more_body": True})
                    del one.queue[:count]  # only now: a queue is what is not taken yet
                    one.idle = 0
            if not watching.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.listeners.discard(one)
            watching.cancel()


async def _until_gone(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
