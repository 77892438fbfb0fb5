"""A system that has no watches left: the fix is told, and polling takes over. It is the kernel that refuses."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.refusing import refuse
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


def refusing(call: str, error: str) -> tuple[str, ...]:
    """Words before a command that make the kernel refuse it that call."""
    return sys.executable, str(Path(__file__).with_name("refusing.py")), call, error


INSTANCES, WATCHES = "fs.inotify.max_user_instances", "fs.inotify.max_user_watches"
LIMITS = [
    pytest.param(refusing("inotify_init", "EMFILE"), INSTANCES, id="refused instances"),
    pytest.param(refusing("inotify_add_watch", "ENOSPC"), WATCHES, id="refused watches"),
]
if namespace("max_inotify_watches", 4):  # and with a limit of the kernel's own, where a test may have one to itself
    LIMITS += [
        pytest.param(namespace("max_inotify_instances", 0), INSTANCES, id="no instances"),
        pytest.param(namespace("max_inotify_watches", 0), WATCHES, id="no watches"),
        pytest.param(namespace("max_inotify_watches", 4), WATCHES, id="four watches"),  # in the middle of the folders
    ]


@pytest.mark.parametrize(("before", "named"), LIMITS)
def test_a_limit_is_told_with_its_fix_and_polling_goes_on(tmp_path: Path, before: tuple[str, ...], named: str) -> None:
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


def test_a_limit_that_is_met_later_makes_all_folders_polled(tmp_path: Path) -> None:
    rules = tmp_path / ".driven/rules"
    rules.mkdir(parents=True)
    told: list[Polling] = []
    changed: list[str] = []
    failed: list[BaseException] = []
    observing = Observing(changed.append, told.append)

    def in_its_own_thread() -> None:  # the filter ends with it
        try:
            assert observing.arm(wanted(str(tmp_path), ())) and not observing.polling
            refuse("inotify_add_watch", errno.ENOSPC)
            (rules / "new").mkdir()
            assert observing.arm(wanted(str(tmp_path), ())) and observing.polling
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=in_its_own_thread)
    thread.start()
    thread.join(20)
    try:
        assert not failed and not thread.is_alive(), failed
        assert len(told) == 1 and WATCHES in told[0].reason and len(observing) == 4
        for name in ("old.md", "new/new.md"):
            (rules / name).touch()
            eventually(lambda: f".driven/rules/{name}" in changed)  # noqa: B023
    finally:
        observing.close()


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
