"""Who may read and who may publish: a file of names and digests of tokens, never the tokens themselves.

    ana    publish  9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    ci     read     …

A token has 256 random bits, so one SHA-256 is all that keeping it takes. The file is read again when it changes: a line
that is taken out holds no longer.
"""

from __future__ import annotations

import os
import time

from driven.errors import ConfigError, DiskError, UsageError
from driven.frozen import frozen
from driven.trust.key_store import read_plain, write_new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Grant: TypeAlias = 'Literal["read", "publish"]'
MAX_BYTES = 1 << 20
MAX_TOKEN = 512  # characters of one that a client says
PREFIX = "drv_"
_HEX = frozenset("0123456789abcdef")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@")
_LOOK = 0.25  # seconds between two looks at the file


@frozen
class Holder:
    """One line: whose token, what it may, and its digest in hex."""

    name: str
    grant: Grant
    digest: str


class Tokens:
    """The tokens of one file. ConfigError for a line that is none, also when it is read again."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._looked = -_LOOK - 1.0
        self._holders: tuple[Holder, ...] = ()
        self._refresh()

    def holder(self, header: bytes) -> Holder | None:
        """Whose token an `Authorization` header holds, None for nobody's. Takes the same time for each."""
        from hashlib import sha256
        from hmac import compare_digest

        self._refresh()
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or len(token) > MAX_TOKEN:
            return None
        digest = sha256(token.strip()).hexdigest()
        found = None
        for one in self._holders:
            if compare_digest(one.digest, digest):
                found = one
        return found

    def holds(self, holder: Holder) -> bool:
        """Whether the file has that line still. A file that cannot be read has none."""
        from driven.errors import DrivenError

        try:
            self._refresh()
        except DrivenError:
            return False
        return holder in self._holders

    def _refresh(self) -> None:
        """Look at the file now and then; as long as it cannot be read, each time, and nobody's token is taken."""
        now = time.monotonic()
        if now - self._looked <= _LOOK:
            return
        try:
            seen = os.stat(self.path)
        except OSError as error:
            raise ConfigError(
                f"the tokens in `{self.path}` cannot be read: {(error.strerror or '').lower()}",
                hint="`driven token add NAME --tokens FILE` makes the file",
            ) from None
        stamp = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if stamp != self._stamp:
            self._holders = read_tokens(self.path)
            self._stamp = stamp
        self._looked = now


def read_tokens(path: str) -> tuple[Holder, ...]:
    """The lines of a file of tokens. ConfigError names the first that is none, PolicyError: others may write it."""
    from driven.trust.signers import check_writers

    if not os.path.lexists(path):
        raise ConfigError(f"there is no `{path}`", hint="`driven token add NAME --tokens FILE` makes the file")
    data = read_plain(path, MAX_BYTES)
    try:
        check_writers(path, os.stat(path))
    except OSError as error:  # it was put aside a moment ago
        raise ConfigError(f"the tokens in `{path}` cannot be read: {(error.strerror or '').lower()}") from None
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 3 or not is_holder(words[0]) or words[1] not in ("read", "publish"):
            raise ConfigError(
                f"`{path}`, line {number}: write NAME read|publish SHA256", hint="`driven token add` writes such lines"
            )
        if len(words[2]) != 64 or set(words[2]) - _HEX:
            raise ConfigError(
                f"`{path}`, line {number}: the third word is no SHA-256 in hex",
                hint="the token itself must not stand here: `printf %s TOKEN | sha256sum`",
            )
        found.append(Holder(name=words[0], grant="publish" if words[1] == "publish" else "read", digest=words[2]))
    return tuple(found)


def is_holder(name: str) -> bool:
    """Whether it can be a name in the file."""
    return 0 < len(name) <= 64 and not set(name) - _NAME


def add_token(path: str, name: str, grant: Grant, output: str = "") -> str:
    """A new token: its digest is added to the file, which nobody else may read; the token itself is put into the file
    `output`, where one is named that is not there yet. UsageError, DiskError."""
    import secrets
    from hashlib import sha256

    if not is_holder(name):
        raise UsageError(f"`{name[:80]}` is no name of a holder", hint="letters, digits and . _ - @")
    if os.path.lexists(path) and any(one.name == name for one in read_tokens(path)):
        raise UsageError(f"`{name}` has a token in `{path}`", hint=f"`driven token remove {name}` ends it first")
    token = PREFIX + secrets.token_urlsafe(32)
    if output:
        if os.path.abspath(output) == os.path.abspath(path):
            raise UsageError(f"`{output}` is the list of digests", hint="the token goes into a file of its own")
        if os.path.lexists(output):
            raise UsageError(f"`{output}` is there already", hint="choose another file, or delete it")
        write_new(output, f"{token}\n".encode(), 0o600)  # before anybody knows it: what cannot be kept is not given
    try:
        _append(path, f"{name}  {grant:<7}  {sha256(token.encode()).hexdigest()}\n")
    except OSError as error:
        if output:
            os.unlink(output)
        raise DiskError(f"`{path}` cannot be written: {(error.strerror or '').lower()}") from None
    return token


def _append(path: str, line: str) -> None:
    flags = os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    with open(os.open(path, flags, 0o600), "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(line.encode())
        os.fsync(file.fileno())


def remove_token(path: str, name: str) -> None:
    """Take the line of `name` out of the file; all else in it stays. UsageError, DiskError."""
    if all(one.name != name for one in read_tokens(path)):
        raise UsageError(f"nobody in `{path}` is called `{name[:80]}`", hint="`driven token list` shows who is")
    lines = read_plain(path, MAX_BYTES).splitlines(keepends=True)
    kept = [line for line in lines if line.partition(b"#")[0].split()[:1] != [name.encode()]]
    fresh = f"{path}.{os.urandom(6).hex()}.drvtmp"
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(b"".join(kept))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        if os.path.lexists(fresh):
            os.unlink(fresh)
        raise DiskError(f"`{path}` cannot be written: {(error.strerror or '').lower()}") from None
