"""What rule delivery is made of: patches, the headers of operations, and the cache that a template comes from."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, Work, against
from driven.benchmarks.samples import long_rules
from driven.core.clock import HotCache
from driven.core.htip import OPS, OpReader, OpWriter
from driven.core.patch import XOR_BLOCK, XOR_HEADER, delta, delta_apply, xor_apply, xor_diff

SIZE = 100_000  # bytes of what is patched
CHANGED = 0.05  # of its blocks
RULES = 30  # 3.3 KB of Markdown each: about as many bytes
OPERATIONS = 1000
KEYS = 100  # as many as the cache holds
HEADER = struct.Struct("<BBHI")


def _settle() -> None:
    """Have the allocator keep what is freed from now on, as it does in a process that has run for a while.

    glibc returns the top of a young heap to the system each time that 128 KB of it are free: either side of a
    comparison would pay for new pages, or not, by the place that its buffers happen to have.
    """
    bytes(1 << 22)


# Patches


def _blocks() -> tuple[bytes, bytes]:
    """`SIZE` bytes, and the same with all 64 bytes of `CHANGED` of the blocks changed, wherever they lie."""
    pick = random.Random(3)
    old = pick.randbytes(SIZE)
    new = bytearray(old)
    blocks = SIZE // XOR_BLOCK
    for block in pick.sample(range(blocks), int(blocks * CHANGED)):
        new[block * XOR_BLOCK : (block + 1) * XOR_BLOCK] = pick.randbytes(XOR_BLOCK)
    return old, bytes(new)


def _xor(bench: Bench) -> Figures:
    _settle()
    old, new = _blocks()
    same = bytes(bytearray(old))
    assert same is not old, "else they are one, and nobody looks at the bytes"
    assert xor_apply(old, xor_diff(old, new)) == new
    return against(
        bench, "<=", lambda: xor_diff(old, new), lambda: old == same, f"memcmp of equal bytes, by == ({PYTHON})",
    )  # fmt: skip


def _xor_apply(bench: Bench) -> Figures:
    _settle()
    old, new = _blocks()
    patch, source = xor_diff(old, new), bytearray(old)
    assert xor_apply(old, patch) == new
    return against(
        bench, "<=", lambda: xor_apply(old, patch), lambda: bytes(source), f"memcpy, by bytes(bytearray) ({PYTHON})",
    )  # fmt: skip


def _xor_size(bench: Bench) -> Figures:
    old, new = _blocks()
    patch = len(xor_diff(old, new))
    content = (patch - XOR_HEADER) // (XOR_BLOCK + 4) * XOR_BLOCK
    return Figures(
        patch, "bytes", 1 - content / SIZE, f"the result as it is, {SIZE / 1000:.1f} KB",
        f"the ratio is what is saved, its headers not counted; with them {1 - patch / SIZE:.1%}",
    )  # fmt: skip


def _texts() -> tuple[bytes, bytes]:
    """The rules of a project, and the same with one more in the middle."""
    texts = [f"# {rule.id}\n{rule.body}".encode() for rule in long_rules(RULES + 1)]
    return b"".join(texts[:-1]), b"".join([*texts[: RULES // 2], texts[-1], *texts[RULES // 2 : -1]])


def _zstandard() -> tuple[Any, str]:
    try:
        import zstandard
    except ImportError:
        return None, "zstandard"
    version = ".".join(map(str, zstandard.ZSTD_VERSION))
    return zstandard, f"zstandard {zstandard.__version__} (zstd {version}), level 3, with the base as dictionary"


def _dictionary(zstd: Any, old: bytes) -> Any:
    return zstd.ZstdCompressionDict(old, dict_type=zstd.DICT_TYPE_RAWCONTENT)


def _delta(bench: Bench) -> Figures:
    _settle()
    old, new = _texts()
    zstd, name = _zstandard()
    note = f"a patch of {len(delta(old, new)):,} bytes"
    theirs: Work | None = None
    if zstd:
        theirs = lambda: zstd.ZstdCompressor(dict_data=_dictionary(zstd, old)).compress(new)  # noqa: E731 - or None
        note += f", and of {len(zstd.ZstdCompressor(dict_data=_dictionary(zstd, old)).compress(new)):,} bytes by zstd"
    return against(bench, ">=", lambda: delta(old, new), theirs, name, note=note)


def _delta_apply(bench: Bench) -> Figures:
    _settle()
    old, new = _texts()
    patch = delta(old, new)
    assert delta_apply(old, patch, len(new)) == new
    zstd, name = _zstandard()
    theirs: Work | None = None
    if zstd:
        packed = zstd.ZstdCompressor(dict_data=_dictionary(zstd, old)).compress(new)
        theirs = lambda: zstd.ZstdDecompressor(dict_data=_dictionary(zstd, old)).decompress(packed)  # noqa: E731
    return against(bench, ">=", lambda: delta_apply(old, patch, len(new)), theirs, name)


# Operations


def _headers(bench: Bench) -> Figures:
    rows = [(number % len(OPS) + 1, number & 255, b"x" * (number % 60)) for number in range(OPERATIONS)]

    def ours() -> bytes:
        writer = OpWriter()
        put = writer.put
        for op, flags, payload in rows:
            put(op, flags, payload)
        data = writer.bytes()
        following = OpReader(data).next
        while following() is not None:
            pass
        return data

    def theirs() -> bytes:
        pack, unpack = HEADER.pack, HEADER.unpack_from
        parts: list[bytes] = []
        for op, flags, payload in rows:
            parts += (pack(op, flags, 0, len(payload)), payload)
        data = b"".join(parts)
        at, end = 0, len(data)
        while at < end:
            op, flags, reserved, size = unpack(data, at)
            if not 1 <= op <= 10 or reserved or size > end - at - 8:
                raise ValueError(at)
            payload = data[at + 8 : at + 8 + size]
            at += 8 + size
        return data

    assert ours() == theirs()
    return against(
        bench, ">=", ours, theirs, f"the same by struct, with the same checks ({PYTHON})", per=OPERATIONS,
        note="written and read again",
    )  # fmt: skip


# The cache


def _keys() -> list[str]:
    return [f"standards/python-{number}" for number in range(KEYS)]


def _loop(get: Callable[[str], object], keys: list[str]) -> Work:
    def run() -> None:
        for key in keys:
            get(key)

    return run


def _hits(bench: Bench, *, better: Any, others: Callable[[list[str]], tuple[Work | None, str]]) -> Figures:
    """Every key once, all of them there; from Python, where a call alone costs as much as the look-up."""
    keys, cache = _keys(), HotCache(KEYS)
    for key in keys:
        cache.put(key, key)
    theirs, name = others(keys)
    found = against(bench, better, _loop(cache.get, keys), theirs, name, per=KEYS)
    assert cache.misses == 0 and cache.evictions == 0
    return found


def _dict(keys: list[str]) -> tuple[Work, str]:
    return _loop({key: key for key in keys}.get, keys), f"dict.get ({PYTHON})"


def _cachetools(keys: list[str]) -> tuple[Work | None, str]:
    try:
        import cachetools
    except ImportError:
        return None, "cachetools"
    cache: Any = cachetools.LRUCache(KEYS)
    cache.update({key: key for key in keys})

    def run() -> None:
        for key in keys:
            cache[key]

    return run, f"cachetools {cachetools.__version__}, LRUCache by [], faster than its get"


def _lru_dict(keys: list[str]) -> tuple[Work | None, str]:
    try:
        from importlib.metadata import version

        from lru import LRU
    except ImportError:
        return None, "lru-dict"
    cache: Any = LRU(KEYS)
    cache.update({key: key for key in keys})
    return _loop(cache.get, keys), f"lru-dict {version('lru-dict')}, an exact LRU in C"


_PATCHED = "100 KB, 5 % of the 64-byte blocks changed"

BENCHMARKS = (
    Benchmark("patch/xor", f"the XOR patch of {_PATCHED}", "<=", 12, 60, _xor),
    Benchmark("patch/xor-size", f"the XOR patch of {_PATCHED}", ">=", 0.95, 5, _xor_size),
    Benchmark("patch/xor-apply", f"the XOR patch of {_PATCHED}, applied", "<=", 6, 60, _xor_apply),
    Benchmark("patch/delta", "the COPY/ADD patch of 100 KB of rules, one more in the middle", ">=", None, 40, _delta),
    Benchmark("patch/delta-apply", "the same, applied", ">=", None, 40, _delta_apply),
    Benchmark("patch/headers", "1,000 operations", ">=", None, 40, _headers),
    Benchmark("cache/hit", "a hit of 100 entries", "<=", 1.7, 60, partial(_hits, better="<=", others=_dict)),
    Benchmark("cache/cachetools", "the same", ">=", 2, 60, partial(_hits, better=">=", others=_cachetools)),
    Benchmark("cache/lru-dict", "the same", ">=", None, 60, partial(_hits, better=">=", others=_lru_dict)),
)
