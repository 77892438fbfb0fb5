"""Roots: k of n sign the first, k old and k new sign what follows; nothing else becomes a root."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from driven.errors import DrivenError, SignatureError, UsageError
from driven.trust import dsse, roots
from driven.trust.dsse import Envelope
from driven.trust.roots import Root
from trust.attestations.kit import AGENT, ANA, BEN, CLEO, DAY, MALLORY, MID, NOW, holders, signed

END = NOW + 365 * DAY


def first(*people: Any, threshold: int = 2) -> Envelope:
    return roots.make("acme", holders(*people), threshold, END)


def following(before: Root, *people: Any, threshold: int = 2) -> Envelope:
    return roots.make(before.name, holders(*people), threshold, END, before)


def test_the_first_root_is_signed_by_as_many_of_its_own_keys_as_it_says() -> None:
    made = first(ANA, BEN, CLEO)
    for many, people in enumerate([(), (ANA,), (ANA, BEN), (ANA, BEN, CLEO)]):
        if many < 2:
            with pytest.raises(SignatureError, match=f"{many} of 2 signatures"):
                roots.check_first(signed(made, *people), "it")
        else:
            assert roots.check_first(signed(made, *people), "it").keys == tuple(
                sorted((one.key for one in (ANA, BEN, CLEO)), key=lambda key: key.fingerprint)
            )
    with pytest.raises(SignatureError, match="0 of 2"):
        roots.check_first(signed(made, MID, AGENT), "it")


@pytest.mark.parametrize("who", [s for n in range(5) for s in itertools.combinations((ANA, BEN, CLEO, MID), n)],
                         ids=lambda who: "+".join(one.name[-1] for one in who) or "nobody")  # fmt: skip
def test_a_rotation_takes_two_old_and_two_new_keys(who: tuple[Any, ...]) -> None:
    """From {Ana, Ben} to {Ben, Cleo, Mid}: every set of signers."""
    old = roots.walk([("1", signed(first(ANA, BEN), ANA, BEN))])
    made = signed(following(old, BEN, CLEO, MID), *who)
    enough = len({*who} & {ANA, BEN}) == 2 and len({*who} & {BEN, CLEO, MID}) >= 2
    if enough:
        assert roots.check_next(old, made, "2").version == 2
    else:
        with pytest.raises(SignatureError, match=r"of 2 signatures of (the keys before it|its own keys)"):
            roots.check_next(old, made, "2")


def test_a_walk_goes_over_every_version() -> None:
    one = signed(first(ANA, BEN), ANA, BEN)
    at_one = roots.walk([("1", one)])
    two = signed(following(at_one, BEN, CLEO), ANA, BEN, CLEO)
    at_two = roots.walk([("1", one), ("2", two)])
    three = signed(following(at_two, CLEO, MID), BEN, CLEO, MID)
    found = roots.walk([("1", one), ("2", two), ("3", three)])
    assert found.version == 3 and found.history == (one.digest, two.digest, three.digest)
    with pytest.raises(SignatureError, match="skipped"):
        roots.walk([("1", one), ("3", three)])
    with pytest.raises(SignatureError, match="no version before it"):
        roots.walk([("2", two), ("3", three)])
    with pytest.raises(SignatureError, match="skipped"):
        roots.walk([("1", one), ("1", one)])
    with pytest.raises(SignatureError, match="no root"):
        roots.walk([])


def test_a_version_of_another_history_does_not_follow() -> None:
    """The same people, twice: two first versions, of which one was never shown."""
    here = roots.walk([("1", signed(first(ANA, BEN), ANA, BEN))])
    there = roots.walk([("1", signed(first(ANA, BEN, CLEO), ANA, BEN))])
    with pytest.raises(SignatureError, match="does not follow"):
        roots.check_next(here, signed(following(there, ANA, BEN), ANA, BEN), "2")


def test_the_threshold_of_before_is_asked_of_those_before() -> None:
    """A new root of one key cannot be put in by one of the old ones."""
    old = roots.walk([("1", signed(first(ANA, BEN), ANA, BEN))])
    alone = following(old, MALLORY, threshold=1)
    with pytest.raises(SignatureError, match="0 of 2 signatures of the keys before it"):
        roots.check_next(old, signed(alone, MALLORY), "2")
    with pytest.raises(SignatureError, match="1 of 2"):
        roots.check_next(old, signed(alone, MALLORY, ANA), "2")
    assert roots.check_next(old, signed(alone, MALLORY, ANA, BEN), "2").threshold == 1


@pytest.mark.parametrize(
    ("people", "threshold"), [((), 1), ((ANA, ANA), 1), ((ANA,), 2), ((ANA,), 0), ((ANA, BEN), 3)]
)  # fmt: skip
def test_a_root_that_cannot_sign_is_not_made(people: tuple[Any, ...], threshold: int) -> None:
    with pytest.raises(UsageError):
        first(*people, threshold=threshold)


WRONG: list[dict[str, Any]] = [
    {"v": 2}, {"name": ""}, {"name": "a\x1b"}, {"version": 0}, {"version": 201}, {"version": 2}, {"version": True},
    {"threshold": 0}, {"threshold": 3}, {"threshold": "2"}, {"keys": []}, {"keys": {}}, {"keys": [1]},
    {"keys": [{"name": "a", "key": ANA.key.line}] * 2, "threshold": 2}, {"keys": [{"name": "a"}]},
    {"keys": [{"name": "a", "key": "ssh-ed25519 AAAA"}]}, {"exp": -1}, {"exp": None}, {"previous": "x"},
    {"previous": "a" * 64}, {"more": 1},
]  # fmt: skip


def test_the_keys_stand_in_one_order() -> None:
    people = sorted(holders(ANA, BEN), key=lambda one: one.key.fingerprint, reverse=True)
    keys: Any = [{"name": one.name, "key": one.key.line} for one in people]
    value = {"v": 1, "name": "acme", "version": 1, "threshold": 2, "keys": keys, "exp": END, "previous": ""}
    with pytest.raises(SignatureError, match="not in order"):
        roots.check_first(signed(dsse.seal(dsse.ROOT, value), ANA, BEN), "it")
    keys.reverse()
    assert roots.check_first(signed(dsse.seal(dsse.ROOT, value), ANA, BEN), "it").version == 1


def test_a_root_keeps_its_name() -> None:
    old = roots.walk([("1", signed(first(ANA, BEN), ANA, BEN))])
    renamed = roots.make("other", holders(ANA, BEN), 2, END, old)
    with pytest.raises(SignatureError, match="does not follow"):
        roots.check_next(old, signed(renamed, ANA, BEN), "2")


@pytest.mark.parametrize("says", WRONG, ids=lambda says: repr(says)[:50])
def test_what_no_root_may_say_is_refused_whoever_signs_it(says: dict[str, Any]) -> None:
    people = sorted(holders(ANA, BEN), key=lambda one: one.key.fingerprint)
    keys: Any = [{"name": one.name, "key": one.key.line} for one in people]
    value = {
        "v": 1, "name": "acme", "version": 1, "threshold": 2, "keys": keys, "exp": END, "previous": "", **says
    }  # fmt: skip
    with pytest.raises(DrivenError) as told:
        roots.check_first(signed(dsse.seal(dsse.ROOT, value), ANA, BEN), "`root`")
    assert told.value.message.startswith("`root`") and "\n" not in told.value.message
