"""Landlock: what the kernel is asked to hold, by the version of its interface, and which rights a grant comes down to.

Rights and what each version added: https://docs.kernel.org/userspace-api/landlock.html, verified 2026-11-22. A right
that a kernel does not know must not be asked for; what it does not know it does not restrict.
"""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, REFER, TRUNCATE, IOCTL_DEV = 1 << 7, 1 << 8, 1 << 13, 1 << 14, 1 << 15
_FIRST = (1 << 13) - 1  # all rights of version 1
CONNECT_TCP = 1 << 1
_NET = 0b11  # bind and connect
_SCOPES = 0b11  # abstract Unix sockets and signals
NEWEST = 7  # what is known here; a later one is asked for no more than this

READ = READ_FILE | READ_DIR
# Without devices, pipes, sockets and links: a link that stands in a project leads its reader astray later.
INSIDE = WRITE_FILE | TRUNCATE | REMOVE_FILE | REMOVE_DIR  # what is there already
WRITE = INSIDE | MAKE_DIR | MAKE_REG | REFER
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # the rest means nothing of a file, and is refused


@frozen
class Grant:
    """Rights on a file, or on a folder and all below it. `path` is absolute and has no link in it."""

    path: str
    rights: int


def version() -> int:
    """The version of the kernel's interface, 0 where it has none."""
    import ctypes
    import sys

    if sys.platform != "linux":
        return 0
    found: int = ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(0, found)


def rules(abi: int, grants: Iterable[Grant], ports: Sequence[int] = ()) -> tuple[Any, ...]:
    """What the launcher loads: size of the attribute, handled rights of files, of the network, scopes, paths with
    their rights, ports that may be connected to. All of it as `abi` knows it."""
    abi = min(abi, NEWEST)
    files = _FIRST | (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0) | (IOCTL_DEV if abi >= 5 else 0)
    net = _NET if abi >= 4 else 0
    scopes = _SCOPES if abi >= 6 else 0
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    paths = [(one.path, one.rights & files) for one in grants]
    return size, files, net, scopes, paths, [(port, CONNECT_TCP) for port in ports] if net else []
