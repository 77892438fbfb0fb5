"""Keeps what a validation printed, with all that it looked at, so that the next one need not look (`core.answers`)."""

from __future__ import annotations

import os
import stat
import sys
import time

from driven import __version__
from driven.core.answers import answer_key, answer_path
from driven.core.ledger import ABSENT, FOLDER, SEARCHED, SETTING, SOURCE, Entry, build_ledger
from driven.registry import path_stamps
from driven.validation.files import Folder
from driven.validation.watched import modules, watched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NO_DIGEST = b"\0" * 32
MAX_PRINTED = 4 << 20  # bytes; a longer answer is made anew
TICK = 20_000_000  # nanoseconds that the clock of the file system may be behind ours
MOST_KEPT = 64  # folders whose answers are kept; the oldest go
# Looked at by every validation, there or not: the configuration, and what driven wrote.
ALWAYS = (".driven/config.toml", "pyproject.toml", ".driven/outputs.lock", ".driven/state/journal")


class Watch:
    """Begun before anything is read: what changes from then on makes the answer one that is not kept."""

    def __init__(self, root: str) -> None:
        self.began = time.time_ns()
        self.root = root
        self._searched = path_stamps()
        self._settings: dict[str, os.stat_result | None] = {}
        self.add(ALWAYS)

    def add(self, paths: Iterable[str]) -> None:
        """Files that are about to be read, relative to the root or absolute."""
        for path in paths:
            self._settings.setdefault(path, _stat(os.path.join(self.root, path)))

    def keep(self, here: str, words: list[str], folder: Folder, code: int, printed: Iterable[str]) -> None:
        """Keep the answer, or nothing where that is not possible: it is a cache."""
        path = answer_path(self.root)
        if not path:
            return
        data = b"".join(_encoded(text) for text in printed)
        if len(data) > MAX_PRINTED:
            return
        try:
            entries = self._entries(folder)
        except OSError:
            return
        _write(path, build_ledger(answer_key(__version__, words, here), bytes([code]) + data, b"", True, entries))

    def _entries(self, folder: Folder) -> list[Entry]:
        """Everything that the answer hangs on, as it was when it was read. OSError when something came, went or changed
        while we looked: it may have the same stat as before."""
        found = watched(folder)
        if found is None:
            raise OSError
        folders, paths = found
        stats: dict[str, os.stat_result | None] = {path: os.stat(os.path.join(self.root, path)) for path in folders}
        stats |= {path: _stat(os.path.join(self.root, path)) for path in (*paths, *modules())}
        stats |= self._settings
        stats |= folder.stats
        limit = self.began - TICK
        if any(seen is not None and seen.st_ctime_ns > limit for seen in stats.values()):
            raise OSError
        sources = folder.stats.keys()
        entries: list[Entry] = [
            (SEARCHED, os.fsencode(path), "", 0, mtime, 0, NO_DIGEST) for path, mtime in self._searched
        ]
        entries += [_entry(SOURCE if path in sources else SETTING, path, seen) for path, seen in sorted(stats.items())]
        return entries


def _entry(kind: int, path: str, seen: os.stat_result | None) -> Entry:
    if seen is None:
        return kind, os.fsencode(path), "", 0, ABSENT, 0, NO_DIGEST
    if stat.S_ISDIR(seen.st_mode):
        kind = FOLDER
    inode = seen.st_ino & 0x7FFFFFFFFFFFFFFF
    return kind, os.fsencode(path or "."), "", seen.st_size, seen.st_ctime_ns, inode, NO_DIGEST


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _encoded(text: str) -> bytes:
    """As stdout writes it (`cli.render`)."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        return text.encode(encoding, getattr(sys.stdout, "errors", None) or "strict")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


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
    for _, path in sorted(found)[: max(0, len(found) - 2 * MOST_KEPT)]:  # each folder has an answer and a memory
        os.unlink(path)
