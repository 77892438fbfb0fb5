"""What stands around plugins and their requests, at work: real rings, a real server that fails as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from driven.errors import PluginError, SandboxError
from driven.trust import telemetry
from driven.trust.capability import CapabilityManifest
from driven.trust.resilience import DEADLINE, DeadlineError, deadline
from driven.trust.rings.sandbox import Sandbox
from driven.trust.telemetry import ENDPOINT, PARENT

from .collector import attributes, collector

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"
PLUGIN = """\
import os
import time

import host


def environment():
    return dict(os.environ)


def wait():
    time.sleep(60)


def get(url, method):
    return host.fetch(url, method=method)["text"]
"""


class Server:
    """Answers `/`; breaks the connection while `breaks` is left; drips without an end, or leads in a circle."""

    def __init__(self) -> None:
        self.breaks, self.asked = 0, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.command)
                if outer.breaks:
                    outer.breaks -= 1
                    return
                self.send_response(302 if self.path == "/circle" else 200)
                self.send_header("location", "/circle" if self.path == "/circle" else "")
                self.end_headers()
                try:
                    self.wfile.write(bytes(5 << 20) if self.path == "/large" else b"hello")
                    while self.path == "/drip":
                        time.sleep(0.05)
                        self.wfile.write(b"x")
                except OSError:
                    return

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Tests print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.address = f"http://localhost:{self.port}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Plugin:
    """A plugin in ring L that may ask the server."""

    def __init__(self, folder: Path, port: int = 1) -> None:
        self.path = folder / f"acme{port}.py"
        self.path.write_text(PLUGIN)
        self.manifest = CapabilityManifest.of({"NetworkAccess": [f"localhost:{port}"]})
        self.told: list[dict[str, Any]] = []

    def run(self, method: str, *params: str, wall: float = 0) -> Any:
        root = str(self.path.parent)
        sandbox = Sandbox(
            self.manifest, "L", root=root, private=("127.0.0.1",), audit=self.told.append, wall=wall, cache=root
        )
        return sandbox.run(str(self.path), method, list(params)).value


def test_a_plugin_learns_what_is_left_and_which_trace_it_is_part_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PARENT, GIVEN)
    monkeypatch.setenv("SECRET_TOKEN", "x")
    plugin = Plugin(tmp_path)
    with deadline(60.0):
        found = plugin.run("environment")
    assert found[PARENT] == GIVEN and 0 < int(found[DEADLINE]) < 60_000 and "SECRET_TOKEN" not in found
    monkeypatch.setenv(PARENT, "not a trace")
    assert PARENT not in plugin.run("environment")


def test_a_plugin_is_ended_when_the_time_around_it_is_up(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    with deadline(1.0), pytest.raises(SandboxError, match="ran out of time in `wait`"):
        plugin.run("wait")
    with deadline(0.0), pytest.raises(DeadlineError, match="is up"):
        plugin.run("environment")


@pytest.mark.parametrize("method, asked", [("GET", 3), ("HEAD", 3), ("POST", 1)])
def test_a_request_that_may_be_asked_twice_is(tmp_path: Path, server: Server, method: str, asked: int) -> None:
    server.server.RequestHandlerClass.do_HEAD = server.server.RequestHandlerClass.do_GET
    server.breaks = 2
    plugin = Plugin(tmp_path, server.port)
    if method == "POST":
        with pytest.raises(PluginError, match="localhost"):
            plugin.run("get", server.address, method)
    else:
        assert plugin.run("get", server.address, method) == ("hello" if method == "GET" else "")
    assert server.asked == [method] * asked
    assert len([one for one in plugin.told if one["event"] == "host.fetch"]) == 1, "one request of the plugin"


def test_what_would_fail_again_is_not_asked_again(tmp_path: Path, server: Server) -> None:
    with pytest.raises(PluginError, match="redirects more than 5 times"):
        Plugin(tmp_path, server.port).run("get", server.address + "/circle", "GET")
    assert len(server.asked) == 6
    with pytest.raises(PluginError, match="an answer of more than 4 MiB"):
        Plugin(tmp_path, server.port).run("get", server.address + "/large", "GET")
    assert len(server.asked) == 7


def test_a_host_that_drips_ends_with_the_time_of_the_plugin(tmp_path: Path, server: Server) -> None:
    with pytest.raises(SandboxError, match="ran out of time"):
        Plugin(tmp_path, server.port).run("get", server.address + "/drip", "GET", wall=1.5)


def test_a_host_that_keeps_failing_is_left_alone(tmp_path: Path, server: Server) -> None:
    server.breaks = 99
    plugin = Plugin(tmp_path, server.port)
    for _ in range(5):
        with pytest.raises(PluginError, match="localhost"):
            plugin.run("get", server.address, "POST")
    with pytest.raises(PluginError, match="failed 5 times in a row"):
        plugin.run("get", server.address, "POST")
    assert len(server.asked) == 5
    server.breaks = 0
    (tmp_path / "other").mkdir()
    other = Plugin(tmp_path / "other", server.port)  # another plugin is not held back by it
    assert other.run("get", server.address, "POST") == "hello"


def test_a_plugin_and_what_it_asks_for_are_told(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as found:
        monkeypatch.setenv(ENDPOINT, found.address)
        monkeypatch.setenv(PARENT, GIVEN)
        assert telemetry.start() == ""
        plugin = Plugin(tmp_path, server.port)
        seen = plugin.run("environment")[PARENT]
        plugin.run("get", server.address, "GET")
        telemetry.finish()
    first, second = [one for one in found.spans if one.name == f"plugin {plugin.path.name}"]
    assert seen == f"00-{TRACE}-{first.span_id.hex()}-01" and attributes(first)["driven.ring"] == "L"
    (call,) = [one for one in found.spans if one.name.startswith("call ")]
    assert call.parent_span_id == second.span_id and call.trace_id.hex() == TRACE
    assert str(tmp_path).encode() not in found.raw


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_a_plugin_that_asks_and_does_not_listen_fills_no_memory(tmp_path: Path, pause: float) -> None:
    """At once, and one after the other: answers are not kept for who never reads them."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/big.txt").write_text("x" * (1 << 20))
    plugin = Plugin(tmp_path)
    plugin.manifest = CapabilityManifest.of({"FileRead": ["docs"]})
    plugin.path.write_text(f"""\
import sys
import time


def flood():
    guest = next(one for one in sys.modules.values() if hasattr(one, "_send") and hasattr(one, "_HEAD"))
    for number in range(200):
        question = {{"method": "host.read", "params": {{"path": "docs/big.txt"}}}}
        guest._send({{"jsonrpc": "2.0", "id": number + 9, **question}})
        time.sleep({pause})
""")
    with pytest.raises(SandboxError, match=r"more than 4 messages at once|asked, and did not listen"):
        plugin.run("flood")
    assert len(plugin.told) <= 16 + 4 + 1, "no more answers than are kept for it"
