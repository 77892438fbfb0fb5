"""The two type checkers as judges: which lines of which files they find wrong."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
Lines = set[tuple[str, int]]  # (name of the file, number of the line)


def by_mypy(*paths: Path) -> Lines:
    """What mypy --strict finds wrong."""
    words = ["--strict", "--no-incremental", "--cache-dir", os.devnull, "--no-error-summary", *map(str, paths)]
    done = subprocess.run([sys.executable, "-m", "mypy", *words], capture_output=True, text=True, cwd=ROOT)
    assert not done.stderr, done.stderr
    found = re.findall(r"^(.*?):(\d+): error: ", done.stdout, re.MULTILINE)
    return {(Path(name).name, int(line)) for name, line in found}


def by_pyright(*paths: Path) -> Lines:
    """What pyright finds wrong. It installs itself by npm when it is run first: one at a time."""
    if importlib.util.find_spec("pyright") is None:
        said = "`pyright` is not installed: `pip install 'pyright[nodejs]'`"
        if os.environ.get("CI"):
            pytest.fail(said, pytrace=False)
        pytest.skip(said)
    words = ["--outputjson", "--pythonpath", sys.executable, *map(str, paths)]
    with open(Path(tempfile.gettempdir()) / f"driven-pyright-{os.getuid()}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [sys.executable, "-m", "pyright", *words], capture_output=True, text=True, cwd=ROOT,
            env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        )  # fmt: skip
    told = json.loads(done.stdout[done.stdout.index("{") :])
    assert told["summary"]["filesAnalyzed"] >= len(paths), done.stdout
    errors = [one for one in told["generalDiagnostics"] if one["severity"] == "error"]
    return {(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in errors}
