"""The session beneath the language server, in a real process over raw pipes: its life, its answers, and each defect of
pygls 2.1.1 that it stands before. A test whose name ends in `_of_pygls` says that pygls itself still has the defect:
when it fails after an upgrade, what guards against it in `protocol.py` or `streams.py` can go."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp.raw import PROBE, Client, framed
from lsp.reference import sessions

STOCK = (*PROBE, "--stock")
URI = "file:///project/a.md"
CANCELLED, REFUSED, INTERNAL, INVALID, UNKNOWN, PARAMS, PARSE = -32800, -32803, -32603, -32600, -32601, -32602, -32700


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        client.initialize()
        yield client


@pytest.fixture(scope="module")
def lasting() -> Iterator[Client]:
    """One server for many cases, after each of which it must be as it was before; it ends as it should after all."""
    with Client() as client:
        client.initialize()
        yield client
        assert client.quit() == 0


def at(line: int, character: int = 0, uri: str = URI) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def edit(line: int, character: int, text: str) -> dict[str, Any]:
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "text": text}


def alive(client: Client) -> bool:
    return bool(client.command("probe.now") == "now")


def code(answer: Any) -> Any:
    return answer["error"]["code"]


# ---- The life of a session


def test_a_session_from_start_to_end(client: Client) -> None:
    assert alive(client)
    assert client.quit() == 0
    assert "ended: exit" in client.log


def test_exit_without_shutdown_is_an_error(client: Client) -> None:
    client.notify("exit")
    assert client.wait() == 1


def test_exit_before_initialize_is_an_error() -> None:
    with Client() as client:
        client.notify("exit")
        assert client.wait() == 1


def test_exit_without_shutdown_is_no_error_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        client.notify("exit")
        assert client.wait() == 0


def test_a_closed_stdin_ends_it(client: Client) -> None:
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.wait() == 0
    assert "ended: stdin was closed" in client.log


def test_what_was_said_before_stdin_was_closed_is_answered() -> None:
    with Client() as client:
        first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
        client.write(framed(first) + framed({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}))
        client.notify("exit")
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert [client.answer(1)["id"], client.answer(2)["id"]] == [1, 2]
        assert client.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(client: Client, number: signal.Signals) -> None:
    client.process.send_signal(number)
    assert client.wait() == 0
    assert f"ended: {number.name}" in client.log


def test_a_signal_ends_a_server_that_is_busy(client: Client) -> None:
    client.ask("textDocument/typeDefinition", at(60))  # which sleeps in the loop
    client.ask("workspace/executeCommand", {"command": "probe.now"})
    with pytest.raises(queue.Empty):
        client.next(0.3)
    client.process.send_signal(signal.SIGTERM)
    assert client.wait() == 0


def test_sigterm_kills_without_a_word_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        client.process.send_signal(signal.SIGTERM)
        assert client.wait() == -signal.SIGTERM


@pytest.fixture
def editor() -> Iterator[subprocess.Popen[bytes]]:
    """A process that says it is the client; the pipe stays open in this one when it dies."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def test_it_ends_with_its_client(editor: subprocess.Popen[bytes]) -> None:
    with Client() as client:
        client.initialize(processId=editor.pid)
        assert alive(client)
        editor.kill()
        assert client.wait() == 0
        assert "ended: the client is gone" in client.log


def test_it_outlives_its_client_of_pygls(editor: subprocess.Popen[bytes]) -> None:
    with Client(STOCK) as client:
        client.initialize(processId=editor.pid)
        editor.kill()
        with pytest.raises(subprocess.TimeoutExpired):
            client.process.wait(2)


def test_a_client_of_another_machine_is_not_watched(editor: subprocess.Popen[bytes]) -> None:
    editor.kill()
    editor.wait()
    with Client() as client:
        client.initialize(processId=editor.pid)
        time.sleep(0.2)
        assert alive(client)
        assert "it is not watched" in client.log


def test_cleaning_up_cannot_keep_it(client: Client) -> None:
    client.command("probe.end_badly", 60)
    started = time.monotonic()
    client.process.send_signal(signal.SIGTERM)
    assert client.wait() == 0
    assert time.monotonic() - started < 10
    assert "ended" not in client.log


def test_before_initialize(client: Client) -> None:
    with Client() as fresh:
        fresh.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
        assert code(fresh.call("textDocument/hover", at(0))) == -32002
        assert code(fresh.call("shutdown")) == -32002
        fresh.initialize()
        assert alive(fresh)


