"""Packs made and signed by real tools, in projects that are synced by driven itself."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from driven import pipeline
from driven.model.plan import SyncReport
from driven.trust.manifest import MANIFEST, SIG
from driven.trust.manifest_disk import of_folder
from driven.trust.pack import read_about
from trust.tools import need

RULE = (
    "---\ndescription: Errors\napply: always\n---\n\n# Errors\n\n- Wrap every error with the place where it happened.\n"
)
ABOUT = 'name = "acme-errors"\nversion = "{}"\ndescription = "How Acme handles errors"\n'


def project(root: Path) -> Path:
    """A project for Cursor and Claude with one rule of its own."""
    (root / ".driven/rules").mkdir(parents=True)
    (root / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\nclaude = true\n")
    (root / ".driven/rules/style.md").write_text("---\napply: always\n---\n\n- Use four spaces.\n")
    return root


def pack(folder: Path, version: str = "1.0.0", more: str = "") -> Path:
    """A pack of one rule, not signed."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "pack.toml").write_text(ABOUT.format(version) + more)
    (folder / "rules/errors.md").write_text(RULE)
    return folder


def new_key(folder: Path, name: str = "ana") -> Path:
    """A key pair that ssh-keygen made: the path of the private one."""
    path = folder / name
    command = [need("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def sign(folder: Path, key: Path) -> None:
    """Sign a pack as ssh-keygen does, over the manifest of its files."""
    about = read_about((folder / "pack.toml").read_bytes(), "pack.toml")
    for old in (MANIFEST, SIG):
        (folder / old).unlink(missing_ok=True)
    made = of_folder(
        str(folder), name=about.name, version=about.version, min_driven=about.driven, capabilities=about.wants
    )
    (folder / MANIFEST).write_bytes(made.to_bytes())
    command = [need("ssh-keygen"), "-q", "-Y", "sign", "-n", "driven-pack@v1", "-f", str(key), str(folder / MANIFEST)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert (folder / SIG).exists()


def fingerprint(key: Path) -> str:
    """SHA256:… as ssh-keygen prints it."""
    said = subprocess.run([need("ssh-keygen"), "-l", "-f", f"{key}.pub"], check=True, capture_output=True, text=True)
    return said.stdout.split()[1]


def sync(root: Path) -> SyncReport:
    """A sync of the project as it stands; what was changed before it is older than a tick."""
    time.sleep(0.02)
    return pipeline.sync(str(root))


def codes(report: SyncReport) -> list[str]:
    """The codes of what a sync says."""
    return [told.code for told in report.plan.diagnostics]
