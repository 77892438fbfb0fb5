"""An editor over raw pipes, and what its tests share: it keeps what it is told, answers what it is asked, and waits for
conditions, never for a time."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from clients.kit import CONFIG, STYLE, make_project, server_command

from lsp.raw import LIMIT, Client

T = TypeVar("T")

PULL: dict[str, Any] = {
    "textDocument": {"diagnostic": {"relatedInformation": True}},
    "workspace": {"diagnostics": {"refreshSupport": True}},
}
RELATED: dict[str, Any] = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}
EMITTED = (".cursor/rules/style.mdc", ".windsurf/rules/style.md", ".claude/rules/style.md", ".clinerules/style.md")
"""The files that rule `style` is written to alone: shared ones wait while a rule cannot be read."""

__all__ = [
    "CONFIG", "EMITTED", "LIMIT", "PULL", "RELATED", "STYLE", "Editor", "driven", "editing", "make_project",
    "server_command", "small_project", "snapshots", "until", "validated",
]  # fmt: skip


class Editor(Client):
    """A client with documents. `told` holds what was pushed, `asked` every request of the server."""

    def __init__(
        self, *folders: Path, capabilities: Mapping[str, Any] | None = None, command: Sequence[str] = (),
        cwd: Path | None = None, env: dict[str, str] | None = None, deaf: bool = False, **params: Any,
    ) -> None:  # fmt: skip
        """`deaf`: it answers no request of the server."""
        super().__init__(command or server_command(), cwd=cwd, env=env)
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.pushes: list[tuple[str, Any, int]] = []  # uri, version, number of findings
        self.asked: list[dict[str, Any]] = []
        self.said: list[str] = []  # window/showMessage and logMessage
        self.status: list[dict[str, Any]] = []
        self.answers: dict[Any, Any] = {}
        self.texts: dict[str, tuple[int, str]] = {}
        self.deaf = deaf
        self.settings: dict[str, Any] = {}
        if folders:
            params.setdefault("workspaceFolders", [{"uri": one.as_uri(), "name": one.name} for one in folders])
        self.info = self.call_through("initialize", {
            "processId": os.getpid(), "rootUri": None, "capabilities": capabilities or {}, **params,
        })["result"]  # fmt: skip
        self.notify("initialized")

    # What comes

    def take(self, message: dict[str, Any]) -> None:
        """One message of the server."""
        method, params = message.get("method"), message.get("params") or {}
        if method is None:
            assert message.get("id") not in self.answers, f"answered twice: {message}"
            self.answers[message["id"]] = message
        elif "id" in message:
            self.asked.append(message)
            if not self.deaf:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": self.reply(method, params)})
        elif method == "textDocument/publishDiagnostics":
            self.told[params["uri"]] = params["diagnostics"]
            self.pushes.append((params["uri"], params.get("version"), len(params["diagnostics"])))
        elif method in ("window/showMessage", "window/logMessage"):
            self.said.append(params["message"])
        elif method == "driven/status":
            self.status.append(params)

    def reply(self, method: str, params: dict[str, Any]) -> Any:
        if method == "workspace/configuration":
            return [self.settings for _ in params["items"]]
        if method == "workspace/applyEdit":
            return {"applied": True}
        return {"success": True} if method == "window/showDocument" else None

    def pump(self, limit: float = 0.01) -> bool:
        """Take what has come; whether there was anything."""
        came = False
        while True:
            try:
                message = self.next(0.0001 if came else limit)
            except queue.Empty:
                return came
            assert message is not None, f"the server ended: {self.log}"
            self.take(message)
            came = True

    def wait_for(self, what: str, look: Callable[[], T], limit: float = LIMIT) -> T:
        """The first true answer of `look`."""
        end = time.monotonic() + limit
        while True:
            self.pump(0.005)
            found = look()
            if found:
                return found
            assert time.monotonic() < end, f"waited in vain for {what}; told {self.told}; said {self.said}; {self.log}"

    def call_through(self, method: str, params: Any = None, limit: float = LIMIT) -> Any:
        """Ask and wait for the whole answer; what else comes meanwhile is taken."""
        number = self.ask(method, params)
        self.wait_for(f"the answer to {method}", lambda: number in self.answers, limit)
        return self.answers[number]

    def run(self, name: str, **given: Any) -> Any:
        """A command's result."""
        answer = self.call_through("workspace/executeCommand", {"command": name, "arguments": [given]})
        assert "result" in answer, answer
        return answer["result"]

    def refused(self, name: str, **given: Any) -> str:
        """Why a command was refused."""
        answer = self.call_through("workspace/executeCommand", {"command": name, "arguments": [given]})
        assert answer.get("error", {}).get("code") == -32803, answer
        return str(answer["error"]["message"])

    # Documents

    def open_file(self, path: Path, text: str | None = None) -> str:
        uri = path.as_uri()
        said = path.read_text(encoding="utf-8") if text is None else text
        self.texts[uri] = (1, said)
        self.open(uri, said)
        return uri

    def edit(self, uri: str, text: str) -> None:
        version = self.texts[uri][0] + 1
        self.texts[uri] = (version, text)
        self.change(uri, [{"text": text}], version)

    def save(self, path: Path, text: str | None = None) -> None:
        """Write a file as an editor does, and say so."""
        uri = path.as_uri()
        if text is not None and self.texts[uri][1] != text:
            self.edit(uri, text)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.texts[uri][1], encoding="utf-8")
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close(self, uri: str) -> None:
        self.texts.pop(uri, None)
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    # Findings

    def codes(self, path: Path | str) -> list[str]:
        """The codes of what was pushed for a file; for a URI, under this spelling of it."""
        if isinstance(path, str):
            return [str(one.get("code")) for one in self.told.get(path, ())]
        uri = unquote(path.as_uri())
        return [str(one.get("code")) for told, found in self.told.items() if unquote(told) == uri for one in found]

    def until_codes(self, path: Path | str, *codes: str) -> None:
        """Wait until the findings of a file are these."""
        self.wait_for(f"{codes} of {path}, not {self.codes(path)}", lambda: self.codes(path) == list(codes))

    def hover(self, uri: str, line: int = 0, character: int = 0) -> Any:
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        return self.call_through("textDocument/hover", where)

    def pulled(self, uri: str, previous: str | None = None) -> Any:
        params: dict[str, Any] = {"textDocument": {"uri": uri}}
        if previous is not None:
            params["previousResultId"] = previous
        return self.call_through("textDocument/diagnostic", params)["result"]

    def settle(self, uri: str) -> None:
        """Have the server answer something: what was sent before has been read."""
        self.call_through("driven/rulesHere", {"uri": uri})

    def end(self) -> None:
        """End the session as the protocol says; the server must end cleanly and have said nothing of a failure."""
        assert "result" in self.call_through("shutdown")
        self.notify("exit")
        assert self.wait() == 0
        assert "Traceback" not in self.log, self.log


