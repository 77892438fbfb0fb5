"""What a `.gitignore` ignores, read from its text: where there is no git, and to name the line that does it.

https://git-scm.com/docs/gitignore (verified 2026-11-21). One file alone is read, the one at the top of the project.
"""

from __future__ import annotations

from driven.plugin_kit import FormatError, Glob

MOST = 5_000  # lines


def line_for(text: str, path: str) -> str:
    """The line of a `.gitignore` at the top that decides on `path`: "" when none does; it may begin with `!`."""
    decides = ""
    names = path.split("/")
    parents = ["/".join(names[:end]) for end in range(1, len(names) + 1)]
    for line in text.split("\n", MOST)[:MOST]:
        line = line.rstrip()
        pattern = line[1:] if line[:1] == "!" else line
        if not pattern or pattern[0] == "#" or "\\" in pattern:
            continue
        bare = pattern.rstrip("/")
        anchored = "/" in bare
        try:
            glob = Glob(bare.lstrip("/"), braces=False)
        except FormatError:
            continue
        last = len(parents) - (1 if pattern[-1] == "/" else 0)  # of `folder/` only what stands in it
        if any(glob.match(parents[at] if anchored else names[at]) for at in range(last)):
            decides = line
    return decides


def is_ignored(text: str, path: str) -> bool:
    """Whether a `.gitignore` at the top ignores `path`."""
    return line_for(text, path)[:1] not in ("", "!")
