"""A pack from where it is offered into a folder to be looked at: fetched, whole, and the one that was asked for."""

from __future__ import annotations

import asyncio
import os

from driven.delivery.checking import as_asked
from driven.delivery.coding import Have
from driven.delivery.kept import Kept, content_of
from driven.delivery.origin import Origin, place
from driven.delivery.server import RuleServer
from driven.delivery.wire import Unreachable
from driven.errors import DeliveryError, DiskError, DrivenError, UsageError
from driven.frozen import frozen
from driven.project.installing import stage, stage_files
from driven.project.ledger import PACKS
from driven.project.pins import Pin
from driven.project.reading import read_file
from driven.trust.bundle import read_bundle, write_bundle
from driven.trust.canonical import MAX_BYTES
from driven.trust.manifest import MANIFEST, MAX_FILE, OURS, parse
from driven.trust.pack import ABOUT, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OFFLINE = "cache"


@frozen
class Brought:
    """What lies in a folder now. `coding`: how it came (`ops`, `dcz`, `zstd`, `identity`; `cache`; `git`; `path`);
    `moved`: bytes that travelled for it."""

    name: str
    version: str
    coding: str
    moved: int = 0


def name_and_version(word: str) -> tuple[str, str]:
    """`NAME@VERSION`, or `NAME`. UsageError."""
    name, at, version = word.partition("@")
    if not is_name(name) or (at and (not version or len(version) > 64 or not version.isprintable() or "/" in version)):
        raise UsageError(f"`{word[:80]}` is no NAME or NAME@VERSION", hint="as in `acme-errors` or `acme-errors@1.2.0`")
    return name, version


def bring(
    root: str, name: str, version: str, one: Origin, top: str, *, token: str = "", offline: bool = False,
    pin: Pin | None = None,
) -> Brought:  # fmt: skip
    """Lay the pack out in the folder `top`; without a network, or `offline`, the content that `pin` names, from the
    cache. DeliveryError, SignatureError for another one than was asked for."""
    kept = Kept()
    if pin is not None and pin.source not in ("", one.text):
        pin = None  # what is pinned came from elsewhere: whether this source has it, only this source can say
    if one.kind == "server":
        try:
            if offline:
                raise Unreachable(f"`{name}` is not here", hint="leave `--offline` out where there is a network")
            fetched = asyncio.run(RuleServer(one.url, token=token, kept=kept).get(name, version))
        except Unreachable as error:
            found = from_cache(kept, name, version, pin, top)
            if found is not None:
                return found
            raise _missing(error, name, version, pin) from None
        return laid_out(kept, name, fetched.version, fetched.data, top, fetched.coding, fetched.moved)
    if one.kind == "path" or one.url.startswith("file:") or not offline:
        try:
            return _from_files(root, name, version, one, top, kept)
        except (DeliveryError, UsageError) as error:
            found = from_cache(kept, name, version, pin, top)
            if found is None or os.path.lexists(place(one, root)):
                raise error from None
            return found
    found = from_cache(kept, name, version, pin, top)
    if found is None:
        raise _missing(DeliveryError(f"`{name}` is not here"), name, version, pin)
    return found


def from_cache(kept: Kept, name: str, version: str, pin: Pin | None, top: str) -> Brought | None:
    """The content that `pin` names, where this machine has it and it is the version asked for."""
    if pin is None or version not in ("", pin.version):
        return None
    content = pin.content.removeprefix("sha256:")
    data = kept.of_content(content)
    if data is None:
        return None
    try:
        files = read_bundle(data)
    except DrivenError:
        return None
    if content_of(files) != content:
        return None
    return _staged(files, name, pin.version, top, OFFLINE, 0)


def laid_out(kept: Kept, name: str, version: str, data: bytes, top: str, coding: str, moved: int) -> Brought:
    """A bundle that came, in its folder and in the cache. SignatureError for another one than was asked for."""
    files = read_bundle(data)
    found = _staged(files, name, version, top, coding, moved)
    kept.put(data, content_of(files), f"{name} {found.version}")
    return found


