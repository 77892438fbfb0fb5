"""The root of all attestations: n keys, of which k must sign whatever is done in its name, and how it is replaced.

Version n + 1 is signed by k keys of version n and by k keys of its own: who has fewer cannot take the root over, and
who loses fewer than n - k + 1 keys can go on. Every version is kept, so that each step can be walked again; the shape
is that of The Update Framework (https://theupdateframework.github.io/specification/v1.0.33/, 5.3, verified 2026-11-22).
"""

from __future__ import annotations

from driven.errors import SignatureError, UsageError
from driven.frozen import frozen, replace
from driven.trust import dsse, ed25519
from driven.trust.ssh_wire import ED25519, PublicKey, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from driven.trust.canonical import Json
    from driven.trust.dsse import Envelope

MAX_KEYS = 16
MAX_VERSIONS = 200
MAX_NAME = 200
LATEST = 253_402_300_799  # the last second of the year 9999
_FIELDS = ("v", "name", "version", "threshold", "keys", "exp", "previous")


@frozen
class Holder:
    """One key of a root and who has it."""

    name: str
    key: PublicKey


@frozen
class Root:
    """A root as it says it is. `version` from 1; `threshold`: signatures that it takes, k; `exp`: seconds since 1970;
    `previous`: the digest of the version before, "" of the first; `digest`: its own, "" of one that is not read;
    `history`: the digests of all versions up to this one, of one that was walked to."""

    name: str
    version: int
    threshold: int
    holders: tuple[Holder, ...]
    exp: int
    previous: str = ""
    digest: str = ""
    history: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """Of all holders."""
        return tuple(one.key for one in self.holders)

    def to_json(self) -> dict[str, Json]:
        """The payload."""
        keys: list[Json] = [{"name": one.name, "key": one.key.line} for one in self.holders]
        return {
            "v": 1, "name": self.name, "version": self.version, "threshold": self.threshold, "keys": keys,
            "exp": self.exp, "previous": self.previous,
        }  # fmt: skip


def make(name: str, holders: Iterable[Holder], threshold: int, exp: int, before: Root | None = None) -> Envelope:
    """A root that nobody has signed yet: the first one, or the one that follows `before`. UsageError."""
    made = Root(
        name=check_name(name, "the root"), version=before.version + 1 if before else 1, threshold=threshold,
        holders=tuple(sorted(holders, key=lambda one: one.key.fingerprint)), exp=exp,
        previous=before.digest if before else "",
    )  # fmt: skip
    many = len(made.holders)
    if not 1 <= many <= MAX_KEYS or len(set(made.keys)) != many:
        raise UsageError(f"a root has 1 to {MAX_KEYS} keys, none of them twice: there are {many}", hint="--key KEY")
    if not 1 <= threshold <= many:
        raise UsageError(f"{threshold} of {many} keys cannot sign", hint=f"--threshold is a number from 1 to {many}")
    envelope = dsse.seal(dsse.ROOT, made.to_json())
    read(envelope, "the new root")  # what is written must be what is read
    return envelope


def read(envelope: Envelope, what: str) -> Root:
    """What a root says, whoever signed it. SignatureError names `what`."""
    value = dsse.value_of(envelope, _FIELDS, what)
    name, version, threshold, keys = value["name"], value["version"], value["threshold"], value["keys"]
    number(version, 1, MAX_VERSIONS, f"{what}: its version")
    number(value["exp"], 0, LATEST, f"{what}: its end")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        raise SignatureError(f"{what} has no list of 1 to {MAX_KEYS} keys")
    number(threshold, 1, len(keys), f"{what}: its threshold")
    previous = value["previous"]
    if not is_digest(previous) if version > 1 else previous != "":
        raise SignatureError(f"{what} does not say which version it follows")
    holders = tuple(_holder(one, what) for one in keys)
    order = [one.key.fingerprint for one in holders]
    if order != sorted(set(order)):
        raise SignatureError(f"{what}: its keys are not in order, or one stands twice")
    return Root(
        name=text(name, f"{what}: its name"), version=version, threshold=threshold, holders=holders,
        exp=value["exp"], previous=previous, digest=envelope.digest,
    )  # fmt: skip


