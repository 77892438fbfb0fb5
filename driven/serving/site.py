"""What a running server has: its store, what it knows of it, who listens, and the tasks that keep these together."""

from __future__ import annotations

import asyncio
import contextlib
import time

from driven.errors import DrivenError
from driven.serving.bodies import Bodies
from driven.serving.catalogue import Catalogue
from driven.serving.figures import Figures
from driven.serving.store import MOST, Event, Version
from driven.serving.telling import HEARTBEAT, MOST_CLIENTS, Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from driven.serving.store import Store
    from driven.serving.tokens import Holder, Tokens

_AGAIN = 1.0  # seconds until a store that does not answer is asked again


class Site:
    """One server. `tokens`: None where everybody may read; `signers`: the path of a list of whose packs are taken, ""
    for everybody's; `hosts`: the names that a request may give, None for any; `tell`: what prints a line of the log, if
    there is one; `warn`: what prints a line that matters in any case."""

    def __init__(
        self, store: Store, *, tokens: Tokens | None = None, signers: str = "", clients: int = MOST_CLIENTS,
        hosts: frozenset[bytes] | None = None, tell: Callable[[str], None] | None = None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.store = store
        self.tokens = tokens
        self.signers = signers
        self.hosts = hosts
        self.tell = tell
        self.warn = warn
        self.catalogue = Catalogue()
        self.bodies = Bodies(store)
        self.figures = Figures()
        self.hub = Hub(clients, self._may_listen)
        self.began = time.time()
        self.trouble = ""  # why what is published could not be followed, when it was tried last
        self._tasks: list[asyncio.Task[None]] = []
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Open the store and read what it has. DrivenError where it cannot."""
        await self.store.open()
        self.catalogue.load(*await self.store.index())
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._beat())]

    async def stop(self) -> None:
        """End the streams, the tasks and the store."""
        self.hub.close()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        with contextlib.suppress(DrivenError):
            await self.store.close()

    async def catch_up(self) -> None:
        """Read what was published, here and elsewhere, and tell it."""
        async with self._reading:
            while fresh := await self.store.events(self.catalogue.last):
                if fresh[0].number <= self.catalogue.last:  # another log than before: all is read anew
                    self.catalogue.load(*await self.store.index())
                    return
                # Announced first: what an error cuts short here is told again, and nobody misses it.
                self.hub.announce(fresh)
                for one in fresh:
                    self.catalogue.tell(one)
                if len(fresh) < MOST:
                    return

    async def _follow(self) -> None:
        """Follow the store for as long as the server runs. Whatever goes wrong is told, here and by `/readyz`, and
        done again: a task that ended would leave everybody without word, and nobody would know."""
        while True:
            try:
                if not self.trouble:  # else there may be nothing new but what was not read then
                    await self.store.changed()
                await self.catch_up()
                self._well()
            except Exception as error:
                self._trouble(error)
                await asyncio.sleep(_AGAIN)

    def _trouble(self, error: Exception) -> None:
        if isinstance(error, DrivenError):
            why = f"the store does not answer: {error.message}"
        else:
            why = f"a fault of ours, the store is not followed: {type(error).__name__}: {str(error)[:200]!r}"
        before, self.trouble = self.trouble, why
        if why != before:
            self.warn(why)

    def _well(self) -> None:
        before, self.trouble = self.trouble, ""
        if before:
            self.warn("the store is followed again")

    def _may_listen(self, holder: Holder | None) -> bool:
        return self.tokens is None or (holder is not None and self.tokens.holds(holder))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                self.hub.beat()
            except Exception as error:  # the next one is tried all the same
                self.warn(f"a fault of ours, in a heartbeat: {type(error).__name__}: {str(error)[:200]!r}")

    async def history(self, after: int, upto: int, pack: str) -> list[Event]:
        """What was told after one number up to another, of `pack` or of all. Of very much only the last of each
        pack: nothing is missed by that, for who asks for a pack gets its latest."""
        known = self.catalogue.since(after)
        if known is not None:
            return [one for one in known if one.number <= upto and pack in ("", one.version.name)]
        if after > upto:
            after = 0  # of another log
        found: list[Event] = []
        while after < upto and (page := await self.store.events(after)):
            found += [one for one in page if one.number <= upto and pack in ("", one.version.name)]
            if len(found) > MOST:
                found = _last_of_each(found)
            if page[-1].number <= after:
                break
            after = page[-1].number
        return found

    def gauges(self) -> dict[str, tuple[str, float]]:
        """What is so at this moment, for the figures."""
        return {
            "driven_events_clients": ("clients that listen to events", len(self.hub.listeners)),
            "driven_cache_hits_total": ("bodies that were there", self.bodies.hits),
            "driven_cache_misses_total": ("bodies that were made", self.bodies.misses),
            "driven_cache_bytes": ("bytes of bodies that are kept", self.bodies.held),
            "driven_packs": ("packs", len(self.catalogue.packs)),
            "driven_versions": ("versions of packs", sum(map(len, self.catalogue.packs.values()))),
            "driven_last_event": ("the number of the last event", self.catalogue.last),
            "driven_start_time_seconds": ("when it began, in seconds since 1970", round(self.began, 3)),
        }


def _last_of_each(events: Iterable[Event]) -> list[Event]:
    found: dict[str, Event] = {}
    for one in events:
        found[one.version.name] = one
    return sorted(found.values(), key=lambda one: one.number)


def overview(one: Version) -> dict[str, object]:
    """A version as the list of all packs shows it."""
    return {key: value for key, value in one.to_json().items() if key != "published"}
