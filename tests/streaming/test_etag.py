"""ETags and wishes: the examples of the RFCs, and headers that nobody's grandmother would send."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.streaming.etag import (
    MAX_HEADER,
    ETagNegotiator,
    Tag,
    accepts_manipulation,
    as_byte_sequence,
    bases,
    byte_sequence,
    choose,
    entity_tags,
    weights,
)

ONE = ETagNegotiator("b3-" + "1f" * 32)
NAME = ONE.name


@pytest.mark.parametrize(
    ("header", "said"),
    [
        # RFC 9110 section 8.8.3 and 13.1.1
        ('"xyzzy"', (Tag("xyzzy"),)),
        ('W/"xyzzy"', (Tag("xyzzy", weak=True),)),
        ('""', (Tag(""),)),
        ('"xyzzy", "r2d2xxxx", "c3piozzzz"', (Tag("xyzzy"), Tag("r2d2xxxx"), Tag("c3piozzzz"))),
        ('W/"xyzzy", W/"r2d2xxxx"', (Tag("xyzzy", weak=True), Tag("r2d2xxxx", weak=True))),
        ("*", "*"),
        (" * ", "*"),
        ('"a,b" ,\t"c"', (Tag("a,b"), Tag("c"))),
        ('"a",, ,"b"', (Tag("a"), Tag("b"))),
        # Not a list of tags: it says nothing.
        ("xyzzy", ()),
        ('"xyzzy', ()),
        ('w/"xyzzy"', ()),
        ('"a" "b"', ()),
        ('"a"b', ()),
        ('"a b"', ()),
        ('"a\x7f"', ()),
        ('"a", *', ()),
        ("", ()),
        (None, ()),
        ('"a"' + ' , "b"' * MAX_HEADER, ()),
    ],
)  # fmt: skip
def test_entity_tags(header: str | None, said: object) -> None:
    assert entity_tags(header) == said


def test_each_coding_has_its_tag_and_the_client_is_known_by_any() -> None:
    assert ONE.tag() == f'"{NAME}"'
    assert ONE.tag("zstd") == f'"{NAME}.zstd"'
    for header in (ONE.tag(), ONE.tag("dcz"), f"W/{ONE.tag('zstd')}", f'"other", {ONE.tag()}', "*"):
        assert ONE.is_known(header), header
    for no in (None, "", '"other"', f'"{NAME}x"', f'"{NAME[:-1]}"', NAME):
        assert not ONE.is_known(no), no


def test_if_range_is_exactly_this_representation() -> None:
    assert ONE.may_continue(None)
    assert ONE.may_continue(ONE.tag()) and ONE.may_continue(ONE.tag("zstd"), "zstd")
    for no in (ONE.tag("zstd"), f"W/{ONE.tag()}", "*", f'{ONE.tag()}, "x"', "Sat, 29 Oct 1994 19:43:31 GMT", ""):
        assert not ONE.may_continue(no), no


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        # RFC 9110 section 12.5.3
        (None, "identity"),
        ("", "identity"),
        ("compress, gzip", "identity"),
        ("*", "zstd"),
        ("compress;q=0.5, gzip;q=1.0", "identity"),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", "identity"),
        # RFC 9842 and ours
        ("gzip, br, zstd, dcb, dcz", "dcz"),
        ("zstd", "zstd"),
        ("ZSTD;Q=0.8", "zstd"),
        ("dcz;q=0.1, zstd;q=0.9", "zstd"),
        ("zstd;q=0.2, identity;q=0.9", "identity"),
        ("zstd;q=0, dcz;q=0.0", "identity"),
        ("identity;q=0", ""),
        ("*;q=0", ""),
        ("*;q=0, zstd", "zstd"),
        ("gzip, identity;q=0", ""),
        ("*;q=0.5", "zstd"),
        ("dcz;q=0, *", "zstd"),
        ("identity;q=0.001, *;q=0", "identity"),
        ("zstd;q=2, identity", "identity"),
        ("zstd;q=1.001", "identity"),
        ("zstd;q=0.1234", "identity"),
        ("zstd;q=", "identity"),
        ("zstd;q=.5", "identity"),
        ("zstd;q=१", "identity"),
        ("zstd;level=3;q=0.5", "zstd"),
        ("z std", "identity"),
    ],
)
def test_the_client_decides_how_it_is_coded(header: str | None, chosen: str) -> None:
    assert choose(header) == chosen


def test_only_what_is_offered_is_chosen() -> None:
    assert choose("dcz, zstd", ("zstd", "identity")) == "zstd"
    assert choose("dcz, zstd", ("identity",)) == "identity"
    assert choose("dcz, identity;q=0", ("zstd", "identity")) == ""
    assert choose(None, ("zstd",)) == ""


def test_byte_sequences() -> None:
    # RFC 9651 section 3.3.5, and the dictionary of RFC 9842 section 2.2
    assert byte_sequence(":cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:") == b"pretend this is binary content."
    dictionary = ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:"
    known = byte_sequence(dictionary)
    assert known is not None and len(known) == 32
    assert as_byte_sequence(known) == dictionary
    assert byte_sequence(" :aGVsbG8=: ") == byte_sequence(":aGVsbG8:") == byte_sequence(":aGVsbG8=:;a=1") == b"hello"
    assert byte_sequence("::") == b""
    for wrong in (
        None,
        "",
        ":",
        "aGVsbG8=",
        ":aGVsbG8=",
        ":a:",
        ":aGVs bG8=:",
        ":aGVsbG8=:x",
        ":a_-8:",
        ":====:",
        ":ä:",
    ):
        assert byte_sequence(wrong) is None, wrong


def test_manipulations_and_what_they_start_from() -> None:
    assert accepts_manipulation("driven-ops") and accepts_manipulation("vcdiff, Driven-Ops;q=0.5")
    assert not accepts_manipulation(None)
    assert not accepts_manipulation("driven-ops;q=0")
    assert not accepts_manipulation("*")
    assert bases(f'"a", W/"b.zstd", {ONE.tag("dcz")}, "a.zstd"') == ("a", "b", NAME)
    assert bases("*") == ()


HEADER = st.text(st.sampled_from('",;=*:W/ \tqzstdcgidenty01.5-é\x00\n'), max_size=60)


@settings(max_examples=150)
@given(HEADER)
def test_any_header_gives_an_answer(header: str) -> None:
    entity_tags(header)
    assert choose(header) in ("dcz", "zstd", "identity", "")
    assert all(0 <= weight <= 1 for weight in weights(header).values())
    byte_sequence(header)
    ONE.is_known(header)
    assert isinstance(ONE.may_continue(header), bool)


@pytest.mark.parametrize(
    "part", ['"', '",', ",", " ", '" ', "W/", ";", "=", ";q=", "a;", "a,", ":", '"a"\t', "*,", "1."]
)
def test_no_header_takes_long(part: str) -> None:
    """A guard against a scan that is not linear: the longest header there is takes a few milliseconds."""
    header = part * (MAX_HEADER // len(part))
    began = time.monotonic()
    for work in (entity_tags, weights, choose, byte_sequence, bases):
        work(header)
    assert time.monotonic() - began < 5
