"""A cache of what was used of late, by CLOCK: a hit sets one bit. Compiled: a hit costs little more than a dict's.

Entries stand in a row in the order in which they came. When it is full, the oldest goes, unless it was hit since it
came: then it loses its bit and goes to the end of the row, its second chance, and the next is asked.
"""

from __future__ import annotations

from librt.threading import Lock

from driven.core._rt import final, i64

CAPACITY = 100  # entries, when nothing else is said
MAX_CAPACITY = 16777216


@final
class _Slot:
    """An entry, and those before and behind it in the row."""

    def __init__(self, key: str, value: object, root: _Slot | None) -> None:
        self.key = key
        self.value = value
        self.hit = False
        self.before: _Slot = root or self
        self.behind: _Slot = root or self


@final
class HotCache:
    """Up to `capacity` values by their names.

    Under the GIL a compiled method is not interrupted; the lock is for the pure build, and where there is no GIL. A hit
    takes none: there, the counters may miss some of what several threads do at once.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """`capacity`: how many entries it may hold, from 1 to `MAX_CAPACITY`; ValueError."""
        if not 1 <= capacity <= MAX_CAPACITY:
            raise ValueError(f"a capacity of {capacity}: it is a number from 1 to {MAX_CAPACITY}")
        self._capacity: i64 = capacity
        self._slots: dict[str, _Slot] = {}
        self._root = _Slot("", None, None)  # stands before the first and behind the last
        self._hits: i64 = 0
        self._misses: i64 = 0
        self._evictions: i64 = 0
        self._lock = Lock()

    def get(self, key: str) -> object | None:
        """The value, which counts as a use of it; None when it is not there."""
        slot = self._slots.get(key)
        if slot is None:
            self._misses += 1
            return None
        slot.hit = True
        self._hits += 1
        return slot.value

    def put(self, key: str, value: object) -> None:
        """Remember a value. One of that name before it gives way to it, which counts as a use."""
        self._put(key, _Slot(key, value, self._root))

    def discard(self, key: str) -> None:
        """Forget a value, if it is there."""
        self._take(key)

    def clear(self) -> None:
        """Forget all. The counters stay."""
        self._take_all()

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: str) -> bool:
        """Whether it is there, which is no use of it."""
        return key in self._slots

    @property
    def capacity(self) -> int:
        """How many entries it may hold."""
        return int(self._capacity)

    @property
    def hits(self) -> int:
        """How many times `get` found what it was asked for."""
        return int(self._hits)

    @property
    def misses(self) -> int:
        """How many times it did not."""
        return int(self._misses)

    @property
    def evictions(self) -> int:
        """How many entries had to go for others."""
        return int(self._evictions)

    # What these return is freed behind the lock: what is freed may run code of its own that comes back here.

    def _put(self, key: str, slot: _Slot) -> object:
        with self._lock:
            known = self._slots.get(key)
            if known is not None:
                gone = known.value
                known.value = slot.value
                known.hit = True
                return gone
            evicted: _Slot | None = None
            if len(self._slots) >= self._capacity:
                evicted = self._root.behind
                while evicted.hit:
                    evicted.hit = False
                    self._unlink(evicted)
                    self._append(evicted)
                    evicted = self._root.behind
                del self._slots[evicted.key]
                self._unlink(evicted)
                self._evictions += 1
            self._slots[key] = slot
            self._append(slot)
            return evicted

    def _take(self, key: str) -> object:
        with self._lock:
            slot = self._slots.pop(key, None)
            if slot is not None:
                self._unlink(slot)
            return slot

    def _take_all(self) -> object:
        with self._lock:
            slots = self._slots
            self._slots = {}
            for slot in slots.values():
                slot.before = slot.behind = self._root
            self._root.before = self._root.behind = self._root
            return slots

    def _append(self, slot: _Slot) -> None:
        """To the end of the row."""
        last = self._root.before
        slot.before = last
        slot.behind = self._root
        last.behind = slot
        self._root.before = slot

    def _unlink(self, slot: _Slot) -> None:
        """Out of the row. It refers to none of the row, and is freed as soon as nobody uses it."""
        slot.before.behind = slot.behind
        slot.behind.before = slot.before
        slot.before = slot.behind = self._root
