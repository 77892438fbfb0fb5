"""Lists of who is trusted: read as ssh-keygen reads them, believed only where nobody else can have written them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import PolicyError, SignatureError
from driven.trust import sshsig
from driven.trust.signer_lines import Signer, line_of, matches, parse_time, read_keys, read_signers, time_word
from driven.trust.signers import load
from driven.trust.ssh_wire import base64, string

from .kit import DAY, NOW, line, person, trust

ANA, BEN = person(1), person(2)


def one(text: str) -> Signer:
    (found,) = read_signers(text, "list")
    return found


def test_a_line() -> None:
    found = one(f"ana@example.org {ANA.key.line} of the house\n")
    assert (found.principals, found.key, found.namespaces, found.comment) == (
        ("ana@example.org",), ANA.key, (), "of the house",
    )  # fmt: skip
    found = one(
        f' "ana smith",!eve,*@x.org\tValid-After="20260101Z",NAMESPACES="git,driven-*",valid-before="20270101120000Z"'
        f"  {ANA.key.line}".replace('"ana smith",!eve,*@x.org', "ana,!eve,*@x.org")
    )
    assert found.principals == ("ana", "!eve", "*@x.org") and found.namespaces == ("git", "driven-*")
    assert (time_word(found.valid_after or 0), time_word(found.valid_before or 0)) == (
        "20260101000000Z", "20270101120000Z",
    )  # fmt: skip
    assert one("ana\t" + ANA.key.line.replace(" ", "\t")).key == ANA.key
    assert one(f'"ana smith,ben" {ANA.key.line}').principals == ("ana smith", "ben")
    assert [found.line for found in read_signers(f"# x\n\n{line(ANA.key)}\r\n  \n{line(BEN.key)}", "list")] == [3, 6]


RSA = "ssh-rsa " + base64(string("ssh-rsa") + string(b"\1\0\1") + string(bytes(256)))
SHORT = "ssh-ed25519 " + base64(string("ssh-ed25519") + string(bytes(31)))
WEAK = "ssh-ed25519 " + base64(string("ssh-ed25519") + string(bytes(32)))
KEY = ANA.key.line
REFUSED = {
    "a certificate authority": (f"ana cert-authority {KEY}", "`cert-authority`: certificates are not taken"),
    "and more": (f'ana cert-authority,namespaces="git" {KEY}', "certificates are not taken"),
    "an RSA key": (f"ana {RSA}", "keys of the kind `ssh-rsa` are not taken"),
    "an RSA key with options": (f'ana namespaces="git" {RSA}', "keys of the kind `ssh-rsa` are not taken"),
    "a certificate": (f"ana ssh-ed25519-cert-v01@openssh.com {KEY.split()[1]}", "is a certificate"),
    "31 bytes": (f"ana {SHORT}", "it has 31 bytes, not 32"),
    "a weak key": (f"ana {WEAK}", "weak keys"),
    "an unknown option": (f'ana verify-required="x" {KEY}', "`verify-required` is no option"),
    "an option twice": (f'ana namespaces="a",namespaces="b" {KEY}', "stands twice"),
    "an option without a value": (f"ana namespaces {KEY}", "no public key|wants a value in quotes"),
    "an open quote": (f'ana namespaces="a {KEY}', "a quote is not closed"),
    "an open quote of a name": (f'"ana {KEY}', "a quote is not closed"),
    "no key": ("ana", "is no line of a list of signers"),
    "no key after options": ('ana namespaces="a"', "is no line of a list of signers"),
    "no base64": ("ana ssh-ed25519 AAAA!", "is no base64"),
    "two kinds": (f"ana sk-ssh-ed25519@openssh.com {KEY.split()[1]}", "says `sk-ssh-ed25519@openssh.com` and holds"),
    "no time": (f'ana valid-before="2026-01-01" {KEY}', "`2026-01-01` is no time"),
    "no day": (f'ana valid-before="20260231" {KEY}', "`20260231` is no time"),
    "times that cross": (f'ana valid-before="20260101",valid-after="20270101" {KEY}', "not after valid-after"),
    "an empty name": (f"ana,,ben {KEY}", "an empty one"),
    "nothing to be seen": ("ana \v", "holds what cannot be seen"),
    "a name that looks like another": (f"ana\u200b {KEY}", "holds what cannot be seen"),
    "a blank that is none": (f"ana\u00a0 {KEY}", "holds what cannot be seen"),
    "a long line": (f"ana {KEY} " + "x" * 9000, "a line of "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_lines_that_are_refused(case: str, tmp_path: Path) -> None:
    text, why = REFUSED[case]
    with pytest.raises(SignatureError, match=why) as caught:
        trust(tmp_path, "# ours\n", text + "\n")
    assert "allowed_signers:2" in caught.value.message


@settings(max_examples=80)
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["ana ", KEY, '"', ",", "=", "namespaces=", " ", "\n"])).map("".join)
)
def test_any_text_is_a_list_or_refused(text: str) -> None:
    for read in (read_signers, read_keys):
        try:
            read(text, "list")
        except SignatureError as error:
            assert error.message.isprintable()


_word = st.from_regex(r"[a-z*?!@.]{1,8}", fullmatch=True)


@settings(max_examples=40)
@given(
    st.lists(_word, min_size=1, max_size=3), st.lists(_word, max_size=2), st.none() | st.integers(0, NOW),
    st.none() | st.integers(NOW + 1, 2 * NOW), st.sampled_from(["", "of the house"]),
)  # fmt: skip
def test_lines_round_trip(who: list[str], spaces: list[str], after: int | None, before: int | None, said: str) -> None:
    made = Signer(
        principals=tuple(who), key=ANA.key, namespaces=tuple(spaces), valid_after=after, valid_before=before,
        comment=said, path="list", line=1,
    )  # fmt: skip
    assert one(line_of(made)) == made


@pytest.mark.parametrize(
    ("patterns", "word", "fits"),
    [
        ("*@x.org", "ana@x.org", True), ("*@x.org", "ana@y.org", False), ("a?a", "ana", True), ("a?a", "anna", False),
        ("*,!eve", "eve", False), ("*,!eve", "ana", True), ("!eve", "ana", False), ("*a*a*", "xaxax", True),
        ("", "", False), ("*", "", True), ("a*b*c", "aXbXb", False),
    ],
)  # fmt: skip
def test_patterns(patterns: str, word: str, fits: bool) -> None:
    assert matches(patterns.split(",") if patterns else [], word) == fits


def test_times() -> None:
    assert parse_time("19700101Z", "x") == 0
    assert parse_time("20261122131000Z", "x") == NOW
    assert time_word(parse_time("202402291530Z", "x")) == "20240229153000Z"
    assert abs(parse_time("20261122", "x") - parse_time("20261122Z", "x")) <= DAY
    for word in ("", "Z", "2026", "20261301", "20260101240000", "20260101235960Z", "２０２６０１０１", "-2026010"):
        with pytest.raises(SignatureError, match="is no time"):
            parse_time(word, "x")


def test_what_the_lists_say(tmp_path: Path) -> None:
    soon, late = time_word(NOW + DAY), time_word(NOW - DAY)
    store = trust(
        tmp_path, line(ANA.key), line(BEN.key, "ben", f'valid-before="{late}"'),
        line(person(3).key, "cy", f'valid-after="{soon}"'), line(person(4).key, "dan"),
        line(person(5).key, "eve", 'namespaces="git"'), revoked=person(4).key.line + " stolen\n",
    )  # fmt: skip

    def said(number: int, at: int = NOW, who: str | None = None) -> tuple[str, str]:
        found = store.judge(person(number).key, sshsig.PACK, at, who)
        return found.state, found.message

    assert said(1) == ("ok", "") and said(1, who="ana@example.org") == ("ok", "")
    assert said(1, who="ben") == ("principal", "it was signed by ana@example.org, and not by ben")
    assert said(2) == ("expired", "the key of ben held until 2026-11-21 13:10 UTC")
    assert said(2, NOW - DAY) == ("ok", "") and said(2, NOW - DAY + 1)[0] == "expired"
    assert said(3) == ("early", "the key of cy holds only from 2026-11-23 13:10 UTC on")
    assert said(3, NOW + DAY) == ("ok", "") and said(3, 0)[0] == "early"  # a clock that was set back
    assert said(4) == ("revoked", f"the key {person(4).key.fingerprint} was revoked")
    assert said(5) == ("untrusted", "eve is not trusted for `driven-pack@v1`, only for git")
    assert said(6)[0] == "untrusted" and person(6).key.fingerprint in said(6)[1]
    assert store.keys(sshsig.PACK) == {person(n).key for n in (1, 2, 3, 4)}


def test_one_good_line_is_enough(tmp_path: Path) -> None:
    old = line(ANA.key, "ana", f'valid-before="{time_word(NOW - DAY)}"')
    store = trust(tmp_path, old, line(ANA.key, "ben", 'namespaces="git"'), line(ANA.key, "cy"))
    assert store.judge(ANA.key, sshsig.PACK, NOW).signer == store.signers[2]
    assert store.judge(ANA.key, sshsig.PACK, NOW, "ana").state == "expired"


def test_the_users_own_list_holds_everywhere(tmp_path: Path) -> None:
    mine = tmp_path / "home" / ".config" / "driven"
    mine.mkdir(parents=True)
    (mine / "allowed_signers").write_text(line(ANA.key))
    (mine / "revoked_keys").write_text(BEN.key.line + "\n")
    env = {"HOME": str(tmp_path / "home")}
    (tmp_path / "project").mkdir()
    trust(tmp_path / "project", line(BEN.key))
    store = load(str(tmp_path / "project"), env)
    assert store.judge(ANA.key, sshsig.PACK, NOW).state == "ok"
    assert store.judge(BEN.key, sshsig.PACK, NOW).state == "revoked"
    assert len(store.paths) == 3 and load(None, env).signers[0].key == ANA.key


@pytest.mark.parametrize(
    ("what", "mode"), [("allowed_signers", 0o666), ("revoked_keys", 0o666), ("revoked_keys", 0o777), ("", 0o777)]
)
def test_a_list_that_others_may_write_is_not_believed(tmp_path: Path, what: str, mode: int) -> None:
    trust(tmp_path, line(ANA.key), revoked="# none\n")
    path = tmp_path / ".driven" / "trust" / what
    path.chmod(mode)
    with pytest.raises(PolicyError, match=f"can be written by others .mode {mode:o}.: what it says is not") as caught:
        load(str(tmp_path), {"HOME": str(tmp_path)})
    assert caught.value.hint.startswith(f"chmod go-w '{str(path).rstrip('/')}")


def test_a_group_that_others_are_in(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root may give a file to another group, or to another user")
    trust(tmp_path, line(ANA.key))
    path = tmp_path / ".driven" / "trust" / "allowed_signers"
    path.chmod(0o664)
    load(str(tmp_path), {"HOME": str(tmp_path)})  # root's own group: nobody else is in it
    os.chown(path, -1, 100)
    with pytest.raises(PolicyError, match="can be written by others"):
        load(str(tmp_path), {"HOME": str(tmp_path)})
    path.chmod(0o644)
    load(str(tmp_path), {"HOME": str(tmp_path)})
    os.chown(path, 1234, -1)
    with pytest.raises(PolicyError, match="belongs to another user"):
        load(str(tmp_path), {"HOME": str(tmp_path)})


def test_a_list_that_cannot_be_read_is_not_as_good_as_none(tmp_path: Path) -> None:
    trust(tmp_path, line(ANA.key), revoked=BEN.key.line)
    path = tmp_path / ".driven" / "trust"
    if os.geteuid():
        path.chmod(0o600)
    else:  # root may enter every folder: one that leads back to itself is closed to it, too
        os.rename(path, tmp_path / "moved")
        path.symlink_to(path)
    with pytest.raises(SignatureError, match="allowed_signers` cannot be read"):
        load(str(tmp_path), {"HOME": str(tmp_path)})
    if not path.is_symlink():
        path.chmod(0o700)


def test_what_is_no_list(tmp_path: Path) -> None:
    trust(tmp_path, line(ANA.key), revoked="# none\n")
    (tmp_path / ".driven" / "trust" / "revoked_keys").write_bytes(b"SSHKRL\n\0")
    with pytest.raises(SignatureError, match="is a KRL of ssh-keygen"):
        load(str(tmp_path), {"HOME": str(tmp_path)})
    path = tmp_path / ".driven" / "trust" / "revoked_keys"
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(SignatureError, match="links are not followed"):
        load(str(tmp_path), {"HOME": str(tmp_path)})
    path.unlink()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SignatureError, match="is not UTF-8"):
        load(str(tmp_path), {"HOME": str(tmp_path)})
