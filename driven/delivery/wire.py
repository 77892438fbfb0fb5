"""HTTP/1.1 as much as fetching needs: one request on one connection, on asyncio, so that a thousand may wait at once.

Nothing of what comes is taken without a bound, and nothing is waited for without one. A redirect leads to the same
host, or by https elsewhere, and a token goes to nobody but the host that it is for, by https or on this machine.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from driven.delivery.heads import Head, parse_head
from driven.delivery.origin import is_loopback
from driven.errors import DeliveryError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping
    from urllib.parse import SplitResult

MAX_HEAD = 64 << 10  # bytes of a head, and of a line that says how long a chunk is
PART = 64 << 10
REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_NO_CERTIFICATE = "SSL_CERT_FILE names the file of your own authority's certificates, where it is one of those"


@frozen
class Patience:
    """Seconds: to connect, until the next bytes come, and for all of one answer."""

    connect: float = 10.0
    silence: float = 30.0
    whole: float = 600.0


class Unreachable(DeliveryError):
    """Nobody answers there: no network, no server, or too slow a one."""


class Cut(Exception):
    """The connection ended before all was there."""


class Answer:
    """What came of one request; its body is read by `parts` or `body`, once."""

    def __init__(self, head: Head, reader: asyncio.StreamReader, patience: Patience, host: str) -> None:
        self.status = head.status
        self.headers = head.headers
        self._reader = reader
        self._patience = patience
        self._host = host

    async def parts(self, silence: float = 0.0) -> AsyncIterator[bytes]:
        """The body as it comes. Cut where it ends too early, Unreachable where nothing comes for `silence` seconds."""
        wait = silence or self._patience.silence
        if self.status in (204, 304):
            return
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            async for part in self._chunks(wait):
                yield part
            return
        length = self.headers.get("content-length")
        left = int(length) if length is not None else -1
        while left:
            part = await self._some(PART if left < 0 else min(PART, left), wait)
            if not part:
                if left < 0:
                    return
                raise Cut
            left -= len(part) if left > 0 else 0
            yield part

    async def body(self, limit: int) -> bytes:
        """All of it. DeliveryError where it is larger than `limit` bytes."""
        data = bytearray()
        async for part in self.parts():
            data += part
            if len(data) > limit:
                raise DeliveryError(
                    f"`{self._host}` sends more than {limit:,} bytes", hint="ask whoever runs the server"
                )
        return bytes(data)

    async def _chunks(self, wait: float) -> AsyncIterator[bytes]:
        while True:
            line = (await self._line(wait)).partition(b";")[0].strip()
            if not line or len(line) > 16 or line.strip(b"0123456789abcdefABCDEF"):
                raise Cut
            left = int(line, 16)
            if not left:
                while (await self._line(wait)).strip():
                    pass
                return
            while left:
                part = await self._some(min(PART, left), wait)
                if not part:
                    raise Cut
                left -= len(part)
                yield part
            await self._line(wait)

    async def _some(self, most: int, wait: float) -> bytes:
        try:
            async with asyncio.timeout(wait):
                return await self._reader.read(most)
        except TimeoutError:
            raise Unreachable(f"`{self._host}` says nothing for {wait:g} s", hint="try again later") from None
        except OSError:
            raise Cut from None

    async def _line(self, wait: float) -> bytes:
        try:
            async with asyncio.timeout(wait):
                return await self._reader.readuntil(b"\n")
        except TimeoutError:
            raise Unreachable(f"`{self._host}` says nothing for {wait:g} s", hint="try again later") from None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            raise Cut from None


class Client:
    """Requests to one server. `token`: for the host of `base` alone."""

    def __init__(self, base: str, *, token: str = "", patience: Patience | None = None) -> None:
        self.base = base.rstrip("/")
        self._home = _split(self.base)
        self.host = self._home.netloc
        self.patience = patience or Patience()
        # Whether there is a token that may go to that server.
        self.sends_token = bool(token) and (self._home.scheme == "https" or is_loopback(self._home.hostname or ""))
        self._token = token
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Answer]:
        """The answer to a GET of `path` (it begins with `/`), after at most `REDIRECTS` redirects."""
        url = _split(self.base + path)
        for _ in range(REDIRECTS + 1):
            reader, writer = await self._connect(url)
            try:
                answer = await self._asked(reader, writer, url, headers or {})
                if answer.status not in _MOVED or "location" not in answer.headers:
                    yield answer
                    return
                url = self._moved(url, answer.headers["location"])
            finally:
                writer.transport.abort()
        raise DeliveryError(f"`{self.host}` redirects for ever", hint="ask whoever runs the server")

    async def _asked(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: SplitResult, headers: Mapping[str, str]
    ) -> Answer:
        writer.write(self._request(url, headers))
        host = url.netloc
        try:
            async with asyncio.timeout(self.patience.silence):
                while True:
                    head = parse_head(await reader.readuntil(b"\r\n\r\n"), host)
                    if head.status >= 200:
                        return Answer(head, reader, self.patience, host)
        except TimeoutError:
            raise Unreachable(f"`{host}` does not answer within {self.patience.silence:g} s", hint=_LATER) from None
        except asyncio.LimitOverrunError:
            raise DeliveryError(f"what answers at `{host}` speaks no HTTP", hint="look at the URL") from None
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise DeliveryError(f"what answers at `{host}` speaks no HTTP", hint="look at the URL") from None
            raise Cut from None
        except OSError:
            raise Cut from None

    def _request(self, url: SplitResult, headers: Mapping[str, str]) -> bytes:
        from driven import __version__

        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        if url.scheme == "http" and _proxy(url):
            target = f"http://{url.netloc}{target}"
        lines = [
            f"GET {target} HTTP/1.1", f"Host: {url.netloc}", f"User-Agent: driven/{__version__}", "Connection: close",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]  # fmt: skip
        if self.sends_token and (url.scheme, url.netloc) == (self._home.scheme, self._home.netloc):
            lines.append(f"Authorization: Bearer {self._token}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _moved(self, url: SplitResult, location: str) -> SplitResult:
        from urllib.parse import urljoin

        try:
            new = _split(urljoin(url.geturl(), location))
        except ValueError:
            raise DeliveryError(f"`{url.netloc}` redirects to nowhere", hint="ask whoever runs the server") from None
        same = (new.scheme, new.hostname, new.port) == (url.scheme, url.hostname, url.port)
        upwards = new.scheme == "https"
        if new.username or new.password or not (same or upwards):
            raise DeliveryError(
                f"`{url.netloc}` redirects to `{new.scheme}://{new.hostname or ''}`",
                hint="to another host a redirect leads by https only; if it is right, name that one in `--from`",
            )
        return new

    async def _connect(self, url: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        import ssl

        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        secure = url.scheme == "https"
        proxy = _proxy(url)
        try:
            async with asyncio.timeout(self.patience.connect):
                if proxy is None:
                    context = self._context() if secure else None
                    return await asyncio.open_connection(host, port, ssl=context, limit=MAX_HEAD)
                reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or 80, limit=MAX_HEAD)
                if secure:
                    await _tunnel(reader, writer, proxy, host, port)
                    await writer.start_tls(self._context(), server_hostname=host)
                return reader, writer
        except TimeoutError:
            raise Unreachable(
                f"`{url.netloc}` does not answer within {self.patience.connect:g} s", hint=_LATER
            ) from None
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message or "it cannot be verified"
            raise DeliveryError(
                f"the certificate of `{url.netloc}` is not to be trusted: {why}", hint=_NO_CERTIFICATE
            ) from None
        except ssl.SSLError:
            raise DeliveryError(f"`{url.netloc}` speaks no TLS", hint="look at the URL: http:// or https://") from None
        except (OSError, asyncio.IncompleteReadError, UnicodeError) as error:
            raise Unreachable(f"`{url.netloc}` cannot be reached: {_why(error)}", hint=_NETWORK) from None

    def _context(self) -> ssl.SSLContext:
        import ssl

        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


_LATER = "try again later; `--offline` takes what was fetched before"
_NETWORK = "look at the URL and the network; `--offline` takes what was fetched before"


async def _tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: SplitResult, host: str, port: int
) -> None:
    """Through a proxy: https://www.rfc-editor.org/rfc/rfc9110#name-connect, verified 2026-11-22."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.username:
        from base64 import b64encode

        words = f"{proxy.username}:{proxy.password or ''}".encode()
        lines.append(f"Proxy-Authorization: Basic {b64encode(words).decode()}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    head = parse_head(await reader.readuntil(b"\r\n\r\n"), proxy.hostname or "")
    if head.status != 200:
        raise DeliveryError(f"the proxy `{proxy.hostname}` refuses: {head.status}", hint="look at HTTPS_PROXY")


def _proxy(url: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for a host; none for this machine."""
    from urllib.request import getproxies, proxy_bypass

    host = url.hostname or ""
    if is_loopback(host) or proxy_bypass(url.netloc):
        return None
    named = getproxies().get(url.scheme, "")
    return _split(named if "://" in named else f"http://{named}") if named else None


def _split(url: str) -> SplitResult:
    from urllib.parse import urlsplit

    try:
        found = urlsplit(url)
        _ = found.port
    except ValueError:
        raise DeliveryError("a URL that is none was named", hint="look at `--from`, or at the server") from None
    if not found.geturl().isascii() or not found.geturl().isprintable() or " " in url:
        raise DeliveryError("a URL that is none was named", hint="look at `--from`, or at the server")
    return found


def _why(error: Exception) -> str:
    """What the system says, in its own words and without addresses."""
    import socket

    if isinstance(error, socket.gaierror):
        return "no such host is known"
    number = getattr(error, "errno", None)
    if number:
        import os

        return os.strerror(number).lower()
    said = str(error).lower()
    return "connection refused" if "refused" in said else "the connection failed"
