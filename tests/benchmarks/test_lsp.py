"""The rows of the language server are measured, each with what it says, and a server that is missing fails nothing. No
test looks at a clock."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from driven.benchmarks import lsp, run
from driven.benchmarks.lsp import BENCHMARKS
from driven.benchmarks.lsp_client import Client
from driven.benchmarks.processes import command, environment
from driven.errors import DrivenError

PEERS = {"lsp/edit-yaml", "lsp/edit-jedi", "lsp/edit-ruff"}
ASKED = {"lsp/completion", "lsp/hover"}
OURS = [benchmark.name for benchmark in BENCHMARKS if benchmark.name not in PEERS]


@pytest.mark.parametrize("name", OURS)
def test_a_row(name: str) -> None:
    (row,) = run([name], 1)
    assert row.value > 0 and row.ratio is not None and row.ratio > 0
    assert row.ok is None, "one round is no ground for a verdict"
    assert row.bar is not None and row.note


@pytest.mark.parametrize("name", sorted(PEERS))
def test_a_server_that_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lsp, "_program", lambda _name: None)
    (row,) = run([name], 1)
    assert row.value > 0 and row.ratio is None and row.ok is None
    assert "install `" in row.note and row.baseline


def test_the_bars_are_those_that_were_promised() -> None:
    ratios = {"lsp/start": 1.15, "lsp/edit-yaml": 8}
    for benchmark in BENCHMARKS:
        wanted = None if benchmark.name in ("lsp/edit-jedi", "lsp/edit-ruff") else ratios.get(benchmark.name, 1)
        assert benchmark.bar == wanted, benchmark.name
        assert benchmark.rounds >= 5


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_kind_of_place_is_answered(name: str) -> None:
    """With as many rounds as places, a place that nothing is said to is an error."""
    places = {"lsp/completion": lsp._COMPLETED, "lsp/hover": lsp._HOVERED}[name]
    (row,) = run([name], len(places))
    assert f"{len(places)} kinds of places" in row.note


def test_a_server_that_ends_is_told(tmp_path: Path) -> None:
    ends = Client([sys.executable, "-c", "pass"], str(tmp_path), dict(os.environ))
    with ends as client, pytest.raises(DrivenError, match="while it was measured"):
        client.initialize(str(tmp_path))


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    silent = [sys.executable, "-c", "import time; time.sleep(600)"]
    waits = Client(silent, str(tmp_path), dict(os.environ), 0.3)
    with waits as client, pytest.raises(DrivenError, match="did not answer"):
        client.initialize(str(tmp_path))


def test_a_refusal_is_an_error(tmp_path: Path) -> None:
    words, _ = command()
    with Client([*words, "lsp"], str(tmp_path), environment(len(words) == 1)) as client:
        with pytest.raises(DrivenError, match="textDocument/hover"):
            client.at("hover", "file:///x.md", 0, 0)  # before `initialize`
        client.begin(str(tmp_path))
        assert client.version


def test_versions_of_programs(tmp_path: Path) -> None:
    folder = tmp_path / "node_modules" / "a-server"
    (folder / "bin").mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "1.2.3"}', encoding="utf-8")
    program = folder / "bin" / "a-server"
    program.write_text("", encoding="utf-8")
    assert lsp._version_of(str(program)) == "1.2.3"
