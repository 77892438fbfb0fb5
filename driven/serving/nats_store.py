"""The store in NATS JetStream, which several servers share: bundles in an object store, versions in a key-value bucket,
what was published in a durable stream.

The order makes it safe to be interrupted anywhere, and to be done again: the bundle under its SHA-256, then the version
(created, never changed: of two publishers one wins), then the event (one for each version). Nobody sees a version
without its bundle, or an event without its version. Needs the extra `nats`; tried with nats-server 2.9.
https://docs.nats.io/nats-concepts/jetstream, verified 2026-11-22.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

from driven.errors import ConfigError, DrivenError, SourceError
from driven.serving.store import MOST, Event, Version, taken, version_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, TypeVar

    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.kv import KeyValue
    from nats.js.object_store import ObjectStore

    T = TypeVar("T")

BUCKET, INDEX, STREAM, SUBJECTS = "driven-packs", "driven-index", "driven-events", "driven.events"
PATIENCE = 30.0  # seconds that a publication waits for a NATS that went away
_FIRST = 5.0  # seconds that the first connection may take
_READING = 15.0  # seconds that a bundle may take
_LOOK = 2.0  # seconds between two looks at the stream, should a word of it be lost
_PAUSE = 0.3
_WRONG_LAST = (10071, 10164)  # "wrong last sequence": it is there already


class NatsStore:
    """JetStream as the store of a server."""

    reads_only = False

    def __init__(self, url: str, login: Mapping[str, str] | None = None) -> None:
        self.where = _without_password(url)
        self._url = url
        self._login = login or {}
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._index: KeyValue | None = None
        self._objects: ObjectStore | None = None
        self._word = asyncio.Event()
        self._wrong: Exception | None = None

    async def open(self) -> None:
        """Connect; make what is not there. DrivenError."""
        try:
            import nats
        except ImportError:
            raise ConfigError("`nats` is not installed", hint="pip install 'driven[nats]'") from None
        try:
            async with asyncio.timeout(_FIRST):
                self._client = await nats.connect(
                    self._url, name="driven", connect_timeout=3, max_reconnect_attempts=2, reconnect_time_wait=0.2,
                    ping_interval=10, max_outstanding_pings=2, error_cb=self._failed, reconnected_cb=self._heard,
                    **self._login,
                )  # fmt: skip
        except Exception as error:  # each of its layers has exceptions of its own
            raise self._told(self._wrong or error) from None
        self._client.options["max_reconnect_attempts"] = -1  # only now: the first time it says so
        self._js = self._client.jetstream(timeout=2)
        await self._asked(self._make)
        await self._client.subscribe(f"{SUBJECTS}.>", cb=self._heard)

    async def _make(self) -> None:
        from nats.js.api import KeyValueConfig, StreamConfig

        assert self._js is not None
        self._objects = await self._js.create_object_store(bucket=BUCKET)
        self._index = await self._js.create_key_value(config=KeyValueConfig(bucket=INDEX))
        await self._js.add_stream(StreamConfig(name=STREAM, subjects=[f"{SUBJECTS}.>"]))

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._client.close(), 3)

    async def check(self) -> None:
        """Ask for the stream."""
        await self._asked(self._last)

    async def index(self) -> tuple[list[Version], int]:
        """All values of the bucket; what was published before is in them."""

        async def read() -> tuple[list[Version], int]:
            assert self._index is not None
            last = await self._last()
            found = []
            watcher = await self._index.watchall(ignore_deletes=True)
            try:
                while (entry := await watcher.updates(timeout=5)) is not None:  # type: ignore[no-untyped-call]
                    found.append(_version(entry.value))
            finally:
                with contextlib.suppress(Exception):
                    await watcher.stop()  # type: ignore[no-untyped-call]
            return [one for one in found if one is not None], last

        return await self._asked(read)

    async def events(self, after: int, most: int = MOST) -> list[Event]:
        """The messages of the stream after that number."""

        async def read() -> list[Event]:
            from nats.js.errors import NotFoundError

            assert self._js is not None
            last = await self._last()
            found: list[Event] = []
            for number in range(after + 1 if after <= last else 1, last + 1):
                try:
                    one = _version((await self._js.get_msg(STREAM, seq=number)).data)
                except NotFoundError:
                    continue  # somebody took it out
                if one is not None:
                    found.append(Event(number, one))
                if len(found) == most:
                    break
            return found

        return await self._asked(read)

    async def _last(self) -> int:
        assert self._js is not None
        return int((await self._js.stream_info(STREAM)).state.last_seq)

    async def read(self, one: Version) -> bytes:
        """The bundle, by its SHA-256, which JetStream checks. Tried again where NATS went away meanwhile."""

        async def read() -> bytes:
            from nats.js.errors import NotFoundError

            assert self._objects is not None
            try:
                async with asyncio.timeout(_READING):
                    return bytes((await self._objects.get(one.sha256)).data or b"")
            except NotFoundError:
                raise SourceError(
                    f"the bundle of `{one.name}` {one.version} is gone", hint="publish that version again"
                ) from None

        data = await self._patiently(read)
        from hashlib import sha256

        if sha256(data).hexdigest() != one.sha256:
            raise SourceError(f"the bundle of `{one.name}` {one.version} is broken", hint="publish that version again")
        return data

    async def publish(self, one: Version, data: bytes) -> tuple[Version, bool]:
        """The object, the key, the event: whatever of these is there already is left as it is."""
        began = False

        async def step() -> tuple[Version, bool]:
            nonlocal began
            from nats.js.errors import KeyWrongLastSequenceError

            assert self._index is not None
            known = await self._known(one)
            new = known is None
            if known is not None and known.sha256 != one.sha256:
                raise taken(known)
            await self._object(one, data)
            if known is None:
                try:
                    began = True
                    await self._index.create(_key(one), json.dumps(one.to_json()).encode())
                except KeyWrongLastSequenceError:
                    known = await self._known(one)
                    if known is not None and known.sha256 != one.sha256:
                        raise taken(known) from None
                    new = False
            kept = known or one
            await self._event(kept)
            return kept, new or (began and kept == one)

        return await self._patiently(step)

    async def _known(self, one: Version) -> Version | None:
        from nats.js.errors import KeyNotFoundError

        assert self._index is not None
        try:
            return _version((await self._index.get(_key(one))).value)
        except KeyNotFoundError:
            return None

    async def _object(self, one: Version, data: bytes) -> None:
        from nats.js.errors import NotFoundError

        assert self._objects is not None
        try:
            if (await self._objects.get_info(one.sha256)).size == len(data):
                return
        except NotFoundError:
            pass
        await self._objects.put(one.sha256, data)

    async def _event(self, one: Version) -> None:
        from nats.js.errors import APIError

        assert self._js is not None
        try:
            await self._js.publish(
                f"{SUBJECTS}.{_key(one)}", json.dumps(one.to_json()).encode(), stream=STREAM,
                headers={"Nats-Expected-Last-Subject-Sequence": "0"},
            )  # fmt: skip
        except APIError as error:
            if error.err_code not in _WRONG_LAST:
                raise

    async def changed(self) -> None:
        """Until a message comes by, the connection is there again, or some time has passed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._word.wait(), _LOOK)
        self._word.clear()

    async def _heard(self, *_: Any) -> None:
        self._word.set()

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What NATS answers; a DrivenError where it does not."""
        try:
            return await ask()
        except DrivenError:
            raise
        except Exception as error:
            raise self._told(error) from None

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The same; NATS may go away and come again meanwhile."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._asked(ask)
            except _Silent:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_PAUSE)

    async def _failed(self, error: Exception) -> None:
        """What goes wrong in the background is seen where it is needed; of the first connection it is the reason."""
        self._wrong = error

    def _told(self, error: Exception) -> DrivenError:
        why = str(error).removeprefix("nats: ") or type(error).__name__
        if "uthorization" in why:
            return ConfigError(
                f"`{self.where}` does not let this server in: {why[:200]}",
                hint="--nats-login FILE says who it is: USER:PASSWORD or a token, on its first line",
            )
        hint = "is nats-server running there, with -js?"
        if isinstance(error, ConnectionError):  # it says why it lets nobody in, and closes: its word may be lost
            hint += " does it want to know who this is, by --nats-login FILE?"
        return _Silent(f"`{self.where}` does not answer: {why[:200]}", hint=hint)


class _Silent(DrivenError):
    """NATS does not answer now."""


def _key(one: Version) -> str:
    """Name and version as a key and a subject may have them: `.` parts words there, and `+` is none of theirs. No
    version has `_` or `=`."""
    return f"{one.name}.{one.version.replace('.', '_').replace('+', '=')}"


def _version(data: bytes | None) -> Version | None:
    """None for what somebody else wrote there."""
    try:
        return version_from(json.loads(data or b"null"), "a value in NATS")
    except (ValueError, RecursionError, SourceError):
        return None


def read_login(path: str) -> dict[str, str]:
    """Who this server is at NATS, by a file that nobody else can read: `USER:PASSWORD` on its first line, or a token.
    In the address it would stand in the list of processes. UsageError, PolicyError."""
    from driven.delivery.token import token_of

    word = token_of(path)
    user, colon, password = word.partition(":")
    return {"user": user, "password": password} if colon else {"token": word}


def _without_password(url: str) -> str:
    head, at, host = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{host}" if at else url
