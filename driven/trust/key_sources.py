"""A user's own keys, wherever they are: ssh-agent, the system's keyring, files, the environment, in this order.

A key that stands in several places is used from the first of them, and every signature says from where.
"""

from __future__ import annotations

from driven.errors import DrivenError, PolicyError, SignatureError, UsageError
from driven.frozen import frozen
from driven.trust import agent, ed25519, ssh_private
from driven.trust.key_store import MAX_PRIVATE, Store, keyring, read_plain, read_private
from driven.trust.ssh_wire import PublicKey, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Literal, TypeAlias

    # What asks for a passphrase: gets the question, gives the answer, None where nobody can be asked.
    Ask: TypeAlias = Callable[[str], str | None]

Source: TypeAlias = 'Literal["agent", "keyring", "file", "environment"]'

VARIABLE = "DRIVEN_SIGNING_KEY"
WORDS: dict[str, str] = {
    "agent": "ssh-agent", "keyring": "the system's keyring", "file": "a file", "environment": f"${VARIABLE}",
}  # fmt: skip
_TRIES = 3


@frozen
class Found:
    """A key that could sign. `name`: of its file, else its comment; `path` of a file, "" elsewhere; `locked`: it has a
    passphrase."""

    key: PublicKey
    name: str
    source: Source
    path: str = ""
    locked: bool = False

    @property
    def where(self) -> str:
        """For a person to read."""
        return self.path or WORDS[self.source]


@frozen
class SigningKey:
    """A key that is open. `sign(data)` gives 64 bytes, or raises SignatureError: an agent's owner may say no."""

    key: PublicKey
    name: str
    where: str
    sign: Callable[[bytes], bytes]


def all_keys(env: Mapping[str, str]) -> tuple[list[Found], list[DrivenError]]:
    """Every key, by the order of places; and what is wrong with those that cannot be used."""
    found: list[Found] = []
    wrong: list[DrivenError] = []
    try:
        found += [Found(key=key, name=comment or key.fingerprint, source="agent") for key, comment in agent.keys(env)]
    except SignatureError as error:
        wrong.append(error)
    store = Store.of(env)
    files: list[Found] = []
    for name in store.names():
        try:
            one = _stored(store, name)
        except DrivenError as error:
            wrong.append(error)
            continue
        (found if one.source == "keyring" else files).append(one)
    found += files
    text = env.get(VARIABLE, "")
    if text:
        try:
            key, locked = ssh_private.public_of(_text(text), f"${VARIABLE}")
            found.append(Found(key=key, name=VARIABLE, source="environment", locked=locked))
        except SignatureError as error:
            wrong.append(error)
    return found, wrong


def _stored(store: Store, name: str) -> Found:
    key, _ = store.public(name)
    if not store.has_private(name):
        return Found(key=key, name=name, source="keyring")
    path = store.path(name)
    inside, locked = ssh_private.public_of(read_private(path), f"`{path}`")
    if inside != key:
        raise SignatureError(
            f"`{path}.pub` is not the public half of `{path}`", hint=f"ssh-keygen -y -f '{path}' > '{path}.pub'"
        )
    return Found(key=key, name=name, source="file", path=path, locked=locked)


def _text(value: str) -> bytes:
    """CI systems keep secrets on one line: there `\\n` stands for the end of one."""
    return value.replace("\\n", "\n").strip().encode("ascii", "replace") + b"\n"


def choose(found: list[Found], name: str | None, trusted: Collection[PublicKey] = ()) -> Found:
    """The key to sign with: that of `name` (a name, a fingerprint), or the one that is trusted here, or the only one.
    UsageError when there is none, or more than one could be meant."""
    import os

    if name and os.sep in name:
        return at_path(name)
    if name:
        fitting = [one for one in found if name in (one.name, one.key.fingerprint)]
        if not fitting:
            said = ", ".join(dict.fromkeys(f"`{one.name}`" for one in found))
            raise UsageError(
                f"there is no key `{name}`", hint=f"there are {said}" if said else f"`driven key generate {name}`"
            )
    else:
        fitting = [one for one in found if one.key in trusted] or found
        if not fitting:
            raise UsageError("you have no key to sign with", hint="`driven key generate you@example.org` makes one")
    if len({one.key for one in fitting}) > 1:
        said = ", ".join(dict.fromkeys(f"{one.name} ({one.key.fingerprint[:17]}…)" for one in fitting))
        raise UsageError(f"several keys could be meant: {said}", hint="say which: --key NAME, or its fingerprint")
    return fitting[0]


def at_path(path: str) -> Found:
    """The key in a file of the user's choice: `./key`, `~/.ssh/id_ed25519`. SignatureError, PolicyError."""
    import os

    path = os.path.expanduser(path)
    key, locked = ssh_private.public_of(read_private(path), f"`{path}`")
    return Found(key=key, name=os.path.basename(path), source="file", path=path, locked=locked)


