"""A system that has no watches left: the fix is told, and polling takes over. The limits are real ones."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.watching import eventually, make_project, says, text, watching

from driven.sync.events import Polling
from driven.sync.folders import wanted
from driven.sync.observing import Observing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")
RULE, CURSOR = ".driven/rules/rule-1.md", ".cursor/rules/rule-1.mdc"


def namespace(limit: str, most: int) -> tuple[str, ...]:
    """Words before a command that give it a user namespace with that limit; () where none may be made."""
    shell = f'echo {most} > /proc/sys/user/{limit} && exec "$@"'
    words = ("unshare", "--user", "--map-root-user", "sh", "-c", shell, "sh")
    if shutil.which("unshare") is None:
        return ()
    return words if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0 else ()


@pytest.mark.parametrize(
    ("limit", "most", "named"),
    [
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances"),
        ("max_inotify_watches", 0, "fs.inotify.max_user_watches"),
        ("max_inotify_watches", 4, "fs.inotify.max_user_watches"),  # in the middle of the folders
    ],
)
def test_a_limit_is_told_with_its_fix_and_polling_goes_on(tmp_path: Path, limit: str, most: int, named: str) -> None:
    before = namespace(limit, most)
    if not before:
        return  # no namespaces here: the test below meets a real limit of another kind
    project = make_project(tmp_path)
    with watching(project, before=before) as watcher:
        event = watcher.wait("polling")
        assert named in event["reason"] and f"sudo sysctl {named}=" in event["hint"]
        assert watcher.wait("watching")["polling"] is True
        (project / RULE).write_text(text(1, "Changed."))
        eventually(says(project / CURSOR, "Changed."))
        (project / ".driven/rules/new").mkdir()
        (project / ".driven/rules/new/rule.md").write_text(text(9))
        eventually((project / ".cursor/rules/new-rule.mdc").exists)
        assert [event["event"] for event in watcher.events].count("polling") == 1


@pytest.fixture
def no_more_handles() -> Iterator[None]:
    """Two files can be opened in this process, as after `ulimit -n`: an observer takes more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 2, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_without_handles_is_told_so(tmp_path: Path, no_more_handles: None) -> None:
    (tmp_path / ".driven/rules").mkdir(parents=True)
    told: list[Polling] = []
    changed: list[str] = []
    observing = Observing(changed.append, told.append)
    try:
        assert observing.arm(wanted(str(tmp_path), ()))
        assert observing.polling and "ulimit -n" in told[0].reason and "ulimit -n" in told[0].hint
        (tmp_path / ".driven/rules/new.md").touch()
        eventually(lambda: ".driven/rules/new.md" in changed)
    finally:
        observing.close()
