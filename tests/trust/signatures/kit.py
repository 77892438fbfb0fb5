"""What the tests of signatures share: a person with a key, a pack of theirs, and who trusts whom."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from driven.trust import ed25519, sshsig
from driven.trust.key_sources import SigningKey
from driven.trust.signers import SIGNERS, TrustStore, load
from driven.trust.ssh_wire import PublicKey, ed25519_key

NOW = 1_795_353_000  # 2026-11-22 13:10 UTC
DAY = 86_400


def person(number: int = 1) -> SigningKey:
    """A key of the tests' own; `number` says whose."""
    seed = bytes([number]) * 32
    key = ed25519_key(ed25519.public_of(seed))
    return SigningKey(key=key, name=f"person{number}", where="a test", sign=lambda data: ed25519.sign(seed, data))


def seed_of(number: int = 1) -> bytes:
    return bytes([number]) * 32


def line(key: PublicKey, who: str = "ana@example.org", options: str = f'namespaces="{sshsig.PACK}"') -> str:
    return " ".join(one for one in (who, options, key.line) if one) + "\n"


def trust(root: Path, *lines: str, revoked: str = "") -> TrustStore:
    """Write the project's lists, and read them as a user with no list of their own."""
    path = root / SIGNERS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    if revoked:
        (path.parent / "revoked_keys").write_text(revoked)
    return load(str(root), {"HOME": str(root / "nobody")})


def pack(root: Path) -> Path:
    """A small pack."""
    folder = root / "pack"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "errors.md").write_text("# Errors name the thing\n")
    (folder / "rules" / "größe.md").write_text("# Sizes\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    for path in (folder, folder / "rules", folder / "run.sh"):
        path.chmod(0o755)
    for path in (folder / "rules").iterdir():
        path.chmod(0o644)
    return folder


def run(*words: str | Path, data: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """A real program."""
    return subprocess.run(
        [str(word) for word in words], input=data, capture_output=True, timeout=60, env={**os.environ, **(env or {})}
    )
