"""Messages out of bytes, the transports that are not stdio, and the watch on the client's process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven_lsp.streams import Fault, Framer, address, parsed, watch_process
from lsp.raw import PROBE, framed

bodies = st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3)


def _fed(data: bytes, cuts: list[int], limit: int = 1 << 20) -> list[Any]:
    framer = Framer(limit)
    found: list[Any] = []
    start = 0
    for cut in [*sorted(cuts), len(data)]:
        found += framer.feed(data[start:cut])
        start = max(start, cut)
    return [frame if isinstance(frame, Fault) else parsed(frame) for frame in found]


@given(messages=st.lists(bodies, max_size=5), data=st.data())
def test_messages_come_out_however_the_bytes_are_cut(messages: list[Any], data: st.DataObject) -> None:
    whole = b"".join(framed(message) for message in messages)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=12))
    assert _fed(whole, cuts) == messages


@given(junk=st.binary(max_size=300), data=st.data())
def test_no_bytes_break_it_and_the_next_message_is_found(junk: bytes, data: st.DataObject) -> None:
    """Where the junk does not happen to be a header that promises a body."""
    whole = junk + b"\r\n" + framed({"a": "b"})
    found = _fed(whole, data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    if b"content-length" not in junk.lower():
        assert found == [{"a": "b"}]


@given(st.lists(st.sampled_from([b"Content-Length: 2\r\n", b"Content-Length: -1\n", b"\r\n", b"{}", b"x", b": "])))
def test_no_headers_break_it(pieces: list[bytes]) -> None:
    framer = Framer(100)
    for piece in pieces:
        framer.feed(piece)
    # A body of two bytes may be waited for: it swallows line ends.
    assert framer.feed(b"\n" * 10 + framed({"last": 1}) * 2)[-2:] == [b'{"last": 1}'] * 2


def test_a_message_over_the_limit_is_passed_over_in_pieces() -> None:
    framer = Framer(1000)
    first = framer.feed(b"Content-Length: 100000\r\n\r\n")
    assert [type(fault) for fault in first] == [Fault]
    for _ in range(1000):
        assert framer.feed(b"y" * 100) == []
        assert len(framer._buffer) <= (64 << 10) + 100
    assert framer.feed(framed(b"{}")) == [b"{}"]


def test_byte_by_byte_is_not_quadratic() -> None:
    framer = Framer()
    data = framed(b'"' + b"x" * 300_000 + b'"')
    found = [frame for at in range(len(data)) for frame in framer.feed(data[at : at + 1])]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:2087", ("127.0.0.1", 2087)), ("localhost:0", ("localhost", 0)), ("[::1]:80", ("::1", 80)),
        (":5", ("127.0.0.1", 5)), ("5", ("127.0.0.1", 5)),
    ],
)  # fmt: skip
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert address(text) == expected


@pytest.mark.parametrize("text", ["", "localhost", "localhost:", "a:b", "a:-1", "a:65536", "a:٣"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is no address: write HOST:PORT"):
        address(text)


def _watched(pid: int) -> tuple[bool, threading.Event]:
    gone = threading.Event()
    return watch_process(pid, gone.set), gone


@pytest.mark.parametrize("polling", [False, True])
def test_a_process_is_watched(polling: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if polling:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        watched, gone = _watched(process.pid)
        assert watched
        assert not gone.wait(0.2)
        process.kill()
        process.wait()
        assert gone.wait(30)
    assert _watched(process.pid)[0] is False


@pytest.mark.parametrize("pid", [0, -1, 2**31 - 1, 2**70])
def test_no_process_is_not_watched(pid: int) -> None:
    assert _watched(pid)[0] is False


# ---- Servers on sockets


@pytest.fixture
def listening() -> Iterator[Callable[[str], int]]:
    """Starts a server and says its port; it must end by SIGTERM with 0."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str) -> int:
        process = subprocess.Popen([*PROBE, kind, "0"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        started.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.fullmatch(r"driven lsp: listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found, line
        return int(found[1])

    yield start
    for process in started:
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr is not None
        process.stderr.close()


INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
OPEN = {
    "jsonrpc": "2.0", "method": "textDocument/didOpen",
    "params": {"textDocument": {"uri": "file:///a", "languageId": "x", "version": 1, "text": "here"}},
}  # fmt: skip


def _text(number: int) -> dict[str, Any]:
    params = {"command": "probe.text", "arguments": ["file:///a"]}
    return {"jsonrpc": "2.0", "id": number, "method": "workspace/executeCommand", "params": params}


class Line:
    """A client on TCP."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.framer = Framer()
        self.frames: list[Any] = []

    def send(self, message: Any) -> None:
        self.socket.sendall(framed(message))

    def next(self) -> Any:
        while not self.frames:
            data = self.socket.recv(1 << 16)
            if not data:
                return None
            self.frames += self.framer.feed(data)
        return parsed(self.frames.pop(0))


def test_clients_on_tcp_one_after_another_and_together(listening: Callable[[str], int]) -> None:
    port = listening("--tcp")
    first, second = Line(port), Line(port)
    for client in (first, second):
        client.send(INITIALIZE)
        assert client.next()["result"]["serverInfo"]["name"] == "probe"
    first.send(OPEN)
    for client, expected in ((first, "here"), (second, None)):
        client.send(_text(2))
        assert client.next()["result"] == {"text": expected}
    first.send({"jsonrpc": "2.0", "id": 3, "method": "shutdown"})
    assert first.next()["id"] == 3
    first.send({"jsonrpc": "2.0", "method": "exit"})
    assert first.next() is None
    first.socket.close()
    second.send(_text(4))
    assert second.next()["id"] == 4
    second.socket.close()
    third = Line(port)
    third.send(INITIALIZE)
    assert third.next()["id"] == 1
    third.socket.close()


def test_broken_bytes_on_tcp(listening: Callable[[str], int]) -> None:
    client = Line(listening("--tcp"))
    client.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + framed(b"{nonsense") + framed(INITIALIZE))
    assert client.next()["error"]["code"] == -32700
    assert client.next()["id"] == 1
    client.socket.close()


def test_clients_on_a_websocket(listening: Callable[[str], int]) -> None:
    """Frames are text: a browser's client makes nothing of binary ones."""
    from websockets.sync.client import connect
    from websockets.typing import Origin

    port = listening("--ws")
    for origin in (None, "http://localhost:3000"):
        with connect(f"ws://127.0.0.1:{port}", origin=None if origin is None else Origin(origin)) as client:
            client.send(json.dumps(INITIALIZE))
            answer = client.recv(timeout=30)
            assert isinstance(answer, str)
            assert json.loads(answer)["id"] == 1
            client.send(json.dumps(OPEN).encode())
            client.send(json.dumps(_text(2)))
            assert json.loads(client.recv(timeout=30))["result"] == {"text": "here"}
            client.send("{nonsense")
            assert json.loads(client.recv(timeout=30))["error"]["code"] == -32700


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null", "http://[x"])
def test_a_page_from_elsewhere_cannot_connect(listening: Callable[[str], int], origin: str) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect
    from websockets.typing import Origin

    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{listening('--ws')}", origin=Origin(origin))
    assert refused.value.response.status_code == 403


def test_frames_are_binary_of_pygls() -> None:
    from pygls.io_ import WebSocketWriter

    sent: list[Any] = []

    class Connection:
        async def send(self, data: Any) -> None:
            sent.append(data)

    asyncio.run(WebSocketWriter(Connection()).write(b"{}"))  # type: ignore[arg-type]
    assert sent == [b"{}"]
