"""One line of `driven doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, and what to do when it is not well."""

    name: str
    state: Literal["ok", "warn", "fail"]
    message: str
    hint: str = ""
