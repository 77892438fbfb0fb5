"""Ring N's outer wall: namespaces by bubblewrap, in which the launcher then does what it does in ring L.

Two stages, because `bwrap --seccomp` loads its filter before it starts its program, and could so not forbid that.
Options: bwrap(1) of 0.8, https://github.com/containers/bubblewrap, verified 2026-11-22.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.trust.rings.process import Order


def found() -> str:
    """Where bubblewrap is, "" where it is not: only where programs of a system are, not where a project put one."""
    import shutil

    return shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin") or ""


def around(bwrap: str, order: Order, places: Sequence[str]) -> tuple[str, ...]:
    """The words that start bubblewrap, up to the program. It is started without any environment: its first process
    inside keeps what it was given, and `--clearenv` empties only what it starts."""
    from driven.trust.rings.places import SYSTEM
    from driven.trust.rings.process import HERE

    words = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for name, value in order.environment.items():
        words += ["--setenv", name, value]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(max(order.limits.scratch, 1 << 20)), "--tmpfs", "/tmp"]
    bound: list[str] = []
    interpreter = os.path.realpath(sys.executable)
    for one in sorted({*SYSTEM, *places, HERE, interpreter, *_linked(interpreter)}):
        if not os.path.exists(one) or any(one.startswith(above + "/") for above in bound):
            continue
        if os.path.islink(one):
            words += ["--symlink", os.readlink(one), one]
        else:
            words += ["--ro-bind", one, one]
            bound.append(one)
    return (*words, "--dir", order.folder, "--chdir", order.folder, "--")


def _linked(interpreter: str) -> list[str]:
    """The interpreter's shared object, where it stands beside it and not where the system's libraries are."""
    folder = os.path.join(os.path.dirname(os.path.dirname(interpreter)), "lib")
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("libpython")]
    except OSError:
        return []
