"""The numbers of system calls that the filter names, for the two machines it is made for.

A row: name, number on x86_64, number on aarch64; `-`: there is none. From Linux's own tables (x86:
arch/x86/entry/syscalls/syscall_64.tbl; aarch64: include/uapi/asm-generic/unistd.h), verified 2026-11-22 against the
headers of Debian's linux-libc-dev 6.1; numbers from 424 on are the same on both.
"""

from __future__ import annotations

_TABLE = """
open 2 -; openat 257 56; openat2 437 437; creat 85 -; truncate 76 45; execve 59 221; execveat 322 281; fork 57 -;
vfork 58 -; clone 56 220; clone3 435 435; socket 41 198; socketpair 53 199; connect 42 203; bind 49 200;
listen 50 201; accept 43 202; accept4 288 242; kill 62 129; tkill 200 130; tgkill 234 131;
rt_sigqueueinfo 129 138; rt_tgsigqueueinfo 297 240; pidfd_open 434 434; pidfd_getfd 438 438;
pidfd_send_signal 424 424; ptrace 101 117; process_vm_readv 310 270; process_vm_writev 311 271;
process_madvise 440 440; process_mrelease 448 448; kcmp 312 272; unshare 272 97; setns 308 268; mount 165 40;
umount2 166 39; pivot_root 155 41; chroot 161 51; open_tree 428 428; move_mount 429 429; fsopen 430 430;
fsconfig 431 431; fsmount 432 432; fspick 433 433; mount_setattr 442 442; quotactl 179 60; quotactl_fd 443 443;
swapon 167 224; swapoff 168 225; reboot 169 142; sethostname 170 161; setdomainname 171 162; init_module 175 105;
finit_module 313 273; delete_module 176 106; kexec_load 246 104; kexec_file_load 320 294; acct 163 89;
syslog 103 116; settimeofday 164 170; clock_settime 227 112; clock_adjtime 305 266; adjtimex 159 171; iopl 172 -;
ioperm 173 -; modify_ldt 154 -; personality 135 92; name_to_handle_at 303 264; open_by_handle_at 304 265;
bpf 321 280; perf_event_open 298 241; userfaultfd 323 282; keyctl 250 219; add_key 248 217; request_key 249 218;
io_uring_setup 425 425; io_uring_enter 426 426; io_uring_register 427 427; lookup_dcookie 212 18; vhangup 153 58;
fanotify_init 300 262; memfd_create 319 279; memfd_secret 447 447; setpriority 141 140; ioprio_set 251 30;
sched_setaffinity 203 122; sched_setscheduler 144 119; sched_setparam 142 118; sched_setattr 314 274;
prlimit64 302 261; chmod 90 -; fchmod 91 52; fchmodat 268 53; fchmodat2 452 452; chown 92 -; fchown 93 55;
lchown 94 -; fchownat 260 54; utime 132 -; utimes 235 -; futimesat 261 -; utimensat 280 88; setxattr 188 5;
lsetxattr 189 6; fsetxattr 190 7; removexattr 197 14; lremovexattr 198 15; fremovexattr 199 16; setsid 112 157;
setpgid 109 154; prctl 157 167; shmget 29 194; shmat 30 196; semget 64 190; semop 65 193; semtimedop 220 192;
msgget 68 186; msgsnd 69 189; msgrcv 70 188; mq_open 240 180; mq_unlink 241 181; ioctl 16 29; fcntl 72 25;
move_pages 279 239; migrate_pages 256 238; uselib 134 -; nfsservctl 180 42; seccomp 317 277;
landlock_create_ruleset 444 444; landlock_add_rule 445 445; landlock_restrict_self 446 446; capset 126 91
"""
# Of each machine: what seccomp's `arch` field holds (AUDIT_ARCH_* of linux/audit.h), and its column above.
_MACHINES = {"x86_64": (0xC000003E, 1), "aarch64": (0xC00000B7, 2)}
LAST = 462  # mseal, Linux 6.10: what came later is answered as a kernel would that does not have it
X32 = 0x40000000  # set in the numbers of the third ABI that an x86_64 kernel may have


def machine() -> str:
    """The machine that this process runs on: `x86_64`, `aarch64`, or the name of one without a table. A 32-bit process
    on either makes other calls than the tables say: `unknown`."""
    import platform
    import sys

    return platform.machine() if sys.maxsize > 2**32 else "unknown"


def audit_arch(name: str) -> int:
    """What the kernel calls the machine in a filter's data; 0 where there is no table."""
    return _MACHINES.get(name, (0, 0))[0]


def numbers(name: str) -> dict[str, int]:
    """The calls of a machine by name; those that it lacks are not there. Empty for a machine without a table."""
    if name not in _MACHINES:
        return {}
    column = _MACHINES[name][1]
    rows = (row.split() for row in _TABLE.replace(";", "\n").split("\n") if row.strip())
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
