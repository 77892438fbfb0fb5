"""Envelopes: what is signed is type and payload; another implementation of DSSE agrees; no reader is talked over."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer import CryptoSigner, SSlibKey

from driven.errors import DrivenError, SignatureError
from driven.frozen import replace
from driven.trust import chain, dsse, revocation, roots
from driven.trust.ssh_wire import SK_ED25519, PublicKey, base64
from trust.attestations.kit import AGENT, ANA, BEN, NOW, ROOT, chain_of_two, good, signed

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def test_what_is_signed_is_the_specifications_own_example() -> None:
    """https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md, its test vector."""
    found = dsse.pae("http://example.com/HelloWorld", b"hello world")
    assert found == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_another_implementation_verifies_ours() -> None:
    text = good().to_bytes()
    theirs = TheirEnvelope.from_dict(json.loads(text))
    keys = [SSlibKey(one.key.fingerprint, "ed25519", "ed25519", {"public": one.key.raw.hex()}) for one in (ANA, BEN)]
    assert len(theirs.verify(keys, 2)) == 2
    theirs.payload = theirs.payload.replace(b"docs", b"src_")
    with pytest.raises(Exception, match="Found: 0, Expected 2"):
        theirs.verify(keys, 2)


def test_we_verify_what_another_implementation_signed() -> None:
    signer = CryptoSigner.generate_ed25519()
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    key = PublicKey("ssh-ed25519", raw)
    signer.public_key.keyid = key.fingerprint
    made = TheirEnvelope(dsse.seal(dsse.ROOT, {"v": 1}).payload, dsse.ROOT, {})
    made.sign(signer)
    ours = dsse.read(json.dumps(made.to_dict(), indent=2).encode(), dsse.ROOT, "theirs")
    assert dsse.signed_by(ours, [key, ANA.key], "theirs") == {key}


def test_either_alphabet_of_base64_is_read() -> None:
    made = good()
    value: Any = json.loads(made.to_bytes())
    for one in value["signatures"]:
        one["sig"] = one["sig"].replace("+", "-").replace("/", "_")
    assert dsse.read(json.dumps(value).encode(), dsse.ATTESTATION, "x") == made


def test_a_payload_of_one_type_stands_for_no_other() -> None:
    made = signed(dsse.seal(dsse.REVOCATIONS, {"v": 1}), ANA)
    with pytest.raises(SignatureError, match="is of the type"):
        dsse.read(made.to_bytes(), dsse.ROOT, "x")
    with pytest.raises(SignatureError, match="does not hold"):
        dsse.signed_by(replace(made, kind=dsse.ROOT), [ANA.key], "x")


def test_a_key_signs_once_however_often_it_is_asked() -> None:
    made = signed(dsse.seal(dsse.ROOT, {"v": 1}), ANA, BEN, ANA)
    assert len(made.signatures) == 2 and made.keyids == {ANA.key.fingerprint, BEN.key.fingerprint}


def test_a_key_that_signs_wrongly_does_not_leave_the_house() -> None:
    broken = replace(ANA, sign=lambda data: b"\0" * 64)
    with pytest.raises(SignatureError, match="does not hold"):
        dsse.add(good(), broken)
    with pytest.raises(SignatureError, match="cannot sign an attestation"):
        dsse.add(good(), replace(ANA, key=PublicKey(SK_ED25519, ANA.key.raw, "ssh:")))


def _with(**changes: Any) -> bytes:
    return json.dumps({**json.loads(good().to_bytes()), **changes}).encode()


ONE = {"keyid": "k", "sig": "AAAA"}
BROKEN: list[bytes] = [
    b"", b"{}", b"[]", b"null", b"{", b"\xff\xfe", b'{"a":' * 100_000, b"[" * 100_000, _with(more=1),
    _with(payload=1), _with(payload="!!!"), _with(payload="AB="), _with(payload="é"), _with(payloadType="text/plain"),
    _with(payloadType=["x"]), _with(signatures={}), _with(signatures=[ONE] * 17), _with(signatures=[ONE, ONE]),
    _with(signatures=[{}]), _with(signatures=[{"keyid": "", "sig": "AAAA"}]),
    _with(signatures=[{"keyid": "a\x1b[2J", "sig": "AAAA"}]), _with(signatures=[{"keyid": "\ud800", "sig": "AAAA"}]),
    _with(signatures=[{"keyid": "k" * 201, "sig": "AAAA"}]), _with(signatures=[{"keyid": "k", "sig": "A" * 300}]),
    _with(signatures=[{"keyid": "k", "sig": 5}]), _with(signatures=[1]),
    good().to_bytes().replace(b'{"payload"', b'{"payload":"","payload"'), b"x" * (dsse.MAX_BYTES + 1),
    b'{"payload": ' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:40]))
def test_what_is_no_envelope_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(SignatureError) as told:
        dsse.read(data, dsse.ATTESTATION, "`it`")
    assert told.value.message.startswith("`it`") and "\n" not in told.value.message
    assert len(told.value.message) < 400


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_bytes_are_an_envelope_or_refused(data: bytes) -> None:
    try:
        found = chain.parse(data, "it")
    except DrivenError:
        return
    assert found == () and not data.strip()


@settings(max_examples=80)
@given(payload=_JSON, keyid=st.text(max_size=20), sig=st.binary(max_size=70), extra=_JSON)
def test_any_envelope_in_a_chain_gives_an_answer(payload: Any, keyid: str, sig: bytes, extra: Any) -> None:
    value = {"payload": base64(json.dumps(payload).encode()), "payloadType": dsse.ATTESTATION,
             "signatures": [{"keyid": keyid, "sig": base64(sig)}]}  # fmt: skip
    for one in (value, {**value, "signatures": extra}, {**value, "payload": extra}):
        try:
            links = chain.parse(json.dumps(one).encode(), "it")
        except DrivenError:
            continue
        assert not chain.check(links, ROOT, NOW).holds


@settings(max_examples=80)
@given(data=st.data())
def test_what_the_root_signed_in_error_gives_an_answer(data: st.DataObject) -> None:
    """Even content that both keys signed is held to the form."""
    value: dict[str, Any] = json.loads(good().payload)
    for key in data.draw(st.lists(st.sampled_from(sorted(value)), min_size=1, max_size=3)):
        value[key] = data.draw(_JSON)
    before = json.loads(good().payload)
    found = chain.check([signed(dsse.seal(dsse.ATTESTATION, value), ANA, BEN)], ROOT, NOW)
    assert found.state != "ok" or all(
        value[key] == before[key] or key in ("id", "sub", "nbf", "exp", "depth", "paths", "caps") for key in value
    )


@settings(max_examples=60)
@given(data=st.data())
def test_a_root_and_a_list_of_any_content_are_read_or_refused(data: st.DataObject) -> None:
    keys: Any = [{"name": one.name, "key": one.key.line} for one in ROOT.holders]
    root = {"v": 1, "name": "acme", "version": 1, "threshold": 2, "keys": keys, "exp": NOW, "previous": ""}
    listed: dict[str, Any] = {"v": 1, "name": "acme", "number": 1, "issued": 1, "exp": NOW, "keys": {}, "ids": {}}
    for value in (root, listed):
        for key in data.draw(st.lists(st.sampled_from(sorted(value)), max_size=2)):
            value[key] = data.draw(_JSON)
    with contextlib.suppress(DrivenError):
        assert roots.check_first(signed(dsse.seal(dsse.ROOT, root), ANA, BEN), "it").threshold <= 2
    with contextlib.suppress(DrivenError):
        found = revocation.read(signed(dsse.seal(dsse.REVOCATIONS, listed), ANA, BEN), ROOT, "it")
        assert found.name == "acme" and found.number >= 1


@settings(max_examples=60)
@given(at=st.integers(0, 5000), bit=st.integers(0, 7), place=st.integers(0, 1))
def test_no_bit_of_a_chain_can_be_turned(at: int, bit: int, place: int) -> None:
    links = list(chain_of_two())
    raw = bytearray(links[place].payload)
    raw[at % len(raw)] ^= 1 << bit
    links[place] = replace(links[place], payload=bytes(raw))
    found = chain.check(links, ROOT, NOW)
    assert found.state == "edited" and found.link == place + 1
    assert AGENT.name not in [one.sub for one in found.links]
