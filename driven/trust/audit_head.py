"""Who signs the head of an audit log, and who is believed: a key that is trusted for it, or one of the user's own."""

from __future__ import annotations

from driven.errors import SignatureError
from driven.trust.audit import NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driven.trust.key_sources import SigningKey

_WHAT = "the signature of the audit log's head"


def signer(key: SigningKey) -> Callable[[bytes], bytes]:
    """What `AuditLog` takes as `sign`: an armored SSHSIG by that key, as `ssh-keygen -Y verify` reads it."""
    from driven.trust import sshsig

    return lambda head: sshsig.make(key.key, NAMESPACE, head, key.sign)


def checker(root: str | None, env: Mapping[str, str], at: int) -> Callable[[bytes, bytes], str]:
    """What `audit_read.verify` takes as `check`: the name of the signer. Its SignatureError says why one is not
    believed. `at`: the time to judge by, in seconds of Unix."""

    def check(message: bytes, signature: bytes) -> str:
        from driven.trust import signers, sshsig
        from driven.trust.key_sources import all_keys

        found = sshsig.parse(signature, _WHAT)
        sshsig.check(found, NAMESPACE, message, _WHAT)
        verdict = signers.load(root, env).judge(found.key, NAMESPACE, at)
        if verdict.state == "ok" and verdict.signer is not None:
            return verdict.signer.name
        if verdict.state == "untrusted":
            for own in all_keys(env)[0]:
                if own.key == found.key:
                    return f"{own.name} (a key of your own)"
        raise SignatureError(verdict.message, hint=verdict.hint)

    return check
