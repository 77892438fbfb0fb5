"""One line of `driven doctor`."""

from __future__ import annotations

from typing import Literal

from driven.frozen import frozen


@frozen(kw_only=False)
class Check:
    """One line: what was looked at, how it is, and what to do when it is not well."""

    name: str
    state: Literal["ok", "warn", "fail"]
    message: str
    hint: str = ""
