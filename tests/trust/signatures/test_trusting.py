"""The statement that a key follows another: who may say it, and what it cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven.errors import SignatureError
from driven.trust import sshsig
from driven.trust.canonical import dump
from driven.trust.key_sources import SigningKey
from driven.trust.signer_lines import read_signers
from driven.trust.signers import load
from driven.trust.ssh_wire import ED25519, PublicKey
from driven.trust.trusting import follow, paths, read_rotation, rotation

from .kit import DAY, NOW, line, person, trust

ANA, BEN, CY = person(1), person(2), person(3)


def say(root: Path, by: SigningKey, data: bytes, namespace: str = sshsig.KEY) -> str:
    path = root / "rotation.json"
    path.write_bytes(data)
    path.with_name("rotation.json.sig").write_bytes(sshsig.make(by.key, namespace, data, by.sign))
    return str(path)


def statement(old: PublicKey = ANA.key, new: PublicKey = BEN.key, **changed: object) -> bytes:
    made = {"driven-key": 1, "old": old.line, "new": new.line, "who": "ana", "at": NOW}
    return dump(made | changed)  # type: ignore[arg-type]


def test_a_key_says_who_follows_it(tmp_path: Path) -> None:
    store = trust(tmp_path, line(ANA.key))
    data, signature = rotation(ANA, BEN.key, "ana@example.org", NOW)
    (tmp_path / "r.json").write_bytes(data)
    (tmp_path / "r.json.sig").write_bytes(signature)
    found = read_rotation(str(tmp_path / "r.json"), store, NOW)
    assert (found.old, found.new, found.who, found.at) == (ANA.key, BEN.key, "ana@example.org", NOW)


WEAK = PublicKey(ED25519, b"\1" + bytes(31))
REFUSED = {
    "by nobody who is trusted": (CY, statement(CY.key), sshsig.KEY, "nobody who is trusted here has the key"),
    "by the new key itself": (BEN, statement(), sshsig.KEY, "nobody who is trusted here has the key"),
    "of another's key": (ANA, statement(CY.key), sshsig.KEY, "speaks of another key than the one that signed it"),
    "for packs": (ANA, statement(), sshsig.PACK, "was made for `driven-pack@v1`, not for `driven-key@v1`"),
    "to itself": (ANA, statement(new=ANA.key), sshsig.KEY, "follows itself"),
    "to a weak key": (ANA, statement(new=WEAK), sshsig.KEY, "weak keys"),
    "to a revoked key": (ANA, statement(new=person(4).key), sshsig.KEY, "the new key SHA256:.* was revoked"),
    "to no key": (ANA, statement(new=ANA.key).replace(b"ssh-", b"ssk-"),
                  sshsig.KEY, "is no public key"),
    "with a key more": (ANA, statement(more=1), sshsig.KEY, "is no statement"),
    "of a later form": (ANA, statement(**{"driven-key": 2}), sshsig.KEY, "no statement that this driven knows"),
    "of no name": (ANA, statement(who=1), sshsig.KEY, "no statement that this driven knows"),
    "of numbers": (ANA, dump({"driven-key": 1, "old": 1, "new": 2, "who": "a", "at": 1}),
                   sshsig.KEY, "a key in it is no text"),
    "of a list": (ANA, dump([1]), sshsig.KEY, "is no statement"),
    "not canonical": (ANA, statement().replace(b":", b": "), sshsig.KEY, "is not canonical JSON"),
    "huge": (ANA, b"x" * 9000, sshsig.KEY, "larger than 8,192 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_key_can_say(case: str, tmp_path: Path) -> None:
    by, data, namespace, why = REFUSED[case]
    store = trust(tmp_path, line(ANA.key), revoked=person(4).key.line)
    with pytest.raises(SignatureError, match=why):
        read_rotation(say(tmp_path, by, data, namespace), store, NOW)


def test_a_key_that_ended_says_nothing(tmp_path: Path) -> None:
    store = trust(tmp_path, line(ANA.key, options='valid-before="20261121000000Z"'))
    with pytest.raises(SignatureError, match=r"does not hold here: the key of ana@example\.org held until"):
        read_rotation(say(tmp_path, ANA, statement()), store, NOW)
    store = trust(tmp_path, line(ANA.key), revoked=ANA.key.line)
    with pytest.raises(SignatureError, match=r"does not hold here: the key SHA256:.* was revoked"):
        read_rotation(say(tmp_path, ANA, statement()), store, NOW)


def test_every_line_of_the_old_key_goes_on(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path / "nobody")}
    trust(
        tmp_path, "# ours\n", line(ANA.key, "ana"), line(CY.key, "cy"), line(ANA.key, "team", ""),
        line(ANA.key, "old", 'valid-before="20200101Z"'),
    )  # fmt: skip
    path = follow(str(tmp_path), env, ANA.key, BEN.key, NOW)
    assert path == paths(str(tmp_path), env)[0]
    text = Path(path).read_text()
    assert text.startswith("# ours\n" + line(CY.key, "cy"))
    store = load(str(tmp_path), env)
    for at, key in ((NOW - DAY, ANA.key), (NOW - 1, ANA.key), (NOW, BEN.key), (NOW + DAY, BEN.key)):
        for who in ("ana", "team"):
            states = [store.judge(one, sshsig.PACK, at, who).state for one in (ANA.key, BEN.key)]
            assert states == (["ok", "early"] if key == ANA.key else ["expired", "ok"])
    assert [one.name for one in read_signers(text, path)] == ["cy", "ana", "ana", "team", "team", "old"]
    assert follow(str(tmp_path), env, person(9).key, BEN.key, NOW) == ""
    # Twice in one moment: the one in between never held.
    follow(str(tmp_path), env, BEN.key, CY.key, NOW)
    store = load(str(tmp_path), env)
    assert store.judge(BEN.key, sshsig.PACK, NOW).state == "untrusted"
    assert store.judge(CY.key, sshsig.PACK, NOW, "team").state == "ok"
