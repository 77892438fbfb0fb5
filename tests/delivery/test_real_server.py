"""The client against `driven serve` itself, as processes: what is published arrives, past a killed server too."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from trust.packs import making

from delivery.conftest import Bundle
from delivery.test_following import PACE, QUICK, Client, until
from driven.cli.app import main
from driven.delivery.coding import Have
from driven.delivery.following import Follower
from driven.delivery.server import RuleServer
from driven.project.pins import read_pins

pytest.importorskip("starlette")
NAME = "acme-errors"
DRIVEN = [sys.executable, "-P", "-m", "driven"]


@pytest.fixture
def store(tmp_path: Path, bundle: Bundle) -> Path:
    publish(tmp_path / "store", bundle("1.0.0"))
    return tmp_path / "store"


def publish(store: Path, data: bytes) -> None:
    file = store.parent / "to-publish.pack"
    file.write_bytes(data)
    assert main(["pack", "publish", str(file), "--to", str(store), "--quiet"]) == 0


@contextmanager
def process(*words: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A verb of ours that goes on, and prints lines of JSON."""
    with subprocess.Popen([*DRIVEN, *words, "--json"], stdout=subprocess.PIPE, text=True, cwd=cwd) as made:
        try:
            yield made
        finally:
            made.kill()


def said(one: subprocess.Popen[str]) -> dict[str, object]:
    assert one.stdout is not None
    line = one.stdout.readline()
    assert line, "it ended"
    found: dict[str, object] = json.loads(line)
    return found


