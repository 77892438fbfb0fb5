"""A sync that is killed, or that the disk fails, at every call that changes the disk: nothing is lost, nothing is half.

Each point runs the real program. After it every file is old or new, what the lock says is true, and the next sync ends
where an undisturbed one does. By default every kill of a day's work is walked (207 points) and a part of all else: some
600 of 5,350 points; `DRIVEN_FAULTS=all` walks them all, `few` every fourth of those.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FAULTS = Path(__file__).parent / "faults"


def walk(scene: str, ways: str, *, step: int, start: int = 0, processes: int = 1) -> dict[str, Any]:
    """Walk these faults over every `step`-th call of a scene; what came of it. Whatever was wrong fails the test."""
    step = {"all": 1, "few": 4 * step}.get(os.environ.get("DRIVEN_FAULTS", ""), step)
    running = [
        subprocess.Popen(
            [sys.executable, str(FAULTS / "walk.py"), scene, ways, str(start + number * step), str(step * processes)],
            env={**os.environ, "PYTHONHASHSEED": "0"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(processes)
    ]  # fmt: skip
    whole: dict[str, Any] = {"points": 0, "possible": 0, "codes": {}, "wrong": []}
    try:
        for number, process in enumerate(running):
            said, wrong = process.communicate(timeout=280)
            assert process.returncode == 0, wrong
            result = json.loads(said)
            # By the clock a run makes a call more than another: a process has its share of the run that it saw.
            first, every = (start + number * step) % (step * processes), step * processes
            assert result["points"] == len(range(first, result["possible"], every)), result
            whole["points"] += result["points"]
            whole["possible"] = min(result["possible"], whole["possible"] or result["possible"])
            whole["wrong"] += result["wrong"]
            for code, times in result["codes"].items():
                whole["codes"][code] = whole["codes"].get(code, 0) + times
    finally:
        for process in running:
            process.kill()
    assert whole["wrong"] == [], "\n".join(whole["wrong"])
    assert whole["possible"] > 50, whole
    return whole


def test_killed_at_every_call_of_a_days_work() -> None:
    result = walk("work", "kill,half,killed-after", step=1, processes=2)
    assert result["codes"] == {"-9": result["points"]}
    assert result["possible"] > 150
    assert result["points"] >= result["possible"] or os.environ.get("DRIVEN_FAULTS") == "few"


@pytest.mark.parametrize(
    ("scene", "step"), [("by hand", 4), ("first", 16), ("editors", 8), ("clash", 8), ("forced", 8)]
)
def test_killed_anywhere(scene: str, step: int) -> None:
    assert set(walk(scene, "kill,half,killed-after", step=step, processes=2)["codes"]) == {"-9"}


@pytest.mark.parametrize(("scene", "ways", "step"), [
    ("work", "ENOSPC,EIO", 8), ("by hand", "ENOSPC,EIO", 12), ("by hand", "EDQUOT,full,broken,short", 18),
    ("first", "ENOSPC,EIO,full,broken,short", 32),
    ("editors", "ENOSPC,EIO,full,short", 16), ("forced", "ENOSPC,EIO,full,short", 20),
])  # fmt: skip
def test_a_disk_that_is_full_or_broken(scene: str, ways: str, step: int) -> None:
    """The run says what went wrong, with a code of its own, and never that all is well when it is not."""
    assert walk(scene, ways, step=step)["codes"].get("2", 0) > 0


@pytest.mark.parametrize(("scene", "step"), [("work", 8), ("editors", 8)])
def test_rules_taken_back_after_a_crash_leave_nothing_behind(scene: str, step: int) -> None:
    walk(scene, "taken-back", step=step, start=1)


@pytest.mark.parametrize("scene", ["first", "work", "by hand"])
def test_an_edit_between_a_crash_and_the_next_sync_is_lost_by_nothing(scene: str) -> None:
    walk(scene, "edited-after", step=16)
