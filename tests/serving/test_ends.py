"""Ends of all kinds: asked to, killed in the middle of an answer, and a store that goes away."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest
from trust.packs import making

from driven.serving.folder import Folder
from driven.serving.packaging import Built, build
from serving.tools import WAIT, Server, free_port, serving, wait


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Built:
    """A bundle that no socket takes at once."""
    folder = making.pack(tmp_path_factory.mktemp("large"), "2.0.0")
    (folder / "data.bin").write_bytes(os.urandom(24 << 20))
    making.sign(folder, key)
    return build(os.fspath(folder))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_an_end_and_no_failure(how: int, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "s") as server:
        assert server.stop(how) == 0


def _part(server: Server, path: str, count: int) -> bytes:
    """The first bytes of a body, after which the server is killed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        heard = b""
        while len(heard) < count:
            heard += one.recv(1 << 16)
        server.kill()
        return heard.partition(b"\r\n\r\n")[2]


def test_a_server_that_is_killed_is_asked_for_the_rest(tmp_path: Path, large: Built) -> None:
    Folder(os.fspath(tmp_path / "s")).publish(large.version, large.data)
    path, port = "/packs/acme-errors/latest", free_port()
    with serving(tmp_path, "--store", "s", port=port) as server:
        have = _part(server, path, 1 << 20)
    assert 0 < len(have) < len(large.data) and large.data.startswith(have)
    with serving(tmp_path, "--store", "s", port=port) as server:
        rest = server.ask(path, range=f"bytes={len(have)}-", if_range=f'"{large.version.etag}"')
        assert rest.status == 206 and have + rest.body == large.data


def test_an_answer_is_finished_before_the_end(tmp_path: Path, large: Built) -> None:
    Folder(os.fspath(tmp_path / "s")).publish(large.version, large.data)
    with serving(tmp_path, "--store", "s") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as one:
            one.sendall(b"GET /packs/acme-errors/latest HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            heard = bytearray(one.recv(1 << 16))
            server.process.send_signal(signal.SIGTERM)
            while part := one.recv(1 << 20):
                heard += part
        assert bytes(heard).partition(b"\r\n\r\n")[2] == large.data
        assert server.process.wait(WAIT) == 0


def test_a_publication_that_is_cut_off_publishes_nothing(tmp_path: Path, large: Built) -> None:
    from serving.tools import token_of

    ana = token_of(tmp_path, "ana", publish=True)
    with serving(tmp_path, "--store", "s", "--tokens", "tokens.txt", token=ana) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as one:
            head = f"PUT /packs/acme-errors/2.0.0 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(large.data)}\r\n"
            one.sendall(f"{head}Authorization: Bearer {ana}\r\n\r\n".encode() + large.data[: 1 << 20])
        wait(lambda: "PUT /packs/acme-errors/2.0.0 400" in server.said())
        assert server.ask("/packs").json == {"packs": []}
        assert server.put(large).status == 201 and server.put(large).status == 200


def test_a_store_that_is_gone_is_said_and_no_fault(tmp_path: Path, packs: dict[str, Built]) -> None:
    made = packs["1.0.0"]
    Folder(os.fspath(tmp_path / "s")).publish(made.version, made.data)
    with serving(tmp_path, "--store", "s") as server:
        assert server.ask("/readyz").status == 200
        shutil.move(tmp_path / "s", tmp_path / "elsewhere")
        answer = server.ask("/readyz")
        assert answer.status == 503 and "events.log" in answer.json["detail"]
        assert server.ask("/packs/acme-errors/1.0.0").status == 503
        assert server.ask("/packs/acme-errors/1.0.0", if_none_match=f'"{made.version.etag}"').status == 304
        assert server.ask("/healthz").status == 200
        shutil.move(tmp_path / "elsewhere", tmp_path / "s")
        assert server.ask("/packs/acme-errors/1.0.0").body == made.data
        wait(lambda: server.ask("/readyz").status == 200)


def test_what_was_broken_on_the_disk_is_not_handed_out(tmp_path: Path, packs: dict[str, Built]) -> None:
    made, folder = packs["1.0.0"], Folder(os.fspath(tmp_path / "s"))
    folder.publish(made.version, made.data)
    place = Path(folder.file(made.version))
    place.write_bytes(made.data[:-1] + b"x")
    with serving(tmp_path, "--store", "s") as server:
        answer = server.ask("/packs/acme-errors/1.0.0", accept_encoding="zstd")
        assert answer.status == 503 and "not what was published" in answer.json["detail"]
