"""What type checkers must refuse: each line that ends in `# E` and no other. Nothing of this is ever run."""

from __future__ import annotations

from driven.trust.capability import CapabilityManifest
from driven.trust.contract import (
    AgentSafe,
    Dangerous,
    Grant,
    Network,
    ReadOnlyFS,
    Subprocess,
    ValidatedCommand,
    contract,
)
from driven.trust.quota import Fast, Large, Mid, Quota, Small
from driven.trust.reasons import justify
from driven.trust.session import Session, Verified

read = contract(CapabilityManifest.of({"FileRead": ["docs"]}), ReadOnlyFS)
net = contract(CapabilityManifest.of({"NetworkAccess": ["example.org"]}), Network)
programs = contract(CapabilityManifest.of({"ProcessSpawn": ["git"]}), Subprocess)
shell = CapabilityManifest.of({"ShellExec": [""]})
short = justify("the index is read from docs", 20)


def reading(grant: Grant[ReadOnlyFS]) -> None: ...
def fetching(grant: Grant[Network]) -> None: ...
def both(grant: Grant[ReadOnlyFS | Network]) -> None: ...
def offered(command: ValidatedCommand[AgentSafe, Fast]) -> None: ...
def budgeted(quota: Quota[Small]) -> None: ...


new = Session.open("bad")
reader = new.verify(read)

new.run(reading)  # E: 1, nothing was verified
new.escalate(net, short)  # E: 2, there is nothing to escalate from
reader.run(fetching)  # E: 3, the network was never granted
reader.run(both)  # E: 4, half of what it asks for was
wrong: Session[Verified[Network]] = reader  # E: 5, the state says what was verified
reader.escalate(programs, short)  # E: 6, a reason of 20 where 50 are asked for
contract(shell, Dangerous)  # E: 7, a shell is never granted
offered(ValidatedCommand("fetch", net, Mid, fetching))  # E: 8, an agent may not start that, nor for so long
budgeted(Quota(Large))  # E: 9, it does not fit
