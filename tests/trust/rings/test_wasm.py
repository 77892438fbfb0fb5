"""Ring W: components written by hand and one compiled from Python; fuel, memory, clock, native code of ours only."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from driven.errors import PluginError, SandboxError
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import Sandbox
from driven.trust.rings.matrix import probe_component
from trust.rings.conftest import KEPT

wasmtime = pytest.importorskip("wasmtime")
pytestmark = pytest.mark.xdist_group("wasm")

# A component that gives back what it is given, unless BODY does something else first. Its answer stands at 16.
FRAME = """(component
  (core module $m
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      global.get $free
      (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "transform") (param $at i32) (param $size i32) (result i32)
      (i32.store (i32.const 16) (i32.const 0))
      BODY
      (i32.store (i32.const 20) (local.get $at))
      (i32.store (i32.const 24) (local.get $size))
      i32.const 16))
  (core instance $i (instantiate $m))
  (func (export "transform") (param "text" string) (result (result string (error string)))
    (canon lift (core func $i "transform") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
"""
ECHO = ""
LOOP = "(loop br 0)"
GROW = "(i32.store (i32.const 16) (i32.eq (memory.grow (i32.const 16000)) (i32.const -1)))"  # 1 GB: refused is 1, err
TRAP = "unreachable"
FLOOD = "(local.set $size (i32.const 100000000))"


def component(tmp_path: Path, body: str, name: str = "p.wasm") -> str:
    path = tmp_path / name
    path.write_bytes(wasmtime.wat2wasm(FRAME.replace("BODY", body)))
    return os.fspath(path)


def sandbox(tmp_path: Path, **more: Any) -> Sandbox:
    return Sandbox(
        CapabilityManifest.of({}, quota="small"), root=os.fspath(tmp_path), cache=str(tmp_path / "c"), **more
    )


def test_text_for_text(tmp_path: Path) -> None:
    done = sandbox(tmp_path).run(component(tmp_path, ECHO), "transform", ["ä b"])
    assert (done.value, done.ring, done.calls) == ("ä b", "W", 0)


@pytest.mark.parametrize(
    ("body", "error", "why"),
    [(LOOP, SandboxError, "processor time"), (GROW, PluginError, "failed"), (TRAP, PluginError, "unreachable"),
     (FLOOD, PluginError, "failed|form")],
)  # fmt: skip
def test_it_is_stopped(body: str, error: type[Exception], why: str, tmp_path: Path) -> None:
    one = sandbox(tmp_path)
    with pytest.raises(error, match=why):
        one.run(component(tmp_path, body), "transform", ["x"])
    assert one.run(component(tmp_path, ECHO, "next.wasm"), "transform", ["next"]).value == "next"


def test_the_clock_stops_it_too(tmp_path: Path) -> None:
    manifest = CapabilityManifest.of({}, quota="unlimited", band="cold")
    one = Sandbox(manifest, root=os.fspath(tmp_path), cache=str(tmp_path / "c"), wall=0.1)
    with pytest.raises(SandboxError, match="out of time"):
        one.run(component(tmp_path, LOOP), "transform", ["x"])


def test_what_it_may_not_import_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "p.wasm"
    path.write_bytes(wasmtime.wat2wasm('(component (import "driven:plugin/other@1.0.0" (instance)))'))
    with pytest.raises(PluginError):
        sandbox(tmp_path).run(os.fspath(path), "transform", ["x"])
    for name, data in (
        ("module", wasmtime.wat2wasm("(module)")),
        ("cut", wasmtime.wat2wasm("(component)")[:-1] + b"\xff"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PluginError):
            sandbox(tmp_path).run(os.fspath(tmp_path / name), "transform", ["x"])


def test_native_code_is_taken_from_nowhere_but_our_folder(tmp_path: Path) -> None:
    path = component(tmp_path, ECHO)
    one = sandbox(tmp_path)
    assert one.run(path, "transform", ["a"]).value == "a"
    kept = next((tmp_path / "c").glob("*.cwasm"))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700
    (tmp_path / "p.cwasm").write_bytes(kept.read_bytes())
    with pytest.raises((PluginError, SandboxError)):  # what a pack brings is none of ours
        one.run(os.fspath(tmp_path / "p.cwasm"), "transform", ["a"])

    from driven.trust.rings import probe, wasm

    for harm in (lambda: kept.write_bytes(b"\x7fELF"), lambda: kept.chmod(0o666), lambda: kept.write_bytes(b"")):
        harm()
        wasm.engine().loaded.clear()
        assert one.run(path, "transform", ["b"]).value == "b"
    kept.unlink()
    kept.symlink_to(tmp_path / "p.cwasm")
    wasm.engine().loaded.clear()
    assert one.run(path, "transform", ["c"]).value == "c"
    (tmp_path / "c").chmod(0o777)
    assert probe.cache_folder(str(tmp_path / "c")) == ""


def test_a_component_runs_in_no_weaker_ring_and_python_in_no_stronger(tmp_path: Path) -> None:
    path = component(tmp_path, ECHO)
    manifest = CapabilityManifest.of({}, min_ring="L")
    with pytest.raises(SandboxError, match="only ring W runs"):
        Sandbox(manifest, "L", root=os.fspath(tmp_path)).run(path, "transform", ["x"])
    (tmp_path / "p.py").write_text("def transform(x): return x")
    with pytest.raises(SandboxError, match="its manifest asks for ring W"):
        Sandbox(CapabilityManifest.of({}, min_ring="W")).run(os.fspath(tmp_path / "p.py"), "transform", ["x"])


# Has the host write what it is given to `out/said.md`; answers with that, or with why not.
WRITER = """(component
  (import "driven:plugin/host@1.0.0" (instance $host
    (export "write" (func (param "path" string) (param "text" string) (result (result (error string)))))))
  (core module $l
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      global.get $free
      (global.set $free (i32.add (global.get $free) (local.get 3)))))
  (core instance $l (instantiate $l))
  (core func $write (canon lower (func $host "write")
    (memory (core memory $l "memory")) (realloc (core func $l "realloc"))))
  (core module $m
    (import "l" "memory" (memory 2))
    (import "l" "write" (func $write (param i32 i32 i32 i32 i32)))
    (data (i32.const 64) "out/said.md")
    (func (export "transform") (param $at i32) (param $size i32) (result i32)
      (call $write (i32.const 64) (i32.const 11) (local.get $at) (local.get $size) (i32.const 32))
      (i32.store (i32.const 16) (i32.load8_u (i32.const 32)))
      (i32.store (i32.const 20) (select (i32.load (i32.const 36)) (local.get $at) (i32.load8_u (i32.const 32))))
      (i32.store (i32.const 24) (select (i32.load (i32.const 40)) (local.get $size) (i32.load8_u (i32.const 32))))
      i32.const 16))
  (core instance $m (instantiate $m (with "l" (instance
    (export "memory" (memory $l "memory")) (export "write" (func $write))))))
  (func (export "transform") (param "text" string) (result (result string (error string)))
    (canon lift (core func $m "transform") (memory (core memory $l "memory")) (realloc (core func $l "realloc")))))
"""


def test_a_component_has_the_host_write_what_it_may(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "writer.wasm"
    path.write_bytes(wasmtime.wat2wasm(WRITER))
    cache = str(tmp_path / "c")
    may = Sandbox(CapabilityManifest.of({"FileWrite": ["out"]}), root=os.fspath(tmp_path), cache=cache)
    assert may.run(os.fspath(path), "transform", ["It is so."]).value == "It is so."
    assert (tmp_path / "out/said.md").read_text() == "It is so."
    may_not = Sandbox(CapabilityManifest.of({"FileWrite": ["src"]}), root=os.fspath(tmp_path), cache=cache)
    with pytest.raises(PluginError, match=r"out/said\.md"):
        may_not.run(os.fspath(path), "transform", ["Or not."])
    assert (tmp_path / "out/said.md").read_text() == "It is so."


def test_python_in_a_component_asks_the_host(tmp_path: Path) -> None:
    """The probe's component: a fresh instance of Python for each call."""
    if not shutil.which("componentize-py") and not os.environ.get("CI"):
        pytest.importorskip("componentize_py")
    path = probe_component(os.fspath(KEPT))
    manifest = CapabilityManifest.of({}, quota="medium", band="slow")
    one = Sandbox(manifest, root=os.fspath(tmp_path), cache=os.fspath(KEPT))
    done = one.run(path, "transform", ['{"spec": {}, "only": ["fork", "passwd"]}'])
    assert done.ring == "W" and '"fork": ["d"' in done.value and '"passwd": ["d"' in done.value
    with pytest.raises(PluginError):
        one.run(path, "transform", ["no json"])
    with pytest.raises(PluginError, match="no `other`"):
        one.run(path, "other", ["x"])
