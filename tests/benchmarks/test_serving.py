"""The clients of `serve/fanout` do what its row says: driven's own, each with the new version on its disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from driven.benchmarks import processes, serving
from driven.benchmarks.measure import Bench

pytest.importorskip("uvicorn")
pytest.importorskip("zstandard")


def test_every_client_has_the_next_version_in_a_file_of_its_own() -> None:
    with Bench(rounds=1) as bench:
        times, cpu, memory = serving._published(bench)
        folder = str(bench.kept["serving-folder"])
        new = Path(folder, "new.pack").read_bytes()
        files = [Path(top, name) for top, _, names in os.walk(bench.folder) for name in names if name.endswith(".pack")]
        kept = [file for file in files if file.name == f"{serving.PACK}.pack"]
        assert len(kept) == len(times) == serving._FEW
        assert len({file.parent for file in kept}) == len(kept)
        assert all(file.read_bytes() == new for file in kept)
    assert times == sorted(times) and times[0] > 0
    assert cpu > 0 and memory >= 0


def test_a_client_takes_nothing_that_another_key_signed(tmp_path: Path) -> None:
    with Bench(rounds=1) as bench, serving._served(bench) as (url, _, _):
        words = [url, serving.PACK, "SHA256:" + "A" * 43, str(tmp_path), "2"]
        env = processes.environment(False) | {"DRIVEN_TOKEN": str(bench.kept["serving-token"])}
        with subprocess.Popen(
            [sys.executable, "-m", "driven.benchmarks.serving_clients", *words], env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as client:  # fmt: skip
            assert client.stderr is not None
            assert "is the key that was accepted" in client.stderr.readline()
            assert client.poll() is None
            client.kill()
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_the_row_says_what_a_client_does() -> None:
    with Bench(rounds=1) as bench:
        found = serving._fanout(bench)
        assert isinstance(bench.kept["serving"], float)
    assert found.unit == "s" and found.ratio is not None and found.ratio == found.value / serving.SECONDS_BAR
    assert f"{serving._FEW} of driven's own clients in {serving._PROCESSES} processes" in found.note
    assert "ms of CPU for each client" in found.note
    assert json.dumps(found.note).isascii()
