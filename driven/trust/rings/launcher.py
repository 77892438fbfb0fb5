"""Confines the process that it runs in, for good, and then becomes the program or runs the plugin it was given.

Started by `process.py` as `python -I -S -c 'import launcher; …'`, not as a script, which would be compiled each time:
nothing of ours is imported here, and little of the library, for every run of a plugin pays for it. Orders come as
marshal in an open file whose number is the one argument; who wrote them is who started this. A step that fails ends
the process with `FAILED`: nothing runs half confined.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Orders: TypeAlias = dict[str, Any]

FAILED = 121  # exit code: a step failed, its name and reason are on stderr
_SET_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _SET_NO_NEW_PRIVS = 1, 4, 24, 38
_RULE_PATH, _RULE_PORT = 1, 2
_NOFOLLOW_PATH = os.O_CLOEXEC | os.O_NOFOLLOW | getattr(os, "O_PATH", 0)
_DIRECTORY = 0o040000
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # landlock.OF_FILES
_LIBC = ctypes.CDLL(None, use_errno=True)


def _call(function: Any, *arguments: Any) -> int:
    found: int = function(*arguments)
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return found


def _syscall(number: int, *arguments: Any) -> int:
    return _call(_LIBC.syscall, ctypes.c_long(number), *arguments)


def _prctl(option: int, value: int) -> int:
    zero = ctypes.c_ulong(0)
    return _call(_LIBC.prctl, option, ctypes.c_ulong(value), zero, zero, zero)


def die_with_parent(orders: Orders) -> None:
    """SIGKILL for this process when whoever started it ends."""
    _prctl(_SET_PDEATHSIG, 9)
    if orders["parent"] and os.getppid() != orders["parent"]:
        raise OSError("its parent has ended")


def no_new_privileges(orders: Orders) -> None:
    """No program with the set-uid bit gives more than there is; the next steps need it."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def limits(orders: Orders) -> None:
    """Memory, processor time, size and number of files."""
    for kind, soft, hard in orders["limits"]:
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def close_others(orders: Orders) -> None:
    """Whatever else was open stays with whoever opened it."""
    kept = sorted({0, 1, 2, *orders["keep"]})
    for after, before in zip([-1, *kept], [*kept, 1 << 20], strict=True):
        if after + 1 < before:  # of an empty range it closes all
            os.closerange(after + 1, before)


def drop_capabilities(orders: Orders) -> None:
    """Root without the powers of root: it owns root's files, and no more."""
    if os.geteuid() == 0:
        for number in range(64):
            if _LIBC.prctl(_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0) < 0:
                break  # past the last one, or not ours to drop
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _syscall(orders["numbers"]["capset"], header, (ctypes.c_uint32 * 6)())


def undumpable(orders: Orders) -> None:
    """Nobody of the same user may look into this process. (A program that it becomes is dumpable again.)"""
    _prctl(_SET_DUMPABLE, 0)


def landlock(orders: Orders) -> None:
    """Files, TCP ports, abstract sockets and signals, as far as the kernel's version goes."""
    if orders["landlock"] is None:
        return
    size, files, net, scopes, paths, ports = orders["landlock"]
    number = orders["numbers"]
    ruleset = _syscall(
        number["landlock_create_ruleset"], (ctypes.c_uint64 * 3)(files, net, scopes), ctypes.c_size_t(size), 0
    )
    for path, rights in paths:
        try:
            place = os.open(path, _NOFOLLOW_PATH)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # nothing is granted there
        if orders["proc"] and os.readlink(f"/proc/self/fd/{place}") != path:
            raise OSError(f"{path} became a link")
        if os.fstat(place).st_mode & 0o170000 != _DIRECTORY:
            rights &= _OF_FILES
        if rights:
            rule = (ctypes.c_char * 12).from_buffer_copy(rights.to_bytes(8, "little") + place.to_bytes(4, "little"))
            _syscall(number["landlock_add_rule"], ruleset, _RULE_PATH, rule, 0)
        os.close(place)
    for port, rights in ports:
        _syscall(number["landlock_add_rule"], ruleset, _RULE_PORT, (ctypes.c_uint64 * 2)(rights, port), 0)
    _syscall(number["landlock_restrict_self"], ruleset, 0)
    os.close(ruleset)


def seccomp(orders: Orders) -> None:
    """The filter of system calls, for all threads."""
    if orders["filter"] is None:
        return
    code = bytearray(orders["filter"])
    for place in orders["pid_at"]:
        code[place : place + 4] = os.getpid().to_bytes(4, "little")
    text = (ctypes.c_char * len(code)).from_buffer(code)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    program = Program(len(code) // 8, ctypes.addressof(text))
    # SECCOMP_SET_MODE_FILTER with SECCOMP_FILTER_FLAG_TSYNC: a thread that cannot be held is an answer above 0.
    if _syscall(orders["numbers"]["seccomp"], 1, 1, ctypes.byref(program)):
        raise OSError("another thread cannot be held")


STEPS = (
    die_with_parent,
    no_new_privileges,
    limits,
    close_others,
    drop_capabilities,
    undumpable,
    landlock,
    seccomp,
)


def main() -> None:
    """Read the orders, take every step, and go on as what was ordered."""
    step = "orders"
    try:
        with open(int(sys.argv[1]), "rb") as file:
            orders = marshal.load(file)
        guest = orders["guest"]
        if guest is not None:
            # Before anything is out of reach. Its words come and go by 3 and 4; what it prints is no word of these.
            import guest as runner  # type: ignore[import-not-found]  # it stands beside this file

            os.dup2(0, 3)
            os.dup2(1, 4)
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(2, 1)
            orders["keep"] = (3, 4)
            sys.path[:] = [one for one in sys.path if one != os.path.dirname(__file__)]
        for one in STEPS:
            step = one.__name__
            one(orders)
        if guest is None:
            step = "start"
            os.execve(orders["program"], orders["argv"], os.environ)
    except BaseException as error:
        os.write(2, f"launcher: {step}: {error}\n".encode(errors="replace"))
        os._exit(FAILED)
    runner.main(guest)


if __name__ == "__main__":  # it is a script; who imports all modules must not become one
    main()
