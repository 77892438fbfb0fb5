"""A real `driven sync --watch --json` process for tests: its events, waited for, and a project for it to watch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.conftest import faults

from driven.grammar.results import WATCH

PATIENCE = 20.0  # seconds: what takes longer than this is not slow but broken
CONFIG = '[editors]\ncursor = true\nclaude = true\naider = true\n[sync]\nmode = "one-way"\ndebounce_ms = {}\n'


class Watcher:
    """The process. `events` grows by itself; every one is held against the schema."""

    def __init__(self, root: Path, *words: str, before: tuple[str, ...] = ()) -> None:
        command = [*before, sys.executable, "-m", "driven", "sync", "--watch", "--json", *words]
        self.process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        schema = json.loads(WATCH)
        for line in self.process.stdout:
            event = json.loads(line)
            with self._came:
                self.wrong += faults(event, schema)
                self.events.append(event)
                self._came.notify_all()
        with self._came:
            self._came.notify_all()

    def wait(self, kind: str, since: int = 0, **keys: Any) -> dict[str, Any]:
        """The first event of that kind from number `since` on in which these keys have these values."""
        until = time.monotonic() + PATIENCE
        with self._came:
            while True:
                for event in self.events[since:]:
                    if event["event"] == kind and all(event.get(key) == value for key, value in keys.items()):
                        return event
                left = until - time.monotonic()
                if left <= 0 or (not self._reader.is_alive() and self.process.poll() is not None):
                    raise AssertionError(f"no {kind} {keys} in {self.events[since:]}")
                self._came.wait(min(left, 0.2))

    @property
    def syncs(self) -> int:
        """How many syncs ran until now."""
        return sum(event["event"] == "synced" for event in self.events)

    def end(self, how: int = signal.SIGTERM) -> dict[str, Any]:
        """End it by a signal; its last event."""
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        assert (code, self.process.stderr.read(), self.wrong) == (0, "", [])
        return self.events[-1]


@contextmanager
def watching(root: Path, *words: str, before: tuple[str, ...] = ()) -> Iterator[Watcher]:
    """A watcher that watches already; it is ended in any case."""
    watcher = Watcher(root, *words, before=before)
    try:
        watcher.wait("watching")
        yield watcher
        if watcher.process.poll() is None:
            watcher.end()
    finally:
        watcher.process.kill()
        watcher.process.wait()
        for stream in (watcher.process.stdout, watcher.process.stderr):
            if stream is not None:
                stream.close()


def make_project(root: Path, rules: int = 3, debounce: int = 75) -> Path:
    """A project of a few rules and three editors, not synced yet."""
    folder = root / ".driven" / "rules"
    folder.mkdir(parents=True)
    (root / ".driven" / "config.toml").write_text(CONFIG.format(debounce))
    for number in range(rules):
        (folder / f"rule-{number}.md").write_text(text(number))
    return root


def text(number: int, words: str = "Do this.") -> str:
    """A rule file."""
    return f"# Rule {number}\n\n{words}\n"


def eventually(true: Callable[[], bool], what: str = "") -> None:
    """Wait until it is true; AssertionError when it never is."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, what or "it never came"
        time.sleep(0.01)


def says(path: Path, words: str) -> Callable[[], bool]:
    """Whether a file says these words now."""

    def look() -> bool:
        try:
            return words in path.read_text()
        except OSError:
            return False

    return look


def switches(pid: int) -> int:
    """How often the threads of a process have gone to sleep: each is the end of a wake-up."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        status = Path(f"/proc/{pid}/task/{task}/status").read_text()
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary"))
    return total
