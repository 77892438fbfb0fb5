"""`confine`: any program in ring L, with what a manifest grants and nothing besides."""

from __future__ import annotations

import os

from driven.errors import PolicyError, SandboxError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.limits import Limits
    from driven.trust.rings.process import Held, Process


_LOG = 64 << 10  # bytes of stderr that are kept for who listens: what it prints is not what is waited for


@frozen
class Confined:
    """How a program ended. `code`: its exit code, 128 and the signal's number where one ended it. `ended`: "" by
    itself, else `cpu`, `wall`, `output` or `signal`. `cpu` and `seconds`: what it took; `memory`: bytes, at most."""

    code: int
    stdout: bytes
    stderr: bytes
    ended: str
    seconds: float
    cpu: float


def confine(
    manifest: CapabilityManifest,
    argv: Sequence[str],
    *,
    root: str,
    cwd: str = "",
    env: Mapping[str, str] | None = None,
    read: Sequence[str] = (),
    write: Sequence[str] = (),
    execute: Sequence[str] = (),
    input: bytes = b"",
    wall: float = 0,
    protect: bool = True,
    limits: Limits | None = None,
    held: Held | None = None,
    started: Callable[[Process], None] | None = None,
    heard: Callable[[bytes], bool] | None = None,
) -> Confined:
    """Run `argv` in ring L and wait for its end. What each capability comes down to is told in docs/trust.md.

    `root`: the project, which the manifest's paths are in. `read`, `write`, `execute`: absolute places that the
    caller adds. `protect=False` gives FileWrite all below its scopes, `.git/hooks` too: for code of our own. `wall`:
    seconds, in the place of those that the manifest's band stands for. `started` is given the process, for who may
    want to end it earlier; `heard` all that it writes on stdout, which is not kept then, until that gives False: it is
    to end then, with all that it started. SandboxError: ring L does not hold here, or a step of the launcher failed;
    PolicyError: the program is not there, or a scope leads out of the project.
    """
    from driven.frozen import replace
    from driven.trust import telemetry
    from driven.trust.rings import limits as limits_of
    from driven.trust.rings import places
    from driven.trust.rings.landlock import EXECUTE, READ, WRITE, Grant
    from driven.trust.rings.process import FAILED, Order, Process
    from driven.trust.rings.scratch import Scratch

    found = _program(argv)
    chosen = limits or limits_of.of(manifest)
    chosen = replace(chosen, wall=wall) if wall else chosen
    scopes = manifest.scopes
    spawn = bool({"ProcessSpawn", "ShellExec"} & scopes.keys())
    given = dict(env or {})
    if telemetry.PARENT not in given:
        given.update(telemetry.outgoing())
    with Scratch() as folder:
        grants = [
            *places.system(), *places.loaders(), places.scratch(folder),
            *(Grant(path=one, rights=READ) for one in places.readable(manifest, root)),
            *places.written(manifest, root, protect=protect), *(places.programs(manifest) if spawn else ()),
            *(Grant(path=os.path.realpath(one), rights=READ) for one in read),
            *(Grant(path=os.path.realpath(one), rights=READ | WRITE) for one in write),
            *(
                Grant(path=os.path.realpath(one), rights=READ | EXECUTE)
                for one in (found, *_interpreter(found), *execute)
            ),
        ]  # fmt: skip
        order = Order(
            grants=tuple(grants), limits=chosen, folder=cwd or root, argv=(found, *argv[1:]), spawn=spawn,
            environment=places.environment(manifest, folder, given),
            files="FileWrite" in scopes, ports=tuple(places.ports(manifest)), tcp="NetworkAccess" in scopes,
        )  # fmt: skip
        process = Process(order, held or _held(), input=input)
        if started is not None:
            started(process)
        try:
            said = bytearray()

            def hear(part: bytes) -> bytes | None:
                if heard is not None:
                    return b"" if heard(part) else None
                said.extend(part)
                return b""

            ended, log = process.talk(hear, keep=(chosen.output or 1 << 30) if heard is None else _LOG)
        finally:
            process.close()
    if ended.code == FAILED and log.startswith(b"launcher: "):
        raise SandboxError(f"ring L: {log.decode(errors='replace').strip()}", hint="`driven doctor sandbox` says why")
    return Confined(
        code=ended.code, stdout=bytes(said), stderr=log, ended=ended.why, seconds=ended.seconds, cpu=ended.cpu,
    )  # fmt: skip


def _program(argv: Sequence[str]) -> str:
    """Where the program is."""
    import shutil

    if not argv:
        raise PolicyError("no program was named")
    found = argv[0] if os.path.isabs(argv[0]) else shutil.which(argv[0])
    if not found or not os.access(found, os.X_OK) or os.path.isdir(found):
        raise PolicyError(f"`{argv[0]}` is no program on this machine")
    return found


def _interpreter(path: str) -> tuple[str, ...]:
    """What runs a script: the first word behind `#!`, and the one behind `env`."""
    import shutil

    with open(path, "rb") as file:
        head = file.read(256)
    if head[:2] != b"#!":
        return ()
    words = head[2:].split(b"\n", 1)[0].decode(errors="replace").split()
    more = [shutil.which(one) for one in words[1:2] if words[0].endswith("/env")]
    return tuple(one for one in (*words[:1], *more) if one)


def _held() -> Held:
    """What there is to hold it with. SandboxError where that is not enough."""
    from driven.trust.rings.choose import held_or_refused

    return held_or_refused()
