"""Attestations in a chain: the root lets somebody do something, who lets somebody else do a part of it, and so on.

The first link is signed by k keys of the root, each other one by the key that the link before it names: who was given
nothing can give nothing. Each link says the link that it hangs from, by digest; its capabilities, its paths, its end
and its depth can only be narrower. A shell is in no chain: who has one has everything.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, PolicyError, SignatureError, UsageError
from driven.frozen import frozen
from driven.trust import dsse
from driven.trust.capability import Capability, CapabilityManifest, capability
from driven.trust.roots import LATEST, Root, check_name, is_digest, number, read_key, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    from driven.trust.canonical import Json
    from driven.trust.dsse import Envelope
    from driven.trust.revocation import Revocations
    from driven.trust.ssh_wire import PublicKey

State: TypeAlias = (
    'Literal["ok", "empty", "too-long", "edited", "malformed", "wrong-root", "too-few", "wrong-key", "swapped", '
    '"widened-capability", "widened-path", "outlives", "too-deep", "early", "expired", "revoked", "unknown"]'
)
MAX_LINKS = 8
MAX_DEPTH = MAX_LINKS - 1
MAX_PATHS = 64
MAX_CHAIN = 256 << 10  # bytes of a file
_FIELDS = ("v", "iss", "sub", "subKey", "caps", "paths", "nbf", "exp", "depth", "id", "parent")
_FILES = ("FileRead", "FileWrite")


@frozen
class Attestation:
    """One link: `iss` lets `sub`, who has the key `sub_key`, use `caps` at `paths` from `nbf` until `exp` (seconds
    since 1970, the end not included). `depth`: links that may hang from it one below the other; `parent`: the digest
    of the link before, "" of the first; `digest`: its own, "" of one that is not signed."""

    iss: str
    sub: str
    sub_key: PublicKey
    caps: CapabilityManifest
    paths: tuple[str, ...]
    nbf: int
    exp: int
    depth: int
    id: str
    parent: str = ""
    digest: str = ""

    def to_json(self) -> dict[str, Json]:
        """The payload."""
        return {
            "v": 1, "iss": self.iss, "sub": self.sub, "subKey": self.sub_key.line, "caps": _table(self.caps),
            "paths": [*self.paths], "nbf": self.nbf, "exp": self.exp, "depth": self.depth, "id": self.id,
            "parent": self.parent,
        }  # fmt: skip


@frozen
class Verdict:
    """What came of a chain. `link`: the number of the one that decided, 0 for the chain as a whole; `links`: those
    that hold, all of them with `ok`, in the order of the chain."""

    state: State
    message: str = ""
    hint: str = ""
    link: int = 0
    links: tuple[Attestation, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the last link may be believed."""
        return self.state == "ok"

    def allows(self, one: Capability) -> bool:
        """Whether the chain grants this to its last subject."""
        return self.holds and self.links[-1].caps.allows(one)


