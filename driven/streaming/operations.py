"""The operation stream: what turns one release into another, byte by byte in docs/streaming.md.

`diff` says the least that does it, and `apply` does it: a batch whole or not at all, only onto the release that it was
made for, and only if what comes of it is the release that was meant.
"""

from __future__ import annotations

from driven.core import htip
from driven.errors import SourceError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.streaming.release import Release

NAMES = tuple("".join(word.capitalize() for word in name.split("_")) for name in htip.OPS)  # of opcode 1 and the next
HINT = "ask for all of it anew (FullSync)"


class WrongBase(SourceError):
    """Operations for another release than the one they are to change. The answer is a FullSync."""


@frozen
class Told:
    """One operation on one rule or file, for a person: `op` is one of `NAMES`."""

    op: str
    subject: str

    def __str__(self) -> str:
        return f"{self.op} {self.subject}" if self.subject else self.op


def diff(old: Release | None, new: Release) -> bytes:
    """The operations that make `new` of `old`, or of anything for None: one batch, the smallest that does it.

    SourceError for rules that break the model: they cannot travel.
    """
    from driven.streaming.diffing import batch

    return batch(old, new)


def apply(old: Release | None, ops: bytes) -> Release:
    """The release after all batches of `ops`. WrongBase where they are for another one than `old`, SourceError for
    bytes that are no operations or give another release than they say. `old` is what it was."""
    return replay(old, ops)[0]


def replay(old: Release | None, ops: bytes) -> tuple[Release, tuple[Told, ...]]:
    """As `apply`, and what was done to which rule or file."""
    from driven.streaming.applying import play

    return play(old, ops)


def ends(ops: bytes) -> tuple[bytes, bytes]:
    """The digests of the base that operations are for (zeros: any) and of their result, as they say. SourceError."""
    from driven.streaming.applying import first_and_last

    return first_and_last(ops)


def broken(message: str) -> SourceError:
    """What is said of operations that cannot be applied."""
    return SourceError(f"the operations cannot be applied: {message}", hint=HINT)
