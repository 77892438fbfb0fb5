"""Is this pack, or this `.drv`, what somebody signed who is trusted here?

The signature is checked over the bytes of the manifest, then the key against the lists, and only then are those same
bytes read; last the files are compared with them. What is wrong with something is an answer, and no exception.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, SignatureError
from driven.frozen import frozen
from driven.trust import sshsig
from driven.trust.canonical import MAX_BYTES
from driven.trust.key_store import read_plain
from driven.trust.manifest import MANIFEST, MINISIG, SIG, Manifest, Problem, parse
from driven.trust.signers import TrustStore, Verdict
from driven.trust.ssh_wire import PublicKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

_AGAIN = "take it from its source again; if it is yours, look at the change and sign again"

# A pipe would be waited for.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
SIGNED_FLAG = 1  # of a `.drv`'s header, as `driven.core.wire_layout` has it, which costs 4 ms to import

State: TypeAlias = 'Literal["ok", "unsigned", "bad", "untrusted", "principal", "expired", "early", "revoked"]'


@frozen
class Result:
    """What came of one pack or file. `key` and `principal` are what the signature says, believed only with `ok`;
    `manifest` is there when its signature held; `problems` are files that are not as they were signed."""

    path: str
    state: State
    message: str = ""
    hint: str = ""
    principal: str = ""
    key: PublicKey | None = None
    manifest: Manifest | None = None
    problems: tuple[Problem, ...] = ()


def verify_folder(folder: str, store: TrustStore, at: int, principal: str | None = None) -> Result:
    """A pack in its folder, at the time `at` (seconds since 1970); `principal`: who must have signed it."""
    from driven.trust.manifest_disk import compare

    names = [os.path.join(folder, name) for name in (MANIFEST, SIG, MINISIG)]
    found = _signed(folder, names[0], names[1], names[2], store, at, principal)
    if found.manifest is None or found.state != "ok":
        return found
    try:
        problems = compare(found.manifest, folder)
    except SignatureError as error:
        return _bad(folder, error, found)
    return _compared(found, problems)


def verify_file(path: str, store: TrustStore, at: int, principal: str | None = None) -> Result:
    """A `.drv` with `PATH.manifest` and `PATH.sig` beside it; as `verify_folder`."""
    from driven.trust.manifest_disk import compare_file

    manifest = path + ".manifest"
    found = _signed(path, manifest, path + ".sig", manifest + ".minisig", store, at, principal)
    if found.state == "unsigned" and says_signed(path):
        return Result(
            path=path, state="bad", message="it says that it is signed, and there is no signature beside it",
            hint="take it from its source again, with its signature; or build it anew: `driven build`",
        )  # fmt: skip
    if found.manifest is None or found.state != "ok":
        return found
    try:
        problems = compare_file(found.manifest, path)
    except SignatureError as error:
        return _bad(path, error, found)
    return _compared(found, problems)


def says_signed(path: str) -> bool:
    """Whether the header of a `.drv` says that a signature is published with it. False for what cannot be read."""
    try:
        place = os.open(path, _READ)
    except OSError:
        return False
    with open(place, "rb") as file:
        try:
            head = file.read(8)
        except OSError:
            return False
    return head[:4] == b"DXI\0" and len(head) == 8 and bool(head[5] & SIGNED_FLAG)


def _compared(found: Result, problems: tuple[Problem, ...]) -> Result:
    if not problems:
        return found
    first = problems[0]
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return Result(
        path=found.path, state="bad", message=first.told + more, principal=found.principal,
        hint=_AGAIN, key=found.key, manifest=found.manifest, problems=problems,
    )  # fmt: skip


def _bad(path: str, error: DrivenError, known: Result | None = None) -> Result:
    return Result(
        path=path, state="bad", message=error.message, hint=error.hint or _AGAIN, key=known.key if known else None,
        principal=known.principal if known else "",
    )  # fmt: skip


def _signed(
    path: str, manifest: str, sig: str, minisig: str, store: TrustStore, at: int, principal: str | None
) -> Result:
    """Whether the manifest was signed by somebody who is trusted. Where there are two signatures both must hold."""
    ways = [one for one in (sig, minisig) if os.path.lexists(one)]
    if not ways:
        return Result(
            path=path, state="unsigned", message="it is not signed", hint="`driven sign` signs what is yours"
        )  # fmt: skip
    verdict, key = Verdict(state="ok"), None
    try:
        data = read_plain(manifest, MAX_BYTES)
        for one in ways:
            if one == sig:
                key, verdict = _by_ssh(one, data, store, at, principal)
            else:
                key, verdict = _by_minisign(one, data, store, at, principal)
            if verdict.state != "ok":
                break
        read = parse(data, f"`{os.path.basename(manifest)}`") if verdict.state == "ok" else None
        if read is not None and minisig in ways:
            _comment_fits(minisig, read)
    except DrivenError as error:
        return _bad(path, error)
    return Result(
        path=path, state=verdict.state, message=verdict.message, hint=verdict.hint, key=key, manifest=read,
        principal=verdict.signer.name if verdict.signer else "",
    )  # fmt: skip


def _by_ssh(
    path: str, data: bytes, store: TrustStore, at: int, principal: str | None
) -> tuple[PublicKey, Verdict]:  # fmt: skip
    what = f"`{os.path.basename(path)}`"
    found = sshsig.parse(read_plain(path, sshsig.MAX_BYTES), what)
    sshsig.check(found, sshsig.PACK, data, what)
    return found.key, store.judge(found.key, sshsig.PACK, at, principal)


def _by_minisign(
    path: str, data: bytes, store: TrustStore, at: int, principal: str | None
) -> tuple[PublicKey | None, Verdict]:
    """A signature of minisign names no key, only a number that a list does not have: each that is trusted is tried."""
    from driven.trust import minisign

    what = f"`{os.path.basename(path)}`"
    found = minisign.parse(read_plain(path, minisign.MAX_BYTES), what)
    for key in sorted(store.keys(sshsig.PACK) | store.revoked, key=lambda one: one.raw):
        try:
            minisign.check(found, key, data, what)
        except SignatureError:
            continue
        return key, store.judge(key, sshsig.PACK, at, principal)
    shown = found.number[::-1].hex().upper()
    return None, Verdict(
        state="untrusted",
        message=f"no key that is trusted here made {what}, which names the key {shown}; or what was signed was changed",
        hint="`driven key trust FILE.pub --as NAME` takes a public key of minisign",
    )


def comment_of(manifest: Manifest) -> str:
    """The trusted comment of a signature of minisign: JSON on one line."""
    from driven.trust.canonical import dump

    return dump({"pack": manifest.name, "version": manifest.version}).decode().strip()


def _comment_fits(path: str, manifest: Manifest) -> None:
    """A comment of ours must be of this manifest; minisign's own (`timestamp:…`) says nothing of it."""
    from driven.trust import minisign

    what = f"`{os.path.basename(path)}`"
    found = minisign.parse(read_plain(path, minisign.MAX_BYTES), what)
    if found.comment.startswith("{") and found.comment != comment_of(manifest):
        raise SignatureError(f"{what}: its comment is of another pack or version: {found.comment:.100}")
