"""Sessions: `Unverified` -> `Verified[C]` -> `Escalated[C1, C2]`, one contract at a time, each step in the log.

The states are types, so that a checker finds most mistakes before anything runs. They bind nobody: whatever the type
says, each step and each use is checked here against the contract. A step spends the session that it was taken from: an
old name for it is of no use. A step that is denied spends nothing, and both it and its reason stay in the log. Every
move needs a reason, also one to a lower risk: to write files is not the same as to reach the network. Nobody gets a
shell.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, Literal, NoReturn, TypeVar, final, overload

from driven.errors import ConfigError, PolicyError
from driven.trust.capability import Capability, CapabilityManifest, capability
from driven.trust.contract import (
    C1,
    C2,
    C,
    Contract,
    Grant,
    Grantable,
    Low,
    Middle,
    ValidatedCommand,
    classes_of,
    grant,
)
from driven.trust.reasons import LEAST, Justified, collapsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ASKS = 5  # the risk above which a person is asked, where there is one
KEPT = 1000  # entries that a session keeps by itself; the log has all
_TOKEN = object()


class State:
    """What a session may be in."""


class Unverified(State):
    """It was opened, and may do nothing."""


class Holding(State, Generic[C]):
    """It has a contract of these classes."""


class Verified(Holding[C]):
    """Its first contract."""


class Escalated(Holding[C2], Generic[C1, C2]):
    """It had a contract of C1, and has one of C2 instead."""


S_co = TypeVar("S_co", bound=State, covariant=True)
R = TypeVar("R")
L20 = TypeVar("L20", bound=Low)
L30 = TypeVar("L30", bound=Middle)
L50 = TypeVar("L50", bound=Grantable)


class _Core:
    """What all names of one session share."""

    def __init__(
        self,
        name: str,
        record: Callable[[dict[str, Any]], None] | None,
        approve: Callable[[Contract[Any], str], bool] | None,
    ) -> None:
        self.name = name
        self.record = record
        self.approve = approve
        self.generation = 0
        self.contract: Contract[Any] | None = None
        self.granted: CapabilityManifest | None = None  # its manifest as it was when the step was taken
        self.kept: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.guard = threading.RLock()

    def tell(self, event: str, outcome: str, target: str, why: str = "") -> None:
        entry = {"event": f"session.{event}", "outcome": outcome, "subject": self.name, "target": target, "why": why}
        self.kept.append(entry)
        if self.record is not None:
            self.record(dict(entry))


@final
class Session(Generic[S_co]):
    """One user of power: a plugin, an agent, a run. Made by `Session.open`, and by its own steps."""

    __slots__ = ("_contract", "_core", "_generation")

    def __init__(self, core: _Core, token: object) -> None:
        if token is not _TOKEN:
            raise PolicyError("a session is made by `Session.open`")
        self._core = core
        self._generation = core.generation
        self._contract = core.contract

    @staticmethod
    def open(
        name: str,
        *,
        record: Callable[[dict[str, Any]], None] | None = None,
        approve: Callable[[Contract[Any], str], bool] | None = None,
    ) -> Session[Unverified]:
        """A session that may do nothing yet. `record`: where its entries go (`AuditLog.record`); `approve`: who is
        asked for a contract of a risk above ASKS, with its reason ("" for the first one). A record that raises stops
        the step: what cannot be told is not done."""
        core = _Core(name, record, approve)
        core.tell("open", "note", "")
        return Session(core, _TOKEN)

    # Steps

    def verify(self: Session[Unverified], contract: Contract[C]) -> Session[Verified[C]]:
        """The first contract. PolicyError when it is denied."""
        return self._step(contract, None)

    @overload
    def escalate(
        self: Session[Holding[C]], contract: Contract[L20], reason: Justified[Literal[20]]
    ) -> Session[Escalated[C, L20]]: ...
    @overload
    def escalate(
        self: Session[Holding[C]], contract: Contract[L30], reason: Justified[Literal[30]]
    ) -> Session[Escalated[C, L30]]: ...
    @overload
    def escalate(
        self: Session[Holding[C]], contract: Contract[L50], reason: Justified[Literal[50]]
    ) -> Session[Escalated[C, L50]]: ...
    def escalate(self: Session[Any], contract: Contract[Any], reason: Justified[Any]) -> Session[Any]:
        """Another contract instead of the one it has, for a reason of the length that the worst of its classes asks for
        (`driven.trust.reasons.LEAST`). PolicyError when it is denied: then the session is what it was."""
        return self._step(contract, reason)

    def _step(self, contract: Contract[Any], reason: Justified[Any] | None) -> Session[Any]:
        core, first = self._core, reason is None
        event = "verify" if first else "escalate"
        self._living(event, str(contract))
        self._allowed(event, contract, reason)
        with core.guard:
            if self._generation == core.generation:
                core.tell(event, "allowed", _moved(core.contract, contract), reason.text if reason is not None else "")
                core.generation += 1
                core.contract, core.granted = contract, contract.manifest
                return Session(core, _TOKEN)
        self._living(event, str(contract))  # another thread was faster
        raise AssertionError("unreachable")

    def _allowed(self, event: str, contract: Contract[Any], reason: Justified[Any] | None) -> None:
        had = self._contract
        said = reason.text if type(reason) is Justified else ""
        target = _moved(had, contract)
        if type(contract) is not Contract:
            self._deny(event, target, "what was handed over is no contract")
        wanted = classes_of(contract.manifest)
        if "Dangerous" in wanted | contract.classes:
            self._deny(event, target, f"a shell is never granted{': ' + said if said else ''}")
        if wanted != contract.classes:
            self._deny(event, target, "the contract is not of its manifest")
        if (had is None) != (reason is None):
            self._deny(event, target, "it has a contract: escalate" if reason is None else "it has none yet: verify")
        if reason is not None:
            least = max((LEAST.get(one, 20) for one in wanted), default=20)
            if type(reason) is not Justified:
                self._deny(event, target, "a reason is made by `justify`")
            try:
                collapsed(reason.text, least)
            except PolicyError as error:
                self._deny(event, target, f"{error.message}: {said}", hint=error.hint)
        approve = self._core.approve
        if approve is not None and contract.risk > ASKS and approve(contract, said) is not True:
            self._deny(event, target, f"nobody agreed{': ' + said if said else ''}")

    # Use

    def run(self: Session[Holding[C]], work: Callable[[Grant[C]], R]) -> R:
        """Do work with what the session has: it is handed a grant, which is checked at each use. Its answer."""
        name = str(getattr(work, "__name__", "work"))
        self._living("run", name)
        self._core.tell("run", "allowed", name)
        return work(grant(self._use))

    def execute(self: Session[Holding[C]], command: ValidatedCommand[C, Any]) -> object:
        """Run a command whose needs are within the contract, all of them. Its answer. PolicyError before it starts."""
        self._living("run", command.name)
        mine = self._contract
        lacks = [str(one) for one in command.manifest.capabilities if mine is None or not mine.manifest.allows(one)]
        if lacks:
            self._deny("run", command.name, f"the contract lacks {', '.join(lacks)}")
        self._core.tell("run", "allowed", command.name)
        return command.work(grant(self._use))

    def _use(self, one: Capability) -> None:
        try:
            one = capability(one.kind, one.scope)  # in its one spelling: `docs/../secret` is not below `docs`
        except (ConfigError, AttributeError, TypeError, ValueError):
            self._deny("use", f"{one!r:.200}", "it is no capability")
        self._living("use", str(one))
        if one.name == "Dangerous" or self._contract is None or not self._contract.manifest.allows(one):
            self._deny("use", str(one), "the contract lacks it")
        self._core.tell("use", "allowed", str(one))

    def end(self) -> None:
        """Spend it: nothing follows. A session that was spent is left as it is."""
        with self._core.guard:
            if self._generation == self._core.generation:
                self._core.generation += 1
                self._core.tell("end", "note", "")

    # What there is to know

    @property
    def name(self) -> str:
        """Whose it is."""
        return self._core.name

    @property
    def contract(self) -> Contract[Any] | None:
        """What it has; None while it is unverified."""
        return self._contract

    @property
    def spent(self) -> bool:
        """Whether a step was taken from it, or it ended."""
        return self._generation != self._core.generation

    @property
    def audit(self) -> tuple[dict[str, Any], ...]:
        """The last KEPT entries, of all its names, denials among them."""
        return tuple(self._core.kept)

    def _living(self, event: str, target: str) -> None:
        if self.spent:
            self._core.tell(event, "violation", target, "the session was spent")
            raise PolicyError(
                f"this session of `{self._core.name}` was spent: a later step took its place, or it ended",
                hint="go on with what the step returned",
            )
        mine = self._contract
        if mine is not self._core.contract or (mine is not None and mine.manifest is not self._core.granted):
            self._core.tell(event, "violation", target, "the contract was changed after it was granted")
            raise PolicyError(f"the contract of `{self._core.name}` was changed after it was granted")

    def _deny(self, event: str, target: str, why: str, *, hint: str = "") -> NoReturn:
        self._core.tell(event, "denied", target, why)
        raise PolicyError(f"`{self._core.name}` was denied {target}: {why}", hint=hint)

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a session is not copied")


def _moved(had: Contract[Any] | None, wanted: object) -> str:
    return f"{had} -> {wanted}" if had is not None else str(wanted)
