"""What a watch tells: values, for a screen or for lines of JSON."""

from __future__ import annotations

from driven.frozen import frozen
from driven.model.diagnostic import Diagnostic
from driven.model.plan import SyncReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.streaming.operations import Told


@frozen
class Watching:
    """From now on every change is seen. `folders` are those that are watched, each without what is below it."""

    rules: int
    editors: tuple[str, ...]
    folders: int
    polling: bool = False


@frozen
class Synced:
    """A sync ran. `causes`: the changed files, relative to the root; none at the start. `seconds`: all that it took.

    `operations`: what was done to which rule since the sync before, where the watch has a feed; one FullSync at first.
    """

    report: SyncReport
    causes: tuple[str, ...]
    seconds: float
    operations: tuple[Told, ...] = ()


@frozen
class Problem:
    """Something is wrong from now on: a rule, the configuration, a conflict, the disk. The last good output stays.

    `error` is an exception that nobody foresaw, for a report; what the user can correct has none.
    """

    diagnostic: Diagnostic
    conflict: bool = False
    error: Exception | None = None


@frozen
class Cured:
    """What `diagnostic` said does not hold any more."""

    diagnostic: Diagnostic
    conflict: bool = False


@frozen
class Polling:
    """The system has no watches left for us: the folders are looked at every `seconds` instead."""

    reason: str
    hint: str
    seconds: float


@frozen
class Stopped:
    """The end, after `syncs` syncs that ran and `seconds` of watching."""

    syncs: int
    seconds: float


Event = Watching | Synced | Problem | Cured | Polling | Stopped
