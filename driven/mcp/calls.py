"""One call of a tool: a process of its own, so that what a verb prints, breaks or never ends is not the server's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from driven.frozen import field, frozen, record
from driven.trust import telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO, Any

    from driven.trust.capability import CapabilityManifest

MAX_OUTPUT = 4 << 20  # bytes of an answer; one that is longer is no help to a model
MAX_ERRORS = 16 << 10  # bytes of stderr that are kept
SECONDS = {"instant": 30.0, "quick": 120.0, "work": 1800.0}  # of the clock, by the band of a verb
_PATIENCE = 3.0  # seconds between SIGTERM and SIGKILL
MAX_FILE = 1 << 30  # bytes of one file that a held call writes
MAX_OPEN = 1024
# What a held call sees of the environment beside what its verb declares.
_PASSED = ("NO_COLOR", "PYTHONUTF8", "PYTHONSAFEPATH", "PYTHONPATH", "DRIVEN_DISABLE_PLUGINS")
_DROPPED = ("FORCE_COLOR", "PYTHONINSPECT")


@record
class Done:
    """How a process ended. `ended`: "" by itself, "cancelled", "output" past the cap, "wall" past its time."""

    code: int
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
    """One process that can be ended from another thread."""

    def __init__(self) -> None:
        self._process: Any = None  # subprocess.Popen
        self._lock = threading.Lock()
        self.ended = ""

    def run(self, words: Sequence[str], root: str, seconds: float) -> Done:
        """Run `words` in the folder `root` to its end."""
        with self._lock:
            if self.ended:
                return Done(130, b"", b"", self.ended)
            self._process = subprocess.Popen(
                list(words), cwd=root, env=environment({**os.environ, **telemetry.outgoing()}),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        process = self._process
        clock = threading.Timer(seconds, self.end, ["wall"])
        clock.daemon = True
        clock.start()
        errors: list[bytes] = []
        reader = threading.Thread(target=_tail, args=(process.stderr, errors), daemon=True)
        reader.start()
        out = self._read(process.stdout)
        code = process.wait()
        clock.cancel()
        self._sweep(process)
        reader.join(_PATIENCE)
        process.stdout.close()
        return Done(code, out, b"".join(errors), self.ended)

    def held(
        self, words: Sequence[str], root: str, seconds: float, manifest: CapabilityManifest, beside: Beside, *,
        protect: bool = True,
    ) -> Done:  # fmt: skip
        """The same in ring L, with what `manifest` grants, what Python needs to run, and what is `beside` them.
        `protect`: without what runs by itself later, such as `.git/hooks`. SandboxError where this machine cannot hold
        it."""
        from driven.trust.rings import confine, python_places
        from driven.trust.rings.limits import Limits

        limits = Limits(
            memory=0, cpu=int(seconds), file=MAX_FILE, files=MAX_OPEN, wall=seconds, output=MAX_OUTPUT + MAX_ERRORS
        )
        given = environment(os.environ)
        done = confine(
            manifest, words, root=root, env=within(given) | dict(beside.environment),
            read=(*python_places(), *beside.read), write=beside.write, protect=protect, limits=limits,
            started=self._began,
        )  # fmt: skip
        return Done(done.code, done.stdout, done.stderr[-MAX_ERRORS:], self.ended or done.ended)

    def _began(self, process: Any) -> None:
        with self._lock:
            self._process = process.process
        if self.ended:  # before it began
            _signal(self._process, "SIGKILL")

    def _read(self, stream: IO[bytes]) -> bytes:
        kept: list[bytes] = []
        size = 0
        while data := os.read(stream.fileno(), 1 << 16):
            size += len(data)
            if size <= MAX_OUTPUT:
                kept.append(data)
            else:
                self.end("output")
                kept.clear()
        return b"".join(kept)

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


def envelope_of(out: bytes) -> dict[str, Any] | None:
    """The envelope that a verb printed, None where it printed none. It is the last line: what a plugin said before it
    is not its answer."""
    import json

    line = out.rstrip().rsplit(b"\n", 1)[-1]
    try:
        value = json.loads(line) if line[:1] == b"{" else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.keys() == {"ok", "data", "error", "meta"} else None


def interpreter() -> list[str]:
    """How another `driven` of this installation is started; the current folder is no place of modules."""
    return [sys.executable, "-P", "-m", "driven"]
