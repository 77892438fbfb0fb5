"""Paths of a project as its texts write them: joined to a folder, counted from another one. POSIX, "" is the root."""

from __future__ import annotations

from functools import lru_cache


def joined(folder: str, path: str) -> str | None:
    """The two as one path without `.` and `..`; None when it leaves the project."""
    names = folder.split("/") if folder else []
    for name in path.split("/"):
        if name == "..":
            if not names:
                return None
            names.pop()
        elif name not in ("", "."):
            names.append(name)
    return "/".join(names)


def relative(path: str, folder: str) -> str:
    """A path of the project as it is written in a file of `folder`."""
    names, base = path.split("/"), folder.split("/") if folder else []
    same = 0
    while same < len(base) and same < len(names) - 1 and base[same] == names[same]:
        same += 1
    return "/".join([".."] * (len(base) - same) + names[same:])


@lru_cache(1_024)
def folders(folder: str) -> tuple[str, ...]:
    """A folder and all above it, the project's own, "", last."""
    found = [folder]
    while folder:
        folder = folder.rpartition("/")[0]
        found.append(folder)
    return tuple(found)
