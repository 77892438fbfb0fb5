"""Requests that nobody means well: they get an answer that says so, or none, and never a fault of ours."""

from __future__ import annotations

import socket
import time

import pytest

from driven.serving.wire import MAX_HEAD, PATIENCE
from serving.tools import WAIT, Server

HOST = b"Host: 127.0.0.1\r\n"


def head(server: Server, *more: bytes, line: bytes = b"GET /packs HTTP/1.1") -> bytes:
    authorization = f"Authorization: {server.headers['Authorization']}\r\n".encode()
    return line + b"\r\n" + HOST + authorization + b"".join(one + b"\r\n" for one in more) + b"\r\n"


@pytest.mark.parametrize("said", [
    b"\x00\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET /packs\r\n\r\n", b"GET /p\xff HTTP/1.1\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n" + HOST + b"\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    b"GET /packs HTTP/1.1\r\n" + HOST + b"A b: c\r\n\r\n", b"GET /packs HTTP/1.1\r\nX\r\n: y\r\n\r\n",
    b"GET /packs HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
    b"PUT /packs/a/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"PUT /packs/a/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"POST /packs HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST /packs HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"PUT /packs/a/1 HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"PUT /packs/a/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET /packs HTTP/1.1\r\n" + HOST + b"A: " + b"a" * (MAX_HEAD + 10) + b"\r\n\r\n",
    b"GET /packs HTTP/1.1\r\n" + HOST + b"".join(b"A%d: b\r\n" % n for n in range(200)) + b"\r\n",
    b"GET /" + b"a" * (MAX_HEAD + 10) + b" HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
])  # fmt: skip
def test_what_is_no_request_is_refused(said: bytes, server: Server) -> None:
    heard = server.raw(said + b"\r\n\r\n")
    assert b" 500 " not in heard
    assert heard[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 431", b"HTTP/1.1 404") or heard == b""
    assert server.ask("/healthz").status == 200


def test_a_head_without_an_end_is_cut_off(server: Server) -> None:
    heard = server.raw(b"GET /packs HTTP/1.1\r\nA: " + b"a" * (2 << 20))
    assert heard == b"" or heard.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_a_request_that_comes_drop_by_drop_is_not_waited_for(server: Server) -> None:
    """Both at the same time: one says nothing, one says a little every now and then."""
    begun = time.monotonic()
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as silent,
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as slow,
    ):
        slow.sendall(b"GET /packs HTTP/1.1\r\n")
        while True:
            try:
                slow.sendall(b"A: b\r\n")
            except OSError:
                break
            assert time.monotonic() - begun < 6 * PATIENCE
            time.sleep(0.5)
        assert silent.recv(1) == b""


def test_requests_in_a_row_are_all_answered_in_order(server: Server) -> None:
    asked = [b"/healthz", b"/packs", b"/nothing", b"/packs/acme-errors/latest", b"/healthz"]
    data = b"".join(head(server, line=b"GET %b HTTP/1.1" % path) for path in asked)
    heard = server.raw(data + head(server, b"Connection: close", line=b"GET /readyz HTTP/1.1"))
    statuses = [part[:3] for part in heard.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"404", b"200", b"200", b"200"] and heard.endswith(b"ready\n")


def test_many_requests_at_once_on_one_connection(server: Server) -> None:
    one = head(server, line=b"GET /healthz HTTP/1.1")
    heard = server.raw(one * 90 + head(server, b"Connection: close", line=b"GET /readyz HTTP/1.1"))
    assert heard.count(b"HTTP/1.1 200 OK") == 91


def test_who_asks_without_end_and_takes_no_answer_is_cut_off(server: Server) -> None:
    """Each request that waits takes memory, and the work for it is taken from others."""
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as flood, pytest.raises(OSError):
        for _ in range(1000):
            flood.sendall(one * 1000)
    assert server.ask("/healthz").status == 200


@pytest.mark.parametrize("more", [
    b"If-None-Match: " + b'"' * 8000, b"If-None-Match: " + b'W/"a",' * 4000,
    b"Accept-Encoding: " + b"zstd;q=0.1," * 2000,
    b"Range: bytes=" + b"0-1," * 5000, b"Available-Dictionary: :" + b"A" * 9000 + b":", b"Last-Event-ID: \xff\xfe",
    b"A-IM: " + b"driven-ops," * 2000, b"Accept-Encoding: \xff\xfe;q=\xff", b"Cookie: " + b"a=b; " * 5000,
    b"X-Forwarded-For: " + b"1.2.3.4," * 3000, b"Expect: 100-continue", b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
])  # fmt: skip
def test_headers_of_any_kind_harm_nothing(more: bytes, server: Server) -> None:
    line = b"GET /packs/acme-errors/latest HTTP/1.1"
    heard = server.raw(head(server, more, b"Connection: close" if b"Upgrade" not in more else b"A: b", line=line),
                       until=b"rules/errors.md")  # fmt: skip
    heard = heard.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert heard.startswith((b"HTTP/1.1 200 OK", b"HTTP/1.1 206 ", b"HTTP/1.1 304 ", b"HTTP/1.1 226 "))


def test_a_body_where_none_belongs_does_not_stay(server: Server) -> None:
    """What follows a request that was refused is no request of its own."""
    body = b"GET /packs HTTP/1.1\r\n" + HOST + b"\r\n"
    heard = server.raw(
        b"POST /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 10000000\r\n\r\n" + body * 10, patience=5
    )
    assert heard.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize("query", ["pack=..", "pack=%ff", "pack=A", "after=-1&poll=1&pack=a/b", "pack=" + "a" * 65])
def test_a_pack_that_cannot_be_one_is_not_listened_to(query: str, server: Server) -> None:
    assert server.ask(f"/events?{query}").status == 400


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 30, "%ff", "1.5", "\u0663"])
def test_a_number_that_is_none_begins_at_the_start(after: str, server: Server) -> None:
    from urllib.parse import quote

    said = server.ask(f"/events?poll=1&after={quote(after)}").json
    assert [one["id"] for one in said["events"]][:2] == [1, 2]
