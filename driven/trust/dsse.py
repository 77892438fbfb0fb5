"""DSSE: one payload, its type, and the signatures of as many keys as it needs, over both of them.

https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md and envelope.md, verified 2026-11-22. The payload is
canonical JSON: who signs and who reads see one text. The type is signed with it, so that a list of revoked keys never
stands for a root of trust.
"""

from __future__ import annotations

from driven.errors import DrivenError, SignatureError
from driven.frozen import frozen, replace
from driven.trust import canonical, ed25519
from driven.trust.ssh_wire import ED25519, PublicKey, base64, unbase64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from driven.trust.canonical import Json
    from driven.trust.key_sources import SigningKey

ATTESTATION = "application/vnd.driven.attestation+json"
ROOT = "application/vnd.driven.root+json"
REVOCATIONS = "application/vnd.driven.revocations+json"
MAX_PAYLOAD = 1 << 20  # bytes
MAX_BYTES = 3 << 19  # of an envelope: a payload in base64, and its signatures
MAX_SIGNATURES = 16
MAX_KEYID = 200


@frozen(kw_only=False)
class Signature:
    """Who says to have signed, by the fingerprint of the key, and the 64 bytes."""

    keyid: str
    raw: bytes


@frozen
class Envelope:
    """Nothing in it is believed before `signed_by` has said who signed it."""

    kind: str
    payload: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the payload, as hex."""
        from hashlib import sha256

        return sha256(self.payload).hexdigest()

    @property
    def keyids(self) -> frozenset[str]:
        """Who says to have signed."""
        return frozenset(one.keyid for one in self.signatures)

    def to_json(self) -> dict[str, Json]:
        """As the specification wants it."""
        signatures: list[Json] = [{"keyid": one.keyid, "sig": base64(one.raw)} for one in self.signatures]
        return {"payload": base64(self.payload), "payloadType": self.kind, "signatures": signatures}

    def to_bytes(self) -> bytes:
        """One line of JSON."""
        return canonical.dump(self.to_json())


def pae(kind: str, payload: bytes) -> bytes:
    """What is signed: type and payload, each after its length, so that no other pair gives the same bytes."""
    raw = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(raw), raw, len(payload), payload)


def seal(kind: str, value: Json) -> Envelope:
    """An envelope that nobody has signed yet. SignatureError when it is too large."""
    payload = canonical.dump(value)
    if len(payload) > MAX_PAYLOAD:
        raise SignatureError(f"{len(payload):,} bytes are too many to sign: more than {MAX_PAYLOAD:,}")
    return Envelope(kind=kind, payload=payload)


def add(envelope: Envelope, key: SigningKey) -> Envelope:
    """The envelope with one signature more; one by the same key is replaced. SignatureError."""
    if key.key.kind != ED25519:
        raise SignatureError(
            f"`{key.key.kind}` cannot sign an attestation", hint="a hardware key signs its own form, not that of DSSE"
        )
    data = pae(envelope.kind, envelope.payload)
    raw = key.sign(data)
    if not ed25519.verify(key.key.raw, data, raw):  # a key that signs wrongly must not leave the house
        raise SignatureError(f"the key {key.name} ({key.where}) made a signature that does not hold")
    others = tuple(one for one in envelope.signatures if one.keyid != key.key.fingerprint)
    made = sorted((*others, Signature(key.key.fingerprint, raw)), key=lambda one: one.keyid)
    if len(made) > MAX_SIGNATURES:
        raise SignatureError(f"more than {MAX_SIGNATURES} signatures on one envelope")
    return replace(envelope, signatures=tuple(made))


def signed_by(envelope: Envelope, keys: Collection[PublicKey], what: str) -> frozenset[PublicKey]:
    """Those of `keys` that signed. Signatures in the name of other keys say nothing. SignatureError names `what` when
    one in the name of these does not hold: then it was edited, however many others are there."""
    known = {one.fingerprint: one for one in keys if one.kind == ED25519}
    data = pae(envelope.kind, envelope.payload)
    found = set()
    for one in envelope.signatures:
        key = known.get(one.keyid)
        if key is None:
            continue
        if not ed25519.verify(key.raw, data, one.raw):
            raise SignatureError(
                f"{what} does not hold: it is not what {key.fingerprint} signed",
                hint="it was edited, or cut together: take it from its source again",
            )
        found.add(key)
    return frozenset(found)


def read(data: bytes, kind: str, what: str) -> Envelope:
    """An envelope of that type from its JSON, of which nothing is believed yet. SignatureError names `what`."""
    if len(data) > MAX_BYTES:
        raise SignatureError(f"{what} is larger than {MAX_BYTES:,} bytes")
    import json

    try:
        value = json.loads(data.decode(), object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        raise SignatureError(f"{what} is no JSON: {str(error)[:120] or 'nested too deeply'}") from None
    return from_json(value, kind, what)


def from_json(value: Any, kind: str, what: str) -> Envelope:
    """The same from a value that is parsed."""
    if not isinstance(value, dict) or value.keys() != {"payload", "payloadType", "signatures"}:
        raise SignatureError(f"{what} is no DSSE envelope", hint="it has payload, payloadType and signatures")
    payload, its, signatures = value["payload"], value["payloadType"], value["signatures"]
    if its != kind:
        raise SignatureError(f"{what} is of the type {str(its)[:100]!r}, not `{kind}`")
    if not isinstance(payload, str) or len(payload) > MAX_BYTES:
        raise SignatureError(f"{what}: its payload is no text of base64")
    if not isinstance(signatures, list) or len(signatures) > MAX_SIGNATURES:
        raise SignatureError(f"{what} has no list of at most {MAX_SIGNATURES} signatures")
    found = tuple(_signature(one, what) for one in signatures)
    if len({one.keyid for one in found}) != len(found):
        raise SignatureError(f"{what}: one key signed twice")
    raw = _bytes(payload, f"{what}: its payload")
    if len(raw) > MAX_PAYLOAD:
        raise SignatureError(f"{what}: a payload of more than {MAX_PAYLOAD:,} bytes")
    return Envelope(kind=kind, payload=raw, signatures=found)


def value_of(envelope: Envelope, keys: Collection[str], what: str) -> dict[str, Any]:
    """The payload's object, which has exactly these keys and is in its canonical form. SignatureError."""
    try:
        value = canonical.load(envelope.payload, what)
    except DrivenError as error:
        raise SignatureError(error.message, hint="ask who signed it for another one") from None
    if not isinstance(value, dict):
        raise SignatureError(f"{what} is no object")
    known = set(keys)
    if value.keys() != known or value.get("v") != 1 or value["v"] is True:
        unknown = sorted(value.keys() - known)
        lacks = sorted(known - value.keys())
        said = f"says `{unknown[0][:40]}`" if unknown else f"lacks `{lacks[0]}`" if lacks else "is of another version"
        raise SignatureError(f"{what} {said}: this driven does not know such", hint="is there a newer driven?")
    return value


def _signature(value: Any, what: str) -> Signature:
    if not isinstance(value, dict) or value.keys() != {"keyid", "sig"}:
        raise SignatureError(f"{what}: a signature has `keyid` and `sig`")
    keyid, text = value["keyid"], value["sig"]
    if not isinstance(keyid, str) or not 0 < len(keyid) <= MAX_KEYID or not keyid.isprintable():
        raise SignatureError(f"{what}: a signature that does not say whose it is")
    if not isinstance(text, str) or len(text) > 200:
        raise SignatureError(f"{what}: a signature that is no text of base64")
    return Signature(keyid, _bytes(text, f"{what}: a signature"))


def _bytes(text: str, what: str) -> bytes:
    """Base64 of either alphabet, which DSSE allows."""
    if not text:
        return b""
    if not text.isascii():
        raise SignatureError(f"{what} is no base64")
    return unbase64(text.replace("-", "+").replace("_", "/"), what)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
