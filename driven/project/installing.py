"""A pack's folder, or an archive of one, put into the project: whole, or not at all."""

from __future__ import annotations

import os
import shutil

from driven.errors import ProjectError, SignatureError, UsageError
from driven.project.disk import Tree
from driven.project.ledger import PACKS
from driven.project.reading import read_file
from driven.project.writer import Writer


def install(root: str, source: str) -> str:
    """Put a pack's folder, or an archive of one, into the project; its name. Nothing is accepted by that.

    What stands there of an older version is replaced whole, once the new one is complete. SignatureError for what is
    not as it was signed, ProjectError where there is no pack at all.
    """
    from driven.trust.pack import ABOUT, MAX_BYTES, read_about

    if not os.path.exists(source):
        raise UsageError(f"no file or folder `{source}`", hint="name a pack's folder, or a .zip or .tar.gz of one")
    state = os.path.join(root, ".driven", "state")
    fresh = os.path.join(state, f"pack.{os.getpid()}.drvtmp")
    with Tree(root) as tree, Writer(tree):
        tree.folder(".driven/state", create=True)
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            found = _fetch(source, fresh)
            try:
                data = read_file(os.path.join(found, ABOUT), MAX_BYTES)[0]
            except OSError:
                raise ProjectError(
                    f"`{source}` is no pack: it has no `{ABOUT}`", hint="docs/packs.md says what one is"
                ) from None
            about = read_about(data, ABOUT)
            _check(source, found)
            _swap(root, tree, found, about.name)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return about.name


def _fetch(source: str, fresh: str) -> str:
    """The files of a pack in a new folder: regular ones alone, none through a link. The folder of the pack in it: an
    archive often holds one folder, which holds all."""
    if os.path.isdir(source):
        _copy(source, fresh)
        return fresh
    from driven.trust.archives import unpack

    top = {path.partition("/")[0] for path in unpack(source, fresh, lambda _folder: None)}
    inner = os.path.join(fresh, *top)
    return inner if len(top) == 1 and os.path.isdir(inner) else fresh


def _copy(source: str, fresh: str) -> None:
    from driven.trust.beneath import read_beneath, root_handle, write_beneath
    from driven.trust.manifest import MAX_FILE, OURS
    from driven.trust.manifest_disk import of_folder

    # It refuses what cannot be in a pack: links, devices, names that are two here and one elsewhere.
    files = [(one.path, int(one.mode, 8)) for one in of_folder(source, name="pack", version="0").files]
    files += [(name, 0o644) for name in OURS if os.path.lexists(os.path.join(source, name))]
    os.mkdir(fresh)
    there, here = root_handle(source), root_handle(fresh)
    try:
        for path, mode in files:
            write_beneath(here, path, read_beneath(there, path, MAX_FILE), mode)
    finally:
        os.close(there)
        os.close(here)


def _check(source: str, found: str) -> None:
    """That a pack is as it was signed, before it takes the place of one that may be good. Whose signature it is, and
    whether there is one, is asked when somebody accepts it."""
    from driven.trust.manifest import MANIFEST, parse, shown
    from driven.trust.manifest_disk import compare

    path = os.path.join(found, MANIFEST)
    if not os.path.lexists(path):
        return
    wrong = compare(parse(read_file(path, 4 << 20)[0], f"`{MANIFEST}`"), found)
    if wrong:
        raise SignatureError(
            f"`{source}` is not as it was signed: `{shown(wrong[0].path)}` {wrong[0].message}",
            hint="get it anew from where it came from; nothing was put into the project",
        )


def _swap(root: str, tree: Tree, fresh: str, name: str) -> None:
    """The complete new folder in the place of an old one; killed in between, the old one stands beside it."""
    tree.folder(PACKS, create=True)
    place = os.path.join(root, PACKS, name)
    if os.path.islink(os.path.join(root, PACKS)) or os.path.islink(place):
        raise ProjectError(f"`{PACKS}/{name}` is a link", hint="put a folder there, or nothing")
    old = os.path.join(root, ".driven", "state", f"pack.old.{os.getpid()}.drvtmp")
    if os.path.isdir(place):
        os.rename(place, old)
    try:
        os.rename(fresh, place)
    except OSError:
        if os.path.isdir(old):
            os.rename(old, place)
        raise
    shutil.rmtree(old, ignore_errors=True)
