"""What every store must do, on both: a folder, and a real nats-server."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from driven.errors import ConflictError, SourceError
from driven.frozen import replace
from driven.serving.folder import LOG, Folder, FolderStore
from driven.serving.nats_store import BUCKET, NatsStore
from driven.serving.packaging import Built
from driven.serving.store import Event, Version
from serving.tools import Nats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.serving.store import Store

Make = Callable[[], "Store"]


@pytest.fixture(params=["folder", "nats"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """What opens one store, as often as it is called."""
    if request.param == "folder":
        return lambda: FolderStore(os.fspath(tmp_path / "store"))
    nats: Nats = request.getfixturevalue("nats")
    return lambda: NatsStore(nats.url)


@contextlib.asynccontextmanager
async def opened(make: Make) -> AsyncIterator[Store]:
    store = make()
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


def told(events: list[Event]) -> list[tuple[int, str]]:
    return [(one.number, one.version.version) for one in events]


def test_what_is_published_is_there_and_told(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        async with opened(make) as store:
            assert await store.index() == ([], 0) and await store.events(0) == []
            for version in ("1.0.0", "1.1.0"):
                assert await store.publish(packs[version].version, packs[version].data) == (
                    packs[version].version,
                    True,
                )
            versions, last = await store.index()
            assert {one.version for one in versions} == {"1.0.0", "1.1.0"} and last == 2
            assert told(await store.events(0)) == [(1, "1.0.0"), (2, "1.1.0")]
            assert told(await store.events(1)) == [(2, "1.1.0")] and await store.events(2) == []
            assert told(await store.events(0, 1)) == [(1, "1.0.0")]
            for version in ("1.0.0", "1.1.0"):
                assert await store.read(packs[version].version) == packs[version].data
            await store.check()

    run(work())


def test_a_version_never_changes(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        async with opened(make) as store:
            first = packs["1.0.0"]
            await store.publish(first.version, first.data)
            later = replace(first.version, published="2031-01-01T00:00:00Z")
            assert await store.publish(later, first.data) == (first.version, False)
            with pytest.raises(ConflictError, match="another content") as caught:
                await store.publish(packs["other"].version, packs["other"].data)
            assert "version" in caught.value.hint
            assert await store.read(first.version) == first.data
            assert told(await store.events(0)) == [(1, "1.0.0")]

    run(work())


def test_of_two_that_publish_at_once_one_wins(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        async with opened(make) as one, opened(make) as two:
            contents = [packs["1.0.0"], packs["other"]]
            done = await asyncio.gather(
                *(store.publish(made.version, made.data) for store, made in zip((one, two), contents, strict=True)),
                return_exceptions=True,
            )
            assert sorted(isinstance(each, ConflictError) for each in done) == [False, True], done
            ((kept,), _) = await one.index()
            assert await two.read(kept) in [made.data for made in contents]
            assert kept.sha256 in [made.version.sha256 for made in contents]
            assert told(await two.events(0)) == [(1, "1.0.0")]
            same = await asyncio.gather(*(s.publish(packs["1.1.0"].version, packs["1.1.0"].data) for s in (one, two)))
            assert {version.version for version, _ in same} == {"1.1.0"}
            assert told(await one.events(0)) == [(1, "1.0.0"), (2, "1.1.0")]

    run(work())


def test_one_process_hears_what_another_publishes(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        async with opened(make) as one, opened(make) as two:

            async def heard() -> list[Event]:
                while not (found := await two.events(0)):
                    await two.changed()
                return found

            listening = asyncio.create_task(heard())
            await asyncio.sleep(0.05)
            await one.publish(packs["1.0.0"].version, packs["1.0.0"].data)
            assert told(await listening) == [(1, "1.0.0")]
            assert await two.read(packs["1.0.0"].version) == packs["1.0.0"].data

    run(work())


def test_numbers_go_on_where_they_were(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        async with opened(make) as store:
            await store.publish(packs["1.0.0"].version, packs["1.0.0"].data)
        async with opened(make) as store:
            await store.publish(packs["1.1.0"].version, packs["1.1.0"].data)
            assert told(await store.events(1)) == [(2, "1.1.0")] and (await store.index())[1] == 2
            assert told(await store.events(99)) == [(1, "1.0.0"), (2, "1.1.0")], "a number of another store"

    run(work())


def test_a_bundle_that_is_gone_is_an_error(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        async with opened(make) as store:
            with pytest.raises(SourceError):
                await store.read(packs["1.0.0"].version)

    run(work())


def test_a_version_of_any_spelling_has_its_own_place(make: Make, packs: dict[str, Built]) -> None:
    async def work() -> None:
        data = packs["1.0.0"].data
        spellings = ["1.0", "1.0.0", "1.0.0+a", "1.0.0-a", "1..0", "1.0.0rc1", "10.0"]
        async with opened(make) as store:
            for one in spellings:
                await store.publish(replace(packs["1.0.0"].version, version=one), data)
            assert sorted(one.version for one in (await store.index())[0]) == sorted(spellings)

    run(work())


def test_a_publication_that_was_cut_in_two_is_finished_by_the_next(tmp_path: Path, packs: dict[str, Built]) -> None:
    """The file is there, its line is not: nobody was told, so it may be another one as well."""
    folder = Folder(os.fspath(tmp_path))
    place = tmp_path / "acme-errors/1.0.0.pack"
    place.parent.mkdir()
    place.write_bytes(packs["other"].data)
    folder.make()
    assert folder.refresh() == []
    assert folder.publish(packs["1.0.0"].version, packs["1.0.0"].data) == (packs["1.0.0"].version, True)
    assert place.read_bytes() == packs["1.0.0"].data


@pytest.mark.parametrize("left", [b"{", b'{"number": 2, "name": "acme', b"\x00\xff", b"null\n[]\n{}\n\xff\n"])
def test_what_a_crash_left_in_the_log_harms_nothing(left: bytes, tmp_path: Path, packs: dict[str, Built]) -> None:
    first, second = (Folder(os.fspath(tmp_path)) for _ in range(2))
    first.publish(packs["1.0.0"].version, packs["1.0.0"].data)
    second.refresh()
    with (tmp_path / LOG).open("ab") as log:
        log.write(left)
    assert second.refresh() == []
    assert first.publish(packs["1.1.0"].version, packs["1.1.0"].data)[1]
    assert told(second.refresh()) == [(2, "1.1.0")]
    fresh = Folder(os.fspath(tmp_path))
    assert told(fresh.refresh()) == [(1, "1.0.0"), (2, "1.1.0")]


def test_a_bundle_that_was_changed_on_the_disk_is_never_handed_out(tmp_path: Path, packs: dict[str, Built]) -> None:
    folder = Folder(os.fspath(tmp_path))
    folder.publish(packs["1.0.0"].version, packs["1.0.0"].data)
    place = Path(folder.file(packs["1.0.0"].version))
    place.write_bytes(place.read_bytes().replace(b"line", b"fine"))
    with pytest.raises(SourceError, match="not what was published"):
        folder.read(packs["1.0.0"].version)


def test_a_publication_into_nats_goes_on_from_where_it_was_cut(nats: Nats, packs: dict[str, Built]) -> None:
    """An object without its version, a version without its event: each is left by a server that was killed."""

    async def work() -> None:
        import nats as client

        first, second = packs["1.0.0"], packs["1.1.0"]
        async with opened(lambda: NatsStore(nats.url)) as store:
            assert isinstance(store, NatsStore)
            await store._object(first.version, first.data)
            assert await store.index() == ([], 0)
            assert await store.publish(first.version, first.data) == (first.version, True)
            await store._object(second.version, second.data)
            assert store._index is not None
            import json

            await store._index.create("acme-errors.1_1_0", json.dumps(second.version.to_json()).encode())
            assert told(await store.events(0)) == [(1, "1.0.0")]
            await store.publish(second.version, second.data)
            assert told(await store.events(0)) == [(1, "1.0.0"), (2, "1.1.0")]
        plain = await client.connect(nats.url)  # and another program sees what it expects to see
        bucket = await plain.jetstream().object_store(BUCKET)
        assert (await bucket.get(first.version.sha256)).data == first.data
        await plain.close()

    run(work())


@pytest.mark.parametrize("value", [None, [], {}, {"name": "a"}, {"name": "../x", "version": "1"}, {"name": 1}])
def test_what_is_no_version_is_refused(value: Any) -> None:
    from driven.serving.store import version_from

    with pytest.raises(SourceError):
        version_from(value, "it")


def test_the_latest_is_the_highest_finished_one() -> None:
    def one(version: str, published: str = "2026-01-01T00:00:00Z") -> Version:
        return Version(name="a", version=version, etag="b3-0", sha256="0", size=1, published=published)

    made = [one("1.10.0"), one("1.9.0", "2027-01-01T00:00:00Z"), one("2.0.0rc1"), one("2.0.0"), one("1.2")]
    made.sort(key=lambda each: each.order)
    assert [each.version for each in made] == ["1.2", "1.9.0", "1.10.0", "2.0.0rc1", "2.0.0"]
