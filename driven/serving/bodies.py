"""The bytes of answers: bundles as they are, by zstd, by zstd with the client's version as dictionary, as operations.

Each is made once, in a thread, and kept while there is room: `BUDGET` bytes of those that were asked for last. What is
being sent is shared by all who ask for it, whether there is room or not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from weakref import WeakValueDictionary

from driven.errors import DrivenError
from driven.serving.store import Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from driven.serving.store import Store

Coding: TypeAlias = 'Literal["identity", "zstd", "dcz", "ops"]'
BUDGET = 32 << 20  # bytes
MOST_OPS = 4 << 20  # bytes of a bundle: to compare larger ones holds up everybody else, and dcz serves them as well
_AT_ONCE = 2  # bodies that are made at the same time


class Body:
    """The bytes of one answer, and their SHA-256."""

    __slots__ = ("__weakref__", "data", "sha256")

    def __init__(self, data: bytes) -> None:
        from hashlib import sha256

        self.data = data
        self.sha256 = sha256(data).digest()


class Bodies:
    """The answers of one server."""

    def __init__(self, store: Store, budget: int = BUDGET) -> None:
        self.hits = self.misses = self.held = 0
        self._store = store
        self._budget = budget
        self._kept: OrderedDict[tuple[str, ...], Body] = OrderedDict()
        self._alive: WeakValueDictionary[tuple[str, ...], Body] = WeakValueDictionary()
        self._making: dict[tuple[str, ...], asyncio.Task[Body]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def get(self, one: Version, coding: Coding, base: Version | None = None) -> Body:
        """The body of a version in that coding; `base`: the client's version, for `dcz` and `ops`. SourceError where
        the store cannot give it."""
        key = (one.sha256, coding, base.sha256 if base is not None else "")
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        else:
            found = self._alive.get(key)
        if found is not None:
            self.hits += 1
            return found
        task = self._making.get(key)
        if task is None:
            self.misses += 1
            task = self._making[key] = asyncio.create_task(self._make(key, one, coding, base))
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    def _made(self, key: tuple[str, ...], done: asyncio.Task[Body]) -> None:
        self._making.pop(key, None)
        if not done.cancelled():
            done.exception()  # it was raised where it was waited for

    async def _make(self, key: tuple[str, ...], one: Version, coding: Coding, base: Version | None) -> Body:
        if coding == "identity":
            data = await self._store.read(one)
            body = await asyncio.to_thread(Body, data)
        else:
            new = (await self.get(one, "identity")).data
            old = (await self.get(base, "identity")).data if base is not None else b""
            async with self._room:
                body = await asyncio.to_thread(_coded, coding, old, new)
        self._keep(key, body)
        return body

    def _keep(self, key: tuple[str, ...], body: Body) -> None:
        self._alive[key] = body
        if len(body.data) > self._budget // 4:
            return
        self._kept[key] = body
        self.held += len(body.data)
        while self.held > self._budget:
            self.held -= len(self._kept.popitem(last=False)[1].data)


def _coded(coding: Coding, old: bytes, new: bytes) -> Body:
    from driven.streaming.dictionary import compress, encode

    if coding == "zstd":
        return Body(encode(new, level=level(len(new))))
    if coding == "dcz":
        return Body(compress(new, old, level=level(len(new))))
    return Body(_ops(old, new))


def level(size: int) -> int:
    """How hard to press: each body is made once, and sent to many."""
    return 19 if size <= 1 << 20 else 9 if size <= 8 << 20 else 3


def _ops(old: bytes, new: bytes) -> bytes:
    """The operations that lead from one bundle to the other; nothing where they cannot be told."""
    from driven.streaming.operations import diff
    from driven.streaming.release import release_of
    from driven.trust.bundle import read_bundle

    try:
        return diff(release_of(read_bundle(old)), release_of(read_bundle(new)))
    except DrivenError:
        return b""
