"""The store in a folder: `NAME/VERSION.pack`, and `events.log`, a line for each version that was published.

The log is the index: what stands in no line of it was not published, even where its file is there already. So the
file comes first and its line after it, each flushed to the disk; a publication that a crash cut in two is done again.
Several servers, and `driven pack publish --to DIR` beside them, share one folder: who writes holds its lock, who reads
sees the log grow.
"""

from __future__ import annotations

import contextlib
import os
import time
from bisect import bisect_right

from driven.errors import ConflictError, DiskError, SourceError
from driven.serving.store import MOST, Event, Version, taken, version_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LOG, LOCK = "events.log", ".lock"
POLL = 0.2  # seconds between two looks at the size of the log
PATIENCE = 5.0  # seconds that a publication waits for another one
_NEW = ".new"  # the end of a file that is not whole
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Folder:
    """The synchronous half: what the command line publishes with. DiskError where the disk refuses."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.events: list[Event] = []
        self.by_key: dict[tuple[str, str], Version] = {}
        self._read_to = 0  # bytes of the log
        self._seen = (0, 0)

    def make(self) -> None:
        """The folder and its log, where they are not there."""
        try:
            os.makedirs(self.path, exist_ok=True)
            os.close(os.open(self._log, os.O_CREAT | os.O_WRONLY | os.O_APPEND | _FLAGS, 0o644))
        except OSError as error:
            raise _refused(self._log, error) from None

    @property
    def _log(self) -> str:
        return os.path.join(self.path, LOG)

    def stamp(self) -> tuple[int, int]:
        """What changes when the log does. DiskError when it is gone."""
        try:
            seen = os.stat(self._log)
        except OSError as error:
            raise _refused(self._log, error, "read") from None
        return seen.st_ino, seen.st_size

    def read_log(self) -> list[Event]:
        """Read on; what is new. A line that is not whole yet is left for the next time; one that is none is left out.
        A log that was replaced or cut is read from its start."""
        stamp = self.stamp()
        if stamp[0] != self._seen[0] or stamp[1] < self._read_to:
            self.events, self.by_key, self._read_to = [], {}, 0
        self._seen = stamp
        if stamp[1] == self._read_to:
            return []
        try:
            with open(os.open(self._log, os.O_RDONLY | _FLAGS), "rb") as file:
                file.seek(self._read_to)
                data = file.read(stamp[1] - self._read_to)
        except OSError as error:
            raise _refused(self._log, error, "read") from None
        whole = data[: data.rfind(b"\n") + 1]
        self._read_to += len(whole)
        return [one for line in whole.splitlines() if (one := _event(line, self.events)) is not None]

    def publish(self, one: Version, data: bytes) -> tuple[Version, bool]:
        """Keep a version and tell it; (as it is kept, whether it is new). ConflictError for another content."""
        self.make()
        with self._locked():
            self._note(self.read_log())
            known = self.by_key.get(one.key)
            if known is not None:
                if known.sha256 != one.sha256:
                    raise taken(known)
                if not os.path.exists(self.file(known)):
                    self._write(self.file(known), data)
                return known, False
            self._alone(one)
            self._write(self.file(one), data)
            self._append(one)
            self._note(self.read_log())
        return one, True

    def _alone(self, one: Version) -> None:
        """ConflictError where a system that knows no large letters would take it for another version."""
        word = one.version.lower()
        for name, version in self.by_key:
            if name == one.name and version.lower() == word:
                raise ConflictError(f"`{name}` {version} is published already", hint=f"{one.version} is no other one")

    def sweep(self) -> None:
        """Take away what publications left that were killed."""
        with self._locked():
            for folder in os.scandir(self.path):
                if folder.is_dir(follow_symlinks=False):
                    for file in os.scandir(folder.path):
                        if file.name.endswith(_NEW):
                            with contextlib.suppress(OSError):
                                os.unlink(file.path)

    def _note(self, fresh: list[Event]) -> None:
        for event in fresh:
            self.by_key[event.version.key] = event.version

    def refresh(self) -> list[Event]:
        """Read on and remember; what is new."""
        fresh = self.read_log()
        self._note(fresh)
        return fresh

    def file(self, one: Version) -> str:
        """Where its bundle is. Both parts were checked: neither leads out of the folder."""
        return os.path.join(self.path, one.name, f"{one.version}.pack")

    def read(self, one: Version) -> bytes:
        """The bundle. SourceError where it is gone, or not what was published."""
        from hashlib import sha256

        path = self.file(one)
        try:
            with open(os.open(path, os.O_RDONLY | _FLAGS), "rb") as file:
                data = file.read(one.size + 1)
        except OSError as error:
            raise SourceError(
                f"`{path}` cannot be read: {(error.strerror or '').lower()}", hint="publish that version again"
            ) from None
        if sha256(data).hexdigest() != one.sha256:
            raise SourceError(f"`{path}` is not what was published", hint="delete it, and publish that version again")
        return data

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else writes while it lasts. The lock ends with the process that holds it."""
        try:
            handle = os.open(os.path.join(self.path, LOCK), os.O_CREAT | os.O_RDWR | _FLAGS, 0o644)
        except OSError as error:
            raise _refused(self.path, error) from None
        try:
            try:
                import fcntl

                until = time.monotonic() + PATIENCE
                while True:
                    try:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() > until:
                            raise DiskError(
                                f"`{self.path}` is being written to by another process", hint="try again"
                            ) from None
                    time.sleep(0.01)
            except ImportError:  # Windows
                import msvcrt

                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
            yield
        finally:
            os.close(handle)

    def _write(self, path: str, data: bytes) -> None:
        """A bundle, whole or not at all, and on the disk before anybody is told of it."""
        folder, temp = os.path.dirname(path), f"{path}.{os.getpid()}{_NEW}"
        try:
            os.makedirs(folder, exist_ok=True)
            try:
                with open(os.open(temp, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | _FLAGS, 0o644), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temp, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temp)
                raise
            for one in (folder, self.path):
                _flush_folder(one)
        except OSError as error:
            raise _refused(path, error) from None

    def _append(self, one: Version) -> None:
        """One line more. What a crash left of a line is cut off first."""
        import json

        number = self.events[-1].number + 1 if self.events else 1
        line = json.dumps({"number": number, **one.to_json()}, ensure_ascii=False).encode() + b"\n"
        try:
            with open(os.open(self._log, os.O_RDWR | _FLAGS), "r+b", buffering=0) as file:
                file.truncate(self._read_to)
                file.seek(self._read_to)
                if file.write(line) != len(line):
                    file.truncate(self._read_to)
                    raise OSError(28, "no space left on device")
                os.fsync(file.fileno())
        except OSError as error:
            raise _refused(self._log, error) from None


