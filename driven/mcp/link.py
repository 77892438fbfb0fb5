"""Between the server and the process of one call: frames on the process's stdout, of one session, in four streams.

    ANSWER    the envelope of `--json`
    PRINTED   what the verb printed, or what it started
    PROGRESS  how far it is
    END       its exit code: nothing comes any more

So nothing that a plugin prints can be taken for an answer, and what a verb leaves behind keeps nobody waiting.
"""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time

from driven.errors import DrivenError, UsageError
from driven.trust.frame_session import FrameSession
from driven.trust.rings.sandbox import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Progress = Callable[[str, int, int], None]

ANSWER, PRINTED, PROGRESS, END = 1, 2, 3, 4
MAX_OUTPUT = 4 << 20  # bytes of an answer; one that is longer is no help to a model
EACH = 0.1  # seconds between two words of how far it is
_PART = 1 << 16
_STEPS = 1 << 53  # what every client can count to
_PATIENCE = 1.0  # seconds for what was printed last; what a verb left behind may hold the pipe open for ever


class Speaker:
    """The process's half. From when it is made, stdout is a pipe of ours and the frames have the old one for
    themselves; `close` it when the command has ended."""

    def __init__(self, session: bytes) -> None:
        self._out = os.dup(1)
        self._session = FrameSession(session)
        self._lock = threading.Lock()
        self._last = ("", 0.0)
        reading, writing = os.pipe()
        os.dup2(writing, 1)
        os.close(writing)
        self._ended = threading.Event()
        threading.Thread(target=self._print, args=(reading,), daemon=True).start()

    def answer(self, envelope: dict[str, Any]) -> None:
        """Say the answer; one that is said later counts. UsageError for one that is too long."""
        data = json.dumps(envelope).encode()
        if len(data) > MAX_OUTPUT:
            raise UsageError(f"the answer is too long: over {MAX_OUTPUT >> 20} MiB", hint="ask for less")
        self._say(ANSWER, data)

    def __enter__(self) -> Progress:
        return self.progress

    def __exit__(self, *_: object) -> None:
        return

    def progress(self, what: str, done: int, total: int) -> None:
        """Say how far it is, not too often."""
        said, when = self._last
        now = time.monotonic()
        if what == said and now - when < EACH:
            return
        self._last = (what, now)
        self._say(PROGRESS, json.dumps([what, done, total]).encode())

    def close(self, code: int) -> None:
        """Say the rest of what was printed, and that this was all. What runs on in other threads has nobody any more
        to say anything to."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        self._ended.wait(_PATIENCE)
        self._say(END, b"%d" % code)

    def _print(self, reading: int) -> None:
        """Hand on what is printed, until nobody can print any more; without the server there is nothing to do."""
        ready = select.poll()
        ready.register(reading, select.POLLIN)
        ready.register(self._out, 0)
        while True:
            found = dict(ready.poll())
            if found.get(self._out, 0) & select.POLLERR:
                _end_all()
            if reading in found:
                data = os.read(reading, _PART)
                if not data:
                    ready.unregister(reading)
                    self._ended.set()
                    continue
                try:
                    self._say(PRINTED, data)
                except BrokenPipeError:
                    _end_all()

    def _say(self, stream: int, data: bytes) -> None:
        with self._lock:
            left = memoryview(self._session.write(data, stream))
            while left:
                left = left[os.write(self._out, left) :]


def _end_all() -> None:
    """The server is gone: end this process, and what it started."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


class Listener:
    """The server's half: what came so far, and whether it `ended`, with what `code`. `wrong` says why no more is heard:
    `output` past the cap, else in words."""

    def __init__(self, session: bytes, progress: Progress | None = None) -> None:
        self._session = FrameSession(session, cap=MAX_OUTPUT)
        self._progress = progress
        self._size = 0
        self.answer: dict[str, Any] | None = None
        self.printed = bytearray()
        self.wrong = ""
        self.ended = False
        self.code = 0

    def heard(self, part: bytes) -> None:
        """Take what the process wrote."""
        if self.wrong or self.ended:
            return
        try:
            for stream, payload in self._session.read(part):
                self._take(stream, bytes(payload))
        except DrivenError as error:
            self.wrong = error.message
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            self.wrong = "a frame that holds something else than its stream says"

    def _take(self, stream: int, data: bytes) -> None:
        if stream == PRINTED:
            self._size += len(data)
            if self._size > MAX_OUTPUT:
                self.wrong = "output"
                self.printed.clear()
            else:
                self.printed += data
        elif stream == PROGRESS:
            what, done, total = plain(data)
            if not (isinstance(what, str) and type(done) is int and type(total) is int):
                raise TypeError
            if not (0 <= done <= _STEPS and 0 <= total <= _STEPS):
                raise ValueError
            if self._progress is not None:
                self._progress(what[:200], done, total)
        elif stream == ANSWER:
            value = plain(data)
            if not isinstance(value, dict) or value.keys() != {"ok", "data", "error", "meta"}:
                raise ValueError
            self.answer = value
        elif stream == END:
            self.code, self.ended = int(data), True
        else:
            self.wrong = f"a stream that is none: {stream}"
