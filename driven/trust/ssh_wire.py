"""The bytes of SSH: numbers and strings with their lengths, and public keys as OpenSSH writes them.

RFC 4251 section 5 (types), RFC 8709 (ssh-ed25519), PROTOCOL.u2f of OpenSSH (sk-ssh-ed25519@openssh.com), verified
2026-11-22.
"""

from __future__ import annotations

from driven.errors import SignatureError
from driven.frozen import frozen
from driven.trust.ed25519 import problem, sha256

ED25519 = "ssh-ed25519"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
KINDS = (ED25519, SK_ED25519)
# Kinds of OpenSSH that are not taken (`ssh -Q key`), refused by name. A word that is none of these is not named: it may
# be a secret in a file that somebody took for a key's; those of some services begin with `sk-`, too.
_CURVES = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_OTHERS = ("ssh-rsa", "ssh-dss", *_CURVES, "sk-ecdsa-sha2-nistp256@openssh.com")
_CERTIFICATES = tuple(one.removesuffix("@openssh.com") + "-cert-v01@openssh.com" for one in (*KINDS, *_OTHERS))
MAX_BLOB = 1024  # of a public key: 51 bytes are usual, an `application` of a hardware key may be long
MAX_COMMENT = 256


class Reader:
    """Takes values off the front of some bytes. SignatureError names `what` when they do not fit."""

    __slots__ = ("_at", "_data", "_what")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self._at + size
        if end > len(self._data):
            raise SignatureError(f"{self._what} ends too early")
        found = self._data[self._at : end]
        self._at = end
        return found

    def byte(self) -> int:
        """A number of one byte."""
        return self.take(1)[0]

    def u32(self) -> int:
        """A number of four bytes."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Bytes after their length."""
        return self.take(self.u32())

    def text(self) -> str:
        """A string of printable ASCII, as names of algorithms and namespaces are."""
        found = self.string()
        if not found.isascii() or not found.decode().isprintable():
            raise SignatureError(f"{self._what}: {found[:40]!r} is no name")
        return found.decode()

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        """Nothing may be left."""
        left = len(self._data) - self._at
        if left:
            raise SignatureError(f"{self._what} has {left} bytes too many")


def u32(number: int) -> bytes:
    """A number as four bytes."""
    return number.to_bytes(4, "big")


def string(data: bytes | str) -> bytes:
    """Bytes, or the UTF-8 of a text, after their length."""
    raw = data.encode() if isinstance(data, str) else data
    return u32(len(raw)) + raw


@frozen(kw_only=False)
class PublicKey:
    """A public key. `raw`: 32 bytes; `application`: what a hardware key was made for, "" for any other kind."""

    kind: str
    raw: bytes
    application: str = ""

    @property
    def blob(self) -> bytes:
        """As SSH sends it."""
        more = string(self.application) if self.kind == SK_ED25519 else b""
        return string(self.kind) + string(self.raw) + more

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` says it."""
        return "SHA256:" + base64(sha256(self.blob)).rstrip("=")

    @property
    def line(self) -> str:
        """`ssh-ed25519 AAAA…`, as it stands in a `.pub` file."""
        return f"{self.kind} {base64(self.blob)}"


def ed25519_key(raw: bytes) -> PublicKey:
    """The SSH key of 32 bytes. SignatureError for weak ones."""
    return _checked(PublicKey(ED25519, raw), "the key")


def base64(data: bytes) -> str:
    """On one line."""
    import binascii

    return binascii.b2a_base64(data, newline=False).decode()


def unbase64(text: str | bytes, what: str) -> bytes:
    """Strictly: one text for the bytes, nothing between. SignatureError names `what`."""
    import binascii

    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise SignatureError(f"{what} is no base64") from None
    given = text if isinstance(text, str) else text.decode("ascii", "replace")
    if base64(data) != given:
        raise SignatureError(f"{what} is no base64 in its one spelling")
    return data


def read_blob(blob: bytes, what: str) -> PublicKey:
    """The key of SSH's bytes. SignatureError for a kind that is not taken here, by its name, and for weak keys."""
    if len(blob) > MAX_BLOB:
        # A certificate, or RSA: say which, if its name can be read.
        kind = Reader(blob[:4] + blob[4:260], what).text() if blob[:3] == b"\0\0\0" else ""
        raise SignatureError(
            f"{what}: " + (_refusal(kind) if kind and kind not in KINDS else f"a key of {len(blob):,} bytes")
        )
    reader = Reader(blob, what)
    kind = reader.text()
    if kind not in KINDS:
        raise SignatureError(f"{what}: {_refusal(kind)}", hint="make one with `driven key generate NAME`")
    raw = reader.string()
    application = ""
    if kind == SK_ED25519:
        application = reader.text()
    reader.end()
    return _checked(PublicKey(kind, raw, application), what)


def _refusal(kind: str) -> str:
    if kind in _CERTIFICATES:
        return f"`{kind}` is a certificate, and certificates are not taken: trust the keys themselves"
    named = f"the kind `{kind}`" if kind in _OTHERS else "its kind"
    return f"keys of {named} are not taken: only {' and '.join(KINDS)}"


def _checked(key: PublicKey, what: str) -> PublicKey:
    wrong = problem(key.raw)
    if wrong:
        raise SignatureError(f"{what} is no key to trust: {wrong}", hint="ask its owner for the right one")
    return key


def read_line(text: str, what: str) -> tuple[PublicKey, str]:
    """The key and the comment of a line of a `.pub` file. SignatureError, which shows nothing of a line that is none:
    it may be of any file."""
    kind, _, rest = text.replace("\t", " ").strip().partition(" ")
    body, _, comment = rest.strip().partition(" ")
    if kind not in KINDS:
        known = kind in _OTHERS or kind in _CERTIFICATES
        raise SignatureError(
            f"{what}: {_refusal(kind)}" if known else f"{what} is no public key",
            hint="a public key is one line, `ssh-ed25519 AAAA… comment`",
        )
    key = read_blob(unbase64(body, what), what)
    if key.kind != kind:
        raise SignatureError(f"{what} says `{kind}` and holds `{key.kind}`")
    return key, plain(comment)


def plain(comment: str) -> str:
    """A comment with what cannot be printed left out, and not longer than it is of use."""
    return "".join(one for one in comment.strip() if one.isprintable())[:MAX_COMMENT]
