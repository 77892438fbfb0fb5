"""Messages of JSON-RPC 2.0, one a line, on two file descriptors: bounds on what is read, one writer at a time."""

from __future__ import annotations

import json
import os
import threading

from driven.core.ring_queue import RingQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_LINE = 4 << 20  # bytes of one message from the client
MAX_DEPTH = 64
WAITING = 256  # hints that wait for a client which does not read
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
        self._lock = threading.Lock()
        self._hints = RingQueue(WAITING)
        self._hinted = threading.Event()
        self._teller: threading.Thread | None = None
        self.is_broken = False  # whether nobody reads any more

    def messages(self) -> Iterator[dict[str, Any] | Wrong]:
        """Each message until the end of input; a `Wrong` for a line that is none."""
        for line in self._lines():
            if isinstance(line, Wrong):
                yield line
            elif line.strip():
                yield parse(line)

    def _lines(self) -> Iterator[bytes | Wrong]:
        kept: list[bytes] = []
        size = 0
        while True:
            try:
                data = os.read(self._source, 1 << 16)
            except OSError:
                return
            if not data:
                return
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

    def send(self, message: dict[str, Any]) -> None:
        """Write one message, behind the hints that wait. Nothing where nobody reads any more."""
        with self._lock:
            self._tell()
            self._write(message)

    def hint(self, method: str, params: dict[str, Any]) -> None:
        """Tell the client what it can do without. Never waits: what a client that does not read would have to be told
        is dropped, counted, and their number told as soon as it reads."""
        if self._hints.put({"method": method, "params": params}):
            if self._teller is None:
                self._teller = threading.Thread(target=self._tell_on, daemon=True)
                self._teller.start()
            self._hinted.set()

    def _tell_on(self) -> None:
        while not self.is_broken:
            self._hinted.wait()
            self._hinted.clear()
            with self._lock:
                self._tell()

    def _tell(self) -> None:
        """Write the hints that wait; the lock is held."""
        while (hint := self._hints.get()) is not None:
            self._write(hint)  # type: ignore[arg-type]
        lost = self._hints.report()
        if lost:
            data = f"{lost} notices were left out: they were not read fast enough"
            self._write(
                {"method": "notifications/message", "params": {"level": "warning", "logger": "driven", "data": data}}
            )

    def _write(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode() + b"\n"
        while data and not self.is_broken:
            try:
                data = data[os.write(self._sink, data) :]
            except BlockingIOError:
                os.set_blocking(self._sink, True)
            except OSError:
                self.is_broken = True

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
