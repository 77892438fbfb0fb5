"""What a ring costs: a plugin's process in rings L and N, start to end, and a fresh call of a component in ring W."""

from __future__ import annotations

import os
from functools import partial
from statistics import median
from time import perf_counter

from driven.benchmarks import processes
from driven.benchmarks.measure import Bench, Benchmark, Figures, scaled
from driven.errors import SandboxError
from driven.trust.capability import CapabilityManifest

WASM_BAR = 5e-3  # seconds
CALLS = 20  # of one round
PLUGIN = "def transform(text):\n    return text.upper()\n"
# A component that gives back what it is given: what is left without componentize-py to make one of Python.
ECHO = """(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "transform") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (local.get 0))
      (i32.store (i32.const 24) (local.get 1))
      i32.const 16))
  (core instance $i (instantiate $m))
  (func (export "transform") (param "text" string) (result (result string (error string)))
    (canon lift (core func $i "transform") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
"""


def _process(bench: Bench, *, ring: str) -> Figures:
    from driven.trust.rings import Sandbox, probe

    baseline = processes.python_pass()
    lacks = probe.state(ring).lacks
    if lacks:
        return Figures(0.0, "ms", None, baseline, f"ring {ring} does not hold here: {lacks}")
    path = bench.write("plugin.py", PLUGIN.encode())
    sandbox = Sandbox(CapabilityManifest(), ring, root=bench.disk)
    env = processes.environment(True)

    def ours() -> processes.Times:
        began = perf_counter()
        assert sandbox.run(path, "transform", ["x"]).value == "X"
        return perf_counter() - began, 0.0

    theirs = partial(processes.run, processes.PASS, bench.disk, env)
    ours(), theirs()
    return processes.against(bench, ours, theirs, baseline, "a plugin called once, and its folder made and removed")


def _component(bench: Bench) -> Figures:
    """A fresh instance and one call; the bar is a time, for there is nothing to compare it with."""
    from driven.trust.rings import Sandbox, matrix, probe

    lacks = probe.state("W").lacks
    if lacks:
        return Figures(0.0, "ms", None, "5.0 ms", f"ring W does not hold here: {lacks}")
    import wasmtime

    try:
        path, said, note = matrix.probe_component(None), "", "Python in a component"
    except SandboxError as error:
        path = bench.write("echo.wasm", bytes(wasmtime.wat2wasm(ECHO)))
        said, note = "x", f"a component of some bytes: {error.message}"
    sandbox = Sandbox(CapabilityManifest(quota="medium"), "W", root=os.path.dirname(path))
    sandbox.run(path, "transform", [said])
    rounds = []
    for _ in range(bench.rounds):
        began = perf_counter()
        for _ in range(CALLS):
            sandbox.run(path, "transform", [said])
        rounds.append((perf_counter() - began) / CALLS)
    value, unit = scaled(median(rounds))
    return Figures(value, unit, median(rounds) / WASM_BAR, f"{WASM_BAR * 1e3:.1f} ms", note)


BENCHMARKS = (
    Benchmark("trust/ring-l", "a plugin called in ring L, whole process", "<=", 2.5, 20, partial(_process, ring="L")),
    Benchmark("trust/ring-n", "a plugin called in ring N, whole process", "<=", None, 15, partial(_process, ring="N")),
    Benchmark("trust/ring-w", "a component called in ring W, a fresh instance", "<=", 1, 15, _component),
)
