"""The filter's program, run here as the kernel runs it, for both machines; its tables against the system's headers."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from driven.trust.rings import seccomp, syscalls

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x50026
MACHINES = ["x86_64", "aarch64"]


class Machine:
    """An interpreter of classic BPF, as in the kernel's `net/core/filter.c`, as much of it as the filter uses."""

    def __init__(self, name: str, **more: bool) -> None:
        made = seccomp.program(name, abi=int(more.pop("abi", 7)), **more)
        assert made is not None
        self.code = list(struct.iter_unpack("<HBBI", made.program))
        self.numbers = syscalls.numbers(name)
        self.arch = syscalls.audit_arch(name)

    def run(self, call: str | int, *arguments: int, arch: int = 0) -> int:
        number = call if isinstance(call, int) else self.numbers[call]
        data = struct.pack("<IIQ6Q", number, arch or self.arch, 0, *arguments, *[0] * (6 - len(arguments)))
        value = at = 0
        while True:
            operation, true, false, k = self.code[at]
            at += 1
            match operation:
                case 0x20:
                    value = struct.unpack_from("<I", data, k)[0]
                case 0x15:
                    at += true if value == k else false
                case 0x25:
                    at += true if value > k else false
                case 0x35:
                    at += true if value >= k else false
                case 0x45:
                    at += true if value & k else false
                case 0x54:
                    value &= k
                case _:
                    assert operation == 0x06
                    return int(k)


@pytest.mark.parametrize("name", MACHINES)
def test_what_is_refused_to_all(name: str) -> None:
    for more in ({}, {"execute": True, "spawn": True, "files": True, "tcp": True}):
        one = Machine(name, **more)
        for names in seccomp.REFUSED.values():
            for call in names.split():
                if call in one.numbers:
                    assert one.run(call) == EPERM, call
        assert one.run("clone3") == ENOSYS and one.run(1000) == ENOSYS
        assert one.run("clone", 0x10000000) == one.run("clone", 0x00020000 | 0x00010000) == EPERM
        assert one.run("socket", 1, 1) == one.run("socket", 16, 3) == one.run("socketpair", 2, 1) == EPERM
        assert one.run("socketpair", 1, 2) == EPERM and one.run("socketpair", 1, 1 | 0o2004000) == ALLOW
        assert one.run("prlimit64", 1) == EPERM and one.run("prlimit64", 0) == ALLOW
        assert one.run("ioctl", 0, 0x5412) == EPERM and one.run("ioctl", 0, 0x5401) == ALLOW
        assert one.run("fcntl", 0, 8) == EPERM and one.run("fcntl", 0, 2) == ALLOW
        assert one.run("prctl", 1) == EPERM and one.run("prctl", 15) == ALLOW


@pytest.mark.parametrize("name", MACHINES)
def test_another_table_of_numbers_kills(name: str) -> None:
    other = {"x86_64": 0x40000003, "aarch64": 0x40000028}[name]  # i386, arm
    assert Machine(name).run("openat", arch=other) == KILL
    if name == "x86_64":
        assert Machine(name).run(0x40000000 + 257) == EPERM


@pytest.mark.parametrize("name", MACHINES)
def test_what_a_grant_allows_and_nothing_else(name: str) -> None:
    none, all_ = Machine(name), Machine(name, execute=True, spawn=True, files=True, tcp=True)
    for call, arguments in (
        ("execve", ()), ("clone", (17,)), ("kill", (1,)), ("tgkill", (1,)), ("fchmod", ()), ("connect", ()),
        ("socket", (2, 1)), ("socket", (10, 0o2000001)), ("utimensat", (3, 0)),
    ):  # fmt: skip
        assert (none.run(call, *arguments), all_.run(call, *arguments)) == (EPERM, ALLOW), call
    assert none.run("clone", 0x00010000) == ALLOW  # a thread
    assert all_.run("utimensat", 3, 1 << 32) == all_.run("utimensat", 3, 5) == EPERM  # by a path
    assert all_.run("socket", 2, 2) == EPERM  # datagrams
    assert none.run("kill", 0) == ALLOW  # where the launcher writes its own number


@pytest.mark.parametrize("name", MACHINES)
def test_truncation_before_landlock_3(name: str) -> None:
    one, new = Machine(name, abi=2), Machine(name, abi=3)
    assert one.run("openat", 0, 0, 0o1000) == EPERM and new.run("openat", 0, 0, 0o1000) == ALLOW
    assert one.run("openat", 0, 0, 0o1001) == one.run("openat", 0, 0, 0) == ALLOW
    assert one.run("openat2") == ENOSYS and one.run("truncate") == EPERM and new.run("truncate") == ALLOW


def test_an_unknown_machine_has_no_filter() -> None:
    assert seccomp.program("riscv64", abi=7) is None


@pytest.mark.parametrize(
    ("name", "header"),
    [("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_the_system(name: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip(f"no {header}: linux-libc-dev is not installed")
    found: dict[str, int] = {}
    for call, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text()):
        found.setdefault(call, int(number))
    ours = syscalls.numbers(name)
    assert len(ours) > 100
    assert {call: number for call, number in ours.items() if found.get(call, number) != number} == {}
    assert [call for call in ours if call not in found] in ([], ["fchmodat2"])
