"""The filter of system calls: a program of classic BPF, made here, loaded by the launcher.

What it refuses is what Landlock does not see: sockets, processes, other processes' memory and limits, metadata of
files, kernel interfaces that were broken often. All else is allowed; a call newer than the table is one that the
kernel does not have. What has other shapes than a number to compare (a path, a struct) a filter cannot see.
"""

from __future__ import annotations

import struct

from driven.frozen import frozen
from driven.trust.rings.syscalls import LAST, X32, audit_arch, numbers

_LOAD, _EQUAL, _GREATER, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_ERRNO = 0x00050000
EPERM, ENOSYS = 1, 38
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

# Calls that nobody confined makes, by what they would reach.
REFUSED: dict[str, str] = {
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_open "
    "pidfd_getfd pidfd_send_signal move_pages migrate_pages tkill rt_sigqueueinfo rt_tgsigqueueinfo",
    "another session": "setsid setpgid",  # who leaves the group outlives it
    "their place in the queue": "setpriority ioprio_set sched_setaffinity sched_setscheduler sched_setparam "
    "sched_setattr",
    "namespaces and mounts": "unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig "
    "fsmount fspick mount_setattr",
    "files by handle": "name_to_handle_at open_by_handle_at",
    "rings of calls": "io_uring_setup io_uring_enter io_uring_register",  # they bypass this filter
    "the kernel": "bpf perf_event_open userfaultfd keyctl add_key request_key lookup_dcookie fanotify_init syslog acct "
    "quotactl quotactl_fd swapon swapoff reboot sethostname setdomainname init_module finit_module delete_module "
    "kexec_load kexec_file_load settimeofday clock_settime clock_adjtime adjtimex iopl ioperm modify_ldt personality "
    "vhangup uselib nfsservctl",
    "programs in memory": "memfd_create memfd_secret execveat",
    "shared memory and queues": "shmget shmat semget semop semtimedop msgget msgsnd msgrcv mq_open mq_unlink",
    "metadata": "chmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat setxattr lsetxattr "
    "fsetxattr removexattr lremovexattr fremovexattr",  # Landlock does not restrict them
    "listening": "bind listen accept accept4",
}
_CLONE_THREAD, _CLONE_NEW = 0x00010000, 0x7E020000
_SETOWN = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals to whom they name
_IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX: typing into a terminal; FIOSETOWN, SIOCSPGRP
_PRCTLS = (1, 4, 35)  # PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM
_INET = (2, 10)
_O_TRUNC, _O_ACCMODE = 0o1000, 0o3


@frozen
class Filter:
    """A program, and where in it the launcher writes its own process id (byte offsets of 4 bytes each)."""

    program: bytes
    pid_at: tuple[int, ...]


class _Program:
    """Instructions in the order they run."""

    def __init__(self) -> None:
        self.code: list[tuple[int, int, int, int]] = []
        self.pid_at: list[int] = []

    def add(self, operation: int, value: int, true: int = 0, false: int = 0) -> None:
        self.code.append((operation, true, false, value))

    def answer(self, value: int) -> None:
        self.add(_RETURN, value)

    def refuse(self, errno: int = EPERM) -> None:
        self.answer(_ERRNO | errno)

    def call(self, number: int | None, block: _Program) -> None:
        """What is done for one call: every path of `block` ends with an answer. Reloads nothing: after a block that is
        skipped the number is still there."""
        if number is None:
            return
        assert len(block.code) < 256
        self.add(_EQUAL, number, 0, len(block.code))
        base = len(self.code)
        self.pid_at += [8 * base + offset for offset in block.pid_at]
        self.code += block.code


def _refusal(errno: int = EPERM) -> _Program:
    block = _Program()
    block.refuse(errno)
    return block


def _word(argument: int, high: bool = False) -> int:
    return _ARGUMENTS + 8 * argument + (4 if high else 0)


def _one_of(argument: int, values: tuple[int, ...], *, allowed: bool) -> _Program:
    """Allow, or refuse, where the low word of an argument is one of these; the other way round where it is none."""
    block = _Program()
    block.add(_LOAD, _word(argument))
    for value in values:
        block.add(_EQUAL, value, 0, 1)
        block.answer(_ALLOW if allowed else _ERRNO | EPERM)
    block.answer(_ERRNO | EPERM if allowed else _ALLOW)
    return block


def _clone(spawn: bool) -> _Program:
    block = _Program()
    block.add(_LOAD, _word(0))
    block.add(_ANY_BIT, _CLONE_NEW, 0, 1)
    block.refuse()
    if not spawn:
        block.add(_ANY_BIT, _CLONE_THREAD, 1, 0)
        block.refuse()
    block.answer(_ALLOW)
    return block


