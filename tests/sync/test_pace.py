"""When a burst is over, and who is waited for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from driven.sync.others import Git, is_writing
from driven.sync.pace import GIT_PATIENCE, LONGEST, Burst


def test_a_burst_is_over_after_some_quiet() -> None:
    burst = Burst(100.0, 0.075)
    assert burst.due == 100.075
    burst.add(100.05)
    assert burst.due == 100.125


def test_a_burst_does_not_go_on_for_ever() -> None:
    burst = Burst(100.0, 0.075)
    for tick in range(1000):
        burst.add(100.0 + tick * 0.05)
    assert burst.due == 100.0 + LONGEST
    assert Burst(100.0, 60.0).due == 160.0  # a debounce that is longer than that is the user's will


def test_after_git_the_burst_begins_anew_but_its_patience_does_not() -> None:
    burst = Burst(100.0, 0.075)
    burst.renew(105.0)
    assert burst.due == 105.075 and burst.patience == 100.0 + GIT_PATIENCE


def test_git_is_busy_while_it_holds_the_index(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "deep/project").mkdir(parents=True)
    git = Git(str(tmp_path / "deep/project"))
    assert not git.is_busy()
    lock = tmp_path / ".git/index.lock"
    lock.touch()
    assert git.is_busy()
    git.give_up()  # a dead git's
    assert not git.is_busy()
    lock.unlink()
    (tmp_path / ".git/other").touch()  # so that the inode is not given again
    lock.touch()
    os.utime(lock)
    assert git.is_busy()


def test_a_worktree_has_an_index_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "gitdir").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/.git").write_text("gitdir: ../gitdir\n")
    git = Git(str(tmp_path / "tree"))
    (tmp_path / "gitdir/index.lock").touch()
    assert git.is_busy()


def test_no_git_is_never_busy(tmp_path: Path) -> None:
    assert not Git(str(tmp_path)).is_busy()


def test_who_writes_holds_the_lock_and_who_died_does_not(tmp_path: Path) -> None:
    assert not is_writing(str(tmp_path))
    (tmp_path / ".driven/state").mkdir(parents=True)
    (tmp_path / ".driven/state/lock").touch()
    assert not is_writing(str(tmp_path))
    code = "import fcntl, sys; f = open('.driven/state/lock'); fcntl.flock(f, 2); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert is_writing(str(tmp_path))
    holder.kill()
    holder.communicate()
    assert not is_writing(str(tmp_path))
