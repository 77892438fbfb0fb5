"""The audit log, read: whether its chain holds, and what stands in it; a line at a time, however long it is.

What each finding proves: an entry that was edited, removed, inserted or moved breaks the chain at the place that is
named. Who rewrites all that follows makes a chain that holds; the head that was signed, or kept elsewhere, tells it.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, SourceError
from driven.frozen import field, frozen, record
from driven.trust import canonical
from driven.trust.audit_file import MAX_LINE, line_start, lines, open_log, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Literal, TypeAlias

Kind: TypeAlias = (
    'Literal["edited", "removed", "inserted", "unreadable", "beginning", "cut", "rewritten", "head", "signature"]'
)
MOST = 100  # faults that are told of one log
_MAX_HEAD = 64 << 10
_DENIED = (b'"outcome":"denied"', b'"outcome":"violation"')


@frozen(kw_only=False)
class Fault:
    """One thing that is wrong: the line (from 1; 0 of the head), what kind of thing, and what it means."""

    line: int
    kind: Kind
    message: str


@record
class Checked:
    """What a log was found to be. `seq` and `hash` are of its last entry (-1 and "" of an empty one): the head, to be
    kept elsewhere. `signer`: whom the signature of the head names; "" of none, and where nobody could check it."""

    entries: int = 0
    id: str = ""
    seq: int = -1
    hash: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    more: int = 0  # faults beyond MOST
    healed: int = 0  # lines that a crash cut and a later entry told
    torn: bool = False  # the last line has no end: a crash; the next entry heals it
    clock: int = 0  # times that the wall clock was set back
    signed: int = -1  # the entry that the signed head names
    signer: str = ""
    unchecked: bool = False  # there is a signed head, and nobody who could check its signature

    def wrong(self, line: int, kind: Kind, message: str) -> None:
        """Note a fault."""
        if len(self.faults) < MOST:
            self.faults.append(Fault(line, kind, message))
        else:
            self.more += 1

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@frozen
class Head:
    """A head as it stands beside the log: `message` is what was signed."""

    id: str
    seq: int
    hash: str
    wall: str
    message: bytes
    signature: bytes


def verify(
    path: str, *, check: Callable[[bytes, bytes], str] | None = None, kept: tuple[int, str] | None = None
) -> Checked:
    """Walk the whole log. `check(message, signature)` names the signer of the head or raises SignatureError; `kept`:
    the seq and hash of a head that was kept elsewhere. DiskError when the log or its head cannot be opened."""
    found = Checked()
    head = _head_of(path, found)
    wanted = {} if head is None else {head.seq: head.hash}
    if kept is not None and wanted.setdefault(*kept) != kept[1]:
        found.wrong(0, "rewritten", f"the head that you kept and the one beside the log differ in entry {kept[0]}")
    if head is not None:
        _check_head(head, check, found)
    try:
        handle = open_log(path, write=False)
    except FileNotFoundError:
        if wanted:
            found.wrong(0, "cut", f"the log is gone: its head names entry {max(wanted)}")
        return found
    _walk(handle, found, wanted)
    if head is not None and found.entries and head.id != found.id:
        found.wrong(0, "rewritten", "the head is of another log: this one was begun anew")
    for seq in sorted(wanted):
        if seq > found.seq:
            found.wrong(0, "cut", f"the end was cut off: the head names entry {seq}, the last one here is {found.seq}")
    return found


def _walk(handle: int, found: Checked, wanted: dict[int, str]) -> None:
    import hashlib

    number, seq, prev, wall, mono, stray = 0, 0, "0" * 64, "", 0, False
    for number, line in enumerate(lines(handle), 1):
        entry = parse(line)
        if entry is None:
            if not line.endswith(b"\n") and len(line) <= MAX_LINE:
                found.torn = True
                break
            found.wrong(number, "unreadable", "this line is no entry")
            seq, prev, stray = seq + 1, hashlib.sha256(line).hexdigest(), len(line) > MAX_LINE
            continue
        if not stray:
            _link(entry, number, seq, prev, found)
        stray = False
        if number == 1:
            found.id = str(entry.get("id", ""))
        if entry["wall"] < wall and entry["mono"] > mono:
            found.clock += 1
        wall, mono = entry["wall"], entry["mono"]
        seq, prev = entry["seq"] + 1, hashlib.sha256(line).hexdigest()
        found.entries += 1
        found.seq, found.hash = entry["seq"], prev
        found.outcomes[entry["outcome"]] = found.outcomes.get(entry["outcome"], 0) + 1
        found.healed += entry["event"] == "healed"
        if wanted.get(entry["seq"], prev) != prev:
            said = "is not the one that the head names: it, or what stands before it, was written anew"
            found.wrong(number, "rewritten", f"entry {entry['seq']} {said}")


def _link(entry: dict[str, Any], number: int, seq: int, prev: str, found: Checked) -> None:
    """Compare what an entry says of the one before with what stands there."""
    if number == 1 and (entry["seq"] or entry["event"] != "begin"):
        found.wrong(1, "beginning", f"the log does not begin with its first entry: {entry['seq']} before it are gone")
    elif entry["seq"] > seq:
        last = "" if entry["seq"] - seq == 1 else f" to {entry['seq'] - 1}"
        found.wrong(number, "removed", f"entry {seq}{last} is missing before this line")
    elif entry["seq"] < seq:
        found.wrong(number, "inserted", f"entry {entry['seq']} stands where {seq} belongs: inserted, or moved")
    elif entry["prev"] != prev:
        what = "it was changed after the next line was written" if number > 1 else "it names an entry before it"
        found.wrong(max(1, number - 1), "edited", what)


def read_head(path: str) -> Head | None:
    """The head that stands at `path`; None when there is none. SourceError when it is none, DiskError."""
    try:
        handle = open_log(path, write=False)
    except FileNotFoundError:
        return None
    with open(handle, "rb") as file:
        data = file.read(_MAX_HEAD + 1)
    what = f"`{os.path.basename(path)}`"
    value = canonical.load(data, what) if len(data) <= _MAX_HEAD else None
    if isinstance(value, dict) and value.keys() == {"head", "signature"}:
        head, signature = value["head"], value["signature"]
        if isinstance(head, dict) and head.keys() == {"id", "seq", "hash", "wall"} and isinstance(signature, str):
            seq, words = head["seq"], [head[key] for key in ("id", "hash", "wall")]
            if type(seq) is int and seq >= 0 and all(isinstance(word, str) for word in words) and signature.isascii():
                name, digest, wall = map(str, words)
                return Head(id=name, seq=seq, hash=digest, wall=wall, message=canonical.dump(head),
                            signature=signature.encode())  # fmt: skip
    raise SourceError(f"{what} is no head of an audit log")


def _head_of(path: str, found: Checked) -> Head | None:
    try:
        return read_head(path + ".head")
    except SourceError as error:
        found.wrong(0, "head", f"{error.message}: it was edited, or damaged")
        return None


def _check_head(head: Head, check: Callable[[bytes, bytes], str] | None, found: Checked) -> None:
    found.signed = head.seq
    if check is None:
        found.unchecked = True
        return
    try:
        found.signer = check(head.message, head.signature)
    except DrivenError as error:
        found.wrong(0, "signature", f"the head's signature does not hold: {error.message}")


def entries(path: str, *, last: int = 0, denied: bool = False) -> Iterator[dict[str, Any]]:
    """The entries of a log, in its order; a line that is none is left out (`verify` tells of it). Only the `last` so
    many lines, and only denials and violations with `denied`. None of a log that is not there; DiskError."""
    try:
        handle = open_log(path, write=False)
    except FileNotFoundError:
        return
    if last:
        os.lseek(handle, _behind(handle, last), os.SEEK_SET)
    for line in lines(handle):
        if denied and not any(mark in line for mark in _DENIED):  # what is canonical has one spelling
            continue
        entry = parse(line)
        if entry is not None and (not denied or entry["outcome"] in ("denied", "violation")):
            yield entry


def last(path: str, most: int, *, denied: bool = False) -> list[dict[str, Any]]:
    """The last `most` entries (0: all), only denials and violations with `denied`."""
    from collections import deque

    near = most + 1 if most and not denied else 0  # the last line may be one that a crash cut
    return list(deque(entries(path, last=near, denied=denied), maxlen=most or None))


def _behind(handle: int, many: int) -> int:
    """Where the last so many lines begin."""
    at = os.fstat(handle).st_size
    while many and at:
        at = line_start(handle, at - 1)
        many -= 1
    return at
