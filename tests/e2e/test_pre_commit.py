"""The hooks for pre-commit: a manifest that it takes, and hooks that it runs, from an installation of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}
BIN = os.path.dirname(sys.executable)


def call(*words: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHONPATH"))}
    environment |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **more}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "a", f"GIT_{who}_EMAIL": "a@example.com"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one rule that Cursor ignores, staged."""
    folder = tmp_path / "shop"
    (folder / ".cursor/rules").mkdir(parents=True)
    (folder / ".cursor/rules/a.mdc").write_text('---\nalwaysApply: "true"\n---\nUse tabs.\n', encoding="utf-8")
    call("git", "init", "-q", folder=folder)
    call("git", "add", "-A", folder=folder)
    return folder


def test_the_manifest_is_one() -> None:
    ran = call("pre-commit", "validate-manifest", str(MANIFEST), folder=ROOT)
    assert ran.returncode == 0, ran.stdout
    assert set(HOOKS) == {"driven-validate", "driven-sync-check"}


def test_the_hooks_of_a_commit(project: Path, tmp_path: Path) -> None:
    """Both, with the driven that is installed here: what runs them is pre-commit, from the manifest's words."""
    local = [hook | {"language": "system"} for hook in HOOKS.values()]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    call("git", "add", "-A", folder=project)

    def hook(name: str) -> subprocess.CompletedProcess[str]:
        return call("pre-commit", "run", name, folder=project, PRE_COMMIT_HOME=str(tmp_path / "home"))

    ran = hook("driven-validate")
    assert ran.returncode == 1 and ".cursor/rules/a.mdc:2:14: error CUR06" in ran.stdout, ran.stdout + ran.stderr
    (project / ".cursor/rules/a.mdc").write_text("---\nalwaysApply: true\n---\nUse tabs.\n", encoding="utf-8")
    call("git", "add", "-A", folder=project)
    assert hook("driven-validate").returncode == 0
    assert hook("driven-sync-check").returncode == 1, "there is no project yet"
    for words in (["init", "--yes", "--editor", "cursor"], ["sync", "--quiet"]):
        assert call("driven", *words, folder=project).returncode == 0
    call("git", "add", "-A", folder=project)
    ran = hook("driven-sync-check")
    assert ran.returncode == 0, ran.stdout
    with open(project / ".driven/rules/a.md", "a", encoding="utf-8") as file:
        file.write("Squash.\n")
    call("git", "add", "-A", folder=project)
    assert hook("driven-sync-check").returncode == 1


@pytest.mark.slow
def test_pre_commit_installs_and_runs_it(project: Path, tmp_path: Path) -> None:
    """`pre-commit try-repo`, of all files that git would keep: what is not committed yet is tried, too."""
    source = tmp_path / "driven"
    listed = call("git", "ls-files", "-co", "--exclude-standard", "-z", folder=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        assert call("git", *words, folder=source).returncode == 0
    ran = call(
        "pre-commit", "try-repo", str(source), "driven-validate", folder=project,
        PRE_COMMIT_HOME=str(tmp_path / "home"), DRIVEN_MYPYC="0",
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "driven validate..." in ran.stdout and "error CUR06" in ran.stdout, ran.stdout + ran.stderr
