"""What is handed in by who is slow, by many at once, packed, or cut off by the server's own end."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
import zstandard
from trust.packs import making

from driven.serving.packaging import Built, build
from driven.serving.uploads import GRACE, PLACES
from driven.trust.bundle import MAX_BUNDLE
from serving.tools import WAIT, Answer, Server, driven, memory, serving, token_of, wait

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
WORDS = ("--store", "s", "--tokens", "tokens.txt")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, key: Path) -> list[Built]:
    """As many bundles as there are places, each of 40 MB."""
    made = []
    for number in range(PLACES):
        folder = making.pack(tmp_path_factory.mktemp("large"), f"2.{number}.0")
        (folder / "data.bin").write_bytes(os.urandom(40 << 20))
        making.sign(folder, key)
        made.append(build(os.fspath(folder)))
    return made


@pytest.fixture
def ana(tmp_path: Path) -> str:
    return token_of(tmp_path, "ana", publish=True)


def begin(server: Server, length: int) -> socket.socket:
    """A client that said what it will send, and sends none of it."""
    one = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)
    head = f"PUT /packs/acme-errors/9.9.9 HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
    one.sendall(f"{head}Authorization: {server.headers['Authorization']}\r\n\r\n".encode())
    return one


def test_who_sends_a_byte_now_and_then_does_not_keep_others_from_publishing(
    tmp_path: Path, ana: str, packs: dict[str, Built]
) -> None:
    """All places are taken by such; a client of ours, which tries again, gets its turn."""
    (tmp_path / "a.pack").write_bytes(packs["1.0.0"].data)
    with serving(tmp_path, *WORDS, token=ana) as server, contextlib.ExitStack() as clients:
        slow = [clients.enter_context(begin(server, 1 << 20)) for _ in range(PLACES)]
        begun, over = time.monotonic(), threading.Event()

        def drip() -> None:
            while not over.wait(0.2):
                for one in slow:
                    with contextlib.suppress(OSError):
                        one.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            wait(lambda: server.put(packs["1.1.0"]).status == 503)
            done = driven(tmp_path, "pack", "publish", "a.pack", "--to", server.url, DRIVEN_TOKEN=ana)
            assert done.returncode == 0, done.stderr
            assert time.monotonic() - begun > GRACE / 2
            said = [one.recv(1 << 16) for one in slow]
        finally:
            over.set()
            dripping.join()
        assert all(one.startswith(b"HTTP/1.1 408 ") and b"KB a second" in one for one in said)
        assert [one["version"] for one in server.ask("/packs").json["packs"]] == ["1.0.0"]


@pytest.mark.parametrize("coding", ["zstd", "gzip", ""])
def test_what_is_packed_is_not_unpacked(coding: str, tmp_path: Path, ana: str) -> None:
    """Three gigabytes in a few hundred kilobytes."""
    if coding == "gzip":
        bomb = gzip.compress(gzip.compress(bytes(256 << 20)) * 12)
    else:
        bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 30)) * 3
    given = {"content_encoding": coding} if coding else {}
    with serving(tmp_path, *WORDS, token=ana) as server:
        before = memory(server.process.pid)
        answer = server.ask("/packs/acme-errors/1.0.0", "PUT", bomb, **given)
        assert (answer.status, answer.headers.get("accept-encoding")) == ((415, "identity") if coding else (422, None))
        assert memory(server.process.pid, "VmHWM") - before < 32 << 20


def test_the_memory_of_uploads_has_a_bound(tmp_path: Path, ana: str, large: list[Built]) -> None:
    """All at once: each is held once, and one more time while it is looked at."""
    with serving(tmp_path, *WORDS, token=ana) as server:
        before = memory(server.process.pid)
        answers: list[Answer] = []
        clients = [threading.Thread(target=lambda one=one: answers.append(server.put(one))) for one in large]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        assert [one.status for one in answers] == [201] * PLACES
        assert memory(server.process.pid, "VmHWM") - before < (PLACES + 1) * (40 << 20) + (64 << 20)
        assert MAX_BUNDLE == 64 << 20, "docs/serve.md tells how much memory that makes"


def test_a_server_that_is_killed_while_it_writes_leaves_nothing_half(
    tmp_path: Path, ana: str, large: list[Built]
) -> None:
    made, folder = large[0], tmp_path / "s/acme-errors"
    with serving(tmp_path, *WORDS, token=ana) as server:

        def put() -> None:
            with contextlib.suppress(OSError):
                server.put(made)

        publishing = threading.Thread(target=put)
        publishing.start()
        wait(lambda: folder.exists() and os.listdir(folder))  # its temp, or already the whole
        server.kill()
        publishing.join()
    with serving(tmp_path, *WORDS, token=ana) as server:
        assert not list(folder.glob("*.new"))
        there = server.ask("/packs").json["packs"]
        if there:  # it was told a moment before
            assert server.ask("/packs/acme-errors/2.0.0").body == made.data
        assert server.put(made).status == (200 if there else 201)
        assert server.ask("/packs/acme-errors/latest").body == made.data
        assert [one["id"] for one in server.ask("/events?poll=1&after=0").json["events"]] == [1]
