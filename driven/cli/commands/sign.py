"""`driven sign`: say by signature that a pack, or a compiled rule set, is yours."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from driven.errors import SignatureError, SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven.cli.app import App
    from driven.model.diagnostic import Diagnostic
    from driven.trust.key_sources import SigningKey
    from driven.trust.signing import Signed

_TEXTS = (".md", ".mdc", ".markdown", ".txt", ".toml", ".yaml", ".yml", ".json")
_MAX_TEXT = 1 << 20


def run(args: Any, app: App) -> int:
    """Sign each path. 2 for what is not there, 5 or 6 for a key or a pack that is refused."""
    from driven.cli.asking import passphrase
    from driven.cli.render_trust import show_signed
    from driven.cli.trust import root_or_none
    from driven.trust import sshsig
    from driven.trust.key_sources import load_signing_key
    from driven.trust.signers import load

    root = root_or_none(app)
    paths = args.paths or [_default(app)]
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"`{path}` is not there", hint="check the path")
    store, now = load(root, os.environ), int(time.time())
    trusted = {one for one in store.keys(sshsig.PACK) if store.judge(one, sshsig.PACK, now).state == "ok"}
    key = load_signing_key(args.key, os.environ, passphrase(app), trusted)
    if key.key in store.revoked:
        raise SignatureError(
            f"the key {key.key.fingerprint} was revoked: nobody would believe what it signs",
            hint="`driven key generate` makes another; --key NAME takes one",
        )
    for path in paths:
        _look(path)
    done = [_sign(path, key, args) for path in paths]
    app.answer(
        lambda: {
            "signed": [_data(one, args.format) for one in done], "key": key.key.fingerprint, "name": key.name,
            "where": key.where, "trusted": key.key in trusted,
        },
        lambda out: show_signed(out, done, key, trusted=key.key in trusted),
    )  # fmt: skip
    return 0


def _default(app: App) -> str:
    """The project's compiled rules."""
    path = os.path.join(app.root, ".driven", "rules.drv")
    if not os.path.lexists(path):
        raise UsageError("there is no `.driven/rules.drv` to sign", hint="run `driven build` first")
    return os.path.relpath(path)


def _sign(path: str, key: SigningKey, args: Any) -> Signed:
    from driven.trust.signing import sign_file, sign_folder

    name, version, least, wants = _about(path, args)
    sign = sign_folder if os.path.isdir(path) else sign_file
    return sign(path, key, args.format, name=name, version=version, min_driven=least, capabilities=wants)


def _look(path: str) -> None:
    """Refuse to sign what hides something from who reads it. SourceError names the first place."""
    from driven.trust.scan import scan, scan_bytes

    found: list[Diagnostic] = []
    if not os.path.isdir(path):
        from driven.format.drv import from_drv
        from driven.trust.key_store import read_plain
        from driven.trust.manifest import MAX_FILE

        for rule in from_drv(read_plain(path, MAX_FILE), path=path):
            found += scan(rule.id + ".md", rule.source.front + rule.body, rule_id=rule.id)
    else:
        for name in _texts(path):
            with open(name, "rb") as file:
                found += scan_bytes(name, file.read(_MAX_TEXT))
    wrong = [one for one in found if one.severity == "error"]
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise SourceError(
            f"{wrong[0].span}: {wrong[0].code} {wrong[0].message}{more}",
            hint=f"what is signed shows what it says; `driven explain-code {wrong[0].code}` says more",
        )


def _texts(folder: str) -> Iterator[str]:
    """The texts of a pack that a model may read. What cannot be in a pack is refused when its manifest is made."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = os.path.join(base, name)
            if name.endswith(_TEXTS) and os.path.isfile(path) and not os.path.islink(path):
                yield path


def _about(path: str, args: Any) -> tuple[str, str, str, Any]:
    """What it is called: what `pack.toml` says; else the options, else what the manifest before said."""
    from driven.errors import DrivenError
    from driven.trust.canonical import MAX_BYTES
    from driven.trust.key_store import read_plain
    from driven.trust.manifest import MANIFEST, parse
    from driven.trust.pack import ABOUT, read_about
    from driven.trust.pack import MAX_BYTES as ABOUT_BYTES

    about = os.path.join(path, ABOUT)
    if os.path.isdir(path) and os.path.lexists(about):
        if args.name or args.pack_version:
            raise UsageError(f"`{about}` says its name and version", hint="change them there")
        found = read_about(read_plain(about, ABOUT_BYTES), about)
        return found.name, found.version, found.driven, found.wants
    name, version = os.path.basename(os.path.abspath(path)).removesuffix(".drv"), "1"
    manifest = os.path.join(path, MANIFEST) if os.path.isdir(path) else path + ".manifest"
    try:
        before = parse(read_plain(manifest, MAX_BYTES), manifest)
        name, version = before.name, before.version
    except DrivenError:
        pass
    return args.name or name, args.pack_version or version, "", None


def _data(one: Signed, form: str) -> dict[str, Any]:
    return {
        "manifest": one.manifest_path, "signature": one.signature_path, "format": form, "name": one.manifest.name,
        "version": one.manifest.version, "digest": one.manifest.digest, "files": len(one.manifest.files),
        "previous": one.manifest.previous,
    }  # fmt: skip
