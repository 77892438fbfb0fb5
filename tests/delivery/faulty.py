"""A rule server in a thread, as clients see one, that does wrong what it is told to: it cuts, corrupts, stalls.

`faults` are taken one for each request of a bundle: `cut`, `corrupt`, `slow`, `stall`, `none` (nothing is wrong),
`error`, `nonsense`, `lie` (another content under the ETag), `endless`. Those of `stream_faults` for each of `/events`:
`cut`, `error`, `silent`, `none`.
"""

from __future__ import annotations

import http.server
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from driven.delivery.coding import etag_of
from driven.streaming import dictionary, operations
from driven.streaming.release import release_of
from driven.trust.bundle import read_bundle
from driven.trust.pack import version_of


class Shelf:
    """What the server has, and what it is to do wrong."""

    def __init__(self) -> None:
        self.packs: dict[str, dict[str, bytes]] = {}
        self.events: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.stream_faults: list[str] = []
        self.codings = {"ops", "dcz", "zstd", "identity"}
        self.token = ""
        self.redirect = ""
        self.latest: dict[str, str] = {}  # instead of the newest
        self.heartbeat = 0.2
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.changed = threading.Condition()
        self.ended = False

    def publish(self, name: str, version: str, data: bytes) -> None:
        """Another version; whoever listens is told."""
        with self.changed:
            self.packs.setdefault(name, {})[version] = data
            self.events.append(
                {"name": name, "version": version, "etag": etag_of(data), "sha256": sha256(data).hexdigest()}
            )
            self.changed.notify_all()

    def newest(self, name: str) -> str:
        """The version that `latest` stands for."""
        return self.latest.get(name) or max(self.packs[name], key=version_of)

    def asked(self, path: str) -> list[dict[str, str]]:
        """The headers of each request whose path begins so."""
        return [headers for asked, headers in self.requests if asked.startswith(path)]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    shelf: Shelf

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """Answer."""
        shelf = self.shelf
        path, _, query = self.path.partition("?")
        shelf.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if shelf.redirect:
            self.told(302, b"", {"Location": shelf.redirect + self.path})
        elif shelf.token and self.headers.get("Authorization") != f"Bearer {shelf.token}":
            self.problem(401, "a token is wanted")
        elif path == "/packs":
            self.json({"packs": [self.about(name, shelf.newest(name)) for name in sorted(shelf.packs)]})
        elif path == "/events" and "poll=1" in query:
            after = int(query.partition("after=")[2].partition("&")[0])
            found = [{"id": n + 1, **one} for n, one in enumerate(shelf.events) if n >= after]
            self.json({"events": found, "last": len(shelf.events)})
        elif path == "/events":
            self.stream()
        else:
            self.pack(path.split("/")[2:])

    def about(self, name: str, version: str) -> dict[str, Any]:
        """One version as lists tell it."""
        data = self.shelf.packs[name][version]
        digest = sha256(data).hexdigest()
        return {"name": name, "version": version, "etag": etag_of(data), "sha256": digest, "size": len(data)}

    def pack(self, words: list[str]) -> None:
        """`/packs/NAME` and `/packs/NAME/VERSION`."""
        shelf = self.shelf
        versions = shelf.packs.get(words[0]) if words else None
        if versions is None or (words[1:] and words[1] != "latest" and words[1] not in versions):
            self.problem(404, "not here")
        elif len(words) == 1:
            found = sorted(versions, key=version_of, reverse=True)
            self.json({"name": words[0], "latest": found[0], "versions": [self.about(words[0], one) for one in found]})
        else:
            self.bundle(words[0], shelf.newest(words[0]) if words[1] == "latest" else words[1])

    def bundle(self, name: str, version: str) -> None:
        """A version, in the best coding, with what is to go wrong."""
        shelf = self.shelf
        data = shelf.packs[name][version]
        etag = etag_of(data)
        fault = shelf.faults.pop(0) if shelf.faults else "none"
        headers = {"Driven-Version": version, "ETag": f'"{etag}"'}
        known = [one.strip(' "').partition(".")[0] for one in self.headers.get("If-None-Match", "").split(",")]
        if fault == "error":
            self.problem(503, "not now\x1b[31m")
            return
        if etag in known:
            self.told(304, b"", headers)
            return
        status, body = 200, data
        begins = self.headers.get("Range", "").removeprefix("bytes=").partition("-")[0]
        if begins and self.headers.get("If-Range") == f'"{etag}"':
            status, body = 206, data[int(begins) :]
            headers["Content-Range"] = f"bytes {begins}-{len(data) - 1}/{len(data)}"
        elif not begins:
            status, body = self.coded(name, data, known, headers)
        if fault == "lie":
            body = body[:-2] + b"\1\2"
        self.told(status, body, headers, fault)

    def coded(self, name: str, data: bytes, known: list[str], headers: dict[str, str]) -> tuple[int, bytes]:
        """In the best coding that both know."""
        shelf = self.shelf
        etag = etag_of(data)
        accepted = [one.strip() for one in self.headers.get("Accept-Encoding", "").split(",")]
        bases = {etag_of(one): one for one in shelf.packs[name].values()}
        base = next((bases[one] for one in known if one in bases), None)
        if "ops" in shelf.codings and self.headers.get("A-IM") == "driven-ops" and base is not None:
            headers |= {"IM": "driven-ops", "Delta-Base": f'"{etag_of(base)}"'}
            return 226, operations.diff(release_of(read_bundle(base)), release_of(read_bundle(data)))
        named = self.headers.get("Available-Dictionary", "").strip(":")
        base = next((one for one in bases.values() if named and sha256(one).digest() == b64decode(named)), None)
        if "dcz" in shelf.codings and "dcz" in accepted and base is not None:
            headers |= {"Content-Encoding": "dcz", "ETag": f'"{etag}.dcz"'}
            return 200, dictionary.compress(data, base)
        if "zstd" in shelf.codings and "zstd" in accepted:
            headers |= {"Content-Encoding": "zstd", "ETag": f'"{etag}.zstd"'}
            return 200, dictionary.encode(data)
        return 200, data

    def stream(self) -> None:
        """Server-sent events, until the client goes, the server ends or something is to go wrong."""
        shelf = self.shelf
        fault = shelf.stream_faults.pop(0) if shelf.stream_faults else "none"
        if fault == "error":
            self.problem(500, "no events")
            return
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        after = self.headers.get("Last-Event-ID", "")
        at = int(after) if after else len(shelf.events)
        try:
            while not shelf.ended:
                with shelf.changed:
                    if len(shelf.events) <= at:
                        shelf.changed.wait(shelf.heartbeat)
                    fresh = list(enumerate(shelf.events))[at:]
                if fault == "silent":
                    continue
                text = ": still here\n\n"
                for number, one in fresh:
                    text += f"id: {number + 1}\nevent: publish\ndata: {json.dumps(one)}\n\n"
                at += len(fresh)
                if fault == "cut" and fresh:
                    self.wfile.write(text.encode()[:-20])
                    return
                self.wfile.write(text.encode())
        except OSError:
            return

    def json(self, value: Any) -> None:
        """A value."""
        self.told(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def problem(self, status: int, detail: str) -> None:
        """By RFC 9457."""
        self.told(status, json.dumps({"title": "No", "detail": detail, "status": status}).encode(), {})

    def told(self, status: int, body: bytes, headers: dict[str, str], fault: str = "none") -> None:
        """An answer, or what is left of it."""
        self.close_connection = True
        if fault == "nonsense":
            self.wfile.write(b"220 smtp.example.org ESMTP\r\n\r\n")
            return
        if fault == "corrupt" and body:
            body = body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[len(body) // 2 + 1 :]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if fault == "endless":
            self.send_header("Connection", "close")
        elif status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if fault == "endless":
                while not self.shelf.ended:
                    self.wfile.write(bytes(1 << 20))
            if fault in ("slow", "stall"):
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                with self.shelf.changed:
                    self.shelf.changed.wait(0.2 if fault == "slow" else 5)
                self.wfile.write(body[len(body) // 2 :])
            else:
                self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        except OSError:
            return


class Server(http.server.ThreadingHTTPServer):
    """Many at once, none of whom is waited for."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that went away."""


@contextmanager
def serving(shelf: Shelf, port: int = 0) -> Iterator[str]:
    """The URL of a server with what is on the shelf, on this machine."""
    made = Server(("127.0.0.1", port), type("Bound", (Handler,), {"shelf": shelf}))
    shelf.ended = False
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        shelf.ended = True
        with shelf.changed:
            shelf.changed.notify_all()
        made.shutdown()
        made.server_close()
