"""What a rule server tells as it happens: bytes of an event stream in, news out.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream, verified 2026-11-22.
"""

from __future__ import annotations

from driven.frozen import frozen
from driven.trust.pack import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_EVENT = 64 << 10  # bytes of one event
MAX_ID = 100


class TooMuch(Exception):
    """An event without an end."""


@frozen
class News:
    """A version that was published. `id`: of the event; 0 where it says none."""

    name: str
    version: str
    etag: str = ""
    id: int = 0


class EventReader:
    """Bytes as they come, in whichever pieces. `last`: the id of the last event that was whole, "" before one was."""

    def __init__(self) -> None:
        self.last = ""
        self._rest = b""
        self._id = ""
        self._kind = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[tuple[str, str]]:
        """(kind, data) of each event that is whole now. TooMuch."""
        lines = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_EVENT:
            raise TooMuch
        for line in lines:
            if line:
                self._field(line.decode("utf-8", "replace"))
                continue
            self.last = self._id
            if self._data:
                yield self._kind or "message", "\n".join(self._data)
            self._kind, self._data, self._size = "", [], 0

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        self._size += len(line)
        if self._size > MAX_EVENT:
            raise TooMuch
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._kind = value
            case "id" if len(value) <= MAX_ID and value.isascii() and value.isprintable():
                self._id = value


def news(data: str, number: str = "") -> News | None:
    """What an event says, None where it is none of ours."""
    import json

    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return news_of(said, number)


def news_of(said: object, number: str = "") -> News | None:
    """The same of a value: `{"name", "version", "etag"}`, `id` where it has one of its own."""
    if not isinstance(said, dict):
        return None
    name, version, etag = said.get("name"), said.get("version"), said.get("etag", "")
    texts = isinstance(version, str) and isinstance(etag, str) and 0 < len(version) < 100 and version.isprintable()
    if not is_name(name) or not texts:
        return None
    count = said.get("id", number)
    return News(
        name=str(name), version=str(version), etag=str(etag).strip('"'),
        id=int(count) if str(count).isdecimal() and len(str(count)) < 19 else 0,
    )  # fmt: skip
