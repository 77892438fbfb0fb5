"""What writing a file takes on this platform: a temp's name, one flush for many files, the clock that stamps them."""

from __future__ import annotations

import os
import sys
import time

TEMP_SUFFIX = ".drvtmp"
TICK = 10_000_000  # ns: the longest that the clock which stamps files stands still (CONFIG_HZ=100)
COARSE = 5  # CLOCK_REALTIME_COARSE of Linux, which Python's `time` does not name


def temp_name(name: str) -> str:
    """The temp of a file, beside it: hidden, and of no suffix that an editor reads."""
    raw = name.encode("utf-8", "surrogateescape")
    if len(raw) > 200:  # a name has at most 255 bytes, and two long ones must not share a temp
        import zlib

        return f".{raw[:180].decode(errors='ignore')}-{zlib.crc32(raw):08x}{TEMP_SUFFIX}"
    return f".{name}{TEMP_SUFFIX}"


def write_all(handle: int, data: bytes) -> None:
    done = os.write(handle, data)
    while done < len(data):
        done += os.write(handle, data[done:])


def sync_file_system(handle: int) -> bool:
    """One flush of the file system that holds `handle`, where the platform has it (Linux)."""
    try:
        import ctypes

        return bool(ctypes.CDLL(None, use_errno=True).syncfs(handle) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def tick() -> int:
    """The clock that stamps files, in nanoseconds; on Linux it stands still between two ticks (1–10 ms)."""
    return time.clock_gettime_ns(COARSE) if sys.platform == "linux" else time.time_ns()


def pass_tick(newest: int) -> None:
    """Wait (a few ms) until a file changed now would show a later mtime than `newest`: no edit can then hide."""
    for _ in range(20):
        if tick() > newest:
            return
        time.sleep(0.001)
