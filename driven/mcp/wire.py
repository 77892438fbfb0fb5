"""Messages of JSON-RPC 2.0, one a line, on two file descriptors: bounds on what is read and on what waits to be told.

Who has something to say never waits for a client that does not read: one thread writes, from two queues. Hints are left
out when theirs is full, counted, and their number told; answers are never left out: a client that lets too many of them
lie is gone.
"""

from __future__ import annotations

import json
import os
import select
import threading

from driven.core.ring_queue import RingQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_LINE = 4 << 20  # bytes of one message from the client
MAX_DEPTH = 64
HINTS = 256  # that wait for a client which does not read
ANSWERS = 1024  # and what else is to be said to it
MAX_WAITING = 256 << 20  # bytes of all that
_LOOK = 1000  # milliseconds until it is seen that nobody reads
PARSE, REQUEST, METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
BUSY = -32000


class Wrong(Exception):
    """A message that cannot be answered as it was meant: the code and the words of a JSON-RPC error."""

    def __init__(self, code: int, message: str, identity: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.identity = identity  # of the request, None where it cannot be told


class Wire:
    """Reads `source` and writes `sink`, both file descriptors."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._hints = RingQueue(HINTS)
        self._answers = RingQueue(ANSWERS)
        self._lock = threading.Lock()  # of the count of bytes
        self._size = 0
        self._ready = threading.Event()
        self._closing = False
        self.is_broken = False  # whether nobody reads any more
        self._writer = threading.Thread(target=self._write_on, daemon=True)
        self._writer.start()

    def messages(self) -> Iterator[dict[str, Any] | Wrong]:
        """Each message until the end of input, or until nobody reads any more; a `Wrong` for a line that is none."""
        for line in self._lines():
            if isinstance(line, Wrong):
                yield line
            elif line.strip():
                yield parse(line)

    def _lines(self) -> Iterator[bytes | Wrong]:
        kept: list[bytes] = []
        size = 0
        while data := self._read():
            *ends, rest = data.split(b"\n")
            for end in ends:
                size += len(end)
                yield b"".join([*kept, end]) if size <= MAX_LINE else Wrong(PARSE, f"a line of over {MAX_LINE} bytes")
                kept, size = [], 0
            size += len(rest)
            if size <= MAX_LINE:
                kept.append(rest)
            else:
                kept = []  # it is counted on to its end, and not kept

    def _read(self) -> bytes:
        """What comes next; nothing where nothing comes any more, or nobody reads."""
        try:
            while hasattr(select, "poll"):  # without it, a client that is gone is seen when it is written to
                ready = select.poll()
                ready.register(self._source, select.POLLIN)
                ready.register(self._sink, 0)
                found = {number: events for number, events in ready.poll(_LOOK) if events}
                if self.is_broken or found.get(self._sink, 0) & (select.POLLERR | select.POLLNVAL):
                    self.is_broken = True
                    return b""
                if self._source in found:
                    break
            return os.read(self._source, 1 << 16)
        except OSError:
            return b""

    def send(self, message: dict[str, Any]) -> None:
        """Say something, behind the hints that wait. Nothing where nobody reads any more."""
        data = self._line(message)
        with self._lock:
            self._size += len(data)
            is_much = self._size > MAX_WAITING
        if is_much or not self._answers.put(data):
            self.is_broken = True
        self._ready.set()

    def hint(self, method: str, params: dict[str, Any]) -> None:
        """Tell the client what it can do without."""
        if self._hints.put(self._line({"method": method, "params": params})):
            self._ready.set()

    def _line(self, message: dict[str, Any]) -> bytes:
        try:
            text = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        except (ValueError, TypeError, RecursionError):
            if "method" in message:
                return b""
            error = {"code": INTERNAL, "message": "the answer cannot be written as JSON"}
            text = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "error": error}, separators=(",", ":"))
        return text.encode("utf-8", "replace") + b"\n"  # a name of a file may be no text

    def _write_on(self) -> None:
        while not self.is_broken and not (self._closing and not self._answers and not self._hints):
            self._ready.wait()
            self._ready.clear()
            while (self._answers or self._hints) and not self.is_broken:
                said = self._answers.get(b"")  # taken first: the hints before it are in their queue by now
                for hint in self._hints.get_many(HINTS):
                    self._write(hint)  # type: ignore[arg-type]
                lost = self._hints.report()
                if lost:
                    words = f"{lost} notices were left out: they were not read fast enough"
                    told = {"level": "warning", "logger": "driven", "data": words}
                    self._write(self._line({"method": "notifications/message", "params": told}))
                self._write(said)  # type: ignore[arg-type]
                with self._lock:
                    self._size -= len(said)  # type: ignore[arg-type]

    def _write(self, data: bytes) -> None:
        while data and not self.is_broken:
            try:
                data = data[os.write(self._sink, data) :]
            except BlockingIOError:
                os.set_blocking(self._sink, True)
            except OSError:
                self.is_broken = True

    def close(self, seconds: float) -> None:
        """Write what waits, for so long at most."""
        self._closing = True
        self._ready.set()
        self._writer.join(seconds)

    def answer(self, identity: Any, result: dict[str, Any]) -> None:
        """Answer a request."""
        self.send({"id": identity, "result": result})

    def refuse(self, wrong: Wrong) -> None:
        """Answer with an error."""
        self.send({"id": wrong.identity, "error": {"code": wrong.code, "message": wrong.message}})

    def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Tell the client something."""
        self.send({"method": method, **({"params": params} if params is not None else {})})


def parse(line: bytes) -> dict[str, Any] | Wrong:
    """One message: a request, a notification or an answer; a `Wrong` for what is none of these."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Wrong(PARSE, "this is no JSON")
    if not isinstance(value, dict):
        return Wrong(REQUEST, "a message is an object")
    identity = value.get("id")
    known = identity if isinstance(identity, str | int) and not isinstance(identity, bool) else None
    if value.get("jsonrpc") != "2.0" or ("id" in value and known is None):
        return Wrong(REQUEST, 'a message has `"jsonrpc": "2.0"`, and an `id` that is a text or a number', known)
    if "method" not in value:
        is_answer = known is not None and ("result" in value) != ("error" in value)
        return value if is_answer else Wrong(REQUEST, "a message has a `method`, or answers one", known)
    if not isinstance(value["method"], str) or not isinstance(value.get("params", {}), dict):
        return Wrong(REQUEST, "a `method` is a text and `params` an object", known)
    if _depth(value) > MAX_DEPTH:
        return Wrong(REQUEST, f"a message nested deeper than {MAX_DEPTH}", known)
    return value


def _depth(value: Any) -> int:
    deepest, left = 0, [(value, 1)]
    while left:
        one, depth = left.pop()
        if isinstance(one, dict | list):
            deepest = max(deepest, depth)
            if depth > MAX_DEPTH:
                break
            left += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest
