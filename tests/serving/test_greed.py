"""What one client may cost the others: memory, locks, places in the queue; and a token that is taken away."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from trust.packs import making

from driven.errors import ConflictError, DiskError
from driven.frozen import replace
from driven.serving import folder as place_of
from driven.serving.answers import TRANSPORT
from driven.serving.folder import LOCK, Folder
from driven.serving.packaging import Built, build
from driven.serving.running import Settings
from serving.tools import DRIVEN, WAIT, Events, Server, driven, free_port, memory, need, serving, token_of, wait


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("more", ["", "Range: bytes=1-\r\n"])
def test_many_who_get_the_same_share_its_bytes(more: str, tmp_path: Path, key: Path) -> None:
    """Also what is too large to be kept, and parts of it."""
    source = making.pack(tmp_path / "large", "2.0.0")
    (source / "data.bin").write_bytes(os.urandom(12 << 20))
    making.sign(source, key)
    made = build(os.fspath(source))
    Folder(os.fspath(tmp_path / "s")).publish(made.version, made.data)
    head = f"GET /packs/acme-errors/latest HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode()
    with serving(tmp_path, "--store", "s") as server, contextlib.ExitStack() as clients:
        before = memory(server.process.pid)
        for _ in range(40):
            one = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=WAIT))
            one.sendall(head)
            assert one.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 206")
        assert memory(server.process.pid) - before < 120 << 20  # and not 40 times 12 MB


def test_a_range_is_for_get_alone(tmp_path: Path, packs: dict[str, Built]) -> None:
    made = packs["1.0.0"]
    Folder(os.fspath(tmp_path / "s")).publish(made.version, made.data)
    with serving(tmp_path, "--store", "s") as server:
        answer = server.ask("/packs/acme-errors/1.0.0", "HEAD", range="bytes=0-3")
        assert (answer.status, answer.headers["content-length"]) == (200, str(len(made.data)))


def test_who_has_no_token_any_more_hears_nothing_more(tmp_path: Path, packs: dict[str, Built]) -> None:
    ana = token_of(tmp_path, "ana", publish=True)
    ben = token_of(tmp_path, "ben")
    with serving(tmp_path, "--store", "s", "--tokens", "tokens.txt", token=ana) as server:
        server.headers = {"Authorization": f"Bearer {ben}"}
        with contextlib.closing(Events(server)) as his:
            server.headers = {"Authorization": f"Bearer {ana}"}
            with contextlib.closing(Events(server)) as hers:
                file = tmp_path / "tokens.txt"
                file.write_text("".join(line for line in file.open() if not line.startswith("ben")))
                time.sleep(0.3)  # the server looks at the file every quarter of a second
                assert server.put(packs["1.0.0"]).status == 201
                assert hers.versions(1) == [(1, "1.0.0")]
                assert b"event: publish" not in his.until(b"\r\n0\r\n\r\n")


def test_a_list_of_tokens_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    ana = token_of(tmp_path, "ana")
    with serving(tmp_path, "--store", "s", "--tokens", "tokens.txt", token=ana) as server:
        assert server.ask("/packs").status == 200
        (tmp_path / "tokens.txt").write_text("ana  read  nothing\n")
        wait(lambda: server.ask("/packs").status == 503)
        assert {server.ask("/packs").status for _ in range(20)} == {503}


def test_history_is_sent_as_it_is_taken(tmp_path: Path, packs: dict[str, Built]) -> None:
    """All of it, in its order, and what is published meanwhile behind it."""
    store, made = Folder(os.fspath(tmp_path / "s")), packs["1.0.0"]
    for number in range(100):
        store.publish(replace(made.version, version=f"0.0.{number}"), made.data)
    with serving(tmp_path, "--store", "s") as server, contextlib.closing(Events(server, last=0)) as events:
        store.publish(made.version, made.data)
        assert [number for number, _ in events.versions(101)] == list(range(1, 102))


def test_what_a_killed_publication_left_is_taken_away(tmp_path: Path, packs: dict[str, Built]) -> None:
    made = packs["1.0.0"]
    Folder(os.fspath(tmp_path / "s")).publish(made.version, made.data)
    left = tmp_path / "s/acme-errors/1.1.0.pack.4711.new"
    left.write_bytes(b"half of it")
    with serving(tmp_path, "--store", "s") as server:
        assert not left.exists()
        assert server.ask("/packs/acme-errors/1.0.0").body == made.data


def test_the_lock_of_a_folder_is_not_waited_for_for_ever(
    tmp_path: Path, packs: dict[str, Built], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_of, "PATIENCE", 0.05)
    store, made = Folder(os.fspath(tmp_path / "s")), packs["1.0.0"]
    store.make()
    with (tmp_path / "s" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DiskError, match="another process"):
            store.publish(made.version, made.data)
    assert store.publish(made.version, made.data)[1]


def test_versions_that_differ_in_large_letters_are_one(tmp_path: Path, packs: dict[str, Built]) -> None:
    """On some systems they would be one file."""
    store, made = Folder(os.fspath(tmp_path / "s")), packs["1.0.0"]
    store.publish(replace(made.version, version="1.0rc1"), made.data)
    with pytest.raises(ConflictError, match="published already"):
        store.publish(replace(made.version, version="1.0RC1"), made.data)
    assert store.read(replace(made.version, version="1.0rc1")) == made.data


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0:0:0:0:0:0:0:1", True), ("localhost", True),
     ("127.example.org", False), ("::", False), ("0.0.0.0", False), ("", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_what_is_this_machine_alone(host: str, alone: bool) -> None:
    assert Settings(host=host, port=0).is_loopback is alone


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-keyout", "key.pem", "-out", "cert.pem", "-days", "1",
         "-subj", "/CN=localhost", "-passout", "pass:secret"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    done = driven(tmp_path, "serve", "--store", "s", "--cert", "cert.pem", "--key", "key.pem", "--port", "0")
    assert done.returncode == 2 and "without a passphrase" in done.stderr and "pass phrase" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of its own needs Linux")
def test_a_disk_that_is_full_is_said_and_leaves_nothing(tmp_path: Path, key: Path, packs: dict[str, Built]) -> None:
    """A real file system of 2 MB, in a namespace of its own: what does not fit is not there, what fits is."""
    ways = [("unshare", "-m"), ("unshare", "-rm")]
    way = next((one for one in ways if subprocess.run([*one, "true"], capture_output=True).returncode == 0), None)
    if way is None:
        pytest.skip("no mount namespace is to be had")
    source = making.pack(tmp_path / "large", "2.0.0")
    (source / "data.bin").write_bytes(os.urandom(3 << 20))
    making.sign(source, key)
    large = build(os.fspath(source))
    ana, port = token_of(tmp_path, "ana", publish=True), free_port()
    (tmp_path / "s").mkdir()
    shell = 'mount -t tmpfs -o size=2m x s && "$@"; ls -R s > left'
    words = [*way, "sh", "-c", shell, "sh", *DRIVEN, "serve", "--store", "s", "--tokens", "tokens.txt"]
    with subprocess.Popen([*words, "--port", str(port), "--json"], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and b"url" in process.stdout.readline()
        server = Server(process, f"http://127.0.0.1:{port}", tmp_path / "log", {"Authorization": f"Bearer {ana}"})
        answer = server.put(large)
        assert answer.status == 503 and "no space left" in answer.json["detail"]
        assert server.ask("/packs").json == {"packs": []}
        assert server.put(packs["1.0.0"]).status == 201
        assert server.ask("/packs/acme-errors/latest").body == packs["1.0.0"].data
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]) if children else process.pid, signal.SIGTERM)
        process.wait(WAIT)
    assert "1.0.0.pack" in (tmp_path / "left").read_text() and "2.0.0" not in (tmp_path / "left").read_text()


def test_what_is_too_large_is_not_compared(tmp_path: Path, key: Path) -> None:
    """Operations are small here, but to find out takes the processor from everybody."""
    more, made = os.urandom(5 << 20), []
    for number in ("2.0.0", "2.0.1"):
        source = making.pack(tmp_path / number, number)
        (source / "data.bin").write_bytes(more)
        making.sign(source, key)
        made.append(build(os.fspath(source)))
        Folder(os.fspath(tmp_path / "s")).publish(made[-1].version, made[-1].data)
    with serving(tmp_path, "--store", "s") as server:
        answer = server.ask("/packs/acme-errors/latest", a_im="driven-ops", if_none_match=f'"{made[0].version.etag}"')
        assert (answer.status, answer.body) == (200, made[1].data)


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_who_takes_no_answer_is_cut_off(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many small ones as well as of a large one."""
    import uvicorn

    from driven.serving import wire

    monkeypatch.setattr(wire, "TAKING", 0.3)
    ended = threading.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not scope["extensions"][TRANSPORT].is_closing():
            await send({"type": "http.response.body", "body": bytes(size), "more_body": True})
            await asyncio.sleep(0)
        ended.set()

    config = uvicorn.Config(endless, http=wire.LimitedProtocol, ws="none", lifespan="off", log_config=None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        with socket.create_connection(listening.getsockname(), timeout=WAIT) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert ended.wait(WAIT)
        server.should_exit = True
        thread.join(WAIT)
        assert not thread.is_alive()
