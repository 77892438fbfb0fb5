"""Frames: what is written is read back, in chunks of any size; what is no frame is refused at once, and for good."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core._rt import FormatError
from driven.core.frames import (
    LARGEST,
    LENGTH,
    MAX_PAYLOAD,
    SIZE,
    FrameReader,
    Header,
    decode,
    decode_many,
    encode,
    encode_many,
    header,
    pack,
    prefix,
)

LAYOUT = struct.Struct("<16sB7sQQ")  # the header once more, by somebody else
HEADERS = st.builds(
    header, st.binary(min_size=16, max_size=16), st.integers(0, 255), st.integers(0, LARGEST), st.integers(0, LARGEST)
)
ONE = header(bytes(range(16)), 3, 7, 1_700_000_000_000_000_000)


def fields(one: Header) -> tuple[bytes, int, int, int]:
    return one.session, one.stream, one.sequence, one.timestamp


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` in pieces: it is cut at these places."""
    ends = sorted({min(at, len(data)) for at in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(ends)]


@given(HEADERS)
def test_a_header_is_what_struct_makes_of_it(one: Header) -> None:
    session, stream, sequence, timestamp = fields(one)
    data = encode(one)
    assert data == LAYOUT.pack(session, stream, bytes(7), sequence, timestamp) and len(data) == SIZE
    assert decode(data) == one and hash(decode(data)) == hash(one) and fields(decode(data)) == fields(one)


@given(st.lists(HEADERS, max_size=20))
def test_a_batch_is_its_headers_one_after_the_other(headers: list[Header]) -> None:
    data = encode_many(headers)
    assert data == b"".join(map(encode, headers))
    assert decode_many(data) == headers
    assert [fields(one) for one in headers] == [
        (session, stream, sequence, timestamp)
        for session, stream, _, sequence, timestamp in LAYOUT.iter_unpack(data)
    ]  # fmt: skip


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=90)), max_size=6), st.lists(st.integers(0, 900), max_size=9))
def test_a_stream_comes_apart_the_same_however_it_is_cut(
    frames: list[tuple[Header, bytes]], cuts: list[int]
) -> None:  # fmt: skip
    data = b"".join(pack(one, payload) for one, payload in frames)
    assert data == b"".join(prefix(one, len(payload)) + payload for one, payload in frames)
    reader, found = FrameReader(90), []
    for chunk in cut(data, cuts):
        found += reader.feed(chunk)
    reader.end()
    assert [(one, bytes(view)) for one, view in found] == frames


