"""A short soak of each mode; `make soak` runs the long ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("mode", ["sync", "watch"])
def test_random_work_loses_nothing(mode: str) -> None:
    seed = "7" if os.environ.get("CI") else str(os.getpid())  # in CI a failure is the change's own, not the day's
    words = ["--mode", mode, "--seed", seed, "--rules", "12", "--operations", "60", "--seconds", "25"]
    done = subprocess.run(
        [sys.executable, "-m", "soak", *words], cwd=TESTS, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["operations"] >= 20 and figures["checks"] >= 10
