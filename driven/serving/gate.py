"""What every request passes: who it is, the short way of what has not changed, a line of the log, a figure; and where
nothing escapes as a traceback."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request

from driven.errors import DrivenError
from driven.serving.answers import FAULT, PROBLEM, Problem, cut_off, of_error
from driven.streaming.etag import ETagNegotiator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from driven.serving.site import Site
    from driven.serving.store import Version
    from driven.serving.tokens import Holder

CHANGES = "no-cache"
_NEVER = "public, max-age=31536000, immutable"  # what was published never changes
_OPEN = ("/healthz", "/readyz")
_ROUTES = frozenset({"/packs", "/events", "/healthz", "/readyz", "/metrics"})


class Gate:
    """The application that uvicorn calls; `app` is what it guards, `bundle` what answers for a version that there is:
    asked for by everybody at once, it is not looked for among the routes."""

    def __init__(self, app: ASGIApp, site: Site, bundle: Callable[[Request], Awaitable[Response]]) -> None:
        self._app = app
        self._site = site
        self._bundle = bundle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given: dict[bytes, bytes] = dict(scope["headers"])
        path, site = scope["path"], self._site
        began = time.monotonic() if site.tell is not None else 0.0
        status, holder = 0, None
        try:
            holder = self._admit(path, scope["method"], given)
            known = site.catalogue.at(path) if scope["method"] in ("GET", "HEAD") else None
            if known is not None and _is_unchanged(known, given):
                status = 304
                await send({"type": "http.response.start", "status": 304, "headers": _unchanged(known, path, site)})
                await send({"type": "http.response.body"})
                return
            if known is not None:
                scope["path_params"] = {"name": known.name, "version": path.rpartition("/")[2]}
                answer = await self._bundle(Request(scope, receive))
                status = answer.status_code
                await answer(scope, receive, send)
                return
            scope["driven.holder"] = holder

            async def counted(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            await self._app(scope, receive, counted)
        except Problem as problem:
            status = status or await _answer(problem, send)
        except DrivenError as error:
            status = status or await _answer(of_error(error), send)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # Nothing of a client's may end here; where it does, it is told in one line, and answered.
            if site.tell is not None:
                site.tell(f"a fault of ours: {type(error).__name__}: {str(error)[:200]!r} at {path[:200]!r}")
            if not status:
                status = await _answer(FAULT, send)
            elif status != 500:  # in the middle of another answer
                cut_off(scope)
        finally:
            site.figures.requests[_route(path), status] += 1
            if site.tell is not None:
                client = scope.get("client") or ("-",)
                took = (time.monotonic() - began) * 1000
                who = f" {holder.name}" if holder else ""
                shown = ascii(path)[1:-1][:200]
                site.tell(f"{client[0]} {scope['method']} {shown} {status} {took:.1f} ms{who}")

    def _admit(self, path: str, method: str, given: dict[bytes, bytes]) -> Holder | None:
        """Who asks. Problem for whoever may not."""
        site = self._site
        if site.hosts is not None and given.get(b"host", b"").lower() not in site.hosts:
            raise Problem(
                421, "Another host", "this server answers to the names of this machine alone",
                "with --tokens FILE it answers to any name",
            )  # fmt: skip
        if path in _OPEN:
            return None
        if site.tokens is None:
            if method in ("GET", "HEAD"):
                return None
            raise Problem(403, "Not allowed", "to publish over HTTP takes a token, and this server knows none",
                          "start it with --tokens FILE, or publish into its folder: --to DIR")  # fmt: skip
        holder = site.tokens.holder(given.get(b"authorization", b""))
        if holder is None:
            sent = b"authorization" in given
            raise Problem(
                401, "Who are you?", "this token is not known here" if sent else "a token is needed",
                "ask whoever runs this server for one; driven takes it by --token-file FILE, curl as"
                " `Authorization: Bearer TOKEN`",
                {"WWW-Authenticate": 'Bearer realm="driven"'},
            )  # fmt: skip
        if method not in ("GET", "HEAD") and holder.grant != "publish":
            raise Problem(403, "Not allowed", f"the token of {holder.name} is one to read",
                          f"`driven token add NAME --publish --tokens {site.tokens.path}` makes another")  # fmt: skip
        return holder


def _is_unchanged(known: Version, given: dict[bytes, bytes]) -> bool:
    """Whether the client has it already."""
    wanted = given.get(b"if-none-match")
    return wanted is not None and ETagNegotiator(known.etag).is_known(wanted.decode("latin-1"))


def headers_of(known: Version, path: str, site: Site) -> dict[str, str]:
    """What is said of a version with its bundle, and where that has not changed (RFC 9110, 15.4.5, read 2026-11-22)."""
    latest = path.endswith("/latest")
    found = {"Vary": "Accept-Encoding, Available-Dictionary, A-IM", "Cache-Control": CHANGES if latest else _NEVER}
    if site.tokens is not None:
        found["Cache-Control"] = found["Cache-Control"].replace("public", "private")
    if latest:
        found["Driven-Version"] = known.version
    return found


def _unchanged(known: Version, path: str, site: Site) -> list[tuple[bytes, bytes]]:
    said = [(name.lower().encode(), value.encode()) for name, value in headers_of(known, path, site).items()]
    return [(b"etag", b'"%b"' % known.etag.encode()), *said]


def _route(path: str) -> str:
    if path in _ROUTES:
        return path
    parts = path.split("/")
    if parts[1:2] == ["packs"] and len(parts) in (3, 4):
        return "/packs/NAME" if len(parts) == 3 else "/packs/NAME/VERSION"
    return "other"


async def _answer(problem: Problem, send: Send) -> int:
    body = problem.body()
    headers = [(b"content-type", PROBLEM.encode()), (b"content-length", b"%d" % len(body))]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return problem.status
