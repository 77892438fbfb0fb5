"""A watch that nobody listens to any more: its terminal is closed, or the reader of its lines stops reading."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "driven", "sync", "--watch"]
PATIENCE = 15.0  # seconds


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".driven/rules").mkdir(parents=True)
    (tmp_path / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\nclaude = true\n")
    for number in range(40):
        (tmp_path / f".driven/rules/r{number}.md").write_text("# Rule\n\nText.\n")
    return tmp_path


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def no_crash(root: Path) -> bool:
    return not [path for path in (root / ".driven/state").iterdir() if "crash" in path.name]


def test_a_closed_terminal_ends_it_without_a_word(root: Path) -> None:
    ours, theirs = pty.openpty()
    watch = subprocess.Popen(COMMAND, cwd=root, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = b""
    while b"watching" not in seen:
        seen += os.read(ours, 4096)
    os.close(ours)
    (root / ".driven/rules/r0.md").write_text("# Rule\n\nNobody sees this line go by.\n")
    assert watch.wait(PATIENCE) == 0
    assert no_crash(root)


def test_a_signal_ends_it_though_its_lines_are_not_read(root: Path) -> None:
    """The pipe is full, so the watch hangs in a write that may never end."""
    reader, writer = os.pipe()
    watch = subprocess.Popen([*COMMAND, "--json"], cwd=root, stdout=writer, stderr=subprocess.DEVNULL)
    try:
        seen = b""
        while b'"watching"' not in seen:
            seen += os.read(reader, 4096)
        filled = 0
        os.set_blocking(writer, False)
        try:
            while True:
                filled += os.write(writer, b"\n" * 1024)
        except BlockingIOError:
            assert filled
        os.set_blocking(writer, True)
        (root / ".driven/rules/r0.md").write_text("# Rule\n\nChanged.\n")
        until(lambda: "Changed." in (root / ".claude/rules/r0.md").read_text())
        time.sleep(0.3)  # it is at its line now
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(PATIENCE) == 0
        assert no_crash(root)
    finally:
        watch.kill()
        os.close(reader)
        os.close(writer)
