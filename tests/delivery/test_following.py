"""Clients that stay: every version that is published arrives, verified, whatever the server and the way to it do."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from trust.packs import making

from delivery.conftest import Bundle
from delivery.faulty import Shelf, serving
from driven.delivery.following import Arrived, Follower, Pace, Turn
from driven.delivery.wire import Patience
from driven.errors import DeliveryError, DrivenError
from driven.trust.signers import TrustStore

NAME = "acme-errors"
PACE = Pace(first=0.05, most=0.2, heartbeat=1.0, poll=0.1)
QUICK = Patience(connect=2.0, silence=2.0, whole=20.0)
GUARD = 30.0  # seconds: a test that hangs ends


class Client:
    """A follower, what arrived there, and what went wrong."""

    def __init__(
        self, url: str, key: Path, names: Iterable[str] = (NAME,), have: bytes | None = None, *, turns: bool = False
    ) -> None:  # fmt: skip
        self.arrived: list[Arrived] = []
        self.turns: list[Turn] = []
        self.wrong: list[DrivenError] = []
        self.follower = Follower(
            url, names, key=making.fingerprint(key), pace=PACE, patience=QUICK, arrived=self.take,
            have={NAME: have} if have is not None else None, told=self.wrong.append,
            turned=self.turns.append if turns else None,
        )  # fmt: skip

    async def take(self, one: Arrived) -> None:
        self.arrived.append(one)

    @property
    def versions(self) -> list[str]:
        return [one.checked.about.version for one in self.arrived]


@asynccontextmanager
async def running(*clients: Client):  # type: ignore[no-untyped-def]
    tasks = [asyncio.create_task(one.follower.run()) for one in clients]
    try:
        yield
    finally:
        for one in tasks:
            one.cancel()
        for one in tasks:
            with suppress(asyncio.CancelledError):
                await one


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(GUARD):
        while not holds():
            await asyncio.sleep(0.01)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 2 * GUARD))


def test_versions_arrive_as_they_are_published(shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle) -> None:
    async def story() -> None:
        client = Client(url, keys["ana"])
        async with running(client):
            await until(lambda: client.versions == ["1.0.0"])
            for number in (1, 2, 3):
                shelf.publish(NAME, f"1.{number}.0", bundle(f"1.{number}.0"))
                await until(lambda n=number: client.versions[-1] == f"1.{n}.0")
        assert [one.fetched.coding for one in client.arrived] == ["zstd", "dcz", "dcz", "dcz"]
        assert client.arrived[-1].fetched.data == bundle("1.3.0")
        assert client.arrived[-1].files["pack.toml"].startswith(b'name = "acme-errors"\nversion = "1.3.0"')
        assert client.wrong == []

    run(story)


def test_what_is_here_is_not_fetched(shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle) -> None:
    async def story() -> None:
        client = Client(url, keys["ana"], have=bundle("1.0.0"))
        async with running(client):
            await until(lambda: shelf.asked("/packs/"))
            shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
            await until(lambda: client.arrived)
        assert client.versions == ["1.1.0"]

    run(story)


@pytest.mark.parametrize("fault", ["cut", "error", "silent"])
def test_a_stream_that_breaks_is_asked_for_again(
    shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle, fault: str
) -> None:
    async def story() -> None:
        shelf.stream_faults = [fault]
        client = Client(url, keys["ana"], have=bundle("1.0.0"))
        async with running(client):
            await until(lambda: shelf.asked("/events"))
            shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
            await until(lambda: client.versions == ["1.1.0"])
            await until(lambda: client.follower.is_live)
            shelf.publish(NAME, "1.2.0", bundle("1.2.0"))
            await until(lambda: client.versions == ["1.1.0", "1.2.0"])

    run(story)


def test_without_a_stream_it_is_asked_every_while_and_the_stream_is_tried_on(
    shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle
) -> None:
    async def story() -> None:
        shelf.stream_faults = ["error"] * 12
        client = Client(url, keys["ana"], have=bundle("1.0.0"))
        async with running(client):
            await until(lambda: shelf.asked("/events?after="))
            shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
            await until(lambda: client.versions == ["1.1.0"])
            assert not client.follower.is_live
            await until(lambda: client.follower.is_live)
            shelf.publish(NAME, "1.2.0", bundle("1.2.0"))
            await until(lambda: client.versions == ["1.1.0", "1.2.0"])

    run(story)


def test_a_server_that_is_killed_and_comes_back(keys: dict[str, Path], bundle: Bundle, shelf: Shelf) -> None:
    async def story() -> None:
        with serving(shelf) as url:
            client = Client(url, keys["ana"])
            port = int(url.rpartition(":")[2])
            task = asyncio.create_task(client.follower.run())
            await until(lambda: client.versions == ["1.0.0"])
        shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
        await until(lambda: client.wrong)
        shelf.faults = ["cut"]
        with serving(shelf, port):
            await until(lambda: client.versions == ["1.0.0", "1.1.0"])
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert client.arrived[-1].fetched.data == bundle("1.1.0")

    run(story)


def test_a_stream_that_does_not_hold_is_told_once_and_so_is_that_it_holds_again(
    shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle
) -> None:
    async def story() -> None:
        shelf.stream_faults = ["silent"] * 6
        client = Client(url, keys["ana"], have=bundle("1.0.0"), turns=True)
        async with running(client):
            await until(lambda: client.follower.is_live)
            await until(lambda: client.turns and client.turns[-1].what == "back")
            shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
            await until(lambda: client.versions == ["1.1.0"])
        told = [one.what for one in client.turns]
        assert told[-1] == "back" and told.count("back") == 1 and "polling" in told, told
        assert all(one != two for one, two in itertools.pairwise(told)), told
        assert next(one.seconds for one in client.turns if one.what == "polling") == PACE.poll

    run(story)


def test_nothing_older_arrives(shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle) -> None:
    """Replayed as the newest, and as an event of its own; what is newer still does."""

    async def story() -> None:
        shelf.publish(NAME, "1.2.0", bundle("1.2.0"))
        client = Client(url, keys["ana"], have=bundle("1.2.0"))
        shelf.latest[NAME] = "1.0.0"
        async with running(client):
            await until(lambda: client.wrong)
            assert "offers `acme-errors 1.0.0`, and 1.2.0 is here" in client.wrong[0].message
            shelf.publish(NAME, "1.0.0", bundle("1.0.0"))
            shelf.latest.clear()
            shelf.publish(NAME, "1.3.0", bundle("1.3.0"))
            await until(lambda: client.arrived)
        assert client.versions == ["1.3.0"]

    run(story)


@pytest.mark.parametrize("wrong", ["key", "version", "nothing"])
def test_what_is_not_as_it_was_signed_never_arrives(
    shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle, wrong: str
) -> None:
    async def story() -> None:
        client = Client(url, keys["ana"], have=bundle("1.0.0"))
        async with running(client):
            await until(lambda: client.follower.is_live)
            data = {"key": bundle("1.1.0", key="eve"), "version": bundle("1.4.0"), "nothing": b"no bundle"}[wrong]
            shelf.codings = {"zstd"}
            shelf.publish(NAME, "1.1.0", data)
            await until(lambda: client.wrong)
            assert isinstance(client.wrong[0], DrivenError)
            asked = len(shelf.asked("/packs/"))
            shelf.publish(NAME, "1.1.0", data)
            shelf.publish(NAME, "1.5.0", bundle("1.5.0"))
            await until(lambda: client.arrived)
            assert len(shelf.asked("/packs/")) == asked + 1, "what was refused is not fetched again"
        assert client.versions == ["1.5.0"]
        assert client.wrong[0].exit_code == 6

    run(story)


def test_a_key_that_is_trusted_by_a_list(
    shelf: Shelf, url: str, keys: dict[str, Path], tmp_path: Path, bundle: Bundle
) -> None:
    from driven.trust.signer_lines import read_signers

    line = "ana@acme.example " + keys["ana"].with_suffix(".pub").read_text()
    store = TrustStore(signers=tuple(read_signers(line, "list")))

    async def story() -> None:
        (tmp_path / "kept").mkdir()
        good = Follower(url, store=store, folder=str(tmp_path / "kept"), pace=PACE, patience=QUICK)
        wrong: list[DrivenError] = []
        other = Follower(url, store=TrustStore(), pace=PACE, patience=QUICK, told=wrong.append)
        tasks = [asyncio.create_task(one.run()) for one in (good, other)]
        await until(lambda: good.versions and wrong)
        for one in tasks:
            one.cancel()
        assert good.versions == {NAME: "1.0.0"}
        assert os.listdir(tmp_path / "kept") == [f"{NAME}.pack"]
        assert (tmp_path / "kept" / f"{NAME}.pack").read_bytes() == bundle("1.0.0")
        assert "nobody who is trusted here" in wrong[0].message
        assert other.versions == {}

    run(story)


def test_a_refusal_from_the_beginning_is_an_error(shelf: Shelf, url: str, keys: dict[str, Path]) -> None:
    shelf.token = "s3cret"
    with pytest.raises(DeliveryError, match="wants a token"):
        asyncio.run(asyncio.wait_for(Client(url, keys["ana"]).follower.run(), GUARD))


def test_many_at_once_all_end_on_the_newest(shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle) -> None:
    async def story() -> None:
        clients = [Client(url, keys["ana"], have=bundle("1.0.0")) for _ in range(40)]
        async with running(*clients):
            await until(lambda: all(one.follower.is_live for one in clients))
            shelf.faults = ["none", "cut", "corrupt", "lie"] * 10
            shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
            await until(lambda: all(one.versions == ["1.1.0"] for one in clients))
        assert {one.arrived[0].fetched.data for one in clients} == {bundle("1.1.0")}

    run(story)


def test_a_disk_that_refuses_is_tried_again(
    shelf: Shelf, url: str, keys: dict[str, Path], bundle: Bundle, tmp_path: Path
) -> None:
    async def story() -> None:
        wrong: list[DrivenError] = []
        place = tmp_path / "kept"
        one = Follower(
            url, key=making.fingerprint(keys["ana"]), folder=str(place), pace=PACE, patience=QUICK, told=wrong.append
        )
        task = asyncio.create_task(one.run())
        await until(lambda: len(wrong) > 1)
        assert one.versions == {} and not task.done()
        place.mkdir()
        await until(lambda: one.versions)
        task.cancel()
        assert (place / f"{NAME}.pack").read_bytes() == bundle("1.0.0")

    run(story)
