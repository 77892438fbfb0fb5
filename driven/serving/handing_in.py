"""Handing a bundle to a server over HTTP: what `driven pack publish --to URL` does."""

from __future__ import annotations

import contextlib
import time

from driven.delivery.origin import is_loopback
from driven.errors import ConflictError, DrivenError, PolicyError, SignatureError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.serving.store import Version

_TRIES = 6
_PAUSE = 0.5  # seconds before the second try; each pause is twice the one before
_TIMEOUT = 60.0  # seconds that a connection may be silent
MAX_ANSWER = 1 << 20


def is_url(place: str) -> bool:
    """Whether it is the address of a server, and no folder."""
    return place.startswith(("http://", "https://"))


def hand_in(url: str, one: Version, data: bytes, token: str) -> dict[str, Any]:
    """The server's answer: the version as it keeps it, and whether it is new.

    Tried again where the server is not there now: handing in twice is as good as once. ConflictError for another
    content under that version, PolicyError for a token that may not, SignatureError for what it does not take.
    """
    host, port, tls, above = _place(url)
    if token and not tls and not is_loopback(host):
        raise UsageError(
            f"`{url}` is not https: the token would travel in the clear", hint="https://…, or a tunnel to localhost"
        )
    import ssl

    pause, last = _PAUSE, DrivenError("nothing was tried")
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(pause)
            pause *= 2
        try:
            status, answer = _put(host, port, tls, f"{above}/packs/{one.name}/{one.version}", data, token)
        except ssl.SSLCertVerificationError as error:
            raise DrivenError(
                f"`{url}` is not whom it says it is: {error.verify_message or 'its certificate does not hold'}",
                hint="SSL_CERT_FILE=FILE names the certificate of your own authority",
            ) from None
        except OSError as error:
            why = error.strerror or str(error) or type(error).__name__
            last = DrivenError(f"`{url}` does not answer: {why.lower()}", hint="is the server running there?")
            continue
        if status in (200, 201):
            return answer
        message, hint = _text(answer, "detail", f"the server answered {status}"), _text(answer, "hint", "")
        if status not in (408, 425, 429, 502, 503, 504):
            kind = {409: ConflictError, 401: PolicyError, 403: PolicyError, 421: PolicyError, 422: SignatureError}
            raise kind.get(status, DrivenError)(message, hint=hint)
        last = DrivenError(f"`{url}` cannot take it now: {message}", hint=hint or "try again later")
    raise last


def _place(url: str) -> tuple[str, int, bool, str]:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if tls else 80)
    except ValueError:
        host, port, tls, parts = "", 0, False, urlsplit("")
    if not host or parts.username is not None or parts.query or parts.fragment or not url.isprintable():
        raise UsageError(f"`{url[:200]}` is no address of a server", hint="https://HOST[:PORT]")
    return host, port, tls, parts.path.rstrip("/")


def _put(host: str, port: int, tls: bool, path: str, data: bytes, token: str) -> tuple[int, dict[str, Any]]:
    import http.client
    import json

    from driven import __version__
    from driven.trust.bundle import MEDIA

    connection: http.client.HTTPConnection
    if tls:
        import ssl

        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    headers = {"Content-Type": MEDIA, "User-Agent": f"driven/{__version__}", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before it hung up
            connection.request("PUT", path, body=data, headers=headers)
        answer = connection.getresponse()
        text = answer.read(MAX_ANSWER)
    except OSError:
        raise
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"no answer of HTTP: {type(error).__name__}") from None
    finally:
        connection.close()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = {}
    return answer.status, value if isinstance(value, dict) else {}


def _text(answer: dict[str, Any], key: str, otherwise: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) < 2000 else otherwise