def test_a_second_initialize_is_refused(client: Client) -> None:
    assert code(client.call("initialize", {"capabilities": {}})) == INVALID
    assert alive(client)


def test_after_shutdown(client: Client) -> None:
    assert client.call("shutdown")["result"] is None
    assert code(client.call("textDocument/hover", at(0))) == INVALID
    assert code(client.call("shutdown")) == INVALID
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    client.notify("exit")
    assert client.wait() == 0


def test_shutdown_answers_what_is_running(client: Client) -> None:
    waiting = [client.ask("textDocument/hover", at(60)) for _ in range(50)]
    client.ask("shutdown")
    answers = {message["id"]: message for message in (client.next() for _ in range(51))}
    assert [code(answers[number]) for number in waiting] == [CANCELLED] * 50
    client.notify("exit")
    assert client.wait() == 0


def test_what_clients_say_wrong_of_themselves_does_not_keep_them_out() -> None:
    with Client() as client:
        result = client.initialize(
            processId="me", trace="loud", rootUri=7, workspaceFolders="here", locale=None, other={"x": 1},
            capabilities={"general": {"positionEncodings": [5, {}, "utf-32", "utf-8"]}, "textDocument": 5, "window": 0},
        )  # fmt: skip
        assert result["capabilities"]["positionEncoding"] == "utf-32"
        assert alive(client)


# ---- Answers


@pytest.mark.parametrize("line", range(6))
def test_a_handler_that_fails_costs_one_answer(client: Client, line: int) -> None:
    answer = client.call("textDocument/definition", at(line))
    if line == 4:  # lsprotocol does not check a range that is missing
        assert "result" in answer
    else:
        assert code(answer) == INTERNAL
        assert "\n" not in answer["error"]["message"]
        assert "data" not in answer["error"]
    assert alive(client)
    assert client.quit() == 0
    assert line == 4 or "Traceback" in client.log


def test_a_handler_cannot_end_the_process(client: Client) -> None:
    assert code(client.call("textDocument/references", {**at(0), "context": {"includeDeclaration": True}})) == INTERNAL
    assert alive(client)


def test_a_notification_that_fails_is_told_to_the_log(client: Client) -> None:
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    told = client.next()
    assert told["method"] == "window/logMessage"
    assert told["params"] == {"type": 1, "message": "textDocument/didSave: ValueError: the save failed"}
    assert alive(client)


def test_what_it_does_not_know(client: Client) -> None:
    assert code(client.call("textDocument/unheardOf", {})) == UNKNOWN
    assert code(client.call("$/unheardOf", {})) == UNKNOWN
    client.notify("textDocument/unheardOf", {})
    client.notify("$/unheardOf", {})
    assert code(client.call("workspace/executeCommand", {"command": "unheard.of"})) == PARAMS
    assert alive(client)
    assert len(client.seen) == 5  # with initialize's


@pytest.mark.parametrize("arguments", [[], [1, 2]])
def test_a_command_with_wrong_arguments(lasting: Client, arguments: list[Any]) -> None:
    answer = lasting.call("workspace/executeCommand", {"command": "probe.text", "arguments": arguments})
    assert code(answer) == PARAMS
    assert "probe.text" in answer["error"]["message"]


@pytest.mark.parametrize(
    "params", [None, [], 5, {}, {"textDocument": {"uri": URI}}, {"textDocument": 1, "position": 2}]
)
def test_parameters_of_the_wrong_shape(lasting: Client, params: Any) -> None:
    answer = lasting.call("textDocument/hover", params)
    assert code(answer) == PARAMS
    assert "textDocument/hover" in answer["error"]["message"]
    assert "\n" not in answer["error"]["message"]
    lasting.notify("textDocument/didOpen", params)
    assert alive(lasting)


def test_own_methods_take_and_give_plain_json(client: Client) -> None:
    params = {"type_name": "x", "jsonrpc": "2.0", "nested": {"jsonrpc": "2.0", "id": 5, "method": "a", "class": None}}
    assert client.call("probe/own", params)["result"] == params


