"""The caches of a person: what driven keeps below the cache folder, where, how much of it, and clearing it away.

Each is a folder of its own whose files have names that only driven gives; whatever else lies there is left alone. All
of it can be deleted at any time: it is made again when it is needed.
"""

from __future__ import annotations

import os
import time

from driven.frozen import frozen
from driven.fusion.binary_cache import BinaryCache, cache_folder, is_busy, is_entry
from driven.fusion.cache_files import Freed, Stored, delete, listed, refused, top_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400
_HEX = frozenset("0123456789abcdef")


@frozen
class Cache:
    """One cache. `holds`: what is in it, for people. `limit`: bytes that it may have, 0 where it bounds itself by the
    number of its files. `entries`: whether its files are entries of a `BinaryCache`."""

    name: str
    holds: str
    limit: int = 0
    entries: bool = True


CACHES = (
    Cache(name="templates", holds="compiled templates", limit=64_000_000),
    Cache(name="packs", holds="packs as servers sent them", limit=512_000_000),
    Cache(name="packs-half", holds="transfers that were cut, to go on with", entries=False),
    Cache(name="prefetch", holds="which pack is asked for after which", limit=4_000_000),
    Cache(name="validate", holds="answers and findings of validate", entries=False),
    Cache(name="rings", holds="what was probed and compiled for foreign code", entries=False),
)
NAMES = tuple(cache.name for cache in CACHES)


@frozen
class Content:
    """What one cache holds now. `refused`: why it is not used, "" where it is; `others`: how many things lie there that
    are not driven's."""

    cache: Cache
    folder: str
    files: tuple[Stored, ...]
    others: int
    refused: str

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(one.size for one in self.files)


def open_cache(name: str) -> BinaryCache:
    """The cache `name` to keep entries in; where there is no folder for it, it keeps nothing. KeyError for a name that
    is none."""
    cache = next((one for one in CACHES if one.name == name and one.entries), None)
    if cache is None:
        raise KeyError(name)
    return BinaryCache(cache_folder(name), max_bytes=cache.limit)


def contents(names: Iterable[str] = ()) -> list[Content]:
    """What the caches called `names` hold, all without names. Nothing is made: a folder that is not there is empty."""
    chosen = set(names)
    return [_content(cache) for cache in CACHES if not chosen or cache.name in chosen]


def label(content: Content, file: Stored) -> str:
    """What a file of a cache is, for people; "" where nothing says it."""
    if content.cache.entries:
        cache = BinaryCache(content.folder, max_bytes=content.cache.limit)
        return cache.label(file.name) if file.name[:1] != "." else ""
    if content.cache.name == "validate":
        return "findings" if ".checks" in file.name else "an answer"
    if content.cache.name == "packs-half":
        return "a part of a pack"
    if ".json" in file.name:
        return "which rings hold here"
    return "a component, compiled" if ".cwasm" in file.name else "a component that tries the rings"


def clear(content: Content, *, dry: bool = False) -> Freed:
    """Delete all files of a cache that are driven's, but what is being written in this moment. `dry`: only count."""
    return delete(content.folder, [one for one in content.files if not is_busy(one)], dry=dry)


def prune(content: Content, days: int, *, dry: bool = False) -> Freed:
    """Delete those that nobody wrote or asked for in so many days. `dry`: only count."""
    limit = (int(time.time()) - days * DAY) * 1_000_000_000
    return delete(content.folder, [one for one in content.files if one.used < limit and not is_busy(one)], dry=dry)


def _content(cache: Cache) -> Content:
    top = top_folder()
    folder = os.path.join(top, cache.name) if top else ""
    why = refused(folder) if folder else ""
    found, others = listed(folder, _OURS.get(cache.name, is_entry)) if folder and not why else ([], 0)
    return Content(cache=cache, folder=folder, files=tuple(found), others=others, refused=why)


def _is_answer(name: str) -> bool:
    """`DEVICE-INODE`, `.checks` of it, and temps of both with the number of a process (`validation.answers`)."""
    if name.endswith(".tmp"):
        name, _, number = name[:-4].rpartition(".")
        if not number.isdigit():
            return False
    device, dash, inode = name.removesuffix(".checks").partition("-")
    return bool(dash and device and inode) and _HEX.issuperset(device) and _HEX.issuperset(inode)


def _is_ring(name: str) -> bool:
    """`rings.json`, `DIGEST-WASMTIME-MACHINE.cwasm`, `probe-DIGEST.wasm`, and temps with the number of a process
    (`trust.rings`)."""
    stem, _, number = name.rpartition(".")
    if number.isdigit():
        name = stem
    if name.startswith("probe-") and name.endswith(".wasm"):
        return len(name) == 43 and _HEX.issuperset(name[6:-5])
    return name == "rings.json" or (name.endswith(".cwasm") and name[64:65] == "-" and _HEX.issuperset(name[:64]))


def _is_half(name: str) -> bool:
    """`DIGEST.half` (`delivery.kept`)."""
    return len(name) == 69 and name.endswith(".half") and name[:64].isalnum()


_OURS = {"validate": _is_answer, "rings": _is_ring, "packs-half": _is_half}
