"""A long body in chunks: the sender sends as many as it has credit for, the receiver checks each one by itself and says
from where to go on when one is wrong. Neither holds more than one chunk.

A frame is 32 bytes and its data: kind u8, three zeros, length of the data u32, offset u64, and 16 bytes of BLAKE3 over
these 16 and the data. The first frame (HEAD) holds the digest of the whole, and the total in place of the offset.
"""

from __future__ import annotations

from driven.errors import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

HEAD, CHUNK = 1, 2
HEADER = 32  # bytes
SIZE = 64 << 10  # bytes of a chunk
MAX_SIZE = 1 << 20  # bytes of a chunk that is taken
MAX_CREDIT = 1024  # chunks


class ChunkError(SourceError):
    """A chunk that is not the next one, or not whole. `offset`: from where the sender is to go on."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, hint=f"go on at byte {offset:,}")
        self.offset = offset


class ChunkStreamer:
    """The sender. `read(offset, size)` gives the bytes there, from a file or a store; `digest` is the BLAKE3 of all."""

    def __init__(
        self, read: Callable[[int, int], bytes], total: int, digest: bytes, *, size: int = SIZE, offset: int = 0
    ) -> None:
        """From `offset` on."""
        if not 0 < size <= MAX_SIZE or not 0 <= offset <= total or len(digest) != 32:
            raise ValueError("a chunk has 1 byte to 1 MiB, an offset is none beyond the end, a digest has 32 bytes")
        self._read = read
        self.total = total
        self.digest = digest
        self.size = size
        self.offset = offset
        self._headed = False
        self._credit = 0

    @classmethod
    def of(cls, data: bytes, *, size: int = SIZE, offset: int = 0) -> ChunkStreamer:
        """A sender of bytes that are there."""
        from blake3 import blake3

        return cls(lambda at, most: data[at : at + most], len(data), blake3(data).digest(), size=size, offset=offset)

    @property
    def is_done(self) -> bool:
        """Whether all was sent."""
        return self._headed and self.offset == self.total

    def credit(self, count: int) -> None:
        """The receiver has room for so many chunks more."""
        self._credit = min(self._credit + max(count, 0), MAX_CREDIT)

    def resume(self, offset: int) -> None:
        """Go on from there: what the receiver's error said. Without credit, which died with what was under way."""
        if not 0 <= offset <= self.total:
            raise ChunkError(f"there is no byte {offset:,}", 0)
        self.offset = offset
        self._headed = False
        self._credit = 0

    def next(self) -> bytes | None:
        """The next frame; None when all was sent, or no credit is left. The first one needs none."""
        if not self._headed:
            self._headed = True
            return _frame(HEAD, self.total, self.digest)
        if not self._credit or self.offset == self.total:
            return None
        wanted = min(self.size, self.total - self.offset)
        data = self._read(self.offset, wanted)
        if len(data) != wanted:
            raise SourceError("what is sent has changed meanwhile", hint="ask for it anew")
        self._credit -= 1
        at, self.offset = self.offset, self.offset + wanted
        return _frame(CHUNK, at, data)


class ChunkReceiver:
    """The receiver: writes into `sink` (a file open for reading and writing, a BytesIO) what is whole and in order.

    What the sink holds already is what came before: the sender is to go on at `offset`. At the end the whole is held
    against the digest; if it is not that, it is thrown away, and the error says to go on at 0.
    """

    def __init__(self, sink: BinaryIO, *, limit: int) -> None:
        """`limit`: bytes of the whole that are taken."""
        from blake3 import blake3

        self._sink = sink
        self._limit = limit
        self._rest = bytearray()  # of a frame that is not here as a whole
        self._hash = blake3()
        self.offset = 0
        self.total = -1  # not known yet
        self.digest = b""
        sink.seek(0)
        while data := sink.read(SIZE):
            self._hash.update(data)
            self.offset += len(data)
        if self.offset > limit:
            self._restart()

    @property
    def is_done(self) -> bool:
        """Whether all is here, and is what was meant."""
        return self.offset == self.total

    def feed(self, data: bytes) -> int:
        """Bytes of frames, cut anywhere. How many chunks they completed: as much credit may be given. ChunkError."""
        self._rest += data
        count = 0
        try:
            while len(self._rest) >= HEADER:
                end = HEADER + self._length(bytes(self._rest[:HEADER]))
                if len(self._rest) < end:
                    break
                count += self.take(bytes(self._rest[:end]))
                del self._rest[:end]
        except ChunkError:
            self._rest.clear()
            raise
        return count

    def take(self, frame: bytes) -> int:
        """One frame; 1 for a chunk, 0 for the head. ChunkError: the state is what it was, unless the offset is 0."""
        length = self._length(frame)
        if len(frame) != HEADER + length or _check(frame[:16], frame[HEADER:]) != frame[16:HEADER]:
            raise ChunkError("a chunk was damaged on its way", self.offset)
        at = int.from_bytes(frame[8:16], "little")
        if frame[0] == HEAD:
            if length != 32:
                raise ChunkError("the first frame holds no digest", self.offset)
            self._expect(at, frame[HEADER:])
            return 0
        if self.total < 0:
            raise ChunkError("a chunk came before the first frame", self.offset)
        if at != self.offset:
            raise ChunkError(f"a chunk for byte {at:,} came", self.offset)
        self._append(frame[HEADER:])
        return 1

    def _expect(self, total: int, digest: bytes) -> None:
        """What the whole will be. ChunkError where it is another than before, or too large."""
        if total > self._limit:
            raise ChunkError(f"{total:,} bytes are more than the {self._limit:,} that are taken", self.offset)
        if (self.total >= 0 and (total, digest) != (self.total, self.digest)) or total < self.offset:
            self._restart()
            raise ChunkError("it is another body than the one that was begun", 0)
        self.total, self.digest = total, digest
        self._finish()

    def _append(self, data: bytes) -> None:
        """The next bytes. ChunkError for more than were announced."""
        if self.offset + len(data) > self.total:
            raise ChunkError("more bytes came than were announced", self.offset)
        self._sink.seek(self.offset)
        self._sink.write(data)
        self._hash.update(data)
        self.offset += len(data)
        self._finish()

    def _finish(self) -> None:
        if self.is_done and self._hash.digest() != self.digest:
            self._restart()
            raise ChunkError("the whole is not what was announced", 0)

    def _length(self, frame: bytes) -> int:
        if len(frame) < HEADER or frame[0] not in (HEAD, CHUNK) or frame[1:4] != b"\0\0\0":
            raise ChunkError("what came is no frame", self.offset)
        length = int.from_bytes(frame[4:8], "little")
        if length > MAX_SIZE:
            raise ChunkError(f"a chunk of {length:,} bytes is too large", self.offset)
        return length

    def _restart(self) -> None:
        from blake3 import blake3

        self._sink.seek(0)
        self._sink.truncate()
        self._hash = blake3()
        self.offset, self.total, self.digest = 0, -1, b""


def _frame(kind: int, at: int, data: bytes) -> bytes:
    head = bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "little") + at.to_bytes(8, "little")
    return head + _check(head, data) + data


def _check(head: bytes, data: bytes) -> bytes:
    from blake3 import blake3

    return blake3(head).update(data).digest(length=16)
