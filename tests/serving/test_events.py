"""Word of what was published: streams that resume, streams that end, and polling."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

import pytest

from driven.frozen import replace
from driven.serving.folder import Folder
from driven.serving.packaging import Built
from driven.serving.store import Event, Version
from driven.serving.telling import MOST_CLIENTS, QUEUE, Hub, Listener
from serving.tools import WAIT, Events, driven, memory, serving, token_of, wait


@pytest.fixture
def ana(tmp_path: Path) -> str:
    return token_of(tmp_path, "ana", publish=True)


_TOLD = ("name", "version", "etag", "sha256")
WORDS = ("--store", "s", "--tokens", "tokens.txt")


def test_who_listens_hears_of_it_and_resumes_where_it_was(tmp_path: Path, ana: str, packs: dict[str, Built]) -> None:
    with serving(tmp_path, *WORDS, token=ana) as server:
        with contextlib.closing(Events(server)) as one:
            assert "200 OK" in one.head and "text/event-stream" in one.head
            assert b"id: 0\n\n" in one.until(b"id: 0\n\n"), "who comes again before the first event misses none"
            server.put(packs["1.0.0"])
            assert one.versions(1) == [(1, "1.0.0")]
        for version in ("1.1.0", "1.2.0"):
            server.put(packs[version])
        with contextlib.closing(Events(server, last=1)) as again:
            assert again.versions(2) == [(2, "1.1.0"), (3, "1.2.0")]
        with contextlib.closing(Events(server, "?pack=acme-errors", last=2)) as mine:
            assert mine.versions(1) == [(3, "1.2.0")]
        with contextlib.closing(Events(server, "?pack=another", last=0)) as others:
            others.until(b"retry: ")
            server.put(packs["1.0.0"])
            assert others.versions(0) == []
        assert server.ask("/events?poll=1&after=1").json == {
            "events": [
                {"id": number, **{key: getattr(packs[version].version, key) for key in _TOLD}}
                for number, version in ((2, "1.1.0"), (3, "1.2.0"))
            ],
            "last": 3,
        }  # fmt: skip
        assert server.ask("/events?poll=1&after=3").json == {"events": [], "last": 3}


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_numbers_hold_over_a_restart(how: str, tmp_path: Path, ana: str, packs: dict[str, Built]) -> None:
    with serving(tmp_path, *WORDS, token=ana) as server:
        one = Events(server)
        server.put(packs["1.0.0"])
        last, _ = one.versions(1)[0]
        if how == "killed":
            server.kill()
        else:
            assert server.stop() == 0
        one.close()
    with serving(tmp_path, *WORDS, token=ana) as server:
        assert server.put(packs["1.1.0"]).status == 201
        with contextlib.closing(Events(server, last=last)) as again:
            assert again.versions(1) == [(last + 1, "1.1.0")]


def test_a_number_of_another_store_begins_at_the_start(tmp_path: Path, ana: str, packs: dict[str, Built]) -> None:
    with serving(tmp_path, *WORDS, token=ana) as server:
        server.put(packs["1.0.0"])
        with contextlib.closing(Events(server, last=4711)) as one:
            assert one.versions(1) == [(1, "1.0.0")]


def test_two_servers_and_the_command_line_share_a_folder(tmp_path: Path, ana: str, packs: dict[str, Built]) -> None:
    (tmp_path / "second.pack").write_bytes(packs["1.1.0"].data)
    with serving(tmp_path, *WORDS, token=ana) as one, serving(tmp_path, *WORDS, token=ana) as two:
        with contextlib.closing(Events(one)) as first, contextlib.closing(Events(two)) as second:
            assert one.put(packs["1.0.0"]).status == 201
            done = driven(tmp_path, "pack", "publish", "second.pack", "--to", "s")
            assert done.returncode == 0, done.stderr
            for each in (first, second):
                assert each.versions(2) == [(1, "1.0.0"), (2, "1.1.0")]
        assert two.ask("/packs/acme-errors/latest").body == packs["1.1.0"].data
        assert two.put(packs["other"]).status == 409


def test_streams_end_with_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "s") as server:
        streams = [Events(server) for _ in range(20)]
        assert server.stop() == 0
        assert all(one.ended() for one in streams)
        for one in streams:
            one.close()


def test_there_is_an_end_to_how_many_listen(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "s", "--clients", "3") as server:
        streams = [Events(server) for _ in range(3)]
        more = server.ask("/events")
        assert more.status == 503 and int(more.headers["retry-after"]) > 0 and "poll" in more.json["hint"]
        assert server.ask("/events?poll=1").status == 200
        streams.pop().close()
        wait(lambda: b"driven_events_clients 2\n" in server.ask("/metrics").body)
        streams.append(Events(server))
        for one in streams:
            one.close()
        wait(lambda: b"driven_events_clients 0\n" in server.ask("/metrics").body)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_as_many_as_it_takes_by_itself_hear_at_once_within_150_mb(tmp_path: Path, packs: dict[str, Built]) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * MOST_CLIENTS + 100:
        pytest.skip("this system lets nobody open so many sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MOST_CLIENTS + 500), hard))
    made = packs["1.0.0"]
    with serving(tmp_path, "--store", "s") as server, contextlib.ExitStack() as clients:
        streams = [clients.enter_context(contextlib.closing(Events(server))) for _ in range(MOST_CLIENTS)]
        more = server.ask("/events")
        assert more.status == 503 and int(more.headers["retry-after"]) > 0
        assert server.ask("/readyz").status == 200 and server.ask("/events?poll=1").status == 200
        Folder(os.fspath(tmp_path / "s")).publish(made.version, made.data)
        assert {tuple(one.versions(1)) for one in streams} == {((1, "1.0.0"),)}
        assert memory(server.process.pid, "VmHWM") < 150 << 20


def _event(number: int) -> Event:
    one = Version(name="acme", version="1.0", etag="b3-" + "0" * 64, sha256="0" * 64, size=1, published="")
    return Event(number, replace(one, description="x" * 1000))


def test_who_does_not_read_is_dropped_and_no_other() -> None:
    async def work() -> None:
        hub, cut = Hub(), []
        stuck, quick = Listener("", lambda: cut.append("stuck")), Listener("", lambda: cut.append("quick"))
        hub.listeners |= {stuck, quick}
        for number in range(QUEUE + 1):
            hub.announce([_event(number)])
            quick.queue.clear()
        assert cut == ["stuck"] and hub.listeners == {quick} and stuck.gone and hub.dropped == 1
        for _ in range(3):
            hub.beat()
            assert quick.queue.pop() == b":\n\n"

    asyncio.run(work())


def test_events_while_one_is_sent_are_not_lost() -> None:
    """A client that takes its time gets what came meanwhile."""

    async def work() -> None:
        hub = Hub()
        one = Listener("", lambda: None)
        hub.listeners.add(one)
        sent: list[bytes] = []
        gone = asyncio.Event()

        async def receive() -> dict[str, str]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            body = message.get("body", b"")
            assert isinstance(body, bytes)
            sent.append(body)
            if b"id: 1\n" in body:
                hub.announce([_event(2), _event(3)])
            await asyncio.sleep(0)
            if b"id: 3\n" in body:
                gone.set()

        stream = asyncio.create_task(hub.stream(one, b"first\n\n", [], receive, send))
        await asyncio.sleep(0)
        hub.announce([_event(1)])
        async with asyncio.timeout(WAIT):
            await stream
        text = b"".join(sent)
        assert [text.count(b"id: %d\n" % number) for number in (1, 2, 3)] == [1, 1, 1]
        assert hub.listeners == set()

    asyncio.run(work())


def test_a_thousand_events_of_one_pack_are_told_to_who_comes_late(tmp_path: Path, packs: dict[str, Built]) -> None:
    """More than a server remembers: of so many it tells the last of each pack at least."""
    folder = Folder(os.fspath(tmp_path / "s"))
    folder.publish(packs["1.0.0"].version, packs["1.0.0"].data)
    line = (tmp_path / "s/events.log").read_text()
    with (tmp_path / "s/events.log").open("w") as log:
        for number in range(1, 3001):
            log.write(line.replace('"number": 1,', f'"number": {number},').replace('"1.0.0"', f'"1.0.{number}"'))
    with serving(tmp_path, "--store", "s") as server:
        assert server.ask("/packs/acme-errors").json["latest"] == "1.0.3000"
        said = server.ask("/events?poll=1&after=0").json
        assert said["last"] == 3000 and said["events"][-1]["id"] == 3000 and len(said["events"]) <= 1001
        said = server.ask("/events?poll=1&after=2990").json
        assert [one["id"] for one in said["events"]] == list(range(2991, 3001))


def test_a_client_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "s") as server:
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", server.port)) as one:
                one.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        wait(lambda: b"driven_events_clients 0\n" in server.ask("/metrics").body)
