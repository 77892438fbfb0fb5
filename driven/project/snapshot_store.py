"""Reading the snapshots of a project: heads when they are asked for, texts from wherever they are held."""

from __future__ import annotations

import os
from collections.abc import Iterable

from driven.core._rt import FormatError
from driven.format.hashes import digest
from driven.format.snap import ELSEWHERE, FULL, MAX_DEPTH, Head, Row, head_length
from driven.model.plan import Owned
from driven.project.disk import STATE

SNAPSHOTS = STATE + "/snapshots"
BASE_NAME = "base.snap"
FIRST_READ = 8192  # bytes: the head of most snapshots, whole
NEAR = 8 << 20  # bytes: a file up to this size is kept in memory while many texts of it are asked for


class Store:
    """The snapshots of the project at `root`, as they stand now. Heads are read when they are asked for, once each.

    A file that is damaged is as if it were not there; `damaged` names those that were met.
    """

    def __init__(self, root: str) -> None:
        self._folder = os.path.join(root, SNAPSHOTS)
        try:
            names = os.listdir(self._folder)
        except OSError:
            names = []
        found = {number: name for name in names if (number := _number(name))}
        self.names: dict[int, str] = dict(sorted(found.items(), reverse=True))  # newest first
        self.damaged: list[str] = []
        self._has_base = BASE_NAME in names
        self._heads: dict[int, Head | None] = {}
        self._near = (-1, b"")  # the file that was read last; whole, from the second time on

    @property
    def newest(self) -> int:
        """The number of the newest snapshot, 0 when there is none."""
        return next(iter(self.names), 0)

    def head(self, number: int) -> Head | None:
        """The head of a snapshot, 0 for `base.snap`; None when there is none, or it is damaged."""
        if number not in self._heads:
            name = self.names.get(number) if number else BASE_NAME if self._has_base else None
            try:
                self._heads[number] = None if name is None else self._read_head(name, number)
            except (OSError, FormatError):
                self._heads[number] = None
                self.damaged.append(name or "")
        return self._heads[number]

    def _read_head(self, name: str, number: int) -> Head:
        handle = self._open(name)
        try:
            size = os.fstat(handle).st_size
            data = os.read(handle, FIRST_READ)
            length = head_length(data)
            if length > size:
                raise FormatError("the head leaves the snapshot", 24)
            while len(data) < length:
                more = os.read(handle, length - len(data))
                if not more:
                    raise FormatError("the head leaves the snapshot", 24)
                data += more
        finally:
            os.close(handle)
        head = Head(data, size)
        if number and head.number != number:
            raise FormatError("a snapshot of another number", 8)
        return head

    def _open(self, name: str) -> int:
        return os.open(os.path.join(self._folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)

    def heads(self) -> Iterable[tuple[int, Head]]:
        """(number, head) of every snapshot that can be read, newest first; `base.snap`, as 0, comes last."""
        for number in (*self.names, 0):
            head = self.head(number)
            if head is not None:
                yield number, head

    def text(self, number: int, index: int) -> bytes | None:
        """The blob `index` of a snapshot, None for -1. FormatError when it cannot be had any more."""
        if index < 0:
            return None
        start = self.head(number)
        if start is None:
            raise FormatError(f"snapshot {number} cannot be read")
        wanted = start.digest(index)
        changes: list[tuple[int, int, bytes]] = []  # prefix, suffix and middle, the last one first
        for _ in range(3 * MAX_DEPTH):
            head = self.head(number)
            if head is None:
                raise FormatError(f"snapshot {number} cannot be read")
            kind, _, at, stored, base, prefix, suffix, _ = head.blob(index)
            if kind == ELSEWHERE:
                known = head.digest(index)
                number, index = self._left(base, known)
                continue
            data = self._read_at(number, at, stored)
            if kind == FULL:
                break
            changes.append((prefix, suffix, data))
            index = base
        else:
            raise FormatError("a text that is nowhere whole")
        for prefix, suffix, middle in reversed(changes):
            if prefix + suffix > len(data):
                raise FormatError("a text is shorter than what is to stay of it")
            data = data[:prefix] + middle + data[len(data) - suffix :]
        if bytes.fromhex(digest(data)) != wanted:
            raise FormatError("a text is not the one that was kept")
        return data

    def _left(self, number: int, known: bytes) -> tuple[int, int]:
        """Where the text stands that snapshot `number` left: there, or in `base.snap` when it was dropped."""
        for one in (number, 0):
            head = self.head(one)
            index = -1 if head is None else head.find(known)
            if index >= 0:
                return one, index
        raise FormatError(f"a text of snapshot {number} is gone")

    def _read_at(self, number: int, at: int, length: int) -> bytes:
        near, whole = self._near
        if near != number or not whole:
            try:
                handle = self._open(self.names[number] if number else BASE_NAME)
                try:
                    data = os.pread(handle, length, at)
                    if near == number and os.fstat(handle).st_size <= NEAR:
                        whole = os.pread(handle, NEAR, 0)
                finally:
                    os.close(handle)
            except OSError as error:
                reason = (error.strerror or "unknown").lower()
                raise FormatError(f"snapshot {number} cannot be read: {reason}") from None
            self._near = (number, whole if near == number else b"")
        else:
            data = whole[at : at + length]
        if len(data) != length:
            raise FormatError(f"snapshot {number} ends too early", at)
        return data

    def holds(self, known: str) -> bool:
        """Whether a snapshot has the text with this digest; no text is read."""
        raw = bytes.fromhex(known)
        return any(head.find(raw) >= 0 for _, head in self.heads())

    def blob(self, known: str) -> bytes | None:
        """The text with this digest, from whichever snapshot has it."""
        try:
            raw = bytes.fromhex(known)
        except ValueError:
            return None
        for number, head in self.heads() if len(raw) == 16 else ():
            index = head.find(raw)
            if index >= 0:
                try:
                    return self.text(number, index)
                except FormatError:
                    continue
        return None

    def last_row(self, owned: Owned, *, most: int = 0) -> tuple[int, Row] | None:
        """(number, change) that last touched `owned`; with `most`, only so many snapshots are asked."""
        for asked, (number, head) in enumerate(self.heads()):
            if most and asked >= most:
                break
            try:
                row = head.row_of(owned)
            except FormatError:
                continue
            if row is not None:
                return number, row
        return None

    def left(self, owned: Owned, data: bytes, *, most: int = 0) -> bool:
        """Whether `data` is what the last snapshot that touched `owned` left there."""
        found = self.last_row(owned, most=most)
        head = self.head(found[0]) if found is not None else None
        if found is None or head is None or found[1].after < 0:
            return False
        return head.digest(found[1].after) == bytes.fromhex(digest(data))


def _number(name: str) -> int:
    """The number in `12-0a1b2c3d.snap`, 0 in any other name."""
    stem, dot, kind = name.partition(".")
    digits, dash, rest = stem.partition("-")
    good = dot and dash and rest and kind == "snap" and digits.isascii() and digits.isdecimal() and len(digits) < 10
    return int(digits) if good else 0