def test_ids_are_told_apart(client: Client) -> None:
    for number in ("1", "x", 2**40, -7, ""):
        client.send({"jsonrpc": "2.0", "id": number, "method": "probe/own", "params": {"id": number}})
        answer = client.next()
        assert (answer["id"], answer["result"]) == (number, {"id": number})
    client.send({"jsonrpc": "2.0", "id": 500, "method": "textDocument/hover", "params": at(60)})
    client.send({"jsonrpc": "2.0", "id": 500, "method": "textDocument/hover", "params": at(0)})
    assert code(client.answer(500)) == INVALID
    client.notify("$/cancelRequest", {"id": "500"})
    client.notify("$/cancelRequest", {"id": 500})
    assert code(client.answer(500)) == CANCELLED


# ---- Defect d: cancelling


def test_a_cancelled_request_is_answered_at_once(client: Client) -> None:
    waiting = [client.ask("textDocument/hover", at(600)) for _ in range(20)]
    assert alive(client)
    for number in waiting:
        client.notify("$/cancelRequest", {"id": number})
    assert [code(client.answer(number)) for number in waiting] == [CANCELLED] * 20
    assert client.command("probe.state")["kept"] == 0


def _slow_then_taken_back(client: Client) -> list[Any]:
    """A handler that holds up the loop, with five others behind it that are cancelled meanwhile."""
    numbers = range(101, 107)
    params = [at(1), *[at(0)] * 5]
    requests = [
        framed({"jsonrpc": "2.0", "id": number, "method": "textDocument/typeDefinition", "params": of})
        for number, of in zip(numbers, params, strict=True)
    ]
    cancel = [
        framed({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}}) for number in numbers[1:]
    ]
    client.write(b"".join([*requests, *cancel]))
    return [client.answer(number) for number in numbers]


def test_what_is_cancelled_while_it_waits_is_never_begun(client: Client) -> None:
    first, *others = _slow_then_taken_back(client)
    assert first["result"] == []
    assert [code(answer) for answer in others] == [CANCELLED] * 5


def test_what_is_cancelled_while_it_waits_is_done_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        assert [answer["result"] for answer in _slow_then_taken_back(client)] == [[]] * 6


def test_cancelling_what_is_not_there(client: Client) -> None:
    wrong: list[Any] = [{"id": 99}, {"id": None}, {"id": True}, {}, None, [], {"id": [1]}]
    for params in wrong:
        client.notify("$/cancelRequest", params)
        client.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": params})
    assert alive(client)


# ---- Defect e: busy threads


def _place_of_now(client: Client) -> int:
    """How many of six jobs of 0.3 s, sent before a command that is done at once, are answered before it."""
    jobs = [client.ask("textDocument/implementation", at(0)) for _ in range(6)]
    now = client.ask("workspace/executeCommand", {"command": "probe.now", "arguments": []})
    order = [client.next()["id"] for _ in range(7)]
    assert sorted(order) == [*jobs, now]
    return order.index(now)


def test_busy_threads_do_not_keep_it_from_reading(client: Client) -> None:
    assert _place_of_now(client) == 0


def test_busy_threads_keep_it_from_reading_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        assert _place_of_now(client) > 2


# ---- Defects a, 607, 608, 621: what is kept


def _edits(client: Client, number: int) -> None:
    for version in range(number):
        client.change(URI, [edit(0, 0, "x") if version % 2 else {"text": "y\n" * 1000}], version)
        if version % 50 == 49:  # else they would wait in a queue, which takes memory for as long
            alive(client)


def test_ten_thousand_edits_leave_nothing_behind(client: Client) -> None:
    client.open(URI, "")
    _edits(client, 1000)
    before = client.command("probe.state")
    _edits(client, 10_000)
    after = client.command("probe.state", limit=120)
    assert after["kept"] < 10  # the last handlers have not ended yet
    assert after["threads"] == before["threads"]
    assert after["memory"] - before["memory"] < 4_000_000
    assert len(client.command("probe.text", URI)["text"]) == 2001


def test_every_edit_leaves_something_behind_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        client.open(URI, "")
        _edits(client, 100)
        assert client.command("probe.state")["kept"] >= 200


def _asked(client: Client) -> Any:
    """A request to the client, answered after the server has given it up."""
    number = client.ask("workspace/executeCommand", {"command": "probe.ask", "arguments": [0.05]})
    request = client.until(lambda message: message.get("method") == "workspace/configuration")
    answer = client.answer(number)
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": [1]})
    return answer


