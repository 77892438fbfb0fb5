"""Lists of revocations: signed by the root, numbered against rollback, with an end against freezing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError, SignatureError
from driven.frozen import replace
from driven.trust import dsse, revocation, roots
from driven.trust.revocation import Revocations, Seen
from trust.attestations.kit import (
    ANA,
    BEN,
    CLEO,
    DAY,
    MALLORY,
    MID,
    NOW,
    ROOT,
    holders,
    revoking,
    root_of,
    signed,
)  # fmt: skip

NOTHING = Seen()


def judge(found: Revocations | None, seen: Seen = NOTHING, **more: Any) -> tuple[Seen, tuple[str, ...]]:
    return revocation.judge(more.pop("root", ROOT), found, seen, more.pop("at", NOW), **more)


def test_a_list_takes_the_signatures_of_the_root() -> None:
    wanted = revocation.seal(Revocations(name="acme", number=1, issued=NOW, exp=NOW + DAY))
    assert revocation.read(signed(wanted, ANA, BEN), ROOT, "it").number == 1
    for people in ((), (ANA,), (ANA, CLEO), (CLEO, MALLORY)):
        with pytest.raises(SignatureError, match="of 2 signatures"):
            revocation.read(signed(wanted, *people), ROOT, "it")
    with pytest.raises(SignatureError, match="of the root `other`"):
        revoking(name="other")


def test_an_older_list_in_the_place_of_a_newer_one_is_refused() -> None:
    old, new = revoking(number=1), revoking(number=2, ids=("a" * 32,))
    seen, said = judge(new)
    assert said == () and (seen.number, seen.digest) == (2, new.digest)
    assert judge(new, seen) == (seen, ())
    with pytest.raises(SignatureError, match="number 1, and 2 was seen here") as told:
        judge(old, seen)
    assert ".driven/trust" in told.value.hint
    with pytest.raises(SignatureError, match="is gone, and number 2"):
        judge(None, seen)
    with pytest.raises(SignatureError, match="two lists"):
        judge(revoking(number=2), seen)
    assert judge(revoking(number=7), seen)[0].number == 7, "those between need not have been seen"


def test_past_its_end_a_list_is_warned_of_and_with_locked_refused() -> None:
    found = revoking(exp=NOW + DAY)
    assert judge(found, locked=True)[1] == ()
    late = judge(found, at=NOW + DAY)[1]
    assert len(late) == 1 and "may be kept from you" in late[0]
    with pytest.raises(SignatureError, match="held until"):
        judge(found, at=NOW + DAY, locked=True)
    assert judge(None)[1] == ("there is no list of revocations",)
    with pytest.raises(SignatureError, match="no list"):
        judge(None, locked=True)


def test_past_its_end_a_root_is_warned_of_and_with_locked_refused() -> None:
    old = root_of(ANA, BEN, exp=NOW - 1)
    assert "the root held until" in judge(revoking(), root=old)[1][0]
    with pytest.raises(SignatureError, match="the root held until"):
        judge(revoking(), root=old, locked=True)


def test_another_root_than_was_seen_is_refused() -> None:
    seen, _ = judge(revoking())
    impostor = root_of(MALLORY, CLEO)
    with pytest.raises(SignatureError, match="another one than was seen"):
        judge(None, replace(seen, number=0), root=impostor)
    later = roots.make("acme", holders(MALLORY), 1, NOW + DAY, impostor)
    taken = roots.walk([
        ("1", signed(roots.make("acme", holders(MALLORY, CLEO), 2, NOW + 365 * DAY), MALLORY, CLEO)),
        ("2", signed(later, MALLORY, CLEO)),
    ])  # fmt: skip
    with pytest.raises(SignatureError, match="its version 1 is not the same"):
        judge(None, replace(seen, number=0), root=taken)
    with pytest.raises(SignatureError, match="version 1, and 2 was seen"):
        judge(revoking(), replace(seen, root=2))


def test_what_was_seen_is_remembered_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state/attestations.json"
    assert revocation.load_seen(str(path)) == Seen()
    seen, _ = judge(revoking(number=3))
    revocation.save_seen(str(path), seen)
    assert revocation.load_seen(str(path)) == seen
    assert (tmp_path / "state/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "x" * 5000, '{"digest":"","number":-1,"root":0,"root_digest":"","v":1}\n',
     '{"digest":"z","number":1,"root":0,"root_digest":"","v":1}\n',
     '{"digest":"","number":true,"root":0,"root_digest":"","v":1}\n'],
)  # fmt: skip
def test_a_memory_that_was_damaged_is_not_an_empty_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    path.write_text(text)
    with pytest.raises(SignatureError) as told:
        revocation.load_seen(str(path))
    assert "deleted" in told.value.hint


WRONG: list[dict[str, Any]] = [
    {"v": 0}, {"number": 0}, {"number": 2**31 + 1}, {"number": "1"}, {"exp": NOW - 1}, {"issued": None}, {"keys": []},
    {"keys": {"SHA256:x": ""}}, {"keys": {"MD5:" + "a" * 43: ""}}, {"ids": {"a" * 31: ""}}, {"ids": {"A" * 32: ""}},
    {"ids": {"a" * 32: "two\nlines"}}, {"ids": {"a" * 32: 1}}, {"ids": {"a" * 32: "x" * 201}}, {"more": 1},
    {"ids": {f"{n:032x}": "" for n in range(revocation.MAX_ENTRIES + 1)}},
]  # fmt: skip


@pytest.mark.parametrize("says", WRONG, ids=lambda says: repr(says)[:50])
def test_what_no_list_may_say_is_refused_whoever_signs_it(says: dict[str, Any]) -> None:
    value = {"v": 1, "name": "acme", "number": 1, "issued": NOW, "exp": NOW, "keys": {}, "ids": {}, **says}
    with pytest.raises(SignatureError) as told:
        revocation.read(signed(dsse.seal(dsse.REVOCATIONS, value), ANA, BEN), ROOT, "`list`")
    assert told.value.message.startswith("`list`") and len(told.value.message) < 300


def test_a_full_list_fits() -> None:
    ids = tuple(f"{n:032x}" for n in range(revocation.MAX_ENTRIES))
    found = revoking(ids=ids, keys=(MID.key.fingerprint,))
    assert len(found.ids) == revocation.MAX_ENTRIES


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=12))
def test_the_number_that_was_seen_only_grows(shown: list[tuple[int, bool]]) -> None:
    """Whatever is shown in whatever order: nothing that is older than what was believed is believed."""
    seen, highest = Seen(), 0
    for number, there in shown:
        try:
            seen, _ = judge(revoking(number=number) if there else None, seen)
        except DrivenError:
            assert not there or number < highest
        else:
            assert number >= highest if there else highest == 0
            highest = max(highest, number if there else 0)
        assert seen.number == highest
