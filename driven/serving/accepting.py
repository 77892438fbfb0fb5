"""What a server takes for a pack: a bundle whose manifest is signed, names each of its files, and fits its `pack.toml`.

It is a gate against mistakes and strangers, not what clients believe: they verify the signature themselves.
"""

from __future__ import annotations

from driven.delivery.checking import compare
from driven.delivery.coding import etag_of
from driven.errors import DrivenError, SignatureError
from driven.serving.store import Version, is_version
from driven.trust.manifest import MANIFEST, MINISIG, SIG, parse, shown
from driven.trust.pack import ABOUT, read_about

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.trust.manifest import Manifest
    from driven.trust.pack import About
    from driven.trust.signers import TrustStore

_AGAIN = "build it anew: `driven pack build FOLDER`"


def check_bundle(data: bytes, store: TrustStore | None, at: int) -> tuple[Version, str]:
    """A bundle as somebody hands it in, at the time `at` (seconds since 1970): (what it is, who signed it).

    `store`: whose keys are taken; None: whoever made it, as long as the signature is of the key that it names.
    SignatureError for everything else.
    """
    from driven.trust.bundle import read_bundle

    files = read_bundle(data)
    manifest, signer = check_files(files, store, at)
    try:
        about = read_about(files.get(ABOUT, b""), ABOUT)
    except DrivenError as error:
        raise SignatureError(error.message, hint=error.hint or _AGAIN) from None
    if (about.name, about.version, about.wants) != (manifest.name, manifest.version, manifest.capabilities):
        raise SignatureError(
            f"it was signed as `{shown(manifest.name)}` {manifest.version}, and `{ABOUT}` says `{about.name}`"
            f" {about.version}, or wants something else",
            hint="`driven sign FOLDER` after each change",
        )
    if not is_version(about.version):
        raise SignatureError(f"`{about.version}` is no version", hint='write one like version = "1.0.0"')
    return version_of_bundle(data, about, at), signer


def version_of_bundle(data: bytes, about: About, at: int) -> Version:
    """What a bundle is by its `pack.toml`, published at the time `at` (seconds since 1970)."""
    import time
    from hashlib import sha256

    return Version(
        name=about.name, version=about.version, etag=etag_of(data), sha256=sha256(data).hexdigest(), size=len(data),
        published=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), description=about.description,
    )  # fmt: skip


def check_files(files: Mapping[str, bytes], store: TrustStore | None, at: int) -> tuple[Manifest, str]:
    """The files of a pack against its manifest, and that against its signature: (the manifest, who signed it)."""
    from driven.trust import sshsig

    data = files.get(MANIFEST)
    if data is None or not (SIG in files or MINISIG in files):
        raise SignatureError("the pack is not signed", hint="`driven sign FOLDER`, then build it")
    if MINISIG in files and store is None:
        raise SignatureError(
            "a signature of minisign names no key: nobody can tell here whether it holds",
            hint="start the server with --signers FILE, or sign with an SSH key: `driven sign FOLDER`",
        )
    signer = ""
    if SIG in files:
        found = sshsig.parse(files[SIG], f"`{SIG}`")
        sshsig.check(found, sshsig.PACK, data, f"`{SIG}`")
        signer = found.key.fingerprint
        if store is not None:
            verdict = store.judge(found.key, sshsig.PACK, at)
            if verdict.state != "ok":
                raise SignatureError(verdict.message, hint="the server's list of signers says whose packs it takes")
            signer = verdict.signer.name if verdict.signer else signer
    if MINISIG in files and store is not None:
        signer = _by_minisign(files[MINISIG], data, store, at)
    manifest = parse(data, f"`{MANIFEST}`")
    compare(files, manifest, _AGAIN)
    return manifest, signer


def _by_minisign(data: bytes, message: bytes, store: TrustStore, at: int) -> str:
    from driven.trust import minisign, sshsig

    found = minisign.parse(data, f"`{MINISIG}`")
    for key in sorted(store.keys(sshsig.PACK), key=lambda one: one.raw):
        try:
            minisign.check(found, key, message, f"`{MINISIG}`")
        except SignatureError:
            continue
        verdict = store.judge(key, sshsig.PACK, at)
        if verdict.state == "ok" and verdict.signer is not None:
            return verdict.signer.name
    raise SignatureError(
        f"no key that is trusted here made `{MINISIG}`", hint="the server's list of signers names them"
    )


def read_list(path: str) -> TrustStore:
    """The signers of a file, in the format of `allowed_signers`. SignatureError, PolicyError."""
    import os

    from driven.trust.key_store import read_plain
    from driven.trust.signer_lines import read_signers
    from driven.trust.signers import MAX_BYTES, TrustStore, check_writers

    data = read_plain(path, MAX_BYTES)
    check_writers(path, os.stat(path))
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise SignatureError(f"`{path}` is not UTF-8") from None
    return TrustStore(signers=tuple(read_signers(text, path)), paths=(path,))
