"""What is signed of a pack or of a `.drv`: the list of its files, what it is called, and what it wants to be allowed.

Canonical JSON, so that the signature is over the very bytes that are read. What could mean one thing on one system and
another on the next cannot stand in it: `..`, a drive, two names that differ in case, a link, a device.
"""

from __future__ import annotations

from driven.errors import DrivenError, SignatureError
from driven.frozen import frozen
from driven.trust.canonical import dump, load
from driven.trust.capability import CapabilityManifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, TypeAlias

MANIFEST = "pack.manifest"
SIG = MANIFEST + ".sig"
MINISIG = MANIFEST + ".minisig"
OURS = (MANIFEST, SIG, MINISIG)  # at the top of a pack: they cannot list themselves
FORM = 1  # of the manifest, so that a later one is refused by its number
MAX_FILES = 10_000
MAX_DEPTH = 32
MAX_FILE = 256 << 20
MAX_TOTAL = 1 << 30
_HEX = "0123456789abcdef"
_VERSION = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@/")
_FORBIDDEN = frozenset('\\:*?"<>|')
# Names of devices on Windows, with any ending: https://learn.microsoft.com/windows/win32/fileio/naming-a-file,
# verified 2026-11-22.
_DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")])

Kind: TypeAlias = 'Literal["changed", "missing", "unlisted", "mode", "refused"]'


@frozen(kw_only=False)
class FileEntry:
    """One file: `path` from the pack's folder, `mode` 644 or 755, `size` in bytes, `sha256` in hex."""

    path: str
    mode: str
    size: int
    sha256: str


@frozen(kw_only=False)
class Problem:
    """A file that is not as it was signed."""

    kind: Kind
    path: str
    message: str

    @property
    def told(self) -> str:
        """It with its file, in one sentence."""
        return f"`{shown(self.path)}`{':' if self.kind == 'refused' else ''} {self.message}"


@frozen
class Manifest:
    """`files` are sorted by path; `previous`: the digest of the manifest before this one, None of a first;
    `min_driven`: the least version that understands it, "" for any."""

    name: str
    version: str
    files: tuple[FileEntry, ...] = ()
    min_driven: str = ""
    capabilities: CapabilityManifest = CapabilityManifest()
    previous: str | None = None

    def to_bytes(self) -> bytes:
        """Its one text."""
        files: list[Any] = [
            {"path": one.path, "type": "file", "mode": one.mode, "size": one.size, "sha256": one.sha256}
            for one in self.files
        ]
        return dump({
            "driven": FORM, "name": self.name, "version": self.version, "min_driven": self.min_driven,
            "capabilities": self.capabilities.to_json(), "previous": self.previous, "files": files,
        })  # fmt: skip

    @property
    def digest(self) -> str:
        """SHA-256 of its text, in hex: what the next one names as `previous`, and what a pin remembers."""
        from hashlib import sha256

        return sha256(self.to_bytes()).hexdigest()


_last: tuple[bytes, Manifest] = (b"", Manifest(name="", version=""))


def parse(data: bytes, what: str) -> Manifest:
    """The manifest of bytes whose signature was checked before. SignatureError names `what`.

    The last good one is kept: to take a bundle apart, to verify it and to lay it out each ask for the same bytes.
    """
    global _last
    if _last[0] == data:
        return _last[1]
    made = _parsed(data, what)
    _last = (data, made)
    return made


def _parsed(data: bytes, what: str) -> Manifest:
    try:
        value = load(data, what)
        if not isinstance(value, dict) or value.get("driven") != FORM:
            number = value.get("driven") if isinstance(value, dict) else None
            raise SignatureError(
                f"it is of form {number}, and this driven knows form {FORM}"
                if isinstance(number, int) and number != FORM
                else "it is no manifest"
            )
        if value.keys() != {"driven", "name", "version", "min_driven", "capabilities", "previous", "files"}:
            raise SignatureError("a key is missing, or one is unknown")
        made = _manifest(value)
    except SignatureError as error:
        raise SignatureError(f"{what}: {error.message}", hint=error.hint) from None
    except DrivenError as error:
        raise SignatureError(error.message if what in error.message else f"{what}: {error.message}") from None
    if made.capabilities.to_json() != value["capabilities"]:  # all else is taken as it stands
        raise SignatureError(f"{what} does not stand in its one spelling")
    return made


