"""A plugin in rings N and L: its words in and out, what it asks, what it tries, and a plugin that lies."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError, PluginError, PolicyError, SandboxError
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import Sandbox
from driven.trust.rings.broker import Broker
from driven.trust.rings.sandbox import Conversation
from trust.rings.conftest import ring

Write = Callable[[str], str]


@pytest.fixture(params=["N", "L"])
def which(request: pytest.FixtureRequest) -> str:
    ring(request.param)
    return str(request.param)


def sandbox(which: str, project: Path, audit: Any = None, **wanted: list[str]) -> Sandbox:
    manifest = CapabilityManifest.of(wanted, quota="medium")
    return Sandbox(manifest, which, root=os.fspath(project), audit=audit)


def test_words_go_in_and_an_answer_comes_out(which: str, project: Path, plugin: Write) -> None:
    path = plugin("def join(*words, sep='-'):\n print('joining')\n return {'joined': sep.join(words)}")
    one = sandbox(which, project)
    done = one.run(path, "join", ["a", "ä"])
    assert (done.value, done.ring, done.log, done.violations) == ({"joined": "a-ä"}, which, "joining\n", ())
    assert one.run(path, "join", {"sep": "+"}).value == {"joined": ""}


def test_it_asks_the_host(which: str, project: Path, plugin: Write) -> None:
    text = """
import host
def work():
    host.log("at work")
    host.write("out/b.md", host.read("docs/a.md").upper())
    refused = []
    for path in ("secret", "../secret"):
        try: host.read(path)
        except PermissionError as error: refused.append(str(error))
    try: host.write(".git/hooks/x", "x")
    except PermissionError: refused.append("hooks")
    return refused
"""
    entries: list[dict[str, Any]] = []
    done = sandbox(which, project, entries.append, FileRead=["docs"], FileWrite=["out", ".git"]).run(
        plugin(text), "work"
    )
    assert (project / "out/b.md").read_text() == "A RULE\n" and done.log == "at work\n" and done.calls == 5
    assert "the manifest lacks FileRead(secret)" in done.value[0] and done.value[2] == "hooks"
    assert [one["outcome"] for one in entries[:5]] == ["allowed", "allowed", "denied", "denied", "denied"]
    assert "FileRead(secret)" in [one.lacks for one in done.violations]
    assert {one["outcome"] for one in entries[5:]} == {"violation"}


def test_it_reads_what_is_granted_by_itself_and_writes_nothing(which: str, project: Path, plugin: Write) -> None:
    text = f"""
def work():
    found = [open("{project}/docs/a.md").read()]
    for path in ("{project}/docs/new", "/tmp/new-of-a-plugin"):
        try: open(path, "w")
        except OSError as error: found.append(type(error).__name__)
    return found
"""
    done = sandbox(which, project, FileRead=["docs"], FileWrite=["docs"]).run(plugin(text), "work")
    assert done.value[0] == "a rule\n" and len(done.value) == 3 and not (project / "docs/new").exists()


def test_what_it_tried_is_told(which: str, project: Path, plugin: Write) -> None:
    text = """
import os, socket, subprocess
def work():
    for tried in (lambda: open("/etc/passwd"), lambda: socket.socket(), lambda: subprocess.run(["ls"])):
        try: tried()
        except OSError: pass
"""
    done = sandbox(which, project).run(plugin(text), "work")
    assert {"FileRead(/etc/passwd)", "NetworkAccess", "ProcessSpawn(ls)"} <= {one.lacks for one in done.violations}


def test_a_failure_names_what_is_lacking(which: str, project: Path, plugin: Write) -> None:
    entries: list[dict[str, Any]] = []
    with pytest.raises(PluginError, match=r"its manifest lacks FileRead\(/etc/passwd\)"):
        sandbox(which, project, entries.append).run(plugin("def work(): open('/etc/passwd')"), "work")
    assert [(one["outcome"], one["target"]) for one in entries] == [("violation", "/etc/passwd")], "the log has it, too"
    with pytest.raises(PluginError, match="it has no function `other`, but work"):
        sandbox(which, project).run(plugin("def work(): 1"), "other")
    with pytest.raises(PluginError, match="it has no function `_load`"):
        sandbox(which, project).run(plugin("def _load(): 1"), "_load")
    with pytest.raises(PluginError, match="SyntaxError"):
        sandbox(which, project).run(plugin("def"), "work")


def test_a_failure_names_the_line_of_the_plugin(which: str, project: Path, plugin: Write, tmp_path: Path) -> None:
    text = """import json
