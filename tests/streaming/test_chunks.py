"""Chunks: as many as there is credit for, each checked by itself, resumed where one was lost or damaged."""

from __future__ import annotations

import io
import random
import tracemalloc
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError, SourceError
from driven.streaming.chunks import HEADER, MAX_CREDIT, MAX_SIZE, ChunkError, ChunkReceiver, ChunkStreamer

LIMIT = 8 << 20


def carried(sender: ChunkStreamer, receiver: ChunkReceiver, credit: int = 4) -> None:
    """All of it, with so much credit at a time."""
    while not receiver.is_done:
        sender.credit(credit)
        while (frame := sender.next()) is not None:
            receiver.take(frame)


@settings(max_examples=60)
@given(st.binary(max_size=3000), st.integers(1, 700), st.integers(1, 5))
def test_what_is_sent_arrives(data: bytes, size: int, credit: int) -> None:
    sink = io.BytesIO()
    sender, receiver = ChunkStreamer.of(data, size=size), ChunkReceiver(sink, limit=LIMIT)
    carried(sender, receiver, credit)
    assert sink.getvalue() == data
    assert sender.is_done and sender.next() is None


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=3000), st.integers(1, 700), st.randoms(use_true_random=False))
def test_it_arrives_through_cuts_damage_loss_and_new_processes(data: bytes, size: int, pick: random.Random) -> None:
    sink = io.BytesIO()
    sender, receiver = ChunkStreamer.of(data, size=size), ChunkReceiver(sink, limit=LIMIT)
    trouble = 12
    while not receiver.is_done:
        sender.credit(3)
        stream = bytearray()
        while (frame := sender.next()) is not None:
            stream += frame
        if trouble and stream:
            trouble -= 1
            at = pick.randrange(len(stream))
            match pick.randrange(4):
                case 0:
                    stream[at] ^= 1 << pick.randrange(8)
                case 1:
                    del stream[at:]
                case 2:
                    stream[:0] = stream
                case _:
                    receiver = ChunkReceiver(sink, limit=LIMIT)  # another process goes on with the same file
        try:
            at = 0
            while at < len(stream):
                step = pick.randint(1, 200)
                receiver.feed(bytes(stream[at : at + step]))
                at += step
        except ChunkError as error:
            assert error.offset == receiver.offset
        if not receiver.is_done:
            receiver = ChunkReceiver(sink, limit=LIMIT)  # what was cut off inside a frame is asked for again
            sender.resume(receiver.offset)
    assert sink.getvalue() == data


def test_no_more_is_sent_than_there_is_credit_for_and_no_more_is_read() -> None:
    read: list[tuple[int, int]] = []
    data = bytes(1000)

    def source(at: int, size: int) -> bytes:
        read.append((at, size))
        return data[at : at + size]

    sender = ChunkStreamer(source, len(data), blake3(data).digest(), size=100)
    assert sender.next() is not None, "the head needs no credit"
    assert sender.next() is None and read == []
    sender.credit(2)
    assert sender.next() is not None and sender.next() is not None
    assert sender.next() is None
    assert read == [(0, 100), (100, 100)]
    sender.credit(10**9)
    sender.resume(0)
    sender.next()
    assert sender.next() is None, "what was lost took its credit with it"
    sender.credit(-5)
    assert sender.next() is None
    sender.credit(10**9)
    frames = 0
    small = ChunkStreamer.of(bytes(2 * MAX_CREDIT), size=1)
    small.credit(10**9)
    while small.next() is not None:
        frames += 1
    assert frames == MAX_CREDIT + 1


def test_a_large_file_is_sent_and_received_in_little_memory(tmp_path: Path) -> None:
    source, sink = tmp_path / "source", tmp_path / "sink"
    block = random.Random(1).randbytes(1 << 20)
    whole = blake3()
    with source.open("wb") as file:
        for _ in range(24):
            file.write(block)
            whole.update(block)
    sink.write_bytes(b"")
    tracemalloc.start()
    with source.open("rb") as given, sink.open("r+b") as taken:

        def read(at: int, size: int) -> bytes:
            given.seek(at)
            return given.read(size)

        sender = ChunkStreamer(read, 24 << 20, whole.digest())
        receiver = ChunkReceiver(taken, limit=32 << 20)
        while not receiver.is_done:
            sender.credit(8)
            while (frame := sender.next()) is not None:
                for at in range(0, len(frame), 10_000):
                    receiver.feed(frame[at : at + 10_000])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20
    assert sink.read_bytes() == source.read_bytes()


