"""Changes to the lists of who is trusted: a key is added, revoked, or followed by another one."""

from __future__ import annotations

import os

from driven.errors import DrivenError, SignatureError, UsageError
from driven.frozen import frozen, replace
from driven.trust import ed25519, sshsig
from driven.trust.canonical import dump
from driven.trust.canonical import load as load_json
from driven.trust.key_store import home, make_folder, read_plain
from driven.trust.key_store import replace as write
from driven.trust.signer_lines import Signer, line_of, read_keys, read_signers
from driven.trust.signers import MAX_BYTES, REVOKED, SIGNERS, TrustStore, load
from driven.trust.ssh_wire import PublicKey, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.trust.key_sources import SigningKey

_SIGNERS_HEAD = """\
# Who may sign what this project uses, one key a line, as `ssh-keygen -Y verify -f` reads it.
# `driven key trust` adds to it. Review a change of it as you review code.
"""
_REVOKED_HEAD = """\
# Keys that are believed no more, one a line, as `ssh-keygen -Y verify -r` reads it. `driven key revoke` adds to it.
"""
ROTATION = 1  # the form of a statement
MAX_STATEMENT = 8192


def paths(root: str | None, env: Mapping[str, str]) -> tuple[str, str]:
    """(list of signers, list of revoked keys) of a project, or of the user where `root` is None."""
    if root is not None:
        return os.path.join(root, SIGNERS), os.path.join(root, REVOKED)
    return os.path.join(home(env), "allowed_signers"), os.path.join(home(env), "revoked_keys")


def check_principal(word: str) -> str:
    """A name to sign as. UsageError."""
    if not word or len(word) > 200 or not word.isprintable() or set(word) & set(' ,"#!*?\t'):
        raise UsageError(f"`{word[:100]}` cannot stand in a list of signers", hint="--as NAME: ana@example.org")
    return word


def trust(root: str | None, env: Mapping[str, str], signer: Signer) -> str:
    """Add a signer to a list, or change the line that has the same key and name. The path of the list, "" when it said
    so already. SignatureError for a key that must not be trusted; PolicyError when others may write the list."""
    ed25519.check_public(signer.key.raw, "the key")
    store = load(root, env)  # it must be one that is believed before something is added to it
    if signer.key in store.revoked:
        raise SignatureError(
            f"the key {signer.key.fingerprint} was revoked", hint="a revoked key is not trusted again: take a new one"
        )
    path, _ = paths(root, env)
    text = _text(path, _SIGNERS_HEAD)
    found = line_of(signer)
    same = [one for one in read_signers(text, path) if (one.principals, one.key) == (signer.principals, signer.key)]
    if [line_of(replace(one, comment=signer.comment)) for one in same] == [found]:
        return ""
    _write(path, _without(text, same) + found + "\n")
    return path


def revoke(root: str | None, env: Mapping[str, str], key: PublicKey, comment: str) -> str:
    """Add a key to a list of revoked ones. The path of the list, "" when it stood there."""
    load(root, env)
    _, path = paths(root, env)
    text = _text(path, _REVOKED_HEAD)
    if key in {one for one, _ in read_keys(text, path)}:
        return ""
    _write(path, f"{text}{key.line} {comment}".rstrip() + "\n")
    return path


def _text(path: str, head: str) -> str:
    if not os.path.lexists(path):
        return head
    text = read_plain(path, MAX_BYTES).decode("utf-8", "strict")
    return text if text.endswith("\n") or not text else text + "\n"


def _without(text: str, signers: list[Signer]) -> str:
    gone = {one.line for one in signers}
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in gone)


def _write(path: str, text: str) -> None:
    make_folder(os.path.dirname(path))
    write(path, text.encode())


# One key follows another


@frozen
class Rotation:
    """That the key `new` follows `old`, said by `old` at the time `at`; `who` had it."""

    old: PublicKey
    new: PublicKey
    who: str
    at: int

    def to_bytes(self) -> bytes:
        """What is signed."""
        return dump(
            {"driven-key": ROTATION, "old": self.old.line, "new": self.new.line, "who": self.who, "at": self.at}
        )  # fmt: skip


def rotation(old: SigningKey, new: PublicKey, who: str, at: int) -> tuple[bytes, bytes]:
    """The statement that a new key follows an old one, and the old one's signature over it."""
    data = Rotation(old=old.key, new=new, who=who, at=at).to_bytes()
    return data, sshsig.make(old.key, sshsig.KEY, data, old.sign)


def read_rotation(path: str, store: TrustStore, now: int) -> Rotation:
    """A statement in a file with its signature beside it, by a key that is trusted at this moment. SignatureError."""
    what = f"`{os.path.basename(path)}`"
    data = read_plain(path, MAX_STATEMENT)
    signature = sshsig.parse(read_plain(path + ".sig", sshsig.MAX_BYTES), f"`{os.path.basename(path)}.sig`")
    sshsig.check(signature, sshsig.KEY, data, f"`{os.path.basename(path)}.sig`")
    verdict = store.judge(signature.key, sshsig.PACK, now)
    if verdict.state != "ok":
        raise SignatureError(
            f"{what} was signed by a key that does not hold here: {verdict.message}",
            hint="who is not trusted cannot say who follows; ask for the fingerprint of the new key",
        )
    try:
        value = load_json(data, what)
        if not isinstance(value, dict) or value.keys() != {"driven-key", "old", "new", "who", "at"}:
            raise SignatureError("it is no statement that a key follows another")
        old, new, who, at = value["old"], value["new"], value["who"], value["at"]
        if value["driven-key"] != ROTATION or not isinstance(who, str) or type(at) is not int or at < 0:
            raise SignatureError("it is no statement that this driven knows")
        if not isinstance(old, str) or not isinstance(new, str):
            raise SignatureError("a key in it is no text")
        made = Rotation(old=read_line(old, "the old key")[0], new=read_line(new, "the new key")[0], who=who, at=at)
    except DrivenError as error:
        raise SignatureError(f"{what}: {error.message}", hint=error.hint) from None
    if made.old != signature.key or made.to_bytes() != data:
        raise SignatureError(f"{what} speaks of another key than the one that signed it")
    if made.new == made.old:
        raise SignatureError(f"{what} says that a key follows itself")
    if made.new in store.revoked:
        raise SignatureError(f"{what}: the new key {made.new.fingerprint} was revoked")
    ed25519.check_public(made.new.raw, f"{what}: the new key")
    return made


def follow(root: str | None, env: Mapping[str, str], old: PublicKey, new: PublicKey, now: int) -> str:
    """Every line of a list that has the old key ends now, and one with the new key begins. The path of the list, ""
    when the old key stands in none of its lines."""
    path, _ = paths(root, env)
    if not os.path.lexists(path):
        return ""
    text = _text(path, _SIGNERS_HEAD)
    lines = [one for one in read_signers(text, path) if one.key == old]
    if not lines:
        return ""
    added: list[Signer] = []
    for one in lines:
        if one.valid_before is not None and one.valid_before <= now:  # it ended long ago, and nothing follows it
            added.append(one)
            continue
        if one.valid_after is None or one.valid_after < now - 1:
            added.append(replace(one, valid_before=now - 1))  # of every second one of the two holds
        added.append(replace(one, key=new, valid_after=now, valid_before=None))
    _write(path, _without(text, lines) + "".join(line_of(one) + "\n" for one in added))
    return path
