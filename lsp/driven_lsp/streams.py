"""The bytes between client and server: stdio that nothing else can write to, framing that survives what clients send,
TCP and WebSocket. Whole messages go to a `Peer` (protocol.py is the one that is used), which never sees a byte of this.

Stdio: a thread reads, the loop writes. The thread belongs to the reader alone, so no amount of work can keep messages
from being read; it takes them apart and parses them, too. A write goes straight to the pipe as long as it does not
block, and through a thread of its own from then on, so a client that does not read cannot hold up the loop.

Importing this costs nothing: asyncio and the rest are imported where they are used. It is longer than 350 lines because
the three transports share what they know of framing, closing and limits.
"""

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Collection, Iterable
    from typing import Any, NoReturn, Protocol

    class Peer(Protocol):
        """Who the messages are for. All of it is called in the loop's thread but `end`, which any thread may call."""

        def connected(
            self,
            write: Callable[[bytes], None],
            loop: asyncio.AbstractEventLoop,
            hurry: Callable[[int], None] | None = None,
        ) -> None:
            """The way back: `write` takes the bytes of one whole JSON text, from any thread. `hurry` is to be called
            with the exit code by the first `end`: from then on the process has `GRACE` seconds."""

        def receive(self, message: Any, cancelled: bool = False) -> None:
            """One parsed message, or a `Fault`; `cancelled` when it is a request that was taken back meanwhile."""

        def end(self, reason: str, code: int = 0) -> None:
            """The connection is over, or must be. Said again, it changes nothing."""

        def ended(self) -> Awaitable[int]:
            """Done when the session is over and cleaned up; the code to exit with."""


MESSAGE_LIMIT = 64 << 20
"""The largest message that is taken, in bytes. A longer one is answered with an error and passed over."""

BACKLOG_LIMIT = 256 << 20
"""How many bytes may wait for a client that does not read before the session is given up."""

GRACE = 0.4
"""Seconds after the end of the connection in which the server may clean up; then the process ends all the same."""

_LINE_LIMIT = 64 << 10


class Fault:
    """Something that came in place of a message: what it was, in one line, and the JSON-RPC code that says so."""

    __slots__ = ("code", "text")

    def __init__(self, text: str, code: int = -32700) -> None:
        self.text = text
        self.code = code

    def __repr__(self) -> str:
        return f"Fault({self.text!r})"


