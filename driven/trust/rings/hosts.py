"""Which address a plugin's request may go to: its host compared as it was parsed, its address checked and then dialled.

Rules learned from what broke elsewhere: a name with a NUL in it that ended in `.allowed.com`, a redirect to a host that
nobody granted, a name that resolved to the machine itself the second time.
"""

from __future__ import annotations

from driven.errors import PolicyError
from driven.frozen import frozen
from driven.trust.resilience import in_time, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Container, Mapping

    from driven.trust.capability import Capability

MAX_URL = 2048
MOST = 4 << 20  # bytes of an answer
_REDIRECTS = 5
_SECONDS = 10.0
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_OURS = frozenset(("host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect"))
_MOVED = (301, 302, 303, 307, 308)


class TooMuch(OSError):
    """An answer that is too large, or that leads on and on."""


@frozen
class Address:
    """A request's place: `host` in its one spelling, `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def capability(self) -> Capability:
        """What it takes to go there."""
        from driven.trust.capability import capability

        return capability("NetworkAccess", f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}")


@frozen
class Answer:
    """What a host answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def parsed(url: str) -> Address:
    """The place that an address names. PolicyError for what is none, or could be read in two ways."""
    from urllib.parse import urlsplit

    def refuse(why: str) -> PolicyError:
        return PolicyError(f"`{url[:80]!r}` is no address that a plugin may ask for: {why}")

    if not isinstance(url, str) or len(url) > MAX_URL:
        raise refuse(f"it is longer than {MAX_URL} characters")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\^`{|}<>"'):
        raise refuse("write it in ASCII, other characters as `%XX`, and the host in its IDNA form")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refuse(str(error)) from None
    if parts.scheme not in ("https", "http"):
        raise refuse("http or https")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise refuse("a host and a port, without a user's name and without `%`")
    host = (parts.hostname or "").lower()
    if not host or host.endswith(".") or ".." in host or host.startswith("."):
        raise refuse("a host without a dot at either end")
    if ":" not in host and set(host) - set("abcdefghijklmnopqrstuvwxyz0123456789-."):
        raise refuse("a host is letters, digits, `-` and `.`")
    if ":" not in host and host.rpartition(".")[2].isdigit() and not _plain_ipv4(host):
        raise refuse("a number that other programs read as an address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(scheme=parts.scheme, host=host, port=port or (443 if parts.scheme == "https" else 80), path=path)


def _plain_ipv4(host: str) -> bool:
    import ipaddress

    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def dialled(host: str, port: int, private: Container[str]) -> str:
    """The address to dial for a host: looked up once, and public, unless `private` names it. PolicyError."""
    import ipaddress
    import socket

    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=getattr(socket, "AI_ADDRCONFIG", 0))
    except (OSError, UnicodeError) as error:
        raise ConnectionError(f"`{host}` has no address: {error}") from None
    for one in found:
        text = str(one[4][0]).partition("%")[0]
        address = ipaddress.ip_address(text)
        inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
        if text in private or (address.is_global and inner.is_global and not address.is_multicast):
            return text
    where = ", ".join(sorted({str(one[4][0]) for one in found})[:3])
    raise PolicyError(f"`{host}` is {where}, an address of this machine or of its own network")


def fetch(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    check: Callable[[Address], None],
    private: Container[str] = (),
    counted: Callable[[int], None] = lambda size: None,
) -> Answer:
    """Ask, and follow redirects. `check` raises for a place that may not be asked, and sees each one before anything is
    sent; `counted` is told of bytes as they come and go, and may raise. ConnectionError for what fails on the way,
    `TooMuch` for what would fail again, DeadlineError when the time for it is up."""
    import http.client

    if method not in _METHODS:
        raise PolicyError(f"the method `{method!r:.20}` is none of {', '.join(_METHODS)}")
    place = parsed(url)
    first = (place.host, place.port)
    for _ in range(_REDIRECTS + 1):
        check(place)
        address = dialled(place.host, place.port, private)
        try:
            answer = _ask(place, address, method, headers, body, counted)
        except TooMuch:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(f"{place.host}: {error}") from None
        target = dict(answer.headers).get("location", "")
        if answer.status not in _MOVED or not target:
            return answer
        from urllib.parse import urljoin

        name = f"[{place.host}]" if ":" in place.host else place.host
        moved = parsed(urljoin(f"{place.scheme}://{name}:{place.port}{place.path}", target))
        if place.scheme == "https" and moved.scheme != "https":
            raise PolicyError(f"`{place.host}` leads from https to http")
        if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
            method, body = "GET", None
        if (moved.host, moved.port) != first:  # a secret for one host is none of another's
            headers = {key: value for key, value in headers.items()
                       if key.lower() not in ("authorization", "cookie", "proxy-authorization")}  # fmt: skip
        place = moved
    raise TooMuch(f"`{first[0]}` redirects more than {_REDIRECTS} times")


def _ask(
    place: Address, address: str, method: str, headers: Mapping[str, str], body: bytes | None,
    counted: Callable[[int], None],
) -> Answer:  # fmt: skip
    connection = _connection(place, address)
    try:
        sent = {str(key): str(value) for key, value in headers.items() if str(key).lower() not in _OURS}
        try:
            connection.request(method, place.path, body=body, headers={"Accept-Encoding": "identity", **sent})
        except ValueError as error:  # a header with a line feed in it
            raise PolicyError(f"a header that cannot be sent: {error}") from None
        counted(len(body or b"") + sum(len(key) + len(value) for key, value in sent.items()))
        answer = connection.getresponse()
        found = bytearray()
        while len(found) <= MOST and (part := answer.read1(1 << 16)):
            in_time(f"`{place.host}`")  # a byte now and then keeps no socket from waiting
            counted(len(part))
            found += part
        if len(found) > MOST:
            raise TooMuch(f"an answer of more than {MOST >> 20} MiB")
        names = tuple((key.lower(), value) for key, value in answer.getheaders())
        return Answer(status=answer.status, headers=names, body=bytes(found))
    finally:
        connection.close()


def _connection(place: Address, address: str) -> http.client.HTTPConnection:
    """A connection to the address that was checked, which speaks to the host by its name."""
    import http.client
    import socket

    in_time(f"`{place.host}`")
    seconds = within(_SECONDS)

    def dial(*_: object) -> socket.socket:
        return socket.create_connection((address, place.port), timeout=seconds)

    made = (
        http.client.HTTPSConnection(place.host, place.port, timeout=seconds)
        if place.scheme == "https"
        else http.client.HTTPConnection(place.host, place.port, timeout=seconds)
    )
    made._create_connection = dial  # type: ignore[attr-defined]
    return made
