"""What hand edits of outputs came to when they were merged back into their rules."""

from __future__ import annotations

from driven.frozen import field, record
from driven.model.plan import Create, Overlap, Owned, Replace, Standing


@record
class Problem:
    """Why an edit of an output does not flow back, and the rules that wait for it."""

    message: str
    hint: str
    rule_ids: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()


@record
class MergedBack:
    """What hand edits came to.

    sources   rule files to write
    ours      edited things whose edit is in its rule now, and the digests under which each may be written over
    problems  path -> why an edit there did not flow back
    held      rule id -> the path in conflict: nothing of the rule is written
    bases     what was written last to the things in `ours` that were edited
    restored  outputs that were deleted by hand and are written again -> what to say of it
    read      what stood at each path that was looked at: the plan goes by that, whatever is saved meanwhile
    """

    sources: list[Create | Replace] = field(default_factory=list)
    ours: dict[Owned, frozenset[str]] = field(default_factory=dict)
    bases: dict[Owned, bytes] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    restored: dict[str, str] = field(default_factory=dict)
    read: dict[str, Standing] = field(default_factory=dict)
