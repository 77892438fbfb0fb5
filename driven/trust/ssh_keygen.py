"""What ssh-keygen does for us where it is there: a key with a passphrase without `cryptography`, and a KRL."""

from __future__ import annotations

import os

from driven.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from driven.trust.ssh_wire import PublicKey

_WORD = "DRIVEN_ASKPASS"


def is_there() -> bool:
    """Whether there is one."""
    import shutil

    return os.name == "posix" and shutil.which("ssh-keygen") is not None


def new_key(comment: str, passphrase: str) -> tuple[bytes, str]:
    """(private key file, public line) of a new key. What it is written to in between is a folder of our own; the
    passphrase is asked for by ssh-keygen (SSH_ASKPASS), so that it stands in no list of processes. ConfigError."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        ask = os.path.join(folder, "ask")
        with open(os.open(ask, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "w") as file:
            file.write(f"#!/bin/sh\nprintf '%s\\n' \"${_WORD}\"\n")
        path = os.path.join(folder, "key")
        env = {**os.environ, "SSH_ASKPASS": ask, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "x", _WORD: passphrase}
        _run(["-q", "-t", "ed25519", "-C", comment, "-f", path], env)
        with open(path, "rb") as private, open(path + ".pub", encoding="utf-8") as public:
            return private.read(), public.read().strip()


def krl(path: str, keys: Iterable[PublicKey]) -> None:
    """Write a key revocation list for others to use. ConfigError when there is no ssh-keygen."""
    import tempfile

    if not is_there():
        raise ConfigError("a KRL is written by ssh-keygen, which is not on this machine", hint="install OpenSSH")
    with tempfile.TemporaryDirectory() as folder:
        listed = os.path.join(folder, "keys")
        with open(listed, "w", encoding="utf-8") as file:
            file.writelines(key.line + "\n" for key in keys)
        made = os.path.join(folder, "krl")
        _run(["-q", "-k", "-f", made, listed], dict(os.environ))
        with open(made, "rb") as found:
            data = found.read()
    from driven.trust.key_store import replace

    replace(path, data)


def _run(words: list[str], env: dict[str, str]) -> None:
    import subprocess

    try:
        done = subprocess.run(
            ["ssh-keygen", *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"ssh-keygen cannot be run: {error}") from None
    if done.returncode:
        raise ConfigError(f"ssh-keygen failed: {done.stderr.strip()[-200:]}")
