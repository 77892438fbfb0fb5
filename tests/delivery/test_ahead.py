"""What is likely to follow a pack is in the cache before somebody asks for it, where a person looks meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from delivery.faulty import Shelf
from driven.delivery.adding import bring
from driven.delivery.ahead import Ahead
from driven.delivery.kept import Kept
from driven.delivery.origin import origin
from driven.fusion.caches import contents

SECOND = "acme-tests"


@pytest.fixture
def follows(shelf: Shelf, bundle: Callable[..., bytes]) -> str:
    """The SHA-256 of a second pack on the same server."""
    data = bundle("1.1.0")
    shelf.publish(SECOND, "1.1.0", data)
    return sha256(data).hexdigest()


def brought(url: str, *names: str, waits: bool = False, slow: float = 0.0) -> None:
    """Commands that bring these, one after the other."""
    for name in names:
        with Ahead(origin(url), waits=waits, slow=slow) as ahead, ahead.bringing(name):
            pass


def is_there(digest: str) -> bool:
    end = time.monotonic() + 20
    while Kept().bundle(digest) is None:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_what_follows_is_fetched_while_somebody_looks(url: str, follows: str, root: Path, tmp_path: Path) -> None:
    brought(url, "acme-errors", SECOND)
    assert Kept().bundle(follows) is None
    (tmp_path / "top").mkdir()
    with Ahead(origin(url), waits=True, slow=0.0) as ahead:
        with ahead.bringing("acme-errors"):
            came = bring(str(root), "acme-errors", "", origin(url), str(tmp_path / "top"))
        assert came.moved > 0 and is_there(follows)


def test_where_nobody_looks_it_is_only_learned(url: str, follows: str) -> None:
    brought(url, "acme-errors", SECOND, "acme-errors", SECOND, "acme-errors")
    with Ahead(origin(url), waits=False, slow=0.0) as ahead:
        assert ahead.loader is not None and not ahead.loader.is_on and ahead.loader.likely("acme-errors") == [SECOND]
    assert Kept().bundle(follows) is None


def test_what_fails_is_not_learned_and_tells_nobody(url: str, shelf: Shelf) -> None:
    brought(url, "acme-errors", "gone", "acme-errors", "gone")
    with Ahead(origin(url), waits=True, slow=0.0) as ahead:
        with pytest.raises(KeyError), ahead.bringing("broken"):
            raise KeyError
        with ahead.bringing("acme-errors"):
            pass
        assert ahead.loader is not None
        end = time.monotonic() + 20
        while not ahead.loader.counts.failed:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert ahead.loader.likely("gone") == ["acme-errors"] and ahead.loader.likely("broken") == []


@pytest.mark.parametrize(
    ("text", "offline"),
    [("../acme", False), ("git+https://git.example/acme.git#main", False), ("https://rules.example", True)],
)
def test_from_elsewhere_and_offline_nothing_is_learned(text: str, offline: bool) -> None:
    with Ahead(origin(text), waits=True, offline=offline, slow=0.0) as ahead, ahead.bringing("acme-errors"):
        pass
    assert ahead.loader is None and contents(["prefetch"])[0].files == ()