def test_an_answer_that_comes_too_late(client: Client) -> None:
    assert _asked(client)["result"] == {"answer": "none"}
    assert client.command("probe.state")["kept"] == 0
    assert alive(client)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"result": [{"a": 1}]}, {"result": {"answer": [{"a": 1}]}}),
        ({"result": None}, {"result": {"answer": None}}),
        ({}, {"result": {"answer": None}}),
        ({"error": {"code": 5, "message": "no"}}, {"error": {"code": 5, "message": "no"}}),
        ({"error": "no"}, {"error": {"code": INTERNAL, "message": "no"}}),
        ({"error": {}}, {"error": {"code": INTERNAL, "message": "The client refused"}}),
    ],
)
def test_what_a_client_answers(client: Client, said: Any, expected: Any) -> None:
    number = client.ask("workspace/executeCommand", {"command": "probe.ask", "arguments": [30]})
    request = client.until(lambda message: message.get("method") == "workspace/configuration")
    client.send({"jsonrpc": "2.0", "id": request["id"], **said})
    assert client.answer(number) == {"jsonrpc": "2.0", "id": number, **expected}
    assert client.command("probe.state")["kept"] == 0


def _progress(client: Client) -> Any:
    number = client.ask("workspace/executeCommand", {"command": "probe.progress", "arguments": ["t"]})
    request = client.until(lambda message: message.get("method") == "window/workDoneProgress/create")
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": None})
    return client.answer(number)["result"]


def test_progress_that_ended_is_forgotten(client: Client) -> None:
    assert _progress(client) == 0
    client.notify("window/workDoneProgress/cancel", {"token": "t"})
    assert alive(client)


def test_progress_that_ended_is_kept_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        assert _progress(client) == 1


# ---- Defect g: documents


@pytest.fixture(scope="module", params=["utf-8", "utf-16", "utf-32"])
def editing(request: pytest.FixtureRequest) -> Iterator[tuple[str, Client]]:
    with Client() as client:
        result = client.initialize(capabilities={"general": {"positionEncodings": [request.param]}})
        assert result["capabilities"]["positionEncoding"] == request.param
        yield request.param, client


@settings(max_examples=60)
@given(data=st.data())
def test_the_server_has_the_clients_text(editing: tuple[str, Client], data: st.DataObject) -> None:
    encoding, client = editing
    first, notifications = data.draw(sessions(encoding))
    client.open(URI, first)
    for version, (changes, expected) in enumerate(notifications, 2):
        client.change(URI, changes, version)
        assert client.command("probe.text", URI)["text"] == expected
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert client.command("probe.text", URI)["text"] is None


def _edited(client: Client) -> Any:
    client.open(URI, "a\u2028b\nc\n")
    client.change(URI, [edit(1, 0, "X")])
    return client.command("probe.text", URI)["text"]


def test_an_edit_behind_a_line_separator(client: Client) -> None:
    assert _edited(client) == "a\u2028b\nXc\n"


def test_an_edit_behind_a_line_separator_is_misplaced_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        assert _edited(client) == "a\u2028Xb\nc\n"


def test_edits_of_what_is_not_open(client: Client) -> None:
    client.change(URI, [edit(0, 0, "a")])
    assert client.command("probe.text", URI)["text"] is None
    client.change(URI, [{"text": "whole"}])
    assert client.command("probe.text", URI)["text"] == "whole"
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///other"}})
    assert client.command("probe.text", URI)["text"] == "whole"


def test_two_spellings_of_a_uri_are_one_document(client: Client) -> None:
    client.open("file:///c%3A/x%20y.md", "a")
    assert client.command("probe.text", "file:///C:/x y.md")["text"] == "a"


def test_a_giant_document(client: Client) -> None:
    text = "a line with some words\n" * 900_000
    client.open(URI, text)
    client.change(URI, [edit(450_000, 0, "X"), edit(899_999, 2, "Y")])
    lines = client.command("probe.text", URI)["text"].split("\n")
    assert (len(lines), lines[450_000][:3], lines[899_999][:4]) == (900_001, "Xa ", "a Yl")


# ---- Defect j, and other bytes


HEADERS = {
    "lower": b"content-length: %d\r\n\r\n",
    "upper": b"CONTENT-LENGTH: %d\r\n\r\n",
    "no blank": b"Content-Length:%d\r\n\r\n",
    "blanks": b"Content-Length \t:  %d \t\r\n\r\n",
    "bare line ends": b"Content-Length: %d\n\n",
    "other headers": b"X-Other: 1\r\nContent-Length: %d\r\nContent-Type: application/x; charset=utf8\r\n\r\n",
    "twice": b"Content-Length: 3\r\nContent-Length: %d\r\n\r\n",
    "empty lines before": b"\r\n\r\n\nContent-Length: %d\r\n\r\n",
    "a shell's greeting": b"Last login: Sun\nWelcome, \xff\xfe!\n\nContent-Length: %d\r\n\r\n",
    "junk on the line": b"} garbage Content-Length: %d\r\n\r\n",
}


