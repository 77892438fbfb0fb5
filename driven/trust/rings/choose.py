"""Which ring: the strongest that can run a plugin on this machine, never one below what its manifest asks."""

from __future__ import annotations

from driven.errors import SandboxError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.process import Held

_WASM = b"\0asm"
_LINUX = "Linux 5.13 or later, with `landlock` among its security modules (`lsm=` on the kernel's command line)"


@frozen
class Choice:
    """The ring that a plugin runs in, and what holds it there."""

    ring: str
    held: Held
    bwrap: str = ""


def held() -> Held:
    """What this machine has to hold a process with."""
    from driven.trust.rings import landlock, syscalls
    from driven.trust.rings.process import Held

    return Held(abi=landlock.version(), machine=syscalls.machine())


def missing(found: Held) -> tuple[str, str]:
    """(what ring L lacks here, what to do), "" and "" where it has all."""
    from driven.trust.rings.syscalls import audit_arch

    if not found.abi:
        return "this kernel has no Landlock", _LINUX
    if not audit_arch(found.machine):
        return f"there is no table of system calls for {found.machine}", "use ring W: a component runs on all machines"
    return "", ""


def held_or_refused() -> Held:
    """What holds a process, or SandboxError that names what is missing for ring L."""
    found = held()
    lacks, hint = missing(found)
    if lacks:
        raise SandboxError(f"ring L cannot hold anything here: {lacks}", hint=hint)
    return found


def is_component(path: str) -> bool:
    """Whether a plugin is WebAssembly: by its first bytes, not its name."""
    import os

    if not os.path.isfile(path):  # a folder, or a pipe, which would be waited for
        return False
    with open(path, "rb") as file:
        return file.read(4) == _WASM


def choose(manifest: CapabilityManifest, path: str, wanted: str | None, cache: str | None) -> Choice:
    """The ring for the plugin at `path`. SandboxError that names what is missing and what to do about it."""
    from driven.trust.capability import RINGS
    from driven.trust.rings import probe

    order = [*RINGS]
    if wanted is not None and wanted not in order:
        raise SandboxError(f"`{wanted}` is no ring", hint=f"there are {', '.join(order)}")
    if wanted == "T":
        raise SandboxError(
            "ring T is for code that you installed, and holds nothing", hint="install it as a plugin: docs/plugins.md"
        )
    if wanted is not None and order.index(wanted) > order.index(manifest.min_ring):
        raise SandboxError(
            f"the manifest asks for ring {manifest.min_ring} or a stronger one, and ring {wanted} is weaker",
            hint=f"leave --ring out, or take {manifest.min_ring}",
        )
    component = is_component(path)
    can = ["W"] if component else ["N", "L"]
    why: list[tuple[str, str]] = []
    for ring in can:
        if wanted is not None and ring != wanted:
            continue
        if order.index(ring) > order.index(manifest.min_ring):
            continue
        state = probe.state(ring, cache)
        if not state.lacks:
            return Choice(ring=ring, held=state.held, bwrap=state.bwrap)
        why.append((f"ring {ring}: {state.lacks}", state.remedy))
    if not why:
        kind = "a component, which only ring W runs" if component else "no component: ring W does not run it"
        raise SandboxError(
            f"the plugin is {kind}, and "
            + (f"ring {wanted} was asked for" if wanted else f"its manifest asks for ring {manifest.min_ring}"),
            hint="compile it to a component (docs/trust.md)" if not component else "leave --ring out",
        )
    raise SandboxError(
        f"no ring that the manifest allows works here: {'; '.join(text for text, _ in why)}", hint=why[0][1]
    )
