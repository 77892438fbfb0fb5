"""What a hostile plugin can do to the server and to other calls through its own link: nothing that they notice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from driven.mcp.serving import folders
from driven.mcp.wire import Wire
from driven.trust.capability import CapabilityManifest
from mcp_server.conftest import DRIVEN, Server, environment, install

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
VERBS = """
@hookimpl
def driven_commands():
    says = record(said=STRING)
    yield noun("evil", "do evil things",
        *[verb(name, "be evil", run="evil_plugin.evil:" + name, answers=says, touches=["FileWrite(notes)"])
          for name in ("fine", "digits", "surrogate", "deaf", "trace")],
        *[verb(name, "be evil", run="evil_plugin.evil:" + name) for name in ("nan", "deep")],
        *[verb(name, "be evil", run="evil_plugin.evil:" + name, answers=says, touches=["ProcessSpawn(sleep)"])
          for name in ("leave", "fork", "late")],
    )
"""
FUNCTIONS = r'''"""What the verbs do."""
import os, signal, subprocess, time

def said(app, text):
    app.answer(lambda: {"said": text}, lambda out: None)
    return 0

def fine(args, app):
    return said(app, "fine")

def digits(args, app):
    with app.progress() as step:
        step("a", 10**4300 - 1, 1)
        step("b", 0, 1)
    time.sleep(1)
    return said(app, "digits")

def surrogate(args, app):
    return said(app, "a\ud800b")

def nan(args, app):
    app._link.answer({"ok": False, "data": None, "error": {"message": "m", "x": float("nan")}, "meta": {}})
    return 0

def deep(args, app):
    held = "[" * 9994 + "]" * 9994
    app._link._say(1, ('{"ok":false,"data":null,"error":{"message":"m","x":%s},"meta":{}}' % held).encode())
    return 0

def leave(args, app):
    subprocess.Popen(["sleep", "100"])
    os._exit(3)

def fork(args, app):
    if os.fork() == 0:
        try:
            os.setsid()
        except OSError:
            pass
        time.sleep(100)
    os._exit(3)

def late(args, app):
    ends = os._exit
    def slowly(code):
        time.sleep(3)
        ends(code)
    os._exit = slowly
    return said(app, "late")

def deaf(args, app):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open("notes/asleep", "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)

def trace(args, app):
    return said(app, os.environ.get("TRACEPARENT", "") + " " + os.environ.get("TRACESTATE", ""))
'''
RINGS = pytest.mark.parametrize("ring", ["L", "T"])


class Raw(Server):
    """A server in a ring, whose lines a thread reads: an answer that does not come is a failure, and no hang."""

    def __init__(self, project: Path, site: Path, ring: str, more: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*DRIVEN, "mcp", "serve", "--ring", ring], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project,
            env=environment(site) | (more or {}),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # who runs us may ignore it
        )  # fmt: skip
        self.count = 0
        self.lines: list[bytes] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    def answer(self, number: int, seconds: float = 30) -> dict[str, Any]:
        """The answer to a request; it fails where none comes in time."""

        def found() -> dict[str, Any] | None:
            return next((one for line in self.lines if (one := strict(line)).get("id") == number), None)

        with self._changed:
            answer = self._changed.wait_for(found, seconds)
        assert answer is not None, f"request {number} was not answered in {seconds} s"
        return answer

    def ask(self, method: str, params: dict[str, Any], number: int = 0) -> dict[str, Any]:
        self.count += 1
        self.tell(method, params, number or self.count)
        return self.answer(number or self.count)


def strict(line: bytes) -> dict[str, Any]:
    """A message as strict parsers read it: no NaN, no half of a surrogate pair."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    message: dict[str, Any] = json.loads(line, parse_constant=refuse)
    json.dumps(message, ensure_ascii=False).encode()
    return message


@pytest.fixture
def start(project: Path, site: Path) -> Callable[..., Any]:
    install(site, "evil-plugin", body=VERBS)
    (site / "evil_plugin/evil.py").write_text(FUNCTIONS, encoding="utf-8")

    @contextmanager
    def started(ring: str, more: dict[str, str] | None = None) -> Iterator[Raw]:
        server = Raw(project, site, ring, more)
        try:
            yield server
        finally:
            server.process.kill()
            server.process.wait(10)

    return started


@RINGS
def test_a_step_of_too_many_digits_ends_neither_the_server_nor_another_call(start: Any, ring: str) -> None:
    with start(ring) as server:
        for number in (101, 102):
            server.tell("tools/call", {"name": "evil_digits", "arguments": {}, "_meta": {"progressToken": 1}}, number)
            time.sleep(0.8)
            for _ in range(6):
                server.ask("ping", {})
                time.sleep(0.1)
            server.answer(number)


@RINGS
@pytest.mark.parametrize("name", ["surrogate", "nan", "deep"])
def test_every_answer_is_json_for_a_strict_client(start: Any, ring: str, name: str) -> None:
    with start(ring) as server:
        server.call(f"evil_{name}", {})
        server.ask("ping", {})


