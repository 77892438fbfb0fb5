"""What a rule server keeps, as an interface: versions of packs, their bundles, and what was published in its order."""

from __future__ import annotations

from driven.errors import ConflictError, SourceError
from driven.frozen import frozen
from driven.trust.manifest import check_version
from driven.trust.pack import is_name, version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

MOST = 1000  # events of one answer
_HEX = frozenset("0123456789abcdef")
_KEYS = ("name", "version", "etag", "sha256", "size", "published", "description")


@frozen
class Version:
    """One version of one pack. `etag` is `b3-` and the bundle's BLAKE3 in hex, `sha256` in hex, `size` in bytes,
    `published` a time in UTC (`2026-11-22T13:30:00Z`)."""

    name: str
    version: str
    etag: str
    sha256: str
    size: int
    published: str
    description: str = ""

    def to_json(self) -> dict[str, Any]:
        """As stores and answers write it."""
        return {key: getattr(self, key) for key in _KEYS}

    @property
    def key(self) -> tuple[str, str]:
        """What no two have in common."""
        return self.name, self.version

    @property
    def order(self) -> tuple[tuple[int, ...], bool, str]:
        """The largest is the latest: by number, a finished one after what led to it (`2.0rc1`), then by time."""
        return version_of(self.version), not set(self.version) - set("0123456789."), self.published


@frozen(kw_only=False)
class Event:
    """A version that was published. `number` counts from 1, in one store."""

    number: int
    version: Version


def version_from(value: Any, where: str) -> Version:
    """A version as `to_json` wrote it. SourceError names `where`."""
    if not isinstance(value, dict) or not all(isinstance(value.get(key, ""), str) for key in _KEYS if key != "size"):
        raise SourceError(f"{where} is no version of a pack")
    name, version, etag, sha256, size = (value.get(key) for key in _KEYS[:5])
    wrong = (
        not is_name(name) or not is_version(version) or str(etag)[:3] != "b3-" or not _is_digest(str(etag)[3:])
        or not _is_digest(str(sha256)) or type(size) is not int or size <= 0
    )  # fmt: skip
    if wrong:
        raise SourceError(f"{where} is no version of a pack")
    return Version(**{key: value[key] for key in _KEYS if key in value})


def is_version(word: object) -> bool:
    """Whether it can be the version of a pack, and so a part of a path: `1.2.0`, `2.0rc1`."""
    from driven.errors import SignatureError

    try:
        return isinstance(word, str) and bool(version_of(word)) and bool(check_version(word))
    except SignatureError:
        return False


def _is_digest(word: str) -> bool:
    return len(word) == 64 and not set(word) - _HEX


def taken(known: Version) -> ConflictError:
    """Another content stands under that version."""
    return ConflictError(
        f"`{known.name}` {known.version} is published with another content ({known.etag[:15]}…)",
        hint="what is published never changes: raise `version` in `pack.toml`, sign, and publish that",
    )


if TYPE_CHECKING:

    class Store(Protocol):
        """Where versions are. Every method may raise a DrivenError that says why it cannot do its work now."""

        where: str  # for a person to read

        @property
        def reads_only(self) -> bool:
            """Whether it may not be written to now."""
            raise NotImplementedError

        async def open(self) -> None:
            """Get ready; make what is not there."""

        async def close(self) -> None:
            """Let go of everything."""

        async def check(self) -> None:
            """Whether it can be reached now: an error says why not."""

        async def index(self) -> tuple[list[Version], int]:
            """All versions, and the number of an event up to which, at least, they are told."""

        async def events(self, after: int, most: int = MOST) -> list[Event]:
            """What was published after that number, in order. A number that this store never gave: from the start."""

        async def read(self, one: Version) -> bytes:
            """The bundle, as its digest says. SourceError where it is gone or broken."""

        async def publish(self, one: Version, data: bytes) -> tuple[Version, bool]:
            """Keep a version, and tell it: (as it is kept, whether it is new). Nobody sees a version whose bundle is
            not there; a publication that was interrupted is finished by another one. ConflictError for another
            content under that version."""

        async def changed(self) -> None:
            """Wait until there may be something new."""
