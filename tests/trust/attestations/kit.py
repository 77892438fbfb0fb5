"""What the tests of attestations share: people with keys, a root of theirs, and links that say anything at all."""

from __future__ import annotations

from typing import Any

from driven.trust import chain, dsse, ed25519, revocation, roots
from driven.trust.capability import Capability, capability
from driven.trust.dsse import Envelope
from driven.trust.key_sources import SigningKey
from driven.trust.revocation import Revocations
from driven.trust.roots import Holder, Root
from driven.trust.ssh_wire import ed25519_key

NOW = 1_795_353_000  # 2026-11-22 13:10 UTC
DAY = 86_400


def person(number: int) -> SigningKey:
    """A key of the tests' own; `number` says whose."""
    seed = bytes([number]) * 32
    key = ed25519_key(ed25519.public_of(seed))
    return SigningKey(key=key, name=f"person{number}", where="a test", sign=lambda data: ed25519.sign(seed, data))


ANA, BEN, CLEO, MID, AGENT, MALLORY = (person(number) for number in range(1, 7))


def holders(*people: SigningKey) -> list[Holder]:
    return [Holder(name=one.name, key=one.key) for one in people]


def signed(envelope: Envelope, *people: SigningKey) -> Envelope:
    for one in people:
        envelope = dsse.add(envelope, one)
    return envelope


def root_of(*people: SigningKey, threshold: int = 2, name: str = "acme", exp: int = NOW + 365 * DAY) -> Root:
    envelope = signed(roots.make(name, holders(*people), threshold, exp), *people)
    return roots.walk([("root 1", envelope)])


ROOT = root_of(ANA, BEN)


def caps(*words: str) -> list[Capability]:
    return [capability(*word.split("=", 1)) for word in words]


def link(to: SigningKey, *words: str, **more: Any) -> Envelope:
    """A link that `chain.make` makes, not signed."""
    given: dict[str, Any] = {"nbf": NOW - DAY, "exp": NOW + 30 * DAY, "paths": ["docs"], "iss": "acme", **more}
    if before := given.get("before"):
        given["iss"] = before.sub
    iss, paths = given.pop("iss"), given.pop("paths")
    return chain.make(iss, to.name, to.key, caps(*(words or ("FileRead=docs",))), paths, **given)


def good(depth: int = 1, **more: Any) -> Envelope:
    """root -> MID, by both keys of the root."""
    return signed(link(MID, "FileRead=docs", "FileWrite=docs/api", depth=depth, **more), ANA, BEN)


def chain_of_two() -> tuple[Envelope, Envelope]:
    """root -> MID -> AGENT."""
    first = good()
    return first, signed(link(AGENT, "FileRead=docs/api", before=chain.look(first), exp=NOW + DAY), MID)


def forged(by: SigningKey, to: SigningKey, before: Envelope | None, **says: Any) -> Envelope:
    """A link of any content, signed by whoever wants to: what an attacker makes who has a key, and not our code."""
    value = {
        "v": 1, "iss": chain.look(before).sub if before else "acme", "sub": to.name, "subKey": to.key.line,
        "caps": {"FileRead": ["docs"]}, "paths": ["docs"], "nbf": NOW - DAY, "exp": NOW + DAY, "depth": 0,
        "id": "a" * 32, "parent": before.digest if before else "", **says,
    }  # fmt: skip
    return signed(dsse.seal(dsse.ATTESTATION, value), by)


def revoking(*, keys: tuple[str, ...] = (), ids: tuple[str, ...] = (), number: int = 1, exp: int = NOW + 90 * DAY,
             name: str = "acme") -> Revocations:  # fmt: skip
    """A list that both keys of the root signed."""
    wanted = Revocations(
        name=name, number=number, issued=NOW, exp=exp, keys=dict.fromkeys(keys, ""), ids=dict.fromkeys(ids, "a laptop")
    )
    return revocation.read(signed(revocation.seal(wanted), ANA, BEN), ROOT, "the list")
