"""An archive of a pack, zip or tar, unpacked file by file into a folder of its own that nobody else can enter.

Never `extractall`: its filters were passed again and again (CVE-2025-4517, CVE-2025-4138, CVE-2025-4330, all of
https://docs.python.org/3/library/tarfile.html#tarfile-extraction-filter, read 2026-11-22). Plain files only, named as a
signed manifest may name them; how many, how large and how much larger than the archive has a bound, which is held while
it is read and not believed of a header. Whoever called looks at the folder before it gets its name.
"""

from __future__ import annotations

import os
import stat

from driven.errors import DiskError, DrivenError, SignatureError, SourceError
from driven.trust.beneath import root_handle, write_beneath
from driven.trust.manifest import Manifest, check_path, check_paths, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

MAX_ARCHIVE = 64 << 20  # bytes
MAX_FILES = 10_000
MAX_FILE = 16 << 20
MAX_TOTAL = 64 << 20
MAX_RATIO = 200  # rules and code come to a tenth; 51 KB that are 50 MB are a bomb
FREE = 1 << 20  # bytes that no ratio is asked of
MAX_LISTING = 4 << 20  # bytes of what a zip file says of its files
_END, _LOCATOR = b"PK\x05\x06", b"PK\x06\x07"


def unpack(archive: str, folder: str, accept: Callable[[str], object]) -> tuple[str, ...]:
    """The files of `archive` in the new folder `folder`, and their paths in it, sorted.

    `accept` gets the folder (mode 0700, another name beside `folder`) when all of it is there: it raises what speaks
    against it, and then nothing is left. SourceError for an archive that is none or that is not to be trusted;
    DiskError where `folder` stands already or the disk refuses.
    """
    data = _read(archive)
    if os.path.lexists(folder):
        raise DiskError(f"`{shown(folder)}` stands already", hint="remove it, or choose another name")
    parent, name = os.path.split(os.path.abspath(folder))
    fresh = os.path.join(parent, f".{name[:200]}.{os.urandom(8).hex()}.unpacking")
    try:
        os.mkdir(fresh, 0o700)
    except OSError as error:
        raise DiskError(f"`{shown(folder)}` cannot be made: {(error.strerror or '').lower()}") from None
    try:
        paths = _write(data, archive, fresh)
        accept(fresh)
        _open_to_all(fresh)
        os.rename(fresh, folder)
    except OSError as error:
        _forget(fresh)
        raise DiskError(f"`{shown(folder)}` cannot be made: {(error.strerror or '').lower()}") from None
    except BaseException:
        _forget(fresh)
        raise
    return paths


def as_signed(manifest: Manifest) -> Callable[[str], None]:
    """For `unpack`: a folder that is, file for file, what a manifest says whose signature was verified."""

    def accept(folder: str) -> None:
        from driven.trust.manifest_disk import compare

        for problem in compare(manifest, folder):
            raise SignatureError(
                f"the archive is not what was signed: `{shown(problem.path)}` {problem.message}",
                hint="get it anew, from who signed it",
            )

    return accept


def _open_to_all(folder: str) -> None:
    """Whatever the umask, and by its handle: to change the rights of a path is what ring L denies."""
    handle = root_handle(folder)
    try:
        os.fchmod(handle, 0o755)
    finally:
        os.close(handle)


def _forget(folder: str) -> None:
    """Nothing of what was refused is left. Links are not followed: there are none, unless `accept` let them in."""
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _read(archive: str) -> bytes:
    """The archive: read once, so that what is looked at is what is unpacked."""
    from driven.trust.beneath import read_beneath

    parent, name = os.path.split(os.path.abspath(archive))
    handle = root_handle(parent)
    try:
        return read_beneath(handle, name, MAX_ARCHIVE)
    finally:
        os.close(handle)


def _write(data: bytes, archive: str, fresh: str) -> tuple[str, ...]:
    what = f"`{shown(os.path.basename(archive))}`"
    root = root_handle(fresh)
    paths: list[str] = []
    seen: set[str] = set()
    try:
        for path, mode, content in _files(data, what):
            _check(path, seen, what)
            write_beneath(root, path, content, mode, durable=False)
            paths.append(path)
        paths.sort()
        check_paths(paths)  # a folder and a file, or two folders, that are one where case does not count
    except (MemoryError, RecursionError):
        raise SourceError(f"{what} is not to be trusted: it makes its reader run out of memory") from None
    finally:
        os.close(root)
    if not paths:
        raise SourceError(f"{what} holds no file")
    return tuple(paths)


def _check(path: str, seen: set[str], what: str) -> None:
    import unicodedata

    wrong = check_path(path)
    if wrong:
        raise SourceError(f"{what} is not to be trusted: `{shown(path)}`: {wrong}")
    folded = unicodedata.normalize("NFC", path.casefold())
    if folded in seen:
        raise SourceError(f"{what} is not to be trusted: `{shown(path)}` stands in it twice, or in other letters")
    seen.add(folded)


def _files(data: bytes, what: str) -> Iterator[tuple[str, int, bytes]]:
    """Path, mode and content of each file; whatever a library says of bytes it cannot read becomes one error."""
    reader = _of_zip if data[:4] in (b"PK\x03\x04", _END) else _of_tar
    try:
        yield from reader(data, what)
    except (DrivenError, MemoryError, RecursionError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:100] or type(error).__name__
        said = "".join(c if c.isprintable() else "?" for c in said)
        raise SourceError(
            f"{what} cannot be unpacked: {said}", hint="a zip file, a tar file or a tar.gz file is wanted"
        ) from None


