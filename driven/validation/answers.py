"""Keeps what a validation printed, with all that it looked at, so that the next one need not look (`core.answers`)."""

from __future__ import annotations

import os
import stat

from driven import __version__
from driven.core.answers import answer_key, answer_path
from driven.core.ledger import ABSENT, FOLDER, SEARCHED, SETTING, SOURCE, Entry, build_ledger
from driven.registry import path_stamps
from driven.validation.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NO_DIGEST = b"\0" * 32
MAX_PRINTED = 4 << 20  # bytes; a longer answer is made anew
MOST_FOLDERS = 2_000  # of a project in which folders without files of git's are watched, too
TICK = 20_000_000  # nanoseconds that the clock of the file system may be behind ours
MOST_KEPT = 64  # folders whose answers are kept; the oldest go
# Looked at by every validation, there or not: the configuration, what driven wrote, what git ignores and tracks.
ALWAYS = (
    ".driven/config.toml", "pyproject.toml", ".driven/outputs.lock", ".driven/state/journal", ".git/index",
    ".git/info/exclude", ".git/config", ".gitignore",
)  # fmt: skip


def keep(
    root: str, here: str, words: list[str], folder: Folder, also: Iterable[str], code: int, printed: bytes
) -> None:
    """Keep the answer, or nothing where that is not possible: it is a cache."""
    path = answer_path(root)
    if not path or len(printed) > MAX_PRINTED:
        return
    try:
        entries = _entries(root, folder, also)
    except OSError:
        return
    data = build_ledger(answer_key(__version__, words, here), bytes([code]) + printed, b"", True, entries)
    _write(path, data)


def _entries(root: str, folder: Folder, also: Iterable[str]) -> list[Entry]:
    """Everything that the answer hangs on, as it was when it was read."""
    entries: list[Entry] = [(SEARCHED, os.fsencode(path), "", 0, mtime, 0, NO_DIGEST) for path, mtime in path_stamps()]
    for path in sorted(folder.folders | _beside(root, folder)):
        seen = os.stat(os.path.join(root, path))
        if seen.st_ctime_ns > folder.began - TICK:
            raise OSError  # something came or went while we looked
        entries.append(
            (FOLDER, os.fsencode(path or "."), "", 0, seen.st_ctime_ns, seen.st_ino & 0x7FFFFFFFFFFFFFFF, NO_DIGEST)
        )
    for path in sorted({*ALWAYS, *also} - folder.stats.keys()):
        entries.append(_entry(SETTING, path, _stat(os.path.join(root, path))))
    for path, seen_then in sorted(folder.stats.items()):
        entries.append(_entry(SOURCE, path, seen_then))
    return entries


def _beside(root: str, folder: Folder) -> set[str]:
    """Folders next to those that hold files of the project: git ignores what is in them, but maybe no new file."""
    found: set[str] = set()
    if len(folder.folders) > MOST_FOLDERS:
        return found
    for path in folder.folders:
        with os.scandir(os.path.join(root, path)) as listing:
            for child in listing:
                if child.name[:1] != "." and child.is_dir(follow_symlinks=False):
                    found.add(f"{path}/{child.name}" if path else child.name)
    return found - folder.folders


def _entry(kind: int, path: str, seen: os.stat_result | None) -> Entry:
    if seen is None:
        return kind, os.fsencode(path), "", 0, ABSENT, 0, NO_DIGEST
    if stat.S_ISDIR(seen.st_mode):  # it is there; what is in it does not matter
        kind = FOLDER
    inode = seen.st_ino & 0x7FFFFFFFFFFFFFFF
    return kind, os.fsencode(path), "", seen.st_size, seen.st_ctime_ns, inode, NO_DIGEST


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _write(path: bytes, data: bytes) -> None:
    """Put the file in place whole, or not at all."""
    folder = os.path.dirname(path)
    temporary = path + f".{os.getpid()}.tmp".encode()
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            os.fstat(file.fileno())  # a file that was looked at is stamped finer than by the tick
            file.write(data)
        os.replace(temporary, path)
        _prune(folder)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            return


def _prune(folder: bytes) -> None:
    """Delete the oldest answers."""
    with os.scandir(folder) as listing:
        found = [(child.stat(follow_symlinks=False).st_mtime_ns, child.path) for child in listing]
    for _, path in sorted(found)[: max(0, len(found) - MOST_KEPT)]:
        os.unlink(path)
