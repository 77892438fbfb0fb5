"""What a server knows of its store without asking it: every version, and the last events. The way of a request that
changes nothing for its client ends here, without a look at the disk."""

from __future__ import annotations

from bisect import insort
from collections import deque

from driven.serving.store import MOST, Event, Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Catalogue:
    """Versions by pack, the latest last; by ETag and by SHA-256."""

    def __init__(self) -> None:
        self.packs: dict[str, list[Version]] = {}
        self.last = 0  # the number of the last event that is told here
        self.recent: deque[Event] = deque(maxlen=MOST)
        self._by_path: dict[str, Version] = {}
        self._by_etag: dict[tuple[str, str], Version] = {}
        self._by_sha256: dict[tuple[str, str], Version] = {}

    def load(self, versions: Iterable[Version], last: int) -> None:
        """Everything from the start."""
        self.packs.clear()
        self._by_path.clear()
        self._by_etag.clear()
        self._by_sha256.clear()
        self.recent.clear()
        self.last = last
        for one in sorted(versions, key=lambda each: each.order):
            self.add(one)

    def add(self, one: Version) -> None:
        """One version more; of one that is known nothing changes."""
        path = f"/packs/{one.name}/{one.version}"
        if path in self._by_path:
            return
        known = self.packs.setdefault(one.name, [])
        insort(known, one, key=lambda each: each.order)
        self._by_path[path] = one
        self._by_path[f"/packs/{one.name}/latest"] = known[-1]
        self._by_etag[one.name, one.etag] = one
        self._by_sha256[one.name, one.sha256] = one

    def tell(self, event: Event) -> None:
        """An event of the store."""
        self.add(event.version)
        self.last = event.number
        self.recent.append(event)

    def since(self, after: int) -> list[Event] | None:
        """What was told after that number, where all of it is remembered; None: the store knows."""
        if after == self.last:
            return []
        if self.recent and after <= self.last and self.recent[0].number <= after + 1:
            return [one for one in self.recent if one.number > after]
        return None

    def latest(self) -> Iterator[Version]:
        """The latest of each pack, by name."""
        return (self.packs[name][-1] for name in sorted(self.packs))

    def at(self, path: str) -> Version | None:
        """What stands at `/packs/NAME/VERSION`."""
        return self._by_path.get(path)

    def by_etag(self, name: str, etag: str) -> Version | None:
        """The version of that pack with an ETag, as it is without the quotes and the coding."""
        return self._by_etag.get((name, etag))

    def by_sha256(self, name: str, digest: str) -> Version | None:
        """The version of that pack with the SHA-256, in hex."""
        return self._by_sha256.get((name, digest))
