"""Packs and servers that tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from trust.packs import making

from driven.serving.packaging import Built
from serving.tools import Nats, Server, built, serving, token_of


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key that ssh-keygen made."""
    return making.new_key(tmp_path_factory.mktemp("signer"))


@pytest.fixture(scope="session")
def packs(tmp_path_factory: pytest.TempPathFactory, key: Path) -> dict[str, Built]:
    """Three versions of one pack, and another content of the first."""
    top = tmp_path_factory.mktemp("packs")
    text = "# Rule\n\n" + "".join(
        f"- Number {n}: name the file, the line and the value that was read.\n" for n in range(400)
    )
    return {
        "1.0.0": built(top / "one", key, "1.0.0", text),
        "1.1.0": built(top / "two", key, "1.1.0", text.replace("Number 7:", "Number seven:")),
        "1.2.0": built(top / "three", key, "1.2.0", text + "- And one more.\n"),
        "other": built(top / "other", key, "1.0.0", "Something else.\n"),
    }


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tokens: of ana, who publishes, and of ben, who reads."""
    folder = tmp_path_factory.mktemp("place")
    for name in ("ana", "ben"):
        (folder / f"{name}.token").touch(0o600)
        (folder / f"{name}.token").write_text(token_of(folder, name, publish=name == "ana"))
    return folder


@pytest.fixture(scope="module")
def server(place: Path, packs: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with tokens that has 1.0.0 and 1.1.0; who asks is ana."""
    store = tmp_path_factory.mktemp("store")
    token = (place / "ana.token").read_text()
    with serving(place, "--store", str(store), "--tokens", "tokens.txt", token=token) as one:
        for version in ("1.0.0", "1.1.0"):
            assert one.put(packs[version]).status == 201
        yield one


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    """A nats-server that runs."""
    one = Nats(tmp_path / "jetstream")
    one.start()
    yield one
    one.kill()
