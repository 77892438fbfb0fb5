"""`driven verify`: whether what stands here is what somebody signed who is trusted here."""

from __future__ import annotations

import os
import time

from driven.errors import SourceError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from driven.cli.app import App
    from driven.trust.signers import TrustStore
    from driven.trust.verifying import Result

MAX_FOLDERS = 100_000
_SKIPPED = (".git", "node_modules")
_PACK = ("pack.manifest", "pack.manifest.sig", "pack.manifest.minisig", "pack.toml")
_ENDS = (".drv", ".drv.sig", ".drv.manifest", ".drv.manifest.minisig")


def run(args: Any, app: App) -> int:
    """Verify each path, and all below it. 6 when one is not signed by somebody who is trusted, or was changed."""
    from driven.cli import trust
    from driven.trust.signers import load
    from driven.trust.verifying import verify_file, verify_folder

    at = trust.read_time(args.at, "--at") if args.at else int(time.time())
    store = load(trust.root_or_none(app), os.environ)
    tops = args.paths or [os.path.relpath(os.path.join(trust.root(app), ".driven"))]
    found: list[Result] = []
    for path in dict.fromkeys(map(os.path.normpath, _all(tops))):
        verify = verify_folder if os.path.isdir(path) else verify_file
        found.append(verify(path, store, at, args.by))
    if not found:
        where = ", ".join(f"`{top}`" for top in tops)
        raise SourceError(f"there is no .drv and no pack in {where}", hint="`driven build`, then `driven sign`")

    def show(out: Any) -> None:
        from driven.cli.render_trust import show_results

        show_results(out, found, store, any(one.state == "untrusted" for one in found))

    app.answer(lambda: _data(found, store, at), show)
    return app.outcome(untrusted=any(one.state != "ok" for one in found))


def _all(paths: list[str]) -> Iterator[str]:
    """What can be verified: `.drv` files, signatures that stand alone, and the folders of packs."""
    for path in paths:
        if os.path.isdir(path):
            yield from _below(path)
            continue
        folder, base = os.path.split(path)
        if base in _PACK and os.path.lexists(path):
            yield folder or "."
            continue
        ends = (".manifest.minisig", ".manifest", ".sig")
        name = next((path.removesuffix(end) for end in ends if path.endswith(".drv" + end)), path)
        if name == path and not os.path.lexists(path):
            raise UsageError(f"`{path}` is not there", hint="check the path")
        yield name


def _below(top: str) -> Iterator[str]:
    left = [top]
    count = 0
    while left:
        folder = left.pop()
        count += 1
        if count > MAX_FOLDERS:
            raise SourceError(f"`{top}` holds more than {MAX_FOLDERS:,} folders", hint="name the pack itself")
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda one: one.name)
        except OSError as error:
            raise SourceError(f"`{folder}` cannot be read: {(error.strerror or '').lower()}") from None
        names = {one.name for one in entries}
        if not names.isdisjoint(_PACK):
            yield folder
            continue
        files: set[str] = set()
        for name in names:
            for end in _ENDS:
                if name.endswith(end):
                    files.add(name.removesuffix(end) + ".drv")
        yield from (os.path.join(folder, name) for name in sorted(files))
        inner = [one for one in entries if one.is_dir(follow_symlinks=False) and one.name not in _SKIPPED]
        if os.path.basename(os.path.abspath(folder)) == ".driven":
            inner = [one for one in inner if one.name != "state"]  # what driven keeps for itself
        left += [one.path for one in reversed(inner)]


def _data(found: list[Result], store: TrustStore, at: int) -> dict[str, Any]:
    return {
        "results": [
            {
                "path": one.path, "state": one.state, "message": one.message, "hint": one.hint,
                "signer": one.principal, "fingerprint": one.key.fingerprint if one.key else "",
                "name": one.manifest.name if one.manifest else "",
                "version": one.manifest.version if one.manifest else "",
                "digest": one.manifest.digest if one.manifest else "",
                "problems": [{"kind": p.kind, "path": p.path, "message": p.message} for p in one.problems],
            }
            for one in found
        ],
        "at": at,
        "lists": list(store.paths),
    }  # fmt: skip
