"""Strangers: a folder that is not trusted, modules of the project that are called like ours, plugins that do what they
like. Nothing of them is imported unasked, and none of them gets between the server and its client."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp.living import EMITTED, LIMIT, STYLE, Editor, driven, editing, server_command, small_project

STYLE_AT = ".driven/rules/style.md"
UNTRUSTED = {"trusted": False, "status": True}
CHECK = """
from driven.check_kit import Document, Finding, hookimpl, file_check, collect

@file_check("STR01", "a stranger's", "driven/rule", why="w", url="https://example.com", verified="2026-11-22")
def stranger(document: Document):
    {run}
    yield Finding(message="a stranger was here")

@hookimpl
def driven_checks():
    return collect(globals())
"""
LOUD = """
import os, subprocess, sys
print("Content-Length: 5\\r\\n\\r\\nhello", flush=True)
os.write(1, b"raw\\n")
os.system("echo from a shell")
subprocess.run([sys.executable, "-c", "print('from a child')"], check=False)
if os.fork() == 0:
    os.write(1, b"from a fork\\n")
    os._exit(0)
sys.stdin.read()
"""
# Between an editor's pipes and a port.
LINE = """
import os, socket, sys, threading
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def send():
    while data := os.read(0, 65536):
        line.sendall(data)
threading.Thread(target=send, daemon=True).start()
while data := line.recv(65536):
    os.write(1, data)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project")


