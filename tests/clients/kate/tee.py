"""Stands in PATH as `driven`: starts the real one, and writes what editor and server say to each other to a file.

`TEE_LOG` names the file, `TEE_COMMAND` (JSON) the command. A line is one message: `{"from": "editor" or
"server", "message": {…}}`. The editor's process keeps its pipes: what passes here passes unchanged.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import IO

LOCK = threading.Lock()


class Reader:
    """Cuts a stream of the protocol into messages."""

    def __init__(self, who: str, log: IO[str]) -> None:
        self.who, self.log, self.rest = who, log, b""

    def feed(self, data: bytes) -> None:
        """Write each message that is complete."""
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            header = self.rest[:end].decode("ascii", "replace").lower()
            size = next(int(line.split(":")[1]) for line in header.split("\r\n") if line.startswith("content-length"))
            if len(self.rest) < end + 4 + size:
                return
            body, self.rest = self.rest[end + 4 : end + 4 + size], self.rest[end + 4 + size :]
            with LOCK:
                self.log.write(json.dumps({"from": self.who, "message": json.loads(body)}) + "\n")
                self.log.flush()


def pump(source: int, target: int, reader: Reader) -> None:
    """Pass on what comes, as it comes."""
    while data := os.read(source, 65536):
        reader.feed(data)
        try:
            while data:
                data = data[os.write(target, data) :]
        except BrokenPipeError:
            break
    os.close(target)


def main() -> int:
    """The server's own exit code."""
    command = json.loads(os.environ["TEE_COMMAND"]) + sys.argv[1:]
    with open(os.environ["TEE_LOG"], "a", encoding="utf-8") as log:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        assert server.stdin is not None and server.stdout is not None
        to_server = threading.Thread(
            target=pump, args=(0, os.dup(server.stdin.fileno()), Reader("editor", log)), daemon=True
        )
        server.stdin.close()
        to_server.start()
        pump(server.stdout.fileno(), 1, Reader("server", log))
        code = server.wait()
        with LOCK:
            log.write(json.dumps({"from": "server", "exit": code}) + "\n")
            log.flush()
    return code


if __name__ == "__main__":
    code = main()
    sys.stdout = None  # its descriptor is closed
    os._exit(code if code >= 0 else 1)
