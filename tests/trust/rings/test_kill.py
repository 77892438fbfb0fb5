"""Plugins that will not end: each is ended, in time, with all that it started, and the host lives."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.errors import PluginError, SandboxError
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import Sandbox, confine, python_places
from driven.trust.rings.limits import Limits
from trust.rings.conftest import ring

HOSTILE = {
    "sleeps": ("import time\ndef transform(): time.sleep(100)", "out of time"),
    "ignores SIGTERM": (
        "import signal, time\ndef transform():\n signal.signal(signal.SIGTERM, signal.SIG_IGN)\n time.sleep(100)",
        "out of time",
    ),
    "floods output": ("def transform():\n while True: print('x' * 10_000)", "said more"),
    "floods the pipe": (
        "import os\ndef transform():\n while True: os.write(4, b'\\xff' * 10_000)", "protocol",
    ),
    "floods the host": (
        "import host\ndef transform():\n while True:\n  try: host.read('x')\n  except OSError: pass", "out of time",
    ),
    "never reads": (
        "import os, sys\ndef transform():\n import time\n os.close(3)\n time.sleep(100)", "out of time",
    ),
    "ends itself": ("import os\ndef transform(): os._exit(9)", "code 9"),
    "closes its pipe": ("import os\ndef transform():\n os.close(4)\n while True: pass", "time"),
    "spins at the start": ("while True: pass", "time"),
    "takes all memory": ("def transform():\n x = []\n while True: x.append(bytearray(1 << 20))", "memory"),
    "leaks descriptors": ("import os\ndef transform():\n while True: os.dup(2)", "Too many open files"),
    "threads that stay": (
        "import threading, time\ndef transform():\n"
        " threading.Thread(target=time.sleep, args=(100,)).start()\n return 'done'",
        "",
    ),
    "recurses": ("def transform(): return transform()", "RecursionError"),
    "answers too deeply": (
        "import sys\ndef transform():\n x = []\n for _ in range(900): x = [x]\n return x", "nested deeper",
    ),
    "answers what is no JSON": ("def transform(): return {1, 2}", "TypeError"),
    "answers NaN": ("def transform(): return float('nan')", "ValueError"),
}  # fmt: skip


def processes(of: int) -> set[str]:
    """The processes of a session."""
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[3]) == of:
                found.add(name)
    return found


# In ring N, which ends a namespace and not a group, those to which that could make a difference.
@pytest.mark.parametrize(
    ("which", "name"),
    [
        *(("L", name) for name in HOSTILE),
        *(("N", name) for name in ("ignores SIGTERM", "floods output", "ends itself")),
    ],
)
def test_it_is_ended(which: str, name: str, plugin: Callable[[str], str], project: Path) -> None:
    ring(which)
    text, why = HOSTILE[name]
    wall = 0.6 if "time" in why else 60.0  # what is stopped by something else must not be stopped by the clock
    sandbox = Sandbox(CapabilityManifest.of({}, quota="medium"), which, root=os.fspath(project), wall=wall)
    if not why:
        sandbox.run(plugin(text), "transform")
    else:
        with pytest.raises((SandboxError, PluginError), match=why):
            sandbox.run(plugin(text), "transform")
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no zombie is left
    after = Sandbox(sandbox.manifest, which)
    assert after.run(plugin("def transform(): return 'next'", "next.py"), "transform").value == "next"


def test_a_fork_bomb_starts_nothing(plugin: Callable[[str], str], project: Path) -> None:
    bomb = """
import os
def transform():
    made = 0
    for _ in range(99):
        try:
            os.fork()
            made += 1
        except OSError:
            pass
    return made
"""
    for which in ("N", "L"):
        ring(which)
        assert Sandbox(CapabilityManifest.of({}, quota="medium"), which).run(plugin(bomb), "transform").value == 0


def test_who_may_start_processes_takes_them_along(project: Path) -> None:
    """A double fork, sessions and closed pipes: in ring L nothing leaves the group that is ended."""
    ring("L")
    code = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    try: os.setsid()
    except PermissionError: pass
    if os.fork() == 0:
        os.close(0)
        time.sleep(100)
    time.sleep(100)
print(os.getsid(0), flush=True)
time.sleep(100)
"""
    done = confine(
        CapabilityManifest.of({"ShellExec": [""]}), [sys.executable, "-c", code], root=os.fspath(project),
        read=python_places(), wall=1.0, limits=Limits(memory=0),
    )  # fmt: skip
    assert done.ended == "wall"
    session = int(done.stdout)
    end = time.monotonic() + 20
    while processes(session) and time.monotonic() < end:
        time.sleep(0.02)
    assert not processes(session)


def test_it_does_not_stop_its_parent(plugin: Callable[[str], str]) -> None:
    """Trap 5: PTRACE_ATTACH and SIGSTOP at whoever started it; were they let through, this test would hang."""
    text = """
import ctypes, os, signal
def transform():
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    found = [libc.ptrace(16, parent, 0, 0)]
    try: os.kill(parent, signal.SIGSTOP); found.append(0)
    except PermissionError: found.append(-1)
    return found
"""
    for which in ("N", "L"):
        ring(which)
        assert Sandbox(CapabilityManifest.of({}), which).run(plugin(text), "transform").value == [-1, -1]


def test_it_ends_with_its_parent(plugin: Callable[[str], str], tmp_path: Path) -> None:
    """The host is killed: what it had started goes with it."""
    import subprocess

    env = {**os.environ, "TMPDIR": os.fspath(tmp_path)}  # who is killed leaves its folder
    for which in ("N", "L"):
        ring(which)
        path = plugin("import time\ndef transform(): time.sleep(100)")
        code = f"""
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import Sandbox, process
kept = process.Process.__init__
def made(self, *words, **more):
    kept(self, *words, **more)
    print(self.process.pid, flush=True)
process.Process.__init__ = made
Sandbox(CapabilityManifest.of({{}}), {which!r}).run({path!r}, "transform")
"""
        host = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
        assert host.stdout is not None
        for line in host.stdout:
            started = int(line)
            if "launcher" in Path(f"/proc/{started}/cmdline").read_text():
                break
        time.sleep(0.3)
        host.kill()
        host.wait()
        end = time.monotonic() + 20
        while time.monotonic() < end and (processes(started) or Path(f"/proc/{started}").exists()):
            time.sleep(0.02)
        assert not processes(started), which
        host.stdout.close()
