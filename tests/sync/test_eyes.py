"""What looks at folders: everything that may matter is seen, by one thread however many folders there are."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.watching import eventually

from driven.sync.events import Polling
from driven.sync.eyes import Eyes, Observed, Polled, Seen, best_eyes
from driven.sync.folders import wanted
from driven.sync.observing import Observing

Sight = tuple[Eyes, set[tuple[str, str]]]
MAKERS: dict[str, Callable[[Seen], Eyes]] = {
    "best": best_eyes,  # inotify, on Linux
    "polled": lambda seen: Polled(seen, 0.05),
    "observed": Observed,
}


@pytest.fixture(params=MAKERS)
def sight(request: pytest.FixtureRequest) -> Iterator[Sight]:
    """Eyes, and what they have seen: folder, name."""
    seen: set[tuple[str, str]] = set()
    eyes = MAKERS[request.param](lambda folder, name, _: seen.add((folder, name)))
    yield eyes, seen
    eyes.close()


def test_whatever_happens_in_a_folder_is_seen(sight: Sight, tmp_path: Path) -> None:
    eyes, seen = sight
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    file, new = here / "file", here / "new"
    file.write_text("one")
    eyes.add(str(here))
    deeds: list[tuple[Callable[[], object], str]] = [
        (lambda: file.write_text("two words"), "file"),
        (lambda: file.chmod(0o600), "file"),
        (new.mkdir, "new"),
        (lambda: file.rename(there / "file"), "file"),  # as half a rename: the other half is elsewhere
        (lambda: (there / "file").rename(file), "file"),
        (lambda: file.rename(here / "other"), "other"),
        (new.rmdir, "new"),
        (lambda: (here / "other").unlink(), "other"),
    ]
    for deed, name in deeds:
        seen.clear()
        deed()
        eventually(lambda: (str(here), name) in seen, f"{name} is not seen")  # noqa: B023
    seen.clear()
    (there / "nobody").touch()
    (here / "end").touch()
    eventually(lambda: (str(here), "end") in seen)
    assert all(folder == str(here) for folder, _ in seen)


def test_a_folder_that_is_looked_at_no_longer_is_not_seen(sight: Sight, tmp_path: Path) -> None:
    eyes, seen = sight
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        eyes.add(str(folder))
    assert eyes.stands(str(one)) and eyes.stands(str(two))
    eyes.remove(str(one))
    assert not eyes.stands(str(one))
    (one / "file").touch(), (two / "file").touch()
    eventually(lambda: (str(two), "file") in seen)
    assert (str(one), "file") not in seen


def test_a_folder_that_is_made_anew_is_looked_at_again(tmp_path: Path) -> None:
    changed: list[str] = []
    told: list[Polling] = []
    rules = tmp_path / ".driven/rules"
    observing = Observing(changed.append, told.append)
    try:
        for turn in range(3):
            rules.mkdir(parents=True)
            eventually(lambda: observing.arm(wanted(str(tmp_path), ())) and len(observing) == 3)
            (rules / f"{turn}.md").touch()
            eventually(lambda: f".driven/rules/{turn}.md" in changed)  # noqa: B023
            (rules / f"{turn}.md").unlink(), rules.rmdir(), rules.parent.rmdir()
            eventually(lambda: ".driven" in changed)
            changed.clear()
            observing.arm(wanted(str(tmp_path), ()))
    finally:
        observing.close()
    assert not told and not logging.getLogger("watchdog").handlers


@pytest.mark.parametrize(
    "poll", [pytest.param(False, marks=pytest.mark.skipif(sys.platform != "linux", reason="")), True]
)
def test_many_folders_take_one_thread(tmp_path: Path, poll: bool) -> None:
    for number in range(300):
        (tmp_path / f".driven/rules/{number}").mkdir(parents=True)
    before = set(threading.enumerate())  # one of an earlier test may end meanwhile
    changed: list[str] = []
    observing = Observing(changed.append, lambda _: None, poll=poll)
    try:
        assert observing.arm(wanted(str(tmp_path), ()))
        assert len(observing) == 303
        assert len(set(threading.enumerate()) - before) == 1
        (tmp_path / ".driven/rules/299/rule.md").touch()
        eventually(lambda: ".driven/rules/299/rule.md" in changed)
    finally:
        observing.close()


def test_what_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        closed = tmp_path / ".driven/rules/gone"  # to root everything is open: here it is a link in a circle
        closed.parent.mkdir(parents=True)
        closed.symlink_to("gone")
    else:
        closed = tmp_path / ".driven/rules/closed"
        closed.mkdir(parents=True)
        closed.chmod(0)
    observing = Observing(lambda _: None, lambda _: None)
    try:
        assert observing.arm(wanted(str(tmp_path), ()))
        assert len(observing) == 3 and not observing.polling
    finally:
        observing.close()
