"""`driven sync --watch`: the watch as a process, with its signals and its memory."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.sync.events import Event

_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last one: its terminal was closed


def run(args: Any, app: App) -> int:
    """Sync, and stay until a signal comes; then 0. A sync that is writing is finished first."""
    if not args.watch:
        raise UsageError("`--poll` says how to watch", hint="write `driven sync --watch --poll`")
    for name in ("dry_run", "check", "force", "adopt"):
        if getattr(args, name):
            word = "--" + name.replace("_", "-")
            why = "decides once" if name in ("force", "adopt") else "writes nothing"
            raise UsageError(f"`{word}` {why}, `--watch` goes on", hint=f"run `driven sync {word}` by itself")
    root = app.root
    from driven.cli.render_watch import Lines, Screen
    from driven.sync import Watch

    show = Lines(app.out, root) if app.json else Screen(app.out, root)
    telling = _Telling(show.tell)
    feed = None
    if app.json or app.out.verbose:  # only there it is told what became of each rule
        from driven.streaming.feed import RuleFeed

        feed = RuleFeed()
    watch = Watch(root, telling.tell, poll=args.poll, rest=_rest, feed=feed)
    telling.stop = watch.stop
    for name in _ENDS:
        with contextlib.suppress(AttributeError, ValueError):  # not on this system, not in this thread
            signal.signal(getattr(signal, name), telling.signalled)
    gc.disable()  # `_rest` collects, when nobody waits for it
    watch.run()
    if telling.shut:
        os._exit(0)  # what is left in the buffers would be waited for, and nobody reads it
    return 0


GRACE = 0.5  # seconds that a line may take once a signal has come


class _Shut(Exception):
    """A line is not taken: whoever should read it may never do so."""


class _Telling:
    """Telling what happens for as long as anybody listens: a terminal may be closed, a reader of a pipe may stop."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._at_it = False
        self.shut = False
        self.stop: Callable[[], None] = lambda: None

    def tell(self, event: Event) -> None:
        """Tell it; end the watch where that cannot be done any more."""
        if self.shut:
            return
        self._at_it = True
        try:
            self._tell(event)
        except _Shut:
            self.shut = True
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EPIPE, errno.EBADF):
                raise
            self.shut = True
            self.stop()
        finally:
            self._at_it = False

    def signalled(self, *_: object) -> None:
        """The signal that ends the watch."""
        self.stop()
        if self._at_it and hasattr(signal, "setitimer"):  # it may hang in a write: not for ever
            signal.signal(signal.SIGALRM, self._too_long)
            signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _too_long(self, *_: object) -> None:
        if self._at_it:
            raise _Shut


def _rest() -> None:
    """Give memory back: a sync takes some 10 MB for a moment, and a watch lives for days."""
    gc.collect()
    with contextlib.suppress(ImportError, OSError, AttributeError):  # glibc alone has it, and takes 0.3 ms
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
