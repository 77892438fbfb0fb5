"""`make demo`: it runs, it leaves the project that it tells of, and it fails when a step misbehaves."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "docs/demo.py"


def demo(*words: str, script: Path = DEMO, **more: str) -> subprocess.CompletedProcess[str]:
    dropped = ("PYTHONPATH", "NO_COLOR", "FORCE_COLOR", "DRIVEN_DISABLE_PLUGINS")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.run(
        [sys.executable, str(script), *words], cwd=script.parent, env={**environment, **more},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One walk through the whole demo, and the project that it left."""
    folder = tmp_path_factory.mktemp("demo")
    return demo(str(folder)), folder / "parcel"


def test_it_runs_to_its_end(walked: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, project = walked
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    heads = re.findall(r"^(\d+)  .+ ──", done.stdout, re.MULTILINE)
    assert heads == [str(number) for number in range(1, len(runpy.run_path(str(DEMO))["STEPS"]) + 1)]
    assert f"cd {project}\n" in done.stdout
    assert "\x1b" not in done.stdout, "colours where there is no terminal"


def test_it_leaves_a_project_that_is_in_order(walked: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, project = walked
    driven = str(Path(sys.executable).with_name("driven"))
    done = subprocess.run([driven, "sync", "--check"], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in (
        "AGENTS.md",
        "CONVENTIONS.md",
        ".claude/rules",
        ".clinerules",
        ".github/instructions",
        ".windsurf/rules",
    ):
        assert (project / path).exists()


@pytest.mark.parametrize(("more", "colours"), [((), True), (("NO_COLOR=1",), False)])
def test_its_colours_are_a_terminals_and_can_be_refused(tmp_path: Path, more: tuple[str, ...], colours: bool) -> None:
    on_terminal = runpy.run_path(str(ROOT / "docs/pictures.py"))["on_terminal"]
    printed = on_terminal(["env", *more, sys.executable, str(DEMO), str(tmp_path / "there")], tmp_path)
    assert "Now you" in printed
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", printed)) is colours


def test_it_runs_where_the_output_knows_only_ascii(tmp_path: Path) -> None:
    done = demo(str(tmp_path), PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.isascii() and "Now you" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (".cursor/rules/carriers.mdc", "description: Adding", "about: Adding", "does not hold"),
        (".cursor/rules/migrations.mdc", "a third forbids", "the next forbids", "does not hold"),
    ],
)
def test_a_step_that_misbehaves_ends_it(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    """The same demo over a sample that is not what its story needs."""
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    changed = docs / "sample" / file
    changed.write_text(changed.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = demo(str(tmp_path / "there"), script=docs / "demo.py")
    assert done.returncode == 1
    assert "the demo stopped" in done.stdout and said in done.stdout
    assert "Now you" not in done.stdout
