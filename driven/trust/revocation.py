"""The list of what is believed no more: signed, numbered, and with an end.

The number keeps an old list from standing in for a new one (rollback), the end one that never changes from hiding a
newer one (freeze). Which number was seen is remembered outside of what is committed: who can write that file, or lets
this machine forget it, can roll back as far as the list's end allows.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, SignatureError
from driven.frozen import field, frozen
from driven.trust import canonical, dsse
from driven.trust.roots import LATEST, Root, enough, is_digest, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from driven.trust.canonical import Json
    from driven.trust.dsse import Envelope

MAX_ENTRIES = 4000  # keys, and ids
MAX_NUMBER = 2**31
MAX_STATE = 4096
ID_SIZE = 32  # letters of an id
_FIELDS = ("v", "name", "number", "issued", "exp", "keys", "ids")
_PRINT = "SHA256:"


@frozen
class Revocations:
    """A list. `number` from 1; `issued` and `exp`: seconds since 1970; `keys`: reasons by fingerprint; `ids`: reasons
    by the id of an attestation."""

    name: str
    number: int
    issued: int
    exp: int
    keys: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""

    def to_json(self) -> dict[str, Json]:
        """The payload."""
        return {
            "v": 1, "name": self.name, "number": self.number, "issued": self.issued, "exp": self.exp,
            "keys": dict(self.keys), "ids": dict(self.ids),
        }  # fmt: skip


@frozen
class Seen:
    """The newest root and list that this machine has believed: numbers (0: none so far) and digests."""

    root: int = 0
    root_digest: str = ""
    number: int = 0
    digest: str = ""


def seal(wanted: Revocations) -> Envelope:
    """A list that nobody has signed yet. SignatureError when it is too long."""
    envelope = dsse.seal(dsse.REVOCATIONS, wanted.to_json())
    parse(envelope, "the new list")
    return envelope


def parse(envelope: Envelope, what: str) -> Revocations:
    """What a list says, whoever signed it. SignatureError names `what`."""
    value = dsse.value_of(envelope, _FIELDS, what)
    issued = number(value["issued"], 0, LATEST, f"{what}: its time")
    return Revocations(
        name=text(value["name"], f"{what}: its name"),
        number=number(value["number"], 1, MAX_NUMBER, f"{what}: its number"), issued=issued,
        exp=number(value["exp"], issued, LATEST, f"{what}: its end"),
        keys=_reasons(value["keys"], is_fingerprint, f"{what}: its keys"),
        ids=_reasons(value["ids"], is_id, f"{what}: its ids"), digest=envelope.digest,
    )  # fmt: skip


def read(envelope: Envelope, root: Root, what: str) -> Revocations:
    """A list that k keys of the root signed. SignatureError."""
    enough(envelope, root, what)
    found = parse(envelope, what)
    if found.name != root.name:
        raise SignatureError(f"{what} is of the root `{found.name}`, not of `{root.name}`")
    return found


def judge(
    root: Root, found: Revocations | None, seen: Seen, at: int, *, locked: bool = False
) -> tuple[Seen, tuple[str, ...]]:
    """(what to remember now, warnings). `seen`: what is remembered; `at`: seconds since 1970; `locked`: what is past
    its end, or not there, is refused and not only told. SignatureError."""
    if root.version < seen.root:
        raise SignatureError(f"the root is version {root.version}, and {seen.root} was seen here", hint=_ROLLED)
    if seen.root and root.history[seen.root - 1 : seen.root] != (seen.root_digest,):
        raise SignatureError(
            f"the root is another one than was seen here: its version {seen.root} is not the same", hint=_ROLLED
        )  # fmt: skip
    if found is None and seen.number:
        raise SignatureError(f"the list of revocations is gone, and number {seen.number} was seen here", hint=_ROLLED)
    if found is not None and found.number < seen.number:
        raise SignatureError(
            f"the list of revocations is number {found.number}, and {seen.number} was seen here: an older one stands"
            " in its place", hint=_ROLLED,
        )  # fmt: skip
    if found is not None and found.number == seen.number and found.digest != seen.digest:
        raise SignatureError(f"there are two lists of revocations of the number {found.number}", hint=_ROLLED)
    late = list(_late(root, found, at))
    if late and locked:
        raise SignatureError(late[0], hint="those who hold the root's keys sign a new one")
    now = Seen(
        root=root.version, root_digest=root.digest, number=found.number if found else 0,
        digest=found.digest if found else "",
    )  # fmt: skip
    return now, tuple(late)


_ROLLED = "take .driven/trust from its source again; if that is what it is, ask those who hold the root's keys"


def _late(root: Root, found: Revocations | None, at: int) -> list[str]:
    from driven.trust.signer_lines import shown_time

    said = []
    if at >= root.exp:
        said.append(f"the root held until {shown_time(root.exp)}")
    if found is None:
        said.append("there is no list of revocations")
    elif at >= found.exp:
        said.append(f"the list of revocations held until {shown_time(found.exp)}: a newer one may be kept from you")
    return said


def load_seen(path: str) -> Seen:
    """What is remembered in a file; nothing where there is none. SignatureError for one that cannot be read: it is not
    passed over, or who damages it makes this machine forget."""
    from driven.trust.key_store import read_plain

    if not os.path.lexists(path):
        return Seen()
    hint = "look at it; when it is deleted, this machine has seen nothing so far"
    what = f"`{path}`"
    try:
        value = canonical.load(read_plain(path, MAX_STATE), what)
    except DrivenError as error:
        raise SignatureError(error.message, hint=hint) from None
    if not isinstance(value, dict) or value.keys() != {"v", "root", "root_digest", "number", "digest"}:
        raise SignatureError(f"{what} is not what driven wrote there", hint=hint)
    root, seen = value["root"], value["number"]
    numbers = type(root) is int and type(seen) is int and root >= 0 and seen >= 0
    if value["v"] != 1 or not numbers or not all(value[key] == "" or is_digest(value[key]) for key in _DIGESTS):
        raise SignatureError(f"{what} is not what driven wrote there", hint=hint)
    return Seen(root=_int(root), root_digest=str(value["root_digest"]), number=_int(seen), digest=str(value["digest"]))


_DIGESTS = ("root_digest", "digest")


def save_seen(path: str, seen: Seen) -> None:
    """Remember. The folder gets a `.gitignore` where it has none: it is this machine's. DiskError."""
    from driven.trust.key_store import replace

    ignored = os.path.join(os.path.dirname(path), ".gitignore")
    if not os.path.lexists(ignored):
        replace(ignored, b"*\n")
    replace(
        path,
        canonical.dump(
            {"v": 1, "root": seen.root, "root_digest": seen.root_digest, "number": seen.number, "digest": seen.digest}
        ),
    )  # fmt: skip


def is_fingerprint(value: str) -> bool:
    """Whether it is `SHA256:` and 43 letters of base64."""
    rest = value.removeprefix(_PRINT)
    return value.startswith(_PRINT) and len(rest) == 43 and rest.isascii() and rest.translate(_BASE64).isalnum()


_BASE64 = str.maketrans("+/", "aa")


def is_id(value: str) -> bool:
    """Whether it is the id of an attestation."""
    return len(value) == ID_SIZE and not set(value) - set("0123456789abcdef")


def _reasons(value: Any, fits: Any, what: str) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise SignatureError(f"{what} are no table of at most {MAX_ENTRIES:,}")
    for key, why in value.items():
        if not fits(key):
            raise SignatureError(f"{what}: `{key[:60]!r}` is none")
        if why != "":
            text(why, f"{what}: a reason")
    return value


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
