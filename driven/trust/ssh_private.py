"""Private keys as OpenSSH keeps them in a file, so that `ssh-keygen -p`, `ssh-add` and git work on them.

https://github.com/openssh/openssh-portable/blob/V_9_2/PROTOCOL.key, verified 2026-11-22. What has no passphrase is read
and written here; what has one by `cryptography` (extra `driven[keys]`), for bcrypt and AES are no work of ours.
"""

from __future__ import annotations

import os

from driven.errors import ConfigError, SignatureError
from driven.trust import ed25519
from driven.trust.key_store import MAX_PRIVATE
from driven.trust.ssh_wire import (
    ED25519,
    PublicKey,
    Reader,
    base64,
    ed25519_key,
    plain,
    read_blob,
    string,
    u32,
    unbase64,
)

_BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"
_END = "-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_WIDTH = 70
_NONE = "none"


class PassphraseNeeded(SignatureError):
    """The key has a passphrase, and it was not said or is another one."""


def write(seed: bytes, comment: str, passphrase: str = "") -> bytes:
    """The text of a key file. ConfigError for a passphrase where `cryptography` is not there."""
    if passphrase:
        return _encrypted(seed, comment, passphrase)
    public = ed25519_key(ed25519.public_of(seed))
    number = os.urandom(4)
    private = number * 2 + string(ED25519) + string(public.raw) + string(seed + public.raw) + string(comment)
    private += bytes(range(1, 9))[: -len(private) % 8]
    blob = _MAGIC + string(_NONE) + string(_NONE) + string(b"") + u32(1) + string(public.blob) + string(private)
    text = base64(blob)
    return "\n".join([_BEGIN, *(text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)), _END, ""]).encode()


def _blob(data: bytes, what: str) -> bytes:
    if len(data) > MAX_PRIVATE:
        raise SignatureError(f"{what} is larger than {MAX_PRIVATE:,} bytes: it is no private key")
    try:
        lines = data.decode("ascii").replace("\r\n", "\n").strip().split("\n")
    except UnicodeDecodeError:
        lines = []
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        other = data.lstrip().startswith(b"-----BEGIN ")
        raise SignatureError(
            f"{what} is no private key as OpenSSH keeps it",
            hint="`ssh-keygen -p -f FILE` writes it so" if other else f"it begins with {_BEGIN}",
        )
    return unbase64("".join(lines[1:-1]), what)


def public_of(data: bytes, what: str) -> tuple[PublicKey, bool]:
    """The public key of a key file, and whether the file has a passphrase. SignatureError."""
    key, cipher, _ = _outer(data, what)
    return key, cipher != _NONE


def _outer(data: bytes, what: str) -> tuple[PublicKey, str, bytes]:
    reader = Reader(_blob(data, what), what)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise SignatureError(f"{what} is no private key as OpenSSH keeps it")
    cipher, kdf = reader.text(), reader.text()
    reader.string()
    if (cipher == _NONE) != (kdf == _NONE):
        raise SignatureError(f"{what} says of its passphrase two things that do not go together")
    count = reader.u32()
    if count != 1:
        raise SignatureError(f"{what} holds {count} keys")
    key = read_blob(reader.string(), f"the key in {what}")
    private = reader.string()
    if cipher == _NONE:
        reader.end()
    return key, cipher, private


def read(data: bytes, what: str, passphrase: str = "") -> tuple[bytes, str]:
    """(seed, comment) of a key file. PassphraseNeeded where one is missing or wrong; SignatureError for what is no
    plain Ed25519 key, ConfigError where the file has a passphrase and `cryptography` is not there."""
    key, cipher, private = _outer(data, what)
    if key.kind != ED25519:
        raise SignatureError(
            f"{what} stands for a hardware key, which signs through ssh-keygen only",
            hint="ssh-keygen -Y sign -n driven-pack@v1 -f KEY FILE.manifest",
        )
    if cipher != _NONE:
        return _decrypted(data, what, passphrase, key)
    if len(private) % 8:
        raise SignatureError(f"{what} was cut short")
    reader = Reader(private, what)
    if reader.take(4) != reader.take(4):
        raise SignatureError(f"{what} is damaged: its two check numbers differ")
    if reader.text() != key.kind or reader.string() != key.raw:
        raise SignatureError(f"{what} holds the public half of another key")
    pair = reader.string()
    comment = reader.string().decode("utf-8", "replace")
    rest = reader.rest()
    if rest != bytes(range(1, 9))[: len(rest)] or len(rest) > 7:
        raise SignatureError(f"{what} is damaged: it does not end as it must")
    if len(pair) != 64 or pair[32:] != key.raw or ed25519.public_of(pair[:32]) != key.raw:
        raise SignatureError(f"{what} is damaged: its two halves are not of one key")
    return pair[:32], plain(comment)


def can_encrypt() -> bool:
    """Whether passphrases work here."""
    from importlib.util import find_spec

    return find_spec("cryptography") is not None and find_spec("bcrypt") is not None


def needs_library(what: str) -> ConfigError:
    """What is said where passphrases do not work."""
    return ConfigError(
        f"{what}: a passphrase needs the libraries `cryptography` and `bcrypt`",
        hint="`pip install 'driven[keys]'`; or `ssh-add FILE`, and the agent signs",
    )


def _encrypted(seed: bytes, comment: str, passphrase: str) -> bytes:
    """The text that `cryptography` gives holds no comment: there it would say whose key it is before it is opened."""
    if not can_encrypt():
        raise needs_library("the new key")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(passphrase.encode()))


def _decrypted(data: bytes, what: str, passphrase: str, key: PublicKey) -> tuple[bytes, str]:
    if not can_encrypt():
        raise needs_library(what)
    if not passphrase:
        raise PassphraseNeeded(f"{what} has a passphrase", hint="`ssh-add` it, or sign at a terminal")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_ssh_private_key

    try:
        found = load_ssh_private_key(data, passphrase.encode())
    except Exception as error:  # what it raises for bytes that it was not made for is not written down anywhere
        if "password" in str(error).lower() or "corrupt" in str(error).lower() or "invalid" in str(error).lower():
            raise PassphraseNeeded(f"{what}: the passphrase is another one") from None
        raise SignatureError(f"{what} cannot be opened: {type(error).__name__}: {error}") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise SignatureError(f"{what} holds another kind of key than it says")
    seed = found.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    if ed25519.public_of(seed) != key.raw:
        raise SignatureError(f"{what} holds the public half of another key")
    return seed, ""
