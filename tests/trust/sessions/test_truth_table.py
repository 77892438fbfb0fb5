"""One table for the three that say what a session may do: the types, the checks at run time, and ring L below both.

Each cell is a state of a session and a class of power that somebody in it tries to use. The types are asked through
mypy and pyright, a line for each cell; the session is asked by a grant; in the ring a real program tries it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from driven.errors import PolicyError, SandboxError
from driven.trust.capability import CapabilityManifest, capability
from driven.trust.contract import CLASSES, contract
from driven.trust.reasons import justify
from driven.trust.session import Session
from tests.trust.sessions.checkers import by_mypy, by_pyright

# `+` allowed, `.` denied; the columns are the classes in the order of `CLASSES`. An escalated session has what it moved
# to, and no more what it moved from.
COLUMNS = ("Pure", "ReadOnlyFS", "Environment", "Network", "ReadWriteFS", "Subprocess", "Dangerous")
TABLE = {
    "Unverified":                                     ". . . . . . .",
    "Verified[Pure]":                                 "+ . . . . . .",
    "Verified[ReadOnlyFS]":                           "+ + . . . . .",
    "Verified[Environment]":                          "+ . + . . . .",
    "Verified[Network]":                              "+ . . + . . .",
    "Verified[ReadWriteFS]":                          "+ . . . + . .",
    "Verified[Subprocess]":                           "+ . . . . + .",
    "Verified[ReadOnlyFS | Network]":                 "+ + . + . . .",
    "Escalated[Network, Pure]":                       "+ . . . . . .",
    "Escalated[Subprocess, ReadOnlyFS]":              "+ + . . . . .",
    "Escalated[ReadOnlyFS, Environment]":             "+ . + . . . .",
    "Escalated[ReadWriteFS, Network]":                "+ . . + . . .",
    "Escalated[Network, ReadWriteFS]":                "+ . . . + . .",
    "Escalated[Pure, Subprocess]":                    "+ . . . . + .",
    "Escalated[ReadOnlyFS, ReadWriteFS | Subprocess]": "+ . . . + + .",
}  # fmt: skip
SCOPES = {
    "ReadOnlyFS": ("FileRead", "docs"),
    "Environment": ("EnvAccess", "DRIVEN_TRUTH"),
    "Network": ("NetworkAccess", "127.0.0.1:{port}"),
    "ReadWriteFS": ("FileWrite", "out"),
    "Subprocess": ("ProcessSpawn", "true"),
    "Dangerous": ("ShellExec", ""),
}
# What tries it: each ends with 0 when it got through. Opened to write alone: what may be written is not thereby read.
TRIES = {
    "Pure": "assert sum(range(10)) == 45",
    "ReadOnlyFS": "assert open('docs/a.md').read() == 'read me'",
    "Environment": "import os; assert os.environ['DRIVEN_TRUTH'] == 'seen'",
    "Network": "import socket; socket.create_connection(('127.0.0.1', {port}), 5).close()",
    "ReadWriteFS": "import os; os.write(os.open('out/there', os.O_WRONLY), b'x')",
    "Subprocess": "import os; assert os.spawnlp(os.P_WAIT, 'true', 'true') == 0",
    "Dangerous": "import os; assert os.spawnl(os.P_WAIT, '/bin/sh', 'sh', '-c', 'exit 0') == 0",
}
ALL = """
import ast, sys
for name, code in ast.literal_eval(sys.argv[1]).items():
    try:
        exec(code, {})
        print(name, "+", flush=True)
    except Exception as error:
        print(name, repr(error), flush=True)
