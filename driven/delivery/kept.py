"""Bundles that were fetched before, on this machine: by the digest of their bytes, and by the content that pins name.

What is half there waits in a file of its own, so that a transfer that was cut goes on where it ended. Nothing here is
believed: a bundle proves itself by its digest, a half one when it is whole. No disk fails a command for what it keeps.
"""

from __future__ import annotations

import os
from contextlib import suppress

from driven.fusion.binary_cache import cache_folder
from driven.fusion.caches import open_cache
from driven.trust.bundle import MAX_BUNDLE
from driven.trust.manifest import MANIFEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "packs"
_HALF = "packs-half"
_STALE = 7 * 24 * 3600  # seconds after which a half one is not waited for any more
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Kept:
    """The bundles in `$XDG_CACHE_HOME/driven/packs`."""

    def __init__(self) -> None:
        self._cache = open_cache(NAME)

    def bundle(self, sha256: str) -> bytes | None:
        """A bundle by its SHA-256 in hex, None where it is not here."""
        from hashlib import sha256 as digest

        data = self._cache.get(sha256)
        return data if data is not None and digest(data).hexdigest() == sha256 else None

    def put(self, data: bytes, content: str, label: str) -> None:
        """Keep a bundle whose manifest has the digest `content`."""
        from hashlib import sha256

        name = sha256(data).hexdigest()
        if self._cache.put(name, data, label) and content and content != name:
            self._cache.put(content, name.encode(), f"content of {label}")

    def of_content(self, content: str) -> bytes | None:
        """The bundle whose manifest has this SHA-256 in hex, as a pin names it. Whether it does, its reader asks."""
        name = (self._cache.get(content) or b"")[:64].decode("ascii", "replace")
        try:
            return self.bundle(name) if len(name) == 64 else None
        except ValueError:
            return None


def content_of(files: Mapping[str, bytes]) -> str:
    """The SHA-256 in hex by which a pin names the pack in a bundle: that of its manifest."""
    from hashlib import sha256

    return sha256(files[MANIFEST]).hexdigest()


class Half:
    """The bytes of one transfer so far, by the ETag of what they will be. One process at a time has the file; another
    one, or a disk that refuses, has them in memory only. `folder`: the user's cache by itself, "" for none."""

    def __init__(self, etag: str, folder: str | None = None) -> None:
        self._data = bytearray()
        self._handle = -1
        self._path = ""
        self._load(etag, cache_folder(_HALF) if folder is None else folder)

    def __len__(self) -> int:
        return len(self._data)

    def add(self, part: bytes) -> None:
        """So many bytes more. OverflowError where a bundle cannot be so large."""
        if len(self._data) + len(part) > MAX_BUNDLE:
            raise OverflowError
        self._data += part
        if self._handle >= 0:
            try:
                os.write(self._handle, part)
            except OSError:
                self._close(keep=False)

    def restart(self) -> None:
        """Nothing of it is right."""
        self._data.clear()
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)

    def whole(self) -> bytes:
        """All bytes; the file is needed no more."""
        self._close(keep=False)
        return bytes(self._data)

    def close(self) -> None:
        """Leave what is there for the next time."""
        self._close(keep=bool(self._data))

    def _load(self, etag: str, folder: str | None) -> None:
        name = etag.removeprefix("b3-")
        if not folder or len(name) != 64 or not name.isalnum():
            return
        try:
            import fcntl

            os.makedirs(folder, 0o700, exist_ok=True)
            _sweep(folder)
            path = os.path.join(folder, f"{name}.half")
            handle = os.open(path, _OPEN, 0o600)
        except (ImportError, OSError):
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._data += os.read(handle, MAX_BUNDLE)
        except OSError:
            os.close(handle)
            return
        self._handle, self._path = handle, path

    def _close(self, *, keep: bool) -> None:
        if self._handle < 0:
            return
        if not keep:
            with suppress(OSError):
                os.unlink(self._path)
        os.close(self._handle)
        self._handle = -1


def _sweep(folder: str) -> None:
    import time

    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            if name.endswith(".half") and os.lstat(path).st_mtime < time.time() - _STALE:
                os.unlink(path)
        except OSError:
            continue
