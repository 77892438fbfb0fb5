"""Streams of operations: what is written is read back, as struct would have it; what is no stream is refused."""

from __future__ import annotations

import os
import struct
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.core import htip
from driven.core._rt import FormatError
from driven.core.htip import OPS, SIZE, OpReader, OpWriter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile_patches as plain

Operation = tuple[int, int, bytes]
OPERATIONS = st.lists(
    st.tuples(st.integers(1, len(OPS)), st.integers(0, 255), st.binary(max_size=300)), max_size=12
)  # fmt: skip


def write(operations: list[Operation]) -> bytes:
    writer = OpWriter()
    for op, flags, payload in operations:
        writer.put(op, flags, payload)
    assert len(writer) == len(writer.bytes())
    return writer.bytes()


def test_the_ten_and_their_numbers() -> None:
    assert OPS == (
        "TEMPLATE_DEFINE", "INSTANTIATE", "PATCH_TEXT", "PATCH_META", "REMOVE", "BATCH_START", "BATCH_COMMIT",
        "ADD_SECTION", "REORDER", "FULL_SYNC",
    )  # fmt: skip
    assert [getattr(htip, name) for name in OPS] == list(range(1, 11))


@settings(max_examples=150)
@given(OPERATIONS)
def test_what_is_written_is_read(operations: list[Operation]) -> None:
    data = write(operations)
    assert data == b"".join(
        struct.pack("<BBHI", op, flags, 0, len(payload)) + payload for op, flags, payload in operations
    )
    reader, at = OpReader(data), 0
    for one in operations:
        assert reader.offset == at
        assert reader.next() == one
        at += SIZE + len(one[2])
    for _ in range(3):
        assert reader.next() is None and reader.offset == len(data)
    assert plain.read_ops(data) == plain.plain_ops(data) == operations


def test_a_writer_goes_on_after_it_was_read() -> None:
    writer = OpWriter()
    assert writer.bytes() == b"" and len(writer) == 0
    writer.put(htip.BATCH_START, 0, b"")
    first = writer.bytes()
    writer.put(htip.BATCH_COMMIT, 255, b"x" * 70_000)
    assert writer.bytes().startswith(first) and len(first) == SIZE
    assert plain.read_ops(writer.bytes()) == [(6, 0, b""), (7, 255, b"x" * 70_000)]


@pytest.mark.parametrize(
    "op, flags, words, offset",
    [
        (0, 0, "no operation 0", 8), (11, 0, "no operation 11", 8), (-1, 0, "no operation -1", 8),
        (257, 0, "no operation 257", 8), (1 << 80, 0, "no operation", 8),
        (1, -1, "flags", 9), (1, 256, "flags", 9), (1, 1 << 80, "flags", 9),
    ],
)  # fmt: skip
def test_what_cannot_be_written_leaves_the_stream_as_it_is(op: int, flags: int, words: str, offset: int) -> None:
    writer = OpWriter()
    writer.put(1, 2, b"")
    with pytest.raises(FormatError, match=words) as caught:
        writer.put(op, flags, b"payload")
    assert caught.value.offset == offset
    assert plain.read_ops(writer.bytes()) == [(1, 2, b"")]


HEAD = struct.pack("<BBHI", 3, 9, 0, 2) + b"ok"


@pytest.mark.parametrize(
    "rest, words, offset",
    [
        *((HEAD[:size], "inside the header", 10) for size in range(1, 8)),
        (HEAD[:8], "2 bytes, and 0", 14),
        (HEAD[:9], "2 bytes, and 1", 14),
        (struct.pack("<BBHI", 0, 0, 0, 0), "no operation 0", 10),
        (struct.pack("<BBHI", 11, 0, 0, 0), "no operation 11", 10),
        (struct.pack("<BBHI", 255, 0, 0, 0), "no operation 255", 10),
        (struct.pack("<BBHI", 1, 0, 1, 0), "not zero", 12),
        (struct.pack("<BBHI", 1, 0, 0x8000, 0), "not zero", 12),
        (struct.pack("<BBHI", 1, 0, 0, 0x7FFFFFFF), "2147483647 bytes, and 0", 14),
        (struct.pack("<BBHI", 1, 0, 0, 0x80000000), "2147483648 bytes, and 0", 14),
        (struct.pack("<BBHI", 1, 0, 0, 0xFFFFFFFF) + b"x", "4294967295 bytes, and 1", 14),
    ],
)
def test_bytes_that_are_no_stream(rest: bytes, words: str, offset: int) -> None:
    assert plain.plain_ops(HEAD + rest) is None
    reader = OpReader(HEAD + rest)
    assert reader.next() == (3, 9, b"ok")
    for _ in range(2):  # it says so again, and gives nothing out
        with pytest.raises(FormatError, match=words) as caught:
            reader.next()
        assert caught.value.offset == offset and reader.offset == len(HEAD)


@settings(max_examples=150)
@given(st.binary(max_size=60), st.lists(st.sampled_from([HEAD, HEAD[:8] + b"", b"\1" + bytes(7)]), max_size=4))
def test_any_bytes_give_operations_or_a_format_error(data: bytes, parts: list[bytes]) -> None:
    stream = b"".join(parts) + data
    try:
        assert write(plain.read_ops(stream)) == stream, "there is one way to write a stream"
    except FormatError as error:
        assert 0 <= error.offset <= len(stream) and plain.plain_ops(stream) is None