def _manifest(value: dict[str, Any]) -> Manifest:
    previous = value["previous"]
    if previous is not None:
        _digest(previous)
    files = value["files"]
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise SignatureError(f"`files` is no list of at most {MAX_FILES:,}")
    made = Manifest(
        name=check_name(value["name"]), version=check_version(value["version"]), min_driven=least(value["min_driven"]),
        capabilities=CapabilityManifest.from_json(value["capabilities"], "capabilities"), previous=previous,
        files=tuple([_entry(one) for one in files]),
    )  # fmt: skip
    check_paths([one.path for one in made.files])
    if sum([one.size for one in made.files]) > MAX_TOTAL:
        raise SignatureError(f"its files are larger than {MAX_TOTAL >> 20} MiB together")
    return made


def _entry(value: Any) -> FileEntry:
    if not isinstance(value, dict) or value.keys() != {"path", "type", "mode", "size", "sha256"}:
        raise SignatureError("a file is not told as it must be")
    path, mode, size = value["path"], value["mode"], value["size"]
    if not isinstance(path, str):
        raise SignatureError("the path of a file is no text")
    if value["type"] != "file":
        raise SignatureError(f"`{shown(path)}` is no plain file: links and devices have no place in a pack")
    if mode not in ("644", "755"):
        raise SignatureError(f"`{shown(path)}` has the mode {mode!r:.20}: 644 and 755 are the only ones")
    if type(size) is not int or not 0 <= size <= MAX_FILE:
        raise SignatureError(f"`{shown(path)}` has no size of at most {MAX_FILE >> 20} MiB")
    return FileEntry(path, mode, size, _digest(value["sha256"]))


def _digest(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 64 or value.strip(_HEX):
        raise SignatureError("a digest is not 64 hex digits")
    return value


def check_name(name: Any) -> str:
    """The name of what is signed. SignatureError."""
    if not isinstance(name, str) or not 0 < len(name) <= 128 or set(name) - _NAME:
        raise SignatureError(f"{name!r:.60} is no name: letters, digits and . _ - @ /")
    return name


def check_version(version: Any) -> str:
    """Its version. SignatureError."""
    if not isinstance(version, str) or not 0 < len(version) <= 64 or set(version) - _VERSION:
        raise SignatureError(f"{version!r:.60} is no version: letters, digits and . + -")
    return version


def least(version: Any) -> str:
    """The least version of `driven`, or "". SignatureError."""
    return "" if version == "" else check_version(version)


def check_path(path: str) -> str:
    """Why a path cannot stand in a manifest; "" when it can."""
    if not path or len(path) > 1024:
        return "a path has 1 to 1,024 characters"
    if path[0] == "/" or "\\" in path or (len(path) > 1 and path[1] == ":"):
        return "a path is below the pack, with `/`"
    if not path.isascii():
        try:
            path.encode()
        except UnicodeEncodeError:
            return "its name is no text"
        import unicodedata

        if unicodedata.normalize("NFC", path) != path:
            return "its name is not in Unicode's composed form (NFC)"
    if not path.isprintable():
        return "its name holds what cannot be seen"
    if not _FORBIDDEN.isdisjoint(path):
        return f"its name holds one of {''.join(sorted(_FORBIDDEN))}"
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        return f"more than {MAX_DEPTH} folders deep"
    for part in parts:
        if part in ("", ".", ".."):
            return "a path has no `.`, no `..` and no `//`"
        if part[-1] in " ." or part[0] == " ":
            return "a name begins or ends with a blank, or ends with a dot"
        if len(part.encode()) > 255:
            return "a name has at most 255 bytes"
        if part.split(".", 1)[0].lower() in _DEVICES:
            return f"`{part}` is a device on Windows"
    return ""


def check_paths(paths: Iterable[str]) -> None:
    """That paths are sorted, none twice, each a good one, and no two one where case does not count. SignatureError."""
    before = ""
    seen: dict[str, str] = {}  # folded -> as written; folders end with `/`
    for path in paths:
        wrong = check_path(path)
        if wrong:
            raise SignatureError(f"`{shown(path)}` cannot stand in a pack: {wrong}")
        if path <= before:
            raise SignatureError(f"`{shown(path)}` stands twice, or out of order")
        before = path
        end = path.find("/")
        while True:
            part = path if end < 0 else path[:end]
            folded = part.lower() if part.isascii() else _folded(part)
            kind = part if end < 0 else part + "/"
            there = seen.setdefault(folded, kind)
            if there != kind:
                raise SignatureError(
                    f"`{shown(there)}` and `{shown(kind)}` are one name where case does not count",
                    hint="rename one: a Mac and Windows can hold only one of them",
                )
            if end < 0:
                break
            end = path.find("/", end + 1)


def shown(path: str) -> str:
    """A path for a person to read, whatever it holds."""
    return ascii(path)[1:-1] if not path.isprintable() else path[:200]


def _folded(part: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", part.casefold())
