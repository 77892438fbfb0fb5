"""Frames: a header of 40 bytes before each message of a session, and what takes a stream of them apart. Compiled.

Header, little-endian: session 16 bytes, stream u8, padding 7 bytes (zero), sequence u64, timestamp u64 (nanoseconds
since 1970 by the sender's clock; the order is the sequence's). Of both numbers the highest bit is zero.
On a pipe each frame is the length of what follows as u32, then header, then payload.
"""

from __future__ import annotations

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i32_le, write_i64_le

from driven.core._rt import FormatError, final, i32, i64, mypyc_attr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SIZE: Final = 40  # bytes of a header
LENGTH: Final = 4  # bytes that the length takes on a pipe
SESSION: Final = 16  # bytes that name a session
MAX_PAYLOAD: Final = 16777216  # 16 MiB: the most that a reader can be told to take
LARGEST: Final = 0x7FFFFFFFFFFFFFFF


@final
@mypyc_attr(acyclic=True)  # the collector need not know of what refers to nothing
class Header:
    """What stands before a payload. `header` makes one from the bytes of a session."""

    def __init__(self, low: i64, high: i64, stream: i64, sequence: i64, timestamp: i64) -> None:
        """`low` and `high` are the halves of the session. FormatError for a number out of its range."""
        if (stream >> 8) != 0 or (sequence | timestamp) < 0:  # as one test: a header is made for each that is read
            raise FormatError("a stream is from 0 to 255, a sequence and a timestamp from 0 to 2**63 - 1", 16)
        self._low: i64 = low
        self._high: i64 = high
        self.stream: i64 = stream
        self.sequence: i64 = sequence
        self.timestamp: i64 = timestamp

    @property
    def session(self) -> bytes:
        """The 16 bytes that name the session."""
        out = BytesWriter()
        write_i64_le(out, self._low)
        write_i64_le(out, self._high)
        return out.getvalue()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Header) and encode(self) == encode(other)

    def __hash__(self) -> int:
        return hash(encode(self))

    def __repr__(self) -> str:
        return (
            f"Header(session={self.session.hex()}, stream={self.stream}, sequence={self.sequence}, "
            f"timestamp={self.timestamp})"
        )


def header(session: bytes, stream: int, sequence: int, timestamp: int) -> Header:
    """A header. FormatError for a session that is not 16 bytes and for a number out of its range."""
    if len(session) != SESSION:
        raise FormatError(f"a session is named by {SESSION} bytes, and this one by {len(session)}", 0)
    if not 0 <= stream <= 255:
        raise FormatError("a stream is a number from 0 to 255", 16)
    if not 0 <= sequence <= LARGEST:
        raise FormatError("a sequence is a number from 0 to 2**63 - 1", 24)
    if not 0 <= timestamp <= LARGEST:
        raise FormatError("a timestamp is a number from 0 to 2**63 - 1", 32)
    return Header(read_i64_le(session, 0), read_i64_le(session, 8), stream, sequence, timestamp)


def _put(out: BytesWriter, one: Header) -> None:
    write_i64_le(out, one._low)
    write_i64_le(out, one._high)
    write_i64_le(out, one.stream & 255)  # one store for the stream and its padding
    write_i64_le(out, one.sequence)
    write_i64_le(out, one.timestamp)


def _get(data: bytes, at: i64, base: i64) -> Header:
    """The header at `at`, which the caller has found to be inside. `base`: what stood before `data`, for errors."""
    stream = read_i64_le(data, at + 16)
    sequence = read_i64_le(data, at + 24)
    timestamp = read_i64_le(data, at + 32)
    if (stream >> 8) != 0:
        raise FormatError("the padding of a frame is not zero", int(base + at + 17))
    if (sequence | timestamp) < 0:
        which = "sequence" if sequence < 0 else "timestamp"
        raise FormatError(f"the {which} of a frame is past 2**63 - 1", int(base + at + (24 if sequence < 0 else 32)))
    return Header(read_i64_le(data, at), read_i64_le(data, at + 8), stream, sequence, timestamp)


def encode(one: Header) -> bytes:
    """The 40 bytes of a header."""
    out = BytesWriter()
    _put(out, one)
    return out.getvalue()


def decode(data: bytes) -> Header:
    """The header that these 40 bytes are. FormatError."""
    if len(data) != SIZE:
        raise FormatError(f"a header has {SIZE} bytes, and this one {len(data)}", 0)
    return _get(data, 0, 0)


def encode_many(headers: list[Header]) -> bytes:
    """The bytes of all of them, one after the other."""
    out = BytesWriter()
    for one in headers:
        _put(out, one)
    return out.getvalue()


