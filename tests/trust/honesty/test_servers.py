"""What serves, measures and makes rings, inside ring L: sessions of both servers, a benchmark, a plugin in ring W; and
what no ring can hold, because it would need another ring, is seen to be refused."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from verbs import LEAVES, Case

from driven.benchmarks.processes import command
from driven.grammar.to_mcp import command_line
from driven.trust.capability import CapabilityManifest
from driven.trust.rings.confined import Confined
from trust.honesty.held import Place, each_less

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has ring L")

SPAWNS = "ProcessSpawn(python3)"
# Verbs that are no cases of test_honesty.py: they are tried here.
TRIED = {"lsp", "mcp serve", "serve", "benchmark", "plugin run"}
# Reads what it is told from a named pipe: a session is told the next thing when it has answered, and `confine` gives
# stdin at once.
_TALK = """
import os, runpy, sys
os.dup2(os.open(sys.argv.pop(1), os.O_RDONLY), 0)
runpy.run_module("driven", run_name="__main__", alter_sys=True)
"""
Message = dict[str, Any]


class Client:
    """Says `messages` one after the other, each when what was asked before is answered. `header`: whether each message
    has one, as in LSP; else it is a line."""

    def __init__(self, messages: list[Message], pipe: Path, *, header: bool) -> None:
        self.answers: dict[int, Message] = {}
        self.path = os.fspath(pipe)
        self._left = list(messages)
        self._header = header
        self._heard = b""
        os.mkfifo(pipe)
        self._pipe = os.open(pipe, os.O_RDWR)  # the other end can be opened without waiting for it
        self._say()

    def _say(self) -> None:
        while self._left:
            message = self._left.pop(0)
            data = json.dumps({"jsonrpc": "2.0", **message}).encode()
            os.write(self._pipe, b"Content-Length: %d\r\n\r\n%b" % (len(data), data) if self._header else data + b"\n")
            if "id" in message:
                return
        self.close()

    def heard(self, part: bytes) -> bool:
        """Take what the server says."""
        self._heard += part
        while (one := self._next()) is not None:
            if "method" not in one:
                self.answers[one["id"]] = one
                self._say()
        return True

    def _next(self) -> Message | None:
        head, found, rest = self._heard.partition(b"\r\n\r\n" if self._header else b"\n")
        size = int(head.rpartition(b":")[2]) if self._header and found else 0
        if not found or len(rest) < size:
            return None
        self._heard = rest[size:]
        message: Message = json.loads(rest[:size] if self._header else head)
        return message

    def close(self) -> None:
        """There is no more to be said."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


Script = Callable[[Path], list[Message]]


def session(
    verb: str, given: dict[str, Any], script: Script, manifest: CapabilityManifest, place: Place, *, header: bool = True
) -> tuple[Confined, dict[int, Message], dict[str, bytes]]:
    """A whole session in ring L: (how it ended, its answers by id, the files of the editors after it)."""
    with place.fresh(Case(0, given, _new_rule)) as root:
        client = Client(script(root), root.parent / "pipe", header=header)
        words = [sys.executable, "-P", "-c", _TALK, client.path, *command_line(LEAVES[verb], verb, given)]
        try:
            done = place.confined(verb, words, manifest, root, read=(client.path,), heard=client.heard)
        finally:
            client.close()
        emitted = {path.name: path.read_bytes() for path in (root / ".cursor/rules").iterdir()}
    return done, client.answers, emitted


def _new_rule(root: Path) -> None:
    (root / ".driven/rules/more.md").write_text("More.\n")


def in_an_editor(root: Path) -> list[Message]:
    """What an editor says: a beginning, a look, `driven: sync`, an end."""
    folder = root.as_uri()
    rule = f"{folder}/.driven/rules/errors.md"
    start = {"processId": None, "rootUri": folder, "capabilities": {}}
    return [
        {"id": 1, "method": "initialize", "params": start},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "workspace/executeCommand", "params": {
            "command": "driven.explain", "arguments": [{"uri": rule}]}},
        {"id": 3, "method": "workspace/executeCommand", "params": {"command": "driven.sync", "arguments": []}},
        {"id": 4, "method": "shutdown"},
        {"method": "exit"},
    ]  # fmt: skip