def plugin(folder: Path, name: str, code: str) -> dict[str, str]:
    """A plugin in a folder of its own, installed by an entry point; the environment that has it."""
    (folder / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(f"open({str(folder / 'imported')!r}, 'a').write('x')\n{code}")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[driven]\n{name} = {name}\n")
    return {"PYTHONPATH": str(folder)}


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_folder_that_is_not_trusted(project: Path, tmp_path: Path) -> None:
    """No plugin but ours is imported, nothing is written whatever is asked, and all that only looks goes on."""
    env = plugin(tmp_path / "site", "stranger", CHECK.format(run="pass"))
    (project / "CLAUDE.md").write_text("# Mine\n\n- Mine.\n")
    with Editor(project, env=env, initializationOptions=UNTRUSTED) as editor:
        uri = editor.open_file(project / STYLE_AT)
        editor.edit(uri, STYLE.replace("description", "descripton"))
        editor.until_codes(uri, "RUL06")
        editor.edit(uri, STYLE + "- Of a stranger.\n")
        editor.save(project / STYLE_AT)
        editor.wait_for("the status", lambda: editor.status and editor.status[-1]["roots"][0]["state"] == "untrusted")
        before = files(project)
        style = (project / EMITTED[0]).as_uri()
        for name, given in {
            "driven.sync": {}, "driven.adopt": {"uri": style}, "driven.newRule": {"id": "x"},
            "driven.resolveConflict": {"uri": style, "take": "rule"},
            "driven.import": {"uri": (project / "CLAUDE.md").as_uri()},
        }.items():  # fmt: skip
            assert "trust it in the editor" in editor.refused(name, **given), name
        assert editor.hover(uri, 1, 2)["result"]
        assert editor.run("driven.explain", uri=uri)["markdown"]
        assert editor.run("driven.sides", uri=style)["rule"]
        editor.call_through("driven/tree", {})
        assert files(project) == before
        assert "Of a stranger" not in (project / EMITTED[0]).read_text()
        assert not (tmp_path / "site/imported").exists()
        info = editor.run("driven.debugInfo")
        assert info["trusted"] is False and "stranger 1.0 disabled" in info["plugins"]
        editor.end()
    # Trusted, it is loaded, and what waited is synced.
    with editing(project, env=env) as editor:
        editor.wait_for("the stranger's", lambda: "STR01" in editor.codes(project / STYLE_AT))
        editor.run("driven.sync")
        assert (tmp_path / "site/imported").exists()
        assert "Of a stranger" in (project / EMITTED[0]).read_text()


@contextlib.contextmanager
def listening(env: dict[str, str]) -> Iterator[list[str]]:
    """One server for several clients; the command that is a line to it."""
    words = [*server_command(), "--tcp", "127.0.0.1:0"]
    with subprocess.Popen(words, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = re.search(r"listening on 127\.0\.0\.1:(\d+)", server.stderr.readline())
        try:
            assert said, "it does not listen"
            yield [sys.executable, "-c", LINE, said[1]]
        finally:
            server.terminate()
            server.communicate(timeout=LIMIT)
    assert server.returncode == 0


def test_each_session_of_one_process_has_its_own_trust(project: Path, tmp_path: Path) -> None:
    """Whether it came before the one that trusts or after it, and though both have the same folder open."""
    seen = tmp_path / "seen"
    env = plugin(tmp_path / "site", "stranger", CHECK.format(run=f"open({str(seen)!r}, 'a').write(document.text)"))
    (project / ".driven/state/plugins.index").unlink(missing_ok=True)
    misspelt = STYLE.replace("description", "descripton")
    with listening(env) as line, contextlib.ExitStack() as stack:
        before = stack.enter_context(Editor(project, command=line, initializationOptions=UNTRUSTED))
        uri = before.open_file(project / STYLE_AT, misspelt + "- Before.\n")
        before.until_codes(uri, "RUL06")
        assert not (tmp_path / "site/imported").exists()
        assert not (project / ".driven/state/plugins.index").exists(), "an index was left in a folder of strangers"
        trusting = stack.enter_context(Editor(project, command=line))
        trusting.open_file(project / STYLE_AT, misspelt + "- Trusted.\n")
        trusting.wait_for("both", lambda: sorted(trusting.codes(uri)) == ["RUL06", "STR01"])
        after = stack.enter_context(Editor(project, command=line, initializationOptions=UNTRUSTED))
        after.open_file(project / STYLE_AT, misspelt + "- After.\n")
        before.edit(uri, misspelt + "- Before, again.\n")
        for editor in (before, after):
            editor.until_codes(uri, "RUL06")
            editor.wait_for("a look", lambda editor=editor: editor.status[-1]["roots"][0]["state"] == "untrusted")
            assert "trust it in the editor" in editor.refused("driven.sync")
            assert "stranger 1.0 disabled" in editor.run("driven.debugInfo")["plugins"]
        assert "stranger 1.0 loaded" in trusting.run("driven.debugInfo")["plugins"]
        trusting.close(uri)
        (project / STYLE_AT).write_text(STYLE + "- Saved.\n")
        trusting.run("driven.sync")
        assert "- Saved." in (project / EMITTED[0]).read_text()
        assert "- Trusted." in seen.read_text()
        assert "- Before" not in seen.read_text() and "- After" not in seen.read_text()
        for editor in (before, after):
            assert not any("STR01" in editor.codes(one) for one in editor.told)
        for editor in (before, trusting, after):
            editor.end()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_project_with_modules_that_are_called_like_ours(project: Path, trusted: bool) -> None:
    """`python -m driven lsp` is started in the project's folder: none of its files is imported."""
    names = (
        "pygls", "lsprotocol", "yaml", "blake3", "attrs", "attr", "cattrs", "asyncio", "json", "re", "typing",
        "watchdog", "driven_lsp", "driven_checks", "driven_emitters", "pluggy", "sitecustomize", "usercustomize",
        "subprocess",
    )  # fmt: skip
    for name in names:
        (project / f"{name}.py").write_text(f"open('{project}/imported', 'a').write('{name} ')\n")
    command = [sys.executable, "-m", "driven", "lsp"]
    options = {"trusted": trusted}
    with Editor(project, command=command, cwd=project, initializationOptions=options) as editor:
        uri = editor.open_file(project / STYLE_AT)
        editor.edit(uri, STYLE.replace("description", "descripton"))
        editor.until_codes(uri, "RUL06")
        editor.save(project / STYLE_AT, STYLE + "- Saved.\n")
        if trusted:
            editor.wait_for("the sync", lambda: "- Saved." in (project / EMITTED[0]).read_text())
        editor.run("driven.explain", uri=uri)
        editor.run("driven.debugInfo")
        assert not (project / "imported").exists(), (project / "imported").read_text()
        editor.end()


@pytest.mark.parametrize("when", ["import", "check"])
def test_a_plugin_that_talks(project: Path, tmp_path: Path, when: str) -> None:
    """It prints, its children print, it reads stdin: the client sees none of it. (A message that were not one would end
    the reader of these tests.)"""
    code = LOUD + CHECK.format(run="pass") if when == "import" else f"LOUD = {LOUD!r}" + CHECK.format(run="exec(LOUD)")
    env = plugin(tmp_path / "site", "loud", code)
    with Editor(project, env=env) as editor:
        uri = editor.open_file(project / STYLE_AT)
        editor.until_codes(uri, "STR01")
        editor.edit(uri, STYLE + "- More.\n")
        editor.save(project / STYLE_AT)
        editor.wait_for("the sync", lambda: "- More." in (project / EMITTED[0]).read_text())
        assert "from a child" in editor.log and "from a fork" in editor.log
        editor.end()


@pytest.mark.parametrize("run", [
    "raise RuntimeError('no')", "raise SystemExit(3)", "import time; time.sleep(2)", "return 7",
    "import os; os.chdir('/')",
], ids=["raises", "ends", "hangs", "answers wrong", "moves"])  # fmt: skip
def test_a_plugin_that_misbehaves(project: Path, tmp_path: Path, run: str) -> None:
    """Of a check that fails is told, and the server goes on; a slow one keeps nobody else waiting."""
    env = plugin(tmp_path / "site", "bad", CHECK.format(run=run))
    with Editor(project, env=env) as editor:
        uri = editor.open_file(project / STYLE_AT)
        assert editor.hover(uri, 1, 2)["result"]
        editor.save(project / STYLE_AT, STYLE + "- More.\n")
        editor.wait_for("the sync", lambda: "- More." in (project / EMITTED[0]).read_text())
        editor.edit(uri, STYLE.replace("description", "descripton"))
        editor.wait_for("our own finding", lambda: "RUL06" in editor.codes(uri))
        driven(project, "sync", "--check")
        assert "result" in editor.call_through("shutdown")
        editor.notify("exit")
        assert editor.wait() == 0


def test_a_plugin_that_takes_long(project: Path, tmp_path: Path) -> None:
    """What is asked meanwhile can be taken back at once, and an answer about a text that was edited is refused."""
    gate = tmp_path / "gate"
    waits = f"import os, time\n    while os.path.exists({str(gate)!r}): time.sleep(0.01)"
    env = plugin(tmp_path / "site", "long", CHECK.format(run=waits))
    with editing(project, env=env) as editor:
        uri = editor.open_file(project / STYLE_AT)
        editor.until_codes(uri, "STR01")
        gate.touch()
        editor.edit(uri, STYLE + "- Waited for.\n")
        where = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 2}}
        first, second = (editor.ask("textDocument/hover", where) for _ in range(2))
        editor.notify("$/cancelRequest", {"id": first})
        editor.wait_for("an end of it", lambda: first in editor.answers)
        assert editor.answers[first]["error"]["code"] == -32800 and second not in editor.answers
        editor.edit(uri, STYLE + "- Another text.\n")
        editor.call_through("driven/nothing")  # what was sent before has been read
        gate.unlink()
        editor.wait_for("an answer", lambda: second in editor.answers)
        assert editor.answers[second]["error"]["code"] == -32801
        assert editor.hover(uri, 1, 2)["result"]


@pytest.mark.parametrize("run", ["raise KeyboardInterrupt", "document.text = None"], ids=["interrupts", "writes on it"])
def test_a_plugin_that_breaks_every_look(project: Path, tmp_path: Path, run: str) -> None:
    """Nothing can be told of the folder then; the session goes on, a sync as well, and it ends as it should."""
    env = plugin(tmp_path / "site", "worse", CHECK.format(run=run))
    with Editor(project, env=env) as editor:
        uri = editor.open_file(project / STYLE_AT)
        answer = editor.hover(uri, 1, 2)
        assert answer.get("result") or answer["error"]["code"] == -32603
        assert editor.run("driven.debugInfo")["roots"]
        assert "result" in editor.call_through("shutdown")
        editor.notify("exit")
        assert editor.wait() == 0
