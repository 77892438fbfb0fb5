"""`IntegrityGuard`: whether a rule set's files are still what was signed or pinned, while something runs on them."""

from __future__ import annotations

import os

from driven.errors import DiskError, PolicyError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

MOST = 16 << 20  # bytes of a file


@frozen
class Changed:
    """A file that is not what it was: `what` is `changed`, `missing`, or why it cannot be read."""

    path: str
    what: str


class IntegrityGuard:
    """Watches files below `root` against their digests: path -> SHA-256 in hex, as a manifest has them.

    A file that changed is withheld until a new guard is made of new digests: one that is changed back is withheld
    still, for between the two looks somebody may have read it. Threads may share a guard.
    """

    def __init__(self, root: str, digests: Mapping[str, str]) -> None:
        from driven.trust.beneath import parts

        self.root = os.path.realpath(root)
        self._digests = dict(digests)
        self._seen: dict[str, tuple[int, ...]] = {}
        self._withheld: dict[str, Changed] = {}
        for path, digest in self._digests.items():
            parts(path)
            if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
                raise PolicyError(f"`{path}`: no SHA-256 in hexadecimal")

    def check(self) -> tuple[Changed, ...]:
        """Look at every file; those that are found changed by this look, each told once. A file whose size, times and
        place are what they were is not read again: of these the kernel sets one (ctime) whoever writes."""
        from driven.trust.beneath import root_handle

        found: list[Changed] = []
        try:
            root = root_handle(self.root)
        except DiskError as error:
            found = [Changed(path=path, what=error.message) for path in self._digests if path not in self._withheld]
        else:
            try:
                for path, digest in self._digests.items():
                    what = "" if path in self._withheld else self._look(root, path, digest)
                    if what:
                        found.append(Changed(path=path, what=what))
            finally:
                os.close(root)
        self._withheld |= {one.path: one for one in found}
        return tuple(found)

    def _look(self, root: int, path: str, digest: str) -> str:
        """What is wrong with a file, "" for nothing."""
        from hashlib import sha256

        from driven.trust.beneath import open_beneath

        try:
            handle = open_beneath(root, path)
        except DiskError as error:
            return "missing" if not os.path.lexists(os.path.join(self.root, path)) else error.message
        try:
            before = os.fstat(handle)
            stamp = (before.st_dev, before.st_ino, before.st_size, before.st_mtime_ns, before.st_ctime_ns)
            if self._seen.get(path) == stamp:
                return ""
            made = sha256()
            size = 0
            while part := os.read(handle, 1 << 20):
                size += len(part)
                if size > MOST:
                    return f"larger than {MOST >> 20} MiB"
                made.update(part)
            if made.hexdigest() != digest:
                return "changed"
            after = os.fstat(handle)
            if (after.st_size, after.st_mtime_ns, after.st_ctime_ns) == stamp[2:]:
                self._seen[path] = stamp
            return ""
        except OSError as error:
            return (error.strerror or str(error)).lower()
        finally:
            os.close(handle)

    @property
    def withheld(self) -> tuple[Changed, ...]:
        """All that was found changed so far, by path."""
        return tuple(self._withheld[path] for path in sorted(self._withheld))

    def holds(self, path: str) -> bool:
        """Whether a file is still what it was, as of the last look. A file that is not guarded never was."""
        return path in self._digests and path not in self._withheld

    def kept(self, rules: Iterable[Any]) -> list[Any]:
        """Those rules whose file (`span.path`, below the root) still holds."""
        return [rule for rule in rules if rule.span is not None and self.holds(str(rule.span.path))]

    def watch(self, told: Callable[[Changed], None], interval: float = 1.0) -> Watching:
        """Look every `interval` seconds in a thread of its own, and tell of each file that changed; a context."""
        return Watching(self, told, interval)


class Watching:
    """A guard that looks by itself, while its context lasts. The first look is over when the context begins."""

    def __init__(self, guard: IntegrityGuard, told: Callable[[Changed], None], interval: float) -> None:
        import threading

        self._guard = guard
        self._told = told
        self._interval = interval
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Watching:
        import threading

        self._once()
        self._thread = threading.Thread(target=self._run, name="driven-guard", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._interval):
            self._once()

    def _once(self) -> None:
        for one in self._guard.check():
            self._told(one)
