"""Ed25519: make a key, sign, verify; and the keys that are refused wherever one enters.

libsodium does the work. Its binding is asked for directly: `nacl.bindings` wraps all of libsodium and takes four times
as long to import (14 ms, 3.5 ms for this; Python 3.13, 2026-11-22), which is most of what verifying costs.

For eight public keys, those of small order, there are signatures that hold for any message. `ssh-keygen -Y verify` of
OpenSSH 9.2 and `cryptography` 50 take them (tried 2026-11-21), libsodium does not; here they are refused before, at the
border, so that no list of trusted keys can hold one.
"""

from __future__ import annotations

import os

from driven.errors import SignatureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KEY_SIZE = 32
SEED_SIZE = 32
SIGNATURE_SIZE = 64
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493  # of the group that all good keys are in
# The y of the points of order 1, 2, 4 and 8; of each either sign of x. RFC 8032, 5.1, and
# https://github.com/jedisct1/libsodium/blob/1.0.18/src/libsodium/crypto_core/ed25519/ref10/ed25519_ref10.c
# (ge25519_has_small_order), verified 2026-11-22.
_EIGHTH = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL = (0, 1, _P - 1, _EIGHTH, _P - _EIGHTH)

_loaded: Any = None


def _sodium() -> Any:
    """(ffi, lib) of libsodium, made ready."""
    global _loaded
    if _loaded is None:
        import importlib

        try:
            found = importlib.import_module("nacl._sodium")
        except ImportError as error:
            raise SignatureError(
                f"libsodium cannot be loaded: {error}", hint="`pip install --force-reinstall pynacl`"
            ) from None
        if found.lib.sodium_init() < 0:
            raise SignatureError(
                "libsodium cannot start on this machine", hint="`pip install --force-reinstall pynacl`"
            )
        _loaded = found.ffi, found.lib
    return _loaded


def sha256(data: bytes) -> bytes:
    """The digest, by the library that is loaded already: hashlib costs 3 ms to import, for it loads OpenSSL."""
    return _digest(data, "crypto_hash_sha256", 32)


def sha512(data: bytes) -> bytes:
    """As `sha256`."""
    return _digest(data, "crypto_hash_sha512", 64)


def _digest(data: bytes, name: str, size: int) -> bytes:
    ffi, lib = _sodium()
    made = ffi.new("unsigned char[]", size)
    getattr(lib, name)(made, data, len(data))
    return bytes(ffi.buffer(made, size))


def new_seed() -> bytes:
    """32 bytes that a key is made of, from the system's randomness and nothing else: never from a clock."""
    return os.urandom(SEED_SIZE)


def public_of(seed: bytes) -> bytes:
    """The public key (32 bytes) of a seed (32 bytes)."""
    return _pair(seed)[32:]


def _pair(seed: bytes) -> bytes:
    """Seed and public key, as libsodium wants to see them."""
    if len(seed) != SEED_SIZE:
        raise ValueError(f"a seed of {len(seed)} bytes")
    ffi, lib = _sodium()
    public, secret = ffi.new("unsigned char[32]"), ffi.new("unsigned char[64]")
    lib.crypto_sign_seed_keypair(public, secret, seed)
    return bytes(ffi.buffer(secret, 64))


def sign(seed: bytes, data: bytes) -> bytes:
    """The signature (64 bytes) over `data` by the key of `seed` (32 bytes)."""
    return signer(seed)(data)


def signer(seed: bytes) -> Callable[[bytes], bytes]:
    """What signs with the key of `seed`, again and again: the public half is worked out once."""
    pair = _pair(seed)
    ffi, lib = _sodium()

    def sign(data: bytes) -> bytes:
        signed = ffi.new("unsigned char[]", len(data) + SIGNATURE_SIZE)
        lib.crypto_sign(signed, ffi.new("unsigned long long *"), data, len(data), pair)
        return bytes(ffi.buffer(signed, SIGNATURE_SIZE))

    return sign


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether `signature` over `data` was made by the key `public`. A weak key's never was, nor one with an S that is
    not the smallest (a second signature that anybody makes of a first)."""
    if problem(public) or len(signature) != SIGNATURE_SIZE:
        return False
    if int.from_bytes(signature[32:], "little") >= _L:  # libsodium looks as well
        return False
    ffi, lib = _sodium()
    signed = signature + data
    opened = ffi.new("unsigned char[]", len(signed))
    return bool(lib.crypto_sign_open(opened, ffi.new("unsigned long long *"), signed, len(signed), public) == 0)


def problem(public: bytes) -> str:
    """What is wrong with a public key, "" for none: its length, a spelling that is not the one, small order."""
    if len(public) != KEY_SIZE:
        return f"it has {len(public)} bytes, not {KEY_SIZE}"
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        return "it is no point that can be written so"
    if y in _SMALL:
        return "it is one of the weak keys for which anybody can sign anything"
    return ""


def check_public(public: bytes, what: str) -> None:
    """Refuse a key that must not enter a list of trusted ones. SignatureError names `what`.

    Beyond `problem`: that it is a point of the curve, and in the group that keys are made in. Some 50 µs.
    """
    wrong = problem(public)
    if not wrong:
        _, lib = _sodium()
        wrong = "" if lib.crypto_core_ed25519_is_valid_point(public) else "it is no point of the curve that keys are of"
    if wrong:
        raise SignatureError(f"{what} is no key to trust: {wrong}", hint="ask its owner for the right one")
