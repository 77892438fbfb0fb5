"""SSHSIG: what is made is read, what is not one in its form is refused, and only for what it was made."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import SignatureError
from driven.trust import sshsig
from driven.trust.ssh_wire import SK_ED25519, PublicKey, base64, string, u32

from .kit import person

ANA = person(1)
MADE = sshsig.make(ANA.key, sshsig.PACK, b"what is signed", ANA.sign)
BODY = b"".join(MADE.split(b"\n")[1:-2])


def armored(blob: bytes) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\n" + base64(blob).encode() + b"\n-----END SSH SIGNATURE-----\n"


def blob(
    *, magic: bytes = b"SSHSIG", version: int = 1, key: bytes = ANA.key.blob, namespace: bytes = b"driven-pack@v1",
    reserved: bytes = b"", algorithm: bytes = b"sha512", inner: bytes = string("ssh-ed25519") + string(bytes(64)),
) -> bytes:  # fmt: skip
    rest = string(key) + string(namespace) + string(reserved) + string(algorithm) + string(inner)
    return magic + u32(version) + rest


def test_round_trip() -> None:
    found = sshsig.parse(MADE, "x.sig")
    assert (found.key, found.namespace, len(found.raw)) == (ANA.key, "driven-pack@v1", 64)
    assert sshsig.armor(found) == MADE
    sshsig.check(found, sshsig.PACK, b"what is signed", "x.sig")


@settings(max_examples=25)
@given(st.binary(max_size=300), st.sampled_from([sshsig.PACK, sshsig.KEY, "git"]), st.integers(1, 255))
def test_every_message_round_trips(message: bytes, namespace: str, number: int) -> None:
    who = person(number)
    found = sshsig.parse(sshsig.make(who.key, namespace, message, who.sign), "x.sig")
    sshsig.check(found, namespace, message, "x.sig")
    with pytest.raises(SignatureError, match="does not hold"):
        sshsig.check(found, namespace, message + b"\n", "x.sig")


def test_another_purpose_is_refused() -> None:
    found = sshsig.parse(sshsig.make(ANA.key, "git", b"x", ANA.sign), "x.sig")
    with pytest.raises(SignatureError, match=r"x\.sig was made for `git`, not for `driven-pack@v1`"):
        sshsig.check(found, sshsig.PACK, b"x", "x.sig")


def test_a_key_that_signs_wrongly_is_found_at_once() -> None:
    with pytest.raises(SignatureError, match="what was signed just now does not hold"):
        sshsig.make(ANA.key, sshsig.PACK, b"x", lambda data: person(2).sign(data))


RSA = string("ssh-rsa") + string(b"\1\0\1") + string(bytes(256))
CERT = string("ssh-ed25519-cert-v01@openssh.com") + string(bytes(32)) + string(bytes(32)) + bytes(300)
REFUSED = {
    "empty": (b"", "no SSH signature, or was cut short"),
    "cut short": (MADE[:-40], "cut short"),
    "a line is missing": (MADE.replace(MADE.split(b"\n")[2] + b"\n", b""), "ends too early|no base64"),
    "text before": (b"hello\n" + MADE, "no SSH signature"),
    "text after": (MADE + b"hello\n", "no SSH signature"),
    "a blank line after": (MADE + b"\n", "no SSH signature"),
    "junk between": (MADE.replace(b"\n", b"\n!!!\n", 1), "no base64"),
    "blanks between": (MADE.replace(b"\n", b"\n \n", 1), "no base64"),
    "two": (MADE + MADE, "more than one"),
    "two in one": (MADE.removesuffix(b"-----END SSH SIGNATURE-----\n") + MADE, "more than one"),
    "another armor": (MADE.replace(b"SSH SIGNATURE", b"PGP SIGNATURE"), "no SSH signature"),
    "huge": (b"A" * 9000, "larger than 8,192 bytes"),
    "magic": (armored(blob(magic=b"SSHSIX")), "no SSH signature"),
    "version": (armored(blob(version=2)), "of version 2"),
    "reserved": (armored(blob(reserved=b"x")), "reserved"),
    "sha256": (armored(blob(algorithm=b"sha256")), "a digest by `sha256`"),
    "rsa": (armored(blob(key=RSA)), "the key in x.sig: keys of the kind `ssh-rsa` are not taken: only ssh-ed25519"),
    "a certificate": (armored(blob(key=CERT)), "is a certificate, and certificates are not taken"),
    "a huge certificate": (armored(blob(key=CERT + bytes(900))), "is a certificate"),
    "31 bytes": (armored(blob(key=string("ssh-ed25519") + string(bytes(31)))), "it has 31 bytes, not 32"),
    "33 bytes": (armored(blob(key=string("ssh-ed25519") + string(bytes(33)))), "it has 33 bytes, not 32"),
    "a key with more": (armored(blob(key=ANA.key.blob + b"x")), "1 bytes too many"),
    "another kind inside": (armored(blob(inner=string("ssh-rsa") + string(bytes(64)))), "made as `ssh-rsa` by a key"),
    "63 bytes": (armored(blob(inner=string("ssh-ed25519") + string(bytes(63)))), "a signature of 63 bytes"),
    "more inside": (armored(blob(inner=string("ssh-ed25519") + string(bytes(64)) + b"x")), "1 bytes too many"),
    "more behind": (armored(blob() + b"x"), "1 bytes too many"),
    "a length past the end": (armored(b"SSHSIG" + u32(1) + u32(2**32 - 1) + b"x"), "ends too early"),
    "a namespace of bytes": (armored(blob(namespace=b"\xff\x1b")), "is no name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    data, why = REFUSED[case]
    with pytest.raises(SignatureError, match=why) as caught:
        sshsig.parse(data, "x.sig")
    assert "x.sig" in caught.value.message and caught.value.message.isprintable()


@settings(max_examples=60)
@given(st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(armored), st.integers(0, len(MADE) * 8 - 1)))
def test_any_bytes_are_one_or_refused(data: bytes | int) -> None:
    """Of a good one with a bit turned: refused, or it does not hold, and never believed."""
    if isinstance(data, int):
        turned = bytearray(MADE)
        turned[data // 8] ^= 1 << data % 8
        data = bytes(turned)
    try:
        found = sshsig.parse(data, "x.sig")
        sshsig.check(found, sshsig.PACK, b"what is signed", "x.sig")
    except SignatureError:
        return
    assert data == MADE


def test_crlf_is_no_change() -> None:
    assert sshsig.parse(MADE.replace(b"\n", b"\r\n"), "x.sig") == sshsig.parse(MADE, "x.sig")


def hardware(flags: int = 1, application: str = "ssh:") -> sshsig.Signature:
    """What a security key makes: PROTOCOL.u2f."""
    from hashlib import sha256

    key = PublicKey(SK_ED25519, ANA.key.raw, application)
    data = sshsig.signed_data(sshsig.PACK, b"m")
    over = sha256(application.encode()).digest() + bytes([flags]) + u32(7) + sha256(data).digest()
    return sshsig.Signature(key, sshsig.PACK, ANA.sign(over), flags, 7)


def test_a_hardware_key() -> None:
    made = hardware()
    found = sshsig.parse(sshsig.armor(made), "x.sig")
    assert found == made and found.key != ANA.key
    sshsig.check(found, sshsig.PACK, b"m", "x.sig")
    with pytest.raises(SignatureError, match="does not hold"):
        sshsig.check(sshsig.Signature(made.key, sshsig.PACK, made.raw, 1, 8), sshsig.PACK, b"m", "x.sig")
    with pytest.raises(SignatureError, match="nobody touched the hardware key"):
        sshsig.check(hardware(flags=0), sshsig.PACK, b"m", "x.sig")
    with pytest.raises(SignatureError, match="signs through ssh-keygen only"):
        sshsig.make(made.key, sshsig.PACK, b"m", ANA.sign)
