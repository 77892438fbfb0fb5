"""The audit log: what foreign code did, asked for and was denied, one line of JSON each, chained by hashes.

An entry is canonical JSON (`driven.trust.canonical`): `seq` from 0, `prev` (SHA-256 of the line before, with its line
feed), `wall` (UTC), `mono` (microseconds of the monotonic clock), `pid`, `event`, `outcome`, and what was told of it.
The first is `begin` with the log's id. The head (id, seq and hash of the last entry) stands beside the log, signed,
where a key is at hand: without it, who can write the log can rewrite it whole. `audit_read` is the other half.

Several threads and processes write one log, under flock (none on Windows: one process at a time there).
"""

from __future__ import annotations

import os

from driven.errors import DiskError, DrivenError
from driven.trust import canonical
from driven.trust.audit_file import (
    MAX_LINE,
    OUTCOMES,
    PATIENCE,
    count_lines,
    hash_of,
    line_start,
    lock,
    open_log,
    parse,
    read_at,
    replace,
    unlock,
    write,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

LOG = ".driven/state/audit.jsonl"  # below a project's folder
EVERY = 1000  # entries between two heads
NAMESPACE = "driven-audit@v1"  # of the head's signature
_OWN = frozenset(("seq", "prev", "wall", "mono", "pid"))
_START = "0" * 64


class AuditLog:
    """A log that is written; nothing is made on disk before the first entry.

    `sign`: bytes of a head -> its signature; `unsigned` says why the last head has none, where it refused.
    `patience`: seconds to wait for others who write it."""

    def __init__(
        self, path: str, *, sign: Callable[[bytes], bytes] | None = None, every: int = EVERY, patience: float = PATIENCE
    ) -> None:
        self.path = os.fspath(path)
        self.unsigned = ""
        self._sign = sign
        self._every = max(1, every)
        self._patience = patience
        self._handle = -1
        self._begin()

    def _begin(self) -> None:
        import threading

        self._guard = threading.Lock()
        self._pid = os.getpid()
        self._at = -1  # the size of the file behind our last look
        self._seq = 0
        self._prev = _START
        self._open = 0  # entries since the last head

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, entry: Mapping[str, Any]) -> None:
        """Write one entry: `event`, a word; `outcome`, one of OUTCOMES (`allowed`, where it is not told); and more.

        Of what is strange or too long some is written, and nothing refused: nobody gets past the log by being ugly.
        Keys that are the log's own get `x_` in front. DiskError when the log cannot be written."""
        if self._pid != os.getpid():  # of a fork: flock does not part those who share one open file
            self._drop()
            self._begin()
        with self._guard:
            said = _tamed(entry)
            with self._held() as handle:
                size = self._catch_up(handle)
                self._append(handle, size, [said])
                if self._sign is not None and self._open >= self._every:
                    self._put_head(handle)

    def sign(self) -> dict[str, Any]:
        """Sign the head now, and give it: `id`, `seq`, `hash`, `wall`. ValueError without `sign` or a log; what `sign`
        raises."""
        if self._sign is None or not os.path.lexists(self.path):
            raise ValueError("there is no key, or no log")
        with self._guard, self._held() as handle:
            self._catch_up(handle)
            return self._sign_head(handle)

    def close(self) -> None:
        """Sign the head, where there is a key and something new, and let the file go. May be called twice."""
        if self._pid != os.getpid():
            self._drop()
            return
        with self._guard:
            if self._handle >= 0:
                if self._sign is not None and self._open:
                    with self._held() as handle:
                        self._catch_up(handle)
                        self._put_head(handle)
                os.fsync(self._handle)
                self._drop()

    def _drop(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def _held(self) -> _Held:
        return _Held(self)

    def _take(self) -> int:
        """The open log that stands at the path, locked."""
        for _ in range(8):
            if self._handle < 0:
                self._handle = open_log(self.path, write=True)
                self._at = -1
            lock(self._handle, self.path, self._patience)
            mine = os.fstat(self._handle)
            try:
                there = os.stat(self.path, follow_symlinks=False)
            except OSError:
                there = None
            if there is not None and (there.st_ino, there.st_dev) == (mine.st_ino, mine.st_dev):
                return self._handle
            self._drop()  # it was moved away: the next one begins a log of its own
        raise DiskError(f"`{self.path}` is moved away again and again", hint="what else works in this folder?")

    def _catch_up(self, handle: int) -> int:
        """Learn what others wrote since; heal a line that a crash cut. The size of the log."""
        size = os.fstat(handle).st_size
        if size == self._at:
            return size
        notes: list[dict[str, Any]] = []
        start = line_start(handle, size)
        if start < size:
            size = self._heal(handle, start, size, notes)
        if size == 0:
            self._seq, self._prev = 0, _START
            notes.insert(0, {"event": "begin", "outcome": "note", "id": os.urandom(16).hex()})
        else:
            start = line_start(handle, size - 1)
            known = parse(read_at(handle, MAX_LINE + 1, start)) if size - start <= MAX_LINE else None
            self._prev = hash_of(handle, start, size)
            if known is None:
                lines = count_lines(handle, size)
                self._seq = lines
                notes.append({"event": "damaged", "outcome": "violation", "line": lines, "why": "no entry stands here"})
            else:
                self._seq = known["seq"] + 1
        self._at = size
        if notes:
            self._append(handle, size, notes)
        return self._at

    def _heal(self, handle: int, start: int, size: int, notes: list[dict[str, Any]]) -> int:
        """End the last line, where only its end is missing, or take it away and tell; the new size."""
        torn = read_at(handle, MAX_LINE, start)
        if size - start < MAX_LINE and parse(torn + b"\n") is not None:
            write(handle, b"\n", size, self.path)
            notes.append({"event": "healed", "outcome": "note", "bytes": 1, "why": "a line without its end"})
            return size + 1
        text = torn[:4096].decode(errors="backslashreplace")
        told = {"bytes": size - start, "sha256": hash_of(handle, start, size), "text": text}
        os.ftruncate(handle, start)
        notes.append(
            _tamed({"event": "healed", "outcome": "note", "why": "a line was cut while it was written", **told})
        )
        return start

    def _append(self, handle: int, size: int, entries: list[dict[str, Any]]) -> None:
        import hashlib

        seq, prev, text = self._seq, self._prev, b""
        for entry in entries:
            line = _line(seq, prev, entry)
            text += line
            seq, prev = seq + 1, hashlib.sha256(line).hexdigest()
        write(handle, text, size, self.path)
        self._at = size + len(text)
        self._open += seq - self._seq
        self._seq, self._prev = seq, prev

    def _put_head(self, handle: int) -> None:
        """Sign the head. A refusal is an entry, and no error."""
        self._open = 0
        try:
            self._sign_head(handle)
        except (DrivenError, UnicodeDecodeError) as error:
            self.unsigned = str(error)
            refused = {"event": "sign", "outcome": "note", "why": f"the head was not signed: {error}"}
            self._append(handle, self._at, [_tamed(refused)])
            self._open = 0

    def _sign_head(self, handle: int) -> dict[str, Any]:
        """Sign the head and put it beside the log, whole or not at all."""
        assert self._sign is not None
        first = parse(read_at(handle, MAX_LINE, 0).partition(b"\n")[0] + b"\n") or {}
        head: dict[str, Any] = {
            "id": str(first.get("id", "")),
            "seq": self._seq - 1,
            "hash": self._prev,
            "wall": _wall(),
        }
        signature = self._sign(canonical.dump(head)).decode("ascii")
        replace(self.path + ".head", canonical.dump({"head": head, "signature": signature}))
        self.unsigned, self._open = "", 0
        return head


class _Held:
    """`with log._held() as handle`: the open file, while no other process writes."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def __enter__(self) -> int:
        return self._log._take()

    def __exit__(self, *_: object) -> None:
        if self._log._handle >= 0:
            unlock(self._log._handle)


def _line(seq: int, prev: str, said: dict[str, Any]) -> bytes:
    import time

    own: dict[str, Any] = {
        "seq": seq,
        "prev": prev,
        "wall": _wall(),
        "mono": time.monotonic_ns() // 1000,
        "pid": os.getpid(),
    }
    line = canonical.dump({**said, **own})
    return line if len(line) <= MAX_LINE else canonical.dump({**_tamed(said, depth=0, most=60), **own})


def _wall() -> str:
    import time

    now = time.time_ns() // 1000
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now // 1_000_000))}.{now % 1_000_000:06d}Z"


def _tamed(entry: Mapping[str, Any], *, depth: int = 3, most: int = 1024) -> dict[str, Any]:
    """An entry of what somebody told, in values that have a canonical form, cut to `most` characters each."""
    rest = {key: one for key, one in entry.items() if key not in ("event", "outcome")}
    said = {f"x_{key}" if key in _OWN else key: one for key, one in _tame(rest, depth, most).items()}
    event, outcome = entry.get("event"), entry.get("outcome", "allowed")  # whatever else is told, and how much of it
    if type(outcome) is not str or outcome not in OUTCOMES:
        said["x_outcome"], outcome = _tame(outcome, 0, most), "note"
    said["event"] = _clip(event, most) if type(event) is str and event else "unnamed"
    said["outcome"] = outcome
    return said


def _tame(value: Any, depth: int, most: int) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if -(2**53) < value < 2**53 else _clip(hex(value), most)
    if kind is str:
        return _clip(value, most)
    if kind is float:
        return repr(value)
    if kind is bytes:
        return _clip(value[:most].decode(errors="backslashreplace"), most)
    if kind in (dict, list, tuple) and depth < 0:
        return "…"
    if kind is dict:
        few = list(value.items())[:32]
        return {
            _clip(key if type(key) is str else type(key).__name__, 64): _tame(one, depth - 1, most) for key, one in few
        }
    if kind in (list, tuple):
        return [_tame(one, depth - 1, most) for one in value[:32]]
    return f"a {_clip(kind.__name__, 64)}"


def _clip(text: str, most: int) -> str:
    cut = text[:most].encode(errors="backslashreplace").decode()
    return cut if len(text) <= most else f"{cut}… (+{len(text) - most})"
