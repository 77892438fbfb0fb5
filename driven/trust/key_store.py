"""Where a user's own keys stand: files of the kind that ssh uses, in a folder that nobody else may enter.

`NAME` is the private key (0600), `NAME.pub` the public one. A `.pub` without its other half: that one is in the
system's keyring.
"""

from __future__ import annotations

import os
import stat

from driven.errors import DiskError, PolicyError, SignatureError, UsageError
from driven.frozen import frozen
from driven.trust.ssh_wire import PublicKey, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_KEYS = 500  # in one folder
MAX_PRIVATE = 16384  # bytes of a private key's file: 411 are usual, one of RSA with 8192 bits has 6,500
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-")


def home(env: Mapping[str, str]) -> str:
    """The user's folder of `driven`: `$XDG_CONFIG_HOME/driven`, or `~/.config/driven`."""
    given = env.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(given):  # the specification wants relative ones ignored
        given = os.path.join(env.get("HOME") or os.path.expanduser("~"), ".config")
    return os.path.join(given, "driven")


def check_name(name: str) -> str:
    """A name of a key, which is the name of its file and of who signs with it. UsageError."""
    if not name or len(name) > 100 or set(name) - _LETTERS or name[0] in ".-" or name.endswith((".pub", ".", ".sig")):
        raise UsageError(f"`{name[:100]}` cannot be the name of a key", hint="a mail address is usual: ana@example.org")
    return name


@frozen
class Store:
    """The keys of one folder, which need not exist."""

    folder: str

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Store:
        """The user's own."""
        return cls(folder=os.path.join(home(env), "keys"))

    def names(self) -> list[str]:
        """Of every key that there is a public half of."""
        try:
            found = sorted(name[:-4] for name in os.listdir(self.folder) if name.endswith(".pub"))
        except OSError:
            return []
        return found[:MAX_KEYS]

    def path(self, name: str) -> str:
        """Of the private half."""
        return os.path.join(self.folder, check_name(name))

    def public(self, name: str) -> tuple[PublicKey, str]:
        """The public key and its comment. SignatureError."""
        path = self.path(name) + ".pub"
        return read_line(read_plain(path, 4096).decode("utf-8", "replace"), f"`{path}`")

    def has_private(self, name: str) -> bool:
        """Whether the private half is a file."""
        return os.path.lexists(self.path(name))

    def add(self, name: str, public: str, private: bytes | None) -> str:
        """Write a new key, both halves, nothing over anything; the path of the private half. UsageError when there is
        one of that name, DiskError."""
        path = self.path(name)
        make_private_folder(self.folder)
        for one in (path, path + ".pub"):
            if os.path.lexists(one):
                raise UsageError(
                    f"there is a key `{name}` already: `{one}`",
                    hint=f"choose another name, or `driven key rotate {name}`",
                )
        if private is not None:
            write_new(path, private, 0o600)
        try:
            write_new(path + ".pub", public.encode() + b"\n", 0o644)
        except DiskError:
            if private is not None:
                os.unlink(path)
            raise
        return path

    def succeed(self, name: str, by: str, stamp: str) -> str:
        """Put the key `by` in the place of `name`, which goes to the folder `retired`; its path there. DiskError."""
        retired = os.path.join(self.folder, "retired", f"{check_name(name)}-{stamp}")
        make_private_folder(os.path.dirname(retired))
        try:
            for end in ("", ".pub"):
                os.rename(self.path(name) + end, retired + end)
            for end in ("", ".pub"):
                os.rename(self.path(by) + end, self.path(name) + end)
        except OSError as error:
            raise _disk(self.path(name), error) from None
        return retired


def read_private(path: str) -> bytes:
    """A private key's file. PolicyError when others may read it or it belongs to somebody else."""
    return read_plain(path, MAX_PRIVATE, private=True)