"""
TOLD = justify("the truth of this table is asked of all three that hold power back", 50)


def wanted() -> dict[tuple[str, str], bool]:
    return {
        (state, column): mark == "+"
        for state, marks in TABLE.items()
        for column, mark in zip(COLUMNS, marks.split(), strict=True)
    }


def parts(state: str) -> tuple[list[str], list[str]]:
    """The classes that it moved from, and those that it has: `Escalated[A, B | C]` -> [A], [B, C]."""
    inside = state.partition("[")[2].removesuffix("]")
    first, comma, second = inside.partition(", ")
    had, has = (first, second) if comma else ("", first)
    return [one for one in had.split(" | ") if one], [one for one in has.split(" | ") if one]


def test_the_table_has_a_column_for_each_class() -> None:
    assert tuple(CLASSES) == COLUMNS


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[tuple[str, str], int]]:
    """A file with one line for each cell, and the numbers of the lines."""
    text = ["from driven.trust.contract import *", "from driven.trust.session import *", ""]
    text += [f"def use_{name}(grant: Grant[{name}]) -> None: ..." for name in COLUMNS]
    at = {}
    for number, state in enumerate(TABLE):
        text.append(f"def state_{number}(session: Session[{state}]) -> None:")
        for name in COLUMNS:
            text.append(f"    session.run(use_{name})")
            at[state, name] = len(text)
    path = tmp_path_factory.mktemp("truth") / "cells.py"
    path.write_text("\n".join(text) + "\n")
    return path, at


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_what_the_types_say(checker: Any, lines: tuple[Path, dict[tuple[str, str], int]]) -> None:
    path, at = lines
    errors = {line for name, line in checker(path) if name == path.name}
    assert {cell: line not in errors for cell, line in at.items()} == wanted()
    assert errors <= set(at.values()), "no error beside the cells"


def manifest(names: list[str], port: int = 443) -> CapabilityManifest:
    found: dict[str, list[str]] = {}
    for name in names:
        if name != "Pure":
            kind, scope = SCOPES[name]
            found.setdefault(kind, []).append(scope.format(port=port))
    return CapabilityManifest.of(found, quota="medium")


def session_in(state: str, port: int = 443) -> Any:
    """A session in that state, by the steps that lead there."""
    made: Any = Session.open("truth")
    had, has = parts(state)
    for names in (had, has):
        if names:
            step: Any = contract(manifest(names, port), *(CLASSES[one] for one in names))  # type: ignore[call-overload]
            made = made.verify(step) if made.contract is None else made.escalate(step, TOLD)
    return made


@pytest.mark.parametrize("state", TABLE)
def test_what_the_session_says(state: str) -> None:
    for name in COLUMNS:
        session = session_in(state)

        def use(grant: Any, name: str = name) -> None:
            if name != "Pure":
                kind, scope = SCOPES[name]
                grant.need(capability(kind, scope.format(port=443)))

        try:
            if session.contract is None:
                raise PolicyError("nothing runs without a contract")
            session.run(use)
            said = True
        except PolicyError:
            said = False
        assert said == wanted()[state, name], name
    if state == "Unverified":
        with pytest.raises(PolicyError):
            session_in(state).run(lambda grant: grant.need(capability("FileRead", "docs")))


@pytest.fixture
def listener() -> Any:
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


@pytest.mark.parametrize("state", TABLE)
def test_what_the_ring_says(state: str, tmp_path: Path, listener: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.trust.rings import confine, python_places

    monkeypatch.setenv("DRIVEN_TRUTH", "seen")
    for name, text in (("docs/a.md", "read me"), ("out/there", "")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    granted = session_in(state, listener).contract
    if granted is None:
        assert not any(wanted()[state, name] for name in COLUMNS)  # there is nothing to confine by: nobody starts it
        return
    tries = {name: TRIES[name].format(port=listener) for name in COLUMNS}
    words = [sys.executable, "-I", "-S", "-c", ALL, repr(tries)]
    try:
        done = confine(granted.manifest, words, root=str(tmp_path), read=python_places(), wall=20)
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"ring L does not hold here: {error}")
    assert (done.code, done.ended) == (0, ""), done
    said = dict(line.split(" ", 1) for line in done.stdout.decode().splitlines())
    assert {name: said[name] == "+" for name in COLUMNS} == {name: wanted()[state, name] for name in COLUMNS}, said