def log(text: str) -> None:
    """One line for whoever reads the server's stderr. Never raises."""
    try:
        sys.stderr.write(f"driven lsp: {text}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass


def parsed(body: "bytes | bytearray | str") -> "Any":
    """The JSON value of a message's text, or a `Fault`."""
    import json

    try:
        text = body if isinstance(body, str) else str(body, "utf-8-sig")
        return json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return Fault(f"the message is not UTF-8 (byte {error.start})")
    except RecursionError:
        return Fault("the message is nested too deeply")
    except ValueError as error:
        return Fault(f"the message is not JSON: {str(error)[:200]}")


def _no_constant(name: str) -> "NoReturn":
    raise ValueError(f"{name} is no JSON value")


class Framer:
    """Takes a byte stream apart into messages. `feed` it what came; it never raises and holds at most one message.

    Lenient where clients differ: any case and blanks in header names, headers that it does not know, \\n for \\r\\n.
    What is no header is passed over; after a length that cannot be, it looks for the next `Content-Length` line and
    goes on from there."""

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        import re

        self._limit = limit
        self._buffer = bytearray()
        self._looked = 0  # how much of the buffer holds no line end
        self._need: int | None = None  # the length of the body that is being read
        self._length: int | None = None  # what the headers so far say
        self._junk = 0
        # Anywhere in a line: what a wrong length left over stands in front of the next header, without a line end.
        self._header = re.compile(rb"content-length[ \t]*:[ \t]*([^\s:{}\"]*)\s*$", re.IGNORECASE)

    def feed(self, data: bytes) -> "list[bytes | Fault]":
        """The messages that `data` completes, in order."""
        self._buffer += data
        done: list[bytes | Fault] = []
        while self._step(done):
            pass
        return done

    def _step(self, done: "list[bytes | Fault]") -> bool:
        """Take one line or one body off the buffer; False when more must come first."""
        buffer = self._buffer
        if self._need is not None:
            if len(buffer) < self._need:
                return False
            if self._need:
                done.append(bytes(memoryview(buffer)[: self._need]))
            del buffer[: self._need]
            self._need = None
            self._looked = 0
            return True
        end = buffer.find(b"\n", self._looked)
        if end < 0:
            if len(buffer) > _LINE_LIMIT:  # no header: keep what may be the start of one
                self._junk += len(buffer) - 1024
                del buffer[:-1024]
            self._looked = len(buffer)
            return False
        line = bytes(memoryview(buffer)[: end + 1])
        del buffer[: end + 1]
        self._looked = 0
        self._line(line, done)
        return True

    def _line(self, line: bytes, done: "list[bytes | Fault]") -> None:
        if not line.strip():
            if self._length is not None:
                self._need, self._length = self._length, None
            self._said()
            return
        header = self._header.search(line)
        if header is None:
            name, colon, _ = line.partition(b":")
            if not colon or not name.strip().replace(b"-", b"").isalnum():
                self._junk += len(line)
            return
        self._junk += header.start()
        self._said()
        value = header[1]
        if value.isdigit() and len(value) < 20 and int(value) <= self._limit:
            self._length = int(value)
        else:
            self._length = None
            what = value.decode("ascii", "replace")[:40]
            why = f"more than {self._limit} bytes" if value.isdigit() else "no length"
            done.append(Fault(f"Content-Length `{what}` is {why}; the message was passed over"))

    def _said(self) -> None:
        if self._junk:
            log(f"{self._junk} bytes that belong to no message were passed over")
            self._junk = 0


def _blocking(fd: int) -> None:
    """Editors written for Node hand over pipes that do not block; both threads below count on ones that do."""
    if sys.platform != "win32":
        os.set_blocking(fd, True)


def claim_stdio() -> tuple[int, int]:
    """Keep the process's stdin and stdout for the protocol: their own descriptors, to read and to write.

    From here on, descriptor 0 is empty and descriptor 1 and `sys.stdout` are stderr, for Python code, C code and
    processes that are started alike. Call it before anything else is imported."""
    if sys.platform == "win32":
        import msvcrt

        for fd in (0, 1):
            msvcrt.setmode(fd, os.O_BINARY)
    if sys.stdout is not None:
        sys.stdout.flush()
    reader, writer = os.dup(0), os.dup(1)  # neither is inherited by a process that is started
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        os.dup2(2, 1)
    except OSError:  # started without a stderr
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.close(nothing)
    sys.stdout = sys.stderr
    _blocking(reader)
    _blocking(writer)
    return reader, writer


class PipeWriter:
    """Writes whole messages to a descriptor, in order, from any thread, and never blocks the one who writes."""

    def __init__(self, fd: int, broken: "Callable[[str], None]") -> None:
        self._fd = fd
        self._broken = broken
        self._lock = threading.Condition()
        self._waiting: list[bytes] = []
        self._size = 0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._poll: Any = None
        if sys.platform != "win32":
            import select
            import stat

            self._piece = select.PIPE_BUF
            kind = os.fstat(fd).st_mode
            self._socket = stat.S_ISSOCK(kind)
            # A pipe that says it can be written to takes PIPE_BUF bytes at once.
            if stat.S_ISFIFO(kind) or self._socket:
                self._poll = select.poll()
                self._poll.register(fd, select.POLLOUT)

    def write(self, data: bytes) -> None:
        """One JSON text; the header goes with it."""
        message = b"Content-Length: %d\r\n\r\n%b" % (len(data), data)
        with self._lock:
            if self._closed:
                return
            if not self._size:
                try:
                    message = self._at_once(message)
                except OSError as error:
                    self._closed = True
                    self._broken(f"the client cannot be written to: {error.strerror}")
                    return
            if not message:
                return
            self._waiting.append(message)
            self._size += len(message)
            if self._size > BACKLOG_LIMIT:
                self._closed = True
                self._broken("the client does not read")
            if self._thread is None:
                self._thread = threading.Thread(target=self._later, name="driven-writer", daemon=True)
                self._thread.start()
            self._lock.notify_all()

    def _at_once(self, message: bytes) -> bytes:
        """Write what can be written without waiting; the rest."""
        if self._poll is None:
            return message
        import select

        view = memoryview(message)
        at = 0
        while at < len(view):
            ready = self._poll.poll(0)
            if not ready or not ready[0][1] & (select.POLLOUT | select.POLLERR | select.POLLHUP):
                break
            piece = view[at : at + self._piece]
            if self._socket:
                import socket

                with socket.socket(fileno=os.dup(self._fd)) as pipe:
                    try:
                        at += pipe.send(view[at:], socket.MSG_DONTWAIT)
                    except BlockingIOError:
                        break
            else:
                at += os.write(self._fd, piece)
        return bytes(view[at:])

    def _later(self) -> None:
        while True:
            with self._lock:
                while not self._waiting:
                    self._lock.wait()
                data = self._waiting[0]
            try:
                view = memoryview(data)
                while len(view):
                    view = view[os.write(self._fd, view[: 1 << 16]) :]
            except OSError as error:
                with self._lock:
                    self._closed = True
                    self._waiting.clear()
                    self._size = 0
                    self._lock.notify_all()
                self._broken(f"the client cannot be written to: {error.strerror}")
                return
            with self._lock:
                if self._waiting:
                    del self._waiting[0]
                    self._size -= len(data)
                self._lock.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until all is written, at most `seconds`; True when it is."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._size, seconds)


class Inbox:
    """Messages on their way from the reader's thread to the loop, which handles one a turn, so that what a message
    started begins before the next one is looked at. A request that was taken back while it waited is never begun."""

    def __init__(self, peer: "Peer", loop: "asyncio.AbstractEventLoop") -> None:
        from collections import deque

        self._peer = peer
        self._loop = loop
        self._queue: deque[tuple[Any, int]] = deque()
        self._size = 0
        self._cancelled: set[tuple[type, Any]] = set()
        self._scheduled = False
        self._room = threading.Event()
        self._room.set()
        self._lock = threading.Lock()

    def put(self, frames: "Iterable[bytes | Fault]") -> None:
        """Parse, queue, and wake the loop. Waits while more than 64 MiB stand in the queue."""
        self._room.wait()
        for frame in frames:
            if isinstance(frame, Fault):
                self._add(frame, 0)
            else:
                self._add(parsed(frame), len(frame))

    def close(self) -> None:
        """Nothing more comes; said to the peer when all that came has been handled."""
        self._add(None, -1)

    def _add(self, message: "Any", size: int) -> None:
        with self._lock:
            self._queue.append((message, size))
            self._size += max(size, 0)
            if self._size > MESSAGE_LIMIT:
                self._room.clear()
            if (taken_back := _taken_back(message)) is not None:
                self._cancelled.add(taken_back)
            if self._scheduled:
                return
            self._scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._next)
        except RuntimeError:  # the loop is closed: the session is over
            return

    def _next(self) -> None:
        with self._lock:
            message, size = self._queue.popleft()
            self._size -= max(size, 0)
            if self._size <= MESSAGE_LIMIT:
                self._room.set()
            if (taken_back := _taken_back(message)) is not None:
                self._cancelled.discard(taken_back)
            cancelled = bool(self._cancelled) and _key(message) in self._cancelled
        try:
            if size < 0:
                self._peer.end("stdin was closed")
            else:
                self._peer.receive(message, cancelled)
        except Exception:
            import traceback

            log("a message was lost\n" + traceback.format_exc())
        with self._lock:
            self._scheduled = bool(self._queue)
            if self._scheduled:
                self._loop.call_soon(self._next)


