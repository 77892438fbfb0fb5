"""minisign's signatures: what `minisign -V` checks, written and read.

https://jedisct1.github.io/minisign/ ("Signature format"), verified 2026-11-22. Only the prehashed form (`ED`), which is
what minisign writes since 0.10; its trusted comment is signed as well.
"""

from __future__ import annotations

from driven.errors import SignatureError
from driven.frozen import frozen
from driven.trust import ed25519
from driven.trust.ssh_wire import PublicKey, base64, ed25519_key, unbase64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 16384
MAX_COMMENT = 8192  # of minisign's own: TRUSTEDCOMMENTMAXBYTES
_UNTRUSTED = "untrusted comment: "
_TRUSTED = "trusted comment: "


@frozen(kw_only=False)
class Public:
    """A public key and the number that minisign names it by (8 bytes, little endian when it is shown)."""

    key: PublicKey
    number: bytes


@frozen(kw_only=False)
class Signature:
    """What a `.minisig` holds. `comment` is signed, by `over_comment`."""

    number: bytes
    raw: bytes
    comment: str
    over_comment: bytes


def number_of(key: PublicKey) -> bytes:
    """The number of a key that was not made by minisign: it draws one, here the key itself gives it."""
    from hashlib import sha256

    return sha256(key.raw).digest()[:8]


def write_public(key: PublicKey) -> str:
    """The text of a public key's file."""
    number = number_of(key)
    return f"{_UNTRUSTED}minisign public key {_shown(number)}\n{base64(b'Ed' + number + key.raw)}\n"


def _shown(number: bytes) -> str:
    return number[::-1].hex().upper()


def read_public(text: str, what: str) -> Public:
    """A public key's file, or its second line alone. SignatureError."""
    lines = text.strip().split("\n")
    if len(lines) > 2 or (len(lines) == 2 and not lines[0].startswith(_UNTRUSTED.strip())):
        raise SignatureError(f"{what} is no public key of minisign")
    data = unbase64(lines[-1].strip(), what)
    if data[:2] != b"Ed" or len(data) != 42:
        raise SignatureError(f"{what} is no public key of minisign")
    try:
        return Public(ed25519_key(data[10:]), data[2:10])
    except SignatureError as error:
        raise SignatureError(f"{what}: {error.message}", hint=error.hint) from None


def _digest(message: bytes) -> bytes:
    from hashlib import blake2b

    return blake2b(message).digest()


def make(key: PublicKey, message: bytes, comment: str, sign: Callable[[bytes], bytes]) -> bytes:
    """The text of a `.minisig`. `comment` is one line of printable text."""
    if not comment.isprintable() or len(comment.encode()) > MAX_COMMENT:
        raise SignatureError("a trusted comment is one line of printable text")
    number = number_of(key)
    raw = sign(_digest(message))
    over = sign(raw + comment.encode())
    found = Signature(number, raw, comment, over)
    check(found, key, message, "what was signed just now")
    return (
        f"{_UNTRUSTED}signature by driven, key {_shown(number)}\n{base64(b'ED' + number + raw)}\n"
        f"{_TRUSTED}{comment}\n{base64(over)}\n"
    ).encode()


def parse(data: bytes, what: str) -> Signature:
    """The signature of a `.minisig`, of which nothing is believed yet. SignatureError names `what`."""
    if len(data) > MAX_BYTES:
        raise SignatureError(f"{what} is larger than {MAX_BYTES:,} bytes: it is no signature")
    try:
        lines = data.decode().replace("\r\n", "\n").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 4 or not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise SignatureError(f"{what} is no signature of minisign, or was cut short", hint="sign again")
    comment = lines[2][len(_TRUSTED) :]
    if not comment.isprintable() and "\t" not in comment:
        raise SignatureError(f"{what}: its comment holds what cannot be printed")
    first, over = unbase64(lines[1], what), unbase64(lines[3], what)
    if first[:2] == b"Ed":
        raise SignatureError(f"{what} is of minisign's old form", hint="sign again with minisign 0.10 or later")
    if first[:2] != b"ED" or len(first) != 74 or len(over) != 64:
        raise SignatureError(f"{what} is no signature of minisign")
    return Signature(first[2:10], first[10:], comment, over)


def check(signature: Signature, key: PublicKey, message: bytes, what: str) -> None:
    """That `key` signed `message` and the comment. SignatureError names `what`."""
    if not ed25519.verify(key.raw, _digest(message), signature.raw):
        raise SignatureError(
            f"{what} does not hold: what was signed is not what stands here",
            hint="take the file from its source again; if it is yours, look at the change and sign again",
        )
    if not ed25519.verify(key.raw, signature.raw + signature.comment.encode(), signature.over_comment):
        raise SignatureError(f"{what}: its comment is not the one that was signed", hint="take it from its source")
