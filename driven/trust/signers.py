"""Who is trusted to sign here: lists in the format of ssh-keygen's `allowed_signers`, and lists of revoked keys.

The project's stand in `.driven/trust`, committed with it; the user's own in the user's folder of `driven`.
"""

from __future__ import annotations

import os
import stat

from driven.errors import PolicyError, SignatureError
from driven.frozen import frozen
from driven.trust.key_store import home, read_plain
from driven.trust.signer_lines import Signer, matches, read_keys, read_signers, shown_time
from driven.trust.ssh_wire import PublicKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

SIGNERS = ".driven/trust/allowed_signers"
REVOKED = ".driven/trust/revoked_keys"
MAX_BYTES = 1 << 20

State: TypeAlias = 'Literal["ok", "untrusted", "principal", "expired", "early", "revoked"]'


@frozen
class Verdict:
    """What the lists say of a key. `signer` is the line that decided, None where there is none."""

    state: State
    message: str = ""
    hint: str = ""
    signer: Signer | None = None


@frozen
class TrustStore:
    """The lists that hold here, read once. `paths` of those that were there."""

    signers: tuple[Signer, ...] = ()
    revoked: frozenset[PublicKey] = frozenset()
    paths: tuple[str, ...] = ()

    def keys(self, namespace: str) -> set[PublicKey]:
        """Every key that may sign for `namespace`, revoked ones and those out of time left in."""
        return {one.key for one in self.signers if not one.namespaces or matches(one.namespaces, namespace)}

    def judge(self, key: PublicKey, namespace: str, at: int, principal: str | None = None) -> Verdict:
        """Whether `key` was allowed to sign for `namespace` at the time `at`; as `principal`, when one is given."""
        if key in self.revoked:
            return Verdict(
                state="revoked", message=f"the key {key.fingerprint} was revoked",
                hint="its owner has another one: `driven key trust` takes it",
                signer=next((one for one in self.signers if one.key == key), None),
            )  # fmt: skip
        worst = Verdict(
            state="untrusted", message=f"nobody who is trusted here has the key {key.fingerprint}",
            hint="if its owner reads you the same fingerprint: `driven key trust KEY --as NAME`",
        )  # fmt: skip
        for one in self.signers:
            if one.key != key:
                continue
            found = _judge(one, namespace, at, principal)
            if found.state == "ok":
                return found
            if worst.signer is None or worst.state == "principal":
                worst = found
        return worst


def _judge(one: Signer, namespace: str, at: int, principal: str | None) -> Verdict:
    where = f"{one.path}:{one.line}"
    if one.namespaces and not matches(one.namespaces, namespace):
        return Verdict(
            state="untrusted", signer=one,
            message=f"{one.name} is not trusted for `{namespace}`, only for {', '.join(one.namespaces)}",
            hint=f"look at {where}",
        )  # fmt: skip
    if principal is not None and not matches(one.principals, principal):
        return Verdict(
            state="principal", signer=one, message=f"it was signed by {one.name}, and not by {principal}",
            hint=f"look at {where}",
        )  # fmt: skip
    if one.valid_after is not None and at < one.valid_after:
        return Verdict(
            state="early", signer=one,
            message=f"the key of {one.name} holds only from {shown_time(one.valid_after)} on",
            hint="is this machine's clock right?",
        )  # fmt: skip
    if one.valid_before is not None and at > one.valid_before:
        return Verdict(
            state="expired", signer=one, message=f"the key of {one.name} held until {shown_time(one.valid_before)}",
            hint="ask for a new signature; --at TIME asks whether it held then",
        )  # fmt: skip
    return Verdict(state="ok", signer=one)


def load(root: str | None, env: Mapping[str, str]) -> TrustStore:
    """The project's lists (of the folder `root`) and the user's own. PolicyError when others may write one of them,
    SignatureError with place for a line that is none."""
    signers: list[Signer] = []
    revoked: set[PublicKey] = set()
    paths = []
    mine = home(env)
    for path in (*([os.path.join(root, SIGNERS)] if root else []), os.path.join(mine, "allowed_signers")):
        text = _read(path)
        if text is not None:
            signers += read_signers(text, path)
            paths.append(path)
    for path in (*([os.path.join(root, REVOKED)] if root else []), os.path.join(mine, "revoked_keys")):
        text = _read(path)
        if text is not None:
            revoked |= {key for key, _ in read_keys(text, path)}
            paths.append(path)
    return TrustStore(signers=tuple(signers), revoked=frozenset(revoked), paths=tuple(paths))


def _read(path: str) -> str | None:
    """The text of a list that nobody else can have written, None when there is none."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # not "there is none": a list of revoked keys that cannot be read revokes nothing
        raise SignatureError(
            f"`{path}` cannot be read: {(error.strerror or '').lower()}", hint="ls -ld its folder"
        ) from None
    data = read_plain(path, MAX_BYTES)
    for one in (path, os.path.dirname(path)):
        check_writers(one, os.stat(one))
    if data.startswith(b"SSHKRL"):
        raise SignatureError(
            f"`{path}` is a KRL of ssh-keygen: here it is a list of public keys",
            hint="`driven key revoke KEY` writes it; `--krl FILE` writes a KRL for others",
        )
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SignatureError(f"`{path}` is not UTF-8", hint="take it from its source again") from None


def check_writers(path: str, found: os.stat_result) -> None:
    """That nobody but this user, and root, can have written a file or a folder. PolicyError."""
    if os.name != "posix":
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise PolicyError(f"`{path}` belongs to another user: what it says is not believed", hint="make it your own")
    others = found.st_mode & 0o002 or (found.st_mode & 0o020 and not _private_group(found.st_gid))
    if others:
        raise PolicyError(
            f"`{path}` can be written by others (mode {stat.S_IMODE(found.st_mode):03o}): what it says is not believed",
            hint=f"chmod go-w '{path}', and look at what stands in it",
        )


def _private_group(number: int) -> bool:
    """Whether a group is its user's alone, as Debian, Ubuntu and Fedora make them; there files are 664 by default, and
    their `ssh` takes those as well."""
    try:
        import grp
        import pwd

        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except (ImportError, KeyError, OSError):
        return False
    return group.gr_name == user.pw_name and not set(group.gr_mem) - {user.pw_name}
