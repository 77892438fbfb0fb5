"""The files of a bundle, held against their manifest, and that against who may have signed it: in memory, before
anything is written."""

from __future__ import annotations

from driven.errors import DrivenError, SignatureError
from driven.frozen import frozen
from driven.trust.manifest import MANIFEST, MINISIG, OURS, SIG, parse, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.trust.manifest import Manifest
    from driven.trust.pack import About
    from driven.trust.signers import TrustStore

_AGAIN = "get it anew from where it came from; nothing was changed"


@frozen
class Checked:
    """A pack whose files are those of its manifest, signed by `key` (a fingerprint), by `signer` where the lists name
    them."""

    about: About
    manifest: Manifest
    key: str
    signer: str = ""


_MIXED = "the server mixes up what it has, or somebody stands between: ask who runs it"


def as_asked(files: Mapping[str, bytes], name: str, version: str = "", *, hint: str = _MIXED) -> About:
    """What a pack says of itself, where that is what was asked for. SignatureError, with `hint`, where it is another
    one."""
    from driven.trust.pack import ABOUT, read_about

    try:
        about = read_about(files.get(ABOUT, b""), f"`{ABOUT}`")
    except DrivenError as error:
        raise SignatureError(f"what came for `{name}` is no pack: {error.message}", hint=_AGAIN) from None
    if about.name != name or (version and about.version != version):
        asked = f"{name} {version}".strip()
        raise SignatureError(
            f"`{asked}` was asked for, and `{about.name} {about.version}` came",
            hint=hint,
        )
    return about


def check(
    files: Mapping[str, bytes], name: str, version: str, *, at: int, store: TrustStore | None = None, key: str = ""
) -> Checked:
    """That a bundle is the pack `name` of the `version` asked for, file by file as it was signed; by the key with the
    fingerprint `key`, else by one that `store` trusts, at the time `at` (seconds since 1970). SignatureError."""
    about = as_asked(files, name, version)
    data = files.get(MANIFEST)
    if data is None or SIG not in files:
        more = "; one by minisign alone is taken by `driven update`" if MINISIG in files else ""
        raise SignatureError(f"the pack `{name}` is not signed by an SSH key{more}", hint="its author signs it")
    found, signer = _signed(files[SIG], data, at, store, key)
    manifest = parse(data, f"`{MANIFEST}`")
    if (manifest.name, manifest.version, manifest.capabilities) != (about.name, about.version, about.wants):
        raise SignatureError(f"the manifest of `{name}` was made for another `pack.toml`", hint=_AGAIN)
    compare(files, manifest, _AGAIN)
    return Checked(about=about, manifest=manifest, key=found, signer=signer)


def _signed(sig: bytes, data: bytes, at: int, store: TrustStore | None, key: str) -> tuple[str, str]:
    from driven.trust import sshsig

    found = sshsig.parse(sig, f"`{SIG}`")
    sshsig.check(found, sshsig.PACK, data, f"`{SIG}`")
    signer = ""
    verdict = store.judge(found.key, sshsig.PACK, at) if store is not None else None
    if verdict is not None:
        signer = verdict.signer.name if verdict.signer is not None else ""
        if verdict.state not in ("ok", "untrusted") or (verdict.state == "untrusted" and not key):
            raise SignatureError(verdict.message, hint=verdict.hint)
    if key and found.key.fingerprint != key:
        raise SignatureError(
            f"it is signed by {found.key.fingerprint}, and {key} is the key that was accepted",
            hint="a key never changes by itself: ask whoever made the pack",
        )
    return found.key.fingerprint, signer


def compare(files: Mapping[str, bytes], manifest: Manifest, again: str) -> None:
    """That these are the files of the manifest, all of them and no other. SignatureError with the hint `again`."""
    from hashlib import sha256

    missing = {one.path: one for one in manifest.files}
    for path, content in files.items():
        if path in OURS:
            continue
        entry = missing.pop(path, None)
        if entry is None:
            raise SignatureError(f"`{shown(path)}` was not signed", hint=again)
        if entry.size != len(content) or entry.sha256 != sha256(content).hexdigest():
            raise SignatureError(f"`{shown(path)}` is not as it was signed", hint=again)
    if missing:
        raise SignatureError(f"`{shown(next(iter(missing)))}` was signed, and is not there", hint=again)
