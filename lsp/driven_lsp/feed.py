"""The rules of a folder, streamed to a client that asks for them: everything once, then what changed after each look.

What is streamed is what the server goes by: the rule files, with what is open in the editor in place of what stands on
the disk. Nothing is computed for a folder that nobody listens to. `docs/streaming.md` has the operations.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode

from driven.errors import DrivenError
from driven.project.sources import RULES
from driven.streaming.chunks import ChunkError, ChunkStreamer
from driven.streaming.feed import RuleFeed
from driven.streaming.operations import ends
from driven.streaming.release import FOLDER, SUFFIX, release_of
from driven_lsp.convert import path_of, uri_of
from driven_lsp.protocol import Refused
from driven_lsp.session import argument
from driven_lsp.streams import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.streaming.release import Known
    from driven.validation.live import View
    from driven_lsp.root import Root
    from driven_lsp.server import Server

AT_ONCE = 64 << 10  # bytes of operations that stand in one message; more of them come in chunks


class _Listener:
    """The client, as it listens to one folder."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.feed = RuleFeed()
        self.known: Known = {}
        self.view: View | None = None  # what was published last
        self.has: bytes | None = None  # the digest of what the client has, once it has taken all that was sent
        self.chunks: ChunkStreamer | None = None  # under way; nothing else is sent meanwhile
        self.lock = asyncio.Lock()
        self.waits = False  # somebody stands at the lock already to tell what is new

    def publish(self) -> None:
        """Put the folder's rules into the feed. In the thread that looks."""
        view = self.root.view
        if view is None or view is self.view:
            return
        files = {
            FOLDER + path[len(RULES) + 1 :]: document.data
            for path, document in view.documents.items()
            if path.startswith(RULES + "/") and path.endswith(SUFFIX)
        }
        try:
            self.feed.publish(release_of(files, self.known))
        except DrivenError as error:
            log(f"the rules of {self.root.path} cannot be streamed: {error}")
        self.view = view


class Feeds:
    """The feeds of one client, by folder."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listeners: dict[str, _Listener] = {}

    async def subscribe(self, params: Any) -> dict[str, Any]:
        """`driven/rules/subscribe` and `driven/rules/resync`: what makes the newest of what the client has (`base`, a
        digest; none where it has nothing), and from now on all that follows."""
        params = params if isinstance(params, dict) else {}
        root = self._root(params)
        await root.ready()
        listener = self._listeners.setdefault(root.path, _Listener(root))
        try:
            base: bytes | None = bytes.fromhex(argument(params, "base"))
        except ValueError:
            base = None
        async with listener.lock:
            listener.chunks = None
            listener.has = base or None
            made = await self._next(listener)
        if made is not None:
            return made  # and it is sent before anything else can be
        digest = listener.has.hex() if listener.has else ""
        return {"uri": uri_of(root.path), "base": digest, "result": digest, "ops": ""}

    def unsubscribe(self, params: Any) -> None:
        """`driven/rules/unsubscribe`: no more of a folder."""
        self._listeners.pop(self._root(params if isinstance(params, dict) else {}).path, None)

    def credit(self, params: Any) -> None:
        """`driven/rules/credit`: the client has room for `chunks` more; with `offset` it goes on from there."""
        params = params if isinstance(params, dict) else {}
        listener = self._listeners.get(self._root(params).path)
        if listener is None or listener.chunks is None:
            return
        offset, count = params.get("offset"), params.get("chunks")
        try:
            if isinstance(offset, int):
                listener.chunks.resume(offset)
        except ChunkError as error:
            raise Refused(error.message) from None
        listener.chunks.credit(count if isinstance(count, int) else 0)
        uri = uri_of(listener.root.path)
        while (frame := listener.chunks.next()) is not None:
            self._server.protocol.notify("driven/rules/chunk", {"uri": uri, "frame": b64encode(frame).decode()})
        if listener.chunks.is_done:
            listener.chunks = None
            self._soon(listener)

    def changed(self, root: Root) -> None:
        """There is a new view of a folder, or it has left."""
        if root.closed:
            self._listeners.pop(root.path, None)
        elif (listener := self._listeners.get(root.path)) is not None:
            self._soon(listener)

    def _soon(self, listener: _Listener) -> None:
        if not listener.waits:
            listener.waits = True
            self._server.protocol.background(self._follow(listener), "rules")

    async def _follow(self, listener: _Listener) -> None:
        """Tell what is new."""
        async with listener.lock:
            listener.waits = False
            if listener.chunks is not None or self._listeners.get(listener.root.path) is not listener:
                return
            made = await self._next(listener)
            if made is not None:
                self._server.protocol.notify("driven/rules/operations", made)

    async def _next(self, listener: _Listener) -> dict[str, Any] | None:
        """The operations that the client lacks, as a message has them; None where it lacks none. Under the lock."""

        def work() -> tuple[bytes, ChunkStreamer | None]:
            listener.publish()
            ops = listener.feed.since(listener.has)
            return ops, ChunkStreamer.of(ops) if len(ops) > AT_ONCE else None

        ops, chunks = await asyncio.get_running_loop().run_in_executor(self._server.session.pools.back, work)
        if not ops:
            return None
        base, result = ends(ops)
        listener.has, listener.chunks = result, chunks
        made = {"uri": uri_of(listener.root.path), "base": base.hex(), "result": result.hex()}
        if chunks is None:
            return made | {"ops": b64encode(ops).decode()}
        return made | {"chunks": {"bytes": chunks.total, "digest": chunks.digest.hex()}}

    def _root(self, params: Any) -> Root:
        """The folder that is meant: the one of a URI, or the only one."""
        session = self._server.session
        path = path_of(argument(params, "uri"))
        if not path and len(session.roots) == 1:
            return next(iter(session.roots.values()))
        found = session.roots.get(path)
        if found is None and path and (known := session.relative(path)) is not None:
            found = known[0]
        if found is None:
            raise Refused("give the `uri` of a folder that is open")
        return found