def bundle_at(folder: str) -> bytes | None:
    """The bundle of a pack that stands in a folder as it was signed; None where there is none."""
    from hashlib import sha256

    files: dict[str, bytes] = {}
    try:
        data = read_file(os.path.join(folder, MANIFEST), MAX_BYTES)[0]
        for one in parse(data, MANIFEST).files:
            files[one.path] = read_file(os.path.join(folder, one.path), MAX_FILE)[0]
            if sha256(files[one.path]).hexdigest() != one.sha256:
                return None
        for name in OURS:
            if os.path.lexists(os.path.join(folder, name)):
                files[name] = read_file(os.path.join(folder, name), MAX_BYTES)[0]
        return write_bundle(files)
    except (OSError, DrivenError):
        return None


def have_of(root: str, name: str, pin: Pin, kept: Kept) -> Have | None:
    """What is here of a pack as it was pinned: in the project, else in the cache."""
    from hashlib import sha256

    content = pin.content.removeprefix("sha256:")
    folder = os.path.join(root, PACKS, name)
    try:
        stands = sha256(read_file(os.path.join(folder, MANIFEST), MAX_BYTES)[0]).hexdigest() == content
    except OSError:
        stands = False
    data = bundle_at(folder) if stands else None
    data = data if data is not None else kept.of_content(content)
    return Have.of(data) if data is not None else None


def _from_files(root: str, name: str, version: str, one: Origin, top: str, kept: Kept) -> Brought:
    if one.kind == "git":
        from driven.delivery.repository import clone

        source = clone(one, top)
    else:
        source = place(one, root)
    _check_there(source, one)
    found = stage(source, top)
    data = bundle_at(os.path.join(top, PACKS, found))
    about = read_file(os.path.join(top, PACKS, found, ABOUT), 1 << 16)[0]
    said = as_asked({ABOUT: about}, name, version, hint=f"that is what `{ABOUT}` says at {one.text}")
    if data is not None:
        kept.put(data, content_of(read_bundle(data)), f"{name} {said.version}")
    return Brought(name=name, version=said.version, coding=one.kind)


def _check_there(source: str, one: Origin) -> None:
    """That a folder is a pack. DeliveryError names the folders below it that are."""
    if not os.path.isdir(source) or os.path.lexists(os.path.join(source, ABOUT)):
        return
    with os.scandir(source) as listing:
        near = sorted(child.name for child in listing if os.path.isfile(os.path.join(child.path, ABOUT)))
    mark = ":" if "#" in one.text else "#:"
    inside = f"{'/' if one.kind == 'path' or one.path else mark}"
    hint = f"did you mean `{one.text}{inside}{near[0]}`?" if near else "docs/packs.md says what a pack is"
    raise DeliveryError(f"there is no pack at {one.text}: no `{ABOUT}`", hint=hint)


def _staged(files: Mapping[str, bytes], name: str, version: str, top: str, coding: str, moved: int) -> Brought:
    about = as_asked(files, name, version)
    try:
        stage_files(files, top, name)
    except DiskError as error:
        raise DiskError(f"`{name}` cannot be laid out: {error.message}", hint=error.hint) from None
    return Brought(name=name, version=about.version, coding=coding, moved=moved)


def _missing(error: DrivenError, name: str, version: str, pin: Pin | None) -> DeliveryError:
    if pin is None:  # nothing in the cache can be told to be it
        return Unreachable(error.message, hint="look at the URL and the network; what was pinned works without")
    if version not in ("", pin.version):
        what = f"{pin.version} is what is pinned here, and {version} was asked for"
    else:
        what = f"the content that is pinned, {pin.content[:19]}…, is not in the cache of this machine"
    return Unreachable(f"{error.message}, and {what}", hint=error.hint)
