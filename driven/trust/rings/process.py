"""One confined process, from its start to its end: orders in, words in and out, nothing of it left behind.

The wall clock, the size of what it says and its end belong to the parent: a process that sleeps, floods or will not
stop is ended here, with all that it started.
"""

from __future__ import annotations

import os
import signal
import time

from driven.errors import SandboxError
from driven.frozen import frozen
from driven.trust.rings.landlock import rules
from driven.trust.rings.limits import orders as limit_orders
from driven.trust.rings.seccomp import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from typing import Any

    from driven.trust.rings.landlock import Grant
    from driven.trust.rings.limits import Limits

FAILED = 121  # the launcher's exit code for a step that did not succeed
_GRACE = 0.3  # seconds between the asking and the killing
_PENDING = 16 << 20  # bytes that wait for it to read them: who only asks would fill our memory
_TICK = 0.2  # seconds between looks at whether it is to end, or has ended
_LOG = 64 << 10  # bytes of what it printed that are kept, of each of two streams of a plugin
HERE = os.path.dirname(os.path.abspath(__file__))


@frozen
class Held:
    """What this machine holds a process with: the version of Landlock, the machine whose calls are filtered."""

    abi: int
    machine: str


@frozen
class Order:
    """All that a launcher is told. `guest`: the plugin that it runs itself; else `argv` is what it becomes."""

    grants: tuple[Grant, ...]
    limits: Limits
    environment: Mapping[str, str]
    folder: str  # where it runs
    argv: tuple[str, ...] = ()
    guest: Mapping[str, Any] | None = None
    spawn: bool = False
    files: bool = False
    ports: tuple[int, ...] = ()
    tcp: bool = False
    outside: tuple[str, ...] = ()  # what starts the launcher: bubblewrap and its words


@frozen
class Ended:
    """How a process ended: `why` is "" by itself, or `cpu`, `wall`, `output`, `deaf`, `signal`. `cpu`: seconds of the
    processor."""

    code: int
    why: str
    seconds: float
    cpu: float


def packed(order: Order, held: Held, parent: int) -> bytes:
    """The orders as the launcher reads them."""
    import marshal

    from driven.trust.rings.syscalls import numbers

    made = program(
        held.machine, abi=held.abi, execute=order.guest is None, spawn=order.spawn, files=order.files, tcp=order.tcp
    )
    value = {
        "parent": parent,
        "limits": limit_orders(order.limits),
        "keep": (),
        "landlock": rules(held.abi, order.grants, order.ports) if held.abi else None,
        "proc": os.path.isdir("/proc/self/fd"),
        "filter": made.program if made else None,
        "pid_at": made.pid_at if made else (),
        "numbers": numbers(held.machine),
        "program": order.argv[0] if order.argv else "",
        "argv": list(order.argv),
        "guest": dict(order.guest) if order.guest is not None else None,
    }
    return marshal.dumps(value, 2)


