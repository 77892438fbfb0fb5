"""The GitHub Action at the root: its file is one, and its steps do in bash what they say, in a fresh folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from reports import schema

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name", step.get("uses", "")): step for step in ACTION["runs"]["steps"]}
DEFAULTS = {name: given.get("default", "") for name, given in ACTION["inputs"].items()}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A stranger's repository with one mistake."""
    folder = tmp_path / "shop"
    (folder / ".cursor/rules").mkdir(parents=True)
    (folder / ".cursor/rules/a.mdc").write_text('---\nalwaysApply: "true"\n---\nUse tabs. ##[error]x\n')
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def run(checkout: Path, tmp_path: Path) -> Run:
    """Run a step as the runner does: its variables filled in, `bash -eo pipefail` on a file."""

    def one(name: str, path: str = os.path.dirname(sys.executable), **inputs: str) -> Any:
        step = STEPS[name]
        given = DEFAULTS | {key.replace("_", "-"): value for key, value in inputs.items()}
        context = {f"inputs.{key}": value for key, value in given.items()} | {"github.action_path": str(ROOT)}
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DRIVEN_MYPYC")}
        environment |= {key: filled(value, context) for key, value in step.get("env", {}).items()}
        environment |= {
            "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_WORKSPACE": str(checkout), "DRIVEN_MYPYC": "0",
        }  # fmt: skip
        script = tmp_path / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=checkout / filled(step.get("working-directory", "."), context), env=environment, capture_output=True,
            text=True, check=False, timeout=240,
        )  # fmt: skip

    return one


def filled(text: str, context: dict[str, str]) -> str:
    for name, value in context.items():
        text = text.replace(f"${{{{ {name} }}}}", value)
    assert "${{" not in text
    return text


def output(tmp_path: Path) -> str:
    file = tmp_path / "output"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def test_it_is_an_action() -> None:
    Draft7Validator(schema("github-action.json")).validate(ACTION)


def test_no_input_is_run_as_code() -> None:
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_it_annotates_and_fails(run: Run) -> None:
    ran = run("Validate")
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith("::error file=.cursor/rules/a.mdc,line=2,")
    assert run("Validate", arguments="--ignore CUR,GEN").returncode == 0
    assert run("Validate", arguments="--bogus").returncode == 2


def test_arguments_are_words_and_nothing_else(run: Run, checkout: Path) -> None:
    ran = run("Validate", arguments="--ignore * $(touch pwned) `touch pwned` ; touch pwned")
    assert ran.returncode == 2 and not (checkout / "pwned").exists()


def test_it_writes_a_report_and_then_fails(run: Run, checkout: Path, tmp_path: Path) -> None:
    ran = run("Validate", format="sarif")
    assert ran.returncode == 1, ran.stderr
    report = checkout / "driven.sarif"
    assert output(tmp_path) == f"sarif-file={report}\n"
    log = json.loads(report.read_text(encoding="utf-8"))
    Draft7Validator(schema("sarif-2.1.0.json")).validate(log)
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["CUR06"]
    lines = ran.stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32 and lines[-1] == f"::{token}::" and "error CUR06" in ran.stdout


def test_no_report_of_a_run_that_was_none(run: Run, tmp_path: Path) -> None:
    assert run("Validate", format="sarif", arguments="--bogus").returncode == 2
    assert output(tmp_path) == ""


def test_a_folder_and_a_file_of_ones_own(run: Run, checkout: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.sarif"
    ran = run("Validate", format="sarif", sarif_file=str(target), working_directory=".cursor")
    assert ran.returncode in (0, 1) and output(tmp_path) == f"sarif-file={target}\n"
    for result in json.loads(target.read_text(encoding="utf-8"))["runs"][0]["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert (checkout / uri).is_file(), "code scanning looks from the root of the repository"


def test_a_copy_that_stands_alone_says_what_it_needs(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It must not take whatever a package index has under that name."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    ran = run("Install driven")
    assert ran.returncode == 2 and "`package`" in ran.stdout


@pytest.mark.slow
def test_it_installs_itself(run: Run, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    path = str(tmp_path / "venv/bin")
    ran = run("Install driven", path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert run("Validate", path).returncode == 1
