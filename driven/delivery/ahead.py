"""The packs of a server that are likely wanted next: fetched into the cache while a person looks at this one.

Which they are is learned from what was brought after what, over commands (`driven.fusion.speculative`). Nothing of them
is put into a project: who asks for one gets it from the cache, and it is verified then as any other.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager

from driven.delivery.kept import Kept, content_of
from driven.delivery.server import RuleServer
from driven.fusion.speculative import SLOW, SpeculativeLoader, for_server
from driven.trust.bundle import read_bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from driven.delivery.origin import Origin


class Ahead:
    """Around a command that brings packs of one origin. `waits`: whether a person will look at them, which is the time
    that there is; without it only what was asked for is learned. Does nothing where the origin is no server, nor
    `offline`."""

    def __init__(
        self, one: Origin, token: str = "", *, waits: bool, offline: bool = False, slow: float = SLOW
    ) -> None:  # fmt: skip
        self._url = one.url
        self._token = token
        self.loader: SpeculativeLoader | None = None
        if one.kind == "server" and not offline:
            self.loader = for_server(self._load, one.url, slow=slow if waits else float("inf"))

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        if self.loader is not None:
            self.loader.close()

    @contextmanager
    def bringing(self, name: str) -> Iterator[None]:
        """Around the bringing of `name`; what is likely to follow is fetched from its end on."""
        began = time.perf_counter()
        yield
        if self.loader is not None:
            self.loader.loaded(name, time.perf_counter() - began)

    def _load(self, name: str) -> bytes:
        kept = Kept()
        found = asyncio.run(RuleServer(self._url, token=self._token, kept=kept).get(name))
        if found.moved:
            kept.put(found.data, content_of(read_bundle(found.data)), f"{name} {found.version}")
        return found.data