@pytest.mark.parametrize("optional", [False, True])
def test_the_language_server_serves_with_what_it_declares(optional: bool, somewhere: Place) -> None:
    manifest = somewhere.manifest("lsp", Case(0), optional=optional)
    done, answers, emitted = session("lsp", {}, in_an_editor, manifest, somewhere)
    assert done.code == 0, done.stderr.decode()
    assert answers[1]["result"]["serverInfo"]["name"] == "driven"
    assert answers[3]["result"]["problems"] == [] and "more.mdc" in emitted
    assert answers.keys() == {1, 2, 3, 4}


def test_the_language_server_does_not_sync_with_less(somewhere: Place) -> None:
    declared = somewhere.manifest("lsp", Case(0))
    tried = [str(one) for one, _ in each_less(declared)]
    assert tried == ["FileWrite(.)"]
    for _, rest in each_less(declared):
        _, answers, emitted = session("lsp", {}, in_an_editor, rest, somewhere)
        assert "more.mdc" not in emitted
        assert "error" in answers[3] or answers[3]["result"]["problems"]


def test_the_language_server_sees_no_project_that_it_may_not_read(somewhere: Place) -> None:
    _, answers, emitted = session("lsp", {}, in_an_editor, CapabilityManifest(), somewhere)
    assert "more.mdc" not in emitted and ("error" in answers[3] or answers[3]["result"]["problems"])


def by_an_agent(root: Path) -> list[Message]:
    """What an agent says: a beginning, and what there is."""
    return [
        {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}}},
        {"id": 2, "method": "tools/list"},
    ]


def test_the_server_of_agents_serves_with_what_it_declares_and_not_with_less(somewhere: Place) -> None:
    """To say what there is it starts a process, and writes nothing: only calls do."""
    declared = somewhere.manifest("mcp serve", Case(0))
    done, answers, _ = session("mcp serve", {"ring": "T"}, by_an_agent, declared, somewhere, header=False)
    assert done.code == 0, done.stderr.decode()
    tools = [tool["name"] for tool in answers[2]["result"]["tools"]]
    assert {"status", "sync"} <= set(tools)
    lacks = dict(each_less(declared))
    assert [str(one) for one in lacks] == ["FileWrite(.)", SPAWNS]
    done, answers, _ = session(
        "mcp serve", {"ring": "T"}, by_an_agent, next(rest for one, rest in lacks.items() if str(one) == SPAWNS),
        somewhere, header=False,
    )  # fmt: skip
    assert done.code == 70 and 2 not in answers
    writes = next(rest for one, rest in lacks.items() if str(one) == "FileWrite(.)")
    for manifest, is_written in ((declared, True), (writes, False)):
        _, answers, emitted = session("mcp serve", {"ring": "T"}, that_syncs, manifest, somewhere, header=False)
        assert answers[2]["result"]["isError"] is not is_written and ("more.mdc" in emitted) is is_written


def that_syncs(root: Path) -> list[Message]:
    """What an agent says that has something done."""
    return [*by_an_agent(root)[:1], {"id": 2, "method": "tools/call", "params": {"name": "sync", "arguments": {}}}]


MEASURED = [
    Case(0, {"names": ["process/version"], "iterations": 1}),
    Case(0, {"names": ["tokenizer/lines"], "iterations": 1, "file": ".driven/rules.drv"}, idle=(SPAWNS,)),
]


@pytest.mark.parametrize("case", MEASURED, ids=lambda case: case.given["names"][0])
def test_a_benchmark_measures_with_what_it_declares_and_not_with_less(
    case: Case, somewhere: Place, tmp_path: Path
) -> None:
    """Besides it has folders for temporary files, one of them in memory, and the script that starts driven: that stands
    beside the interpreter, and not among the programs of a system. Processes begin in a folder that it may read."""
    place = Place.of(somewhere)
    place.write = tuple(one for one in (os.fspath(tmp_path), "/dev/shm") if os.path.isdir(one))
    place.execute = tuple(command()[0][:1])
    place.cwd = "" if "file" in case.given else os.fspath(tmp_path)
    declared = place.manifest("benchmark", case)
    code, data, _ = place.run("benchmark", case, declared)
    assert code == 0 and [row["name"] for row in data["rows"]] == case.given["names"]
    for one, rest in each_less(declared):
        assert place.run("benchmark", case, rest)[0] == (0 if str(one) in case.idle else 2), f"without {one}"