def test_byte_by_byte_and_with_nothing_in_between() -> None:
    data = pack(ONE, b"hello") * 2
    reader, found = FrameReader(), []
    for at in range(len(data)):
        assert reader.held == at % (len(data) // 2)
        found += reader.feed(data[at : at + 1])
        assert reader.feed(b"") == []
    assert [bytes(view) for _, view in found] == [b"hello", b"hello"]
    reader.end()


def test_a_payload_is_a_view_and_no_copy() -> None:
    data = pack(ONE, b"first") + pack(ONE, b"") + pack(ONE, b"last")
    views = [view for _, view in FrameReader().feed(data)]
    assert [view.obj is data for view in views] == [True] * 3
    assert [view.readonly for view in views] == [True] * 3
    reader, rest = FrameReader(), data[9:]
    assert reader.feed(data[:9]) == []
    joined, empty, last = (view for _, view in reader.feed(rest))
    assert (joined, empty, last) == (b"first", b"", b"last")
    assert joined.obj is not rest and empty.obj is last.obj is rest


@pytest.mark.parametrize(
    "session, stream, sequence, timestamp",
    [
        (bytes(15), 0, 0, 0), (bytes(17), 0, 0, 0), (bytes(16), -1, 0, 0), (bytes(16), 256, 0, 0),
        (bytes(16), 0, -1, 0), (bytes(16), 0, 2**63, 0), (bytes(16), 0, 0, -1), (bytes(16), 0, 0, 2**80),
        (bytes(16), 2**64, 0, 0),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be(session: bytes, stream: int, sequence: int, timestamp: int) -> None:
    with pytest.raises(FormatError):
        header(session, stream, sequence, timestamp)


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "40 bytes"),
        (encode(ONE)[:-1], "40 bytes"),
        (encode(ONE) + b"\0", "40 bytes"),
        *((LAYOUT.pack(bytes(16), 1, bytes(at) + b"\1" + bytes(6 - at), 1, 1), "padding") for at in range(7)),
        (LAYOUT.pack(bytes(16), 1, b"\xff" * 7, 1, 1), "padding"),
        (LAYOUT.pack(bytes(16), 1, bytes(7), 1 << 63, 1), "sequence"),
        (LAYOUT.pack(bytes(16), 1, bytes(7), 1, (1 << 64) - 1), "timestamp"),
    ],
)
def test_bytes_that_are_no_header(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        decode(data)
    if len(data) == SIZE:
        with pytest.raises(FormatError, match=words) as caught:
            decode_many(encode(ONE) + data)
        assert caught.value.offset >= SIZE
        with pytest.raises(FormatError, match=words) as caught:
            FrameReader().feed(pack(ONE, b"") + SIZE.to_bytes(LENGTH, "little") + data)
        assert caught.value.offset >= 2 * LENGTH + SIZE
    else:
        with pytest.raises(FormatError):
            decode_many(encode(ONE) + (data or b"\0"))


def test_a_fault_says_where_in_the_whole_stream_it_stands() -> None:
    bad = SIZE.to_bytes(LENGTH, "little") + LAYOUT.pack(bytes(16), 1, b"\1" + bytes(6), 1, 1)
    stream = pack(ONE, b"abc") * 5 + bad
    for step in (1, 7, 44, 47, 48, 1000):
        reader = FrameReader()
        with pytest.raises(FormatError) as caught:
            for at in range(0, len(stream), step):
                reader.feed(stream[at : at + step])
        assert caught.value.offset == 5 * (LENGTH + SIZE + 3) + LENGTH + 17, step


@pytest.mark.parametrize("size", [0, 1, SIZE - 1, SIZE + 65, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_length_that_cannot_be_is_refused_before_what_it_announces(size: int) -> None:
    length = size.to_bytes(LENGTH, "little")
    with pytest.raises(FormatError, match=r"less than its header|more than 64"):
        FrameReader(64).feed(length)
    reader = FrameReader(64)
    assert reader.feed(length[:3]) == []
    with pytest.raises(FormatError, match=r"less than its header|more than 64"):
        reader.feed(length[3:])


def test_a_broken_reader_stays_broken_and_holds_nothing() -> None:
    reader = FrameReader(64)
    reader.feed(pack(ONE, b"whole") + pack(ONE, b"part")[:20])
    with pytest.raises(FormatError) as first:
        reader.feed(bytes(200))
    assert reader.held == 0
    for again in (lambda: reader.feed(pack(ONE, b"good")), reader.end, lambda: reader.feed(b"")):
        with pytest.raises(FormatError) as caught:
            again()
        assert str(caught.value) == str(first.value)


def test_a_stream_that_ends_inside_a_frame() -> None:
    data = pack(ONE, b"hello")
    for size in range(1, len(data)):
        reader = FrameReader()
        assert reader.feed(data[:size]) == []
        with pytest.raises(FormatError, match="ends inside") as caught:
            reader.end()
        assert caught.value.offset == size


def test_caps() -> None:
    for cap in (-1, MAX_PAYLOAD + 1, 1 << 70):
        with pytest.raises(ValueError, match="a cap of"):
            FrameReader(cap)
    for size in (-1, MAX_PAYLOAD + 1, 1 << 40):
        with pytest.raises(FormatError, match="a payload of"):
            prefix(ONE, size)
    (_, view), = FrameReader(3).feed(pack(ONE, b"abc"))  # fmt: skip
    assert view == b"abc"
    with pytest.raises(FormatError, match="4 bytes, more than 3"):
        FrameReader(3).feed(pack(ONE, b"abcd"))
    largest = pack(ONE, bytes(MAX_PAYLOAD))
    reader = FrameReader()
    found = reader.feed(largest[:70_000]) + reader.feed(largest[70_000:])
    assert len(found[0][1]) == MAX_PAYLOAD


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
def test_any_bytes_give_frames_or_a_format_error(data: bytes, cuts: list[int]) -> None:
    reader = FrameReader(64)
    try:
        for chunk in cut(data, cuts):
            for one, view in reader.feed(chunk):
                assert len(view) <= 64 and decode(encode(one)) == one
        reader.end()
    except FormatError as error:
        assert 0 <= error.offset <= len(data)


def test_hostile_streams(tmp_path: Path) -> None:
    """The loop that `hostile_frames.py` runs for longer."""
    script = Path(__file__).with_name("hostile_frames.py")
    done = subprocess.run(
        [sys.executable, str(script), "3000", "5"], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3,000 streams" in done.stdout and "nothing but FormatError" in done.stdout
