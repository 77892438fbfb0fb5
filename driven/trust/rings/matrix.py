"""The enforcement matrix: 46 attempts in each ring, and in none; what `driven doctor sandbox --matrix` prints.

The column T is the same code without a ring: it shows that an attempt succeeds where nothing stops it, without which
`d` would say nothing.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, SandboxError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from driven.trust.rings.probe import State
    from driven.trust.rings.world import World

SIGNS = {"ok": "works, as it must", ".": "succeeded", "d": "stopped", "-": "there is no such thing", "?": "not tried"}
_SECONDS = 60.0  # for all attempts without a ring: one that hangs is ended with its whole session
# What is imported while it is compiled is in it; later there is nothing to import from.
_APP = """import attempts
import wit_world

for name in ("asyncio", "ctypes", "hashlib", "json", "resource", "socket", "subprocess", "tempfile", "threading"):
    try:
        __import__(name)
    except ImportError:
        pass


class WitWorld(wit_world.WitWorld):
    def transform(self, text: str) -> str:
        return attempts.transform(text)
"""


@frozen
class Matrix:
    """`rows`: (name, what it is, its sign in each of `rings`). `why`: for a ring that was not tried."""

    rings: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    why: dict[str, str]

    @property
    def loose(self) -> bool:
        """Whether something succeeded in a ring that must not, or does not work that must."""
        held = [place for place, ring in enumerate(self.rings) if ring != "T"]
        return any(signs[place] in (".", "broken") for _, _, signs in self.rows for place in held)


def matrix(cache: str | None = None, rings: tuple[str, ...] = ("W", "N", "L", "T")) -> Matrix:
    """Make all attempts in all rings. Takes seconds; where ring W's probe is to be compiled first, half a minute."""
    from driven.trust.rings import attempts, probe
    from driven.trust.rings.world import SECRET, World

    found: dict[str, dict[str, list[str]]] = {}
    why: dict[str, str] = {}
    before = os.environ.get(SECRET)
    os.environ[SECRET] = "x"  # what a ring must not pass on
    try:
        with World() as world:
            for ring in rings:
                world.renew()
                try:
                    found[ring] = _column(ring, world, cache, lambda name: probe.state(name, cache))
                except DrivenError as error:
                    why[ring] = error.message
    finally:
        os.environ.pop(SECRET)
        if before is not None:
            os.environ[SECRET] = before
    rows = tuple(
        (name, text, tuple(found[ring][name][0] if ring in found else "?" for ring in rings))
        for name, text, _, _ in attempts.ATTEMPTS
    )
    return Matrix(rings=rings, rows=rows, why=why)


def _column(ring: str, world: World, cache: str | None, state: Callable[[str], State]) -> dict[str, list[str]]:
    from driven.trust.rings import probe

    if ring == "T":
        return alone(world)
    one = state(ring)
    if one.lacks:
        raise SandboxError(one.lacks, hint=one.remedy)
    return component(world, cache) if ring == "W" else probe.tried(one.choice, None, world)


def alone(world: World) -> dict[str, list[str]]:
    """What becomes of the attempts without a ring, in a process and a session of its own."""
    import json
    import signal
    import subprocess
    import sys

    from driven.trust.rings.probe import ATTEMPTS
    from driven.trust.rings.scratch import Scratch
    from driven.trust.rings.world import SECRET

    run = (
        f"import sys, json; sys.path.insert(0, {os.path.dirname(ATTEMPTS)!r}); import attempts; "
        "print(json.dumps(attempts.attempts(json.loads(sys.stdin.read()))))"
    )
    with Scratch() as folder:
        # A process of its own group's leader may not leave it: a shell's child is none.
        child = subprocess.Popen(
            [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", run],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={SECRET: "x", "PATH": "/usr/bin:/bin"},
            pass_fds=(world.descriptor,), start_new_session=True,
        )  # fmt: skip
        try:
            out, _ = child.communicate(json.dumps({**world.spec, "scratch": folder}).encode(), timeout=_SECONDS)
            found: dict[str, list[str]] = json.loads(out)
            return found
        except (subprocess.TimeoutExpired, ValueError):
            raise SandboxError("the attempts without a ring did not end") from None
        finally:
            os.killpg(child.pid, signal.SIGKILL) if child.poll() is None else None
            child.wait()


def component(world: World, cache: str | None) -> dict[str, list[str]]:
    """What becomes of them in ring W: compiled to a component, the first time, by componentize-py."""
    import json

    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.sandbox import Sandbox

    manifest = CapabilityManifest.of({"FileRead": ["granted"]}, quota="medium", band="slow")
    sandbox = Sandbox(manifest, "W", root=world.project, cache=cache)
    said = sandbox.run(probe_component(cache), "transform", [json.dumps({"spec": {**world.spec, "scratch": ""}})])
    found: dict[str, Any] = json.loads(said.value)
    # A component has no folder and no threads: there is nothing that could be broken.
    return {name: ["-" if sign == "broken" else sign, why] for name, (sign, why) in found.items()}


def probe_component(cache: str | None) -> str:
    """The attempts as a component, made where it is not there. SandboxError without componentize-py."""
    import shutil
    import subprocess
    import sys
    import tempfile
    from hashlib import sha256

    from driven.trust.rings.probe import ATTEMPTS, cache_folder

    here = os.path.dirname(ATTEMPTS)
    digest = sha256(_APP.encode())
    for name in ("attempts.py", "plugin.wit"):
        with open(os.path.join(here, name), "rb") as file:
            digest.update(file.read())
    folder = cache_folder(cache)
    if not folder:
        raise SandboxError("there is no folder to keep the compiled probe in")
    kept = os.path.join(folder, f"probe-{digest.hexdigest()[:32]}.wasm")
    if os.path.exists(kept):
        return kept
    beside = os.path.join(os.path.dirname(sys.executable), "componentize-py")
    program = beside if os.access(beside, os.X_OK) else shutil.which("componentize-py")
    if program is None:
        raise SandboxError(
            "its probe is not compiled: componentize-py is not installed", hint="pip install componentize-py"
        )
    with tempfile.TemporaryDirectory(prefix="driven-probe-") as place:
        shutil.copy(ATTEMPTS, place)
        with open(os.path.join(place, "app.py"), "w", encoding="utf-8") as file:
            file.write(_APP)
        made = subprocess.run(
            [program, "-d", os.path.join(here, "plugin.wit"), "-w", "plugin", "componentize", "app", "-o", "app.wasm"],
            cwd=place, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise SandboxError(f"its probe cannot be compiled: {made.stderr.strip()[-200:]}")
        shutil.move(os.path.join(place, "app.wasm"), f"{kept}.{os.getpid()}")
    os.replace(f"{kept}.{os.getpid()}", kept)
    return kept
