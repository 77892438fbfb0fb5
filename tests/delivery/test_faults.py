"""Whatever goes wrong between `driven serve` and `driven add` and `driven update`, as processes: a project ends with a
version that is whole and verified, and what is refused changes nothing, to the byte."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving.tools import DRIVEN, Nats, Server, driven, free_port, serving, token_of, wait, within
from trust.packs import making

from delivery.between import Between, between, cut, damaged
from delivery.conftest import Bundle
from driven.delivery.coding import etag_of
from driven.project.pins import read_pins
from driven.serving.folder import LOG, Folder
from driven.serving.store import Version
from driven.streaming.operations import diff
from driven.streaming.release import release_of
from driven.trust.bundle import read_bundle

pytest.importorskip("starlette")
NAME = "acme-errors"


def version(data: bytes, number: str) -> Version:
    from hashlib import sha256

    return Version(name=NAME, version=number, etag=etag_of(data), sha256=sha256(data).hexdigest(), size=len(data),
                   published="2026-11-22T12:00:00Z")  # fmt: skip


def publish(store: Path, data: bytes, number: str) -> None:
    Folder(os.fspath(store)).publish(version(data, number), data)


def tell(server: Server, store: Path, data: bytes, number: str = "1.1.0") -> bytes:
    """The same, and the server that runs on it knows."""
    publish(store, data, number)
    wait(lambda: server.ask(f"/packs/{NAME}/{number}", "HEAD").status == 200, number)
    return data


def standing(root: Path) -> dict[str, bytes]:
    """Every file of a project but the logs, `.driven/driven.lock` among them."""
    return {
        os.fspath(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*")) if path.is_file() and ".driven/cache" not in path.as_posix()
    }  # fmt: skip


def is_at(root: Path, number: str, data: bytes) -> None:
    """The project has that version: pinned, whole, and as its signature says."""
    assert read_pins(os.fspath(root))[NAME].version == number
    files = read_bundle(data)
    top = root / ".driven/packs" / NAME
    assert {path: (top / path).read_bytes() for path in files} == files
    assert {os.fspath(one.relative_to(top)) for one in top.rglob("*") if one.is_file()} == set(files)
    done = within(root, "sync", "--frozen", "--quiet")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def store(tmp_path: Path, bundle: Bundle) -> Path:
    publish(tmp_path / "s", bundle("1.0.0"), "1.0.0")
    return tmp_path / "s"


@pytest.fixture
def server(tmp_path: Path, store: Path) -> Iterator[Server]:
    with serving(tmp_path, "--store", "s") as made:
        yield made


@pytest.fixture
def way(server: Server) -> Iterator[Between]:
    with between(server.port) as made:
        yield made


@pytest.fixture
def added(root: Path, way: Between) -> Path:
    """A project with 1.0.0."""
    done = within(root, "add", NAME, "--from", way.url, "--yes")
    assert done.returncode == 0, done.stderr
    return root


def test_a_server_that_is_killed_in_the_middle_and_comes_back(
    tmp_path: Path, store: Path, root: Path, bundle: Bundle
) -> None:
    port = free_port()
    with contextlib.ExitStack() as servers:
        first = servers.enter_context(serving(tmp_path, "--store", "s", port=port))
        with between(port) as way:

            def killed(answer: bytes) -> bytes:
                first.kill()
                servers.enter_context(serving(tmp_path, "--store", "s", port=port))
                return cut(answer)

            way.harms = [killed]
            done = driven(root, "add", NAME, "--from", way.url, "--yes")
            assert done.returncode == 0 and way.harms == [], done.stderr
    is_at(root, "1.0.0", bundle("1.0.0"))


@pytest.mark.parametrize("harm", [cut, damaged, lambda _: b""])
def test_what_is_cut_short_or_damaged_is_fetched_anew(
    harm: Callable[[bytes], bytes], added: Path, server: Server, store: Path, way: Between, bundle: Bundle
) -> None:
    new = bundle("1.1.0", rule="- Log it.\n")
    tell(server, store, new)
    way.harms = [harm]
    done = within(added, "update", "--yes")
    assert done.returncode == 0 and way.harms == [], done.stderr
    is_at(added, "1.1.0", new)


def test_what_stays_damaged_changes_nothing(
    added: Path, server: Server, store: Path, way: Between, bundle: Bundle
) -> None:
    before = standing(added)
    tell(server, store, bundle("1.1.0", rule="- Log it.\n"))
    way.harms = [damaged] * 10
    done = within(added, "update", "--yes")
    assert done.returncode == 2 and "otherwise than the server says" in done.stdout + done.stderr
    assert standing(added) == before
    is_at(added, "1.0.0", bundle("1.0.0"))


def _lies(store: Path, data: bytes, number: str) -> None:
    """The server says of a bundle that it is that version, and has it on its disk."""
    line = json.dumps({"number": 3, **version(data, number).to_json()})
    (store / NAME / f"{number}.pack").write_bytes(data)
    with (store / LOG).open("a") as log:
        log.write(line + "\n")


@pytest.mark.parametrize("what", ["an old one again", "an old one as a new one", "of another key", "not as signed"])
def test_what_is_refused_changes_nothing(what: str, tmp_path: Path, store: Path, root: Path, bundle: Bundle) -> None:
    old, here = bundle("1.0.0"), bundle("1.1.0")
    publish(store, here, "1.1.0")
    with serving(tmp_path, "--store", "s") as server:
        assert within(root, "add", NAME, "--from", server.url, "--yes").returncode == 0
        port = server.port
    before = standing(root)
    if what == "an old one again":
        (store / LOG).unlink()
        (store / NAME / "1.0.0.pack").unlink()
        publish(store, old, "1.0.0")
    elif what == "an old one as a new one":
        _lies(store, old, "1.2.0")
    elif what == "of another key":
        publish(store, bundle("1.2.0", key="eve"), "1.2.0")
    else:
        changed = bundle("1.2.0").replace(b"Wrap every error", b"Hide every error")
        assert changed != bundle("1.2.0")
        _lies(store, changed, "1.2.0")
    with serving(tmp_path, "--store", "s", port=port):
        done = within(root, "update", "--yes")
        assert done.returncode == 6, (done.returncode, done.stdout, done.stderr)
    assert standing(root) == before
    is_at(root, "1.1.0", here)


def test_operations_that_lead_elsewhere_are_not_taken(
    added: Path, server: Server, store: Path, way: Between, bundle: Bundle
) -> None:
    """226 with the operations of another version, under the ETag of the one that was asked for."""
    new, other = bundle("1.1.0", rule="- Log it.\n"), bundle("9.0.0", rule="- Hide it.\n")
    tell(server, store, new)
    old = bundle("1.0.0")

    def elsewhere(_: bytes) -> bytes:
        body = diff(release_of(read_bundle(old)), release_of(read_bundle(other)))
        return (
            f'HTTP/1.1 226 IM Used\r\nIM: driven-ops\r\nDelta-Base: "{etag_of(old)}"\r\nETag: "{etag_of(new)}"\r\n'
            f"Driven-Version: 1.1.0\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    way.harms = [elsewhere]
    done = within(added, "update", "--yes")
    assert done.returncode == 0 and way.harms == [], done.stderr
    is_at(added, "1.1.0", new)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://[::1"])
def test_a_redirect_elsewhere_is_not_followed(place: str, tmp_path: Path, added: Path, way: Between) -> None:
    before = standing(added)
    token = "drv_this-is-a-secret-of-ana"
    way.harms = [lambda _: f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()]
    done = driven(added, "update", "--from", way.url, "--yes", DRIVEN_TOKEN=token)
    assert done.returncode == 2 and way.harms == [], done.stderr
    assert token.encode() in way.asked[-1] and token not in done.stdout + done.stderr
    assert standing(added) == before


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of its own needs Linux")
def test_a_full_disk_below_the_cache(root: Path, tmp_path: Path, server: Server, bundle: Bundle) -> None:
    cache = tmp_path / "full"
    cache.mkdir(mode=0o700)
    ways = [("unshare", "-m"), ("unshare", "-rm")]
    space = next((one for one in ways if subprocess.run([*one, "true"], capture_output=True).returncode == 0), None)
    if space is None:
        pytest.skip("no mount namespace is to be had")
    mount = f'mount -t tmpfs -o size=12k,mode=700 x "{cache}" && "$@"; code=$?; ls -R "{cache}"; exit $code'
    done = subprocess.run(
        [*space, "sh", "-c", mount, "sh", *DRIVEN, "add", NAME, "--from", server.url, "--yes"], cwd=root,
        env={**os.environ, "XDG_CACHE_HOME": os.fspath(cache)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    is_at(root, "1.0.0", bundle("1.0.0"))


def _begin(root: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*DRIVEN, *words], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _ended(one: subprocess.Popen[bytes]) -> tuple[int, str]:
    said = one.communicate(timeout=60)[0].decode()
    return one.returncode, said


def test_several_processes_warm_one_cache(tmp_path: Path, server: Server, bundle: Bundle) -> None:
    roots = [making.project(tmp_path / f"project{number}") for number in range(2)]
    running = [_begin(one, "add", NAME, "--from", server.url, "--yes") for one in roots]
    assert [_ended(one)[0] for one in running] == [0, 0]
    for one in roots:
        is_at(one, "1.0.0", bundle("1.0.0"))
    server.kill()
    again = driven(roots[0], "update", "--offline", "--yes")
    assert again.returncode == 0, again.stderr


def test_two_updates_of_one_project_at_once(added: Path, server: Server, store: Path, bundle: Bundle) -> None:
    new = bundle("1.1.0", rule="- Log it.\n")
    tell(server, store, new)
    running = [_begin(added, "update", "--yes") for _ in range(2)]
    ended = [_ended(one) for one in running]
    assert 0 in [code for code, _ in ended] and {code for code, _ in ended} <= {0, 2, 4, 6}, ended
    assert "Traceback" not in ended[0][1] + ended[1][1]
    is_at(added, "1.1.0", new)


def test_an_update_that_is_interrupted_changes_nothing(
    added: Path, server: Server, store: Path, way: Between, bundle: Bundle
) -> None:
    before = standing(added)
    tell(server, store, bundle("1.1.0", rule="- Log it.\n"))
    running: list[subprocess.Popen[bytes]] = []

    def interrupt(answer: bytes) -> bytes:
        running[0].send_signal(signal.SIGINT)
        running[0].wait(30)
        return answer

    way.harms = [interrupt]
    running.append(_begin(added, "update", "--yes"))
    code, said = _ended(running[0])
    assert code == 130 and "Traceback" not in said
    assert standing(added) == before


def test_a_nats_that_is_restarted_during_a_publication(tmp_path: Path, root: Path, bundle: Bundle) -> None:
    """Who updates meanwhile stays where it is; who updates after it has the new one."""
    old, new = bundle("1.0.0"), bundle("1.1.0", rule="- Log it.\n")
    nats = Nats(tmp_path / "jetstream")
    nats.start()
    token = token_of(tmp_path, "ana", publish=True)
    (tmp_path / "ana.token").touch(0o600)
    (tmp_path / "ana.token").write_text(token)
    for number, data in (("1.0.0", old), ("1.1.0", new)):
        (tmp_path / f"{number}.pack").write_bytes(data)
    try:
        with serving(tmp_path, "--nats", nats.url, "--tokens", "tokens.txt", token=token) as server:
            publishes = ("pack", "publish", "--to", server.url, "--token-file", "ana.token")
            assert driven(tmp_path, *publishes, "1.0.0.pack").returncode == 0
            client = ("--token-file", os.fspath(tmp_path / "ana.token"), "--yes")
            assert driven(root, "add", NAME, "--from", server.url, *client).returncode == 0
            nats.kill()
            publishing = _begin(tmp_path, *publishes, "1.1.0.pack")
            time.sleep(1)
            assert driven(root, "update", *client).returncode == 0 and publishing.poll() is None
            is_at(root, "1.0.0", old)
            nats.start()
            code, said = _ended(publishing)
            assert code == 0, said
            assert driven(root, "update", *client).returncode == 0
            is_at(root, "1.1.0", new)
    finally:
        nats.kill()
