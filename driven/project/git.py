"""What git knows of the user's project: its files, and what is committed. Nothing where there is no git."""

from __future__ import annotations

import os

TIMEOUT = 60  # seconds
MAX_BYTES = 1 << 27
# Nothing of a repository's own configuration is run, no lock of a git at work is disturbed, nothing is fetched.
_WORDS = ("git", "-c", "core.fsmonitor=false", "--no-optional-locks")
_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}


def git_files(root: str) -> list[str] | None:
    """Paths relative to `root`, POSIX: tracked files and untracked ones that git does not ignore. None without git."""
    said = _git(root, "ls-files", "-z", "-co", "--exclude-standard")
    return None if said is None else [os.fsdecode(name) for name in said.split(b"\0") if name]


def tracked_files(root: str) -> list[str]:
    """Paths relative to `root`, POSIX, of the files in git's index; empty without git."""
    said = _git(root, "ls-files", "-z") or b""
    return [os.fsdecode(name) for name in said.split(b"\0") if name]


def committed_files(root: str, folder: str) -> dict[str, bytes]:
    """Path relative to `root` -> content of the regular files that the last commit has below `folder`; empty where
    there is none."""
    listed = _git(root, "ls-tree", "-r", "-l", "-z", "HEAD", "--", f"{folder}/") or b""
    ids: dict[str, bytes] = {}
    total = 0
    for line in listed.split(b"\0"):
        about, _, name = line.partition(b"\t")
        mode, _, raw, size = about.split() if name else (b"", b"", b"", b"0")
        if mode in (b"100644", b"100755") and (total := total + int(size)) <= MAX_BYTES:
            ids[os.fsdecode(name)] = raw
    said = _git(root, "cat-file", "--batch", given=b"".join(raw + b"\n" for raw in ids.values())) or b""
    out: dict[str, bytes] = {}
    at = 0
    for path in ids:
        end = said.find(b"\n", at)
        length = said[at:end].split()[-1:]  # of `id blob size`, or of `id missing`
        if end < 0 or not length or not length[0].isdigit():
            return {}
        out[path] = said[end + 1 : end + 1 + int(length[0])]
        at = end + 2 + int(length[0])
    return out


def _git(root: str, *words: str, given: bytes = b"") -> bytes | None:
    """What git says; None when it is not there, fails, or takes too long."""
    import subprocess

    try:
        done = subprocess.run(
            [*_WORDS, "-C", root, *words], input=given, capture_output=True, timeout=TIMEOUT, check=False,
            env={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
