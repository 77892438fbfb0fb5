"""How much a process may use: what a manifest's quota and band come down to, and what a process is told of it."""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.trust.capability import CapabilityManifest

MIB = 1 << 20


@frozen
class Limits:
    """0 stands for no limit. `memory`: bytes of address space of one process. `cpu`: whole seconds of one process.
    `file`: bytes of one file that is written. `files`: open at a time. `wall`: seconds by the clock, from the start.
    `output`: bytes that it may say in all. `scratch`: bytes of its folder for temporary files, in ring N."""

    memory: int = 96 * MIB
    cpu: int = 1
    file: int = 16 * MIB
    files: int = 64
    wall: float = 10.0
    output: int = MIB
    scratch: int = 64 * MIB


def of(manifest: CapabilityManifest) -> Limits:
    """What a manifest's quota and band stand for. The kernel counts processor time in whole seconds: it is rounded
    up."""
    from driven.trust import quota

    found = {kind: amount or 0 for kind, amount in quota.limits(manifest.quota, manifest.band).items()}
    return Limits(
        memory=found["memory"], cpu=-(-found["cpu"] // 1000), wall=found["wall"] / 1000, output=found["output_bytes"]
    )


def orders(limits: Limits) -> list[tuple[int, int, int]]:
    """(kind, soft, hard) for `setrlimit`. Processor time's hard limit is a second later: where they are equal the
    kernel sends SIGKILL, which says nothing, and not SIGXCPU."""
    import resource

    found = [(resource.RLIMIT_CORE, 0, 0)]
    if limits.cpu:
        found.append((resource.RLIMIT_CPU, limits.cpu, limits.cpu + 1))
    for kind, value in (
        (resource.RLIMIT_FSIZE, limits.file), (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_AS, limits.memory),
    ):  # fmt: skip
        if value:
            found.append((kind, value, value))
    return found
