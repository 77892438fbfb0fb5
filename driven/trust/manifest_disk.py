"""Packs and `.drv` files as they stand on the disk: their manifest made, and compared with the one that was signed.

Folders are held by handles and no link is followed, so that nobody can lead the walk elsewhere while it runs.
"""

from __future__ import annotations

import os
import stat

from driven.errors import SignatureError
from driven.trust.capability import CapabilityManifest
from driven.trust.ed25519 import sha256
from driven.trust.manifest import (
    MAX_DEPTH,
    MAX_FILE,
    MAX_FILES,
    MAX_TOTAL,
    OURS,
    FileEntry,
    Manifest,
    Problem,
    check_name,
    check_paths,
    check_version,
    least,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CHUNK = 1 << 18  # bytes; what is smaller is read at once


def of_folder(
    folder: str, *, name: str, version: str, min_driven: str = "", capabilities: CapabilityManifest | None = None,
    previous: str | None = None,
) -> Manifest:  # fmt: skip
    """The manifest of a pack as it stands. SignatureError for what cannot be in one."""
    files: list[FileEntry] = []
    wrong: list[Problem] = []
    for found in _walk(folder):
        (wrong if isinstance(found, Problem) else files).append(found)  # type: ignore[arg-type]
    if wrong:
        raise SignatureError(f"`{shown(wrong[0].path)}`: {wrong[0].message}", hint=_HINTS.get(wrong[0].message, ""))
    files.sort(key=lambda one: one.path)
    check_paths([one.path for one in files])
    return _made(name, version, min_driven, capabilities, previous, files)


def of_file(
    path: str, *, name: str, version: str, min_driven: str = "", capabilities: CapabilityManifest | None = None,
    previous: str | None = None, data: bytes | None = None,
) -> Manifest:  # fmt: skip
    """The manifest of one file, which it names without its folder. `data`: what the file is going to hold."""
    if data is None:
        found = _one(path)
        if isinstance(found, Problem):
            raise SignatureError(f"`{shown(path)}`: {found.message}", hint=_HINTS.get(found.message, ""))
    else:
        found = FileEntry(os.path.basename(path), "644", len(data), sha256(data).hex())
    check_paths([found.path])
    return _made(name, version, min_driven, capabilities, previous, [found])


def _made(
    name: str, version: str, lowest: str, wants: CapabilityManifest | None, previous: str | None, files: list[FileEntry]
) -> Manifest:
    return Manifest(
        name=check_name(name), version=check_version(version), min_driven=least(lowest), previous=previous,
        capabilities=wants or CapabilityManifest(), files=tuple(files),
    )  # fmt: skip


def compare(manifest: Manifest, folder: str) -> tuple[Problem, ...]:
    """How a pack's folder differs from its manifest; () when not at all. SignatureError for no folder."""
    left = {one.path: one for one in manifest.files}
    wrong: list[Problem] = []
    for found in _walk(folder, left):
        signed = left.pop(found.path, None)
        if isinstance(found, Problem):
            wrong.append(found)
        elif signed is None:
            wrong.append(Problem("unlisted", found.path, "stands in the pack and was not signed"))
        else:
            wrong += _differs(signed, found)
    wrong += [Problem("missing", path, "was signed and is not there") for path in left]
    return tuple(sorted(wrong, key=lambda one: one.path))


def compare_file(manifest: Manifest, path: str) -> tuple[Problem, ...]:
    """How one file differs from the manifest that was signed for it."""
    name = os.path.basename(path)
    if [one.path for one in manifest.files] != [name]:
        return (Problem("unlisted", name, "was not signed: the signature beside it is of something else"),)
    if not os.path.lexists(path):
        return (Problem("missing", name, "was signed and is not there"),)
    found = _one(path)
    return (found,) if isinstance(found, Problem) else tuple(_differs(manifest.files[0], found, mode=False))


def _differs(signed: FileEntry, found: FileEntry, *, mode: bool = True) -> Iterator[Problem]:
    if (signed.size, signed.sha256) != (found.size, found.sha256):
        yield Problem("changed", found.path, "was changed after it was signed")
    elif mode and signed.mode != found.mode and os.name == "posix":
        can = "can be run, and was signed as a file that cannot" if found.mode == "755" else "was signed as a program"
        yield Problem("mode", found.path, can)


_LINK = "it is a link, and a pack holds none"
_DEVICE = "it is no plain file, and a pack holds nothing else"
_OPEN = "anybody may write to it (mode o+w)"
_HINTS = {_LINK: "put the file itself there", _DEVICE: "remove it", _OPEN: "chmod o-w FILE"}


def _walk(folder: str, wanted: Iterable[str] | None = None) -> Iterator[FileEntry | Problem]:
    """Every file below a folder, by handles of folders: nobody can lead it elsewhere while it runs. A `.git` at the top
    is how the pack came here, and no part of it. Files that are not `wanted` are not read."""
    names = frozenset(wanted) if wanted is not None else None
    try:
        top = os.open(folder, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise SignatureError(f"`{shown(folder)}` cannot be read: {(error.strerror or '').lower()}") from None
    total = count = 0
    open_folders = [(top, "", _entries(top))]
    try:
        while open_folders:
            handle, above, left = open_folders[-1]
            if not left:
                os.close(open_folders.pop()[0])
                continue
            entry = left.pop()
            name = entry.name
            if not above and name in (*OURS, ".git"):
                continue
            path, count = above + name, count + 1
            if count > MAX_FILES + MAX_FILES:
                raise SignatureError(f"`{shown(folder)}` holds more than {MAX_FILES:,} files")
            if entry.is_dir(follow_symlinks=False):
                if len(open_folders) > MAX_DEPTH:
                    raise SignatureError(f"`{shown(path)}` is more than {MAX_DEPTH} folders deep")
                inner = os.open(name, _FOLDER, dir_fd=handle)
                open_folders.append((inner, path + "/", _entries(inner)))
                continue
            if not entry.is_file(follow_symlinks=False):  # nothing but a plain file is opened
                yield Problem("refused", path, _LINK if entry.is_symlink() else _DEVICE)
                continue
            found = _look(os.open(name, _FILE, dir_fd=handle), path, names is None or path in names)
            total += found.size if isinstance(found, FileEntry) else 0
            if total > MAX_TOTAL:
                raise SignatureError(f"`{shown(folder)}` holds more than {MAX_TOTAL >> 20} MiB")
            yield found
    except OSError as error:
        raise SignatureError(f"`{shown(folder)}` cannot be read: {error.strerror or error}".lower()) from None
    finally:
        for handle, _, _ in open_folders:
            os.close(handle)


def _entries(handle: int) -> list[os.DirEntry[str]]:
    """What a folder holds, the first name last. What it says of an entry's kind is checked once that is open."""
    with os.scandir(handle) as found:
        return sorted(found, key=lambda one: one.name, reverse=True)


def _one(path: str) -> FileEntry | Problem:
    try:
        kind = os.lstat(path).st_mode
        if not stat.S_ISREG(kind):
            return Problem("refused", os.path.basename(path), _LINK if stat.S_ISLNK(kind) else _DEVICE)
        return _look(os.open(path, _FILE), os.path.basename(path), True)
    except OSError as error:
        raise SignatureError(f"`{shown(path)}` cannot be read: {(error.strerror or '').lower()}") from None


def _look(handle: int, path: str, wanted: bool) -> FileEntry | Problem:
    """One open file, which is closed; its digest is "" where nobody wants it."""
    try:
        seen = os.fstat(handle)
        wrong = _wrong(seen)
        if wrong:
            return Problem("refused", path, wrong)
        size, digest = _hash(handle, seen.st_size) if wanted else (seen.st_size, "")
    finally:
        os.close(handle)
    return FileEntry(path, "755" if seen.st_mode & 0o100 else "644", size, digest)


def _wrong(seen: os.stat_result) -> str:
    if not stat.S_ISREG(seen.st_mode):
        return _DEVICE
    if seen.st_mode & 0o7002 and os.name == "posix":
        return _OPEN if seen.st_mode & 0o002 else "it runs with the rights of another (setuid, setgid or sticky)"
    return f"it is larger than {MAX_FILE >> 20} MiB" if seen.st_size > MAX_FILE else ""


def _hash(handle: int, expected: int) -> tuple[int, str]:
    if expected < _CHUNK:
        chunk = os.read(handle, expected + 1)
        if len(chunk) <= expected:
            return len(chunk), sha256(chunk).hex()
        os.lseek(handle, 0, os.SEEK_SET)  # it grew in this moment
    import hashlib

    found, size = hashlib.sha256(), 0
    while chunk := os.read(handle, _CHUNK):
        size += len(chunk)
        if size > MAX_FILE:
            raise SignatureError(f"a file grew past {MAX_FILE >> 20} MiB while it was read")
        found.update(chunk)
    return size, found.hexdigest()
