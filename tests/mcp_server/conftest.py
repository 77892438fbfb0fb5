"""A project, strangers' plugins as they are installed, and the official client."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

DRIVEN = [sys.executable, "-P", "-m", "driven"]

HEAD = '''"""A stranger's plugin."""
from driven.grammar.dsl import STRING, flag, noun, option, positional, record, verb
from driven.hookspecs import hookimpl
'''
# A noun with verbs of every kind that matters here.
VERBS = """
@hookimpl
def driven_commands():
    yield noun("probe", "try things out",
        verb("say", "say it back", positional("what", "what to say"), run="{module}.verbs:say",
             answers=record(said=STRING), touches={touches!r}),
        verb("flood", "answer without end", run="{module}.verbs:flood"),
        verb("sleep", "sleep for long", run="{module}.verbs:sleep", touches=["FileWrite(notes)"]),
        verb("steal", "read what it does not declare", run="{module}.verbs:steal", touches=["FileRead(notes)"]),
        verb("lie", "answer what its grammar does not say", run="{module}.verbs:lie", answers=record(said=STRING)),
        verb("noise", "print what is no answer", run="{module}.verbs:noise", answers=record(said=STRING)),
        verb("plain", "print a text", run="{module}.verbs:plain"),
        verb("crash", "raise", run="{module}.verbs:crash"),
        verb("fatal", "end the process", run="{module}.verbs:fatal"),
        verb("talk", "talk with somebody", run="{module}.verbs:say", interactive="only"),
        verb("wipe", "delete things", run="{module}.verbs:plain", writes="deletes", touches=["FileWrite(.)"],
             review=True),
    )
"""
FUNCTIONS = '''"""What the verbs do."""
import os, pathlib, sys, time

def say(args, app):
    app.answer(lambda: {"said": args.what}, lambda out: out.line(args.what))
    return app.outcome()

def flood(args, app):
    while True:
        print("x" * 100000)

def sleep(args, app):
    pathlib.Path("notes/asleep").write_text(str(os.getpid()))
    time.sleep(600)

def steal(args, app):
    print(pathlib.Path(".driven/config.toml").read_text(), pathlib.Path("/etc/hosts").read_text())
    return 0

def lie(args, app):
    app.answer(lambda: {"said": 3}, lambda out: None)
    return 0

def noise(args, app):
    print('{"jsonrpc": "2.0", "id": 1, "result": {}}')
    print("no answer")
    os.write(1, b'{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}\\n')
    app.answer(lambda: {"said": "it"}, lambda out: None)
    return 0

def plain(args, app):
    print("plain words")
    return 0

def crash(args, app):
    raise RuntimeError("a stranger's bug")

def fatal(args, app):
    os.kill(os.getpid(), 9)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one rule and one editor, not synced yet."""
    folder = tmp_path / "shop"
    (folder / ".driven/rules").mkdir(parents=True)
    (folder / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\n", encoding="utf-8")
    (folder / "notes").mkdir()
    (folder / ".driven/rules/errors.md").write_text("# Errors name the thing\n\nSay where.\n", encoding="utf-8")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of modules, to be put on PYTHONPATH."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def install(site: Path, name: str, *, touches: list[str] | None = None, extra: str = "", body: str = VERBS) -> None:
    """Put a plugin there as an installer does: its package, and its metadata with an entry point."""
    module = name.replace("-", "_")
    package = site / module
    package.mkdir(exist_ok=True)
    text = HEAD + extra + body.replace("{module}", module).replace("{touches!r}", repr(touches or []))
    (package / "__init__.py").write_text(text, encoding="utf-8")
    (package / "verbs.py").write_text(FUNCTIONS, encoding="utf-8")
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[driven]\n{name} = {module}\n", encoding="utf-8")


def environment(site: Path | None) -> dict[str, str]:
    """What the server is started with."""
    kept = {name: value for name, value in os.environ.items() if name != "DRIVEN_DISABLE_PLUGINS"}
    return {**kept, "PYTHONPATH": os.fspath(site)} if site else kept


def talk(
    project: Path, story: Callable[[Any], Awaitable[Any]], *, site: Path | None = None, words: tuple[str, ...] = (),
    **client: Any,
) -> Any:  # fmt: skip
    """Run `story(client)` with the official SDK connected to a server in `project`."""
    from mcp import Client, StdioServerParameters

    async def whole() -> Any:
        told = StdioServerParameters(
            command=DRIVEN[0], args=[*DRIVEN[1:], "mcp", "serve", *words], cwd=project, env=environment(site)
        )
        async with Client(told, **client) as connected:
            return await asyncio.wait_for(story(connected), 120)

    return asyncio.run(whole())


class Server:
    """One server for many calls, spoken to in raw lines."""

    def __init__(self, project: Path, site: Path | None = None) -> None:
        import subprocess

        self.process = subprocess.Popen(
            [*DRIVEN, "mcp", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project, env=environment(site)
        )
        start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        self.count = 0
        self.ask("initialize", start)

    def say(self, message: dict[str, Any]) -> None:
        import json

        assert self.process.stdin
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def tell(self, method: str, params: dict[str, Any], number: int) -> None:
        self.say({"id": number, "method": method, "params": params})

    def ask(self, method: str, params: dict[str, Any], number: int = 0) -> dict[str, Any]:
        import json

        self.count += 1
        asked = number or self.count
        self.tell(method, params, asked)
        assert self.process.stdout
        while True:
            message: dict[str, Any] = json.loads(self.process.stdout.readline())
            if message.get("id") == asked:
                return message

    def end(self) -> None:
        """Close its input and wait for its end."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()

    def call(self, name: str, given: dict[str, Any]) -> Any:
        return self.ask("tools/call", {"name": name, "arguments": given})["result"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / ".driven/rules").mkdir(parents=True)
    (folder / ".driven/config.toml").write_text("version = 1\n[editors]\ncursor = true\n", encoding="utf-8")
    (folder / "out").mkdir()
    (folder / "out/link").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    made = Server(folder)
    yield made
    made.end()
