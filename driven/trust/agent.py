"""What ssh-agent is asked: which keys it holds, and to sign with one. The private key never comes here.

https://datatracker.ietf.org/doc/html/draft-miller-ssh-agent-16 sections 3.2, 3.5 and 3.6, verified 2026-11-22. The
same words are spoken by gpg-agent, KeePassXC, 1Password and others.
"""

from __future__ import annotations

from driven.errors import SignatureError
from driven.trust.ssh_wire import ED25519, PublicKey, Reader, plain, read_blob, string, u32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MESSAGE = 256 << 10
MAX_KEYS = 1000
PATIENCE = 3.0  # seconds for the list: an agent that does not answer must not hang a command
ASKING = 120.0  # seconds for a signature: the agent may ask its owner (`ssh-add -c`)
_FAILURE, _LIST, _LISTED, _SIGN, _SIGNED = 5, 11, 12, 13, 14


def _ask(path: str, message: bytes, patience: float) -> bytes:
    """One question, one answer. OSError when nobody is there."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(patience)
        wire.connect(path)
        wire.sendall(string(message))
        size = int.from_bytes(_take(wire, 4), "big")
        if not 0 < size <= MAX_MESSAGE:
            raise SignatureError(f"ssh-agent at {path} answered with {size:,} bytes")
        return _take(wire, size)


def _take(wire: object, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        more = wire.recv(size - len(found))  # type: ignore[attr-defined]
        if not more:
            raise ConnectionError("it hung up")
        found += more
    return bytes(found)


def _path(env: Mapping[str, str]) -> str:
    import socket

    return env.get("SSH_AUTH_SOCK", "") if hasattr(socket, "AF_UNIX") else ""


def keys(env: Mapping[str, str]) -> list[tuple[PublicKey, str]]:
    """The keys that an agent holds, with their comments; none when there is no agent. Only `ssh-ed25519` ones: of the
    others it is not known here how to use them. SignatureError for an agent that talks nonsense."""
    path = _path(env)
    if not path:
        return []
    try:
        answer = _ask(path, bytes([_LIST]), PATIENCE)
    except (OSError, ValueError):
        return []
    what = "the answer of ssh-agent"
    reader = Reader(answer, what)
    if reader.byte() != _LISTED:
        return []
    count = reader.u32()
    if count > MAX_KEYS:
        raise SignatureError(f"{what} names {count:,} keys")
    found = []
    for _ in range(count):
        blob, comment = reader.string(), reader.string()
        try:
            key = read_blob(blob, "a key of ssh-agent")
        except SignatureError:
            continue  # RSA and the like: useful elsewhere
        if key.kind == ED25519:
            found.append((key, plain(comment.decode("utf-8", "replace"))))
    reader.end()
    return found


def sign(env: Mapping[str, str], key: PublicKey, data: bytes) -> bytes:
    """The signature (64 bytes) over `data`. SignatureError when the agent will not, or its owner said no."""
    path = _path(env)
    try:
        answer = _ask(path, bytes([_SIGN]) + string(key.blob) + string(data) + u32(0), ASKING)
    except (OSError, ValueError) as error:
        said = "it did not answer" if isinstance(error, TimeoutError) else str(error)
        raise SignatureError(f"ssh-agent cannot sign: {said}", hint="`ssh-add -l` says whether it is there") from None
    what = "the answer of ssh-agent"
    reader = Reader(answer, what)
    if reader.byte() != _SIGNED:
        raise SignatureError(
            f"ssh-agent would not sign with {key.fingerprint}",
            hint="it was asked to confirm and its owner said no, or it is locked (`ssh-add -X`), or let the key go",
        )
    inner = Reader(reader.string(), what)
    reader.end()
    kind = inner.text()
    raw = inner.string()
    inner.end()
    if kind != key.kind or len(raw) != 64:
        raise SignatureError(f"{what} holds a signature of another kind: `{kind:.40}`")
    return raw