def unlock(found: Found, env: Mapping[str, str], ask: Ask) -> SigningKey:
    """Make a key ready to sign; asks for its passphrase, three times at most. SignatureError, PolicyError."""
    if found.source == "agent":
        return SigningKey(
            key=found.key, name=found.name, where=found.where, sign=lambda data: agent.sign(env, found.key, data)
        )
    seed = seed_of(found, env, ask)
    return SigningKey(key=found.key, name=found.name, where=found.where, sign=ed25519.signer(seed))


def seed_of(found: Found, env: Mapping[str, str], ask: Ask) -> bytes:
    """The 32 bytes of a key that is here; an agent gives them to nobody."""
    if found.source == "file":
        data = read_private(found.path)
    elif found.source == "environment":
        data = _text(env.get(VARIABLE, ""))
    else:
        kept = keyring(found.name)
        if kept is None:
            raise PolicyError(
                f"the private half of `{found.name}` is nowhere: no file, and no keyring has it",
                hint="unlock the keyring, or `driven key generate` another",
            )
        data = kept.encode()
    what = f"`{found.path}`" if found.path else f"the key `{found.name}`"
    if found.locked and not ssh_private.can_encrypt():
        raise ssh_private.needs_library(what)  # before anybody types one for nothing
    passphrase, question = "", f"Passphrase of {found.name}: "
    for left in range(_TRIES if found.locked else 1, 0, -1):
        if found.locked:
            typed = ask(question)
            if typed == "":
                raise ssh_private.PassphraseNeeded(f"{what} has a passphrase, and none was typed", hint="run it again")
            passphrase = typed or ""
        try:
            seed, _ = ssh_private.read(data, what, passphrase)
        except ssh_private.PassphraseNeeded:
            if not passphrase:
                raise
            if left == 1:
                raise ssh_private.PassphraseNeeded(
                    f"none of {_TRIES} passphrases opens {what}",
                    hint="is it this key that you meant? `driven key list` lists yours, `--key NAME` takes another",
                ) from None
            question = f"that passphrase does not open {what}; try again\nPassphrase of {found.name}: "
            continue
        if ed25519.public_of(seed) != found.key.raw:
            raise SignatureError(f"{what} is another key than its public half says")
        return seed
    raise AssertionError("unreachable")


def load_signing_key(
    name: str | None, env: Mapping[str, str], ask: Ask, trusted: Collection[PublicKey] = ()
) -> SigningKey:
    """`choose` and `unlock` in one. What is wrong with a key that was meant is said rather than that there is none."""
    found, wrong = all_keys(env)
    try:
        chosen = choose(found, name, trusted)
    except UsageError:
        if wrong:
            raise wrong[0] from None
        raise
    return unlock(chosen, env, ask)


def _only_line(content: str, path: str) -> tuple[str, str]:
    """The one line of a `.pub` file that holds the key, and its place. SignatureError, without a word of the content:
    who names `/etc/shadow` by mistake does not want to read it in a log."""
    lines = [(number, line) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    lines = [one for one in lines if not one[1].startswith("#")] or lines[:1]
    if not lines:
        raise SignatureError(f"`{path}` is empty", hint="a public key is one line, `ssh-ed25519 AAAA… comment`")
    if len(lines) > 1:
        read_line(lines[0][1], f"`{path}:{lines[0][0]}`")  # where that is no key, this is what is wrong
        raise SignatureError(
            f"`{path}:{lines[1][0]}`: a second line, and a public key is one",
            hint="name a file with one key; or the key itself, as a word: `ssh-ed25519 AAAA… comment`",
        )
    return lines[0][1], f"`{path}:{lines[0][0]}`"


def public_key(text: str, env: Mapping[str, str]) -> tuple[PublicKey, str]:
    """The public key that somebody names, and its comment: a line (`ssh-ed25519 AAAA…`), a `.pub` file of ssh's or of
    minisign's, or the name or fingerprint of a key of the user's own. SignatureError, UsageError."""
    import os

    from driven.trust import minisign

    if text.startswith(("ssh-", "sk-", "ecdsa-")) and " " in text:
        return read_line(text, "the key")
    path = os.path.expanduser(text)
    if os.path.isfile(path) and (os.sep in text or text.endswith(".pub")):
        content = read_plain(path, MAX_PRIVATE).decode("utf-8", "replace")
        if content.startswith("untrusted comment:"):
            return minisign.read_public(content, f"`{path}`").key, ""
        if "PRIVATE KEY" in content[:60]:
            raise UsageError(f"`{path}` is a private key: it is nobody's to be shown", hint=f"name `{path}.pub`")
        return read_line(*_only_line(content, path))
    found, _ = all_keys(env)
    for one in found:
        if text in (one.name, one.key.fingerprint):
            return one.key, one.name if one.source != "agent" else ""
    raise UsageError(
        f"`{text[:100]}` is no public key, no file and no key of yours", hint="`driven key list` lists yours"
    )
