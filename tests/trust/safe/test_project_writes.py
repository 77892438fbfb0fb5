"""What a sync writes stays in the project while somebody moves its folders, and never into what has another name."""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path

import pytest

from driven import pipeline
from driven.errors import DiskError
from driven.model.plan import Create, Delete
from driven.project.disk import Tree


def create(path: str, text: bytes) -> Create:
    return Create(path=path, editors=("cursor",), rule_ids=("a",), before=None, after=text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / ".driven/rules").mkdir(parents=True)
    (root / ".driven/config.toml").write_text("[editors]\ncursor = true\nagents = true\n")
    (root / ".driven/rules/a.md").write_text("# A\n\nUse tabs.\n")
    (tmp_path / "outside/rules").mkdir(parents=True)
    (tmp_path / "outside/rules/kept.md").write_text("kept")
    return root


def outside(project: Path) -> dict[str, bytes]:
    top = project.parent / "outside"
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def test_a_folder_that_is_swapped_for_a_link_while_it_is_opened(project: Path) -> None:
    """Between the look at the real path and the opening: the link must not be entered."""
    (project / ".cursor/rules").mkdir(parents=True)
    (project / "link").symlink_to(project.parent / "outside")
    system, stop = ctypes.CDLL(None).renameat2, threading.Event()
    names = os.fsencode(project / ".cursor"), os.fsencode(project / "link")

    def swap() -> None:
        while not stop.is_set():
            system(-100, names[0], -100, names[1], 2)  # AT_FDCWD, RENAME_EXCHANGE

    thread = threading.Thread(target=swap)
    thread.start()
    told = {True: 0, False: 0}
    try:
        for number in range(3_000):
            with Tree(str(project)) as tree:
                applied = tree.apply([create(f".cursor/rules/{number % 3}.mdc", b"ours")], None)
                told[not applied.failed] += 1
            if min(told.values()) > 10:
                break
    finally:
        stop.set()
        thread.join()
    assert min(told.values()) > 0, told
    assert outside(project) == {"rules/kept.md": b"kept"}


def test_a_folder_that_was_opened_stays_the_one_that_is_written_to(project: Path) -> None:
    (project / ".cursor/rules").mkdir(parents=True)
    with Tree(str(project)) as tree:
        assert tree.read(".cursor/rules/a.mdc").kind == "absent"
        (project / ".cursor").rename(project / "moved")
        (project / ".cursor").symlink_to(project.parent / "outside")
        gone = Delete(path=".cursor/rules/kept.md", editors=("cursor",), before=b"kept", after=None)
        tree.apply([create(".cursor/rules/a.mdc", b"ours"), gone], None)
        tree.remove_state(".cursor/rules/kept.md")
        tree.touch(".cursor/rules/kept.md")
        assert tree.seen(".cursor/rules/kept.md") is None
    assert outside(project) == {"rules/kept.md": b"kept"}
    assert (project / "moved/rules/a.mdc").read_bytes() == b"ours"


def test_the_other_name_of_a_hard_link_keeps_what_it_had(project: Path) -> None:
    pipeline.sync(str(project))
    written = project / ".cursor/rules/a.mdc"
    other = project.parent / "outside/same"
    os.link(written, other)
    before = other.read_bytes()
    (project / ".driven/rules/a.md").write_text("# A\n\nUse blanks.\n")
    report = pipeline.sync(str(project))
    assert not report.plan.conflicts
    assert b"blanks" in written.read_bytes()
    assert other.read_bytes() == before


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_file_is_not_written_over(project: Path, kind: str) -> None:
    target = project / "AGENTS.md"
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to(project.parent / "outside/rules/kept.md")
    for force in (False, True):
        report = pipeline.sync(str(project), force=force)
        assert [conflict.path for conflict in report.plan.conflicts] == ["AGENTS.md"]
    assert outside(project) == {"rules/kept.md": b"kept"}


def test_a_wanted_link_keeps_working(project: Path) -> None:
    """CLAUDE.md -> AGENTS.md is common: the file is written, the link stays."""
    (project / "CLAUDE.md").symlink_to("AGENTS.md")
    (project / ".driven/config.toml").write_text("[editors]\nagents = true\nclaude = true\n")
    assert not pipeline.sync(str(project)).plan.conflicts
    assert (project / "CLAUDE.md").is_symlink()
    assert "Use tabs." in (project / "CLAUDE.md").read_text()
    (project / "shared").mkdir()
    (project / ".cursor").symlink_to("shared")  # a folder elsewhere in the project
    (project / ".driven/config.toml").write_text("[editors]\ncursor = true\n")
    assert not pipeline.sync(str(project)).plan.conflicts
    assert (project / "shared/rules/a.mdc").exists()


def test_state_behind_a_link(project: Path) -> None:
    (project / ".driven/state").symlink_to(project.parent / "outside")
    with pytest.raises(DiskError, match="leads out of the project"):
        pipeline.sync(str(project))
    assert outside(project) == {"rules/kept.md": b"kept"}


def test_a_crash_writes_no_log_behind_a_link(project: Path) -> None:
    from driven.cli.crash import write_report

    (project / ".driven/state").symlink_to(project.parent / "outside")
    path = write_report(ValueError("x"), ["sync"], str(project))
    assert path and not path.startswith(str(project))
    os.unlink(path)
    assert outside(project) == {"rules/kept.md": b"kept"}
