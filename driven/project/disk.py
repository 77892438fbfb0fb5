"""The only writer. Applies a Plan to a project: temps, one flush, renames.

A crash at any instant leaves each file old or new. The journal names what a run is about to write, so that the next one
knows those files for its own and clears the temps. Folders are held by handles that no link led to but one inside of
the project; a file is replaced by its name, never written into: the other name of a hard link keeps what it had.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable

from driven.errors import DiskError
from driven.frozen import field, frozen
from driven.model.plan import Create, Delete, Replace
from driven.project.files import TEMP_SUFFIX, sync_file_system, temp_name, tick, write_all
from driven.project.folders import LOCAL_ERRORS, MAX_OUTPUT, Folders, Seen

__all__ = ["JOURNAL", "MAX_OUTPUT", "STATE", "Applied", "Seen", "Tree"]

STATE = ".driven/state"
JOURNAL = STATE + "/journal"
OWN = ".driven/"
GROUP = 50  # from so many files on, one flush of the file system costs less than one each
CHANGED = "it was changed in this very moment; run `driven sync` again"
REMOVED = "its folder was removed in this very moment; run `driven sync` again"


@frozen(kw_only=False)
class Applied:
    """What came of a plan: the stat of each file written, and why others could not be."""

    written: dict[str, Seen] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Tree(Folders):
    """A project's folders, opened once each, to read and to write. Use as a context manager."""

    def __enter__(self) -> Tree:
        return self

    def apply(
        self, changes: Iterable[Create | Replace | Delete], journal: bytes | None, early: bytes | None = None
    ) -> Applied:
        """Carry out `changes` as one group. `journal` tells the next run what is ours, should this one be killed; None
        in a folder that is no project: there is nothing to tell, and nowhere to.

        `early` stands in its place until the rule files are written: what a person typed into an editor's file may be
        just what is ours afterwards, and must not be called so before it is in its rule. DiskError when the disk is
        full or broken: its message says what was changed.
        """
        applied = Applied()
        temps: list[tuple[int, str, str, str]] = []  # folder, temp, name, path
        deletes: list[str] = []
        ids: dict[str, tuple[str, ...]] = {}
        folders: set[int] = set()
        if journal is not None:
            self.write_state(JOURNAL, journal if early is None else early, durable=True)
        try:
            for change in changes:
                if isinstance(change, Delete) and change.after is None:
                    deletes.append(change.path)
                    continue
                ids[change.path] = () if isinstance(change, Delete) else change.rule_ids
                try:
                    self._write_temp(change, temps, applied)
                except DiskError as error:
                    applied.failed[change.path] = error.message
                except OSError as error:
                    if error.errno not in LOCAL_ERRORS:
                        raise
                    applied.failed[change.path] = f"cannot be written: {_why(error)}"
            self._flush(temps)
        except OSError as error:
            self._abandon(temps)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            hint = "free some space, then run `driven sync` again" if full else "look at the disk, then run it again"
            raise DiskError(f"{error.strerror or error}; no file was changed", hint=hint) from None
        except BaseException:
            self._abandon(temps)
            raise
        # A hand edit is in its rule before what carries it is written over: rule files first, and for good.
        waits: dict[str, str] = {}
        for is_source in (True, False):
            for folder, temp, name, path in temps:
                if path.startswith(OWN) is is_source:
                    held = next((waits[rule_id] for rule_id in ids[path] if rule_id in waits), "")
                    self._rename(folder, temp, name, path, folders, applied, held)
            if is_source:
                waits = {rule_id: path for path in applied.failed if path.startswith(OWN) for rule_id in ids[path]}
                self._end_of_sources(folders, temps, None if waits else early and journal)
        for path in deletes:
            self._delete(path, folders, applied)
        self._flush_folders(folders)
        return applied

    def _end_of_sources(self, folders: set[int], temps: list[tuple[int, str, str, str]], journal: bytes | None) -> None:
        """The rule files are in place, for good: from here on `journal` is true."""
        try:
            self._flush_folders(folders)
            if journal is not None:
                self.write_state(JOURNAL, journal, durable=True)
        except BaseException:
            self._abandon([temp for temp in temps if not temp[3].startswith(OWN)])
            raise
        folders.clear()

    def _flush_folders(self, folders: Iterable[int]) -> None:
        """DiskError when the disk refuses: the journal stays then, and the next run looks at all of it again."""
        for folder in folders:
            try:
                os.fsync(folder)
            except OSError as error:
                raise DiskError(
                    f"{error.strerror or error}; the files are written, but the disk may not keep them",
                    hint="look at the disk, then run `driven sync` again",
                ) from None

    def _write_temp(
        self, change: Create | Replace | Delete, temps: list[tuple[int, str, str, str]], applied: Applied
    ) -> None:
        path, data, before = change.path, change.after or b"", change.before
        parent, _, name = path.rpartition("/")
        folder = self.folder(parent, create=True)
        if folder < 0:  # removed while it was made
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        temp = temp_name(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(temp, flags, 0o666, dir_fd=folder)
        except FileExistsError:
            os.unlink(temp, dir_fd=folder)
            handle = os.open(temp, flags, 0o666, dir_fd=folder)
        temps.append((folder, temp, name, path))
        try:
            write_all(handle, data)
            if before is not None:
                os.fchmod(handle, stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode))
            # Just before this tick of the clock that stamps files: what anybody writes from now on is stamped later, so
            # that no edit, not even one of the same length in the same tick, can look like what we wrote.
            stamp = tick() - 1
            os.utime(handle, ns=(stamp, stamp))
            seen = os.fstat(handle)
        finally:
            os.close(handle)
        applied.written[path] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)

    def _flush(self, temps: list[tuple[int, str, str, str]]) -> None:
        if len(temps) >= GROUP and sync_file_system(temps[0][0]):
            return
        for folder, temp, _, _ in temps:
            try:
                handle = os.open(temp, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
            except FileNotFoundError:
                continue  # it was removed: the rename says so
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _abandon(self, temps: list[tuple[int, str, str, str]]) -> None:
        for folder, temp, _, _ in temps:
            self._unlink(folder, temp)
        # The journal stays: it may tell of an earlier run as well, and digests too many do no harm.

    def _unlink(self, folder: int, name: str) -> None:
        try:
            os.unlink(name, dir_fd=folder)
        except OSError:
            return

    def _rename(
        self, folder: int, temp: str, name: str, path: str, folders: set[int], applied: Applied, waits: str
    ) -> None:
        try:
            if waits:
                raise OSError(errno.EBUSY, f"it waits for `{waits}`, which was not written")
            if path in self._read and self.seen(path) != self._read[path]:
                raise OSError(errno.EBUSY, CHANGED)
            os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
            folders.add(folder)
        except OSError as error:
            applied.failed[path] = f"was not written: {_why(error)}"
            applied.written.pop(path, None)
            self._unlink(folder, temp)

    def _delete(self, path: str, folders: set[int], applied: Applied) -> None:
        parent, _, name = path.rpartition("/")
        try:
            folder = self.folder(parent)
            if path in self._read and self.seen(path) != self._read[path]:
                raise OSError(errno.EBUSY, CHANGED)
            os.unlink(name, dir_fd=folder)
            folders.add(folder)
        except FileNotFoundError:
            return
        except DiskError as error:
            applied.failed[path] = error.message
            return
        except OSError as error:
            applied.failed[path] = f"cannot be deleted: {(error.strerror or 'unknown').lower()}"
            return
        while parent:  # a folder that we emptied is of no use to anybody; one that holds anything stays
            above, _, name = parent.rpartition("/")
            try:
                os.rmdir(name, dir_fd=self.folder(above))
            except (DiskError, OSError):
                return
            parent = above

    def write_state(self, path: str, data: bytes, *, durable: bool = False) -> Seen:
        """Replace a file of our own below `.driven`, whole. DiskError when the disk refuses."""
        parent, _, name = path.rpartition("/")
        folder, temp = -1, ""
        try:
            folder, temp = self.folder(parent, create=True), temp_name(name)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(temp, flags, 0o666, dir_fd=folder)
            try:
                os.fstat(handle)  # a file that was looked at is stamped finer than by the tick (Linux 6.13 and later)
                write_all(handle, data)
                if durable:
                    os.fsync(handle)
                seen = os.fstat(handle)
            finally:
                os.close(handle)
            os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            if temp:
                self._unlink(folder, temp)
            raise DiskError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from None
        return seen.st_size, seen.st_mtime_ns, seen.st_ino

    def touch(self, path: str) -> None:
        """Stamp a file of our own with the time of now."""
        parent, _, name = path.rpartition("/")
        try:
            os.utime(name, dir_fd=self.folder(parent), follow_symlinks=False)
        except (DiskError, OSError):
            return

    def remove_state(self, path: str) -> None:
        """Remove a file of our own; nothing happens when it is not there."""
        parent, _, name = path.rpartition("/")
        try:
            os.unlink(name, dir_fd=self.folder(parent))
        except (DiskError, OSError):
            return

    def sweep(self, folders: Iterable[str]) -> None:
        """Remove the temps that killed runs left in these folders of ours."""
        for path in folders:
            try:
                folder = self.folder(path)
                names = os.listdir(folder) if folder >= 0 else []
            except (DiskError, OSError):
                continue
            for name in names:
                if name.endswith(TEMP_SUFFIX) or (name.startswith("plugins.index.") and name.endswith(".tmp")):
                    self._unlink(folder, name)

    def clear_temps(self, paths: Iterable[str]) -> None:
        """Remove the temps that a killed run left for `paths`."""
        for path in paths:
            parent, _, name = path.rpartition("/")
            try:
                folder = self.folder(parent)
            except DiskError:
                continue
            if folder >= 0:
                self._unlink(folder, temp_name(name))


def _why(error: OSError) -> str:
    """Why a file was not written: its folder is made where there is none, so where it is not it was removed since."""
    return REMOVED if error.errno == errno.ENOENT else (error.strerror or "unknown").lower()