def _with_header(client: Client, header: bytes, number: int) -> None:
    body = (
        b'{"jsonrpc":"2.0","id":%d,"method":"workspace/executeCommand","params":{"command":"probe.now","arguments":[]}}'
    )
    body %= number
    client.write(header % len(body) + body)


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_headers_as_clients_write_them(lasting: Client, header: bytes) -> None:
    _with_header(lasting, header, -70)
    assert lasting.answer(-70)["result"] == "now"
    assert alive(lasting)


def test_a_header_in_lower_case_is_not_seen_of_pygls() -> None:
    with Client(STOCK) as client:
        client.initialize()
        _with_header(client, HEADERS["lower"], 70)
        client.write(b"\n")
        _with_header(client, b"Content-Length: %d\r\n\r\n", 71)
        assert client.answer(71)["result"] == "now"
        assert 70 not in [message.get("id") for message in client.seen]


BROKEN: dict[str, tuple[bytes, int | None]] = {
    "no JSON": (framed(b"{nonsense"), PARSE),
    "half a JSON": (framed(b'{"jsonrpc": "2.0", "id": 5'), PARSE),
    "two JSON": (framed(b"{}{}"), PARSE),
    "no UTF-8": (framed(b'{"jsonrpc":"2.0","method":"\xff"}'), PARSE),
    "UTF-16": (framed('{"jsonrpc":"2.0"}'.encode("utf-16")), PARSE),
    "NUL": (framed(b"\0\0\0"), PARSE),
    "NaN": (framed(b'{"jsonrpc":"2.0","id":NaN,"method":"x"}'), PARSE),
    "Infinity": (framed(b'{"jsonrpc":"2.0","id":1,"method":"x","params":[-Infinity]}'), PARSE),
    "too deep": (framed(b"[" * 200_000), PARSE),
    "a number of 10,000 digits": (framed(b"1" * 10_000), PARSE),
    "nothing": (b"Content-Length: 0\r\n\r\n", None),
    "null": (framed(b"null"), INVALID),
    "a number": (framed(b"5"), INVALID),
    "a string": (framed(b'"hello"'), INVALID),
    "a batch": (framed(b'[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]'), INVALID),
    "an empty batch": (framed(b"[]"), INVALID),
    "an empty object": (framed(b"{}"), INVALID),
    "method a number": (framed(b'{"jsonrpc":"2.0","id":1,"method":5}'), INVALID),
    "method null": (framed(b'{"jsonrpc":"2.0","method":null}'), INVALID),
    "id only": (framed(b'{"jsonrpc":"2.0","id":77}'), INVALID),
    "id null": (framed(b'{"jsonrpc":"2.0","id":null,"method":"shutdown"}'), INVALID),
    "id a list": (framed(b'{"jsonrpc":"2.0","id":[1],"method":"shutdown"}'), INVALID),
    "id a fraction": (framed(b'{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}'), INVALID),
    "id true": (framed(b'{"jsonrpc":"2.0","id":true,"method":"shutdown"}'), INVALID),
    "JSON-RPC 1.0": (framed(b'{"jsonrpc":"1.0","id":1,"method":"shutdown"}'), INVALID),
    "JSON-RPC 1.0, nothing asked": (framed(b'{"jsonrpc":"1.0","method":"x"}'), INVALID),
    "an answer to nothing": (framed(b'{"jsonrpc":"2.0","id":900,"result":null}'), None),
    "an error of nothing": (framed(b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}'), None),
    "a length below zero": (b"Content-Length: -5\r\n\r\n{}", PARSE),
    "no length": (b"Content-Length: \r\n\r\n{}", PARSE),
    "a length in words": (b"Content-Length: twelve\r\n\r\n{}", PARSE),
    "a length that is a lie": (b"Content-Length: 99999999999999\r\n\r\n{}", PARSE),
    "a length of many digits": (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", PARSE),
    "no header": (b"{}\r\n\r\n", None),
    "another header only": (b"Content-Type: text/plain\r\n\r\n{}", None),
    "too short a length": (b'Content-Length: 5\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"x"}', PARSE),
    "a line without end": (b"x" * 1_000_000, None),
    "many lines": (b"x: y\n" * 50_000, None),
    "all bytes": (bytes(range(256)) * 20 + b"\n", None),
}


@pytest.mark.parametrize(("data", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_it_outlives_what_is_broken(lasting: Client, data: bytes, expected: int | None) -> None:
    lasting.write(data)
    if expected is not None:
        assert code(lasting.next()) == expected
    assert alive(lasting)


def test_a_message_that_is_too_long_is_passed_over(client: Client) -> None:
    size = (64 << 20) + 1000
    client.write(b"Content-Length: %d\r\n\r\n" % size + b'"' + b"x" * (size - 2) + b'"')
    assert code(client.next()) == PARSE
    assert alive(client)
    assert client.command("probe.state")["memory"] < 150_000_000


def test_a_message_that_ends_too_early(client: Client) -> None:
    client.write(b'Content-Length: 100\r\n\r\n{"jsonrpc"')
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.wait() == 0


def test_byte_by_byte(client: Client) -> None:
    for byte in framed({"jsonrpc": "2.0", "id": "é😀", "method": "probe/own", "params": {"a": "漢"}}):
        client.write(bytes([byte]))
    assert client.answer("é😀")["result"] == {"a": "漢"}


def test_a_byte_order_mark_is_no_part_of_the_message(client: Client) -> None:
    client.write(framed(b'\xef\xbb\xbf{"jsonrpc":"2.0","id":"bom","method":"probe/own"}'))
    assert client.answer("bom")["result"] is None


def test_nothing_else_writes_to_the_client(client: Client) -> None:
    assert client.command("probe.noise") == {"stdin": ""}
    assert client.quit() == 0
    for text in ("printed to stdout", "written to descriptor 1", "written by a child"):
        assert text in client.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_client_that_does_not_read(number: signal.Signals) -> None:
    """Eight megabytes wait for it, and the server still reads, and still ends."""
    with subprocess.Popen(PROBE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ask = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
        flood = {"command": "probe.flood", "arguments": [8]}
        process.stdin.write(framed(ask))
        process.stdin.write(framed({**ask, "id": 2, "method": "workspace/executeCommand", "params": flood}))
        for _ in range(100):  # more than a pipe holds
            process.stdin.write(framed({"jsonrpc": "2.0", "method": "x", "params": {"text": "x" * 10_000}}))
        process.stdin.flush()
        if number == signal.SIGTERM:
            process.send_signal(number)
            assert process.wait(30) == 0
        else:
            data = b""
            while b'"sent"' not in data[-200:]:
                data += os.read(process.stdout.fileno(), 1 << 20)
            assert data.count(b"probe/flood") == 8
            process.kill()


def test_a_client_that_closes_its_ear() -> None:
    with subprocess.Popen(PROBE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(framed({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}))
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(framed({"jsonrpc": "2.0", "id": 2, "method": "probe/own"}))
        process.stdin.flush()
        assert process.wait(30) == 0
        assert b"ended: the client cannot be written to" in process.stderr.read()


# ---- What it costs


def test_it_starts_in_less_time_than_pygls() -> None:
    """Processor time from the start to an answered command; it is 0.4 of pygls' here."""
    spent = {}
    for command in (STOCK, PROBE):
        seconds = []
        for _ in range(2):
            with Client(command) as client:
                client.initialize(capabilities=RICH)
                seconds.append(client.command("probe.state")["cpu"])
        spent[command] = min(seconds)
    assert spent[PROBE] < spent[STOCK]


RICH = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}, "configuration": True},
    "textDocument": {
        "synchronization": {"didSave": True}, "completion": {"completionItem": {"snippetSupport": True}}, "hover": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}}, "rename": {},
        "publishDiagnostics": {"relatedInformation": True},
    },
}  # fmt: skip


@pytest.mark.parametrize("how", ["shutdown", "SIGTERM", "stdin"])
def test_it_ends_without_delay(client: Client, how: str) -> None:
    """4 ms here; 200 ms are promised after shutdown, 500 ms otherwise."""
    if how == "shutdown":
        client.call("shutdown")
    started = time.monotonic()
    if how == "shutdown":
        client.notify("exit")
    elif how == "SIGTERM":
        client.process.terminate()
    else:
        assert client.process.stdin is not None
        client.process.stdin.close()
    client.process.wait(30)
    assert time.monotonic() - started < 2
