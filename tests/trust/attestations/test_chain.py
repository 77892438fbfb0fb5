"""Chains: two good ones hold; each of the twelve attacks of the specification is refused by its name, and more."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from driven.errors import DrivenError, PolicyError, SignatureError, UsageError
from driven.frozen import replace
from driven.trust import chain, dsse, ed25519
from driven.trust.capability import capability
from driven.trust.dsse import Envelope
from driven.trust.ssh_wire import ED25519, PublicKey
from trust.attestations.kit import (
    AGENT,
    ANA,
    BEN,
    CLEO,
    DAY,
    MALLORY,
    MID,
    NOW,
    ROOT,
    caps,
    chain_of_two,
    forged,
    good,
    link,
    revoking,
    root_of,
    signed,
)  # fmt: skip


def check(*links: Envelope, **more: Any) -> chain.Verdict:
    return chain.check(links, more.pop("root", ROOT), more.pop("at", NOW), **more)


# The two good ones


def test_the_root_lets_an_agent_do_something() -> None:
    found = check(good(depth=0))
    assert (found.state, found.holds, [one.sub for one in found.links]) == ("ok", True, [MID.name])
    assert found.allows(capability("FileRead", "docs/guide.md"))
    assert not found.allows(capability("FileWrite", "docs/guide.md"))


def test_the_root_lets_somebody_who_lets_an_agent_do_a_part_of_it() -> None:
    found = check(*chain_of_two())
    assert found.holds and [one.sub for one in found.links] == [MID.name, AGENT.name]
    assert found.allows(capability("FileRead", "docs/api/orders.md"))
    assert not found.allows(capability("FileRead", "docs/guide.md")), "the last link decides"


# The twelve attacks


def by_the_root() -> tuple[Envelope, ...]:
    """CNV's shape: its chain asks for the issuer's key at each link, so that only the root ever delegates."""
    first = good()
    return first, signed(link(AGENT, before=chain.look(first), exp=NOW + DAY), ANA, BEN)


def widened_capability() -> tuple[Envelope, ...]:
    first = good()
    return first, forged(MID, AGENT, first, caps={"FileRead": ["docs"], "ProcessSpawn": ["git"]})


def widened_path() -> tuple[Envelope, ...]:
    first = signed(link(MID, "FileRead=docs", "ProcessSpawn=git", depth=1), ANA, BEN)
    return first, forged(MID, AGENT, first, caps={"ProcessSpawn": ["git"]}, paths=["src"])


def dotted() -> tuple[Envelope, ...]:
    first = good()
    return first, forged(MID, AGENT, first, caps={"FileRead": ["docs/../src"]}, paths=["docs/../src"])


def outliving() -> tuple[Envelope, ...]:
    first = good()
    return first, forged(MID, AGENT, first, exp=NOW + 31 * DAY)


def expired() -> tuple[Envelope, ...]:
    first = good()
    return first, forged(MID, AGENT, first, exp=NOW)


def wrong_root() -> tuple[Envelope, ...]:
    return (signed(link(MID, depth=1), MALLORY, CLEO),)


def swapped() -> tuple[Envelope, ...]:
    return chain_of_two()[::-1]


def edited() -> tuple[Envelope, ...]:
    first, second = chain_of_two()
    return first, replace(second, payload=second.payload.replace(b'"docs/api"', b'"docs"'))


def too_deep() -> tuple[Envelope, ...]:
    first, second = chain_of_two()
    return first, second, forged(AGENT, MALLORY, second, caps={"FileRead": ["docs/api"]}, paths=["docs/api"])


ATTACKS: list[tuple[str, Callable[[], tuple[Envelope, ...]], str, int]] = [
    ("wrong key", by_the_root, "wrong-key", 2),
    ("widened capability", widened_capability, "widened-capability", 2),
    ("widened path", widened_path, "widened-path", 2),
    ("..", dotted, "malformed", 2),
    ("outliving", outliving, "outlives", 2),
    ("expired", expired, "expired", 2),
    ("wrong root", wrong_root, "wrong-root", 1),
    ("swapped", swapped, "swapped", 1),
    ("empty", tuple, "empty", 0),
    ("edited", edited, "edited", 2),
    ("too deep", too_deep, "too-deep", 3),
]  # the twelfth, a revoked intermediate, is the next test


@pytest.mark.parametrize(("name", "attack", "state", "place"), ATTACKS, ids=[name for name, *_ in ATTACKS])
def test_an_attack_is_refused_by_its_name(
    name: str, attack: Callable[[], tuple[Envelope, ...]], state: str, place: int
) -> None:
    found = check(*attack())
    assert (found.state, found.link) == (state, place), found.message
    assert found.message and found.hint and not found.holds
    assert len(found.links) == max(0, place - 1), "what holds before it is told"
    assert not found.allows(capability("FileRead", "docs/api/x.md"))


@pytest.mark.parametrize("how", ["id", "key", "ssh list"])
def test_a_revoked_intermediate_takes_its_children_along(how: str) -> None:
    first, second = chain_of_two()
    parent = chain.look(first)
    if how == "ssh list":
        found = check(first, second, revoked_keys={MID.key})
    else:
        listed = revoking(ids=(parent.id,)) if how == "id" else revoking(keys=(MID.key.fingerprint,))
        found = check(first, second, revoked=listed)
    assert (found.state, found.link) == ("revoked", 1)
    assert ("a laptop" in found.message) == (how == "id"), "the reason is told"


# What else is tried


def test_a_revoked_child_leaves_its_parent() -> None:
    first, second = chain_of_two()
    listed = revoking(ids=(chain.look(second).id,))
    assert check(first, second, revoked=listed).link == 2
    assert check(first, revoked=listed).holds


def test_a_root_takes_all_its_signatures() -> None:
    made = link(MID)
    found = check(signed(made, ANA))
    assert found.state == "too-few" and "1 of 2" in found.message and BEN.name in found.hint
    assert check(signed(made, ANA, CLEO, MALLORY)).state == "too-few", "strangers' signatures do not count"
    assert check(signed(made, ANA, BEN, CLEO)).holds, "and do no harm"
    twice = replace(signed(made, ANA), signatures=signed(made, ANA).signatures * 2)
    assert check(twice).state == "too-few", "one key counts once"


def test_a_revoked_key_of_the_root_does_not_count() -> None:
    found = check(good(), revoked=revoking(keys=(BEN.key.fingerprint,)))
    assert found.state == "revoked" and found.link == 1


def test_one_bad_signature_among_good_ones_is_an_edit() -> None:
    made = good()
    others = signed(link(MID), CLEO)
    root = root_of(ANA, BEN, CLEO)
    mixed = replace(made, signatures=(*made.signatures, *others.signatures))
    assert check(made, root=root).holds
    assert check(mixed, root=root).state == "edited"


def test_a_link_that_was_cut_out_of_another_chain_does_not_fit() -> None:
    """Who holds two grants cannot hang what came of the revoked one from the other."""
    narrow, wide = good(), good()
    second = signed(link(AGENT, before=chain.look(narrow), exp=NOW + DAY), MID)
    assert check(narrow, second).holds
    assert check(wide, second).state == "swapped"


def test_a_link_by_a_key_that_is_in_the_chain_at_another_place() -> None:
    first, second = chain_of_two()
    self_made = forged(AGENT, AGENT, first)
    assert check(first, self_made).state == "wrong-key"
    assert check(second).state == "wrong-root", "a chain without its beginning"
    assert check(first, first).state == "wrong-key", "the same link again"
    assert check(first, forged(MALLORY, AGENT, first)).message.count("nobody of this chain") == 1


def test_a_link_says_whom_it_comes_from_and_says_it_truly() -> None:
    first = good()
    assert check(first, forged(MID, AGENT, first, iss="somebody else")).state == "swapped"
    assert check(signed(forged(ANA, MID, None, iss="another root"), BEN)).state == "wrong-root"
    found = check(signed(forged(ANA, MID, None, parent="a" * 64), BEN))
    assert found.state == "swapped" and "stands first" in found.message


def test_no_two_links_of_a_chain_have_one_id() -> None:
    first = good()
    found = check(first, forged(MID, AGENT, first, id=chain.look(first).id))
    assert found.state == "swapped" and "twice" in found.message


def test_who_stands_above_cannot_speak_for_who_stands_below() -> None:
    """Also the key of an earlier link signs none but the next one."""
    first = signed(link(MID, depth=2), ANA, BEN)
    second = signed(link(AGENT, before=chain.look(first), depth=1, exp=NOW + DAY), MID)
    assert check(first, second, forged(AGENT, MALLORY, second)).holds
    found = check(first, second, forged(MID, MALLORY, second))
    assert (found.state, found.link) == ("wrong-key", 3) and f"signed by {MID.name}" in found.message


def test_what_comes_too_early_names_the_clock() -> None:
    found = check(good(), at=NOW - 2 * DAY)
    assert found.state == "early" and "clock" in found.hint
    assert check(good(), at=NOW + 30 * DAY).state == "expired", "the last second is not included"
    assert check(good(), at=NOW + 30 * DAY - 1).holds


def test_a_chain_ends_somewhere() -> None:
    assert check(*[good()] * (chain.MAX_LINKS + 1)).state == "too-long"
    with pytest.raises(SignatureError, match="more than 8"):
        chain.parse(good().to_bytes() * 9, "x")


def test_the_longest_chain_holds() -> None:
    people = [MID, AGENT, *(MALLORY, CLEO) * 3]
    links = [signed(link(MID, depth=chain.MAX_DEPTH), ANA, BEN)]
    for left, (above, below) in zip(range(chain.MAX_DEPTH - 1, -1, -1), pairwise(people), strict=True):
        links.append(signed(link(below, before=chain.look(links[-1]), depth=left, exp=NOW + DAY), above))
    assert len(links) == chain.MAX_LINKS and check(*links).holds


WRONG: list[dict[str, Any]] = [
    {"v": 2}, {"v": True}, {"v": 1.0}, {"more": 1}, {"iss": ""}, {"sub": "a\nb"}, {"sub": "a" * 201}, {"sub": 1},
    {"sub": "cafe\u0301"}, {"sub": "agent\u202e"}, {"subKey": "ssh-rsa AAAA"}, {"subKey": MID.key.line + " comment"},
    {"subKey": None}, {"caps": {}}, {"caps": []}, {"caps": {"FileRead": []}}, {"caps": {"FileRead": "docs"}},
    {"caps": {"FileRead": ["docs/"]}}, {"caps": {"FileRead": ["docs", "docs"]}}, {"caps": {"fileread": ["docs"]}},
    {"caps": {"ShellExec": [""]}}, {"caps": {"FileRead": ["src"]}}, {"caps": {"FileRead": [["docs"]]}},
    {"paths": []}, {"paths": "docs"}, {"paths": ["docs", "docs/api"]}, {"paths": ["/etc"]}, {"paths": ["do*"]},
    {"paths": ["src", "docs"]}, {"paths": [1]}, {"paths": [f"docs/{n}" for n in range(65)]}, {"nbf": -1},
    {"nbf": "now"}, {"exp": NOW - DAY}, {"exp": 2**52}, {"depth": -1}, {"depth": 8}, {"depth": True}, {"id": "a"},
    {"id": "A" * 32}, {"id": 5}, {"parent": "x"}, {"parent": None},
]  # fmt: skip


@pytest.mark.parametrize("says", WRONG, ids=lambda says: repr(says)[:60])
def test_what_no_link_may_say_is_malformed_whoever_signs_it(says: dict[str, Any]) -> None:
    if any(isinstance(value, float) for value in says.values()):
        with pytest.raises(ValueError, match="no canonical form"):
            forged(ANA, MID, None, **says)
        return
    found = check(signed(forged(ANA, MID, None, **says), BEN))
    assert found.state == "malformed", found
    assert found.message and found.message.isprintable()


def test_the_payload_must_be_its_own_canonical_form() -> None:
    said = json.loads(good().payload)
    for text in (json.dumps(said), json.dumps(said, separators=(",", ":")) + " \n", '{"v":1,' + json.dumps(said)[1:]):
        found = check(signed(dsse.Envelope(kind=dsse.ATTESTATION, payload=text.encode()), ANA, BEN))
        assert found.state == "malformed" and "canonical" in found.message


def test_the_eight_weak_keys_enter_no_chain() -> None:
    small = [0, 1, ed25519._P - 1, ed25519._EIGHTH, ed25519._P - ed25519._EIGHTH]
    keys = {(y | sign << 255).to_bytes(32, "little") for y in small for sign in (0, 1)}
    for raw in keys:
        weak = PublicKey(ED25519, raw)
        found = check(signed(forged(ANA, MID, None, subKey=weak.line), BEN))
        assert found.state == "malformed" and "no key to trust" in found.message
        with pytest.raises(SignatureError):
            chain.make("acme", "x", weak, caps("FileRead=docs"), ["docs"], nbf=NOW, exp=NOW + 1)


def test_our_own_makes_nothing_that_it_would_refuse() -> None:
    before = chain.look(good())
    for given, error in (
        ({"words": ("FileRead=src",), "paths": ["docs"]}, UsageError),
        ({"words": ("ProcessSpawn=git",)}, PolicyError),
        ({"words": ("ProcessSpawn=git",), "paths": ["src"]}, PolicyError),
        ({"exp": NOW + 40 * DAY}, PolicyError),
        ({"depth": 1}, PolicyError),
        ({"nbf": NOW, "exp": NOW}, UsageError),
    ):
        words = given.pop("words", ())  # type: ignore[attr-defined]
        with pytest.raises(error):
            link(AGENT, *words, before=before, **given)
    with pytest.raises(UsageError, match="shell"):
        chain.make("acme", "x", MID.key, [capability("ShellExec")], ["."], nbf=NOW, exp=NOW + 1)
    with pytest.raises(UsageError, match="grants something"):
        chain.make("acme", "x", MID.key, [], ["."], nbf=NOW, exp=NOW + 1)


def test_what_is_covered_is_said_once() -> None:
    made = chain.look(
        link(MID, "FileRead=docs/api", "FileRead=docs", "FileRead=docs", paths=["docs/a", "docs", "docs"])
    )
    assert [str(one) for one in made.caps.capabilities] == ["FileRead(docs)"] and made.paths == ("docs",)


def test_ids_come_from_the_system_and_not_from_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: float(NOW))
    assert len({chain.new_id() for _ in range(100)}) == 100
    asked: list[int] = []
    monkeypatch.setattr(os, "urandom", lambda size: asked.append(size) or b"\7" * size)
    assert chain.new_id() == "07" * 16 and asked == [16]


def test_a_file_is_a_line_for_each_link() -> None:
    links = chain_of_two()
    data = chain.render(links)
    assert data.count(b"\n") == 2 and chain.parse(data, "x") == links
    assert chain.parse(data.replace(b"\n", b"\r\n\r\n"), "x") == links, "git may change the ends of lines"
    for broken in (data[:-30], data[40:], b"[]", b"\xff\n", b"x" * (chain.MAX_CHAIN + 1)):
        with pytest.raises(DrivenError):
            chain.parse(broken, "x")
