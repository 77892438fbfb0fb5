"""Changes on the disk that the client does not tell of: the folders of the rules and of the editors' files, watched as
`driven sync --watch` watches them. Never the whole tree."""

from __future__ import annotations

import asyncio
import os
import threading

from driven.document.places import FOLDERS, NAMES
from driven.sync.folders import Folder, wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from driven.sync.observing import Observing
    from driven_lsp.root import Root

# A name in every folder that an editor reads, so that the folder is watched; those that are not there cost nothing.
ANY = "*"
KNOWN = (
    *NAMES, *(f"{top}/{ANY}" for top, (place, _) in FOLDERS.items() if place),
    *(f"{top}/{name}/{ANY}" for top, (_, names) in FOLDERS.items() for name in names),
)  # fmt: skip
QUIET = 0.1  # seconds between an event and the look at what it changed
COARSE_NS = 20_000_000  # what the clock of a file system may be behind


class Place(Folder):
    """A folder of an editor's rules: any file in it may be one."""

    def is_wanted(self, path: str, name: str, is_folder: bool) -> bool:
        """But for what editors put beside a file while they save it."""
        return not name.startswith(".") and not name.endswith(("~", "#"))


class Watching:
    """Watches one folder. Events come in a thread of their own; the loop hears once of a burst of them."""

    def __init__(
        self, root: Root, loop: asyncio.AbstractEventLoop, seen: Callable[[Root, Collection[str]], None]
    ) -> None:  # fmt: skip
        self._root = root
        self._loop = loop
        self._seen = seen
        self._observing: Observing | None = None
        self._lock = threading.Lock()
        self._paths: set[str] = set()

    def arm(self, paths: Iterable[str]) -> None:
        """Watch the folders of the rules, the settings, these files and all that editors read. In a thread: it touches
        the disk. What changed between the last look and the first watch of its folder is told as well."""
        from driven.sync.observing import Observing

        if self._observing is None:
            self._observing = Observing(self._changed, lambda _polling: None)
        since = self._root.seen_ns - COARSE_NS
        paths = list(paths)
        folders = {
            path: Place(one.shown, one.names, one.rules) if ANY in one.names else one
            for path, one in wanted(self._root.path, (*paths, *KNOWN)).items()
        }
        try:
            if not self._observing.arm(folders):
                return
        except OSError:
            return  # what is open is looked at all the same
        for path in (*folders, *(os.path.join(self._root.path, path) for path in paths)):
            try:
                changed = os.stat(path).st_mtime_ns > since
            except OSError:
                continue
            if changed:
                self._changed("")
                return

    def close(self) -> None:
        """Watch no longer."""
        observing, self._observing = self._observing, None
        if observing is not None:
            observing.close()

    def _changed(self, path: str) -> None:
        if path.startswith(".driven/state"):
            return
        with self._lock:
            first = not self._paths
            self._paths.add(path)
        if first:
            try:
                self._loop.call_soon_threadsafe(self._loop.call_later, QUIET, self._tell)
            except RuntimeError:
                return  # the loop is closed

    def _tell(self) -> None:
        with self._lock:
            paths, self._paths = self._paths, set()
        self._seen(self._root, paths)
