"""A pack as one string of bytes: what travels, what an ETag names, what a cache keeps.

An uncompressed tar (ustar) with one spelling only: the files sorted by path, nothing of where or when it was made, the
rights that the manifest gives. The same files give the same bytes on every machine, so the digest of the bytes is the
name of the content, and the version before is a good dictionary for the next. A tar of any other spelling is refused:
what a reader might take otherwise cannot stand in it.
"""

from __future__ import annotations

from driven.errors import DrivenError, SignatureError
from driven.trust.manifest import MANIFEST, OURS, check_path, check_paths, parse, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from driven.trust.manifest import Manifest

MEDIA = "application/vnd.driven.pack"
MAX_BUNDLE = 64 << 20  # bytes
MAX_FILES = 10_000
_BLOCK = 512
_NAME, _PREFIX = 100, 155  # bytes of a path in ustar, and of what may stand before its `/`
_NOT_ONE, _ANEW = "no bundle of a pack, or not in its one spelling", "get it anew from where it came from"
_MODES = {"644": b"0000644\0", "755": b"0000755\0"}
_NOBODY, _NEVER, _KIND = b"0000000\0" * 2, b"%011o\0" % 0, b"0" + bytes(100) + b"ustar\0" + b"00" + bytes(80)
_SAME = sum(_NOBODY + _NEVER + b" " * 8 + _KIND)  # of each checksum: blanks stand for it while it is counted


def write_bundle(files: Mapping[str, bytes]) -> bytes:
    """The files of a pack (path -> content, `pack.manifest` among them) as one bundle.

    SignatureError for a pack without a manifest, or a path that cannot be in one.
    """
    for path in files:
        if wrong := check_path(path):
            raise SignatureError(f"`{shown(path)}` cannot stand in a pack: {wrong}")
    parts = list(_parts(files))
    size = sum(map(len, parts))
    if size > MAX_BUNDLE or len(files) > MAX_FILES:
        raise SignatureError(f"the pack is too large: {len(files):,} files, {size:,} bytes")
    return b"".join(parts)


def _parts(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Its pieces, one after the other, of paths that were looked at; the content of a file is not copied."""
    modes = {one.path: one.mode for one in _manifest_of(files).files}
    for path in sorted(files):
        data, mode = files[path], _MODES[modes.get(path, "644")]
        yield from (_head(path, len(data), mode), data, bytes(-len(data) % _BLOCK))
    yield bytes(2 * _BLOCK)


def _manifest_of(files: Mapping[str, bytes]) -> Manifest:
    if MANIFEST not in files:
        raise SignatureError("the pack has no `pack.manifest`", hint="sign it: `driven sign FOLDER`")
    return parse(files[MANIFEST], f"`{MANIFEST}`")


def read_bundle(data: bytes) -> dict[str, bytes]:
    """Path -> content. SignatureError for whatever `write_bundle` does not write; whose signature it carries, and
    whether the files are those of its manifest, is asked where it is put into a project."""
    if len(data) > MAX_BUNDLE:
        raise SignatureError(f"a bundle of {len(data):,} bytes: more than {MAX_BUNDLE:,}")
    files: dict[str, bytes] = {}
    at = 0
    while at + _BLOCK <= len(data) and data[at] != 0:
        path, size = _entry(data[at : at + _BLOCK])
        at += _BLOCK
        if size > len(data) - at or path in files or len(files) >= MAX_FILES:
            raise _not_one()
        files[path] = data[at : at + size]
        at += size + -size % _BLOCK
    paths, at = [path for path in files if path not in OURS], 0
    try:
        if paths != [one.path for one in _manifest_of(files).files]:  # those were looked at when it was parsed
            check_paths(paths)
        for part in _parts(files):  # as it would be written, and not written: a server has no room for a second one
            if not data.startswith(part, at):
                at = -1
                break
            at += len(part)
    except DrivenError as error:
        raise SignatureError(f"no bundle of a pack: {error.message}", hint=_ANEW) from None
    if at != len(data):
        raise _not_one()
    return files


def _entry(head: bytes) -> tuple[str, int]:
    """The path and the size that a header says; what else it says, writing it again tells."""
    try:
        name, prefix = head[:_NAME].rstrip(b"\0").decode(), head[345 : 345 + _PREFIX].rstrip(b"\0").decode()
        return (f"{prefix}/{name}" if prefix else name), int(head[124:135], 8)
    except ValueError:
        raise _not_one() from None


def _head(path: str, size: int, mode: bytes) -> bytes:
    """https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06, verified 2026-11-22."""
    name, prefix = path.encode(), b""
    if len(name) > _NAME:
        cut = name.find(b"/", len(name) - _NAME - 1)
        if cut < 0 or cut > _PREFIX:
            raise SignatureError(f"the path `{shown(path)}` is too long for a bundle")
        prefix, name = name[:cut], name[cut + 1 :]
    length = b"%011o\0" % size
    checksum = b"%06o\0 " % (_SAME + sum(name) + sum(mode) + sum(length) + sum(prefix))
    fields = [
        name.ljust(_NAME, b"\0"), mode, _NOBODY, length, _NEVER, checksum, _KIND,
        prefix.ljust(_PREFIX, b"\0"), bytes(12),
    ]  # fmt: skip
    return b"".join(fields)


def _not_one() -> SignatureError:
    return SignatureError(_NOT_ONE, hint=_ANEW)
