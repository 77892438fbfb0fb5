"""`driven sync --watch`: the watch as a process, with its signals and its memory."""

from __future__ import annotations

import contextlib
import gc
import signal
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from driven.cli.app import App

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
    watch = Watch(root, show.tell, poll=args.poll, rest=_rest)
    for name in _ENDS:
        with contextlib.suppress(AttributeError, ValueError):  # not on this system, not in this thread
            signal.signal(getattr(signal, name), lambda *_: watch.stop())
    gc.disable()  # `_rest` collects, when nobody waits for it
    watch.run()
    return 0


def _rest() -> None:
    """Give memory back: a sync takes some 10 MB for a moment, and a watch lives for days."""
    gc.collect()
    with contextlib.suppress(ImportError, OSError, AttributeError):  # glibc alone has it, and takes 0.3 ms
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
