"""Keys: known answers of the RFC, the weak ones refused, a signature in one form only, and no clock in a new one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from driven.errors import SignatureError
from driven.trust import ed25519, sshsig
from driven.trust.ssh_wire import ED25519, PublicKey, ed25519_key, read_blob, read_line, string

# RFC 8032, 7.1, tests 1 to 3: seed, public key, message, signature.
KNOWN = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
        "55141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
        "00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
        "027beceea1ec40a",
    ),
]

# The points of order 1, 2, 4, 4, 8, 8, 8, 8. Any message has a signature by them that `ssh-keygen -Y verify` of OpenSSH
# 9.2 and `cryptography` 50 call good (test_others.py shows it of the first).
WEAK = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
# The same points in a spelling that is not the smallest.
SPELT = [
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000080",
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), KNOWN)
def test_the_answers_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    key, data, made = bytes.fromhex(seed), bytes.fromhex(message), bytes.fromhex(signature)
    assert ed25519.public_of(key).hex() == public
    assert ed25519.sign(key, data) == made
    assert ed25519.verify(bytes.fromhex(public), data, made)
    assert not ed25519.verify(bytes.fromhex(public), data + b"x", made)
    assert not ed25519.verify(bytes.fromhex(public), data, made[:-1])
    assert not ed25519.verify(bytes.fromhex(public), data, made[:10] + bytes([made[10] ^ 1]) + made[11:])


@pytest.mark.parametrize("key", WEAK + SPELT)
def test_weak_keys_enter_nowhere(key: str) -> None:
    raw = bytes.fromhex(key)
    blob = string(ED25519) + string(raw)
    line = PublicKey(ED25519, raw).line
    for enter in (
        lambda: ed25519.check_public(raw, "the key"), lambda: ed25519_key(raw), lambda: read_blob(blob, "the key"),
        lambda: read_line(line + " ana", "the key"),
    ):  # fmt: skip
        with pytest.raises(SignatureError, match=r"the key is no key to trust: it is (one of the weak|no point)"):
            enter()
    # What signs anything: R the neutral point, S nothing.
    assert not ed25519.verify(raw, b"anything", bytes.fromhex(WEAK[0]) + bytes(32))


def test_a_weak_key_in_a_signature_is_refused() -> None:
    made = sshsig.Signature(PublicKey(ED25519, bytes.fromhex(WEAK[0])), sshsig.PACK, bytes.fromhex(WEAK[0]) + bytes(32))
    with pytest.raises(SignatureError, match="weak keys"):
        sshsig.parse(sshsig.armor(made), "x.sig")
    with pytest.raises(SignatureError, match="does not hold"):
        sshsig.check(made, sshsig.PACK, b"anything", "x.sig")


def test_a_point_of_no_good_group_is_refused() -> None:
    with pytest.raises(SignatureError, match="no point of the curve"):
        ed25519.check_public((2).to_bytes(32, "little"), "the key")


def test_a_signature_has_one_form() -> None:
    """S + L signs as well as S does where nobody looks: a second signature that its owner never made."""
    seed, order = bytes(range(32)), 2**252 + 27742317777372353535851937790883648493
    made = ed25519.sign(seed, b"x")
    s = int.from_bytes(made[32:], "little") + order
    assert not ed25519.verify(ed25519.public_of(seed), b"x", made[:32] + s.to_bytes(32, "little"))


def test_two_keys_of_one_moment_differ() -> None:
    """A clock that stands still, and a random generator that was seeded alike: neither is asked (T8)."""
    program = (
        "import random, time\n"
        "time.time = time.time_ns = time.monotonic = time.perf_counter = lambda: 1\n"
        "random.seed(7)\n"
        "from driven.trust import ed25519\n"
        "print(ed25519.new_seed().hex())"
    )
    made = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(2)
    ]
    assert len({one.stdout for one in made}) == 2 and len(made[0].stdout.strip()) == 64
    assert len({ed25519.new_seed() for _ in range(100)}) == 100


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_seed_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match=f"a seed of {size} bytes"):
        ed25519.sign(bytes(size), b"x")
