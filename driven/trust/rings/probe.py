"""Whether a ring holds on this machine: not read from a version, but tried, by a plugin that tries to get out.

A ring in which one attempt succeeds that must not, or that cannot start, is not offered. What was found is kept until
the kernel, the boot, the user or bubblewrap is another.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from driven.trust.rings.choose import Choice
    from driven.trust.rings.process import Held

QUICK = ("own-folder", "threads", "write-outside", "read-outside", "netlink", "udp", "fork", "exec", "chmod")
ATTEMPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attempts.py")
_KEPT = "rings.json"


@frozen
class State:
    """One ring on this machine. `lacks`: why it is not offered, "" where it is; `remedy`: what to do about that."""

    ring: str
    held: Held
    bwrap: str = ""
    lacks: str = ""
    remedy: str = ""

    @property
    def choice(self) -> Choice:
        """What a plugin is run by."""
        from driven.trust.rings.choose import Choice

        return Choice(ring=self.ring, held=self.held, bwrap=self.bwrap)


_known: dict[tuple[str, ...], State] = {}


def state(ring: str, cache: str | None = None, *, again: bool = False) -> State:
    """How it stands with a ring, W, N or L. `cache`: the folder where it is kept (None: the user's); `again`: try
    anew."""
    from driven.trust.rings import bubblewrap
    from driven.trust.rings.choose import held

    if ring == "W":
        return _component()
    found = held()
    bwrap = bubblewrap.found() if ring == "N" else ""
    key = _key(ring, found, bwrap)
    if key in _known and not again:
        return _known[key]
    kept = not again and _read(key, cache)
    made = State(ring=ring, held=found, bwrap=bwrap) if kept else _probed(ring, found, bwrap)
    _known[key] = made
    if not kept:
        _write(key, made, cache)
    return made


def _component() -> State:
    from driven.trust.rings.choose import held

    try:
        import wasmtime  # noqa: F401
    except ImportError as error:
        missing = getattr(error, "name", "") == "wasmtime"
        lacks = "wasmtime is not installed" if missing else f"wasmtime does not load: {error}"
        return State(ring="W", held=held(), lacks=lacks, remedy="pip install 'driven[wasm]'")
    return State(ring="W", held=held())


def _probed(ring: str, found: Held, bwrap: str) -> State:
    from driven.trust.rings.choose import missing
    from driven.trust.rings.remedies import for_bubblewrap

    lacks, remedy = missing(found)
    if not lacks and ring == "N" and not bwrap:
        lacks, remedy = "bubblewrap (`bwrap`) is not installed", for_bubblewrap("")
    if lacks:
        return State(ring=ring, held=found, bwrap=bwrap, lacks=lacks, remedy=remedy)
    good = State(ring=ring, held=found, bwrap=bwrap)
    try:
        signs = tried(good.choice, QUICK)
    except (DrivenError, OSError) as error:
        said = error.message if isinstance(error, DrivenError) else str(error)
        remedy = for_bubblewrap(said) if ring == "N" else "see `driven doctor sandbox --json`, and report it"
        return State(ring=ring, held=found, bwrap=bwrap, lacks=f"it does not start: {said}", remedy=remedy)
    loose = [name for name, (sign, _) in signs.items() if sign in (".", "broken")]
    if loose or len(signs) != len(QUICK):
        what = ", ".join(loose) or "an attempt that did not answer"
        return State(ring=ring, held=found, bwrap=bwrap, lacks=f"it did not hold: {what}",
                     remedy="report it: `driven doctor sandbox --matrix` says more")  # fmt: skip
    return good


def tried(
    choice: Choice, only: Iterable[str] | None = None, world: Any = None, launcher: str = ""
) -> dict[str, list[str]]:
    """What became of the attempts in a ring. `world`: what they aim at, made for this where it is None. DrivenError
    where the ring does not start. `launcher`: the folder of another launcher."""
    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.world import World

    own = World() if world is None else world
    try:
        manifest = CapabilityManifest.of({"FileRead": ["granted"]}, quota="medium")
        wanted = None if only is None else list(only)
        return _answered(choice, manifest, own, wanted, launcher)
    finally:
        if world is None:
            own.close()


def _answered(choice: Choice, manifest: Any, world: Any, only: list[str] | None, launcher: str) -> dict[str, list[str]]:
    from driven.trust.rings.broker import Broker
    from driven.trust.rings.process import FAILED, HERE, Process
    from driven.trust.rings.sandbox import Conversation
    from driven.trust.rings.scratch import Scratch
    from driven.trust.rings.start import order_of

    with Scratch() as folder:
        order = order_of(manifest, choice, ATTEMPTS, world.project, folder)
        talk = Conversation(Broker(manifest, world.project), "attempts", [world.spec, only], os.urandom(16))
        process = Process(order, choice.held, launcher=launcher or HERE, pass_fds=(world.descriptor,))
        try:
            ended, log = process.talk(talk.heard, talk.first)
        finally:
            process.close()
    if talk.answer is None:
        text = log.decode(errors="replace")
        raise talk.failed(ended.code, ended.why, text, choice.ring, launcher=ended.code == FAILED)
    found: dict[str, list[str]] = talk.value()
    return found


def _key(ring: str, found: Held, bwrap: str) -> tuple[str, ...]:
    """What makes another answer possible."""
    import platform
    import sys

    from driven import __version__

    stamp = str(os.stat(bwrap).st_mtime_ns) if bwrap else ""
    return (
        ring, __version__, _first_line("/proc/sys/kernel/random/boot_id"), platform.release(), found.machine,
        str(found.abi), bwrap, stamp, str(me()), os.path.realpath(sys.executable), sys.version,
    )  # fmt: skip


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline(256).strip()
    except OSError:
        return ""


def me() -> int:
    """The number of this user; where users have none, a number that no file's owner has: nothing is kept there."""
    return os.geteuid() if hasattr(os, "geteuid") else -1


def cache_folder(cache: str | None) -> str:
    """The folder of ours for what was probed and compiled: nobody else's, and of nobody else writable. "" where there
    is none to be had: then nothing is kept."""
    import stat

    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = cache or os.path.join(base, "driven", "rings")
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        if not os.path.lexists(path):
            os.mkdir(path, 0o700)
        found = os.lstat(path)
    except OSError:
        return ""
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == me() and not found.st_mode & 0o022
    return path if mine else ""


def _read(key: tuple[str, ...], cache: str | None) -> bool:
    """Whether it was found good before. What did not work is tried again: somebody may have repaired it."""
    return _all(cache).get("\n".join(key)) is True


def _all(cache: str | None) -> dict[str, Any]:
    import json

    folder = cache_folder(cache)
    try:
        with open(os.path.join(folder, _KEPT), encoding="utf-8") as file:
            kept = json.loads(file.read(1 << 16))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if folder and isinstance(kept, dict) else {}


def _write(key: tuple[str, ...], made: State, cache: str | None) -> None:
    import json

    folder = cache_folder(cache)
    if not folder or made.lacks:
        return
    path = os.path.join(folder, _KEPT)
    others = {one: True for one in _all(cache) if one.partition("\n")[0] != key[0]}
    temp = f"{path}.{os.getpid()}"
    try:
        place = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with open(place, "w", encoding="utf-8") as file:
            file.write(json.dumps({**others, "\n".join(key): True}))
        os.replace(temp, path)
    except OSError:
        return  # next time it is tried again
