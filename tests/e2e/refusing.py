"""The kernel refuses a call, as at a limit of it: `refusing.py CALL ERROR COMMAND…`, or `refuse` for this thread alone.

By a filter of system calls (seccomp), which needs no rights, touches no limit that others share, and ends with the
thread or process that asked for it. It works where no namespace may be made, as in a plain container.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

# Linux: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
CALLS = {
    "x86_64": {"inotify_init": (253, 294), "inotify_add_watch": (254,)},
    "aarch64": {"inotify_init": (26,), "inotify_add_watch": (27,)},
}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF, with a constant
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


class _Line(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("lines", ctypes.POINTER(_Line))]


def refuse(call: str, error: int) -> None:
    """From now on `call` fails with `error` in this thread, in those that it starts and in what it executes."""
    numbers = CALLS[platform.machine()][call]
    lines = [(LOAD, 0, 0, 0)]  # the number of the system call
    lines += [(JUMP_IF_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE | error)]
    program = _Program(len(lines), (_Line * len(lines))(*lines))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*words) != 0:
            raise OSError(ctypes.get_errno(), f"no filter of system calls: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    refuse(sys.argv[1], getattr(errno, sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])
