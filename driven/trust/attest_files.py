"""Where attestations stand: roots, chains and the list of revocations below `.driven/trust`, committed.

What lacks signatures waits in `pending/`, and means nothing there. What this machine has seen stands in
`.driven/state`, which is not committed.
"""

from __future__ import annotations

import os

from driven.errors import DiskError, SignatureError, UsageError
from driven.frozen import frozen
from driven.trust import chain, dsse, revocation, roots
from driven.trust.key_store import make_folder, read_plain, replace
from driven.trust.revocation import Revocations
from driven.trust.roots import Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.trust.dsse import Envelope
    from driven.trust.ssh_wire import PublicKey

FOLDER = ".driven/trust"
ROOTS = f"{FOLDER}/roots"
CHAINS = f"{FOLDER}/chains"
LIST = f"{FOLDER}/revocations.json"
PENDING_ROOT = f"{FOLDER}/pending/root.json"
PENDING_LIST = f"{FOLDER}/pending/revocations.json"
SEEN = ".driven/state/attestations.json"
END = ".jsonl"
MAX_CHAINS = 1000


@frozen
class Trust:
    """What holds in a project. `revoked`: the list, None where there is none; `revoked_keys`: those that
    `driven key revoke` names, which are believed nowhere."""

    root: Root
    revoked: Revocations | None
    revoked_keys: frozenset[PublicKey]

    def check(self, links: tuple[Envelope, ...], at: int) -> chain.Verdict:
        """`chain.check` with all of this."""
        return chain.check(links, self.root, at, self.revoked, self.revoked_keys)


def load(project: str, env: Mapping[str, str]) -> Trust:
    """All that is signed, every signature checked. SignatureError; PolicyError when others may write there."""
    from driven.trust.signers import load as load_signers

    root = load_root(project)
    text = _read(project, LIST)
    found = None
    if text is not None:
        found = revocation.read(dsse.read(text, dsse.REVOCATIONS, f"`{LIST}`"), root, f"`{LIST}`")
    return Trust(root=root, revoked=found, revoked_keys=load_signers(project, env).revoked)


def load_root(project: str) -> Root:
    """The root alone, whatever became of its list. SignatureError, PolicyError."""
    _guard(project)
    return roots.walk(root_envelopes(project))


def compare(project: str, trust: Trust, at: int, *, locked: bool = False) -> tuple[revocation.Seen, tuple[str, ...]]:
    """(what is to be remembered, warnings) of a project against what this machine has seen of it. SignatureError."""
    seen = revocation.load_seen(os.path.join(project, SEEN))
    return revocation.judge(trust.root, trust.revoked, seen, at, locked=locked)


def judge(project: str, trust: Trust, at: int, *, locked: bool = False) -> tuple[str, ...]:
    """`compare`, and remember it: the warnings. SignatureError."""
    path = os.path.join(project, SEEN)
    now, said = compare(project, trust, at, locked=locked)
    if now != revocation.load_seen(path):
        try:
            revocation.save_seen(path, now)
        except DiskError as error:
            return (*said, f"what was seen cannot be remembered: {error.message}")
    return said


def has_root(project: str) -> bool:
    """Whether there is a root, good or bad."""
    return os.path.lexists(os.path.join(project, ROOTS, "1.json"))


def root_envelopes(project: str) -> list[tuple[str, Envelope]]:
    """(name, envelope) of every version, from 1 on. SignatureError where one between is missing."""
    try:
        names = sorted(os.listdir(os.path.join(project, ROOTS)))
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise SignatureError(f"`{ROOTS}` cannot be read: {(error.strerror or '').lower()}") from None
    numbers = sorted(int(name[:-5]) for name in names if name.endswith(".json") and _plain_number(name[:-5]))
    if numbers != list(range(1, len(numbers) + 1)):
        raise SignatureError(
            f"`{ROOTS}` has a gap: a version of the root is missing",
            hint=f"take the whole folder `{ROOTS}` from its source again",
        )
    if len(numbers) > roots.MAX_VERSIONS:
        raise SignatureError(f"`{ROOTS}` has more than {roots.MAX_VERSIONS} versions")
    found = []
    for number in numbers:
        what = f"{ROOTS}/{number}.json"
        found.append((f"`{what}`", dsse.read(_read(project, what) or b"", dsse.ROOT, f"`{what}`")))
    return found


