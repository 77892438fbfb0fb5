"""Two ends of a session, over a real pipe; and what is no frame of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core.frames import header, pack
from driven.errors import SandboxError
from driven.trust.frame_session import MESSAGES, FrameSession

NAME = bytes(range(16))

# Who knows nothing of ours: an echo that counts as it must, written from the description of the format alone.
ECHO = """\
import struct, sys
head = struct.Struct("<I16sBxxxxxxxQQ")
count = 0
while data := sys.stdin.buffer.read(head.size):
    size, session, stream, sequence, stamp = head.unpack(data)
    payload = sys.stdin.buffer.read(size - 40)
    count += 1
    assert sequence == count
    sys.stdout.buffer.write(head.pack(size, session, stream, count, stamp) + payload[::-1])
    sys.stdout.buffer.flush()
"""


def test_over_a_pipe_with_who_knows_the_format_only() -> None:
    here = FrameSession(NAME)
    said = [os.urandom(size) for size in (0, 1, 39, 40, 41, 65_536, 200_000)]
    with subprocess.Popen([sys.executable, "-I", "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as echo:
        assert echo.stdin and echo.stdout
        for number, payload in enumerate(said):
            echo.stdin.write(here.write(payload, number))
            echo.stdin.flush()
            found: list[tuple[int, memoryview]] = []
            while not found:
                found = here.read(os.read(echo.stdout.fileno(), 1 << 16))
            assert [(stream, bytes(view)) for stream, view in found] == [(number, payload[::-1])]
        echo.stdin.close()
        assert os.read(echo.stdout.fileno(), 10) == b""
        here.end()
    assert echo.returncode == 0


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 60))
def test_what_one_end_writes_the_other_reads(payloads: list[bytes], step: int) -> None:
    one, other = FrameSession(NAME), FrameSession(NAME, cap=50)
    data = b"".join(one.write(payload) for payload in payloads)
    found = [pair for at in range(0, len(data), step) for pair in other.read(data[at : at + step])]
    other.end()
    assert [(stream, bytes(view)) for stream, view in found] == [(MESSAGES, payload) for payload in payloads]


@pytest.mark.parametrize(
    "data, words",
    [
        (pack(header(NAME[::-1], 1, 1, 0), b"x"), "another session"),
        (pack(header(NAME, 1, 2, 0), b"x"), "frame 2 where frame 1 was due"),
        (pack(header(NAME, 1, 0, 0), b"x"), "frame 0 where frame 1"),
        (pack(header(NAME, 1, 1, 0), b"x") * 2, "frame 1 where frame 2"),
        (pack(header(NAME, 1, 1, 0), bytes(11)), "11 bytes, more than 10"),
        (b"Traceback (most recent call last):\n", "more than 10"),
        (b'{"jsonrpc": "2.0"}\n', "more than 10"),
    ],
)
def test_what_is_no_frame_of_it_breaks_it(data: bytes, words: str) -> None:
    session = FrameSession(NAME, cap=10)
    with pytest.raises(SandboxError, match=words) as caught:
        session.read(data)
    assert "stderr" in caught.value.hint
    for sequence in (1, 2):
        with pytest.raises(SandboxError):
            session.read(pack(header(NAME, 1, sequence, 0), b"x"))


def test_a_frame_that_is_cut_and_one_that_cannot_be() -> None:
    session = FrameSession(NAME)
    assert session.read(session.write(b"hello")[:-1]) == []
    with pytest.raises(SandboxError, match="ends inside a frame"):
        session.end()
    for stream in (-1, 256):
        with pytest.raises(SandboxError, match="does not fit"):
            FrameSession(NAME).write(b"", stream)
    with pytest.raises(SandboxError, match="does not fit"):
        FrameSession(b"short").write(b"")
    other = FrameSession(NAME)
    with pytest.raises(SandboxError, match="does not fit"):
        other.write(bytes((1 << 24) + 1))
    assert FrameSession(NAME).read(other.write(b"still the first")) != []
