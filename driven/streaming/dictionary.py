"""zstd, alone and with the version that the client has as its dictionary (`dcz`), as HTTP codes bodies with it.

dcz: RFC 9842 section 5, https://www.rfc-editor.org/rfc/rfc9842#section-5, verified 2026-11-22: 8 bytes of magic, the
SHA-256 of the dictionary, one zstd frame. The 40 bytes are a zstd skippable frame, so that plain decoders pass them.
"""

from __future__ import annotations

import hashlib

from driven.errors import DrivenError, SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAGIC = b"\x5e\x2a\x4d\x18\x20\x00\x00\x00"
LEVEL = 19
LARGE, LARGE_LEVEL = 8 << 20, 9  # bytes from which on a body is not worth seconds of work
SMALLEST_WINDOW, LARGEST_WINDOW = 8 << 20, 128 << 20  # bytes that a decoder of dcz must know, at least and at most


def encode(data: bytes, *, level: int | None = None) -> bytes:
    """As one zstd frame that says how long it will be."""
    return bytes(_zstandard().ZstdCompressor(level=level or _level(len(data)), write_content_size=True).compress(data))


def decode(data: bytes, limit: int) -> bytes:
    """What `encode` was given, of at most `limit` bytes. SourceError."""
    return _decoded(data, limit, b"")


def compress(data: bytes, dictionary: bytes, *, level: int | None = None) -> bytes:
    """As dcz: `dictionary` is what the client has."""
    zstandard = _zstandard()
    most = min(max(SMALLEST_WINDOW, len(dictionary) * 5 // 4), LARGEST_WINDOW)
    window = min(max((len(dictionary) + len(data)).bit_length(), 10), most.bit_length() - 1)  # covers it where it may
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level or _level(len(data) + len(dictionary)),
        window_log=window,
        source_size=len(data),
        dict_size=len(dictionary),
        write_content_size=1,
    )
    known = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    frame = zstandard.ZstdCompressor(compression_params=parameters, dict_data=known).compress(data)
    return MAGIC + hashlib.sha256(dictionary).digest() + bytes(frame)


def decompress(data: bytes, dictionary: bytes, limit: int, *, digest: bytes = b"") -> bytes:
    """What `compress` was given, of at most `limit` bytes. SourceError, also where it was another dictionary. `digest`:
    the SHA-256 of `dictionary`, from who knows it."""
    if data[:8] != MAGIC or len(data) < 40:
        raise _broken("it is no dcz")
    if data[8:40] != (digest or hashlib.sha256(dictionary).digest()):
        raise _broken("it was made with another dictionary")
    return _decoded(data[40:], limit, dictionary)


def _level(size: int) -> int:
    return LEVEL if size <= LARGE else LARGE_LEVEL


def _decoded(data: bytes, limit: int, dictionary: bytes) -> bytes:
    zstandard = _zstandard()
    try:
        size = zstandard.frame_content_size(data)  # -1: it does not say
        if size > limit:
            raise _broken(f"{size:,} bytes would come of it, and {limit:,} are taken")
        known = None
        if dictionary:
            known = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        most = min(max(SMALLEST_WINDOW, len(dictionary) * 5 // 4), LARGEST_WINDOW)
        decoder = zstandard.ZstdDecompressor(dict_data=known, max_window_size=most)
        whole = decoder.decompress(data, max_output_size=max(limit, 1), allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError, OverflowError) as error:
        raise _broken(str(error) or "it says a size that no machine has") from None
    if len(whole) > limit:
        raise _broken(f"more than {limit:,} bytes come of it")
    return bytes(whole)


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError:
        raise DrivenError("zstd is not installed", hint="run `pip install 'driven[zstd]'`") from None
    return zstandard


def _broken(why: str) -> SourceError:
    return SourceError(f"the compressed bytes cannot be read: {why}", hint="ask for them anew, uncompressed")
