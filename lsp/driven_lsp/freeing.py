"""Memory that nobody uses goes back to the system: glibc keeps what a thread once had for as long as the process."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_trim: list[Callable[[int], int] | None] = []


def give_back() -> None:
    """Give back what is free, in a few ms and beside other threads; nothing happens where the C library cannot."""
    if not _trim:
        _trim.append(_found())
    trim = _trim[0]
    if trim is not None:
        trim(0)


def _found() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (ImportError, OSError, AttributeError):  # musl has none
        return None
    return found
