"""A file that a person saves at the very moment it is to be written: no word of it, unless it never ends."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.watching import eventually, make_project, says, text

from driven.project.disk import CHANGED
from driven.sync import Cured, Event, Problem, Synced, Watch
from driven.sync.loop import PATIENT

CURSOR, RULE, CLAUDE = ".cursor/rules/rule-1.mdc", ".driven/rules/rule-1.md", ".claude/rules/rule-1.md"


class Met(Watch):
    """A watch; `meanwhile` is called when a sync knows what it will write and has written nothing yet."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def _progress(self, what: str, done: int, total: int) -> None:
        if what == "writing":
            self.meanwhile()
        super()._progress(what, done, total)


@contextmanager
def met(root: Path) -> Iterator[tuple[Met, list[Event]]]:
    config = root / ".driven/config.toml"
    config.write_text(config.read_text().replace("one-way", "two-way"))
    told: list[Event] = []
    watch = Met(str(root), told.append)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        eventually(lambda: any(isinstance(event, Synced) for event in told) and (root / CURSOR).exists())
        yield watch, told
    finally:
        watch.stop()
        thread.join(20)
    assert not thread.is_alive()


def test_one_save_in_the_middle_is_no_problem(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with met(root) as (watch, told):
        saves = 0

        def save() -> None:
            nonlocal saves
            saves += 1
            if saves == 1:
                (root / CURSOR).write_text((root / CURSOR).read_text() + "\nTyped by hand.\n")

        watch.meanwhile = save
        (root / RULE).write_text("# Rule 1\n\nSaid before.\n\nDo this.\n")
        for path in (RULE, CURSOR, CLAUDE):
            eventually(says(root / path, "Typed by hand."), path)
            eventually(says(root / path, "Said before."), path)
    assert saves >= 2
    assert [event for event in told if isinstance(event, Problem | Cured)] == []
    for event in told:
        if isinstance(event, Synced):
            assert CHANGED not in repr(event.report)


def test_a_folder_removed_in_the_middle_is_no_problem(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with met(root) as (watch, told):
        removed = 0

        def remove() -> None:
            nonlocal removed
            removed += 1
            if removed == 1:
                shutil.rmtree(root / ".claude")

        watch.meanwhile = remove
        (root / RULE).write_text(text(1, "Changed."))
        for path in (CURSOR, CLAUDE):
            eventually(says(root / path, "Changed."), path)
    assert removed >= 2
    assert [event for event in told if isinstance(event, Problem | Cured)] == []


def test_saves_without_an_end_are_told_and_cured(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with met(root) as (watch, told):
        saves = 0

        def save() -> None:
            nonlocal saves
            saves += 1
            atomic(root / CLAUDE)

        watch.meanwhile = save
        (root / RULE).write_text(text(1, "Changed."))
        eventually(lambda: any(isinstance(event, Problem) for event in told))
        assert saves == PATIENT
        watch.meanwhile = lambda: None
        eventually(lambda: any(isinstance(event, Cured) for event in told))  # by itself, after a second
        eventually(says(root / CLAUDE, "Changed."))
    found = [event.diagnostic for event in told if isinstance(event, Problem)]
    assert [(one.code, one.span.path) for one in found] == [("DSK01", CLAUDE)] and CHANGED in found[0].message


def atomic(path: Path) -> None:
    """Save what stands there once more, as a new file."""
    beside = path.with_suffix(".new")
    beside.write_bytes(path.read_bytes())
    beside.replace(path)


def test_git_that_begins_while_a_sync_reads_is_waited_for(tmp_path: Path) -> None:
    """Nothing is written then, and nothing that was wrong is said to be cured."""
    root = make_project(tmp_path)
    (root / ".git").mkdir()
    with met(root) as (watch, told):
        (root / ".driven/rules/bad.md").write_text("---\npriority: much\n---\n\nText.\n")
        eventually(lambda: any(isinstance(event, Problem) for event in told))
        index = root / ".git/index.lock"
        watch.meanwhile = index.touch
        (root / RULE).write_text(text(1, "Of another branch."))
        eventually(index.exists)
        watch.meanwhile = lambda: None
        time.sleep(0.5)
        assert not says(root / CURSOR, "Of another branch.")()
        index.unlink()
        eventually(says(root / CURSOR, "Of another branch."))
        assert not any(isinstance(event, Cured) for event in told)
