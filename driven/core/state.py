"""State that threads share: the sync's own (the watch runs on it), dirty bits and shared rules.

`AtomicSync` is the watch's: the thread that hears of changes feeds it, the one that syncs asks it what to do.
`DirtyBits` and `SharedRules` are for a program that answers questions about the rules while they change, the language
server; until it is there only their tests use them. (The watch needs neither: a sync finds what changed by stats, which
an event that the kernel dropped does not make wrong.)

Compiled, so that what a reader asks before every answer costs next to nothing. Everything that reads and then writes
does so under one lock: the interpreted build may lose the GIL between two steps of `bits[i] |= m`, and no trick of the
compiled build (which keeps the GIL through a method) would hold there, or without a GIL. A
free lock costs about what a call does.

One writer across processes is the file lock of `driven.project.writer`; here it is one across threads.
"""

from __future__ import annotations

from _thread import allocate_lock

from driven.core._rt import final, i64

# States of a sync. COMPLETE and ERROR tell how the last one ended; IDLE, that there was none yet.
IDLE = 0
SYNCING = 1
COMPLETE = 2
ERROR = 3
_STATE = 3  # the bits of a machine's state that hold one of these
PENDING = 4  # flag: something changed that no sync has looked at
STOPPING = 8  # flag: the sync under way is the last
ENDED = 16  # flag: nothing happens any more

# Who may go where: bit `1 << new` of `_MOVES >> 4 * old`.
_MOVES = (
    (1 << SYNCING) << 4 * IDLE
    | (1 << COMPLETE | 1 << ERROR) << 4 * SYNCING
    | (1 << IDLE | 1 << SYNCING) << 4 * COMPLETE
    | (1 << IDLE | 1 << SYNCING) << 4 * ERROR
)

# Events of the watch loop.
CHANGED = 0  # a watched file changed
QUIET = 1  # the debounce time passed without another change
DONE = 2  # the sync ended; conflicts and bad rules are in its report
FAILED = 3  # the sync raised: the project cannot be read or written
STOP = 4  # Ctrl-C or SIGTERM

# Effects, as bits: what the loop has to do now.
WAIT = 1  # start the debounce time, anew if it runs
SYNC = 2  # run a sync
AGAIN = 4  # as WAIT, because of what changed while the sync ran
REPORT = 8  # show what the sync that just ended did
END = 16  # leave the loop


def may_move(old: int, new: int) -> bool:
    """Whether a sync may go from the state `old` to `new`. ValueError for what is no state."""
    if old < 0 or old > ERROR or new < 0 or new > ERROR:
        raise ValueError("not a state of a sync")
    return (_MOVES >> (4 * old + new)) & 1 == 1


def step(state: int, event: int) -> tuple[int, int]:
    """The state after `event`, and the effects. Pure. ValueError for an event that is none.

    A change while a sync runs is kept (PENDING) and answered by AGAIN when it ends; a sync that failed is tried again
    only after the next change; a STOP while a sync runs lets it end first.
    """
    if event < CHANGED or event > STOP:
        raise ValueError("not an event of a sync")
    if state & ENDED:
        return state, 0
    syncing = state & _STATE == SYNCING
    if event == CHANGED:
        if state & STOPPING:
            return state, 0
        return state | PENDING, 0 if syncing else WAIT
    if event == QUIET:
        if syncing or not state & PENDING:
            return state, 0
        return SYNCING, SYNC
    if event == STOP:
        if syncing:
            return state | STOPPING, 0
        return (state & _STATE) | ENDED, END
    if not syncing:
        return state, 0  # the end of a sync that this machine did not start
    ended = COMPLETE if event == DONE else ERROR
    if state & STOPPING:
        return ended | ENDED, REPORT | END
    if state & PENDING:
        return ended | PENDING, REPORT | AGAIN
    return ended, REPORT


