"""Which ring is taken, and that none is fallen back from in silence: every lack is named, with a remedy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.errors import SandboxError
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import Sandbox, bubblewrap, choose, confine, landlock, probe, remedies, syscalls
from driven.trust.rings.process import Held
from trust.rings.conftest import ring

WORK = "def work(): return 1"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_known", {})


def run(path: str, tmp_path: Path, min_ring: str = "L", which: str | None = None) -> str:
    manifest = CapabilityManifest.of({}, min_ring=min_ring, quota="medium")
    return Sandbox(manifest, which, root=os.fspath(tmp_path), cache=str(tmp_path / "c")).run(path, "work").ring


def test_the_strongest_is_taken(plugin: Callable[[str], str], tmp_path: Path) -> None:
    ring("N")
    assert run(plugin(WORK), tmp_path) == "N"
    assert run(plugin(WORK), tmp_path, which="L") == "L"
    with pytest.raises(SandboxError, match="ring L is weaker"):
        run(plugin(WORK), tmp_path, "N", "L")
    with pytest.raises(SandboxError, match="holds nothing"):
        run(plugin(WORK), tmp_path, "T", "T")
    with pytest.raises(SandboxError, match="is no ring"):
        run(plugin(WORK), tmp_path, "T", "X")


def test_without_bubblewrap(plugin: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring("L")
    monkeypatch.setattr(bubblewrap, "found", lambda: "")
    assert run(plugin(WORK), tmp_path) == "L"  # which the manifest allows
    with pytest.raises(SandboxError, match=r"bubblewrap .* is not installed") as found:
        run(plugin(WORK), tmp_path, "N")
    assert "bubblewrap" in found.value.hint


def test_a_bubblewrap_that_is_refused(
    plugin: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring("L")
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "found", lambda: os.fspath(broken))
    with pytest.raises(SandboxError, match="setting up uid map: Permission denied"):
        run(plugin(WORK), tmp_path, "N")
    monkeypatch.setattr(remedies, "_read", lambda path, most=64: "1" if "apparmor" in path else "")
    assert "AppArmor" in probe.state("N", again=True).remedy


def test_a_bubblewrap_that_holds_nothing_is_not_believed(
    plugin: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that starts its program and makes no namespace; behind it a launcher that confines nothing."""
    ring("L")
    loose = tmp_path / "bwrap"
    steps = 'while [ "$1" != -- ]; do [ "$1" = --chdir ] && mkdir -p "$2" && cd "$2"; shift; done; shift; exec "$@"'
    loose.write_text(f"#!/bin/sh\n{steps}\n")
    loose.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "found", lambda: os.fspath(loose))
    from driven.trust.rings import process

    monkeypatch.setattr(process, "rules", lambda *_: None)
    state = probe.state("N", again=True)
    assert "did not hold" in state.lacks and "write-outside, read-outside" in state.lacks
    with pytest.raises(SandboxError, match="did not hold"):
        run(plugin(WORK), tmp_path, "N")


def test_no_landlock(plugin: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    with pytest.raises(SandboxError, match="this kernel has no Landlock") as found:
        run(plugin(WORK), tmp_path)
    assert found.value.exit_code == 7 and "Linux 5.13" in found.value.hint
    with pytest.raises(SandboxError, match="no Landlock"):
        confine(CapabilityManifest(), ["/bin/true"], root=os.fspath(tmp_path))


def test_an_unknown_machine(plugin: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "machine", lambda: "riscv64")
    with pytest.raises(SandboxError, match="no table of system calls for riscv64"):
        run(plugin(WORK), tmp_path)


def test_no_wasmtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "wasmtime", None)
    (tmp_path / "p.wasm").write_bytes(b"\0asm\x0d\0\x01\0")
    with pytest.raises(SandboxError, match="wasmtime") as found:
        run(os.fspath(tmp_path / "p.wasm"), tmp_path)
    assert found.value.hint == "pip install 'driven[wasm]'"


@pytest.mark.parametrize("abi", [1, 3])
def test_an_older_landlock_still_holds_a_plugin_and_says_what_it_does_not(
    abi: int, plugin: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring("L")
    monkeypatch.setattr(landlock, "version", lambda: abi)
    assert run(plugin(WORK), tmp_path, which="L") == "L"
    from driven.trust.rings.report import not_enforced

    said = " ".join(not_enforced("L", choose.held()))
    assert "Landlock 4 has that" in said and "Landlock 6 has that" in said
    assert "Landlock 4" not in " ".join(not_enforced("L", Held(abi=7, machine="x86_64")))


def test_what_was_found_is_kept_for_this_kernel_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring("L")
    cache = str(tmp_path / "c")
    monkeypatch.setattr(probe, "_known", {})
    tries: list[str] = []
    kept = probe._probed
    monkeypatch.setattr(probe, "_probed", lambda name, *more: tries.append(name) or kept(name, *more))
    for _ in range(2):
        monkeypatch.setattr(probe, "_known", {})
        assert not probe.state("L", cache).lacks
    assert tries == ["L"]
    monkeypatch.setattr(probe, "_known", {})
    monkeypatch.setattr(probe, "_first_line", lambda path: "another boot")
    probe.state("L", cache)
    (tmp_path / "c" / "rings.json").write_text("{[")
    monkeypatch.setattr(probe, "_known", {})
    probe.state("L", cache)
    assert tries == ["L"] * 3


@pytest.mark.parametrize("mode", [0o777, 0o720])
def test_a_folder_that_others_can_write_is_not_believed(mode: int, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c").chmod(mode)
    assert probe.cache_folder(str(tmp_path / "c")) == ""
    (tmp_path / "link").symlink_to(tmp_path)
    assert probe.cache_folder(str(tmp_path / "link")) == ""