@contextmanager
def served(store: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with process("serve", "--store", str(store), "--port", str(port)) as made:
        yield made, str(said(made)["url"])


def test_every_coding_of_the_real_server(store: Path, bundle: Bundle) -> None:
    old, new = bundle("1.0.0"), bundle("1.1.0", rule="- Log it.\n")
    publish(store, new)

    async def story(url: str) -> None:
        server = RuleServer(url, patience=QUICK)
        assert await server.names() == [NAME]
        assert [one.version for one in await server.versions(NAME)] == ["1.1.0", "1.0.0"]
        whole = await server.fetch(NAME)
        assert whole is not None and (whole.data, whole.version) == (new, "1.1.0")
        delta = await server.fetch(NAME, have=Have.of(old))
        assert delta is not None and delta.data == new and delta.coding in ("ops", "dcz")
        assert delta.moved < whole.moved < len(new)
        light = await RuleServer(url, patience=QUICK, light=True).fetch(NAME, have=Have.of(old))
        assert light is not None and (light.coding, light.data) == ("dcz", new)
        assert await server.fetch(NAME, have=Have.of(new)) is None
        assert (await server.get(NAME, "1.0.0")).data == old

    with served(store) as (_, url):
        asyncio.run(story(url))


def test_without_zstandard_the_real_server_sends_operations(
    store: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = bundle("1.1.0", rule="- Log it.\n")
    publish(store, new)
    monkeypatch.setattr("driven.delivery.coding._found", False)
    with served(store) as (_, url):
        found = asyncio.run(RuleServer(url, patience=QUICK).fetch(NAME, have=Have.of(bundle("1.0.0"))))
        assert found is not None and (found.coding, found.data) == ("ops", new)
        whole = asyncio.run(RuleServer(url, patience=QUICK).fetch(NAME))
        assert whole is not None and (whole.coding, whole.data) == ("identity", new)


def test_a_follower_takes_what_is_published(store: Path, root: Path, bundle: Bundle) -> None:
    with served(store) as (_, url):
        assert main(["--root", str(root), "add", NAME, "--from", url, "--yes", "--quiet"]) == 0
        with process("--root", str(root), "update", "--follow", "--yes") as follows:
            assert said(follows)["event"] == "following"
            publish(store, bundle("1.1.0"))
            told = said(follows)
            assert (told["event"], told["before"], told["version"]) == ("updated", "1.0.0", "1.1.0")
            assert read_pins(str(root))[NAME].version == "1.1.0"
            publish(store, bundle("1.2.0", more='[capabilities]\nFileRead = ["docs"]\n'))
            told = said(follows)
            assert (told["event"], told["version"], told["more"]) == ("published", "1.2.0", ["FileRead(docs)"])
            assert read_pins(str(root))[NAME].version == "1.1.0", "it wants more: somebody is asked"
            follows.send_signal(signal.SIGINT)
            assert follows.wait(timeout=30) == 0
        assert main(["--root", str(root), "sync", "--frozen", "--quiet"]) == 0


def test_a_follower_says_once_that_the_server_is_away_and_once_that_it_is_back(
    store: Path, root: Path, bundle: Bundle
) -> None:
    with served(store) as (first, url):
        assert main(["--root", str(root), "add", NAME, "--from", url, "--yes", "--quiet"]) == 0
        host = url.partition("//")[2]
        with process("--root", str(root), "update", "--follow") as follows:
            assert said(follows)["event"] == "following"
            for version in ("1.1.0", "1.2.0"):
                first.kill()
                first.wait()
                told = said(follows)
                assert (told["event"], told.get("server"), told.get("retry")) == ("away", host, 30.0), told
                assert "connection refused" in str(told["message"]).lower()
                publish(store, bundle(version))
                time.sleep(3.0)  # it is tried a few times, and not one of them is told
                again = subprocess.Popen(
                    [*DRIVEN, "serve", "--store", str(store), "--port", host.partition(":")[2], "--json"],
                    stdout=subprocess.PIPE, text=True,
                )  # fmt: skip
                try:
                    told = said(follows)
                    assert (told["event"], told["server"]) == ("back", host)
                    told = said(follows)
                    assert (told["event"], told["version"]) == ("published", version)
                finally:
                    first = again
            follows.send_signal(signal.SIGINT)
            assert follows.wait(timeout=30) == 0
            assert follows.stdout is not None and follows.stdout.read() == ""
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()


def test_a_follower_takes_nothing_over_what_was_changed_here(store: Path, root: Path, bundle: Bundle) -> None:
    with served(store) as (_, url):
        assert main(["--root", str(root), "add", NAME, "--from", url, "--yes", "--quiet"]) == 0
        rule = root / f".driven/packs/{NAME}/rules/errors.md"
        rule.write_text(rule.read_text() + "- What I wrote.\n")
        with process("--root", str(root), "update", "--follow", "--yes") as follows:
            assert said(follows)["event"] == "following"
            publish(store, bundle("1.1.0"))
            while (told := said(follows)).get("version") != "1.1.0":
                assert told["event"] == "published", told
            assert (told["event"], told["edited"]) == ("published", True)
        assert rule.read_text().endswith("- What I wrote.\n")
        assert read_pins(str(root))[NAME].version == "1.0.0"


def test_a_follower_takes_nothing_older_than_what_another_command_took(
    store: Path, root: Path, bundle: Bundle, tmp_path: Path
) -> None:
    publish(tmp_path / "another", bundle("1.3.0"))
    with served(store) as (_, url), served(tmp_path / "another") as (_, other):
        assert main(["--root", str(root), "add", NAME, "--from", url, "--yes", "--quiet"]) == 0
        with process("--root", str(root), "update", "--follow", "--yes") as follows:
            assert said(follows)["event"] == "following"
            assert main(["--root", str(root), "add", NAME, "--from", other, "--yes", "--quiet"]) == 0
            publish(store, bundle("1.1.0"))
            time.sleep(2.0)  # it comes, and nothing is said of it
            publish(store, bundle("1.4.0"))
            while (told := said(follows))["event"] != "updated":
                assert told["event"] != "published", told
            assert (told["before"], told["version"]) == ("1.3.0", "1.4.0"), "1.1.0 was passed over"


def test_a_server_that_is_killed_and_started_again(store: Path, bundle: Bundle, keys: dict[str, Path]) -> None:
    async def story() -> None:
        with served(store) as (first, url):
            clients = [Client(url, keys["ana"]) for _ in range(10)]
            tasks = [asyncio.create_task(one.follower.run()) for one in clients]
            await until(lambda: all(one.versions == ["1.0.0"] for one in clients))
            first.send_signal(signal.SIGKILL)
            first.wait()
        publish(store, bundle("1.1.0"))
        with served(store, int(url.rpartition(":")[2])):
            await until(lambda: all(one.versions == ["1.0.0", "1.1.0"] for one in clients))
            await until(lambda: all(one.follower.is_live for one in clients))
            publish(store, bundle("1.2.0"))
            await until(lambda: all(one.versions[-1] == "1.2.0" for one in clients))
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert {one.arrived[-1].fetched.data for one in clients} == {bundle("1.2.0")}

    asyncio.run(story())


def test_a_folder_of_bundles_is_kept(store: Path, bundle: Bundle, keys: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()

    async def story(url: str) -> None:
        one = Follower(
            url, key=making.fingerprint(keys["ana"]), folder=str(tmp_path / "kept"), pace=PACE, patience=QUICK
        )
        task = asyncio.create_task(one.run())
        await until(lambda: one.versions)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with served(store) as (_, url):
        asyncio.run(story(url))
    assert os.listdir(tmp_path / "kept") == [f"{NAME}.pack"]
    assert (tmp_path / "kept" / f"{NAME}.pack").read_bytes() == bundle("1.0.0")
