"""What a sync would do, as values: made without touching the disk, printed by --dry-run, applied as printed."""

from __future__ import annotations

from collections.abc import Mapping

from driven.frozen import field, frozen
from driven.model.artefact import Loss
from driven.model.diagnostic import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Drift: TypeAlias = 'Literal["absent", "same", "ours", "edited", "foreign"]'
# absent   nothing stands there
# same     what stands there is what this run would write
# ours     it is what an earlier run wrote, untouched since
# edited   an earlier run wrote it, and it was changed since
# foreign  it was never ours

Owned = tuple[str, str, str]
"""What `outputs.lock` has a line for: path, editor, and what of the file is that editor's: `file`, `section:NAME`,
`entry:KEY:VALUE` or `outside`."""

Lock = Mapping[Owned, frozenset[str]]
"""The digests under which a thing is ours: one, or several after a crash or a merge of two branches."""


@frozen(kw_only=False)
class Standing:
    """What stands at a path: the `data` of a file, or nothing, or something that is never written to.

    `note` says why it is not to be written, `is a link`; a file with one (`is read-only`) may stay as it is.
    """

    kind: Literal["file", "absent", "blocked"]
    data: bytes = b""
    note: str = ""


@frozen
class Create:
    """Write a file, or a section or entry in it, where none of ours stands. `note`: why, where it is not plain."""

    path: str
    after: bytes
    before: bytes | None = None  # the shared file it is inserted into
    editors: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    note: str = ""


@frozen
class Replace:
    """Write over what an earlier run wrote, or over a rule's file. `forced`: over a hand edit or a stranger's file,
    kept in a snapshot. `note`: where the change of a rule's file comes from."""

    path: str
    after: bytes
    before: bytes
    editors: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    forced: bool = False
    note: str = ""


@frozen
class Delete:
    """Remove what an earlier run wrote and no rule gives any more. `after`: the shared file without our part."""

    path: str
    before: bytes
    after: bytes | None = None
    editors: tuple[str, ...] = ()
    forced: bool = False


@frozen
class Keep:
    """Leave it: it is right already (`reason` empty), or held back for the reason given."""

    path: str
    editors: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    reason: str = ""


@frozen
class Overlap:
    """Where a hand edit and the rule's own text, both changed since `base`, cannot both be had.

    `field` is what of the rule it is: `body`, `description`, `paths`, `activation`, "key `NAME`" (of an editor). `ours`
    is what stands in `source`, from `line` on; `theirs` what stands in `file`, from `their_line` on. Lines are 1-based,
    0: unknown.
    """

    field: str
    ours: str
    theirs: str
    base: str
    line: int = 0
    their_line: int = 0
    source: str = ""
    file: str = ""


@frozen
class Conflict:
    """Not written: `drift` is `edited` or `foreign`. `after` is what would be written, None: it would be deleted.

    `holds`: the rule's files in other editors wait as well. A path that cannot be written at all (a link, a folder, a
    read-only file) holds nothing else back. `overlaps`: what of a hand edit could not be merged into the rule.
    """

    path: str
    drift: Drift
    before: bytes
    after: bytes | None
    message: str
    hint: str
    editors: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    holds: bool = True
    overlaps: tuple[Overlap, ...] = ()


Change = Create | Replace | Delete | Keep | Conflict


@frozen
class Plan:
    """All changes of one run, sorted by path. `kept` counts what was unchanged and not even looked at again."""

    changes: tuple[Change, ...] = ()
    kept: int = 0
    losses: tuple[Loss, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    @property
    def writes(self) -> tuple[Create | Replace | Delete, ...]:
        """The changes that touch the disk."""
        return tuple(c for c in self.changes if isinstance(c, Create | Replace | Delete))

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The changes that need a person."""
        return tuple(c for c in self.changes if isinstance(c, Conflict))

    @property
    def is_clean(self) -> bool:
        """Nothing to write and nothing in conflict."""
        return not self.writes and not self.conflicts


@frozen
class SyncReport:
    """One sync. `applied` is False for --dry-run and --check. `held` are rule ids that keep what they emitted before,
    because their file cannot be read or one of their outputs is in conflict; `changed` those that are new or different
    since the last sync; `waiting` those whose `when` is false here. `seconds` is wall time."""

    plan: Plan
    rules: int
    editors: tuple[str, ...]
    applied: bool
    held: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    kept_copies: str = ""  # where --force put what it overwrote, relative to the root
    seconds: float = 0.0
