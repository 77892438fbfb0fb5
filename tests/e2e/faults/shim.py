"""Stands between a process and the disk: counts the calls that change it, and makes one of them go wrong.

`os` is wrapped, not the system: what is killed is a real process in the middle of real work, and what it leaves on the
disk is what the kernel has. A call that slips past the wrappers is told to the log by an audit hook and fails the test.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import io
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

WAYS = ("kill", "killed-after", "half", "short", "ENOSPC", "EIO", "EDQUOT", "full", "broken")
"""What may go wrong at a call: the process dies before it, after it, in the middle of a write; a write that writes
half and says so; an error once; from here on no space, or no disk at all. (`meanwhile`: somebody else does something
right before the call, of which it is told what it is about.)"""

WRITES = ("create", "write", "mkdir", "fsync", "syncfs", "rename", "truncate")  # what a full disk refuses
AUDITED = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "os.chmod",
    "os.link",
    "os.symlink",
    "os.utime",
}
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# What another run names differently: a snapshot holds the time and is named after what it holds, a temp of the pid.
CHANCE = re.compile(r"-[0-9a-f]{8}(?=\.snap)|\.\d+(?=\.tmp)")
STATE_LOCK = "lock"  # held, never read: opened to write at every sync, but nothing is written to it


class Shim:
    """The wrappers of one process. `log` is a handle that gets a line per call.

    The fault comes at call number `at`, from 1 (0: never); with `only`, at the `at`-th call that says just that: one
    run makes a call more than another, by the clock.
    """

    def __init__(
        self, log: int, at: int = 0, way: str = "kill", meanwhile: Callable[[str], None] | None = None, only: str = ""
    ) -> None:
        self.log, self.at, self.way, self.meanwhile, self.only = log, at, way, meanwhile, only
        self.count = 0
        self.met = 0  # calls of those that `at` counts
        self.depth = 0
        self.ours: dict[int, str] = {}  # handle -> name, of what was opened to be written
        self.real: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Wrap `os`, `open` and the C library's syncfs. There is no way back: meant for a process of its own."""
        for name in ("open", "write", "close"):
            self.real[name] = getattr(os, name)
        os.open, os.write, os.close = self._open, self._write, self._close  # type: ignore[assignment]
        for name, kind in (
            ("fsync", "fsync"), ("fdatasync", "fsync"), ("rename", "rename"), ("replace", "rename"),
            ("unlink", "unlink"), ("remove", "unlink"), ("rmdir", "rmdir"), ("mkdir", "mkdir"), ("fchmod", "fchmod"),
            ("chmod", "fchmod"), ("ftruncate", "truncate"), ("truncate", "truncate"), ("link", "create"),
            ("symlink", "create"), ("utime", "fchmod"),
        ):  # fmt: skip
            setattr(os, name, self._wrapped(kind, getattr(os, name)))
        builtins.open = self._file  # type: ignore[assignment]
        io.open = self._file  # type: ignore[assignment]
        load = ctypes.CDLL
        ctypes.CDLL = lambda *args, **named: _Library(load(*args, **named), self)  # type: ignore[misc,assignment]
        sys.addaudithook(self._audit)

    def call(self, kind: str, what: str, do: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """Carry out one call that changes the disk, or what shall happen instead."""
        self.count += 1
        said = CHANCE.sub("", f"{kind} {what}")
        self.real["write"](self.log, f"{self.count} {said}\n".encode(errors="replace"))
        counts = self.only in ("", said)
        self.met += counts
        self.depth += 1  # from here on what is called is the system's
        try:
            hit = counts and self.met == self.at
            if hit and self.way == "meanwhile" and self.meanwhile is not None:
                self.meanwhile(f"{kind} {what}")
            after = bool(self.at) and self.met >= self.at
            if hit and self.way == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if hit and self.way == "half" and half is not None:
                half()
                os.kill(os.getpid(), signal.SIGKILL)
            if hit and self.way == "short" and half is not None:
                return half()
            if hit and self.way in ("ENOSPC", "EIO", "EDQUOT"):
                raise _error(getattr(errno, self.way), what)
            if after and self.way == "full" and kind in WRITES:
                raise _error(errno.ENOSPC, what)
            if after and self.way == "broken":
                raise _error(errno.EIO, what)
            answer = do()
            if hit and self.way == "killed-after":
                os.kill(os.getpid(), signal.SIGKILL)
            return answer
        finally:
            self.depth -= 1

    def _wrapped(self, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **named: Any) -> Any:
            what = self.ours.get(args[0], "a folder") if isinstance(args[0], int) else args[0]
            to = f" -> {args[1]}" if kind == "rename" else ""
            return self.call(kind, f"{what}{to}", lambda: real(*args, **named))

        return wrapper

    def _open(self, path: Any, flags: int, mode: int = 0o777, **named: Any) -> int:
        real = self.real["open"]
        if not flags & CHANGES or path in (os.devnull, STATE_LOCK):
            self.depth += 1
            try:
                return int(real(path, flags, mode, **named))
            finally:
                self.depth -= 1
        handle = int(self.call("create", str(path), lambda: real(path, flags, mode, **named)))
        self.ours[handle] = str(path)
        return handle

    def _close(self, handle: int) -> None:
        self.ours.pop(handle, None)
        self.real["close"](handle)

    def _write(self, handle: int, data: Any) -> int:
        real = self.real["write"]
        if handle not in self.ours:
            return int(real(handle, data))
        part = bytes(data)[: len(data) // 2]
        return int(self.call("write", self.ours[handle], lambda: real(handle, data), lambda: real(handle, part)))

    def _file(self, file: Any, mode: str = "r", buffering: int = -1, *args: Any, **named: Any) -> Any:
        if not set(mode) & set("wxa+"):
            return _real_open(file, mode, buffering, *args, **named)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if "x" in mode else os.O_APPEND if "a" in mode else os.O_TRUNC)
        raw = _Raw(file if isinstance(file, int) else self._open(file, flags, 0o666))
        buffered = io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *args, **named)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if self.depth:
            return
        slipped = event in AUDITED
        if event == "open" and not isinstance(args[0], int) and isinstance(args[2], int):
            slipped = bool(args[2] & CHANGES) and args[0] not in (os.devnull, STATE_LOCK)
        if slipped:
            self.real["write"](self.log, f"! {event} {args[0]}\n".encode(errors="replace"))


class _Raw(io.RawIOBase):
    """A file to write whose writes go through `os.write`."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._handle

    def write(self, data: Any) -> int:
        return os.write(self._handle, bytes(data))

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._handle)


class _Library:
    """The C library, with a `syncfs` that is counted."""

    def __init__(self, real: Any, shim: Shim) -> None:
        self._real, self._shim = real, shim

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        return self._syncfs if name == "syncfs" else real

    def _syncfs(self, handle: int) -> int:
        try:
            return int(self._shim.call("syncfs", "", lambda: self._real.syncfs(handle)))
        except OSError as error:
            ctypes.set_errno(error.errno or errno.EIO)
            return -1


_real_open = builtins.open


def _error(number: int, what: str) -> OSError:
    return OSError(number, os.strerror(number), what)