def _key(message: "Any") -> "tuple[type, Any] | None":
    """What tells a request's id from all others, 1 from "1"; None when it has none."""
    number = message.get("id") if isinstance(message, dict) else None
    return (type(number), number) if isinstance(number, (int, str)) else None


def _taken_back(message: "Any") -> "tuple[type, Any] | None":
    """The request that a message takes back."""
    if isinstance(message, dict) and message.get("method") == "$/cancelRequest":
        return _key(message.get("params"))
    return None


def _read(fd: int, inbox: Inbox, closed: "Callable[[], None]") -> None:
    """The reader's thread."""
    framer = Framer()
    try:
        while data := os.read(fd, 1 << 16):
            inbox.put(framer.feed(data))
    except OSError as error:
        log(f"stdin cannot be read: {error.strerror}")
    inbox.close()
    closed()


def end_process(code: int) -> "NoReturn":
    """End at once: no thread is joined and nothing is asked. What was written to stderr is kept."""
    import contextlib
    import logging

    for handler in logging.getLogger().handlers:
        with contextlib.suppress(Exception):
            handler.flush()
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    os._exit(code)


def _end_soon(code: int, seconds: float = GRACE) -> None:
    """End the process `seconds` from now, whatever it is doing then."""
    import time

    def wait() -> None:
        time.sleep(seconds)
        os._exit(code)

    threading.Thread(target=wait, name="driven-end", daemon=True).start()