def decode_many(data: bytes) -> list[Header]:
    """The headers that stand in `data` one after the other, and nothing else. FormatError."""
    size: i64 = len(data)
    if size % SIZE != 0:
        raise FormatError(f"{size} bytes are no whole number of headers", int(size - size % SIZE))
    found: list[Header] = []
    at: i64 = 0
    while at < size:
        found.append(_get(data, at, 0))
        at += SIZE
    return found


def prefix(one: Header, payload: int) -> bytes:
    """What stands on a pipe before a payload of so many bytes: length and header. FormatError for one too large."""
    if not 0 <= payload <= MAX_PAYLOAD:
        raise FormatError(f"a payload of {payload} bytes: more than {MAX_PAYLOAD}", 0)
    out = BytesWriter()
    size: i64 = payload
    write_i32_le(out, i32(size + SIZE))
    _put(out, one)
    return out.getvalue()


def pack(one: Header, payload: bytes) -> bytes:
    """A frame as it stands on a pipe. FormatError for a payload that is too large."""
    return prefix(one, len(payload)) + payload


@final
class FrameReader:
    """Takes apart what comes out of a pipe, in chunks as they come.

    The payload of a frame that stands whole in a chunk is a view into that chunk; of one that came in parts, into the
    one buffer in which they were joined. A view keeps its buffer alive. What is no frame breaks the reader for good:
    behind it nothing can be told from anything.
    """

    def __init__(self, cap: int = MAX_PAYLOAD) -> None:
        """`cap`: the most bytes of one payload, from 0 to `MAX_PAYLOAD`; ValueError."""
        if not 0 <= cap <= MAX_PAYLOAD:
            raise ValueError(f"a cap of {cap}: it is a number from 0 to {MAX_PAYLOAD}")
        self._cap: i64 = cap
        self._parts = BytesWriter()
        self._wanted: i64 = 0  # bytes of the frame that came in part, its length with it; 0: not known yet
        self._before: i64 = 0  # bytes of the stream before that frame
        self._broken: str = ""
        self._fault: int = 0

    @property
    def held(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._parts)

    def feed(self, chunk: bytes) -> list[tuple[Header, memoryview]]:
        """The frames that are whole with this chunk. FormatError, also for every later call."""
        if self._broken:
            raise FormatError(self._broken, self._fault)
        try:
            return self._feed(chunk)
        except FormatError as error:
            self._broken = error.message
            self._fault = error.offset
            self._parts = BytesWriter()
            raise

    def end(self) -> None:
        """Say that no chunk comes any more. FormatError when a frame was cut."""
        if self._broken:
            raise FormatError(self._broken, self._fault)
        if self.held:
            raise FormatError("the stream ends inside a frame", int(self._before) + self.held)

    def _feed(self, chunk: bytes) -> list[tuple[Header, memoryview]]:
        found: list[tuple[Header, memoryview]] = []
        size: i64 = len(chunk)
        at: i64 = 0
        if len(self._parts):
            at = self._complete(chunk, found)
            if len(self._parts):
                return found
        whole: i64 = 0
        base = self._before - at
        view = memoryview(chunk)
        while size - at >= LENGTH:
            whole = self._whole(chunk, at, base)
            if size - at < whole:
                break
            found.append((_get(chunk, at + LENGTH, base), view[int(at + LENGTH + SIZE) : int(at + whole)]))
            at += whole
            whole = 0
        self._before = base + at
        if at < size:
            self._parts.write(chunk[at:])
            self._wanted = whole
        return found

    def _complete(self, chunk: bytes, found: list[tuple[Header, memoryview]]) -> i64:
        """Add to the frame that came in part; how much of the chunk belongs to it."""
        size: i64 = len(chunk)
        at: i64 = 0
        held: i64 = len(self._parts)
        if self._wanted == 0:
            at = size if size < LENGTH - held else LENGTH - held
            self._parts.write(chunk[:at])
            held += at
            if held < LENGTH:
                return at
            self._wanted = self._whole(self._parts.getvalue(), 0, self._before)
        more = self._wanted - held
        if size - at < more:
            more = size - at
        self._parts.write(chunk[at : at + more])
        if held + more == self._wanted:
            joined = self._parts.getvalue()
            found.append((_get(joined, LENGTH, self._before), memoryview(joined)[LENGTH + SIZE :]))
            self._before += self._wanted
            self._wanted = 0
            self._parts = BytesWriter()
        return at + more

    def _whole(self, data: bytes, at: i64, base: i64) -> i64:
        """The bytes of the frame at `at` and of its length, which the caller has found to be there."""
        size = i64(read_i32_le(data, at)) & 0xFFFFFFFF
        if size < SIZE:
            raise FormatError(f"a frame of {size} bytes, less than its header", int(base + at))
        if size - SIZE > self._cap:
            raise FormatError(f"a payload of {size - SIZE} bytes, more than {self._cap}", int(base + at))
        return size + LENGTH
