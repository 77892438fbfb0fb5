"""`driven plugin run` and `driven doctor sandbox`, as a person and as a machine sees them."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driven.cli.app import main
from driven.grammar.conform import fault
from driven.grammar.results import DOCTOR, PLUGIN_RUN
from driven.trust.rings import report
from trust.rings.conftest import ring

ROOT = Path(__file__).resolve().parents[3]
UPPER = """
import host

def transform(text):
    print("at work")
    return text.upper()

def read():
    return host.read("docs/a.md")
"""


@pytest.fixture
def call(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a command in the project: (exit code, stdout, stderr)."""
    ring("L")
    (project / ".driven").mkdir()
    monkeypatch.chdir(project)

    def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_an_answer_stands_alone_on_stdout(call: Any, plugin: Callable[[str], str]) -> None:
    code, out, err = call("plugin", "run", plugin(UPPER), "--ring", "L", "--input", "-", stdin="a\nb\n")
    assert (code, out, err) == (0, "A\nB\n", "[L] at work\n")


def test_what_a_machine_reads(call: Any, plugin: Callable[[str], str]) -> None:
    code, out, _ = call("plugin", "run", plugin(UPPER), "--json", "--input", "docs/a.md")
    data = json.loads(out)["data"]
    assert code == 0 and fault(data, json.loads(PLUGIN_RUN)) == ""
    assert data["value"] == "A RULE\n" and data["ring"] in ("N", "L") and data["violations"] == []


def test_a_pipe_for_a_manifest_is_not_waited_for(call: Any, plugin: Callable[[str], str]) -> None:
    path = plugin(UPPER)
    os.mkfifo(Path(path).with_suffix(".toml"))
    code, _, err = call("plugin", "run", path, "--method", "read")
    assert code == 2 and "cannot be read: not a file" in err


def test_a_manifest_beside_it_grants_and_the_log_tells(call: Any, plugin: Callable[[str], str], project: Path) -> None:
    path = plugin(UPPER)
    code, _, err = call("plugin", "run", path, "--method", "read")
    assert code == 2 and "the manifest lacks FileRead(docs/a.md)" in err
    Path(path).with_suffix(".toml").write_text('quota = "medium"\n[capabilities]\nFileRead = ["docs"]\n')
    code, out, _ = call("plugin", "run", path, "--method", "read")
    assert (code, out) == (0, "a rule\n")
    entries = [json.loads(line) for line in (project / ".driven/state/audit.jsonl").read_text().splitlines()]
    told = [(one["event"], one["outcome"], one["target"]) for one in entries if one["event"].startswith("host.")]
    assert told == [("host.read", "denied", "FileRead(docs/a.md)"), ("host.read", "allowed", "FileRead(docs/a.md)")]


@pytest.mark.parametrize(
    ("text", "code"),
    [('min_ring = "W"\n', 7), ("min_ring = 1\n", 2), ("[", 2), ('capabilities = 1\n', 2), ("x = 1\n", 2),
     ('[capabilities]\nFileRead = ["../x"]\n', 2), ('[capabilities]\nFileRead = ["away"]\n', 5)],
)  # fmt: skip
def test_a_manifest_that_cannot_be_met(
    text: str, code: int, call: Any, plugin: Callable[[str], str], project: Path
) -> None:
    (project / "away").symlink_to("/")
    (project / "m.toml").write_text(text)
    found, _, err = call("plugin", "run", plugin(UPPER), "--manifest", "m.toml", "--input", "docs/a.md")
    assert found == code and err.startswith("error: ")


def test_a_plugin_that_is_stopped(call: Any, plugin: Callable[[str], str]) -> None:
    path = plugin("def transform():\n while True: print('x' * 10_000)")
    code, _, err = call("plugin", "run", path)
    assert code == 7 and "said more than it may" in err


@pytest.mark.parametrize("words", [["none.py"], ["x.py", "--input", "none"], ["x.py", "--manifest", "none"]])
def test_what_is_not_there(words: list[str], call: Any, project: Path) -> None:
    (project / "x.py").write_text(UPPER)
    assert call("plugin", "run", *words)[0] == 2


def test_the_doctor_tells_of_the_rings(call: Any) -> None:
    code, out, _ = call("doctor", "sandbox")
    assert code == 0 and "ring L" in out and " ".join(report.STATEMENT[0].split()[:9]) in out
    code, out, _ = call("doctor", "sandbox", "--json")
    data = json.loads(out)["data"]
    assert fault(data, json.loads(DOCTOR)) == ""
    rings = {one["ring"]: one for one in data["sandbox"]["rings"]}
    assert list(rings) == ["W", "N", "L"] and rings["L"]["works"] and rings["L"]["not_enforced"]
    assert data["sandbox"]["mechanisms"]["landlock"] >= 1


def test_the_matrix_is_printed_and_judged(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.trust.rings import matrix

    kept = matrix.matrix
    monkeypatch.setattr(matrix, "matrix", lambda: kept(rings=("L", "T")))
    code, out, _ = call("doctor", "sandbox", "--matrix")
    rows = [line for line in out.splitlines() if re.match(r"[a-z0-9-]+ +(d|ok) +[.d-]", line.strip())]
    assert code == 0 and len(rows) >= 46 - 4
    code, out, _ = call("doctor", "sandbox", "--matrix", "--json")
    data = json.loads(out)["data"]
    assert fault(data, json.loads(DOCTOR)) == "" and len(data["sandbox"]["matrix"]["rows"]) == 46
    loose = matrix.Matrix(rings=("L", "T"), rows=(("fork", "x", (".", ".")),), why={})
    monkeypatch.setattr(matrix, "matrix", lambda: loose)
    assert call("doctor", "sandbox", "--matrix")[0] == 1


def test_the_page_says_what_the_doctor_says() -> None:
    page = (ROOT / "docs/trust.md").read_text(encoding="utf-8").replace("**", "").replace("`driven`", "driven")
    words = " ".join(page.split())
    for text in report.STATEMENT:
        assert text in words


def test_nothing_heavy_is_imported_for_a_person_who_runs_no_plugin() -> None:
    import subprocess

    code = "import sys, driven.cli.app, driven.grammar.commands; print([n for n in sys.modules if 'rings' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout == "[]\n"
