"""Where the plugins are: the entry points of the group `driven`, found once and kept in a small text file, the index.

Finding them costs 25 ms and more by `importlib.metadata`, a few by looking at the folders as `_search` does; reading
the index costs some 25 µs. It begins with everything its truth depends on: the versions, the prefix, and each folder of
`sys.path` with its mtime and ctime. So it holds exactly while a fresh index would begin with the same bytes; a stale,
torn or hostile one is made anew. The ctime is there because it cannot be set: an index that comes with a stranger's
project cannot be made to fit.
"""

from __future__ import annotations

import os
import stat
import sys

from driven import __version__
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "driven"
MAX_BYTES = 1 << 20  # a larger index is not one of ours
_CODEC = ("utf-8", "surrogateescape")


@frozen(kw_only=False)
class Entry:
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
    temporary = f"{path}.{os.getpid()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            return


def _search() -> list[Entry]:
    """Every entry point of the group. Of two distributions with one name the first on `sys.path` counts, as it does
    for imports.

    Reads `*.dist-info/entry_points.txt` itself (https://packaging.python.org/specifications/entry-points, verified
    2026-11-21): what pip and uv install stands so. Eggs, archives and other finders are left to importlib.metadata.
    """
    found: dict[str, list[Entry]] = {}
    for path in dict.fromkeys(sys.path):
        folder = path or "."
        try:
            names = os.listdir(folder)
        except NotADirectoryError:
            return _search_all()  # an archive
        except OSError:
            continue
        for info in names:
            if info.endswith((".egg-info", ".egg", ".egg-link")):
                if os.path.exists(os.path.join(folder, info, "entry_points.txt")):
                    return _search_all()
            elif info.endswith(".dist-info"):
                text = _read_text(os.path.join(folder, info, "entry_points.txt"))
                if f"[{GROUP}]" in text:
                    name, _, version = info.removesuffix(".dist-info").partition("-")
                    name, version = _normal(name), _plain(version)
                    found.setdefault(name, _parse(text, name, version))
    return [entry for entries in found.values() for entry in entries]


def _read_text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _parse(text: str, name: str, version: str) -> list[Entry]:
    """The entries of our group in an `entry_points.txt`; a torn list is one entry that says so."""
    entries: list[Entry] = []
    group = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif line and line[0] not in "#;" and group == GROUP:
            key, equals, value = line.partition("=")
            value = value.partition("[")[0].strip()  # `module:attribute [extras]`
            if not equals or not key.strip() or not value:
                return [Entry("", "", name, version, _plain(f"entry_points.txt has a line that is none: {line}"))]
            entries.append(Entry(_plain(key), _plain(value), name, version))
    return entries


def _search_all() -> list[Entry]:
    """Ask every distribution on its own: `entry_points()` fails as a whole when one list is torn."""
    from importlib.metadata import MetadataPathFinder, distributions

    # It remembers folders by their mtime alone. On an object: before 3.13 this was no class method.
    MetadataPathFinder().invalidate_caches()
    found: dict[str, list[Entry]] = {}
    for distribution in distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except (OSError, ValueError):
            continue
        if f"[{GROUP}]" in text:
            name, version = _identity(distribution)
            found.setdefault(name, _parse(text, name, version))
    return [entry for entries in found.values() for entry in entries]


def _identity(distribution: Distribution) -> tuple[str, str]:
    """The distribution's normalised name and its version; a broken one is called by what can be read of it."""
    try:
        metadata = distribution.metadata
        name, version = metadata["Name"] or "unknown", metadata["Version"] or "0"
    except Exception:
        name, version = "unknown", "0"
    return _normal(name), _plain(version)


def _normal(name: str) -> str:
    return _plain(name).lower().replace("_", "-").replace(".", "-")


def _plain(text: str) -> str:
    """`text` in one printable line of at most 300 characters, fit for a row of the index and for a message."""
    return "".join(char if char.isprintable() else " " for char in str(text))[:300].strip()
