"""The bytes of HTTP: chunks, TLS and its certificates, proxies; against servers that speak just so much of it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from trust.tools import need

from driven.delivery.server import RuleServer
from driven.delivery.wire import Client, Cut, Patience, Unreachable
from driven.errors import DeliveryError

QUICK = Patience(connect=2.0, silence=0.5, whole=5.0)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def body(sent: bytes, *, tls: ssl.SSLContext | None = None, rest: float = 0.0, scheme: str = "http") -> bytes:
    """What a client reads of an answer that is `sent` as it stands."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(sent)
        await asyncio.sleep(rest)
        writer.close()

    async def story() -> bytes:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
        async with server:
            port = server.sockets[0].getsockname()[1]
            async with Client(f"{scheme}://localhost:{port}", patience=QUICK).get("/x") as answer:
                return await answer.body(1000)

    return asyncio.run(story())


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_body_in_chunks() -> None:
    assert body(HEAD + b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nTrailer: x\r\n\r\n") == b"hello!"
    assert body(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == b"hi"
    assert body(b"HTTP/1.0 200 OK\r\n\r\nuntil it closes") == b"until it closes"


@pytest.mark.parametrize("sent", [b"5\r\nhel", b"x\r\n", b"\r\n", b"5\r\nhello\r\n", b"1" * 17 + b"\r\n", b"-1\r\n"])
def test_chunks_that_do_not_end_as_they_must(sent: bytes) -> None:
    with pytest.raises(Cut):
        body(HEAD + sent)


def test_what_is_too_much_or_never_comes() -> None:
    with pytest.raises(DeliveryError, match="more than 1,000"):
        body(HEAD + b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n")
    with pytest.raises(DeliveryError, match="speaks no HTTP"):
        body(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000)
    with pytest.raises(Unreachable, match=r"does not answer within 0\.5 s"):
        body(b"HTTP/1.1 200", rest=0.8)
    with pytest.raises(Unreachable, match=r"says nothing for 0\.5 s"):
        body(HEAD + b"5\r\nhe", rest=0.8)
    with pytest.raises(Cut):
        body(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    command = [need("openssl", "openssl"), "req", *words, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_a_certificate_is_verified(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    with pytest.raises(DeliveryError, match=r"certificate of `localhost:\d+` is not to be trusted") as wrong:
        body(sent, tls=context, scheme="https")
    assert "SSL_CERT_FILE" in wrong.value.hint
    with pytest.raises(DeliveryError, match="speaks no TLS"):
        body(sent, scheme="https")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert body(sent, tls=context, scheme="https") == b"hi"


def test_by_a_proxy_to_a_host_with_tls(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """CONNECT, then TLS with the host itself: the proxy sees no token."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    heads: list[bytes] = []

    async def rules(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"packs":[]}')
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(rules, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            there, back = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(pump(reader, back), pump(there, writer))

        between = await asyncio.start_server(proxy, "127.0.0.1", 0)
        place = between.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://ana:word@127.0.0.1:{place}")
        with pytest.raises(DeliveryError, match="certificate"):
            await RuleServer("https://rules.example.org", token="s3cret", patience=QUICK).names()
        server.close()
        between.close()

    asyncio.run(story())
    assert heads[0].startswith(b"CONNECT rules.example.org:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YW5hOndvcmQ=" in heads[0]
    assert b"s3cret" not in b"".join(heads), "its certificate is of another host"


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        pass
    finally:
        writer.close()


def test_a_list_that_comes_drop_by_drop_has_an_end() -> None:
    """Each drop is in time, all of them never are."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[")
        with suppress(OSError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

    async def story() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            one = RuleServer(f"http://127.0.0.1:{port}", patience=Patience(connect=2.0, silence=2.0, whole=0.3))
            with pytest.raises(Unreachable, match="come to an end"):
                await one.versions("acme-errors")

    async def bounded() -> None:
        task = asyncio.create_task(story())
        await asyncio.wait([task], timeout=20)
        assert task.done()
        task.result()

    asyncio.run(bounded())


@pytest.mark.parametrize("place", ["http://[::1", "https://[", "https://a:99999/", "https://a\x01b/"])
def test_a_redirect_to_what_is_no_url(place: str) -> None:
    client = Client("http://127.0.0.1:7450")
    with pytest.raises(DeliveryError):
        client._moved(urlsplit("http://127.0.0.1:7450/packs"), place)
