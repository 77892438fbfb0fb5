"""Sign a pack or a `.drv`: write its manifest, and the signature over it.

A `.drv` that is signed says so in its header (flag SIGNED), and that header is part of what is signed: who takes the
signature away must change the file as well, and who changes the file breaks the signature.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, SignatureError
from driven.frozen import frozen, replace
from driven.trust import minisign, sshsig
from driven.trust.canonical import MAX_BYTES
from driven.trust.key_store import read_plain
from driven.trust.key_store import replace as write
from driven.trust.manifest import MANIFEST, MAX_FILE, MINISIG, SIG, Manifest, parse
from driven.trust.verifying import SIGNED_FLAG, comment_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from driven.trust.capability import CapabilityManifest
    from driven.trust.key_sources import SigningKey

Form: TypeAlias = 'Literal["ssh", "minisign"]'


@frozen
class Signed:
    """What was written, as paths."""

    manifest: Manifest
    manifest_path: str
    signature_path: str


def sign_folder(
    folder: str, key: SigningKey, form: Form = "ssh", *, name: str, version: str, min_driven: str = "",
    capabilities: CapabilityManifest | None = None,
) -> Signed:  # fmt: skip
    """Sign a pack. SignatureError for what cannot stand in one, DiskError."""
    from driven.trust.manifest_disk import of_folder

    made = of_folder(folder, name=name, version=version, min_driven=min_driven, capabilities=capabilities)
    path = os.path.join(folder, MANIFEST)
    return _sign(made, path, os.path.join(folder, SIG if form == "ssh" else MINISIG), key, form)


def sign_file(
    path: str, key: SigningKey, form: Form = "ssh", *, name: str, version: str, min_driven: str = "",
    capabilities: CapabilityManifest | None = None,
) -> Signed:  # fmt: skip
    """Sign a `.drv`, after the flag SIGNED was set in it. SignatureError for what is none, DiskError."""
    from driven.trust.manifest_disk import of_file

    data = read_plain(path, MAX_FILE)
    if data[:4] != b"DXI\0" or len(data) < 32:
        raise SignatureError(f"`{path}` is no .drv", hint="`driven build` makes one; a pack is signed as a folder")
    flagged = data[:5] + bytes([data[5] | SIGNED_FLAG]) + data[6:]  # the checksum in the header is of what follows it
    made = of_file(
        path, name=name, version=version, min_driven=min_driven, capabilities=capabilities, data=flagged
    )  # fmt: skip
    if flagged != data:
        write(path, flagged)
    manifest = path + ".manifest"
    return _sign(made, manifest, path + ".sig" if form == "ssh" else manifest + ".minisig", key, form)


def _sign(made: Manifest, path: str, signature: str, key: SigningKey, form: Form) -> Signed:
    made = replace(made, previous=_previous(made, path))
    data = made.to_bytes()
    if len(data) > MAX_BYTES:
        raise SignatureError(f"a manifest of {len(data):,} bytes: more than {MAX_BYTES >> 20} MiB")
    if form == "ssh":
        text = sshsig.make(key.key, sshsig.PACK, data, key.sign)
    else:
        text = minisign.make(key.key, data, comment_of(made), key.sign)
    other = _other(signature)
    if other and (not os.path.lexists(path) or read_plain(path, MAX_BYTES) != data):
        os.unlink(other)  # it is of the manifest before, and would be a bad signature of this one
    write(path, data)
    write(signature, text)
    return Signed(manifest=made, manifest_path=path, signature_path=signature)


def _other(signature: str) -> str:
    """The signature of the other form that stands beside this one, "" for none."""
    if signature.endswith(".minisig"):
        base = signature.removesuffix(".minisig")
        found = base + ".sig" if os.path.basename(base) == MANIFEST else base.removesuffix(".manifest") + ".sig"
    else:
        base = signature.removesuffix(".sig")
        found = base + ".minisig" if os.path.basename(base) == MANIFEST else base + ".manifest.minisig"
    return found if os.path.lexists(found) else ""


def _previous(made: Manifest, path: str) -> str | None:
    """The digest of the manifest that is there; of what that one follows, where nothing but this differs."""
    if not os.path.lexists(path):
        return None
    try:
        before = parse(read_plain(path, MAX_BYTES), path)
    except DrivenError:
        return None
    return before.previous if replace(before, previous=None) == made else before.digest
