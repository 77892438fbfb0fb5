"""Several at once in one project: syncs in processes and threads, a person's editor, a lock whose holder dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from e2e.faults.scenes import fresh, worked_on, write
from e2e.faults.walk import temps, tree
from e2e.test_crash import walk

from driven import pipeline
from driven.errors import ProjectError
from driven.project.disk import Tree
from driven.project.writer import Writer

HOLD = (
    "import sys, time\n"
    "from driven.project.disk import Tree\n"
    "from driven.project.writer import Writer\n"
    "with Tree(sys.argv[1]) as tree, Writer(tree):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture
def project(tmp_path: Path) -> str:
    """A project that was synced and then worked on."""
    root = str(tmp_path / "project")
    os.mkdir(root)
    fresh(root)
    pipeline.sync(root)
    worked_on(root)
    return root


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, bytes]:
    """What one sync alone makes of it."""
    root = str(tmp_path / "alone")
    os.mkdir(root)
    fresh(root)
    pipeline.sync(root)
    worked_on(root)
    pipeline.sync(root)
    return tree(root)


def start(root: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "driven", *words], cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def settled(root: str, wanted: dict[str, bytes]) -> None:
    assert tree(root) == wanted
    assert temps(root) == []
    assert not os.path.exists(os.path.join(root, ".driven/state/journal"))
    assert pipeline.sync(root, check=True).plan.is_clean


def test_processes_that_sync_at_once(project: str, wanted: dict[str, bytes]) -> None:
    running = [start(project, "sync") for _ in range(6)]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 6, said
    assert sum("up to date" not in line for line in said) >= 1
    settled(project, wanted)


def test_threads_that_sync_at_once(project: str, wanted: dict[str, bytes]) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            pipeline.sync(project)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    settled(project, wanted)


def test_syncs_while_the_rules_change(project: str) -> None:
    """Whatever a sync saw, the last one sees all: nothing that was typed while it ran is taken for done."""
    for number in range(12):
        one = start(project, "sync")
        write(project, ".driven/rules/rule-00.md", f"# Rule 0\n\nVersion {number}.\n")
        two = start(project, "sync")
        for process in (one, two):
            said = process.communicate(timeout=60)[0]
            assert process.returncode == 0, said
    assert pipeline.sync(project).plan.is_clean
    for path in (".cursor/rules/rule-00.mdc", ".clinerules/rule-00.md", "CONVENTIONS.md"):
        assert b"Version 11." in tree(project)[path]


def test_a_dead_process_does_not_hold_the_lock(project: str, wanted: dict[str, bytes]) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, project], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with Tree(project) as mine, pytest.raises(ProjectError, match="another"), Writer(mine, patience=0.1):
        pass
    waiting = start(project, "sync")
    time.sleep(0.3)
    assert waiting.poll() is None, "it must wait for the holder"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(10)
    said = waiting.communicate(timeout=20)[0]
    assert waiting.returncode == 0, said
    settled(project, wanted)


@pytest.mark.parametrize("way", ["saved", "saved-anew"])
def test_what_a_person_saves_in_the_middle_of_a_sync_is_not_lost(way: str) -> None:
    """At every third call of a sync an editor saves a file that it is about to write: in place, or by a new file."""
    walk("work", way, step=3)


def test_an_edit_in_the_very_tick_of_a_sync_is_seen(project: str) -> None:
    """Of the same length, in place, right after: neither size nor inode tells, and the clock of the disk is coarse."""
    for number in range(30):
        write(project, ".driven/rules/rule-00.md", f"# Rule 0\n\nVersion {number:02}.\n")
        pipeline.sync(project)
        path = os.path.join(project, ".clinerules/rule-00.md")
        handle = os.open(path, os.O_RDWR)
        os.pwrite(handle, b"Persion", os.read(handle, 1000).index(b"Version"))
        os.close(handle)
        assert not pipeline.sync(project, check=True).plan.is_clean, f"edit {number} is not seen"
        write(project, ".clinerules/rule-00.md", f"# Rule 0\n\nVersion {number:02}.\n")
        pipeline.sync(project)
