"""Contracts for tests: one thing of each class."""

from __future__ import annotations

from typing import Any

from driven.trust.capability import CapabilityManifest
from driven.trust.contract import (
    CLASSES,
    Contract,
    contract,
)

WANTED = {
    "ReadOnlyFS": ("FileRead", "docs"),
    "Environment": ("EnvAccess", "LANG"),
    "Network": ("NetworkAccess", "example.org"),
    "ReadWriteFS": ("FileWrite", "out"),
    "Subprocess": ("ProcessSpawn", "git"),
}


def manifest(*names: str) -> CapabilityManifest:
    return CapabilityManifest.of({WANTED[one][0]: [WANTED[one][1]] for one in names})


def made(*names: str) -> Contract[Any]:
    return contract(manifest(*names), *(CLASSES[one] for one in names or ("Pure",)))  # type: ignore[call-overload,no-any-return]