def _grown(total: int, size: int, packed: int, path: str, what: str) -> int:
    """`total` with one file more. SourceError past a bound."""
    problem = ""
    if size > MAX_FILE:
        problem = f"`{shown(path)}` is larger than {MAX_FILE >> 20} MiB"
    elif total + size > MAX_TOTAL:
        problem = f"its files are larger than {MAX_TOTAL >> 20} MiB together"
    elif total + size > FREE + packed * MAX_RATIO:
        problem = f"it grows more than {MAX_RATIO} times when it is unpacked"
    if problem:
        raise SourceError(f"{what} is not to be trusted: {problem}")
    return total + size


def _of_zip(data: bytes, what: str) -> Iterator[tuple[str, int, bytes]]:
    import io
    import zipfile

    _listing(data, what)
    total = 0
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        entries = found.infolist()
        if len(entries) > MAX_FILES:
            raise SourceError(f"{what} is not to be trusted: it holds more than {MAX_FILES:,} files")
        for entry in entries:
            name = entry.orig_filename
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if name.endswith("/") and kind in (0, stat.S_IFDIR) and not entry.file_size:
                _folder(name, what)
                continue
            if kind not in (0, stat.S_IFREG):
                raise SourceError(f"{what} is not to be trusted: `{shown(name)}` is a link or a device")
            if entry.flag_bits & 0x1:
                raise SourceError(f"{what} cannot be unpacked: `{shown(name)}` is encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise SourceError(f"{what} cannot be unpacked: `{shown(name)}` is packed in a way that is not read")
            total = _grown(total, entry.file_size, len(data), name, what)
            with found.open(entry) as file:
                content = file.read(entry.file_size + 1)
            if len(content) != entry.file_size:
                raise SourceError(f"{what} is not to be trusted: `{shown(name)}` is not as large as it says")
            yield name, 0o755 if (entry.external_attr >> 16) & 0o100 else 0o644, content


def _listing(data: bytes, what: str) -> None:
    """That the list of a zip file's files, which the library reads at once, is of a size to be read."""
    last = len(data) - 22
    at = last if data[last : last + 4] == _END and data.endswith(b"\0\0") else data.rfind(_END, max(0, last - 65_535))
    if at < 0 or len(data) - at < 22:
        raise SourceError(f"{what} cannot be unpacked: it breaks off")
    if int.from_bytes(data[at + 12 : at + 16], "little") > MAX_LISTING or data[at - 20 : at - 16] == _LOCATOR:
        raise SourceError(f"{what} is not to be trusted: it says that it holds more than {MAX_FILES:,} files")


def _of_tar(data: bytes, what: str) -> Iterator[tuple[str, int, bytes]]:
    import tarfile

    total = count = 0
    stream: Any = _Stream(data, what)
    # As a stream: nothing in it can send the reader back, and no file is looked at before its turn.
    with tarfile.open(fileobj=stream, mode="r|", bufsize=10_240) as found:
        for entry in found:
            found.members.clear()  # type: ignore[attr-defined]
            name, count = entry.name, count + 1
            if count > MAX_FILES:
                raise SourceError(f"{what} is not to be trusted: it holds more than {MAX_FILES:,} files")
            if entry.type == tarfile.DIRTYPE:
                _folder(name, what)
                continue
            if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or entry.sparse is not None:
                raise SourceError(f"{what} is not to be trusted: `{shown(name)}` is a link, a device or has holes")
            total = _grown(total, entry.size, len(data), name, what)
            file = found.extractfile(entry)
            content = file.read(entry.size + 1) if file is not None else b""
            if len(content) != entry.size:
                raise SourceError(f"{what} cannot be unpacked: it breaks off in `{shown(name)}`")
            yield name.removeprefix("./"), 0o755 if entry.mode & 0o100 else 0o644, content


def _folder(name: str, what: str) -> None:
    """A folder is made for its files; by itself it is only looked at."""
    name = name.removeprefix("./").rstrip("/")
    wrong = check_path(name) if name not in ("", ".") else ""
    if wrong:
        raise SourceError(f"{what} is not to be trusted: `{shown(name)}`: {wrong}")


class _Stream:
    """The bytes of a tar file, unpacked where it is a gzip file, and no more of them than are allowed."""

    def __init__(self, data: bytes, what: str) -> None:
        import zlib

        self._zlib = zlib
        self._left = memoryview(data)
        self._packed = len(data)
        self._what = what
        self._given = 0
        self._gzip = data[:2] == b"\x1f\x8b"
        self._inner: Any = zlib.decompressobj(31) if self._gzip else None

    def read(self, size: int) -> bytes:
        """At most `size` bytes, b"" at the end. SourceError past a bound."""
        found = b""
        if not self._gzip:
            found, self._left = bytes(self._left[:size]), self._left[size:]
        while self._gzip and not found:
            if self._inner.eof:  # several gzip files may stand one behind the other
                self._left = memoryview(self._inner.unused_data + bytes(self._left))
                if bytes(self._left[:2]) != b"\x1f\x8b":
                    break
                self._inner = self._zlib.decompressobj(31)
            if self._inner.unconsumed_tail:
                found = self._inner.decompress(self._inner.unconsumed_tail, size)
                continue
            if not self._left:
                break
            chunk, self._left = bytes(self._left[:65_536]), self._left[65_536:]
            found = self._inner.decompress(chunk, size)
        self._given += len(found)
        # Headers and padding count too: two of them can be as large as a file.
        if self._given > 2 * MAX_TOTAL or self._given > 2 * (FREE + self._packed * MAX_RATIO):
            raise SourceError(f"{self._what} is not to be trusted: it grows too much when it is unpacked")
        return found
