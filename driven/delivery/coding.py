"""What a client has, said to a server; and the bundle, out of what the server sends instead of it.

The best that both know: the operations that lead from the old bundle to the new one (RFC 3229 with `driven-ops`), zstd
with the old bundle as its dictionary (`dcz`, RFC 9842), zstd, or the bytes themselves. Whatever it was, what comes out
has the BLAKE3 that the ETag says, or it is `Corrupt`.
"""

from __future__ import annotations

from driven.errors import DrivenError
from driven.frozen import frozen
from driven.streaming.etag import as_byte_sequence
from driven.trust.bundle import MAX_BUNDLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OPS = "driven-ops"


class Corrupt(Exception):
    """What came is not what the server says that it sent."""


@frozen(kw_only=False)
class Have:
    """A bundle that is here."""

    data: bytes
    etag: str
    sha256: bytes

    @classmethod
    def of(cls, data: bytes, etag: str = "") -> Have:
        """With its names; `etag` from who has compared it."""
        from hashlib import sha256

        return cls(data, etag or etag_of(data), sha256(data).digest())


def etag_of(data: bytes) -> str:
    """`b3-` and the BLAKE3 of a bundle."""
    from blake3 import blake3

    return f"b3-{blake3(data).hexdigest()}"


def wishes(have: Have | None, *, plain: bool = False, light: bool = False) -> dict[str, str]:
    """The headers of a request: what is here, and in which codings the rest may come; `plain`: in none; `light`: in
    those that take the least work here. To apply operations reads all rules, which takes longer than to unpack them."""
    said = {"If-None-Match": f'"{have.etag}"'} if have is not None else {}
    if plain:
        return said | {"Accept-Encoding": "identity"}
    if have is not None and not (light and _has_zstd()):
        said["A-IM"] = OPS
    if not _has_zstd():
        return said | {"Accept-Encoding": "identity"}
    if have is None:
        return said | {"Accept-Encoding": "zstd"}
    return said | {"Accept-Encoding": "dcz, zstd", "Available-Dictionary": as_byte_sequence(have.sha256)}


def etag_in(headers: Mapping[str, str]) -> str:
    """The ETag of an answer, of the bundle whatever its coding; "" where there is none of ours."""
    word = headers.get("etag", "").strip('"').partition(".")[0]
    digest = word.removeprefix("b3-")
    return word if digest != word and len(digest) == 64 and not digest.strip("0123456789abcdef") else ""


def coding_in(status: int, headers: Mapping[str, str]) -> str:
    """`ops`, `dcz`, `zstd` or `identity`. Corrupt for another one: nobody asked for it."""
    if status == 226:
        if headers.get("im", "") != OPS:
            raise Corrupt
        return "ops"
    word = headers.get("content-encoding", "identity").lower()
    if word not in ("dcz", "zstd", "identity"):
        raise Corrupt
    return word


def decoded(coding: str, body: bytes, have: Have | None, etag: str) -> bytes:
    """The bundle out of a body. Corrupt where it is not the one with this ETag."""
    try:
        data = _decoded(coding, body, have)
    except (DrivenError, ValueError, MemoryError):
        raise Corrupt from None
    if etag_of(data) != etag:
        raise Corrupt
    return data


def _decoded(coding: str, body: bytes, have: Have | None) -> bytes:
    from driven.streaming import dictionary

    if coding == "identity":
        return body
    if coding == "zstd":
        return dictionary.decode(body, MAX_BUNDLE)
    if have is None:
        raise Corrupt
    if coding == "dcz":
        return dictionary.decompress(body, have.data, MAX_BUNDLE, digest=have.sha256)
    from driven.streaming.operations import apply
    from driven.streaming.release import files_of, release_of
    from driven.trust.bundle import read_bundle, write_bundle

    return write_bundle(files_of(apply(release_of(read_bundle(have.data)), body)))


def _has_zstd() -> bool:
    """Whether the library is installed. A missing one is asked for once: to look for it takes a while."""
    global _found
    if _found is None:
        from importlib.util import find_spec

        _found = find_spec("zstandard") is not None
    return _found


_found: bool | None = None