def check_first(envelope: Envelope, what: str) -> Root:
    """The first version, signed by k of its own keys: those who are named have agreed. SignatureError."""
    found = read(envelope, what)
    if found.version != 1:
        raise SignatureError(f"{what} is version {found.version}, and no version before it is here", hint=_WHOLE)
    enough(envelope, found, what)
    return found


def check_next(before: Root, envelope: Envelope, what: str) -> Root:
    """The version that follows `before`: signed by k of the old keys and by k of the new ones. SignatureError."""
    found = read(envelope, what)
    if found.version != before.version + 1:
        raise SignatureError(
            f"{what} is version {found.version}, and the one that follows {before.version} is wanted:"
            " a version was skipped", hint=_WHOLE,
        )  # fmt: skip
    if found.previous != before.digest or found.name != before.name:
        raise SignatureError(f"{what} does not follow the version {before.version} that stands here", hint=_WHOLE)
    enough(envelope, before, what, "the keys before it")
    enough(envelope, found, what, "its own keys")
    return found


def walk(envelopes: Sequence[tuple[str, Envelope]]) -> Root:
    """The newest root of (name, envelope) from version 1 on, each step checked. SignatureError."""
    if not envelopes:
        raise SignatureError("there is no root of trust here", hint="`driven attest root init` makes one")
    root = check_first(envelopes[0][1], envelopes[0][0])
    for what, envelope in envelopes[1:]:
        root = check_next(root, envelope, what)
    return replace(root, history=tuple(envelope.digest for _, envelope in envelopes))


def enough(envelope: Envelope, root: Root, what: str, whose: str = "the root's keys") -> None:
    """That k keys of a root signed. SignatureError says how many did."""
    signed = dsse.signed_by(envelope, root.keys, what)
    if len(signed) < root.threshold:
        lacking = ", ".join(one.name for one in root.holders if one.key not in signed)
        raise SignatureError(
            f"{what} has {len(signed)} of {root.threshold} signatures of {whose}",
            hint=f"`driven attest sign`, by {'one' if root.threshold - len(signed) == 1 else 'some'} of: {lacking}",
        )


_WHOLE = "take the whole folder `.driven/trust/roots` from its source again"


def check_name(name: str, what: str) -> str:
    """A name of a root or of a subject. UsageError."""
    try:
        return text(name, f"the name of {what}")
    except SignatureError as error:
        raise UsageError(error.message, hint="a mail address, or a word") from None


def read_key(value: Any, what: str) -> PublicKey:
    """A key that may stand in an attestation: Ed25519, strong, written in its one form. SignatureError."""
    if not isinstance(value, str) or len(value) > 200:
        raise SignatureError(f"{what} is no public key")
    key, _ = read_line(value, what)
    if key.kind != ED25519 or key.line != value:
        raise SignatureError(f"{what} is no plain `{ED25519}` key", hint="a hardware key cannot sign attestations")
    ed25519.check_public(key.raw, what)
    return key


def number(value: Any, least: int, most: int, what: str) -> int:
    """A whole number within bounds. SignatureError."""
    if type(value) is not int or not least <= value <= most:
        raise SignatureError(f"{what} is no number from {least} to {most}")
    return value


def text(value: Any, what: str) -> str:
    """A short line that can be printed as it stands, in its one spelling (NFC). SignatureError."""
    import unicodedata

    found = value if isinstance(value, str) else ""
    if not 0 < len(found) <= MAX_NAME or not found.isprintable() or found != found.strip():
        raise SignatureError(f"{what} is no line of 1 to {MAX_NAME} printable characters")
    if unicodedata.normalize("NFC", found) != found:
        raise SignatureError(f"{what} is not written in its normal form (NFC)")
    return found


def is_digest(value: Any) -> bool:
    """Whether it is a SHA-256 as hex."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


def _holder(value: Any, what: str) -> Holder:
    if not isinstance(value, dict) or value.keys() != {"name", "key"}:
        raise SignatureError(f"{what}: a key has `name` and `key`")
    return Holder(name=text(value["name"], f"{what}: a holder's name"), key=read_key(value["key"], f"{what}: a key"))