def _on_signals(then: "Callable[[str], None]") -> None:
    """Call `then` with the name of a signal that ends the server. It is called between two instructions of the main
    thread, not by the loop: a loop that is busy would not see it."""
    import signal

    def caught(number: int, frame: object) -> None:
        then(signal.Signals(number).name)

    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, caught)


async def serve_stdio(peer: "Peer", pipes: tuple[int, int]) -> int:
    """Serve one client on the descriptors of `claim_stdio` until it or a signal ends it; the exit code."""
    import asyncio

    loop = asyncio.get_running_loop()
    writer = PipeWriter(pipes[1], peer.end)
    peer.connected(writer.write, loop, _end_soon)
    _on_signals(peer.end)
    inbox = Inbox(peer, loop)
    # A loop that is stuck in one handler does not keep the process when its client is gone: five seconds is what
    # the slowest handler may take to finish what it was told before stdin was closed.
    reader = threading.Thread(
        target=_read, args=(pipes[0], inbox, lambda: _end_soon(0, 5)), name="driven-reader", daemon=True
    )
    reader.start()
    code = await peer.ended()
    writer.flush(0.1)
    return code


def run_stdio(make: "Callable[[], Peer]", pipes: tuple[int, int]) -> "NoReturn":
    """Serve one client on stdio and end the process."""
    import asyncio

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        code = loop.run_until_complete(serve_stdio(make(), pipes))
    except BaseException:
        import traceback

        log("the server broke\n" + traceback.format_exc())
        code = 70
    end_process(code)


def watch_process(pid: int, gone: "Callable[[], None]") -> bool:
    """Call `gone`, from a thread, when process `pid` has ended; False, and nothing is watched, when there is no such
    process now (a client in another container says a number that means nothing here)."""
    if pid <= 0 or not _lives(pid):
        return False

    def wait() -> None:
        import time

        try:
            handle = os.pidfd_open(pid)
        except (AttributeError, OSError):
            while _lives(pid):
                time.sleep(1.5)
        else:
            import select

            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll()
        gone()

    threading.Thread(target=wait, name="driven-client", daemon=True).start()
    return True


def _lives(pid: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x00100000, False, pid)  # SYNCHRONIZE
        if not handle:
            return bool(kernel.GetLastError() == 5)  # ERROR_ACCESS_DENIED: it is there and not ours
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == 0x102)  # WAIT_TIMEOUT
        finally:
            kernel.CloseHandle(handle)
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, [HOST]:PORT or PORT as both; ValueError with a sentence for anything else. The host is this machine
    where none is said."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not port.isascii() or int(port) > 65535:
        raise ValueError(f"`{text}` is no address: write HOST:PORT, for instance 127.0.0.1:2087.")
    return host.strip("[]") or "127.0.0.1", int(port)


