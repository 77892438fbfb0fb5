"""A signed pack in several versions, a server that has it, and a project: what the tests of deliveries share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trust.packs import making

from delivery.faulty import Shelf, serving
from driven.delivery.adding import bundle_at

Bundle = Callable[..., bytes]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("delivery-keys")
    return {name: making.new_key(folder, name) for name in ("ana", "eve")}


@pytest.fixture(scope="session")
def bundle(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """(version, key, more of pack.toml, more rules) -> the bundle of that pack, signed; the same each time."""
    made: dict[tuple[str, ...], bytes] = {}

    def make(version: str = "1.0.0", *, key: str = "ana", more: str = "", rule: str = "", large: bool = False) -> bytes:
        words = (version, key, more, rule, str(large))
        if words not in made:
            folder = making.pack(tmp_path_factory.mktemp("pack") / "acme-errors", version, more)
            (folder / "rules/errors.md").write_text(making.RULE + rule)
            for number in range(400 if large else 20):
                lines = "".join(f"- Name thing {number * 7919 * line % 9973} and {line}.\n" for line in range(1, 8))
                (folder / f"rules/more{number}.md").write_text(f"---\ndescription: More {number}\n---\n\n{lines}")
            making.sign(folder, keys[key])
            data = bundle_at(str(folder))
            assert data is not None
            made[words] = data
        return made[words]

    return make


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person without lists of keys, tokens and proxies, with a cache of their own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("DRIVEN_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shelf(bundle: Bundle) -> Shelf:
    made = Shelf()
    made.publish("acme-errors", "1.0.0", bundle("1.0.0"))
    return made


@pytest.fixture
def url(shelf: Shelf) -> Iterator[str]:
    with serving(shelf) as found:
        yield found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return making.project(tmp_path / "project")
