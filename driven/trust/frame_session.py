"""One session over a pipe: what it says becomes frames; what comes is frames of this session, in order, none missing.

Both sides count their frames from 1. A pipe loses nothing and turns nothing round: a frame that is not the next one, or
of another session, was written by something that is not the other side, or is broken.
"""

from __future__ import annotations

import time

from driven.core._rt import FormatError
from driven.core.frames import MAX_PAYLOAD, FrameReader, header, pack
from driven.errors import SandboxError

MESSAGES = 1  # the stream of JSON-RPC


class FrameSession:
    """Both directions of one session. It owns no pipe: bytes in, bytes out."""

    def __init__(self, name: bytes, *, cap: int = MAX_PAYLOAD) -> None:
        """`name`: 16 bytes, as a `SessionRegistry` gives them. `cap`: the most bytes of one payload that comes."""
        self.name = name
        self._reader = FrameReader(cap)
        self._written = 0
        self._read = 0

    def write(self, payload: bytes, stream: int = MESSAGES) -> bytes:
        """The next frame, with its length before it. SandboxError for a payload that no frame holds."""
        try:
            made = pack(header(self.name, stream, self._written + 1, time.time_ns()), payload)
        except FormatError as error:
            raise SandboxError(f"what is to be said does not fit: {error.message}") from None
        self._written += 1
        return made

    def read(self, chunk: bytes) -> list[tuple[int, memoryview]]:
        """The (stream, payload) of each frame that is whole with this chunk. SandboxError for what is no frame of this
        session, and for all that comes behind it."""
        try:
            found = self._reader.feed(chunk)
        except FormatError as error:
            raise self._wrong(str(error)) from None
        for one, _ in found:
            if one.session != self.name:
                raise self._wrong("a frame of another session")
            if one.sequence != self._read + 1:
                raise self._wrong(f"frame {one.sequence} where frame {self._read + 1} was due")
            self._read += 1
        return [(one.stream, view) for one, view in found]

    def end(self) -> None:
        """Say that nothing comes any more. SandboxError when a frame was cut."""
        try:
            self._reader.end()
        except FormatError as error:
            raise self._wrong(str(error)) from None

    def _wrong(self, what: str) -> SandboxError:
        self._read = -2  # nothing that comes now is the next
        return SandboxError(what, hint="a plugin prints to stderr; what runs it writes its answers")
