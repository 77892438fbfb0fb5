"""The seven classes of power as types, and what ties a type to the capabilities that were really granted.

For a type checker a set of powers is a union: `Contract[ReadOnlyFS | Network]` holds capabilities of these two classes
and of no other, and was compared with its manifest when it was made. That is a help for authors and no gate: a cast
makes any type. What holds is checked at run time (`driven.trust.session`) and below that by the ring.
"""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar, final, overload

from driven.errors import PolicyError
from driven.trust.capability import RISKS, Capability, CapabilityManifest, capability
from driven.trust.quota import Cold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Power:
    """What each class is. They are nominal: nothing is one by having the same shape."""

    __slots__ = ()


class ReadOnlyFS(Power):
    """Reads files: FileRead. Risk 2."""


class Environment(Power):
    """Reads its surroundings, or uses a key of theirs: EnvAccess, CryptoOperations. Risk 3."""


class Network(Power):
    """Reaches other machines: NetworkAccess, DatabaseAccess. Risk 5."""


class ReadWriteFS(Power):
    """Writes files: FileWrite, DatabaseAccess of a file. Risk 6."""


class Subprocess(Power):
    """Starts programs that are named: ProcessSpawn. Risk 8."""


class Dangerous(Power):
    """A shell: ShellExec. Risk 10. Nothing makes a contract of it."""


class Pure(ReadOnlyFS, Environment, Network, ReadWriteFS, Subprocess, Dangerous):
    """Touches nothing. Risk 0. It stands below all others: what needs nothing may run where anything is granted."""


CLASSES: dict[str, type[Power]] = {
    one.__name__: one for one in (Pure, ReadOnlyFS, Environment, Network, ReadWriteFS, Subprocess, Dangerous)
}
assert CLASSES.keys() == RISKS.keys()
AgentSafe: TypeAlias = Pure | ReadOnlyFS  # what an agent may start without asking
Low: TypeAlias = Pure | ReadOnlyFS | Environment | ReadWriteFS  # asked for with a reason of 20 characters
Middle: TypeAlias = Low | Network  # 30
Grantable: TypeAlias = Middle | Subprocess  # 50; all but Dangerous

C = TypeVar("C", bound=Grantable)
C1 = TypeVar("C1", bound=Grantable)
C2 = TypeVar("C2", bound=Grantable)
C3 = TypeVar("C3", bound=Grantable)
C_co = TypeVar("C_co", bound=Grantable, covariant=True)
C_contra = TypeVar("C_contra", bound=Power, contravariant=True)
B_co = TypeVar("B_co", bound=Cold, covariant=True)
S = TypeVar("S", bound=AgentSafe)
B = TypeVar("B", bound=Cold)
_TOKEN = object()


@final
class Contract(Generic[C]):
    """A manifest and the classes of what is in it: exactly these, as its type says. Made by `contract` alone."""

    __slots__ = ("classes", "manifest")

    def __init__(self, manifest: CapabilityManifest, classes: frozenset[str], token: object) -> None:
        if token is not _TOKEN:
            raise PolicyError("a contract is made by `contract(manifest, …)`")
        self.manifest = manifest
        self.classes = classes

    @property
    def risk(self) -> int:
        """From 0 to 10."""
        return self.manifest.risk

    def __str__(self) -> str:
        return " | ".join(sorted(self.classes, key=lambda one: RISKS[one]))


@overload
def contract(manifest: CapabilityManifest, first: type[C], /) -> Contract[C]: ...
@overload
def contract(manifest: CapabilityManifest, first: type[C], second: type[C1], /) -> Contract[C | C1]: ...
@overload
def contract(
    manifest: CapabilityManifest, first: type[C], second: type[C1], third: type[C2], /
) -> Contract[C | C1 | C2]: ...
@overload
def contract(
    manifest: CapabilityManifest, first: type[C], second: type[C1], third: type[C2], fourth: type[C3], /
) -> Contract[C | C1 | C2 | C3]: ...
def contract(manifest: CapabilityManifest, /, *classes: type[Power]) -> Any:
    """A contract that says of which classes a manifest is. PolicyError when it is of others, or of Dangerous: the type
    is what is there, not what somebody hopes. ConfigError for a capability that is none."""
    names = frozenset(name for name, one in CLASSES.items() if one in classes)
    if not classes or len(names) != len(classes):
        raise PolicyError("a contract names its classes, each once", hint=f"there are {', '.join(CLASSES)}")
    for one in manifest.capabilities:
        if capability(one.kind, one.scope) != one:
            raise PolicyError(f"`{one}` is not in its one spelling", hint="make it by `CapabilityManifest.of`")
    wanted = classes_of(manifest)
    if "Dangerous" in names | wanted:
        raise PolicyError("no contract gives a shell", hint="name the programs: ProcessSpawn")
    if names != wanted:
        raise PolicyError(f"the contract says {_join(names)}, and the manifest asks for {_join(wanted)}")
    return Contract(manifest, names, _TOKEN)


def classes_of(manifest: CapabilityManifest) -> frozenset[str]:
    """The classes of what is in a manifest; of an empty one `Pure`."""
    return frozenset(one.name for one in manifest.capabilities) or frozenset(("Pure",))


def _join(names: frozenset[str]) -> str:
    return " | ".join(sorted(names, key=lambda one: RISKS[one]))


@final
class Grant(Generic[C_contra]):
    """What work is handed while it runs: `grant.need(…)` before each thing that it touches.

    A `Grant[A | B]` is accepted where a `Grant[A]` is asked for, and not the reverse. It is made by a session, and ends
    with it."""

    __slots__ = ("_ask",)

    def __init__(self, ask: Callable[[Capability], None], token: object) -> None:
        if token is not _TOKEN:
            raise PolicyError("a grant is made by a session")
        self._ask = ask

    def need(self, one: Capability) -> None:
        """Go on, where it is granted. PolicyError where it is not, or the session was spent; the log has both."""
        self._ask(one)


def grant(ask: Callable[[Capability], None]) -> Grant[Any]:
    """For sessions: a grant that asks them."""
    return Grant(ask, _TOKEN)


@final
class ValidatedCommand(Generic[C_co, B_co]):
    """Something to run, the powers that it needs and how long it may take, all three in its type.

    It fits where more is granted and more time is given: a `ValidatedCommand[Pure, Instant]` is a
    `ValidatedCommand[ReadOnlyFS, Fast]`."""

    __slots__ = ("band", "manifest", "name", "work")

    def __init__(
        self,
        name: str,
        needs: Contract[C_co],
        band: type[B_co],
        work: Callable[[Grant[C_co]], object],
    ) -> None:
        self.name = name
        self.manifest = needs.manifest
        self.band = band
        self.work: Callable[[Any], object] = work

    @property
    def agent_safe(self) -> bool:
        """Whether an agent may start it without asking: it reads files and nothing else."""
        return classes_of(self.manifest) <= {"Pure", "ReadOnlyFS"}


def require_agent_safe(command: ValidatedCommand[S, B]) -> ValidatedCommand[S, B]:
    """The command, when an agent may start it without asking. PolicyError else, whatever its type was made to say."""
    if not command.agent_safe:
        raise PolicyError(
            f"`{command.name}` is not for an agent alone: it needs {_join(classes_of(command.manifest))}",
            hint="let a person start it",
        )
    return command
