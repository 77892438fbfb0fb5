"""What the server answers, by path; docs/serve.md has it for people."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from driven.errors import DrivenError
from driven.serving import figures, wishes
from driven.serving.answers import FAULT, TRANSPORT, Patient, Problem, of_error
from driven.serving.bodies import MOST_OPS
from driven.serving.gate import CHANGES, Gate, headers_of
from driven.serving.site import overview
from driven.serving.store import is_version
from driven.serving.telling import RETRY, Listener, short
from driven.serving.uploads import Uploads, body
from driven.streaming.etag import ETagNegotiator, accepts_manipulation, as_byte_sequence, bases, byte_sequence, choose
from driven.trust.bundle import MEDIA
from driven.trust.pack import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from driven.serving.bodies import Body, Coding
    from driven.serving.site import Site
    from driven.serving.store import Version


def application(site: Site) -> ASGIApp:
    """The server of a site."""
    made = _Routes(site)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await site.start()
        try:
            yield
        finally:
            await site.stop()

    async def problem(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            said = {404: "there is nothing at this address", 405: "this address does not take that"}
            error = Problem(error.status_code, "Not here", said.get(error.status_code, str(error.detail)),
                            "docs/serve.md lists the addresses", error.headers)  # fmt: skip
        return error.response() if isinstance(error, Problem) else _told(error).response()

    routes = [
        Route("/packs", made.packs),
        Route("/packs/{name}", made.pack),
        Route("/packs/{name}/{version}", made.version, methods=["GET", "PUT"]),
        Route("/events", made.events),
        Route("/healthz", made.healthz),
        Route("/readyz", made.readyz),
        Route("/metrics", made.metrics),
    ]

    async def fault(_: Request, error: Exception) -> Response:
        return FAULT.response()  # the gate tells of it

    handlers = {HTTPException: problem, Problem: problem, DrivenError: problem, Exception: fault}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Gate(app, site, made.bundle)


class _Routes:
    def __init__(self, site: Site) -> None:
        self.site = site
        self._uploads = Uploads()

    async def packs(self, _: Request) -> Response:
        """The latest of each."""
        return JSONResponse({"packs": [overview(one) for one in self.site.catalogue.latest()]}, headers=_FRESH)

    async def pack(self, request: Request) -> Response:
        """All versions of one."""
        name = request.path_params["name"]
        versions = self.site.catalogue.packs.get(name)
        if versions is None:
            raise _nothing(name)
        keys = ("version", "etag", "sha256", "size", "published")
        told = [{key: getattr(one, key) for key in keys} for one in reversed(versions)]
        return JSONResponse({"name": name, "latest": versions[-1].version, "versions": told}, headers=_FRESH)

    async def version(self, request: Request) -> Response:
        """Hand one out, or take it."""
        return await (self.publish(request) if request.method == "PUT" else self.bundle(request))

    async def bundle(self, request: Request) -> Response:
        """One version, in the coding that suits its client best."""
        one = self.site.catalogue.at(request.scope["path"])
        name, asked = request.path_params["name"], request.path_params["version"]
        if one is None:
            raise _nothing(name, asked)
        headers = headers_of(one, request.scope["path"], self.site)
        given = request.headers
        if "range" in given and request.method == "GET":
            found = await self._range(one, given.get("range"), given.get("if-range"), headers)
            if found is not None:
                return found
        coding, body = await self._coded(one, given.get("accept-encoding"), given.get("available-dictionary"))
        if accepts_manipulation(given.get("a-im")):
            base = self._base(one, given.get("if-none-match"))
            operations = await self.site.bodies.get(one, "ops", base) if base is not None else None
            if base is not None and operations is not None and 0 < len(operations.data) < len(body.data):
                headers |= {"IM": "driven-ops", "Delta-Base": f'"{base.etag}"', "ETag": f'"{one.etag}"',
                            "Repr-Digest": _digest(bytes.fromhex(one.sha256))}  # fmt: skip
                return self._sent(226, operations, "ops", headers)
        headers |= {"ETag": ETagNegotiator(one.etag).tag(coding), "Repr-Digest": _digest(body.sha256),
                    "Use-As-Dictionary": f'match="/packs/{one.name}/*"'}  # fmt: skip
        if coding == "identity":
            headers["Accept-Ranges"] = "bytes"
        else:
            headers["Content-Encoding"] = coding
        return self._sent(200, body, coding, headers)

    def _sent(self, status: int, body: Body, coding: str, headers: dict[str, str]) -> Response:
        self.site.figures.bytes[coding] += len(body.data)
        return Patient(body, status, headers, MEDIA)

    async def _range(self, one: Version, wanted: str | None, condition: str | None, headers: dict[str, str]) -> (
        Response | None
    ):  # fmt: skip
        """A part of the bundle as it is; None where the whole is to be sent."""
        if not ETagNegotiator(one.etag).may_continue(condition):
            return None
        found = wishes.one_range(wanted, one.size)
        if found is None:
            return None
        if isinstance(found, bool):
            raise Problem(416, "Not that far", f"the bundle has {one.size} bytes", "ask for an earlier range",
                          {"Content-Range": f"bytes */{one.size}"})  # fmt: skip
        body = await self.site.bodies.get(one, "identity")
        first, end = found
        headers |= {"ETag": f'"{one.etag}"', "Accept-Ranges": "bytes", "Repr-Digest": _digest(body.sha256),
                    "Content-Range": f"bytes {first}-{end - 1}/{one.size}"}  # fmt: skip
        self.site.figures.bytes["identity"] += end - first
        return Patient(body, 206, headers, MEDIA, first, end)

    async def _coded(self, one: Version, accepted: str | None, dictionary: str | None) -> tuple[Coding, Body]:
        """The coding that the client likes best; as it is, where that is no larger and the client takes it."""
        bodies = self.site.bodies
        known = byte_sequence(dictionary)
        base = self.site.catalogue.by_sha256(one.name, known.hex()) if known is not None else None
        offered = ["zstd", "identity", *(["dcz"] if base is not None and base.sha256 != one.sha256 else [])]
        coding = choose(accepted, offered)
        if coding == "dcz":
            body = await bodies.get(one, "dcz", base)
            if len(body.data) < one.size // 8 or "zstd" not in (accepted or ""):
                return "dcz", body
            other = await bodies.get(one, "zstd")
            if len(body.data) <= len(other.data):
                return "dcz", body
            coding = "zstd"
        if coding == "zstd":
            body = await bodies.get(one, "zstd")
            if len(body.data) < one.size or not choose(accepted, ["identity"]):
                return "zstd", body
            coding = "identity"
        if not coding:
            raise Problem(406, "No such coding", "the bundle comes by dcz, zstd or as it is", "Accept-Encoding: zstd")
        return "identity", await bodies.get(one, "identity")

    def _base(self, one: Version, wanted: str | None) -> Version | None:
        """A version that the client has, by its `If-None-Match`; None where the two are not compared."""
        if one.size > MOST_OPS:
            return None
        found = (self.site.catalogue.by_etag(one.name, name) for name in bases(wanted))
        return next((base for base in found if base is not None and base.size <= MOST_OPS), None)

    async def publish(self, request: Request) -> Response:
        """Take a version."""
        name, asked = request.path_params["name"], request.path_params["version"]
        if not is_name(name) or not is_version(asked):
            raise Problem(422, "No version of a pack", "write /packs/NAME/VERSION, as pack.toml has them")
        if self.site.store.reads_only:  # said before the body is sent
            raise Problem(403, "For reading alone", "this server may not write to its store",
                          "publish to the one that may, or to the folder where it can be written to")  # fmt: skip
        with self._uploads.place():
            one, made, signer = await self._take(name, asked, await body(request))
        if made:
            self.site.figures.published += 1
            if self.site.tell is not None:
                holder = request.scope.get("driven.holder")
                self.site.tell(f"published {one.name} {one.version}, signed by {signer}, by {holder and holder.name}")
        return JSONResponse({**one.to_json(), "signer": signer, "new": made}, 201 if made else 200,
                            {"ETag": f'"{one.etag}"', "Location": f"/packs/{one.name}/{one.version}"})  # fmt: skip

    async def _take(self, name: str, asked: str, data: bytes) -> tuple[Version, bool, str]:
        from driven.serving.accepting import read_list

        signers = read_list(self.site.signers) if self.site.signers else None
        one, signer = await self._uploads.check(data, signers)
        if one.key != (name, asked):
            raise Problem(422, "Another pack", f"the bundle is `{one.name}` {one.version}, not `{name}` {asked}")
        kept, made = await self.site.store.publish(one, data)
        await self.site.catch_up()
        self.site.catalogue.add(kept)
        return kept, made, signer

    async def events(self, request: Request) -> ASGIApp:
        """What was published: as a stream, or what is new since."""
        site, query = self.site, request.query_params
        pack = query.get("pack", "")
        if pack and not is_name(pack):
            raise Problem(400, "No name", "`pack` is no name of a pack")
        after = request.headers.get("last-event-id", query.get("after"))
        number = None if after is None else int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
        if query.get("poll"):
            last = site.catalogue.last
            told = await site.history(number or 0, last, pack)
            return JSONResponse({"events": [{"id": one.number, **short(one)} for one in told], "last": last},
                                headers={"Cache-Control": "no-store"})  # fmt: skip
        if len(site.hub.listeners) >= site.hub.most or site.hub.closed:
            raise Problem(503, "Too many", f"{site.hub.most} clients listen already", "poll: /events?poll=1&after=N",
                          {"Retry-After": "10"})  # fmt: skip
        return _Stream(site, pack, number)

    async def healthz(self, _: Request) -> Response:
        """That it runs."""
        return Response("ok\n", media_type="text/plain")

    async def readyz(self, _: Request) -> Response:
        """That its store answers, and what is published there is followed."""
        try:
            async with asyncio.timeout(5):
                await self.site.store.check()
        except (DrivenError, TimeoutError) as error:
            why = error.message if isinstance(error, DrivenError) else "the store does not answer"
            raise _not_ready(why) from None
        if self.site.trouble:
            raise _not_ready(self.site.trouble)
        return Response("ready\n", media_type="text/plain")

    async def metrics(self, _: Request) -> Response:
        """The figures."""
        self.site.figures.dropped = self.site.hub.dropped
        return Response(self.site.figures.text(self.site.gauges()), media_type=figures.MEDIA)


class _Stream:
    """The answer to one that listens. It listens from before its history is read on, so nothing falls between."""

    def __init__(self, site: Site, pack: str, after: int | None) -> None:
        self._site = site
        self._pack = pack
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes."""
        hub, upto = self._site.hub, self._site.catalogue.last
        transport = scope.get("extensions", {}).get(TRANSPORT)
        one = Listener(
            self._pack, transport.abort if transport is not None else lambda: None, scope.get("driven.holder")
        )  # fmt: skip
        hub.listeners.add(one)
        try:
            first, history = b"retry: %d\n" % RETRY, []
            if self._after is None:
                first += b"id: %d\n\n" % upto  # who comes again says so, and misses nothing
            else:
                first += b"\n"
                history = await self._site.history(self._after, upto, self._pack)
            if scope["method"] == "HEAD":
                one.end()
            await hub.stream(one, first, history, receive, send)
        finally:
            hub.listeners.discard(one)


_FRESH = {"Cache-Control": CHANGES}


def _not_ready(why: str) -> Problem:
    return Problem(503, "Not ready", why, headers={"Retry-After": "2"})


def _told(error: Exception) -> Problem:
    return of_error(error) if isinstance(error, DrivenError) else FAULT


def _nothing(name: str, version: str = "") -> Problem:
    what = f"{name[:80]} {version[:80]}".strip()
    return Problem(404, "No such pack", f"`{what}` was not published here", "GET /packs lists what there is")


def _digest(raw: bytes) -> str:
    return f"sha-256={as_byte_sequence(raw)}"
