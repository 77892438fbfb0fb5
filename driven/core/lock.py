"""The lines of `outputs.lock`: text <-> (path, editor, part) -> digests. Compiled: each sync reads and writes them all.

A line is a path, an editor and `PART:DIGEST` (or `DIGEST` for a whole file), tabs between. What is good at a glance is
taken here; any other line is the caller's to judge.
"""

from __future__ import annotations

from collections.abc import Callable

Owned = tuple[str, str, str]  # path, editor, part
Lines = dict[Owned, frozenset[str]]


def parse_lines(text: str) -> tuple[Lines, list[tuple[int, str]]]:
    """The plain lines of `text`, and those that are not: (number, line), blank lines and comments left out."""
    lock: Lines = {}
    odd: list[tuple[int, str]] = []
    number = 0
    for line in text.splitlines():
        number += 1
        if not line or line[0] == "#":
            continue
        first = line.find("\t")
        second = line.find("\t", first + 1)
        path = line[:first]
        rest = line[second + 1 :]
        colon = rest.rfind(":")
        digest = rest[colon + 1 :]
        if (
            first < 1
            or second < 0
            or len(digest) != 32
            or digest.strip("0123456789abcdef")
            or "\t" in rest
            or line[0] in "<=>|"
            or not _plain(path)
        ):
            odd.append((number, line))
            continue
        owned = (path, line[first + 1 : second], rest[:colon] if colon > 0 else "file")
        known = lock.get(owned)
        lock[owned] = frozenset((digest,)) if known is None else known | {digest}
    return lock, odd


def _plain(path: str) -> bool:
    """Whether `path` is that of a file inside the project, as it stands."""
    if "%" in path or "\\" in path or "\0" in path or not path.isascii():
        return False
    wrapped = "/" + path.lower() + "/"
    if "//" in wrapped or "/.git/" in wrapped or wrapped.startswith("/.driven/"):
        return False
    return "/./" not in wrapped and "/../" not in wrapped


def render_lines(lock: Lines, escape: Callable[[str], str]) -> str:
    """The lines, sorted; `escape` for a path that is not plain."""
    out: list[str] = []
    for owned in sorted(lock):
        path, editor, part = owned
        digests = lock[owned]
        if not (_plain(path) and path.isprintable() and path[0] not in "#<=>|"):
            path = escape(path)
        head = path + "\t" + editor + "\t"
        if part != "file":
            head += part + ":"
        for digest in sorted(digests) if len(digests) > 1 else digests:
            out.append(head + digest + "\n")
    return "".join(out)
