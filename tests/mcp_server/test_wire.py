"""Raw bytes at the server: hostile lines, the order of a session, nothing but messages on stdout."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.mcp.wire import MAX_LINE, Wire, Wrong, parse
from mcp_server.conftest import DRIVEN, environment

START = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


def exchange(project: Path, *lines: bytes) -> list[dict[str, Any]]:
    """What the server answers to lines, after which its input ends."""
    done = subprocess.run(
        [*DRIVEN, "mcp", "serve"], input=b"\n".join([*lines, b""]), cwd=project, env=environment(None),
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask(method: str, params: dict[str, Any] | None = None, identity: Any = 1) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": params or {}}).encode()


def test_the_order_of_a_session(project: Path) -> None:
    said = exchange(
        project,
        ask("tools/list", identity=1),
        ask("ping", identity="p"),
        ask("initialize", {**START, "protocolVersion": "1999-01-01"}, 2),
        ask("initialize", START, 3),
        b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        ask("tools/list", {"cursor": "x"}, 4),
        ask("server/discover", identity=5),
        ask("tools/call", {"name": 3}, 6),
        ask("logging/setLevel", {"level": "info"}, 7),
    )
    by_id = {message["id"]: message for message in said}
    assert by_id[1]["error"]["code"] == -32600 and by_id["p"]["result"] == {}
    assert by_id[2]["result"]["protocolVersion"] == "2025-11-25", "an unknown version is answered with the newest"
    assert by_id[2]["result"]["capabilities"]["tools"] == {"listChanged": True}
    assert [by_id[i].get("error", {}).get("code") for i in (3, 4, 5, 6, 7)] == [-32600, -32602, -32601, -32602, None]


def test_hostile_lines_are_answered_and_the_session_lives(project: Path) -> None:
    said = exchange(
        project,
        b"no json", b"[]", b"3", b'"text"', b"\xff\xfe", b"[" * 100_000,
        b'{"jsonrpc": "2.0", "id": null, "method": "x"}',
        b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', b'{"jsonrpc": "2.0", "id": 9}',
        b'{"jsonrpc": "2.0", "id": "driven-1", "result": {}}', b"x" * (MAX_LINE + 10),
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": [1]}}',
        ask("ping", {"a": {"b": json.loads("[" * 70 + "]" * 70)}}, 10), b"", b"  ", ask("ping", identity=11),
    )  # fmt: skip
    codes = [message["error"]["code"] for message in said if "error" in message]
    assert codes == [-32700, -32600, -32600, -32600, -32700, -32700, -32600, -32600, -32600, -32700, -32600]
    assert said[-1] == {"jsonrpc": "2.0", "id": 11, "result": {}}


@settings(max_examples=60)
@given(st.binary(max_size=400) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]), inner, max_size=6),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_a_line_is_a_message_or_a_wrong(line: bytes) -> None:
    value = parse(line)
    assert isinstance(value, Wrong | dict)
    if isinstance(value, dict):
        assert value["jsonrpc"] == "2.0" and ("method" in value or "id" in value)


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_lines_come_whole_however_they_are_cut(size: int) -> None:
    source, sink = os.pipe()
    data = ask("ping") * 1 + b"\r\n" + ask("ping", identity=2) + b"\n" + b"cut off"
    for at in range(0, len(data), size):
        os.write(sink, data[at : at + size])
    os.close(sink)
    found = list(Wire(source, 1).messages())
    os.close(source)
    assert [message["id"] for message in found if isinstance(message, dict)] == [1, 2]


def test_questions_that_nobody_answers_keep_no_call_waiting(project: Path) -> None:
    """As many as there are places for calls; taken back, they are gone, and an answer that comes then agrees to
    nothing."""
    process = subprocess.Popen(
        [*DRIVEN, "mcp", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=project, env=environment(None),
    )  # fmt: skip
    assert process.stdin and process.stdout
    kept = process.stdout

    def send(*lines: bytes) -> None:
        assert process.stdin
        process.stdin.write(b"\n".join([*lines, b""]))
        process.stdin.flush()

    def until(count: int, wanted: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < count:
            line = kept.readline()
            assert line, "the server ended"
            found += [one for one in [json.loads(line)] if wanted in (one.get("method"), str(one.get("id")))]
        return found

    calls = [ask("tools/call", {"name": "sync", "arguments": {"force": True}}, number) for number in range(10, 15)]
    send(ask("initialize", {**START, "capabilities": {"elicitation": {}}}, 1), *calls)
    asked = until(5, "elicitation/create")
    send(ask("tools/call", {"name": "status"}, 20))
    assert "result" in until(1, "20")[0]
    gone = [{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": n}} for n in range(10, 15)]
    send(*(json.dumps(one).encode() for one in gone))
    assert {one["params"]["requestId"] for one in until(5, "notifications/cancelled")} == {one["id"] for one in asked}
    yes = {"action": "accept", "content": {"agree": True}}
    send(*(json.dumps({"jsonrpc": "2.0", "id": one["id"], "result": yes}).encode() for one in asked))
    send(ask("tools/call", {"name": "status"}, 21))
    assert "result" in until(1, "21")[0]
    process.stdin.close()
    left = [json.loads(line) for line in kept]
    assert process.wait(20) == 0
    assert not [one for one in left if one.get("id") in range(10, 15)]
    assert not (project / ".cursor/rules").exists()


def test_a_client_that_is_gone_ends_the_server(project: Path) -> None:
    process = subprocess.Popen(
        [*DRIVEN, "mcp", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=project
    )
    assert process.stdin and process.stdout
    process.stdin.write(ask("initialize", START) + b"\n")
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.close()
    for number in range(3):
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(ask("ping", identity=number) + b"\n")
            process.stdin.flush()
        time.sleep(0.2)
    assert process.wait(20) == 0
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