def test_what_is_wrong_says_from_where_to_go_on() -> None:
    data = bytes(range(256)) * 4
    sender = ChunkStreamer.of(data, size=300)
    sender.credit(9)
    frames = []
    while (frame := sender.next()) is not None:
        frames.append(frame)
    receiver = ChunkReceiver(io.BytesIO(), limit=LIMIT)
    with pytest.raises(ChunkError, match="before the first"):
        receiver.take(frames[1])
    receiver.take(frames[0])
    receiver.take(frames[1])
    for wrong, said in (
        (frames[1], "for byte 0"), (frames[3], "for byte 600"), (frames[2][:-1], "damaged"),
        (frames[2] + b"x", "damaged"),
        (b"\x02" + frames[0][1:], "damaged"), (b"", "no frame"), (b"\x07" * 40, "no frame"),
        (b"\x02\0\0\0" + (MAX_SIZE + 1).to_bytes(4, "little") + bytes(24), "too large"),
    ):  # fmt: skip
        with pytest.raises(ChunkError, match=said) as refused:
            receiver.take(wrong)
        assert refused.value.offset == 300 == receiver.offset
        assert "300" in refused.value.hint
    for frame in frames[2:]:
        receiver.take(frame)
    assert receiver.is_done
    more = ChunkStreamer.of(bytes(receiver.total + 1), size=1, offset=receiver.total)
    more.credit(1)
    more.next()
    with pytest.raises(ChunkError, match="more bytes"):
        receiver.take(more.next() or b"")


def test_a_whole_that_is_not_what_was_announced_is_thrown_away() -> None:
    sink = io.BytesIO(b"what is left of another body")
    data = bytes(100)
    receiver = ChunkReceiver(sink, limit=LIMIT)
    assert receiver.offset == 28
    with pytest.raises(ChunkError, match="not what was announced") as refused:
        carried(ChunkStreamer.of(data, size=10, offset=28), receiver)
    assert (refused.value.offset, receiver.offset, sink.getvalue()) == (0, 0, b"")
    carried(ChunkStreamer.of(data, size=10), receiver)
    assert sink.getvalue() == data
    # A newer body under the same name: the receiver drops what it has and begins again.
    other = ChunkStreamer.of(b"newer" * 9)
    with pytest.raises(ChunkError, match="another body") as refused:
        receiver.take(other.next() or b"")
    other.resume(refused.value.offset)
    carried(other, receiver)
    assert sink.getvalue() == b"newer" * 9


def test_more_than_is_taken_is_refused_by_the_first_frame() -> None:
    with pytest.raises(ChunkError, match="more than"):
        ChunkReceiver(io.BytesIO(), limit=10).take(ChunkStreamer.of(bytes(11)).next() or b"")


def test_a_source_that_changes_meanwhile_is_an_error() -> None:
    sender = ChunkStreamer(lambda at, size: b"", 10, bytes(32))
    sender.credit(1)
    sender.next()
    with pytest.raises(SourceError, match="changed"):
        sender.next()
    with pytest.raises(ChunkError):
        sender.resume(11)
    for wrong in ({"size": 0}, {"size": MAX_SIZE + 1}, {"offset": 11}, {"offset": -1}):
        with pytest.raises(ValueError, match="chunk"):
            ChunkStreamer(lambda at, size: b"", 10, bytes(32), **wrong)


@settings(max_examples=100)
@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_bytes_are_refused_and_nothing_else(head: bytes, more: bytes) -> None:
    receiver = ChunkReceiver(io.BytesIO(), limit=1000)
    for data in (head, more, b"\x01\0\0\0" + head, bytes(HEADER)):
        try:
            receiver.feed(data)
        except DrivenError as error:
            assert error.hint
    assert receiver.offset == 0
