"""The folders that confined processes write: gone with their end, with ours, and nobody else's in their place."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from driven.trust.rings.scratch import Scratch

HOLD = """
import os, sys
from driven.trust.rings.scratch import Scratch
with Scratch() as folder:
    open(folder + "/left", "w").close()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_goes_and_what_is_used_stays() -> None:
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = [Path(one.stdout.readline().strip()) for one in holders if one.stdout]
    holders[0].kill()
    holders[0].wait()
    assert (folders[0] / "left").exists()
    with Scratch() as mine:
        assert not folders[0].exists() and (folders[1] / "left").exists()
        assert os.stat(mine).st_mode & 0o777 == 0o700 and not os.listdir(mine)
    assert not os.path.exists(mine)
    for one in holders:
        one.communicate()
    assert not folders[1].exists()


def test_many_at_once_take_nothing_from_each_other(temporary: Path) -> None:
    wrong: list[str] = []

    def work() -> None:
        for _ in range(200):
            with Scratch() as folder:
                Path(folder, "mine").write_text("x")
                if os.listdir(folder) != ["mine"]:
                    wrong.append(folder)

    threads = [threading.Thread(target=work) for _ in range(4)]
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD.replace("with", "for _ in range(200):\n  with").replace("    ", "      ")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert other.wait() == 0 and not wrong
    assert [list(folder.iterdir()) for folder in temporary.iterdir()] == [[]]


@pytest.mark.parametrize("kind", ["link", "open", "file"])
def test_a_folder_that_is_not_ours_is_not_used(
    kind: str, temporary: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = temporary / f"driven-rings-{os.getuid()}"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "driven-ring-x").mkdir()
    if kind == "link":
        place.symlink_to(elsewhere)
    elif kind == "open":
        place.mkdir()
        place.chmod(0o777)
        (place / "driven-ring-x").mkdir()
    else:
        place.write_text("mine")
    with Scratch() as mine:
        assert Path(mine).parent == temporary.resolve()
    assert (elsewhere / "driven-ring-x").is_dir() and (kind != "open" or (place / "driven-ring-x").is_dir())
