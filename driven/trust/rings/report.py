"""What `driven doctor sandbox` says: the rings of this machine, what holds them, and what nothing here holds."""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.trust.rings.probe import State
    from driven.trust.rings.process import Held

# Section 8 of the specification; docs/trust.md says the same, and a test compares them.
STATEMENT = (
    "driven confines third-party code with the operating system, not with Python. In ring W and N a plugin has no "
    "file, network, process or environment that its manifest does not name. In ring L the same holds except: it "
    "can see that files exist (stat, chdir), and its total memory is bounded only because it cannot fork. On "
    "macOS and Windows only ring W gives all limits.",
    "Nothing here stops: a kernel or wasmtime bug, a side channel, data sent to a host you allowed, a plugin you "
    "marked trusted, or rules that persuade a model: signatures say who wrote a rule, scanners say what it hides, "
    "neither says that it is wise. A type error is a hint to an author, an MCP annotation is a hint to a client; "
    "the check is made at run time, by the host.",
)


@frozen
class Mechanisms:
    """What this machine has: the version of Landlock (0: none), the machine whose calls are filtered ("": none), where
    bubblewrap is and wasmtime's version ("": none), the kernel."""

    landlock: int
    seccomp: str
    bubblewrap: str
    wasmtime: str
    kernel: str
    machine: str


def mechanisms() -> Mechanisms:
    """Looked up now; nothing is started."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from driven.trust.rings import bubblewrap
    from driven.trust.rings.choose import held
    from driven.trust.rings.syscalls import audit_arch

    found = held()
    try:
        wasmtime = version("wasmtime")
    except PackageNotFoundError:
        wasmtime = ""
    return Mechanisms(
        landlock=found.abi, seccomp=found.machine if audit_arch(found.machine) else "", bubblewrap=bubblewrap.found(),
        wasmtime=wasmtime, kernel=platform.release(), machine=found.machine,
    )  # fmt: skip


def states(cache: str | None = None) -> tuple[State, ...]:
    """The rings of this machine, the strongest first; those that are made of processes are tried anew."""
    from driven.trust.rings import probe

    return tuple(probe.state(ring, cache, again=ring != "W") for ring in ("W", "N", "L"))


def not_enforced(ring: str, held: Held) -> tuple[str, ...]:
    """What a ring does not hold, on this machine."""
    always = ("side channels", "data sent to a host that was granted")
    if ring == "W":
        return ("what a bug of wasmtime lets through", *always)
    found = ["what a bug of the kernel lets through", *always]
    if ring == "L":
        found.append("that files exist, and their size and times (stat, chdir)")
        found.append("how much it writes in its own folder: one file is bounded, all together are not")
    if held.abi < 2:
        found.append("nothing may be moved to another folder: Landlock 1 has no right for it")
    if held.abi < 4:
        found.append("which ports a program with NetworkAccess connects to: Landlock 4 has that")
    if held.abi < 5:
        found.append("ioctl on devices that were granted: Landlock 5 has that")
    if held.abi < 6:
        found.append("signals that a program with ProcessSpawn sends: Landlock 6 has that")
    found.append("the memory of all processes together, where ProcessSpawn is granted: each has its own limit")
    return tuple(found)
