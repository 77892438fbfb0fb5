"""Event streams in whichever pieces they come, and what is taken for news."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.delivery.events import MAX_EVENT, EventReader, TooMuch, news
from driven.delivery.heads import parse_head
from driven.errors import DeliveryError

STREAM = (
    b": hello\n\nid: 7\nevent: publish\ndata: {\"a\":\ndata: 1}\n\n: still here\n\nretry: 10\r\nid: 8\r\n"
    b"data: plain\r\n\r\nid: 9\nevent: publish\ndata: not whole"
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_the_pieces_do_not_matter(sizes: list[int]) -> None:
    reader, found, at = EventReader(), [], 0
    for size in [*sizes, len(STREAM)]:
        found += list(reader.feed(STREAM[at : at + size]))
        at += size
    assert found == [("publish", '{"a":\n1}'), ("message", "plain")]
    assert reader.last == "8", "an event that is not whole is asked for again"


def test_an_event_without_an_end_is_not_kept() -> None:
    for line in (b"data: x\n", b"x" * 1000):
        reader = EventReader()
        with pytest.raises(TooMuch):
            for _ in range(MAX_EVENT):
                list(reader.feed(line))


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for kind, said in EventReader().feed(data):
        assert kind
        news(said)
    with suppress(DeliveryError):
        parse_head(data, "x")


def test_what_is_news() -> None:
    good = {"name": "acme", "version": "1.0.0", "etag": '"b3-1"'}
    one = news(json.dumps(good), "12")
    assert one is not None and (one.name, one.etag, one.id) == ("acme", "b3-1", 12)
    for wrong in ({"name": "../acme"}, {"version": ""}, {"version": 3}, {"name": None}, {"version": "1\n2"}):
        assert news(json.dumps(good | wrong)) is None
    assert news("[") is None
    assert news("[" * 100_000) is None


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 2000 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", b"hello\r\n\r\n",
    ],
)  # fmt: skip
def test_a_head_that_could_be_read_in_two_ways_is_none(head: bytes) -> None:
    with pytest.raises(DeliveryError, match="speaks no HTTP"):
        parse_head(head, "x")


def test_a_head() -> None:
    head = parse_head(b'HTTP/1.1 226 IM Used\r\nETag: "b3-1"\r\nVary: a\r\nvary:b \r\n\r\n', "x")
    assert (head.status, dict(head.headers)) == (226, {"etag": '"b3-1"', "vary": "a, b"})
