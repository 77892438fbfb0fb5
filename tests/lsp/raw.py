"""A client that hides nothing: bytes in, bytes out, and JSON where it is wanted. It can send what no library would."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

PROBE = (sys.executable, str(Path(__file__).with_name("probe_server.py")))
LIMIT = 30.0
"""Seconds that a test waits for what must come; machines are slow and busy."""


def framed(message: Any) -> bytes:
    """A message with its header; bytes are the body as it stands."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Client:
    """Starts a server and talks to it. All that comes back is in `seen`, in order."""

    def __init__(
        self, command: Sequence[str] = PROBE, *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
        self.seen: list[Any] = []
        self.errors: list[str] = []
        self.number = 0
        self._came: queue.Queue[Any] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._log, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        length = -1
        while line := stream.readline():
            if line.strip():
                name, _, value = line.partition(b":")
                assert name.lower() in (b"content-length", b"content-type"), f"no header: {line!r}"
                if name.lower() == b"content-length":
                    length = int(value)
                continue
            self._came.put(json.loads(stream.read(length)))
        self._came.put(None)

    def _log(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        for line in stream:
            self.errors.append(line.decode("utf-8", "replace"))

    @property
    def log(self) -> str:
        return "".join(self.errors)

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Any) -> None:
        self.write(framed(message))

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": {} if params is None else params})

    def ask(self, method: str, params: Any = None) -> int:
        """Send a request and wait for nothing; its id."""
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return self.number

    def next(self, limit: float = LIMIT) -> Any:
        """The next message; None when the server has closed its side. `queue.Empty` after `limit` seconds."""
        message = self._came.get(timeout=limit)
        if message is not None:
            self.seen.append(message)
        return message

    def until(self, wanted: Callable[[Any], bool], limit: float = LIMIT) -> Any:
        """The first message from now on that is `wanted`."""
        end = time.monotonic() + limit
        while True:
            message = self.next(max(end - time.monotonic(), 0.01))
            assert message is not None, f"the server ended: {self.log}"
            if wanted(message):
                return message

    def answer(self, number: Any, limit: float = LIMIT) -> Any:
        return self.until(lambda message: message.get("id") == number and "method" not in message, limit)

    def call(self, method: str, params: Any = None, limit: float = LIMIT) -> Any:
        """Ask and wait: the whole answer."""
        return self.answer(self.ask(method, params), limit)

    def command(self, name: str, *arguments: Any, limit: float = LIMIT) -> Any:
        answer = self.call("workspace/executeCommand", {"command": name, "arguments": list(arguments)}, limit)
        assert "result" in answer, answer
        return answer["result"]

    def initialize(self, **params: Any) -> Any:
        answer = self.call("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": {}, **params})
        assert "result" in answer, answer
        self.notify("initialized")
        return answer["result"]

    def open(self, uri: str, text: str, version: int = 1) -> None:
        item = {"uri": uri, "languageId": "markdown", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, changes: list[Any], version: int = 2) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def wait(self, limit: float = LIMIT) -> int:
        """Wait until the server has ended; its exit code."""
        code = self.process.wait(limit)
        for thread in self._threads:
            thread.join(limit)
        return code

    def quit(self) -> int:
        """End the session as the protocol says."""
        answer = self.call("shutdown")
        assert "result" in answer, answer
        self.notify("exit")
        return self.wait()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
