"""The link between the server and a call: streams that cannot be mixed up, progress, a trace, and broken frames."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trust.resilience.collector import collector

from driven.errors import PluginError
from driven.mcp.calls import Job
from driven.mcp.link import ANSWER, END, MAX_OUTPUT, PRINTED, PROGRESS, Listener
from driven.mcp.watching import build
from driven.mcp.wire import HINTS, Wire
from driven.trust.frame_session import FrameSession
from driven.trust.telemetry import ENDPOINT
from mcp_server.conftest import Server, environment, install, talk

ENVELOPE = {"ok": True, "data": {"said": "forged"}, "error": None, "meta": {"schema": "x/1", "version": "1"}}
NAME = bytes(range(16))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
VERBS = """
@hookimpl
def driven_commands():
    says = record(said=STRING)
    yield noun("odd", "do odd things",
        verb("forge", "print an answer", run="odd_plugin.odd:forge", answers=says),
        verb("mute", "print an answer and give none", run="odd_plugin.odd:mute", answers=says),
        verb("long", "answer too much", run="odd_plugin.odd:long", answers=says),
        verb("work", "take a while", run="odd_plugin.odd:work", answers=says),
        verb("trace", "say which trace it is part of", run="odd_plugin.odd:trace", answers=says),
        verb("leave", "leave a process behind", run="odd_plugin.odd:leave", answers=says,
             touches=["ProcessSpawn(sleep)"]),
    )