class Process:
    """A launcher that was started. `talk` lives with it until its end; `close` is sure to leave nothing."""

    def __init__(
        self, order: Order, held: Held, *, launcher: str = HERE, pass_fds: tuple[int, ...] = (),
        input: bytes | None = None,
    ) -> None:  # fmt: skip
        import subprocess
        import sys

        self.limits = order.limits
        self._spawns = order.spawn
        self.started = time.monotonic()
        words = _open_file(packed(order, held, 0 if order.outside else os.getpid()))
        self._input = _open_file(input) if input is not None else -1
        run = f"import sys; sys.path.insert(0, {launcher!r}); import launcher; launcher.main()"
        interpreter = os.path.realpath(sys.executable)
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [*order.outside, interpreter, "-I", "-S", "-c", run, str(words)],
                stdin=self._input if input is not None else subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                env={} if order.outside else dict(order.environment),
                cwd=None if order.outside else order.folder,
                pass_fds=(words, *pass_fds), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise SandboxError(f"{interpreter} cannot be started: {error.strerror}") from None
        finally:
            os.close(words)
            if input is not None:
                os.close(self._input)
        self._said = 0
        self._why = ""
        self._ended: Ended | None = None

    @property
    def deadline(self) -> float:
        """When it must have ended, by `time.monotonic`; infinity where it has no limit."""
        return self.started + self.limits.wall if self.limits.wall else float("inf")

    def stop(self) -> None:
        """Have it ended soon, from another thread than that which talks to it."""
        self._why = self._why or "signal"

    def talk(self, heard: Callable[[bytes], bytes | None], say: bytes = b"", keep: int = _LOG) -> tuple[Ended, bytes]:
        """Write `say` to it, give all that it writes to `heard`, write what that answers; until `heard` gives None or
        the process ends: what it started may hold its pipes longer, and nobody waits for that. (how it ended, what it
        printed on stderr, at most `keep` bytes)."""
        import selectors

        process = self.process
        assert process.stdout is not None and process.stderr is not None
        out, err = process.stdout.fileno(), process.stderr.fileno()
        log = bytearray()
        with selectors.DefaultSelector() as ready:
            for one in (out, err):
                os.set_blocking(one, False)
                ready.register(one, selectors.EVENT_READ)
            pending = memoryview(say)
            writing = process.stdin.fileno() if process.stdin is not None else -1
            if writing >= 0:
                os.set_blocking(writing, False)
            gone = float("inf")  # when it was, and a second
            while len(ready.get_map()) > (1 if pending else 0) and not self._why:
                if pending and writing not in ready.get_map():
                    ready.register(writing, selectors.EVENT_WRITE)
                left = self.deadline - time.monotonic()
                if left <= 0:
                    self._why = "wall"
                    break
                if gone == float("inf") and self._is_gone():
                    gone = time.monotonic() + 1.0
                found = ready.select(min(left, _TICK))
                if time.monotonic() > gone or (not found and gone < float("inf")):
                    break
                for key, _ in found:
                    if key.fd == writing:
                        pending = _written(writing, pending)
                        if not pending:
                            ready.unregister(writing)
                        continue
                    try:
                        part = os.read(key.fd, 1 << 16)
                    except BlockingIOError:
                        continue
                    if not part:
                        ready.unregister(key.fd)
                        continue
                    self._said += len(part)
                    if self.limits.output and self._said > self.limits.output:
                        self._why = "output"
                        break
                    if key.fd == err:
                        log += part[: max(0, keep - len(log))]
                        continue
                    answer = heard(part)
                    if answer is None:
                        pending = memoryview(b"")
                        self._hang_up()
                        _drain(err, log, keep)
                        return self._end(), bytes(log)
                    if answer and len(pending) + len(answer) > _PENDING:
                        self._why = "deaf"
                        break
                    pending = memoryview(bytes(pending) + answer) if answer else pending
        return self._end(), bytes(log)

    def _is_gone(self) -> bool:
        """Whether it has ended; its end stays to be waited for."""
        return bool(os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))

    def _hang_up(self) -> None:
        """Say that there is nothing more to do."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def _end(self) -> Ended:
        """Wait for its end, and bring it about where it does not come."""
        if self._ended is not None:
            return self._ended
        self._hang_up()
        status, usage = self._waited(0.0 if self._why else min(self.deadline, time.monotonic() + 1.0))
        if usage is None:
            self._why = self._why or ("wall" if time.monotonic() >= self.deadline else "")
            self._signal(signal.SIGTERM)
            status, usage = self._waited(time.monotonic() + _GRACE)
        if usage is None or self._spawns:
            self._signal(signal.SIGKILL, reaped=usage is not None)
        if usage is None:
            _, status, usage = os.wait4(self.process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self.process.returncode = code  # Popen need not wait for it any more
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        why = self._why
        if not why and code < 0:
            why = "cpu" if -code == signal.SIGXCPU else "signal"
        elif not why and code == 128 + signal.SIGXCPU:  # as bubblewrap says it of its child
            why = "cpu"
        self._ended = Ended(
            code=code if code >= 0 else 128 - code,
            why=why,
            seconds=time.monotonic() - self.started,
            cpu=usage.ru_utime + usage.ru_stime,
        )
        return self._ended

    def _waited(self, until: float) -> tuple[int, Any]:
        """Its exit status and what it used, once it has ended; (0, None) where it has not by then."""
        pause = 0.0005
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                return status, usage
            if time.monotonic() >= until:
                return 0, None
            time.sleep(pause)
            pause = min(2 * pause, 0.02)

    def _signal(self, number: int, reaped: bool = False) -> None:
        """To the whole group: nothing confined can leave it, and its number is not given anew while anything is in it.
        Where its leader was waited for, that number alone may be another's already."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            if not reaped:
                try:
                    os.kill(self.process.pid, number)
                except ProcessLookupError:
                    return

    def close(self) -> None:
        """End it where it still runs."""
        if self._ended is None:
            self._why = self._why or "signal"
            self._end()


def _open_file(data: bytes) -> int:
    """An open file without a name that holds `data`, at its beginning."""
    place = os.memfd_create("orders", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(place, view) :]
    os.lseek(place, 0, os.SEEK_SET)
    return place


def _written(place: int, data: memoryview) -> memoryview:
    try:
        return data[os.write(place, data[: 1 << 16]) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return memoryview(b"")  # it does not read any more: its end says why


def _drain(place: int, log: bytearray, keep: int) -> None:
    """What stands in a pipe already."""
    try:
        while len(log) < keep and (part := os.read(place, 1 << 16)):
            log += part[: keep - len(log)]
    except OSError:
        return