class _Refused(Exception):
    """One check that did not pass."""

    def __init__(self, state: State, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.state = state
        self.hint = hint


def new_id() -> str:
    """128 bits from the system's randomness, as hex."""
    return os.urandom(16).hex()


def make(
    iss: str, sub: str, key: PublicKey, caps: Iterable[Capability], paths: Iterable[str], *, nbf: int, exp: int,
    depth: int = 0, before: Attestation | None = None,
) -> Envelope:  # fmt: skip
    """A link that nobody has signed yet, below `before` or the root. UsageError; PolicyError for what `before` does not
    give; SignatureError for a weak key."""
    made = Attestation(
        iss=iss, sub=check_name(sub, "the subject"), sub_key=read_key(key.line, "the key"), caps=_manifest(caps),
        paths=_minimal(paths), nbf=nbf, exp=exp, depth=depth, id=new_id(), parent=before.digest if before else "",
    )  # fmt: skip
    envelope = dsse.seal(dsse.ATTESTATION, made.to_json())
    try:
        found = _read(envelope, "it")
        if before is not None:
            _narrower(found, before)
    except _Refused as refused:
        kind = UsageError if refused.state == "malformed" else PolicyError
        raise kind(str(refused), hint=refused.hint) from None
    return envelope


def render(links: Sequence[Envelope]) -> bytes:
    """As a file: an envelope on each line, the root's first (a bundle, as in-toto has them)."""
    return b"".join(one.to_bytes() for one in links)


def parse(data: bytes, what: str) -> tuple[Envelope, ...]:
    """The envelopes of a file, of which nothing is believed yet. SignatureError names `what`."""
    if len(data) > MAX_CHAIN:
        raise SignatureError(f"{what} is larger than {MAX_CHAIN:,} bytes: it is no chain")
    lines = [line for line in data.replace(b"\r\n", b"\n").split(b"\n") if line.strip()]
    if len(lines) > MAX_LINKS:
        raise SignatureError(f"{what} has {len(lines)} links: more than {MAX_LINKS}")
    return tuple(dsse.read(line, dsse.ATTESTATION, f"{what}, link {at}") for at, line in enumerate(lines, 1))


def check(
    links: Sequence[Envelope], root: Root, at: int, revoked: Revocations | None = None,
    revoked_keys: Collection[PublicKey] = (),
) -> Verdict:  # fmt: skip
    """Whether a chain holds at the time `at`. What is wrong with it is an answer, and no exception.

    A link's signature is checked over its bytes before those bytes are read; what it says, only then.
    """
    if not links:
        return Verdict(state="empty", message="a chain of no links grants nothing", hint="`driven attest issue`")
    if len(links) > MAX_LINKS:
        return Verdict(state="too-long", message=f"a chain of {len(links)} links: more than {MAX_LINKS}")
    dead = {one.fingerprint: "" for one in revoked_keys} | dict(revoked.keys if revoked else {})
    ids = revoked.ids if revoked else {}
    found: list[Attestation] = []
    for place, envelope in enumerate(links, 1):
        before = found[-1] if found else None
        try:
            if before is None:
                _by_root(envelope, links, root, dead)
            else:
                _by_subject(envelope, before, root, found)
            one = _read(envelope, f"link {place}")
            _narrower(one, before) if before else _first(one, root)
            _current(one, at)
            _believed(one, dead, ids)
            if any(one.id == other.id for other in found):
                raise _Refused("swapped", "it stands in the chain twice")
        except _Refused as refused:
            said = f"link {place}: {refused}"
            return Verdict(state=refused.state, message=said, hint=refused.hint, link=place, links=tuple(found))
        found.append(one)
    return Verdict(state="ok", links=tuple(found))


def look(envelope: Envelope) -> Attestation:
    """What a link says, whoever signed it: for showing. SignatureError."""
    try:
        return _read(envelope, "a link")
    except _Refused as refused:
        raise SignatureError(str(refused), hint=refused.hint) from None


# Who signed


def _by_root(envelope: Envelope, links: Sequence[Envelope], root: Root, dead: Collection[str]) -> None:
    signed = _signed(envelope, root.keys)
    alive = [one for one in signed if one.fingerprint not in dead]
    if len(alive) >= root.threshold:
        return
    if signed and len(signed) > len(alive):
        raise _Refused("revoked", f"a key of the root `{root.name}` that signed it was revoked", _ASK)
    if signed:
        lacking = ", ".join(one.name for one in root.holders if one.key not in signed)
        said = f"it has {len(signed)} of {root.threshold} signatures of the root `{root.name}`"
        raise _Refused("too-few", said, f"`driven attest sign CHAIN`, by one of: {lacking}")
    keyids = {one.fingerprint for one in root.keys}
    if any(other.keyids & keyids for other in links[1:]):
        raise _Refused("swapped", "the root signed a link after it: the links are not in their order", _SOURCE)
    raise _Refused("wrong-root", f"the root `{root.name}` did not sign it, version {root.version}", _ASK)


def _by_subject(envelope: Envelope, before: Attestation, root: Root, found: Sequence[Attestation]) -> None:
    if _signed(envelope, [before.sub_key]):
        return
    others = {one.fingerprint: f"the root's {name}" for one, name in ((h.key, h.name) for h in root.holders)}
    others |= {one.sub_key.fingerprint: one.sub for one in found}
    who = next((others[keyid] for keyid in sorted(envelope.keyids) if keyid in others), "nobody of this chain")
    raise _Refused("wrong-key", f"it is signed by {who}, and only {before.sub} can hang a link there", _SOURCE)


def _signed(envelope: Envelope, keys: Collection[PublicKey]) -> frozenset[PublicKey]:
    try:
        return dsse.signed_by(envelope, keys, "its signature")
    except SignatureError as error:
        raise _Refused("edited", error.message, error.hint) from None


# What it says


def _read(envelope: Envelope, what: str) -> Attestation:
    try:
        value = dsse.value_of(envelope, _FIELDS, what)
        nbf = number(value["nbf"], 0, LATEST, f"{what}: its beginning")
        exp = number(value["exp"], nbf + 1, LATEST, f"{what}: its end")
        depth = number(value["depth"], 0, MAX_DEPTH, f"{what}: its depth")
        caps = _caps(value["caps"], what)
        one, parent = value["id"], value["parent"]
        if not isinstance(one, str) or len(one) != 32 or set(one) - set("0123456789abcdef"):
            raise SignatureError(f"{what}: its id is no id")
        if parent != "" and not is_digest(parent):
            raise SignatureError(f"{what}: what it hangs from is no digest")
        return Attestation(
            iss=text(value["iss"], f"{what}: its issuer"), sub=text(value["sub"], f"{what}: its subject"),
            sub_key=read_key(value["subKey"], f"{what}: the key of its subject"), caps=caps,
            paths=_paths(value["paths"], caps, what), nbf=nbf, exp=exp, depth=depth, id=one, parent=parent,
            digest=envelope.digest,
        )  # fmt: skip
    except DrivenError as error:
        raise _Refused("malformed", error.message, error.hint) from None


def _table(caps: CapabilityManifest) -> dict[str, Json]:
    return {kind: [*scopes] for kind, scopes in caps.scopes.items()}


def _caps(value: Any, what: str) -> CapabilityManifest:
    if not isinstance(value, dict):
        raise SignatureError(f"{what}: its capabilities are no table")
    found = CapabilityManifest.of(value)
    if not found.capabilities:
        raise SignatureError(f"{what} grants nothing at all")
    if _table(found) != value:
        raise SignatureError(f"{what}: its capabilities are not in their one spelling")
    if "ShellExec" in value:
        raise SignatureError(f"{what} grants a shell: that is in no attestation", hint="name a program: ProcessSpawn")
    return found


def _paths(value: Any, caps: CapabilityManifest, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_PATHS or not all(isinstance(p, str) for p in value):
        raise SignatureError(f"{what} has no list of 1 to {MAX_PATHS} paths")
    if list(_minimal(value)) != value:
        raise SignatureError(f"{what}: its paths are not sorted, or one lies in another")
    for one in caps.capabilities:
        if one.kind in _FILES and not _within(one.scope, value):
            raise SignatureError(f"{what}: {one} reaches beyond its paths: {', '.join(value)}")
    return tuple(value)


def _minimal(paths: Iterable[str]) -> tuple[str, ...]:
    """In their one spelling, sorted, none within another. ConfigError for one that leads out of the project."""
    found = sorted({capability("FileRead", path).scope for path in paths})
    return tuple(path for path in found if not _within(path, [other for other in found if other != path]))


def _within(path: str, tops: Iterable[str]) -> bool:
    return any(top in (".", path) or path.startswith(top + "/") for top in tops)


def _manifest(caps: Iterable[Capability]) -> CapabilityManifest:
    """Capabilities, without those that another one covers."""
    found = list(dict.fromkeys(caps))
    kept = [one for one in found if not any(other != one and other.covers(one) for other in found)]
    if not kept:
        raise UsageError("an attestation grants something", hint="--cap FileRead=docs")
    wanted: dict[str, list[str]] = {}
    for one in kept:
        wanted.setdefault(one.kind, []).append(one.scope)
    return CapabilityManifest.of(wanted)


# What it may say


def _first(one: Attestation, root: Root) -> None:
    if one.parent:
        raise _Refused("swapped", "it hangs from another link, and stands first", _SOURCE)
    if one.iss != root.name:
        raise _Refused("wrong-root", f"it was issued by `{one.iss}`, and the root is `{root.name}`", _ASK)


def _narrower(one: Attestation, before: Attestation) -> None:
    if one.parent != before.digest or one.iss != before.sub:
        raise _Refused("swapped", f"it hangs from another link than that of {before.sub}", _SOURCE)
    more = [str(cap) for cap in one.caps.capabilities if not before.caps.allows(cap)]
    if more:
        has = ", ".join(str(cap) for cap in before.caps.capabilities)
        raise _Refused("widened-capability", f"{before.sub} has no {more[0]} to give", f"{before.sub} has {has}")
    beyond = [path for path in one.paths if not _within(path, before.paths)]
    if beyond:
        said = f"`{beyond[0]}` is not below what {before.sub} has"
        raise _Refused("widened-path", said, f"{before.sub} has {', '.join(before.paths)}")
    if one.exp > before.exp:
        from driven.trust.signer_lines import shown_time

        raise _Refused("outlives", f"it would outlive what it hangs from, which ends {shown_time(before.exp)}", _ASK)
    if one.depth >= before.depth:
        said = f"a depth of at most {before.depth - 1}" if before.depth else "nothing to others: its depth is 0"
        raise _Refused("too-deep", f"{before.sub} can give {said}", "who issued that link can give it a greater depth")


def _current(one: Attestation, at: int) -> None:
    from driven.trust.signer_lines import shown_time

    if at < one.nbf:
        raise _Refused("early", f"it holds from {shown_time(one.nbf)} on", "is this machine's clock right?")
    if at >= one.exp:
        raise _Refused("expired", f"it held until {shown_time(one.exp)}", "ask who issued it for a new one")


def _believed(one: Attestation, dead: Mapping[str, str], ids: Mapping[str, str]) -> None:
    if one.id in ids:
        raise _Refused("revoked", f"the attestation of {one.sub} was revoked{_why(ids[one.id])}", _ASK)
    if one.sub_key.fingerprint in dead:
        raise _Refused("revoked", f"the key of {one.sub} was revoked{_why(dead[one.sub_key.fingerprint])}", _ASK)


def _why(reason: str) -> str:
    return f": {reason}" if reason else ""


_ASK = "ask those who hold the root's keys"
_SOURCE = "take the chain from its source again"
