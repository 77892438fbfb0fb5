"""SSHSIG: signatures that `ssh-keygen -Y verify` checks with nothing of ours.

https://github.com/openssh/openssh-portable/blob/V_9_2/PROTOCOL.sshsig and PROTOCOL.u2f, verified 2026-11-22. Always
SHA-512, which is what ssh-keygen makes by itself. A namespace keeps a signature for one purpose from standing for
another: it is part of what is signed.
"""

from __future__ import annotations

from driven.errors import SignatureError
from driven.frozen import frozen
from driven.trust import ed25519
from driven.trust.ssh_wire import ED25519, SK_ED25519, PublicKey, Reader, base64, read_blob, string, u32, unbase64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PACK = "driven-pack@v1"  # what is signed is a manifest
KEY = "driven-key@v1"  # a key says which one follows it
HASH = "sha512"
MAX_BYTES = 8192  # of an armored signature: 300 are usual, a hardware key's may be longer
_MAGIC = b"SSHSIG"
_BEGIN = b"-----BEGIN SSH SIGNATURE-----"
_END = b"-----END SSH SIGNATURE-----"
_WIDTH = 70
_PRESENT = 1  # flag of a hardware key: somebody touched it


@frozen(kw_only=False)
class Signature:
    """What a signature file holds. `flags` and `counter` are a hardware key's, 0 of any other."""

    key: PublicKey
    namespace: str
    raw: bytes
    flags: int = 0
    counter: int = 0


def signed_data(namespace: str, message: bytes) -> bytes:
    """What the key signs: the digest of the message, and what it is signed for."""
    return _MAGIC + string(namespace) + string(b"") + string(HASH) + string(ed25519.sha512(message))


def make(key: PublicKey, namespace: str, message: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The armored signature over `message`; `sign` gives the 64 bytes of a plain Ed25519 signature."""
    if key.kind != ED25519:
        raise SignatureError(
            f"`{key.kind}` signs through ssh-keygen only",
            hint=f"ssh-keygen -Y sign -n {namespace} -f KEY.pub FILE",
        )
    raw = sign(signed_data(namespace, message))
    found = Signature(key, namespace, raw)
    check(found, namespace, message, "what was signed just now")  # a key that signs wrongly must not leave the house
    return armor(found)


def armor(signature: Signature) -> bytes:
    """As the text of a `.sig` file."""
    inner = string(signature.key.kind) + string(signature.raw)
    if signature.key.kind == SK_ED25519:
        inner += bytes([signature.flags]) + u32(signature.counter)
    blob = _MAGIC + u32(1) + string(signature.key.blob) + string(signature.namespace) + string(b"") + string(HASH)
    text = base64(blob + string(inner)).encode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return b"\n".join([_BEGIN, *lines, _END]) + b"\n"


def parse(data: bytes, what: str) -> Signature:
    """The signature of a `.sig` file, of which nothing is believed yet. SignatureError names `what`."""
    if len(data) > MAX_BYTES:
        raise SignatureError(f"{what} is larger than {MAX_BYTES:,} bytes: it is no signature")
    lines = data.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        many = data.count(_BEGIN) > 1
        raise SignatureError(
            f"{what} holds more than one signature" if many else f"{what} is no SSH signature, or was cut short",
            hint="sign again with `driven sign`",
        )
    if _BEGIN in lines[1:] or _END in lines[:-1]:
        raise SignatureError(f"{what} holds more than one signature", hint="sign again with `driven sign`")
    reader = Reader(unbase64(b"".join(lines[1:-1]), what), what)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise SignatureError(f"{what} is no SSH signature")
    version = reader.u32()
    if version != 1:
        raise SignatureError(f"{what} is of version {version}, which this driven does not know")
    key = read_blob(reader.string(), f"the key in {what}")
    namespace = reader.text()
    if reader.string():
        raise SignatureError(f"{what} holds something that is reserved")
    algorithm = reader.text()
    if algorithm != HASH:
        raise SignatureError(
            f"{what} is over a digest by `{algorithm:.20}`, and only {HASH} is taken",
            hint="ssh-keygen takes it by itself: leave -O hashalg out",
        )
    inner = Reader(reader.string(), what)
    reader.end()
    kind = inner.text()
    if kind != key.kind:
        raise SignatureError(f"{what} was made as `{kind:.40}` by a key of the kind `{key.kind}`")
    raw = inner.string()
    if len(raw) != ed25519.SIGNATURE_SIZE:
        raise SignatureError(f"{what}: a signature of {len(raw)} bytes, not {ed25519.SIGNATURE_SIZE}")
    flags, counter = (inner.byte(), inner.u32()) if kind == SK_ED25519 else (0, 0)
    inner.end()
    return Signature(key, namespace, raw, flags, counter)


def check(signature: Signature, namespace: str, message: bytes, what: str) -> None:
    """That the key of the signature signed `message` for `namespace`. SignatureError names `what`.

    Whether the key is anybody's who is trusted is another question: `driven.trust.signers`.
    """
    if signature.namespace != namespace:
        raise SignatureError(
            f"{what} was made for `{signature.namespace:.60}`, not for `{namespace}`",
            hint="a signature holds for what it was made for and for nothing else",
        )
    data = signed_data(namespace, message)
    if signature.key.kind == SK_ED25519:
        if not signature.flags & _PRESENT:
            raise SignatureError(f"{what}: nobody touched the hardware key that made it")
        data = _hardware(signature, data)
    if not ed25519.verify(signature.key.raw, data, signature.raw):
        raise SignatureError(
            f"{what} does not hold: what was signed is not what stands here",
            hint="take the file from its source again; if it is yours, look at the change and sign again",
        )


def _hardware(signature: Signature, data: bytes) -> bytes:
    """What a hardware key signs of `data`."""
    application = ed25519.sha256(signature.key.application.encode())
    return application + bytes([signature.flags]) + u32(signature.counter) + ed25519.sha256(data)
