"""The answer of a validation, kept: the same words in the same folder get it again while nothing changed.

It stands in the person's own cache folder, never in the project: one that came with a stranger's project could say that
all is well. Which files and folders it hangs on is a ledger (`core.ledger`). Compiled with it: this is the way of a
validation that has nothing to do.
"""

from __future__ import annotations

import os
import sys

from driven.core.ledger import held_summary, run_key

# What else decides what is printed, and how.
SETTINGS = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "COLUMNS", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING",
            "PYTHONUTF8", "HOME", "XDG_CONFIG_HOME", "PATH", "GITHUB_WORKSPACE")  # fmt: skip


def kept_answer(version: str, words: list[str]) -> tuple[int, bytes] | None:
    """The exit code and what was printed on stdout when `driven` was called last with these words here; None when it
    is not known, or something changed since.

    The process may stand in another folder afterwards only when there is an answer.
    """
    for word in words:
        if word == "--fix" or word.startswith("--root"):
            return None
    try:
        here = os.getcwd()
    except OSError:  # it was deleted
        return None
    root = base_of(here)
    path = answer_path(root)
    if not path or not is_own(path):
        return None
    if root != here:
        os.chdir(root)
    summary = held_summary(path, answer_key(version, words, here))
    if summary:
        return summary[0], summary[1:]
    if root != here:
        os.chdir(here)
    return None


def base_of(here: str) -> str:
    """The nearest folder at or above `here` that holds `.driven`, else `here`."""
    folder = here
    while True:
        try:
            if os.stat(folder + "/.driven").st_mode & 0o170000 == 0o040000:
                return folder
        except OSError:
            pass
        parent = folder.rpartition("/")[0] or "/"
        if parent == folder:
            return here
        folder = parent


def answer_path(root: str) -> bytes:
    """Where the answer for the folder `root` is kept; b"" when there is no place for it."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not cache.startswith("/"):
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            return b""
        cache = home + "/.cache"
    try:
        seen = os.stat(root)
    except OSError:
        return b""
    return os.fsencode(f"{cache}/driven/validate/{seen.st_dev:x}-{seen.st_ino:x}")


def is_own(path: bytes) -> bool:
    """Whether a file of the cache is a plain one of the person who asks: in a folder for all, another may have put it
    there. Also where there is none."""
    try:
        seen = os.lstat(path)
    except OSError:
        return True
    return seen.st_mode & 0o170000 == 0o100000 and seen.st_uid == os.geteuid()


def answer_key(version: str, words: list[str], here: str) -> bytes:
    """What must be the same, besides the files, for an answer to be given again."""
    parts = [here, "\0".join(words), str(os.geteuid())]
    for name in SETTINGS:
        parts.append(name + "=" + os.environ.get(name, "\0"))
    for name in sorted(os.environ):
        if name.startswith("GIT_"):
            parts.append(name + "=" + os.environ[name])
    for handle in (1, 2):
        terminal = os.isatty(handle)
        parts.append(str(terminal))
        if terminal:
            try:
                parts.append(str(os.get_terminal_size(handle).columns))
            except OSError:
                parts.append("?")
    parts.append(str(getattr(sys.stdout, "encoding", "")))
    return run_key(version, sys.prefix, sys.path) + "\0\0".join(parts).encode("utf-8", "surrogateescape")