def work(): return json.loads("{")
def asks():
    import host
    return host.read("docs/a.md")
def leaves(): raise SystemExit(3)
def hides(): exec(compile("\\n\\n1 / 0", "/etc/passwd", "exec"))
"""
    one = sandbox(which, project)
    for method, line, said in (
        ("work", 2, "JSONDecodeError"), ("asks", 5, "PermissionError"), ("leaves", 6, "RuntimeError: it called sys"),
        ("hides", 7, "ZeroDivisionError"),
    ):  # fmt: skip
        with pytest.raises(PluginError, match=rf"^`{method}` failed at plugin\.py:{line}: {said}"):
            one.run(plugin(text), method)
    folder = tmp_path / "pack"
    (folder / "more").mkdir(parents=True)
    (folder / "plugin.py").write_text("from more.deep import work\n")
    (folder / "more/deep.py").write_text("def work():\n    return {}['x']\n")
    with pytest.raises(PluginError, match=r"^`work` failed at more/deep\.py:2: KeyError: 'x'$"):
        one.run(os.fspath(folder), "work")
    (folder / "plugin.py").write_text("\n1 / 0\n")
    with pytest.raises(PluginError, match=r"failed at plugin\.py:2: ZeroDivisionError"):
        one.run(os.fspath(folder), "work")
    with pytest.raises(PluginError, match=r"^`none` failed: LookupError"):
        one.run(plugin(text), "none")


def test_a_folder_is_a_plugin_too(which: str, project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "plugin.py").write_text("import helper\ndef work(): return helper.value")
    (folder / "helper.py").write_text("value = 7")
    assert sandbox(which, project).run(os.fspath(folder), "work").value == 7


def test_a_key_of_the_environment_that_is_named(
    which: str, project: Path, plugin: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANTED", "wanted")
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    path = plugin("import os\ndef work(): return [os.environ.get('WANTED'), 'SECRET_TOKEN' in os.environ]")
    assert sandbox(which, project, EnvAccess=["WANTED"]).run(path, "work").value == ["wanted", False]


def test_what_is_no_plugin_and_no_json(project: Path, plugin: Write) -> None:
    with pytest.raises(PluginError, match="there is no plugin"):
        Sandbox(CapabilityManifest()).run(os.fspath(project / "none.py"), "work")
    with pytest.raises(PluginError, match="no JSON"):
        Sandbox(CapabilityManifest()).run(plugin("def work(): 1"), "work", [object()])
    (project / "away").symlink_to("/")
    with pytest.raises(PolicyError, match="leads out"):
        sandbox("L", project, FileRead=["away"]).run(plugin("def work(): 1"), "work")


def _talk(project: str = ".") -> Conversation:
    return Conversation(Broker(CapabilityManifest(), project), "work", [], b"s" * 16)


def _frame(payload: bytes, session: bytes = b"s" * 16, stream: int = 1, sequence: int = 1) -> bytes:
    return struct.pack("<I16sB7xQQ", 40 + len(payload), session, stream, sequence, 0) + payload


ANSWER = b'{"jsonrpc":"2.0","id":0,"result":1}'


def test_an_answer_is_an_answer() -> None:
    talk = _talk()
    assert talk.heard(_frame(ANSWER)) is None and talk.value() == 1


@pytest.mark.parametrize(
    "data",
    [b"\0" * 44, b"\xff" * 50, _frame(ANSWER, b"x" * 16), _frame(ANSWER, stream=2), _frame(ANSWER, sequence=0),
     _frame(b"{}"), _frame(b"[]"), _frame(b"\xff"), _frame(b"[" * 100_000), _frame(b'{"jsonrpc":"2.0","method":1}'),
     _frame(b'{"jsonrpc":"2.0","method":"host.read","params":[],"id":1}'),
     _frame(b'{"jsonrpc":"2.0","method":"other","params":{},"id":1}'), struct.pack("<I", 1 << 31) + b"x" * 60,
     _frame(b'{"jsonrpc":"2.0","method":"host.read","params":{},"id":"x"}'),
     _frame(b'{"jsonrpc":"2.0","id":7,"result":1}'), _frame(b'{"jsonrpc":"2.0","id":0,"result":NaN}'),
     _frame(b'{"jsonrpc":"2.0","id":0,"result":-1e999}'),
     _frame(b'{"jsonrpc":"2.0","id":0,"result":' + b"[" * 500 + b"]" * 500 + b"}")],
)  # fmt: skip
def test_what_breaks_the_protocol_ends_the_talk(data: bytes) -> None:
    talk = _talk()
    assert talk.heard(data) is None and talk.answer is None
    error = talk.failed(0, "", "", "L", launcher=False)
    assert isinstance(error, SandboxError) and "protocol" in error.message


@settings(max_examples=60)
@given(st.lists(st.one_of(st.binary(max_size=80), st.builds(_frame, st.binary(max_size=60)), st.just(_frame(ANSWER)))))
def test_whatever_a_plugin_sends_is_an_error_of_ours_or_nothing(parts: list[bytes]) -> None:
    talk = _talk()
    for part in parts:
        if talk.heard(part) is None:
            break
    try:
        talk.value() if talk.answer is not None else None
    except DrivenError:
        return


@pytest.mark.parametrize(
    "violations",
    [1, [1], [{}], [{"kind": "x", "what": "y"}], [{"kind": [], "what": "y"}], [{"kind": {}, "what": {}}],
     [{"kind": "FileRead", "what": "\x1b[2J" * 9}] * 999],
)  # fmt: skip
def test_what_it_tells_of_itself_is_bounded_and_printable(violations: Any) -> None:
    import json

    talk = _talk()
    talk.heard(_frame(json.dumps({"jsonrpc": "2.0", "id": 0, "result": 1, "violations": violations}).encode()))
    assert len(talk.violations) <= 64 and all(one.tried.isprintable() for one in talk.violations)


@pytest.mark.parametrize(
    ("file", "line", "at"),
    [("plugin.py", 3, " at plugin.py:3"), ("more/deep.py", 1, " at more/deep.py:1"), ("none.py", 3, ""),
     ("../secret", 3, ""), ("/etc/passwd", 3, ""), ("more/../plugin.py", 3, ""), ("more", 3, ""), ("", 3, ""),
     ("plugin.py", 0, ""), ("plugin.py", -1, ""), ("plugin.py", True, ""), ("plugin.py", 1 << 70, ""),
     ("plugin.py", "3", ""), ("plugin.py", 3.0, ""), (["plugin.py"], 3, ""), (None, None, ""), ("a\0b", 3, ""),
     ("\x1b[2J.py", 3, ""), ("\ud800", 3, ""), ("x" * 5000, 3, ""), ("away/secret", 3, ""), ("x/" * 500 + "x", 3, "")],
)  # fmt: skip
def test_where_it_says_that_it_failed_is_its_own_file_or_nothing(
    project: Path, tmp_path: Path, file: Any, line: Any, at: str
) -> None:
    import json

    folder = tmp_path / "pack"
    (folder / "more").mkdir(parents=True)
    for name in ("plugin.py", "more/deep.py"):
        (folder / name).write_text("")
    said = {"code": 1, "message": "m", "data": {"type": "E", "file": file, "line": line}}
    data = json.dumps({"jsonrpc": "2.0", "id": 0, "error": said}).encode()
    for path, whole in ((folder, at), (folder / "plugin.py", at if file == "plugin.py" else "")):
        talk = Conversation(Broker(CapabilityManifest(), str(project)), "work", [], b"s" * 16, os.fspath(path))
        talk.heard(_frame(data))
        with pytest.raises(PluginError) as found:
            talk.value()
        assert found.value.message == f"`work` failed{whole}: E: m"


def test_an_error_of_a_plugin_is_printable() -> None:
    talk = _talk()
    talk.heard(_frame(b'{"jsonrpc":"2.0","id":0,"error":{"message":"\\u001b[2J\\u202e","data":{"type":"\\u0000"}}}'))
    with pytest.raises(PluginError) as found:
        talk.value()
    assert found.value.message.isprintable()
    for error in ('"x"', "[]", '{"data":[]}', '{"message":{}}'):
        talk = _talk()
        talk.heard(_frame(b'{"jsonrpc":"2.0","id":0,"error":' + error.encode() + b"}"))
        with pytest.raises(PluginError):
            talk.value()
