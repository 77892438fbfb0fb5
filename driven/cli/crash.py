"""A log file about an exception that nobody foresaw, ready to be pasted into a report."""

from __future__ import annotations

import os
from collections.abc import Sequence

_MOST = 100_000  # characters of a trace that are kept


def write_report(error: BaseException, words: Sequence[str], root: str) -> str:
    """Write the log into the project's `.driven/state/`, else into the folder for temporary files; its path, "" when
    neither can be written. The user's home folder is written as `~`."""
    import platform
    import shlex
    import sys
    import tempfile
    import traceback

    from driven import __version__

    home = os.path.expanduser("~")
    trace = "".join(traceback.format_exception(error))[-_MOST:]
    text = "\n".join(
        (
            "## driven stopped on an error that it did not foresee",
            "",
            f"- driven {__version__}, Python {platform.python_version()} ({platform.python_implementation()})",
            f"- {platform.platform()}",
            f"- `driven {shlex.join(words)}`",
            f"- encoding: {sys.getfilesystemencoding()}, stdout {getattr(sys.stdout, 'encoding', None)}",
            "",
            "```",
            trace.rstrip("\n"),
            "```",
            "",
        )
    )
    if len(home) > 1:
        text = text.replace(home, "~")
    state = os.path.join(root, ".driven", "state") if root else ""
    for folder in (state, tempfile.gettempdir()):
        if not folder or not os.path.isdir(folder):
            continue
        if folder == state and os.path.realpath(folder) != os.path.join(os.path.realpath(root), ".driven", "state"):
            continue  # a link: a stranger's project must not lead our writes elsewhere
        try:
            handle, path = tempfile.mkstemp(prefix="driven-crash-", suffix=".md", dir=folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return path
        except OSError:
            continue
    return ""


def place_of(error: BaseException) -> str:
    """Where it was raised: `file.py:12`."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "no line of ours"