def pending(project: str, path: str, kind: str) -> Envelope | None:
    """What waits for signatures, None for nothing. SignatureError."""
    data = _read(project, path)
    return None if data is None else dsse.read(data, kind, f"`{path}`")


def write(project: str, path: str, data: bytes) -> None:
    """One of the files above, whole. DiskError, PolicyError."""
    _guard(project)
    target = os.path.join(project, path)
    folder = os.path.dirname(target)
    top = os.path.join(project, FOLDER)
    for one in (top, folder):
        if not os.path.isdir(one):
            make_folder(one)
    replace(target, data)


def remove(project: str, path: str) -> None:
    """Take a file that waits away. DiskError."""
    target = os.path.join(project, path)
    try:
        os.unlink(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DiskError(f"`{path}` cannot be removed: {(error.strerror or '').lower()}") from None
    try:
        os.rmdir(os.path.dirname(target))
    except OSError:
        return  # something else waits there


def chain_names(project: str) -> list[str]:
    """Of the chains of a project, sorted."""
    try:
        found = os.listdir(os.path.join(project, CHAINS))
    except OSError:
        return []
    return sorted(name.removesuffix(END) for name in found if name.endswith(END))[:MAX_CHAINS]


def chain_path(project: str, word: str) -> str:
    """Where a chain stands that is named so, or by its path. UsageError where there is none."""
    if os.sep in word or word.endswith(END):
        if not os.path.lexists(word):
            raise UsageError(f"`{word}` is not there", hint="`driven attest show` lists the chains of this project")
        return word
    path = os.path.join(project, CHAINS, word + END)
    if not os.path.lexists(path):
        said = ", ".join(f"`{name}`" for name in chain_names(project)[:8])
        raise UsageError(
            f"there is no chain `{word[:100]}`", hint=f"there are {said}" if said else "`driven attest issue` makes one"
        )
    return path


def read_chain(path: str) -> tuple[Envelope, ...]:
    """The links of a file, not believed yet. SignatureError."""
    return chain.parse(read_plain(path, chain.MAX_CHAIN), f"`{os.path.basename(path)}`")


def chain_name(sub: str) -> str:
    """The name of a file for what a subject is called."""
    good = "".join(one if one.isascii() and (one.isalnum() or one in "@._+-") else "-" for one in sub)
    return good.lstrip(".-")[:100] or "chain"


def _plain_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and word[0] != "0" and len(word) < 5


def _read(project: str, path: str) -> bytes | None:
    target = os.path.join(project, path)
    return read_plain(target, dsse.MAX_BYTES) if os.path.lexists(target) else None


def _guard(project: str) -> None:
    """That the folders are folders, and nobody else may write into them or into what is believed."""
    for path in (FOLDER, ROOTS, CHAINS, f"{FOLDER}/pending"):
        target = os.path.join(project, path)
        if os.path.lexists(target) and (os.path.islink(target) or not os.path.isdir(target)):
            raise SignatureError(f"`{path}` is no folder", hint="a link could lead anywhere: put the files there")
    try:
        names = [f"{ROOTS}/{name}" for name in os.listdir(os.path.join(project, ROOTS))]
    except OSError:
        names = []
    from driven.trust.signers import check_writers

    for path in (FOLDER, ROOTS, *names, LIST):
        target = os.path.join(project, path)
        if os.path.exists(target) and not os.path.islink(target):
            check_writers(target, os.lstat(target))