class FolderStore:
    """A folder as the store of a server."""

    def __init__(self, path: str) -> None:
        self._folder = Folder(path)
        self.where = self._folder.path
        self._told: tuple[int, int] = (0, 0)

    @property
    def reads_only(self) -> bool:
        """A folder that others write: a disk for reading alone, a user without the right."""
        return not os.access(self.where, os.W_OK) and os.path.isdir(self.where)

    async def open(self) -> None:
        """Make the folder; read its log. One for reading alone has to be there."""
        if not self.reads_only:
            self._folder.make()
        self._folder.refresh()
        self._told = self._folder.stamp()
        if not self.reads_only:
            with contextlib.suppress(DiskError, OSError):
                self._folder.sweep()

    async def close(self) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """Whether the log is there."""
        self._folder.stamp()

    async def index(self) -> tuple[list[Version], int]:
        """What the log tells."""
        self._folder.refresh()
        events = self._folder.events
        return list(self._folder.by_key.values()), events[-1].number if events else 0

    async def events(self, after: int, most: int = MOST) -> list[Event]:
        """The lines after that number."""
        self._folder.refresh()
        events = self._folder.events
        if after > (events[-1].number if events else 0) or after < 0:
            after = 0
        start = bisect_right(events, after, key=lambda one: one.number)
        return events[start : start + most]

    async def read(self, one: Version) -> bytes:
        """The bundle, read in a thread."""
        import asyncio

        return await asyncio.to_thread(self._folder.read, one)

    async def publish(self, one: Version, data: bytes) -> tuple[Version, bool]:
        """In a thread: it waits for the disk. By a reader of its own, as the log is read on beside it."""
        import asyncio

        return await asyncio.to_thread(Folder(self._folder.path).publish, one, data)

    async def changed(self) -> None:
        """Look at the size of the log now and then."""
        import asyncio

        while True:
            stamp = self._folder.stamp()
            if stamp != self._told:
                self._told = stamp
                return
            await asyncio.sleep(POLL)


def _event(line: bytes, events: list[Event]) -> Event | None:
    """The event of a line, which is put behind the others; None for a line that is none."""
    import json

    try:
        value = json.loads(line)
        number = value.pop("number") if isinstance(value, dict) else None
        if type(number) is not int or number <= (events[-1].number if events else 0):
            return None
        found = Event(number, version_from(value, LOG))
    except (ValueError, KeyError, RecursionError, SourceError):
        return None
    events.append(found)
    return found


def _flush_folder(path: str) -> None:
    """A name that was given is on the disk when its folder is. Not every system opens folders."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refused(path: str, error: OSError, what: str = "written") -> DiskError:
    return DiskError(f"`{path}` cannot be {what}: {(error.strerror or str(error)).lower()}", hint="check the store")