def read_plain(path: str, limit: int, *, private: bool = False) -> bytes:
    """A plain file of at most `limit` bytes; no link at its end is followed. SignatureError, PolicyError."""
    try:
        handle = os.open(path, _READ | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", "") or str(error)
        if isinstance(error, OSError) and os.path.islink(path):
            said = "it is a link, and links are not followed here"
        raise SignatureError(f"`{path}` cannot be read: {said.lower()}", hint="check the path") from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise SignatureError(f"`{path}` is not a plain file", hint="look at what it is")
        if private and os.name == "posix":
            _only_mine(path, found)
        data = b""
        while len(data) <= limit and (more := os.read(handle, limit + 1 - len(data))):
            data += more
    except OSError as error:
        raise SignatureError(f"`{path}` cannot be read: {(error.strerror or '').lower()}") from None
    finally:
        os.close(handle)
    if len(data) > limit:
        raise SignatureError(f"`{path}` is larger than {limit:,} bytes")
    return data


def _only_mine(path: str, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise PolicyError(f"`{path}` belongs to another user: it is not used", hint="keys are their owner's alone")
    if found.st_mode & 0o077:
        raise PolicyError(
            f"`{path}` can be read by others (mode {stat.S_IMODE(found.st_mode):03o}): it is not used",
            hint=f"chmod 600 '{path}', and take a new key if others may have read it",
        )


def make_private_folder(path: str) -> None:
    """A folder for its owner alone. PolicyError when the one that is there is open to others, DiskError."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)
        found = os.lstat(path)
    except OSError as error:
        raise _disk(path, error) from None
    if not stat.S_ISDIR(found.st_mode):
        raise PolicyError(f"`{path}` is no folder")
    if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
        raise PolicyError(f"`{path}` is open to others: no key is put there", hint=f"chmod 700 '{path}'")


def make_folder(path: str) -> None:
    """A folder that nobody but its owner may write, where there is none: what stands in another is not believed. The
    umask can take from these rights and add none; `chmod` by path is what ring L denies. DiskError."""
    try:
        os.makedirs(path, 0o755, exist_ok=True)
    except OSError as error:
        raise DiskError(f"`{path}` cannot be made: {(error.strerror or '').lower()}") from None


def write_new(path: str, data: bytes, mode: int) -> None:
    """A file that was not there, whole or not at all. DiskError."""
    try:
        handle = os.open(path, _NEW | getattr(os, "O_BINARY", 0), mode)
    except OSError as error:
        raise _disk(path, error) from None
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError as error:
        os.unlink(path)
        raise _disk(path, error) from None


def replace(path: str, data: bytes, mode: int = 0o644) -> None:
    """A file of the user's or the project's list of keys, in the place of the one before. DiskError."""
    temp = f"{path}.{os.getpid()}.new"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            raise DiskError(f"`{path}` is not a plain file: it is not written over", hint="look at what it is")
        write_new(temp, data, mode)
        try:
            os.replace(temp, path)
        except OSError:
            os.unlink(temp)
            raise
    except OSError as error:
        raise _disk(path, error) from None


def _disk(path: str, error: OSError) -> DiskError:
    return DiskError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}")


def keyring(name: str) -> str | None:
    """The private key that the system's keyring holds under `name`, None where there is none, or no keyring."""
    found = _keyring()
    if found is None:
        return None
    try:
        value = found.get_password("driven", name)
    except Exception:  # each backend has exceptions of its own
        return None
    return value if isinstance(value, str) else None


def keep_in_keyring(name: str, private: str) -> None:
    """Put a private key into the system's keyring. PolicyError where there is none that works."""
    found = _keyring()
    if found is None:
        raise PolicyError(
            "there is no keyring on this machine that works",
            hint="`pip install keyring`; a machine without a desktop has none: leave `--store keyring` out",
        )
    try:
        found.set_password("driven", name, private)
    except Exception as error:
        raise PolicyError(f"the keyring would not keep the key: {error}", hint="is it locked?") from None


def _keyring() -> Any:
    """The library, where it is installed and has a keyring to speak to."""
    try:
        import importlib

        library = importlib.import_module("keyring")
        return library if library.get_keyring().priority > 0 else None
    except Exception:
        return None