async def serve_tcp(
    make: "Callable[[], Peer]", host: str, port: int, ready: "Callable[[int], None] | None" = None
) -> None:
    """Serve clients on a TCP port (0: any that is free), each with a peer of its own, until a signal comes. `ready` is
    told the port."""
    import asyncio

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        home = threading.get_ident()
        peer = make()
        peers.add(peer)

        def send(data: bytes) -> None:
            if threading.get_ident() != home:
                loop.call_soon_threadsafe(send, data)
                return
            if not writer.is_closing():
                writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
                if writer.transport.get_write_buffer_size() > BACKLOG_LIMIT:
                    peer.end("the client does not read")

        async def read() -> None:
            framer = Framer()
            try:
                while data := await reader.read(1 << 16):
                    for frame in framer.feed(data):
                        peer.receive(frame if isinstance(frame, Fault) else parsed(frame))
                        await asyncio.sleep(0)
            except OSError:
                pass
            peer.end("the connection was closed")

        peer.connected(send, loop)
        reading = asyncio.ensure_future(read())
        try:
            await peer.ended()
        finally:
            peers.discard(peer)
            reading.cancel()
            writer.close()

    peers: set[Peer] = set()
    server = await asyncio.start_server(client, host, port)
    await _serve(server.sockets[0].getsockname()[1], host, ready, peers)
    server.close()


async def serve_ws(
    make: "Callable[[], Peer]",
    host: str,
    port: int,
    ready: "Callable[[int], None] | None" = None,
    origins: "Collection[str]" = (),
) -> None:
    """The same on a WebSocket, a message a frame of text. ImportError without the package `websockets`.

    A browser lets any page connect to this machine and says which page it is: one from elsewhere is refused, unless
    its origin (`https://editor.example`) is in `origins`."""
    import asyncio
    from http import HTTPStatus
    from urllib.parse import urlsplit

    from websockets.asyncio.server import ServerConnection, serve
    from websockets.exceptions import ConnectionClosed
    from websockets.http11 import Request, Response

    def admitted(connection: ServerConnection, request: Request) -> Response | None:
        origin = request.headers.get("Origin")
        try:
            near = origin is None or origin in origins or urlsplit(origin).hostname in {"localhost", "127.0.0.1", "::1"}
        except ValueError:
            near = False
        return None if near else connection.respond(HTTPStatus.FORBIDDEN, "This origin may not connect.\n")

    async def client(connection: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        home = threading.get_ident()
        peer = make()
        peers.add(peer)
        waiting: asyncio.Queue[str] = asyncio.Queue()
        size = 0

        def send(data: bytes) -> None:
            nonlocal size
            if threading.get_ident() != home:
                loop.call_soon_threadsafe(send, data)
                return
            size += len(data)
            waiting.put_nowait(data.decode("utf-8"))
            if size > BACKLOG_LIMIT:
                peer.end("the client does not read")

        async def write() -> None:
            nonlocal size
            while True:
                text = await waiting.get()
                await connection.send(text)
                size -= len(text)
                waiting.task_done()

        async def read() -> None:
            try:
                async for frame in connection:
                    peer.receive(parsed(frame))
                    await asyncio.sleep(0)
            except ConnectionClosed:
                pass
            peer.end("the connection was closed")

        peer.connected(send, loop)
        tasks = [asyncio.ensure_future(read()), asyncio.ensure_future(write())]
        try:
            await peer.ended()
            await asyncio.wait_for(waiting.join(), GRACE)
        except TimeoutError:
            pass
        finally:
            peers.discard(peer)
            for task in tasks:
                task.cancel()

    peers: set[Peer] = set()
    server = await serve(client, host, port, max_size=MESSAGE_LIMIT, process_request=admitted, compression=None)
    await _serve(next(iter(server.sockets)).getsockname()[1], host, ready, peers)
    server.close()


async def _serve(port: int, host: str, ready: "Callable[[int], None] | None", peers: "set[Peer]") -> None:
    """Wait for a signal, then end all sessions."""
    import asyncio

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def caught(name: str) -> None:
        _end_soon(0)
        loop.call_soon_threadsafe(stop.set)

    if threading.current_thread() is threading.main_thread():
        _on_signals(caught)
    log(f"listening on {host}:{port}")
    if ready is not None:
        ready(port)
    await stop.wait()
    ends = [peer.ended() for peer in peers]
    for peer in list(peers):
        peer.end("the server was stopped")
    await asyncio.gather(*ends)


def run_sockets(serving: "Callable[[], Awaitable[None]]") -> "NoReturn":
    """Run `serve_tcp` or `serve_ws` (in a function without arguments) and end the process. ImportError and OSError (a
    port that is taken) come through."""
    import asyncio

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(serving())
    end_process(0)