def _own_pid() -> _Program:
    """A signal goes to this process alone."""
    block = _Program()
    block.add(_LOAD, _word(0))
    block.pid_at.append(8 * len(block.code) + 4)
    block.add(_EQUAL, 0, 1, 0)
    block.refuse()
    block.answer(_ALLOW)
    return block


def _socket(domains: tuple[int, ...]) -> _Program:
    """Streams of these families: one datagram socket could be pointed elsewhere by any later call."""
    block = _Program()
    block.add(_LOAD, _word(1))
    block.add(_AND, 0xF)
    block.add(_EQUAL, 1, 1, 0)  # SOCK_STREAM
    block.refuse()
    block.code += _one_of(0, domains, allowed=True).code
    return block


def _by_descriptor() -> _Program:
    """`utimensat` without a path: of a file that is open."""
    block = _Program()
    block.add(_LOAD, _word(1))
    block.add(_EQUAL, 0, 1, 0)
    block.refuse()
    block.add(_LOAD, _word(1, high=True))
    block.add(_EQUAL, 0, 1, 0)
    block.refuse()
    block.answer(_ALLOW)
    return block


def _no_truncation(flags: int) -> _Program:
    """Before Landlock 3 `O_TRUNC` empties a file that is opened for reading."""
    block = _Program()
    block.add(_LOAD, _word(flags))
    block.add(_ANY_BIT, _O_TRUNC, 1, 0)
    block.answer(_ALLOW)
    block.add(_ANY_BIT, _O_ACCMODE, 1, 0)
    block.refuse()
    block.answer(_ALLOW)
    return block


def program(
    machine: str, *, abi: int, execute: bool = False, spawn: bool = False, files: bool = False, tcp: bool = False
) -> Filter | None:
    """The filter for a machine beside Landlock `abi`; None for a machine without a table.

    `execute`: the launcher, or who it is about to become, may become another program. `spawn`: it may start processes.
    `files`: it writes files of the project itself, and may so set their mode and time by descriptor. `tcp`: it may
    connect; to which ports, Landlock says.
    """
    known = numbers(machine)
    if not known:
        return None
    made = _Program()
    made.add(_LOAD, _ARCH)
    made.add(_EQUAL, audit_arch(machine), 1, 0)
    made.answer(_KILL)  # another table of numbers: nothing that follows would mean what it says
    made.add(_LOAD, _NUMBER)
    if machine == "x86_64":
        made.add(_AT_LEAST, X32, 0, 1)
        made.refuse()
    made.add(_GREATER, LAST, 0, 1)
    made.refuse(ENOSYS)
    for names in REFUSED.values():
        for name in names.split():
            made.call(known.get(name), _refusal())
    for name, block in _shaped(abi, execute=execute, spawn=spawn, files=files, tcp=tcp).items():
        made.call(known.get(name), block)
    made.answer(_ALLOW)
    code = b"".join(struct.pack("<HBBI", operation, true, false, value) for operation, true, false, value in made.code)
    return Filter(program=code, pid_at=tuple(made.pid_at))


def _shaped(abi: int, *, execute: bool, spawn: bool, files: bool, tcp: bool) -> dict[str, _Program]:
    """The calls that are refused in some shapes, or to some."""
    found = {
        "clone3": _refusal(ENOSYS),  # its flags stand in memory: without it the C library takes clone
        "clone": _clone(spawn),
        "socket": _socket(_INET) if tcp else _refusal(),
        "socketpair": _socket((1,)),  # asyncio wakes itself by one
        "prlimit64": _one_of(0, (0,), allowed=True),
        "fcntl": _one_of(1, _SETOWN, allowed=False),
        "ioctl": _one_of(1, _IOCTLS, allowed=False),
        "prctl": _one_of(0, _PRCTLS, allowed=False),
        "utimensat": _by_descriptor() if files else _refusal(),
    }
    if not files:
        found["fchmod"] = _refusal()
    if not tcp:
        found["connect"] = _refusal()
    if not spawn:
        found |= {"fork": _refusal(), "vfork": _refusal(), "kill": _own_pid(), "tgkill": _own_pid()}
    if not execute:
        found["execve"] = _refusal()
    if abi < 3:
        found |= {
            "truncate": _refusal(), "openat2": _refusal(ENOSYS), "open": _no_truncation(1), "openat": _no_truncation(2),
        }  # fmt: skip
    return found