@contextlib.contextmanager
def editing(*folders: Path, **options: Any) -> Iterator[Editor]:
    """An editor that is there for a while, and ends cleanly."""
    with Editor(*folders, **options) as editor:
        yield editor
        editor.end()


def until(what: str, look: Callable[[], T], limit: float = LIMIT) -> T:
    """The first true answer of `look`, where no server is asked."""
    end = time.monotonic() + limit
    while not (found := look()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)
    return found


def small_project(
    root: Path, rules: Mapping[str, str] | None = None, config: str = CONFIG, *, sync: bool = True
) -> Path:
    """A project with these rules (id -> text), synced."""
    for name, text in (rules or {"style": STYLE}).items():
        path = root / ".driven" / "rules" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / ".driven" / "config.toml").write_text(config, encoding="utf-8")
    if sync:
        driven(root, "sync", "--quiet")
    return root


def driven(root: Path, *words: str, codes: Sequence[int] = (0,)) -> str:
    """Run `driven` in a project."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "driven", "--root", str(root), *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in codes, (done.stdout, done.stderr)
    return done.stdout


def snapshots(root: Path) -> int:
    """How many syncs wrote something."""
    folder = root / ".driven" / "state" / "snapshots"
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def validated(root: Path) -> set[tuple[str, str, int, str]]:
    """What `driven validate` finds: path, code, line, message."""
    said = json.loads(driven(root, "validate", "--format", "json", codes=(0, 1)))
    return {(one["path"], one["code"], one["line"], one["message"]) for one in said["data"]["diagnostics"]}
