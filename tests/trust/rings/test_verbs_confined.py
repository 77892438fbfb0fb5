"""Verbs that make folders, in ring L, where the rights of a path cannot be changed: they do there as elsewhere."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from driven.cli.app import main
from driven.errors import SandboxError
from driven.mcp.calls import within
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import confine, python_places

CHANGES = CapabilityManifest.of({"FileRead": ["."], "FileWrite": ["."], "EnvAccess": ["XDG_CONFIG_HOME"]})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of somebody with a key of their own, where nobody is trusted yet."""
    for name in ("SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path / "home"))
    folder = tmp_path / "shop"
    (folder / ".driven/rules").mkdir(parents=True)
    (folder / ".driven/config.toml").write_text("version = 1\n")
    with zipfile.ZipFile(folder / "acme.zip", "w") as made:
        made.writestr("pack.toml", 'name = "acme"\nversion = "1.0.0"\n')
        made.writestr("rules/brief.md", "Be brief.\n")
    assert main(["key", "generate", "ana", "--no-passphrase", "--quiet"]) == 0
    return folder


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("key trust ana", ".driven/trust"),
        ("key revoke ana", ".driven/trust"),
        ("attest root init --holder ana", ".driven/trust/roots"),
        ("pack add acme.zip --yes --unsigned", ".driven/packs/acme"),
    ],
)
def test_a_folder_is_made_as_it_is_outside(shop: Path, tmp_path: Path, line: str, made: str) -> None:
    words = [sys.executable, "-P", "-m", "driven", *line.split()]
    try:
        done = confine(
            CHANGES, words, root=os.fspath(shop), env=within({}), read=(*python_places(), os.fspath(tmp_path / "home")),
            protect=False, wall=60,
        )  # fmt: skip
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"ring L does not hold here: {error.message}")
    assert (done.code, done.ended) == (0, ""), done.stderr.decode()
    assert stat.S_IMODE((shop / made).stat().st_mode) & 0o022 == 0, "who may write there decides whom to believe"


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_a_folder_of_trust_is_believed_whatever_the_umask(shop: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert main(["key", "trust", "ana", "--root", os.fspath(shop)]) == 0
        assert main(["attest", "root", "init", "--holder", "ana", "--root", os.fspath(shop)]) == 0
    finally:
        os.umask(before)
    assert main(["key", "list", "--root", os.fspath(shop)]) == 0
    assert main(["attest", "verify", "--root", os.fspath(shop)]) == 0
