"""What type checkers must take: every line of this file is right, and `assert_type` says what they make of it."""

from __future__ import annotations

from typing import Literal, assert_type

from driven.trust.capability import CapabilityManifest, capability
from driven.trust.contract import (
    AgentSafe,
    Contract,
    Grant,
    Network,
    Pure,
    ReadOnlyFS,
    ReadWriteFS,
    Subprocess,
    ValidatedCommand,
    contract,
    require_agent_safe,
)
from driven.trust.quota import Cold, Fast, Instant, Large, Mid, Quota, Small, Tiny
from driven.trust.reasons import Justified, justify
from driven.trust.session import Escalated, Session, Unverified, Verified

read = contract(CapabilityManifest.of({"FileRead": ["docs"]}), ReadOnlyFS)
write = contract(CapabilityManifest.of({"FileWrite": ["out"]}), ReadWriteFS)
net = contract(CapabilityManifest.of({"NetworkAccess": ["example.org"]}), Network)
both = contract(CapabilityManifest.of({"FileRead": ["docs"], "NetworkAccess": ["example.org"]}), ReadOnlyFS, Network)
programs = contract(CapabilityManifest.of({"ProcessSpawn": ["git"]}), Subprocess)
nothing = contract(CapabilityManifest.of({}), Pure)

assert_type(read, Contract[ReadOnlyFS])
assert_type(both, Contract[ReadOnlyFS | Network])

short = justify("the index is read from docs", 20)
middle = justify("the links of the pages are followed and checked", 30)
long = justify("git is asked which files changed since the last release was made", 50)
assert_type(short, Justified[Literal[20]])


def reading(grant: Grant[ReadOnlyFS]) -> str:
    grant.need(capability("FileRead", "docs/a.md"))
    return "read"


def fetching(grant: Grant[ReadOnlyFS | Network]) -> int:
    reading(grant)  # who has both has each
    return 1


def computing(grant: Grant[Pure]) -> float:
    return 0.5


# The steps.
new = Session.open("good")
assert_type(new, Session[Unverified])
reader = new.verify(read)
assert_type(reader, Session[Verified[ReadOnlyFS]])
assert_type(reader.run(reading), str)
writer = reader.escalate(write, short)
assert_type(writer, Session[Escalated[ReadOnlyFS, ReadWriteFS]])
fetcher = writer.escalate(both, middle)
assert_type(fetcher, Session[Escalated[ReadWriteFS, ReadOnlyFS | Network]])
assert_type(fetcher.run(fetching), int)
assert_type(fetcher.run(reading), str)
assert_type(fetcher.run(computing), float)
runner = fetcher.escalate(programs, long)
assert_type(runner, Session[Escalated[ReadOnlyFS | Network, Subprocess]])
reader_again = runner.escalate(read, long)  # a reason that is long enough for more is long enough for less
assert_type(reader_again, Session[Escalated[Subprocess, ReadOnlyFS]])

# Commands.
look = ValidatedCommand("look", read, Fast, reading)
think = ValidatedCommand("think", nothing, Instant, computing)
link = ValidatedCommand("link", both, Mid, fetching)
assert_type(look, ValidatedCommand[ReadOnlyFS, Fast])
require_agent_safe(look)
require_agent_safe(think)
reader_again.execute(look)
reader_again.execute(think)


def offered(command: ValidatedCommand[AgentSafe, Fast]) -> None:
    """What an agent may start, if it takes a second at most."""


offered(look)
offered(think)
slow: ValidatedCommand[ReadOnlyFS | Network, Cold] = link


# Quotas.
def budgeted(quota: Quota[Large]) -> None:
    """Whatever fits into 1 GB."""


budgeted(Quota(Large))
budgeted(Quota(Tiny))
small: Quota[Small] = Quota(Tiny)