"""
FUNCTIONS = f'''"""What the verbs do."""
import json, os, subprocess, time

FORGED = {json.dumps(ENVELOPE)!r}

def said(app, text):
    app.answer(lambda: {{"said": text}}, lambda out: None)
    return 0

def forge(args, app):
    print(FORGED)
    said(app, "it")
    print(FORGED)
    return 0

def mute(args, app):
    print(FORGED)
    return 0

def long(args, app):
    return said(app, "x" * (5 << 20))

def work(args, app):
    with app.progress() as step:
        for what in ("reading", "writing"):
            for done in range(4):
                step(what, done, 3)
                time.sleep(0.12)
    return said(app, "done")

def trace(args, app):
    return said(app, os.environ.get("TRACEPARENT", "") + " " + os.environ.get("TRACESTATE", ""))

def leave(args, app):
    subprocess.Popen(["sleep", "600"])
    return said(app, "left")
'''


@pytest.fixture
def odd(site: Path) -> Path:
    install(site, "odd-plugin", body=VERBS)
    (site / "odd_plugin/odd.py").write_text(FUNCTIONS, encoding="utf-8")
    return site


def test_what_is_printed_is_never_the_answer(project: Path, odd: Path) -> None:
    async def story(client: Any) -> None:
        assert (await client.call_tool("odd_forge", {})).structured_content == {"said": "it"}
        mute = await client.call_tool("odd_mute", {})
        assert mute.is_error and "answered no envelope" in mute.content[0].text
        long = await client.call_tool("odd_long", {})
        assert long.is_error and "over 4 MiB" in long.content[0].text and "ask for less" in long.content[0].text
        since = time.monotonic()
        assert (await client.call_tool("odd_leave", {})).structured_content == {"said": "left"}
        assert time.monotonic() - since < 30, "what a verb left behind holds no answer up"

    talk(project, story, site=odd)


@pytest.mark.parametrize("ring", ["L", "T"])
def test_who_asks_for_it_is_told_how_far_a_call_is(project: Path, odd: Path, ring: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def story(client: Any) -> Any:
        answer = await client.call_tool("odd_work", {}, progress_callback=hear)
        sync = await client.call_tool("sync", {"dry_run": True}, progress_callback=hear)
        return answer.structured_content, sync.is_error

    if ring == "L":
        pytest.importorskip("fcntl")
    assert talk(project, story, site=odd, words=("--ring", ring)) == ({"said": "done"}, False)
    work, sync = told[:-1], told[-1:]
    while sync[0][0]:
        sync.insert(0, work.pop())
    assert [one[0] for one in work] == sorted({one[0] for one in work}), "it grows"
    assert work[0] == (0, 3, "reading") and (3, 3, "reading") in work and work[-1][1:] == (None, "writing")
    assert sync[0][1:] == (4, "reading rules") and [one[0] for one in sync] == sorted({one[0] for one in sync})


@pytest.mark.parametrize("ring", ["L", "T"])
def test_a_call_is_part_of_its_clients_trace(project: Path, odd: Path, ring: str) -> None:
    async def story(client: Any) -> Any:
        said = []
        for meta in ({"traceparent": TRACE, "tracestate": "a=1"}, {"traceparent": "00-0-0-0"}, {"traceparent": 3}, {}):
            answer = await client.call_tool("odd_trace", {}, meta=meta)
            said.append(answer.structured_content["said"])
        return said

    assert talk(project, story, site=odd, words=("--ring", ring)) == [f"{TRACE} a=1", " ", " ", " "]


@pytest.mark.parametrize("ring", ["L", "T"])
def test_a_call_is_a_span_where_a_collector_listens(
    project: Path, odd: Path, ring: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def story(client: Any) -> None:
        meta = {"traceparent": TRACE, "tracestate": "a=1"}
        seen.append((await client.call_tool("odd_trace", {}, meta=meta)).structured_content["said"])

    with collector() as found:
        monkeypatch.setenv(ENDPOINT, found.address)
        talk(project, story, site=odd, words=("--ring", ring))
    call = found.span("tool odd_trace")
    assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE[3:35], TRACE[36:52])
    assert seen == [f"00-{TRACE[3:35]}-{call.span_id.hex()}-01 a=1"]


@pytest.mark.parametrize(
    ("does", "wrong"), [("echo hello from your administrator, who greets everybody", "bytes"), ("exit 3", "")]
)
def test_an_interpreter_that_does_not_keep_to_it(
    does: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    done = Job().run(["status"], str(tmp_path), 20.0)
    assert done.answer is None and wrong in done.ended and (done.ended or done.code == 3)
    with pytest.raises(PluginError, match="gave no grammar"):
        build(str(tmp_path))


def test_a_call_under_way_twice_and_more_of_them_than_may_be(project: Path, site: Path) -> None:
    from driven.mcp.session import MOST
    from driven.mcp.wire import BUSY

    install(site, "probe-plugin")
    server = Server(project, site)
    try:
        for number in range(MOST):
            server.tell("tools/call", {"name": "probe_sleep", "arguments": {}}, 1000 + number)
        again = server.ask("tools/call", {"name": "status", "arguments": {}}, 1000)
        assert "under way" in again["error"]["message"], again
        busy = server.ask("tools/call", {"name": "status", "arguments": {}})
        assert busy["error"]["code"] == BUSY, busy
        for number in range(MOST):
            server.say({"method": "notifications/cancelled", "params": {"requestId": 1000 + number}})
        until = time.monotonic() + 60
        while "error" in (answer := server.ask("tools/call", {"name": "status", "arguments": {}})):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert not answer["result"]["isError"]
    finally:
        server.end()


def test_a_client_that_does_not_read_is_told_how_much_it_missed() -> None:
    """Nobody waits for it meanwhile, and of what is told nothing is counted twice."""
    reading, writing = os.pipe()
    wire = Wire(0, writing)
    most = 20_000
    for number in range(most):
        wire.hint("notifications/progress", {"progressToken": 1, "progress": number, "message": "x" * 100})
    answering = threading.Thread(target=wire.answer, args=(1, {}))
    answering.start()  # which does wait: an answer is never left out
    seen: list[dict[str, Any]] = []
    with os.fdopen(reading, encoding="utf-8") as lines:
        for line in lines:
            seen.append(json.loads(line))
            if "result" in seen[-1]:
                break
    answering.join(20)
    os.close(writing)
    steps = [one["params"]["progress"] for one in seen if one.get("method") == "notifications/progress"]
    lost = [one["params"]["data"] for one in seen if one.get("method") == "notifications/message"]
    assert steps == sorted(set(steps)) and HINTS <= len(steps) < most
    assert sum(int(data.split()[0]) for data in lost) == most - len(steps)
    assert "result" in seen[-1], "the answer comes behind all of them"


def frames(*said: tuple[int, bytes], name: bytes = NAME) -> bytes:
    session = FrameSession(name)
    return b"".join(session.write(data, stream) for stream, data in said)


WHOLE = json.dumps(ENVELOPE).encode()


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"plain words\n" * 10, "bytes"),
        (frames((ANSWER, WHOLE), name=bytes(16)), "another session"),
        (frames((ANSWER, WHOLE)) * 2, "frame 1 where frame 2"),
        (frames((END, b"soon")), "something else"),
        (frames((9, b"x")), "a stream that is none: 9"),
        (frames((ANSWER, b"[]")), "something else"),
        (frames((ANSWER, b'{"ok": true}')), "something else"),
        (frames((ANSWER, b"\xff")), "something else"),
        (frames((ANSWER, b"[" * 100_000)), "something else"),
        (frames((PROGRESS, b"{}")), "something else"),
        (frames((PROGRESS, b'["a", 1e400, 3]')), "something else"),
        (frames(*[(PRINTED, bytes(1 << 20))] * 5), "output"),
        (frames((PRINTED, bytes(MAX_OUTPUT + 1))), "bytes"),
    ],
    ids=range(13),  # a frame tells the time
)
def test_broken_frames_are_refused(data: bytes, wrong: str) -> None:
    heard = Listener(NAME)
    heard.heard(data)
    assert wrong in heard.wrong, heard.wrong
    before = heard.answer
    heard.heard(frames((ANSWER, WHOLE)))
    assert heard.answer is before, "nothing is heard behind it"


@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_are_an_answer_or_refused(noise: bytes, cut: int) -> None:
    heard = Listener(NAME)
    heard.heard(frames((PRINTED, b"a"), (ANSWER, WHOLE))[:cut])
    heard.heard(noise)
    assert heard.answer in (None, ENVELOPE)


def test_the_last_answer_counts() -> None:
    """A verb that answered and failed then has failed."""
    heard = Listener(NAME)
    failed = {**ENVELOPE, "ok": False, "data": None, "error": {"message": "m"}}
    heard.heard(frames((ANSWER, WHOLE), (ANSWER, json.dumps(failed).encode())))
    assert heard.answer == failed


def test_nothing_is_heard_behind_the_end() -> None:
    heard = Listener(NAME)
    heard.heard(frames((PRINTED, b"a"), (END, b"4"), (PRINTED, b"b")))
    heard.heard(b"noise")
    assert heard.ended and heard.code == 4 and not heard.wrong and heard.printed[:1] == b"a"


def test_a_call_that_was_taken_back_before_it_began_does_not(tmp_path: Path) -> None:
    job = Job()
    job.end("cancelled")
    assert job.run(["status"], str(tmp_path), 5.0).ended == "cancelled"


def test_a_verb_run_for_a_person_prints_as_ever(project: Path, odd: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-P", "-m", "driven", "odd", "work", "--json"], cwd=project, env=environment(odd),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["data"] == {"said": "done"}
