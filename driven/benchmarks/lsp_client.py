"""A client of a language server that adds next to nothing to what is measured: it writes, and reads what comes back.

One thread: it reads only while it waits. A server that keeps it waiting is killed by a timer, which ends the wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from driven.errors import DrivenError

PATIENCE = 120.0  # seconds that one server is measured for, at most, unless a benchmark says otherwise
CHUNK = 1 << 16

Message = dict[str, Any]


class Client:
    """One server at work. To be closed."""

    def __init__(self, words: Sequence[str], folder: str, env: Mapping[str, str], patience: float = PATIENCE) -> None:
        self.words = list(words)
        self.answer: Message = {}  # what `initialize` was answered
        self._buffer = b""
        self._number = 0
        self._versions: dict[str, int] = {}
        self.process = subprocess.Popen(
            self.words, cwd=folder, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self._timer = threading.Timer(patience, self.process.kill)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    # Messages

    def notify(self, method: str, params: object = None) -> None:
        """Say something."""
        said: Message = {"method": method}
        self._send(said if params is None else {**said, "params": params})

    def ask(self, method: str, params: object = None) -> Any:
        """Ask, and wait for the result. DrivenError when the server refuses."""
        self._number += 1
        number = self._number
        asked: Message = {"id": number, "method": method}
        self._send(asked if params is None else {**asked, "params": params})
        message = self.until(lambda one: one.get("id") == number and "method" not in one)
        if "error" in message:
            raise DrivenError(f"`{self.words[0]}` answers `{method}` with: {message['error'].get('message')}")
        return message.get("result")

    def until(self, wanted: Callable[[Message], object]) -> Message:
        """The first message from now on that is wanted. What the server asks meanwhile is answered."""
        while True:
            message = self._next()
            if "method" in message and "id" in message:
                items = message.get("params", {}).get("items", []) if isinstance(message.get("params"), dict) else []
                self._send({"id": message["id"], "result": [None for _ in items] if items else None})
            elif wanted(message):
                return message

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        data = memoryview(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        try:
            while data:
                data = data[os.write(self._in, data) :]
        except OSError:
            raise self._ended() from None

    def _next(self) -> Message:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._more()
        fields = dict(line.split(b":", 1) for line in self._buffer[:end].lower().split(b"\r\n"))
        size, start = int(fields[b"content-length"]), end + 4
        while len(self._buffer) < start + size:
            self._more()
        body, self._buffer = self._buffer[start : start + size], self._buffer[start + size :]
        message = json.loads(body)
        assert isinstance(message, dict)
        return message

    def _more(self) -> None:
        data = os.read(self._out, CHUNK)
        if not data:
            raise self._ended()
        self._buffer += data

    def _ended(self) -> DrivenError:
        return DrivenError(
            f"`{' '.join(self.words)}` ended, or did not answer, while it was measured", hint="run `driven doctor`"
        )

    # The protocol

    def initialize(self, root: str) -> None:
        """Until the server has answered; what it then is told comes with `begin`."""
        uri = Path(root).as_uri()
        document = {"completion": {"completionItem": {"snippetSupport": True}}, "publishDiagnostics": {}}
        self.answer = self.ask("initialize", {
            "processId": os.getpid(), "rootUri": uri, "workspaceFolders": [{"uri": uri, "name": "project"}],
            "capabilities": {"textDocument": document, "workspace": {"configuration": True, "workspaceFolders": True}},
        })  # fmt: skip

    def begin(self, root: str) -> None:
        """Initialize it, and let it begin."""
        self.initialize(root)
        self.notify("initialized", {})

    @property
    def version(self) -> str:
        """What the server says of itself, "" when it does not."""
        return str((self.answer.get("serverInfo") or {}).get("version") or "")

    def open(self, path: str, language: str, text: str) -> str:
        """Open a document; its URI."""
        uri = Path(path).as_uri()
        self._versions[uri] = 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def edit(self, uri: str, line: int, column: int, text: str, until: tuple[int, int] | None = None) -> int:
        """Insert a text, or put it in place of what stands there `until` (line, column); the new version."""
        self._versions[uri] += 1
        end_line, end_column = until or (line, column)
        where = {
            "start": {"line": line, "character": column}, "end": {"line": end_line, "character": end_column},
        }  # fmt: skip
        document = {"uri": uri, "version": self._versions[uri]}
        changes = [{"range": where, "text": text}]
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        return self._versions[uri]

    def save(self, uri: str) -> None:
        """Say that a document was saved."""
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def at(self, method: str, uri: str, line: int, column: int) -> Any:
        """Ask about a place."""
        place = {"line": line, "character": column}
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": place})

    def told(self, uri: str, wanted: Callable[[list[Message]], bool], version: int = 0) -> list[Message]:
        """The next findings of a document that are wanted; none that say they are of an older version."""

        def fits(message: Message) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics":
                return False
            params = message["params"]
            if params["uri"] != uri or (params.get("version") or version) < version:
                return False
            return wanted(params["diagnostics"])

        found: list[Message] = self.until(fits)["params"]["diagnostics"]
        return found

    def cpu(self) -> float:
        """Seconds of CPU that the server has used; Linux."""
        return time.clock_gettime((~self.process.pid << 3) | 2)  # its CPU clock, in Linux's numbering

    def memory(self) -> int:
        """Bytes that are resident; Linux."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def wait(self) -> int:
        """Wait until the server has ended; its exit code."""
        return self.process.wait()

    def close_input(self) -> None:
        """Close the server's stdin."""
        assert self.process.stdin is not None
        self.process.stdin.close()
