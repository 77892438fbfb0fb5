"""A server follows its store whatever happens: what goes wrong is told, tried again, and costs nobody an event."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from driven.serving import site as place_of
from driven.serving.folder import POLL, Folder, FolderStore
from driven.serving.packaging import Built
from driven.serving.routes import application
from driven.serving.site import Site
from driven.serving.store import MOST, Event
from driven.serving.telling import Listener
from serving.tools import DRIVEN, WAIT, Server, process_of, wait


class Stumbling(FolderStore):
    """A folder whose events cannot be read as long as `wrong` is set, for a reason that nobody thought of."""

    wrong: Exception | None = None

    async def events(self, after: int, most: int = MOST) -> list[Event]:
        if self.wrong is not None:
            raise self.wrong
        return await super().events(after, most)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Listener]:
    """A listener to all packs of a site that runs."""
    await site.start()
    one = Listener("", lambda: None)
    site.hub.listeners.add(one)
    try:
        yield one
    finally:
        await site.stop()


def unasked(site: Site) -> list[bool]:
    """Nobody can be asked who may listen, until this is empty."""
    wrong = [True]

    def may(_: object) -> bool:
        if wrong:
            raise RuntimeError("a list that cannot be asked")
        return True

    site.hub._may = may
    return wrong


async def ready(site: Site) -> tuple[int, str]:
    """What `/readyz` says."""
    said: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": "/readyz", "headers": [], "query_string": b""}
    app: Callable[..., Awaitable[None]] = application(site)
    await app(scope, receive, send)
    status, body = said[0]["status"], said[1]["body"]
    assert isinstance(status, int) and isinstance(body, bytes)
    return status, body.decode()


async def soon(until: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not until():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("wrong", [RuntimeError("no such thing"), KeyError("number"), OSError(5, "input/output")])
def test_an_error_of_any_kind_is_told_and_not_the_end(
    wrong: Exception, tmp_path: Path, packs: dict[str, Built], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_of, "_AGAIN", 0.05)

    async def work() -> None:
        store, told = Stumbling(os.fspath(tmp_path)), list[str]()
        site = Site(store, warn=told.append)
        async with listening(site) as one:
            assert (await ready(site))[0] == 200
            store.wrong = wrong
            Folder(os.fspath(tmp_path)).publish(packs["1.0.0"].version, packs["1.0.0"].data)
            await soon(lambda: bool(site.trouble))
            status, body = await ready(site)
            assert status == 503 and type(wrong).__name__ in body
            await asyncio.sleep(0.2)  # it is tried several times, and told once
            assert [line.count(type(wrong).__name__) for line in told] == [1] and one.queue == []
            store.wrong = None  # and nothing more is published: what was missed is read all the same
            await soon(lambda: bool(one.queue))
            assert b'"1.0.0"' in b"".join(one.queue) and site.catalogue.last == 1
            await soon(lambda: not site.trouble)
            assert (await ready(site))[0] == 200 and "again" in told[-1]

    asyncio.run(work())


def test_what_an_error_cut_short_is_announced_again(
    tmp_path: Path, packs: dict[str, Built], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_of, "_AGAIN", 0.05)

    async def work() -> None:
        site = Site(FolderStore(os.fspath(tmp_path)))
        wrong = unasked(site)
        async with listening(site) as one:
            Folder(os.fspath(tmp_path)).publish(packs["1.0.0"].version, packs["1.0.0"].data)
            await soon(lambda: bool(site.trouble))
            assert one.queue == []
            wrong.clear()
            await soon(lambda: bool(one.queue))
            assert b"".join(one.queue).count(b"id: 1\n") == 1

    asyncio.run(work())


def test_a_log_that_nobody_reads_any_more_stops_nothing(tmp_path: Path, packs: dict[str, Built]) -> None:
    """As of `driven serve --verbose 2>&1 | head`."""
    store = Folder(os.fspath(tmp_path / "s"))
    store.publish(packs["1.0.0"].version, packs["1.0.0"].data)
    reading, writing = os.pipe()
    words = [*DRIVEN, "serve", "--json", "--verbose", "--port", "0", "--store", "s"]
    with process_of(words, tmp_path, stderr=writing) as process:
        os.close(writing)
        assert process.stdout is not None
        server = Server(process, json.loads(process.stdout.readline())["url"], tmp_path / "log")
        os.close(reading)
        process.stdout.close()
        shutil.move(tmp_path / "s", tmp_path / "elsewhere")
        wait(lambda: server.ask("/readyz").status == 503)
        time.sleep(2 * POLL)  # the loop has noticed as well, and could not tell
        shutil.move(tmp_path / "elsewhere", tmp_path / "s")
        store.publish(packs["1.1.0"].version, packs["1.1.0"].data)
        wait(lambda: server.ask("/events?poll=1&after=1").json["last"] == 2)
        assert server.ask("/readyz").status == 200 and server.stop() == 0


def test_a_heartbeat_that_fails_is_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_of, "HEARTBEAT", 0.02)

    async def work() -> None:
        told: list[str] = []
        site = Site(FolderStore(os.fspath(tmp_path)), warn=told.append)
        wrong = unasked(site)
        async with listening(site) as one:
            await soon(lambda: bool(told))
            wrong.clear()
            await soon(lambda: one.queue == [b":\n\n"])

    asyncio.run(work())
