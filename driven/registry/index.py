"""Where the plugins are: the entry points of the group `driven`, found once and kept in a small text file, the index.

Finding them costs 25 ms and more by `importlib.metadata`; reading the index costs some 25 µs. It begins with
everything its truth depends on: the versions, the prefix, and each folder of `sys.path` with its mtime and ctime. So
it holds exactly while a fresh index would begin with the same bytes; a stale, torn or hostile one is made anew. The
ctime is there because it cannot be set: an index that comes with a stranger's project cannot be made to fit.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

from driven import __version__

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "driven"
MAX_BYTES = 1 << 20  # a larger index is not one of ours
_CODEC = ("utf-8", "surrogateescape")


class Entry(NamedTuple):
    """One entry point. With an `error` it stands for a distribution whose list cannot be read, and has no name."""

    name: str
    value: str  # module:attribute
    distribution: str  # normalised: lower case, `-` for `_` and `.`
    version: str
    error: str = ""


def path_stamps() -> list[tuple[str, int]]:
    """Each folder of `sys.path` with its `st_mtime_ns`, -1 where there is none: when these hold, so do the plugins."""
    return [(path, mtime) for path, mtime, _ in _stamps()]


def find(index_path: str | None = None) -> list[Entry]:
    """The entry points of all installed distributions, from the index at `index_path` while it holds.

    Never raises for what it finds, nor for an index that cannot be read or written.
    """
    header = _header()
    if index_path is not None:
        kept = _read(index_path, header)
        if kept is not None:
            return kept
    entries = _search()
    if index_path is not None:
        _write(index_path, header, entries)
    return entries


def _stamps() -> list[tuple[str, int, int]]:
    stamps = []
    for path in dict.fromkeys(sys.path):
        folder = path if path[:1] == "/" else os.path.abspath(path)  # "" is the current folder
        try:
            found = os.stat(folder)
        except (OSError, ValueError):
            stamps.append((folder, -1, -1))
        else:
            stamps.append((folder, found.st_mtime_ns, found.st_ctime_ns))
    return stamps


def _header() -> bytes:
    lines = [f"driven {__version__} plugin index 1", f"{sys.implementation.cache_tag} {sys.prefix}"]
    lines += [f"{mtime} {ctime} {path}" for path, mtime, ctime in _stamps()]
    return "\n".join([*lines, "", ""]).encode(*_CODEC)


def _read(path: str, header: bytes) -> list[Entry] | None:
    """The entries below `header`, None when the file is not there, not whole, or begins with another header."""
    try:
        # Without O_NONBLOCK a FIFO in its place would keep us waiting for ever.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
                return None
            data = os.read(fd, found.st_size)
        finally:
            os.close(fd)
        if not data.startswith(header):
            return None
        *rows, end = data[len(header) :].decode(*_CODEC).split("\n")
    except (OSError, ValueError):
        return None
    fields = [row.split("\t") for row in rows]
    if end != f"end {len(rows)}" or any(len(row) != 5 for row in fields):
        return None
    return [Entry(*row) for row in fields]


def _write(path: str, header: bytes, entries: list[Entry]) -> None:
    """Put the index in place whole, or not at all: it is a cache, and its folder may be absent or read-only."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.islink(folder) or os.path.islink(os.path.dirname(folder)):
        return  # a stranger's project must not lead our writes elsewhere
    rows = [f"{e.name}\t{e.value}\t{e.distribution}\t{e.version}\t{e.error}\n" for e in entries]
    data = header + "".join([*rows, f"end {len(rows)}"]).encode(*_CODEC)
    if len(data) > MAX_BYTES:
        return
    import tempfile

    try:
        fd, temporary = tempfile.mkstemp(prefix=".plugins.index.", dir=folder)
    except OSError:
        return
    try:
        with open(fd, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)


def _search() -> list[Entry]:
    """Ask every distribution on `sys.path` on its own: `entry_points()` fails as a whole when one list is torn.

    Of two distributions with one name the first on `sys.path` counts, as it does for imports.
    """
    from importlib.metadata import MetadataPathFinder, distributions

    # It remembers folders by their mtime alone. On an object: before 3.13 this was no class method.
    MetadataPathFinder().invalidate_caches()
    found: dict[str, list[Entry]] = {}
    for distribution in distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except (OSError, ValueError):
            continue
        if f"[{GROUP}]" not in text:
            continue
        name, version = _identity(distribution)
        if name in found:
            continue
        try:
            found[name] = [
                Entry(_plain(point.name), _plain(point.value), name, version)
                for point in distribution.entry_points
                if point.group == GROUP
            ]
        except Exception as error:
            found[name] = [Entry("", "", name, version, _plain(f"{type(error).__name__}: {error}"))]
    return [entry for entries in found.values() for entry in entries]


def _identity(distribution: Distribution) -> tuple[str, str]:
    """The distribution's normalised name and its version; a broken one is called by what can be read of it."""
    try:
        metadata = distribution.metadata
        name, version = metadata["Name"] or "unknown", metadata["Version"] or "0"
    except Exception:
        name, version = "unknown", "0"
    return _plain(name).lower().replace("_", "-").replace(".", "-"), _plain(version)


def _plain(text: str) -> str:
    """`text` in one printable line of at most 300 characters, fit for a row of the index and for a message."""
    return "".join(char if char.isprintable() else " " for char in str(text))[:300].strip()
