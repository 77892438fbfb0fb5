"""A pack from elsewhere, in two steps: laid out in a folder of its own, where it is looked at; put into the project,
whole or not at all, once somebody said yes."""

from __future__ import annotations

import os
import shutil

from driven.errors import DiskError, ProjectError, SignatureError, UsageError
from driven.project.disk import Tree
from driven.project.ledger import PACKS
from driven.project.reading import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

BUNDLE = ".pack"  # what a file with a bundle in it ends with


def fresh_folder() -> AbstractContextManager[str]:
    """A new folder for `stage`, outside of the project, that nobody else can enter; gone at the end."""
    from contextlib import contextmanager

    @contextmanager
    def made() -> Iterator[str]:
        from tempfile import mkdtemp

        try:
            folder = mkdtemp(prefix="driven-pack-")
        except OSError as error:
            raise _refused(error) from None
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return made()


def stage(source: str, top: str) -> str:
    """Lay out a pack's folder, or an archive of one, as it would stand in the project `top`; the pack's name.

    SignatureError for what is not as it was signed, ProjectError where there is no pack at all.
    """
    if not os.path.exists(source):
        raise UsageError(
            f"no file or folder `{source}`", hint="name a pack's folder, or a .pack, .zip or .tar.gz of one"
        )
    try:
        return _placed(_fetch(source, os.path.join(top, "fetched")), top, source)
    except OSError as error:
        raise _refused(error) from None


def stage_files(files: Mapping[str, bytes], top: str, source: str) -> str:
    """The same of the files of a bundle; `source` is what it is called where something is wrong."""
    try:
        return _placed(_written(files, os.path.join(top, "fetched")), top, source)
    except OSError as error:
        raise _refused(error) from None


class Moves:
    """Packs that were staged, taking their places in a project one after the other; `undo` takes all of it back.

    For who holds the right to write there. What stood there before waits beside them until `done`.
    """

    def __init__(self, root: str, tree: Tree) -> None:
        self._root = root
        self._tree = tree
        self._moved: list[tuple[str, str]] = []  # the place, and where what stood there is now

    def put(self, top: str, name: str) -> None:
        """The complete pack in the place of an old one; killed in between, the old one stands beside it, and goes with
        the next one that takes its place."""
        root = self._root
        for folder in (".driven/state", PACKS):
            self._tree.folder(folder, create=True)
        place = os.path.join(root, PACKS, name)
        if os.path.islink(os.path.join(root, PACKS)) or os.path.islink(place):
            raise ProjectError(f"`{PACKS}/{name}` is a link", hint="put a folder there, or nothing")
        if os.path.lexists(place) and not os.path.isdir(place):
            raise ProjectError(f"`{PACKS}/{name}` is no folder", hint="remove it, and run this again")
        # By the pack's name alone, for one process at a time writes here: what a killed one left is met again.
        beside = os.path.join(root, ".driven", "state", f"pack.{name}")
        new, old = f"{beside}.drvtmp", f"{beside}.old.drvtmp"
        shutil.rmtree(new, ignore_errors=True)
        try:
            _copy(os.path.join(top, PACKS, name), new, durable=True)
            if os.path.isdir(place):  # without one `old` may be the only copy: it stays until the new one stands
                shutil.rmtree(old, ignore_errors=True)
                os.rename(place, old)
            self._moved.append((place, old))
            os.rename(new, place)
        except OSError as error:
            raise _refused(error) from None
        except DiskError as error:
            hint = error.hint or "look at the disk, then run this again: nothing was changed"
            raise DiskError(f"the pack `{name}` cannot be laid out: {error.message}", hint=hint) from None
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def undo(self) -> None:
        """Everything as it was before the first `put`."""
        while self._moved:
            place, old = self._moved.pop()
            shutil.rmtree(place, ignore_errors=True)
            if os.path.isdir(old):
                os.rename(old, place)

    def done(self) -> None:
        """What stood there before is needed no more."""
        for _, old in self._moved:
            shutil.rmtree(old, ignore_errors=True)


def _placed(found: str, top: str, source: str) -> str:
    from driven.trust.pack import ABOUT, MAX_BYTES, read_about

    try:
        data = read_file(os.path.join(found, ABOUT), MAX_BYTES)[0]
    except OSError:
        raise ProjectError(
            f"`{source}` is no pack: it has no `{ABOUT}`", hint="docs/packs.md says what one is"
        ) from None
    name = read_about(data, ABOUT).name
    _check(source, found)
    place = os.path.join(top, PACKS, name)
    os.makedirs(os.path.dirname(place))
    os.rename(found, place)
    return name


def _fetch(source: str, fresh: str) -> str:
    """The files of a pack in a new folder: regular ones alone, none through a link. The folder of the pack in it: an
    archive often holds one folder, which holds all."""
    if os.path.isdir(source):
        _copy(source, fresh)
        return fresh
    if source.endswith(BUNDLE):
        from driven.trust.bundle import MAX_BUNDLE, read_bundle

        try:
            return _written(read_bundle(read_file(source, MAX_BUNDLE)[0]), fresh)
        except OSError as error:
            why = (error.strerror or "it is too large").lower()
            raise ProjectError(f"`{source}` cannot be read: {why}", hint="name another file") from None
    from driven.trust.archives import unpack

    top = {path.partition("/")[0] for path in unpack(source, fresh, lambda _folder: None)}
    inner = os.path.join(fresh, *top)
    return inner if len(top) == 1 and os.path.isdir(inner) else fresh


def _written(files: Mapping[str, bytes], fresh: str) -> str:
    from driven.trust.beneath import root_handle, write_beneath
    from driven.trust.manifest import MANIFEST, parse

    listed = parse(files[MANIFEST], f"`{MANIFEST}`").files if MANIFEST in files else ()
    modes = {one.path: int(one.mode, 8) for one in listed}
    os.mkdir(fresh)
    here = root_handle(fresh)
    try:
        for path in sorted(files):
            write_beneath(here, path, files[path], _staged(modes.get(path, 0o644)), durable=False)
    finally:
        os.close(here)
    return fresh


def _copy(source: str, fresh: str, *, durable: bool = False) -> None:
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
            right = mode if durable else _staged(mode)
            write_beneath(here, path, read_beneath(there, path, MAX_FILE), right, durable=durable)
    finally:
        os.close(there)
        os.close(here)


def _staged(mode: int) -> int | None:
    """The rights of a file that is only looked at: as they come, where it is no program. To change rights is what a
    run that may write nothing is denied."""
    return mode if mode & 0o111 else None


def _check(source: str, found: str) -> None:
    """That a pack is as it was signed, before it takes the place of one that may be good. Whose signature it is, and
    whether there is one, is asked when somebody accepts it."""
    from driven.trust.canonical import MAX_BYTES
    from driven.trust.manifest import MANIFEST, parse, shown
    from driven.trust.manifest_disk import compare

    path = os.path.join(found, MANIFEST)
    if not os.path.lexists(path):
        return
    wrong = compare(parse(read_file(path, MAX_BYTES)[0], f"`{MANIFEST}`"), found)
    if wrong:
        raise SignatureError(
            f"`{source}` is not as it was signed: `{shown(wrong[0].path)}` {wrong[0].message}",
            hint="get it anew from where it came from; nothing was put into the project",
        )


def _refused(error: OSError) -> DiskError:
    return DiskError(
        f"the pack cannot be laid out: {(error.strerror or 'unknown').lower()}", hint="nothing was changed"
    )
