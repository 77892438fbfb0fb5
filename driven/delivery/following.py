"""Staying with a rule server: each version that it publishes is fetched, verified and handed on, one after the other.

The server's event stream tells of them; where it breaks off it is asked for again, from the last event that was whole,
after a pause that grows and that chance shortens, so that a thousand clients do not come back at once. Where no stream
holds (a proxy that keeps bytes back, a server that knows none), the same is asked for every few seconds, while the
stream is tried on. After each new beginning the newest versions are asked for: what was published in between is missed
by nobody.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress

from driven.delivery.checking import Checked, as_asked, check
from driven.delivery.coding import Have
from driven.delivery.events import EventReader, News, TooMuch, news, news_of
from driven.delivery.server import Fetched, RuleServer
from driven.delivery.wire import Cut, Patience, Unreachable
from driven.errors import DeliveryError, DiskError, DrivenError, SignatureError
from driven.frozen import field, frozen
from driven.trust.bundle import read_bundle
from driven.trust.pack import version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from typing import Literal

    from driven.trust.signers import TrustStore

_PATIENT = 8  # times that what a server refuses or sends wrongly is asked for; then the next version is waited for
_LAME = 2  # times that the stream fails one after the other before it is asked beside it


@frozen
class Pace:
    """Seconds. `first` and `most`: the pause before the stream is tried again; `heartbeat`: how long it may say nothing
    (a server does every 15); `poll`: between questions while there is no stream."""

    first: float = 0.5
    most: float = 30.0
    heartbeat: float = 45.0
    poll: float = 15.0


@frozen
class Arrived:
    """A version that is whole, of who it must be, and newer than the one before."""

    fetched: Fetched
    checked: Checked
    files: Mapping[str, bytes] = field(default_factory=dict, hash=False)


@frozen
class Turn:
    """How the server is followed from now on; said once, when it changes.

    what     "away": it cannot be, for `error`, and is tried again at most `seconds` apart; "polling": its stream does
             not hold, and what is new is asked for every `seconds`; "back": by its stream, after one of these
    """

    what: Literal["away", "polling", "back"]
    server: str
    seconds: float = 0.0
    error: DeliveryError | None = None


class Follower:
    """Follow packs of a server; all of them where none is named.

    A version is handed to `arrived`, and written to `folder` as `NAME.pack`. `key`: the fingerprint that must have
    signed each, `keys` for single packs; else `store` says who may. `have`: bundles that are here, by name: they are
    not fetched again, and the next version comes as the difference to them. `told` gets what goes wrong; where there is
    a `turned`, it gets that the server is away, and that it is back.
    """

    def __init__(
        self, url: str, names: Iterable[str] = (), *, arrived: Callable[[Arrived], Awaitable[None]] | None = None,
        folder: str = "", store: TrustStore | None = None, key: str = "", keys: Mapping[str, str] | None = None,
        have: Mapping[str, bytes] | None = None, token: str = "", patience: Patience | None = None,
        pace: Pace | None = None, told: Callable[[DrivenError], None] | None = None,
        turned: Callable[[Turn], None] | None = None,
    ) -> None:  # fmt: skip
        self.server = RuleServer(url, token=token, patience=patience, halves="", light=True)
        self.versions: dict[str, str] = {}  # name -> the version that is here
        self.last = ""  # the id of the last event
        self.is_live = False  # whether the stream holds
        self._names = frozenset(names)
        self._arrived = arrived
        self._folder = folder
        self._store = store
        self._key = key
        self._keys = keys or {}
        self._pace = pace or Pace()
        self._told = told
        self._turned = turned
        self._now = ""  # what was said last of how the server is followed; "" while its stream is
        self._here: dict[str, Have] = {}
        self._bad: set[str] = set()  # ETags that were refused, so that they are not fetched again and again
        self._wanted: dict[str, str] = {}  # name -> version, "" for the newest
        self._wake = asyncio.Event()
        self._lame = asyncio.Event()
        self._again = asyncio.Event()  # it answers beside the stream, which is worth a try at once
        for name, data in (have or {}).items():
            self._here[name] = Have.of(data)
            self.versions[name] = as_asked(read_bundle(data), name).version

    async def run(self) -> None:
        """Follow until this is cancelled. DeliveryError where the server refuses from the beginning."""
        tasks = [asyncio.create_task(one) for one in (self._listen(), self._fetch_all(), self._ask())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # What happens there

    async def _listen(self) -> None:
        failed = 0
        while True:
            try:
                await self._stream()
            except DeliveryError as error:
                refused = not isinstance(error, Unreachable) and "token" in error.message
                if refused and not self.last and not self.versions and not failed:
                    raise
                self._away(error)
            except (Cut, TooMuch):
                pass
            failed = 0 if self.is_live else failed + 1
            self.is_live = False
            if failed >= _LAME:
                self._lame.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause(failed)):
                    await self._again.wait()
            self._again.clear()

    def _pause(self, failed: int) -> float:
        """The whole of it is up to chance: who waits as long as the others comes with the others."""
        import random

        return random.uniform(0, min(self._pace.most, self._pace.first * 2 ** min(failed, 16)))

    async def _stream(self) -> None:
        path = f"/events?pack={next(iter(self._names))}" if len(self._names) == 1 else "/events"
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self.last:
            headers["Last-Event-ID"] = self.last
        reader = EventReader()
        async with self.server.client.get(path, headers) as answer:
            if answer.status != 200 or "event-stream" not in answer.headers.get("content-type", ""):
                raise await self.server.refused(answer)
            await self._catch_up()
            async for part in answer.parts(self._pace.heartbeat):
                self.is_live = True
                self._lame.clear()
                self._turn("", Turn(what="back", server=self.server.client.host))
                for kind, data in reader.feed(part):
                    if reader.last.isdecimal():
                        self.last = reader.last
                    if kind == "publish":
                        self._hear(news(data, reader.last))

    async def _ask(self) -> None:
        """Beside a stream that does not hold: what was published since the last event."""
        answers = 0
        while True:
            if not self._lame.is_set():
                answers = 0
            await self._lame.wait()
            try:
                said = await self.server.json(f"/events?after={self.last or 0}&poll=1")
                rows = said.get("events")
                for row in rows if isinstance(rows, list) else []:
                    self._hear(news_of(row))
                if isinstance(said.get("last"), int):
                    self.last = str(said["last"])
                answers += 1
                self._again.set()
                if answers > 1 and self._lame.is_set():  # the first may come before the stream could be tried
                    host = self.server.client.host
                    self._turn("polling", Turn(what="polling", server=host, seconds=self._pace.poll))
            except DeliveryError as error:
                self._away(error)
            await asyncio.sleep(self._pace.poll * (0.75 + self._pause(0) / self._pace.first / 2))

    async def _catch_up(self) -> None:
        """The newest of each, however little the stream says of it."""
        with suppress(DeliveryError):
            for name in self._names or await self.server.names():
                self._wanted.setdefault(name, "")
        self._wake.set()

    def _hear(self, one: News | None) -> None:
        if one is None or (self._names and one.name not in self._names) or one.etag in self._bad:
            return
        here = self.versions.get(one.name)
        if here is None or version_of(one.version) > version_of(here):
            self._wanted[one.name] = one.version
            self._wake.set()

    # What comes of it

    async def _fetch_all(self) -> None:
        failed = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                name = next(iter(self._wanted))
                version = self._wanted.pop(name)
                try:
                    await self._take(name, version)
                    failed = 0
                except (DeliveryError, DiskError) as error:
                    if isinstance(error, Unreachable):
                        self._away(error)
                    else:
                        self._tell(error)
                    failed += 1
                    if failed < _PATIENT or isinstance(error, (Unreachable, DiskError)):
                        self._wanted.setdefault(name, version)
                        await asyncio.sleep(self._pause(failed))
                except DrivenError as error:
                    self._tell(error)

    async def _take(self, name: str, version: str) -> None:
        have = self._here.get(name)
        found = await self.server.fetch(name, version or "latest", have)
        if found is None or found.etag in self._bad:
            return
        try:
            files = read_bundle(found.data)
            checked = check(
                files, name, version or found.version.removeprefix("latest"), at=int(time.time()), store=self._store,
                key=self._keys.get(name, self._key),
            )  # fmt: skip
            here = self.versions.get(name)
            if here is not None and version_of(checked.about.version) <= version_of(here):
                raise SignatureError(
                    f"`{self.server.client.host}` offers `{name} {checked.about.version}`, and {here} is here",
                    hint="an older version brings back what was put right since: ask whoever runs the server",
                )
        except DrivenError:
            self._bad.add(found.etag)
            raise
        if self._folder:
            _write(self._folder, name, found.data)  # no thread: to change to one takes as long as this does
        if self._arrived is not None:
            await self._arrived(Arrived(fetched=found, checked=checked, files=files))
        self._here[name] = Have.of(found.data, found.etag)
        self.versions[name] = checked.about.version

    def _away(self, error: DeliveryError) -> None:
        """Nobody answers, or what answers refuses: said once for each of the two."""
        if self._turned is None:
            self._tell(error)
            return
        host, most = self.server.client.host, self._pace.most
        self._turn(type(error).__name__, Turn(what="away", server=host, seconds=most, error=error))

    def _turn(self, now: str, turn: Turn) -> None:
        if now != self._now and self._turned is not None:
            self._turned(turn)
        self._now = now

    def _tell(self, error: DrivenError) -> None:
        if self._told is not None:
            self._told(error)


def _write(folder: str, name: str, data: bytes) -> None:
    """`NAME.pack`, whole at every moment. DiskError."""
    from driven.trust.beneath import root_handle, write_beneath

    here = root_handle(folder)
    try:
        write_beneath(here, f"{name}.pack", data, 0o644, durable=False)
    finally:
        os.close(here)