# Answers with what the host answers to `read("out/said.md")`. Its answer stands at 16.
COMPONENT = """(component
  (import "driven:plugin/host@1.0.0" (instance $host
    (export "read" (func (param "path" string) (result (result string (error string)))))))
  (core module $l
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      global.get $free
      (global.set $free (i32.add (global.get $free) (local.get 3)))))
  (core instance $l (instantiate $l))
  (core func $read (canon lower (func $host "read")
    (memory (core memory $l "memory")) (realloc (core func $l "realloc"))))
  (core module $m
    (import "l" "memory" (memory 2))
    (import "l" "read" (func $read (param i32 i32 i32)))
    (data (i32.const 64) "out/said.md")
    (func (export "transform") (param i32 i32) (result i32)
      (call $read (i32.const 64) (i32.const 11) (i32.const 16))
      i32.const 16))
  (core instance $m (instantiate $m (with "l" (instance
    (export "memory" (memory $l "memory")) (export "read" (func $read))))))
  (func (export "transform") (param "text" string) (result (result string (error string)))
    (canon lift (core func $m "transform") (memory (core memory $l "memory")) (realloc (core func $l "realloc")))))
"""


def _with_plugins(root: Path) -> None:
    (root / "src/p.py").write_text("def transform(text):\n    return text.upper()\n")
    for name in ("p", "w"):
        (root / f"src/{name}.toml").write_text('quota = "medium"\n[capabilities]\nFileRead = ["out"]\n')
    (root / "out/said.md").write_text("It is so.\n")


def test_a_component_runs_with_what_running_a_plugin_declares_and_not_with_less(somewhere: Place) -> None:
    """Ring W is made by a library and not by the kernel: it can stand in another ring. What the plugin asks of the host
    is read for it, and goes into the log. It does without the shell, which would be a ring in a ring."""
    wasmtime = pytest.importorskip("wasmtime")
    data = wasmtime.wat2wasm(COMPONENT)

    def setup(root: Path) -> None:
        _with_plugins(root)
        (root / "src/w.wasm").write_bytes(data)

    case = Case(0, {"path": "src/w.wasm", "input": "src/a.ts"}, setup)
    declared = somewhere.manifest("plugin run", case)
    code, answer, _ = somewhere.run("plugin run", case, declared)
    assert (code, answer["value"], answer["ring"], answer["calls"]) == (0, "It is so.\n", "W", 1)
    less = {str(one): somewhere.run("plugin run", case, rest)[0] for one, rest in each_less(declared)}
    assert less == {"FileWrite(.)": 2, "ShellExec": 0}
    for scopes, expected in ((["."], 0), (["src", "out"], 2)):  # the host begins at the project's folder
        some = CapabilityManifest.of({"FileRead": scopes, "FileWrite": [".driven/state"]})
        assert somewhere.run("plugin run", case, some)[0] == expected, scopes


def test_there_is_no_ring_of_processes_in_a_ring(somewhere: Place) -> None:
    """Who is held may not hand on what it is held by: no memory that is a program, no signal at a parent's end, no
    namespace, and no link from folder to folder, with which rings are tried before they are offered."""
    case = Case(0, {"path": "src/p.py", "input": "src/a.ts"}, _with_plugins)
    declared = somewhere.manifest("plugin run", case, optional=True)
    with somewhere.fresh(case) as root:
        words = [sys.executable, "-P", "-m", "driven", *command_line(LEAVES["plugin run"], "plugin run", case.given)]
        done = somewhere.confined("plugin run", words, declared, root)
    assert done.code == 7, "only a ring that holds runs a plugin"
    said = done.stderr.decode()
    assert "no ring that the manifest allows works here" in said and "Permission denied" in said


def test_the_rule_server_cannot_listen_in_a_ring(somewhere: Place) -> None:
    """Whatever is granted: a ring lets nobody in. Agents are not offered the verb; tests/serving runs it."""
    case = Case(2, {"store": "out/store", "port": "0"})
    for optional in (True, False):
        code, _, made = somewhere.run("serve", case, somewhere.manifest("serve", case, optional=optional))
        assert (code, made) == (2, [])
