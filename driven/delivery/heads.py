"""The head of an HTTP answer: bytes in, values out. https://www.rfc-editor.org/rfc/rfc9112, verified 2026-11-22."""

from __future__ import annotations

from driven.errors import DeliveryError
from driven.frozen import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 100  # headers
_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")
_ONCE = frozenset(("content-length", "transfer-encoding", "etag", "location", "content-range"))


@frozen(kw_only=False)
class Head:
    """`headers` by their names in small letters; several of one name are joined by `, `."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_head(data: bytes, host: str) -> Head:
    """A head, its final empty line with it. DeliveryError for what is none, or could be read in two ways."""
    first, *lines = data.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or words[0] not in ("HTTP/1.1", "HTTP/1.0") or len(words[1]) != 3 or not _is_number(words[1]):
        raise _none(host)
    headers: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if not colon or not name or not _TOKEN.issuperset(name) or not value.replace("\t", " ").isprintable():
            raise _none(host)
        if name in headers and name in _ONCE:
            raise _none(host)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if len(headers) > MOST:
        raise _none(host)
    length, coded = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and (not _is_number(length) or len(length) > 15 or coded is not None):
        raise _none(host)
    if coded is not None and coded.lower() != "chunked":
        raise _none(host)
    return Head(int(words[1]), headers)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _none(host: str) -> DeliveryError:
    return DeliveryError(f"what answers at `{host}` speaks no HTTP", hint="look at the URL")
