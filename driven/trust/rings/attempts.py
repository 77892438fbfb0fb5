"""46 attempts at what a ring must hold, as a plugin: it runs in each ring, and outside of any to show what can succeed.

It knows nothing of ours and is one file, which is why it has more than 350 lines: it is compiled to a component too. An
attempt is a function that returns where it got what it wanted, and raises where it was stopped; `Absent` where this
kernel has no such thing. Nothing here hurts what it reaches: the process and the files that it aims at are the probe's.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    Spec: TypeAlias = dict[str, Any]
    Function: TypeAlias = Callable[[Spec], None]


class Absent(Exception):
    """The kernel has no such thing, or not here."""


class Stopped(Exception):
    """Nothing was raised, and yet it was stopped."""


# (name, what it is, whether it must work, function), in the order of the matrix.
ATTEMPTS: list[tuple[str, str, bool, Function]] = []
_EPERM, _EFAULT, _ENOSYS, _ENOTSUP = 1, 14, 38, 95


def _attempt(text: str, must: bool = False) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        ATTEMPTS.append((function.__name__.strip("_").replace("_", "-"), text, must, function))
        return function

    return mark


def _stopped_unless(right: object, text: str = "it was stopped") -> None:
    if not right:
        raise Stopped(text)


def _call(name: str | int, *arguments: Any) -> tuple[int, int]:
    """A system call; (answer, errno)."""
    import ctypes

    numbers = {
        "x86_64": {
            "process_vm_readv": 310, "clone3": 435, "execve": 59, "ptrace": 101, "io_uring_setup": 425,
            "prlimit64": 302, "getpid": 39, "unshare": 272, "capget": 125,
        },
        "aarch64": {
            "process_vm_readv": 270, "clone3": 435, "execve": 221, "ptrace": 117, "io_uring_setup": 425,
            "prlimit64": 261, "getpid": 172, "unshare": 97, "capget": 90,
        },
    }.get(os.uname().machine)  # fmt: skip
    if numbers is None:
        raise Absent("no table for this machine")
    number = name if isinstance(name, int) else numbers[name]
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    found = library.syscall(
        ctypes.c_long(number), *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)
    )
    return found, ctypes.get_errno() if found < 0 else 0


def _prctl(option: int, value: int = 0) -> int:
    import ctypes

    found: int = ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    return found


def _free(spec: Spec, name: str) -> str:
    return os.path.join(spec["scratch"] or os.environ.get("TMPDIR", "/tmp"), name)


# What must work.
@_attempt("write and read its own folder", must=True)
def own_folder(spec: Spec) -> None:
    path = _free(spec, "own")
    with open(path, "w") as file:
        file.write("own")
    with open(path) as file:
        assert file.read() == "own"
    os.remove(path)


@_attempt("read what was granted", must=True)
def granted_file(spec: Spec) -> None:
    with open(spec["granted"]) as file:
        assert file.read() == "granted"


@_attempt("threads", must=True)
def threads(spec: Spec) -> None:
    import threading

    done = []
    one = threading.Thread(target=lambda: done.append(1))
    one.start()
    one.join()
    assert done == [1]


@_attempt("asyncio, json, hashlib, tempfile", must=True)
def library(spec: Spec) -> None:
    import asyncio
    import hashlib
    import json
    import tempfile

    asyncio.run(asyncio.sleep(0))
    assert json.loads(json.dumps({"a": [1]})) == {"a": [1]} and hashlib.sha256(b"").digest_size == 32
    with (
        tempfile.TemporaryDirectory(dir=spec["scratch"] or None) as folder,
        open(os.path.join(folder, "a"), "w") as file,
    ):
        file.write("a")


# Files.
@_attempt("write a file outside")
def write_outside(spec: Spec) -> None:
    with open(os.path.join(spec["outside"], "new"), "w") as file:
        file.write("x")


@_attempt("read a file outside")
def read_outside(spec: Spec) -> None:
    with open(spec["secret"]) as file:
        assert file.read()


@_attempt("list a folder outside")
def list_outside(spec: Spec) -> None:
    assert os.listdir(spec["outside"])


@_attempt("read outside through a link")
def link(spec: Spec) -> None:
    with open(spec["link"]) as file:
        assert file.read()


@_attempt("make a second name for a file outside")
def hard_link(spec: Spec) -> None:
    os.link(spec["secret"], _free(spec, "hard"))


@_attempt("empty a file outside")
def truncate_outside(spec: Spec) -> None:
    os.truncate(spec["spare"], 1)


@_attempt("remove a file outside")
def remove_outside(spec: Spec) -> None:
    os.remove(spec["lost"])


@_attempt("make a pipe in the file system")
def fifo(spec: Spec) -> None:
    os.mkfifo(_free(spec, "pipe"))


@_attempt("read /etc/passwd")
def passwd(spec: Spec) -> None:
    with open("/etc/passwd") as file:
        assert file.read()


# What it starts with.
@_attempt("a secret of the environment")
def environment(spec: Spec) -> None:
    _stopped_unless("DRIVEN_PROBE_SECRET" in os.environ, "not there")


@_attempt("a secret in the environment of another process")
def environ_of_others(spec: Spec) -> None:
    found = False
    for pid in (spec["victim"], os.getppid(), 1):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                found |= b"DRIVEN_PROBE_SECRET" in file.read()
        except OSError as error:
            last = error
    if not found:
        raise last if "last" in dir() else Stopped("not there")


@_attempt("a descriptor that its parent had open")
def descriptor(spec: Spec) -> None:
    for number in range(3, 64):
        try:
            if b"secret" in os.pread(number, 64, 0):
                return
        except OSError:
            continue
    raise Stopped("none is open")


# The network.
@_attempt("connect by TCP")
def tcp_connect(spec: Spec) -> None:
    import socket

    with socket.socket() as one:
        one.connect(("127.0.0.1", spec["port"]))


@_attempt("listen on TCP")
def tcp_listen(spec: Spec) -> None:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()


@_attempt("send by UDP")
def udp(spec: Spec) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", spec["port"]))


@_attempt("speak with the kernel by netlink")
def netlink(spec: Spec) -> None:
    import socket

    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as one:
        one.bind((0, 0))


@_attempt("a Unix socket by its path")
def unix_socket(spec: Spec) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as one:
        one.connect(spec["socket"])


@_attempt("an abstract Unix socket")
def abstract_socket(spec: Spec) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as one:
        one.connect("\0" + spec["abstract"])


# Processes.
@_attempt("start a process: fork")
def fork(spec: Spec) -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)


@_attempt("start a process: clone3")
def clone3(spec: Spec) -> None:
    _, number = _call("clone3", 0, 0)  # without arguments it fails, where it is there
    _stopped_unless(number not in (_ENOSYS, _EPERM))


@_attempt("become another program")
def exec_(spec: Spec) -> None:
    # Its words at an address that nobody has: looked at once the program may be run.
    import ctypes

    _, number = _call("execve", ctypes.c_char_p(b"/bin/true"), 1, 0)
    _stopped_unless(number == _EFAULT, os.strerror(number))


@_attempt("run a program from memory")
def memory_program(spec: Spec) -> None:
    os.close(os.memfd_create("program"))


@_attempt("signal another process")
def signal_(spec: Spec) -> None:
    os.kill(spec["victim"], 0)


@_attempt("stop another process as a debugger")
def ptrace(spec: Spec) -> None:
    found, number = _call("ptrace", 0x4206, spec["victim"], 0, 0)  # PTRACE_SEIZE
    _stopped_unless(found == 0, os.strerror(number))


@_attempt("read another process's memory")
def memory_of_others(spec: Spec) -> None:
    import ctypes

    part = (ctypes.c_ulong * 2)(0, 8)
    _, number = _call("process_vm_readv", spec["victim"], part, 1, part, 1, 0)
    _stopped_unless(number == _EFAULT, os.strerror(number))  # what is at 0 is never there


@_attempt("set another process's limits")
def limits_of_others(spec: Spec) -> None:
    found, number = _call("prlimit64", spec["victim"], 7, 0, 0)
    _stopped_unless(found == 0, os.strerror(number))


@_attempt("set another process's priority")
def priority_of_others(spec: Spec) -> None:
    os.setpriority(os.PRIO_PROCESS, spec["victim"], 19)


@_attempt("outlive its parent")
def outlive(spec: Spec) -> None:
    import ctypes

    found = ctypes.c_int(0)
    ctypes.CDLL(None, use_errno=True).prctl(2, ctypes.byref(found), 0, 0, 0)  # PR_GET_PDEATHSIG
    _stopped_unless(found.value != 9 or _prctl(1, 0) == 0)


@_attempt("be read by others of its user")
def dumpable(spec: Spec) -> None:
    _stopped_unless(_prctl(3) == 1)


@_attempt("raise its own limits")
def raise_limits(spec: Spec) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))  # the launcher leaves none


# The kernel.
@_attempt("a user namespace of its own")
def user_namespace(spec: Spec) -> None:
    pid = _fork_or_none()
    if pid is None:
        found, number = _call("unshare", 0x10000000)
        _stopped_unless(found == 0, os.strerror(number))
        return
    if not pid:
        os._exit(0 if _call("unshare", 0x10000000)[0] == 0 else 1)
    _stopped_unless(os.waitpid(pid, 0)[1] == 0)


def _fork_or_none() -> int | None:
    try:
        return os.fork()
    except OSError:
        return None


@_attempt("a ring of calls: io_uring")
def io_uring(spec: Spec) -> None:
    _, number = _call("io_uring_setup", 1, 0)
    if number == _ENOSYS:
        raise Absent("io_uring")
    _stopped_unless(number == _EFAULT, os.strerror(number))


@_attempt("calls of the x32 table")
def x32(spec: Spec) -> None:
    if os.uname().machine != "x86_64":
        raise Absent("x32")
    found, number = _call(0x40000000 + 39)
    if number == _ENOSYS:
        raise Absent("x32")
    _stopped_unless(found >= 0, os.strerror(number))


@_attempt("gain by a set-uid program")
def set_uid(spec: Spec) -> None:
    _stopped_unless(_prctl(39) == 0)  # PR_GET_NO_NEW_PRIVS


@_attempt("any power of root")
def capabilities(spec: Spec) -> None:
    import ctypes

    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    _call("capget", header, data)
    _stopped_unless(data[0] | data[3])


# Limits.
@_attempt("1 GB of memory")
def memory(spec: Spec) -> None:
    import mmap

    mmap.mmap(-1, 1 << 30).close()  # asked for and not touched: where nothing stops it, nothing is hurt


@_attempt("a file of 64 MB")
def large_file(spec: Spec) -> None:
    path = _free(spec, "large")
    place = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(place, 64 << 20)
    finally:
        os.close(place)
        os.remove(path)


@_attempt("500 open files")
def descriptors(spec: Spec) -> None:
    open_ = []
    try:
        for _ in range(500):
            open_.append(os.dup(2))
    finally:
        for one in open_:
            os.close(one)


# What Landlock does not restrict.
@_attempt("set the mode of a file outside")
def chmod(spec: Spec) -> None:
    os.chmod(spec["spare"], 0o604)
    _stopped_unless(os.stat(spec["spare"]).st_mode & 0o777 == 0o604)  # WASI says that it did, and did nothing


@_attempt("set the owner of a file outside")
def chown(spec: Spec) -> None:
    os.chown(spec["spare"], os.getuid(), -1)


@_attempt("set the times of a file outside")
def utime(spec: Spec) -> None:
    os.utime(spec["spare"], (1, 1))


@_attempt("set an attribute of a file outside")
def xattr(spec: Spec) -> None:
    try:
        os.setxattr(spec["spare"], "user.probe", b"x")
    except OSError as error:
        if error.errno == _ENOTSUP:
            raise Absent("attributes") from None
        raise


def attempts(spec: Spec, only: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Make all attempts, or those of these names: {name: [sign, why]}. Signs: `ok` and `broken` for what must work, `.`
    for what succeeded, `d` for what was stopped, `-` for what this kernel has not."""
    found = {}
    for name, _, must, function in ATTEMPTS:
        if only is not None and name not in only:
            continue
        try:
            function(spec)
            sign, why = "ok" if must else ".", ""
        except Absent as error:
            sign, why = "-", str(error)
        except Exception as error:
            sign, why = "broken" if must else "d", f"{type(error).__name__}: {error}"[:200]
        found[name] = [sign, why]
    return found


def transform(text: str) -> str:
    """The same in text, for a component."""
    import json

    if not text:
        return text  # what a call costs by itself
    asked = json.loads(text)
    return json.dumps(attempts(asked["spec"], asked.get("only")))
