"""What the tests of the command line share: a project to work in, the main to call, and texts to compare with."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from driven.cli.app import main
from driven.grammar.commands import COMMANDS

CASES = Path(__file__).parent / "cases"

RULES = {
    "errors.md": "# Errors name the thing\n\nAn error says where, what, and what to do.\n",
    "backend/api.md": "---\npaths: [src/api/**/*.ts]\ndescription: HTTP handlers and routing\n---\n\n# Handlers\n\n"
    "- Validate input.\n- Never log tokens.\n",
    "sql.md": "---\napply: model\ndescription: How we write SQL\n---\n\nName every column.\n",
    "release.md": "---\napply: manual\n---\n\n1. Tag.\n2. Push.\n",
    "web/css.md": "---\npaths: 'web/**/*.css'\ntargets: [cursor]\n---\n\nNo `!important`.\n",
}
NAMES = {c.name: c for c in COMMANDS if not c.verbs} | {f"{c.name} {v.name}": v for c in COMMANDS for v in c.verbs}
CONFIG = "version = 1\n[editors]\ncursor = true\ncopilot = true\naider = true\n"


@dataclass
class Ran:
    """What one run gave."""

    code: int
    out: str
    err: str


Drive = Callable[..., Ran]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour and no width from the terminal that the tests run in."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "DRIVEN_DISABLE_PLUGINS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def drive(capsys: pytest.CaptureFixture[str]) -> Drive:
    """Run `driven WORDS…` in this process."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def on_terminal() -> Callable[..., str]:
    """What `driven WORDS…` shows on a real terminal, so many columns wide."""
    import fcntl
    import pty
    import struct
    import subprocess
    import sys
    import termios

    def show(columns: int, *words: str) -> str:
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 200, columns, 0, 0))
        env = {**os.environ, "TERM": "dumb", "NO_COLOR": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "driven", *words], stdin=child, stdout=child, stderr=child, env=env
        )  # fmt: skip
        os.close(child)
        parts: list[bytes] = []
        try:
            while part := os.read(parent, 65536):
                parts.append(part)
        except OSError:  # its end, as Linux tells it
            pass
        os.close(parent)
        assert process.wait(timeout=60) == 0
        return b"".join(parts).decode().replace("\r\n", "\n")

    return show


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def project(empty: Path) -> Path:
    """A project with five rules and three editors, not synced yet, to stand in."""
    for name, text in RULES.items():
        path = empty / ".driven/rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    (empty / ".driven/config.toml").write_text(CONFIG, encoding="utf-8")
    return empty


@pytest.fixture
def expect(tmp_path: Path) -> Callable[[str, str], None]:
    """Compare a text with tests/cli/cases/NAME.txt. UPDATE_CASES=1 writes it instead, to be read before it is kept."""

    def compare(name: str, text: str) -> None:
        text = text.replace(os.fspath(tmp_path), "/tmp")
        text = re.sub(r"\b[0-9.]+ (ms|s)\)", "T)", text)
        file = CASES / f"{name}.txt"
        if os.environ.get("UPDATE_CASES"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def answer(drive: Drive) -> Callable[..., Any]:
    """The data of `driven WORDS … --json`, held against its schema; nothing else may be printed."""

    def run(words: str, *more: str, code: int = 0) -> Any:
        ran = drive(*words.split(), *more, "--json")
        assert (ran.code, ran.err) == (code, ""), ran
        envelope = json.loads(ran.out)
        assert ran.out.count("\n") == 1 and list(envelope) == ["ok", "data", "error", "meta"]
        assert envelope["ok"] is True and envelope["error"] is None
        name = next(name for name in reversed(NAMES) if words == name or words.startswith(name + " "))
        assert envelope["meta"]["schema"] == f"driven.{name.replace(' ', '.')}/1"
        assert faults(envelope["data"], json.loads(NAMES[name].result)) == []
        return envelope["data"]

    return run


# A checker for the subset of JSON schema that the grammar's result schemas use.

_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip
_KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf"}


def faults(value: Any, schema: dict[str, Any], place: str = "data") -> list[str]:
    """Where `value` is not what `schema` says; empty when it is."""
    assert set(schema) <= _KNOWN, f"the checker does not know {set(schema) - _KNOWN}"
    if "anyOf" in schema:
        tries = [faults(value, one, place) for one in schema["anyOf"]]
        return [] if [] in tries else min(tries, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{place}: {value!r} is none of {schema['enum']}"]
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(value, name) for name in names):
        return [f"{place}: {value!r} is no {' or '.join(names)}"]
    found: list[str] = []
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        found += [f"{place}: no `{key}`" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            if key in properties:
                found += faults(item, properties[key], f"{place}.{key}")
            elif more is False:
                found.append(f"{place}: `{key}` is not in the schema")
            elif isinstance(more, dict):
                found += faults(item, more, f"{place}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            found += faults(item, schema["items"], f"{place}[{i}]")
    return found


def _is(value: Any, name: str) -> bool:
    # In Python a bool is an int; in JSON it is not.
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
