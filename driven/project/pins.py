"""`.driven/driven.lock`: which packs a project accepts: the content and the key of each, and what was granted."""

from __future__ import annotations

import os

from driven.errors import ConfigError
from driven.frozen import field, frozen
from driven.project.ledger import PINS
from driven.project.reading import read_file
from driven.span import Span
from driven.trust.capability import CapabilityManifest
from driven.trust.pack import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_BYTES = 1 << 20
_HEAD = "# The packs that this project accepts, written by `driven add` and others. Commit this file; do not edit it.\n"
_KEYS = frozenset(("version", "content", "key", "signer", "granted", "surfaces", "from", "outputs"))
MAX_SOURCE = 2000  # characters
_RESTORE = "restore it from version control; or delete it, and accept the packs anew: `driven pack trust NAME`"
_MERGE = "a merge stopped in it: keep the tables of both sides; where both have a pack, one of the two, whole"


@frozen(kw_only=False)
class Pin:
    """One pack as it was accepted.

    content  "sha256:" and 64 hex digits, of its `pack.manifest`
    key      fingerprint of the key that signed it, "" where nobody did
    signer   the name under which that key was known then
    surfaces  path -> digest of the files that make an editor run, allow or trust something, granted one by one
    source    where it came from and `driven update` looks again: `from` in the file; "" for one that was put there
    outputs   editor -> "sha256:" and the digest of what its rules alone came to there
    """

    version: str
    content: str
    key: str = ""
    signer: str = ""
    granted: CapabilityManifest = CapabilityManifest()
    surfaces: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


def read_pins(root: str) -> dict[str, Pin]:
    """By name of the pack; empty without a file. ConfigError, with the place, for one that is none."""
    try:
        data = read_file(os.path.join(root, PINS), MAX_BYTES)[0]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _wrong(f"cannot be read: {(error.strerror or 'unknown').lower()}") from None
    import tomllib

    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        if any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in data.splitlines()):
            raise _wrong("holds the marks of a merge", _MERGE) from None
        raise _wrong(f"does not parse: {error}") from None
    packs = table.get("packs", {})
    if table.keys() - {"version", "packs"} or table.get("version") != 1 or not isinstance(packs, dict):
        raise _wrong("is of a later version of driven, or none of its files")
    return {name: _pin(name, value) for name, value in packs.items()}


def pin_span(root: str, name: str) -> Span:
    """Where the file names a pack; its beginning where it is written otherwise than here."""
    try:
        lines = read_file(os.path.join(root, PINS), MAX_BYTES)[0].splitlines()
    except OSError:
        lines = []
    head = f"[packs.{name}]".encode()
    return Span(path=PINS, line=lines.index(head) + 1 if head in lines else 1)


def pins_text(pins: Mapping[str, Pin]) -> bytes:
    """The text of the file: sorted, so that two branches that accept different packs merge."""
    import tomli_w

    tables: dict[str, Any] = {}
    for name, pin in sorted(pins.items()):
        table: dict[str, Any] = {"version": pin.version, "content": pin.content}
        if pin.key:
            table |= {"key": pin.key, "signer": pin.signer}
        if pin.source:
            table["from"] = pin.source
        tables[name] = table | {"granted": pin.granted.to_json()}
        if pin.surfaces:
            tables[name]["surfaces"] = dict(sorted(pin.surfaces.items()))
        if pin.outputs:
            tables[name]["outputs"] = dict(sorted(pin.outputs.items()))
    return (_HEAD + tomli_w.dumps({"version": 1, "packs": tables}, multiline_strings=False)).encode()


def _pin(name: str, value: object) -> Pin:
    if not is_name(name) or not isinstance(value, dict) or value.keys() - _KEYS:
        raise _wrong(f"says something unknown of {name!r:.80}")
    texts = [value.get(key, "") for key in ("version", "content", "key", "signer")]
    if not all(isinstance(text, str) for text in texts):
        raise _wrong(f"says something unknown of `{name}`")
    digest = texts[1].removeprefix("sha256:")
    if digest == texts[1] or len(digest) != 64 or digest.strip("0123456789abcdef"):
        raise _wrong(f"has no content of `{name}`")
    try:
        granted = CapabilityManifest.from_json(value.get("granted", {}), f"what is granted to `{name}`")
    except ConfigError as error:
        raise _wrong(error.message) from None
    surfaces, outputs, source = value.get("surfaces", {}), value.get("outputs", {}), value.get("from", "")
    for digests in (surfaces, outputs):
        if not isinstance(digests, dict) or not all(isinstance(digest, str) for digest in digests.values()):
            raise _wrong(f"says something unknown of `{name}`")
    if not isinstance(source, str) or len(source) > MAX_SOURCE or not source.isprintable():
        raise _wrong(f"does not say where `{name}` came from")
    version, content, key, signer = texts
    return Pin(version, content, key, signer, granted, surfaces, source, outputs)


def _wrong(what: str, hint: str = _RESTORE) -> ConfigError:
    return ConfigError(f"`{PINS}` {what}", hint=hint, span=Span(path=PINS))
