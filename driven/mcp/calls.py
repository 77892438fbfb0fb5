"""One call of a tool: a process of its own, so that what a verb prints, breaks or never ends is not the server's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from driven.frozen import field, frozen, record
from driven.mcp.link import MAX_OUTPUT, Listener
from driven.trust import telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO, Any

    from driven.mcp.link import Progress
    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.process import Process

MAX_ERRORS = 16 << 10  # bytes of stderr that are kept
SECONDS = {"instant": 30.0, "quick": 120.0, "work": 1800.0}  # of the clock, by the band of a verb
_MOST = 2 * MAX_OUTPUT + (1 << 20)  # bytes of all that it writes: an answer, prints, and the frames around them
_PATIENCE = 3.0  # seconds between SIGTERM and SIGKILL
MAX_FILE = 1 << 30  # bytes of one file that a held call writes
MAX_OPEN = 1024
# What a held call sees of the environment beside what its verb declares.
_PASSED = ("NO_COLOR", "PYTHONUTF8", "PYTHONSAFEPATH", "PYTHONPATH", "DRIVEN_DISABLE_PLUGINS")
_DROPPED = ("FORCE_COLOR", "PYTHONINSPECT")


@record
class Done:
    """How a process ended. `answer`: the envelope of `--json`, where it gave one. `out`: what it printed besides.
    `ended`: "" by itself, "cancelled", "output" past the cap, "wall" past its time, else why it was not heard out."""

    code: int
    answer: dict[str, Any] | None
    out: bytes
    errors: bytes
    ended: str = ""


@frozen
class Beside:
    """What a held call has beside its manifest: variables, and absolute places to read and to write."""

    environment: Mapping[str, str] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


class Job:
    """One process of `driven` that can be ended from another thread."""

    def __init__(self, trace: Mapping[str, str] | None = None, progress: Progress | None = None) -> None:
        """`trace`: the TRACEPARENT and TRACESTATE of who asked for it, where nobody collects. `progress` is told how
        far it is."""
        self.session = os.urandom(16)  # the name of the link to it; a registry may give another
        self.trace = trace or {}
        self._progress = progress
        self._process: Any = None  # subprocess.Popen
        self._lock = threading.Lock()
        self.ended = ""

    def run(self, line: Sequence[str], root: str, seconds: float) -> Done:
        """Run `driven` with the words `line` in the folder `root` to its end."""
        heard = Listener(self.session, self._progress)
        with self._lock:
            if self.ended:
                return Done(130, None, b"", b"", self.ended)
            self._process = subprocess.Popen(
                self._words(line), cwd=root, env={**environment(os.environ), **self._traced()},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        process = self._process
        clock = threading.Timer(seconds, self.end, ["wall"])
        clock.daemon = True
        clock.start()
        errors: list[bytes] = []
        reader = threading.Thread(target=_tail, args=(process.stderr, errors), daemon=True)
        reader.start()
        while not heard.ended and (data := os.read(process.stdout.fileno(), 1 << 16)):
            heard.heard(data)
            if heard.wrong:
                self.end(heard.wrong)
        code = process.wait()
        clock.cancel()
        self._sweep(process)
        reader.join(_PATIENCE)
        process.stdout.close()
        return self._done(code, heard, b"".join(errors))

    def held(
        self, line: Sequence[str], root: str, seconds: float, manifest: CapabilityManifest, beside: Beside, *,
        protect: bool = True,
    ) -> Done:  # fmt: skip
        """The same in ring L, with what `manifest` grants, what Python needs to run, and what is `beside` them.
        `protect`: without what runs by itself later, such as `.git/hooks`. SandboxError where this machine cannot hold
        it."""
        from driven.trust.rings import confine, python_places
        from driven.trust.rings.limits import Limits

        heard = Listener(self.session, self._progress)

        def listen(part: bytes) -> bool:
            heard.heard(part)
            if heard.wrong:
                self.end(heard.wrong)
            return not heard.ended

        limits = Limits(memory=0, cpu=int(seconds), file=MAX_FILE, files=MAX_OPEN, wall=seconds, output=_MOST)
        done = confine(
            manifest, self._words(line), root=root,
            env={**within(environment(os.environ)), **beside.environment, **self._traced()},
            read=(*python_places(), *beside.read), write=beside.write, protect=protect, limits=limits,
            started=self._began, heard=listen,
        )  # fmt: skip
        return self._done(done.code, heard, done.stderr[-MAX_ERRORS:], done.ended)

    def _words(self, line: Sequence[str]) -> list[str]:
        """How another `driven` of this installation is started; the current folder is no place of modules."""
        return [sys.executable, "-P", "-m", "driven.cli.framed", self.session.hex(), *line]

    def _traced(self) -> dict[str, str]:
        return telemetry.outgoing() if telemetry.is_on() else {**telemetry.outgoing(), **self.trace}

    def _done(self, code: int, heard: Listener, errors: bytes, ended: str = "") -> Done:
        return Done(code, heard.answer, bytes(heard.printed), errors, self.ended or ended)

    def _began(self, process: Process) -> None:
        with self._lock:
            self._process = process.process
        if self.ended:  # before it began
            _signal(self._process, "SIGKILL")

    def end(self, why: str) -> None:
        """End it, and all that it started: asked first, then killed."""
        with self._lock:
            if self.ended:
                return
            self.ended = why
            process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, "SIGTERM")
        later = threading.Timer(_PATIENCE, _signal, (process, "SIGKILL"))
        later.daemon = True
        later.start()

    def _sweep(self, process: subprocess.Popen[bytes]) -> None:
        """What a verb left behind in its session holds our pipes open, and nobody waits for it."""
        if self.ended:
            _signal(process, "SIGKILL")


def _signal(process: subprocess.Popen[bytes], name: str) -> None:
    import signal

    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, getattr(signal, name))
        else:
            process.kill()
    except OSError:
        return  # it is gone


def _tail(stream: IO[bytes], kept: list[bytes]) -> None:
    """Keep the end of what is said there."""
    with stream:
        while data := os.read(stream.fileno(), 1 << 14):
            kept[:] = [b"".join([*kept, data])[-MAX_ERRORS:]]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a call sees of the server's environment: all but what would lead Python or the output elsewhere."""
    kept: dict[str, Any] = {name: value for name, value in given.items() if name not in _DROPPED}
    return {**kept, "NO_COLOR": "1", "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}


def within(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a held call, beside what its verb declares. git ends where there is a configuration that it
    may not read, and a person's own is not the call's to see."""
    return {name: given[name] for name in _PASSED if name in given} | {"GIT_CONFIG_NOSYSTEM": "1"}
