"""zstd and dcz: what goes in comes out, in no more than was allowed; what is broken says so."""

from __future__ import annotations

import hashlib
import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError, SourceError
from driven.streaming.dictionary import MAGIC, compress, decode, decompress, encode

zstandard = pytest.importorskip("zstandard")
WORDS = ("always", "never", "keep", "small", "functions", "with", "type", "hints", "at", "the", "boundary")
OLD = " ".join(random.Random(5).choices(WORDS, k=40_000)).encode()
NEW = OLD[:70_000] + b"One sentence that is new. " + OLD[70_000:]


@settings(max_examples=60)
@given(st.binary(max_size=2000), st.binary(max_size=2000), st.sampled_from([1, 19]))
def test_what_goes_in_comes_out(data: bytes, dictionary: bytes, level: int) -> None:
    assert decode(encode(data, level=level), len(data)) == data
    made = compress(data, dictionary, level=level)
    assert made[:8] == MAGIC
    assert made[8:40] == hashlib.sha256(dictionary).digest()
    assert decompress(made, dictionary, len(data)) == data


def test_the_version_before_is_nearly_all_that_is_needed() -> None:
    made = compress(NEW, OLD)
    assert len(made) < 200 < len(encode(NEW)) // 20
    assert decompress(made, OLD, len(NEW)) == NEW


def test_a_far_dictionary_is_in_reach() -> None:
    """The window covers the dictionary: what stands at its beginning is found at the end of the body."""
    pick = random.Random(9)
    first, rest = pick.randbytes(50_000), pick.randbytes(2 << 20)
    made = compress(rest[:100] + first, first + rest)
    assert len(made) < 200
    assert decompress(made, first + rest, 60_000) == rest[:100] + first


def test_plain_decoders_pass_over_the_magic() -> None:
    made = compress(NEW, b"")
    reader = zstandard.ZstdDecompressor().stream_reader(made, read_across_frames=True)
    assert reader.read(len(NEW) + 1) == NEW


@pytest.mark.parametrize("size", [0, 1, 10, 100, 1 << 30])
def test_no_more_comes_out_than_is_allowed(size: int) -> None:
    bomb = encode(bytes(20 << 20), level=3)
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(20 << 20))
    if size >= 20 << 20:
        assert decode(bomb, size) == bytes(20 << 20)
        return
    for one in (bomb, silent):
        with pytest.raises(SourceError, match="cannot be read"):
            decode(one, size)
    with pytest.raises(SourceError):
        decompress(compress(bytes(20 << 20), OLD, level=3), OLD, size)


def test_a_size_that_is_a_lie_is_refused() -> None:
    frame = bytearray(encode(b"x" * 5000))
    at = 5
    assert int.from_bytes(frame[at : at + 2], "little") + 256 == 5000
    frame[at : at + 2] = (4000 - 256).to_bytes(2, "little")
    with pytest.raises(SourceError):
        decode(bytes(frame), 1 << 20)


def test_a_window_that_no_client_has_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=0)
    data = random.Random(3).randbytes(1 << 10)
    made = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = made.compress(data) + made.flush()
    with pytest.raises(SourceError):
        decode(frame, 1 << 20)


def test_what_is_broken_or_of_another_dictionary_says_so() -> None:
    made = compress(NEW, OLD)
    with pytest.raises(SourceError, match="another dictionary"):
        decompress(made, OLD + b"x", len(NEW))
    with pytest.raises(SourceError, match="no dcz"):
        decompress(encode(NEW), OLD, len(NEW))
    with pytest.raises(SourceError, match="no dcz"):
        decompress(made[:39], OLD, len(NEW))
    for wrong in (made[:-1], made[:45], made[:40], made + b"x", made[:50] + bytes([made[50] ^ 1]) + made[51:]):
        try:
            assert decompress(wrong, OLD, len(NEW)) != NEW, "what is broken may go unseen, but is not the same"
        except SourceError as error:
            assert "anew" in error.hint


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_give_bytes_or_an_error(data: bytes) -> None:
    for whole in (data, b"\x28\xb5\x2f\xfd" + data):
        try:
            assert len(decode(whole, 1000)) <= 1000
        except DrivenError as error:
            assert error.hint


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    for work in (lambda: encode(b""), lambda: decode(b"", 1), lambda: compress(b"", b"")):
        with pytest.raises(DrivenError) as missing:
            work()
        assert "pip install 'driven[zstd]'" in missing.value.hint
