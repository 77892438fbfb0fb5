"""One call of a tool: a process of its own, so that what a verb prints, breaks or never ends is not the server's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

from driven.frozen import field, frozen, record
from driven.mcp.link import Listener
from driven.trust import telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from driven.mcp.link import Progress
    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.process import Process

MAX_ERRORS = 16 << 10  # bytes of stderr that are kept
SECONDS = {"instant": 30.0, "quick": 120.0, "work": 1800.0}  # of the clock, by the band of a verb
_PATIENCE = 1.0  # seconds for a process to go by itself, and once more when it was told to
_TICK = 0.1  # seconds between looks at whether it is to end, or has ended
MAX_FILE = 1 << 30  # bytes of one file that a held call writes
MAX_OPEN = 1024
# What a held call sees of the environment beside what its verb declares.
_PASSED = ("NO_COLOR", "PYTHONUTF8", "PYTHONSAFEPATH", "PYTHONPATH", "DRIVEN_DISABLE_PLUGINS")
_DROPPED = ("FORCE_COLOR", "PYTHONINSPECT", telemetry.PARENT, telemetry.STATE)


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
    """One process of `driven`, whose end another thread may ask for."""

    def __init__(self, trace: Mapping[str, str] | None = None, progress: Progress | None = None) -> None:
        """`trace`: the TRACEPARENT and TRACESTATE of who asked for it, where nobody collects. `progress` is told how
        far it is."""
        self.session = os.urandom(16)  # the name of the link to it; a registry may give another
        self.trace = dict(trace or {})
        self._progress = progress
        self._confined: Process | None = None
        self._lock = threading.Lock()
        self.ended = ""

    def end(self, why: str) -> None:
        """Have it ended, with all that it started."""
        with self._lock:
            self.ended = self.ended or why
            if self._confined is not None:
                self._confined.stop()

    def run(self, line: Sequence[str], root: str, seconds: float) -> Done:
        """Run `driven` with the words `line` in the folder `root` to its end."""
        heard, errors = Listener(self.session, self._progress), bytearray()
        if self.ended:
            return Done(130, None, b"", b"", self.ended)
        process = self._start(line, root)
        try:
            self._listen(process, heard, errors, time.monotonic() + seconds)
        finally:
            code = _ended(process, asked=bool(self.ended))
        return self._done(code, heard, bytes(errors))

    def _start(self, line: Sequence[str], root: str) -> subprocess.Popen[bytes]:
        """A session of its own, so that it ends with all that it started. In a ring nobody may begin one: whoever made
        the ring ends what is in it."""
        words, environ = self._words(line), {**environment(os.environ), **self._traced()}

        def start(*, is_own: bool) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                words, cwd=root, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=is_own,
            )  # fmt: skip

        try:
            return start(is_own=True)
        except PermissionError:
            return start(is_own=False)

    def _listen(self, process: subprocess.Popen[bytes], heard: Listener, errors: bytearray, until: float) -> None:
        """Take what it says until it has said that this was all, or is gone: what it left behind may hold its pipes."""
        import selectors

        assert process.stdout is not None and process.stderr is not None
        patience = 0.0
        with selectors.DefaultSelector() as ready:
            for stream in (process.stdout, process.stderr):
                os.set_blocking(stream.fileno(), False)
                ready.register(stream, selectors.EVENT_READ)
            while ready.get_map() and not heard.ended and not self.ended:
                now = time.monotonic()
                if now > until:
                    self.end("wall")
                is_gone = _is_gone(process)
                patience = patience or (now + _PATIENCE if is_gone else 0.0)
                found = ready.select(_TICK)
                for key, _ in found:
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        ready.unregister(key.fileobj)
                    elif key.fileobj is process.stderr:
                        errors += data
                        del errors[:-MAX_ERRORS]
                    else:
                        heard.heard(data)
                        if heard.wrong:
                            self.end(heard.wrong)
                if is_gone and (not found or now > patience):
                    return

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

        # What it says is bounded by who listens.
        limits = Limits(memory=0, cpu=int(seconds), file=MAX_FILE, files=MAX_OPEN, wall=seconds, output=0)
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
        return telemetry.outgoing() if telemetry.is_on() or not self.trace else self.trace

    def _done(self, code: int, heard: Listener, errors: bytes, why: str = "") -> Done:
        """What it said to its end counts, however long it took to go then; but not where it was taken back."""
        if heard.ended and self.ended != "cancelled":
            return Done(heard.code, heard.answer, bytes(heard.printed), errors)
        return Done(code, heard.answer, bytes(heard.printed), errors, self.ended or why)

    def _began(self, process: Process) -> None:
        with self._lock:
            self._confined = process
            if self.ended:  # before it began
                process.stop()


def _is_gone(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended. Where that can be asked without taking its end, its number stays its own."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return process.returncode is not None or bool(
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    )


def _ended(process: subprocess.Popen[bytes], *, asked: bool) -> int:
    """The exit code of a process that has ended or is to end now, and whatever it started with it."""
    until = time.monotonic() + (0 if asked else _PATIENCE)
    while not _is_gone(process) and time.monotonic() < until:
        time.sleep(0.005)
    if not _is_gone(process):
        _signal(process, "SIGTERM")
        until = time.monotonic() + _PATIENCE
        while not _is_gone(process) and time.monotonic() < until:
            time.sleep(0.005)
    _signal(process, "SIGKILL")
    code = process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return code if code >= 0 else 128 - code


def _signal(process: subprocess.Popen[bytes], name: str) -> None:
    import signal

    number = getattr(signal, name, signal.SIGTERM)
    try:
        os.killpg(process.pid, number)
    except (OSError, AttributeError):  # it is gone, or has no group of its own
        process.send_signal(number)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a call sees of the server's environment: all but what would lead Python or the output elsewhere."""
    kept = {name: value for name, value in given.items() if name not in _DROPPED}
    return {**kept, "NO_COLOR": "1", "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}


def within(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a held call, beside what its verb declares. git ends where there is a configuration that it
    may not read, and a person's own is not the call's to see."""
    return {name: given[name] for name in _PASSED if name in given} | {"GIT_CONFIG_NOSYSTEM": "1"}
