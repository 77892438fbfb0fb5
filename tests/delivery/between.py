"""What stands between a client and a real server: it hands on bytes both ways, and harms answers as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

WAIT = 30.0  # seconds: a guard against hanging


@dataclass
class Between:
    """`harms`: one for each bundle that is asked for: what it makes of the bytes of the whole answer; None ends it
    without one. `asked`: the first lines and the headers of all requests."""

    to: int
    port: int = 0
    harms: list[Callable[[bytes], bytes]] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, client: socket.socket) -> None:
        """One connection, of one request."""
        with client, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                part = client.recv(1 << 16)
                if not part:
                    return
                request += part
            self.asked.append(request)
            harm = self.harms.pop(0) if self.harms and request.count(b"/", 0, request.index(b" HTTP")) == 3 else None
            with socket.create_connection(("127.0.0.1", self.to), timeout=WAIT) as server:
                server.sendall(request.replace(b":%d\r\n" % self.port, b":%d\r\n" % self.to, 1))  # `Host`
                heard = b""
                while part := server.recv(1 << 16):
                    if harm is None:
                        client.sendall(part)
                    heard += part
            if harm is not None:
                client.sendall(harm(heard))


@contextmanager
def between(port: int) -> Iterator[Between]:
    """One before the server at `port`."""
    made = Between(port)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                client.settimeout(WAIT)
                threading.Thread(target=made.serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)


def cut(answer: bytes) -> bytes:
    """The first half."""
    return answer[: len(answer) - len(answer.partition(b"\r\n\r\n")[2]) // 2]


def damaged(answer: bytes) -> bytes:
    """One bit is another one."""
    at = len(answer) - len(answer.partition(b"\r\n\r\n")[2]) // 2
    return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
