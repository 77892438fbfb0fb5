"""What the commands of trust share: whose lists hold here, and times on the command line."""

from __future__ import annotations

import os

from driven.errors import DrivenError, ProjectError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.cli.app import App


def root_or_none(app: App) -> str | None:
    """The project's folder, None outside of one: keys are a person's, and not a project's."""
    base = app.base
    return base if os.path.isdir(os.path.join(base, ".driven")) else None


def root(app: App) -> str:
    """The project's folder, as `app.root`, without what that reads. ProjectError where there is none."""
    found = root_or_none(app)
    if found is None:
        raise ProjectError(
            f"no `.driven` folder in `{app.base}` or above it", hint="start with `driven init`, or name a PATH"
        )  # fmt: skip
    return found


def read_time(word: str, option: str) -> int:
    """Seconds since 1970 of a time on the command line: `2026-11-22`, `2026-11-22T13:30`, in UTC. UsageError."""
    from driven.trust.signer_lines import parse_time

    digits = word.removesuffix("Z")
    for one in "-:T ":
        digits = digits.replace(one, "")
    try:
        return parse_time(digits + "Z", option)
    except DrivenError:
        raise UsageError(f"{option}: `{word[:40]}` is no time", hint="write 2026-11-22, or 2026-11-22T13:30") from None
