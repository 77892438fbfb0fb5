"""Real servers to ask: `driven serve` and `nats-server` as processes of the tests' own, packs signed by ssh-keygen."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from trust.packs import making

from driven.cli.app import main
from driven.serving.packaging import Built, build

DRIVEN = [sys.executable, "-P", "-m", "driven"]
WAIT = 30.0  # seconds: a guard against hanging, never a figure


def built(folder: Path, key: Path, version: str = "1.0.0", more: str = "") -> Built:
    """A bundle of `acme-errors`, signed by ssh-keygen."""
    making.pack(folder, version)
    if more:
        (folder / "rules/more.md").write_text(more)
    making.sign(folder, key)
    return build(os.fspath(folder))


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Server:
    """`driven serve` in a process."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    headers: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own. A header `if_none_match=…` is `If-None-Match`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
            connection.request(method, path, body=body, headers=given)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def put(self, made: Built, **headers: str) -> Answer:
        """Publish a bundle."""
        one = made.version
        return self.ask(f"/packs/{one.name}/{one.version}", "PUT", made.data, **headers)

    def raw(self, data: bytes, *, until: bytes = b"", patience: float = WAIT) -> bytes:
        """What the server says to these bytes, until it hangs up, or has said `until`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
            heard = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while (part := connection.recv(1 << 16)) and not (until and until in heard + part):
                    heard += part
                heard += part
            return heard

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(how)
        return self.process.wait(WAIT)

    def kill(self) -> None:
        """As a machine does that loses its power."""
        self.process.kill()
        self.process.wait(WAIT)

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")


def environment(**more: str) -> dict[str, str]:
    """Of somebody without keys and tokens."""
    dropped = ("PYTHONPATH", "SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY", "DRIVEN_TOKEN")
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **more}


@contextlib.contextmanager
def serving(folder: Path, *words: str, port: int = 0, token: str = "") -> Iterator[Server]:
    """A server, in `folder`; it is ended, and has not said a traceback."""
    log = folder / f"serve-{time.monotonic_ns()}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*DRIVEN, "serve", "--json", "--verbose", "--port", str(port), *words],
            cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, log.read_text()
        told = json.loads(line)
        assert "url" in told, told
        yield Server(process, told["url"], log, {"Authorization": f"Bearer {token}"} if token else {}, told)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()
    said = log.read_text(errors="replace")
    assert "Traceback" not in said and "fault of ours" not in said, said


@contextlib.contextmanager
def process_of(words: Sequence[str], folder: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that says something on stdout, for as long as it lasts; a test that fails does not wait for its end."""
    with subprocess.Popen(words, cwd=folder, env=environment(), stdout=subprocess.PIPE, **more) as process:
        try:
            yield process
        finally:
            process.kill()


def token_of(folder: Path, name: str, *, publish: bool = False) -> str:
    """A new token in `tokens.txt` there."""
    words = [*DRIVEN, "token", "add", name, "--tokens", "tokens.txt", "--quiet", *(["--publish"] * publish)]
    done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def driven(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One command, in a process."""
    return subprocess.run(
        [*DRIVEN, *words], cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=120, check=False
    )


def within(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which takes a tenth of the time."""
    out, errors, here = io.StringIO(), io.StringIO(), Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            code = main(words)
    finally:
        os.chdir(here)
    return subprocess.CompletedProcess(words, code, out.getvalue(), errors.getvalue())


def need(program: str) -> str:
    """The path of a program. Without it the test is skipped, which CI does not let pass."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def curl(*words: str) -> str:
    """What curl says, headers first."""
    done = subprocess.run([need("curl"), "-sS", "-i", "--max-time", "30", *words], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Nats:
    """A nats-server with JetStream, of the test's own, on loopback."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._words = [need("nats-server"), "-js", "-a", "127.0.0.1", "-sd", os.fspath(folder), *words, "-p"]
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it takes connections."""
        self._process = subprocess.Popen(
            [*self._words, str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError("nats-server does not start")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(WAIT)
            self._process = None


class Events:
    """A client that listens to `/events`, by a plain socket."""

    def __init__(self, server: Server, query: str = "", last: int | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)
        head = f"GET /events{query} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept: text/event-stream\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in server.headers.items())
        head += f"Last-Event-ID: {last}\r\n" if last is not None else ""
        self._socket.sendall(head.encode() + b"\r\n")
        self._heard = b""
        self.until(b"\r\n\r\n")
        self.head = self._heard.partition(b"\r\n\r\n")[0].decode()

    def until(self, what: bytes) -> bytes:
        """Read until that was said; all so far."""
        while what not in self._heard:
            part = self._socket.recv(1 << 16)
            assert part, f"the stream ended before {what!r}: {self._heard!r}"
            self._heard += part
        return self._heard

    def versions(self, count: int) -> list[tuple[int, str]]:
        """(id, version) of the first events."""
        while True:
            found = [
                (int(block.split(b"id: ")[1].split(b"\n")[0]), json.loads(block.split(b"data: ")[1].split(b"\n")[0]))
                for block in self._heard.split(b"\n\n")
                if b"event: publish" in block and b"data: " in block and b"}" in block
            ]
            if len(found) >= count:
                return [(number, data["version"]) for number, data in found]
            part = self._socket.recv(1 << 16)
            assert part, f"the stream ended: {self._heard!r}"
            self._heard += part

    def ended(self) -> bool:
        """Whether the server ends it, soon."""
        while part := self._socket.recv(1 << 16):
            self._heard += part
        return True

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def memory(process: int, what: str = "VmRSS") -> int:
    """Bytes that a process has in memory now; `VmHWM`: that it ever had."""
    line = next(one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith(what))
    return int(line.split()[1]) << 10


def wait(until: Any, what: Sequence[str] | str = "it") -> None:
    """Until `until()` is so."""
    end = time.monotonic() + WAIT
    while not until():
        assert time.monotonic() < end, f"{what} never came to be"
        time.sleep(0.02)