@RINGS
def test_a_file_name_that_is_no_text_does_not_silence_the_tools(start: Any, ring: str, project: Path) -> None:
    with open(os.fsencode(project) + b"/.driven/rules/b\xffd.md", "w") as file:
        file.write("# Rule\n\nText.\n")
    with start(ring) as server:
        for name in ("status", "validate", "doctor"):
            server.call(name, {})


@RINGS
@pytest.mark.parametrize("name", ["leave", "fork"])
def test_what_a_dead_call_left_behind_keeps_nobody_waiting(start: Any, ring: str, name: str) -> None:
    with start(ring) as server:
        for number in range(201, 206):  # more than run at once
            server.tell("tools/call", {"name": f"evil_{name}", "arguments": {}}, number)
        for number in range(201, 206):
            assert server.answer(number)["result"]["isError"]
        assert server.call("evil_fine", {})["structuredContent"] == {"said": "fine"}


@RINGS
def test_an_answer_that_has_come_to_its_end_counts_however_the_process_ends(start: Any, ring: str) -> None:
    with start(ring) as server:
        assert server.call("evil_late", {}).get("structuredContent") == {"said": "late"}


@RINGS
@pytest.mark.parametrize("how", ["close", "SIGTERM", "SIGINT", "SIGKILL"])
def test_no_call_outlives_the_server(start: Any, ring: str, how: str, project: Path) -> None:
    place = project / "notes/asleep"
    with start(ring) as server:
        server.tell("tools/call", {"name": "evil_deaf", "arguments": {}}, 9)
        until = time.monotonic() + 30
        while not (place.exists() and place.read_text()):
            assert time.monotonic() < until
            time.sleep(0.05)
        call = int(place.read_text())
        if how == "close":
            assert server.process.stdin
            server.process.stdin.close()
        else:
            server.process.send_signal(getattr(signal, how))
        server.process.wait(20)
        try:
            until = time.monotonic() + 8
            while is_alive(call):
                assert time.monotonic() < until, "the call goes on without a server"
                time.sleep(0.1)
        finally:
            if is_alive(call):
                os.kill(call, signal.SIGKILL)


def is_alive(number: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False


@RINGS
def test_the_state_of_another_trace_is_not_joined_to_a_clients(start: Any, ring: str) -> None:
    around = {"TRACEPARENT": f"00-{'a' * 32}-{'b' * 16}-01", "TRACESTATE": "server=1"}
    with start(ring, around) as server:
        asked = {"name": "evil_trace", "arguments": {}, "_meta": {"traceparent": TRACE}}
        said = server.ask("tools/call", asked)["result"]["structuredContent"]["said"]
    assert said == f"{TRACE} "


@pytest.mark.parametrize("how", ["reads nothing", "closes its ears", "closes both"])
def test_a_client_that_does_not_listen_keeps_no_server(project: Path, how: str) -> None:
    server = subprocess.Popen(
        [*DRIVEN, "mcp", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project, env=environment(None)
    )
    assert server.stdin and server.stdout
    try:
        ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {}}).encode() + b"\n"
        if how == "reads nothing":
            with pytest.raises(BrokenPipeError):
                for _ in range(100_000):
                    server.stdin.write(ping)
                    server.stdin.flush()
        else:
            server.stdin.write(ping)
            server.stdin.flush()
            assert json.loads(server.stdout.readline())["result"] == {}
            server.stdout.close()
            if how == "closes both":
                server.stdin.close()
        assert server.wait(20) == 0
    finally:
        server.kill()
        server.wait(10)
        for stream in (server.stdin, server.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                continue


def test_an_answer_comes_through_a_flood_of_hints() -> None:
    """A client that reads slower than hints come: the answer waits for those before it, not for those behind."""
    reading, writing = os.pipe()
    wire = Wire(0, writing)
    over = threading.Event()

    def flood() -> None:
        while not over.is_set():
            wire.hint("notifications/progress", {"progressToken": 1, "progress": 1, "message": "x" * 100})
            time.sleep(0.0001)

    def drain() -> None:
        while os.read(reading, 4096):
            time.sleep(0.02)

    threads = [threading.Thread(target=one, daemon=True) for one in (flood, drain)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    answering = threading.Thread(target=wire.answer, args=(1, {}), daemon=True)
    answering.start()
    answering.join(10)
    came = not answering.is_alive()
    over.set()
    answering.join(20)
    os.close(writing)
    assert came


def test_a_folder_that_two_calls_need_stays_until_both_have_ended(tmp_path: Path) -> None:
    manifest = CapabilityManifest.of({"FileWrite": [".driven/state"]})
    first, second = folders(str(tmp_path), manifest), folders(str(tmp_path), manifest)
    first.__enter__()
    second.__enter__()
    first.__exit__()
    assert (tmp_path / ".driven/state").is_dir()
    second.__exit__()
    assert not (tmp_path / ".driven").exists()
