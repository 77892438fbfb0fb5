"""The server put together: the wire, the grammar of now, and how a call is carried out and held."""

from __future__ import annotations

import os
import threading
from collections import Counter

from driven.errors import DrivenError, SandboxError
from driven.grammar.live import Live
from driven.grammar.powers import below, for_call
from driven.mcp import answers
from driven.mcp.calls import Beside
from driven.mcp.consent import Grant
from driven.mcp.session import Session, seconds
from driven.mcp.watching import Stamp, build
from driven.mcp.wire import Wire
from driven.trust.capability import CapabilityManifest
from driven.trust.key_store import home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from driven.grammar.command import Command
    from driven.mcp.calls import Job

LOOK = 2.0  # seconds between looks at the plugins


def serve(source: int, sink: int, root: str, told: Callable[[str], None], ring: str = "", grant: str = "") -> None:
    """Serve one client on two file descriptors until it closes its end. `told` gets what a person may read. `ring`: `L`
    or `T`, "" for the strongest that works here. `grant`: the name of an attestation, or its path. SandboxError where
    ring L was asked for and does not work; SignatureError where the grant does not hold."""
    granted = Grant(root, grant)
    found, why = ring_here(root) if ring != "T" else ("T", "as it was asked for")
    if found != ring and ring:
        raise SandboxError(
            f"ring L does not hold calls here: {why}", hint="`driven doctor sandbox` says what is missing"
        )
    live = Live(lambda: build(root), Stamp())
    carry = Carrier(root, found, live)
    session = Session(Wire(source, sink), live, carry.run, granted.lacks)
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(session, over), daemon=True)
    watch.start()
    told(f"driven mcp: {len(live.current.tools())} tools for {root}, in ring {found}: {why}")
    try:
        session.serve()
    finally:
        over.set()


def _watch(session: Session, over: threading.Event) -> None:
    while not over.wait(LOOK):
        session.look()


class Carrier:
    """Carries calls out for one project, each in the ring that this machine has."""

    def __init__(self, root: str, ring: str, live: Live) -> None:
        self._root = root
        self._ring = ring
        self._live = live

    def run(self, command: Command, given: Mapping[str, Any], line: list[str], job: Job) -> dict[str, Any]:
        """The answer of a call. PolicyError where it names what is not the project's."""
        _below(command, given, self._root)
        manifest = for_call(command, given, self._root)
        cut = line.index("--")
        words = [*line[:cut], "--json", "--root", self._root, *line[cut:]]
        owned = not self._live.current.owner(line[0])
        if self._ring == "T" or (owned and _makes_rings(manifest)):
            return answers.answer(command, job.run(words, self._root, seconds(command)), "T")
        # A plugin that may write the whole project may not write what runs by itself later. Below a folder of its own
        # it may make what it likes: to hold it there, too, would let it make nothing new.
        free = owned or "." not in manifest.scopes.get("FileWrite", ())
        given_too = own_folder(command, manifest) if owned else Beside()
        with folders(self._root, manifest if owned else CapabilityManifest()):
            done = job.held(words, self._root, seconds(command), manifest, given_too, protect=not free)
        return answers.answer(command, done, self._ring)


def _below(command: Command, given: Mapping[str, Any], root: str) -> None:
    """PolicyError where an argument that can name a file names one outside of the project: where nothing holds a call,
    that is all that keeps it here."""
    for argument in command.arguments:
        value = given.get(argument.key) if argument.complete in ("file", "dir") else None
        for word in value if isinstance(value, list) else [value] if value else []:
            below(root, str(word))


def _makes_rings(manifest: CapabilityManifest) -> bool:
    """Whether it starts processes that it holds by itself: in a ring it could make no other."""
    return any(
        one.kind == "ShellExec" or (one.kind == "ProcessSpawn" and one.scope != "git") for one in manifest.capabilities
    )


_made: Counter[str] = Counter()  # how many calls use a folder that was made for one
_making = threading.Lock()


class folders:
    """A context in which the folders exist that a verb of ours may write: in its ring it can make none beside them.
    Those that are empty after it are taken away again, by the last call that needed them."""

    def __init__(self, root: str, manifest: CapabilityManifest) -> None:
        self._root = root
        self._scopes = manifest.scopes.get("FileWrite", [])
        self._mine: list[str] = []

    def __enter__(self) -> None:
        with _making:
            for scope in self._scopes:
                path = self._root
                for part in scope.split("/"):
                    path = os.path.join(path, part)
                    is_made = not os.path.lexists(path)
                    if is_made:
                        os.mkdir(path, 0o755)
                    if is_made or path in _made:
                        _made[path] += 1
                        self._mine.append(path)

    def __exit__(self, *_: object) -> None:
        with _making:
            for path in reversed(self._mine):
                _made[path] -= 1
                if not _made[path]:
                    del _made[path]
                    try:
                        os.rmdir(path)
                    except OSError:
                        continue  # there is something in it, or it is gone


def own_folder(command: Command, manifest: CapabilityManifest) -> Beside:
    """The person's folder of driven, for a verb that declares it: to read, the keys in it only where it declares them,
    too; and where a person agrees to each run also to write."""
    kinds = manifest.scopes
    if "XDG_CONFIG_HOME" not in kinds.get("EnvAccess", ()):
        return Beside()
    folder = home(os.environ)
    if command.review:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = tuple(os.path.join(folder, name) for name in names if name != "keys" or "CryptoOperations" in kinds)
    environment = {"XDG_CONFIG_HOME": os.path.dirname(folder)}
    mine = (folder,) if "CryptoOperations" in kinds else found
    return Beside(environment=environment, read=found, write=mine if command.review else ())


_LOOK_OUTSIDE = "import sys\ntry: open(sys.argv[1])\nexcept PermissionError: print('held')"


def ring_here(root: str) -> tuple[str, str]:
    """The ring that holds a call on this machine, tried and not read off a version, and why."""
    import sys

    from driven.trust.rings import confine, python_places

    if sys.platform != "linux":
        return "T", "calls are not confined: only Linux has ring L"
    words = [sys.executable, "-I", "-S", "-c", _LOOK_OUTSIDE, "/etc/hosts"]
    try:
        done = confine(CapabilityManifest(), words, root=root, read=python_places(), wall=20.0)
    except DrivenError as error:
        return "T", f"calls are not confined: {error.message}"
    if done.stdout.strip() != b"held":
        return "T", "calls are not confined: a file outside of the project could be read"
    return "L", "each call is held to what its verb declares"
