"""Contracts: the type is tied to what is there (T1 of the specification), and what an agent may start."""

from __future__ import annotations

from typing import Any

import pytest

from driven.errors import PolicyError
from driven.trust.contract import (
    CLASSES,
    Network,
    Pure,
    ReadOnlyFS,
    Subprocess,
    ValidatedCommand,
    contract,
    require_agent_safe,
)
from driven.trust.quota import Fast
from tests.trust.sessions.contracts import WANTED, made, manifest


@pytest.mark.parametrize("names", [(), ("ReadOnlyFS",), ("Network",), ("ReadOnlyFS", "Environment"), ("Subprocess",)])
def test_an_agent_starts_what_reads_and_nothing_else(names: tuple[str, ...]) -> None:
    command: Any = ValidatedCommand("x", made(*names), Fast, lambda grant: None)
    assert command.agent_safe == (names in [(), ("ReadOnlyFS",)])
    if command.agent_safe:
        assert require_agent_safe(command) is command
    else:
        with pytest.raises(PolicyError, match="not for an agent alone"):
            require_agent_safe(command)


def test_subprocess_is_named_in_a_contract() -> None:
    assert contract(manifest("Subprocess"), Subprocess).risk == 8


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("said", [one for one in CLASSES if one != "Dangerous"])
def test_t1_a_contract_is_of_the_classes_of_its_manifest_and_of_no_other(name: str, said: str) -> None:
    if name == said:
        assert str(made(name)) == name
        return
    with pytest.raises(PolicyError, match=f"says {said}, and the manifest asks for {name}"):
        contract(manifest(name), CLASSES[said])  # type: ignore[type-var]


def test_t1_more_than_is_there_is_not_said_either() -> None:
    for classes in ((ReadOnlyFS, Network), (Pure, ReadOnlyFS), (ReadOnlyFS, ReadOnlyFS), ()):
        with pytest.raises(PolicyError):
            contract(manifest("ReadOnlyFS"), *classes)  # type: ignore[call-overload]
    with pytest.raises(PolicyError):
        contract(manifest(), Network)
    assert str(contract(manifest(), Pure)) == "Pure"
    assert str(contract(manifest("Network", "ReadOnlyFS"), Network, ReadOnlyFS)) == "ReadOnlyFS | Network"