@final
class AtomicSync:
    """The state of one project's sync. Of several threads that move it at once, exactly one wins."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._whole: int = IDLE  # one of the four states, and the flags

    @property
    def state(self) -> int:
        """IDLE, SYNCING, COMPLETE or ERROR."""
        return self._whole & _STATE

    @property
    def pending(self) -> bool:
        """Whether something changed that no sync has looked at."""
        return self._whole & PENDING != 0

    @property
    def ended(self) -> bool:
        """Whether the machine has stopped for good."""
        return self._whole & ENDED != 0

    def move(self, expected: int, new: int) -> bool:
        """Go from `expected` to `new`; False when the state is not `expected` any more, or the machine has ended.

        ValueError for a way that is never open: that is a mistake, not a race. Flags stay.
        """
        if not may_move(expected, new):
            raise ValueError("a sync never goes from this state to that one")
        with self._lock:
            whole = self._whole
            if whole & ENDED or whole & _STATE != expected:
                return False
            self._whole = (whole & ~_STATE) | new
            return True

    def feed(self, event: int) -> int:
        """Take `event` in; the effects that are now this caller's to carry out (see `step`)."""
        with self._lock:
            self._whole, effects = step(self._whole, event)
            return effects


@final
class SharedRules:
    """One version of a value that never changes itself (a rule set), and its number.

    A reader takes both and keeps them for as long as it likes, whatever is swapped in meanwhile. The value is any
    object: the core knows no rules.
    """

    def __init__(self, value: object = None) -> None:
        self._lock = allocate_lock()
        # One reference to one tuple, so that number and value are always of the same version, without a lock.
        self._version: tuple[int, object] = (0, value)

    def read(self) -> tuple[int, object]:
        """(number, value) of the version that stands now; the first number is 0."""
        return self._version

    def swap(self, expected: int, value: object) -> bool:
        """Put `value` in place of version `expected`, as the next number; False when that one does not stand any
        more: read again, decide again."""
        with self._lock:
            if self._version[0] != expected:
                return False
            self._version = (expected + 1, value)
            return True


@final
class DirtyBits:
    """One bit for each rule, by its index: set, cleared and tested in constant time, drained as one act."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._bits = bytearray(64)  # grows with the largest index set
        self._count: int = 0
        self._from: int = 64  # the bytes that may hold a bit: drained without looking at the others
        self._to: int = 0

    def __len__(self) -> int:
        return self._count

    def set(self, index: int) -> bool:
        """Mark `index`; False when it was marked already. ValueError for a negative one."""
        if index < 0:
            raise ValueError("an index is not negative")
        at = index >> 3
        mask = 1 << (index & 7)
        with self._lock:
            bits = self._bits
            if at >= len(bits):
                bits.extend(bytes(max(at + 1, 2 * len(bits)) - len(bits)))
            if bits[at] & mask:
                return False
            bits[at] |= mask
            self._count += 1
            if at < self._from:
                self._from = at
            if at >= self._to:
                self._to = at + 1
            return True

    def clear(self, index: int) -> bool:
        """Unmark `index`; False when it was not marked."""
        if index < 0:
            return False
        at = index >> 3
        mask = 1 << (index & 7)
        with self._lock:
            if at >= len(self._bits) or not self._bits[at] & mask:
                return False
            self._bits[at] &= 255 - mask
            self._count -= 1
            return True

    def test(self, index: int) -> bool:
        """Whether `index` is marked. One byte is read: no lock is needed."""
        at = index >> 3
        bits = self._bits
        return 0 <= at < len(bits) and bits[at] & (1 << (index & 7)) != 0

    def take(self) -> list[int]:
        """All that are marked, in rising order, and none is marked after: a mark set by another thread is in this
        answer or in the next, never in both and never in neither."""
        with self._lock:
            if not self._count:
                return []
            first = self._from
            part = bytes(self._bits[first : self._to])
            self._bits[first : self._to] = bytes(len(part))
            self._count = 0
            self._from = len(self._bits)
            self._to = 0
        found: list[int] = []
        at: i64 = 8 * first
        for byte in part:
            if byte:
                for bit in range(8):
                    if byte & (1 << bit):
                        found.append(int(at + bit))
            at += 8
        return found
