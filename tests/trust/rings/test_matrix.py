"""46 attempts at each ring: what comes of them is what `matrix.txt` says, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from driven.trust.rings import attempts, matrix, probe
from driven.trust.rings.world import World
from trust.rings.conftest import KEPT, ring
from trust.tools import need

ROOT = Path(__file__).resolve().parents[3]
HEAD, *ROWS = (line.split() for line in Path(__file__).with_name("matrix.txt").read_text().splitlines())
EXPECTED = {name: dict(zip(HEAD[1:], signs, strict=True)) for name, *signs in ROWS}
# What an ordinary user cannot do without any ring, or some kernels not at all.
NOT_ALONE = {"x32", "io-uring", "user-namespace", "xattr", "capabilities", "raise-limits", "environ-of-others"}


@pytest.fixture(scope="module")
def alone() -> dict[str, list[str]]:
    with World() as world:
        return matrix.alone(world)


def test_there_are_46_attempts() -> None:
    assert [name for name, *_ in attempts.ATTEMPTS] == list(EXPECTED)
    assert len(EXPECTED) == 46


@pytest.mark.parametrize("name", ["N", "L"])
def test_a_ring_holds_what_the_table_says(name: str) -> None:
    found = probe.tried(ring(name))
    assert {one: sign for one, (sign, _) in found.items()} == {one: row[name] for one, row in EXPECTED.items()}


def test_without_a_ring_every_attempt_succeeds(alone: dict[str, list[str]]) -> None:
    stopped = {name: why for name, (sign, why) in alone.items() if sign not in (".", "ok")}
    assert set(stopped) <= NOT_ALONE, stopped
    assert len(stopped) < len(NOT_ALONE)


@pytest.mark.xdist_group("wasm")
def test_ring_w_holds_what_the_table_says() -> None:
    pytest.importorskip("wasmtime")
    if not Path(sys.executable).with_name("componentize-py").exists():
        need("componentize-py", "componentize-py")
    with World() as world:
        found = matrix.component(world, os.fspath(KEPT))
    assert {one: sign for one, (sign, _) in found.items()} == {one: row["W"] for one, row in EXPECTED.items()}


@pytest.mark.skipif(os.geteuid() != 0, reason="who is no root ran the tests above as the ordinary user already")
def test_an_ordinary_user_gets_the_same() -> None:
    python = need("/usr/bin/python3", "python3")
    say = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = subprocess.run([python, "-c", say], capture_output=True, text=True, check=True).stdout.strip()
    if version < "3.11":
        pytest.skip(f"the Python that an ordinary user can reach is {version}")
    # Made by hand below /var/tmp: a folder of pytest's is closed to others.
    folder = Path("/var/tmp") / f"driven-user-{os.getpid()}"
    user = f"drv{os.getpid()}"
    made = False
    try:
        folder.mkdir(mode=0o755)
        shutil.copytree(ROOT / "driven", folder / "driven", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "--only-binary", ":all:", "librt",
             "--python-version", version, "--no-deps"],
            check=True, timeout=120,
        )  # fmt: skip
        subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", user], check=True)
        made = True
        found = pwd.getpwnam(user)
        run = (
            "import json, sys; sys.path.insert(0, sys.argv[1]); from driven.trust.rings import probe; "
            "states = [probe.state(ring) for ring in 'NL']; "
            "print(json.dumps({one.ring: one.lacks or probe.tried(one.choice) for one in states}))"
        )
        done = subprocess.run(
            [python, "-B", "-c", run, os.fspath(folder)],
            user=found.pw_uid, group=found.pw_gid, extra_groups=[], cwd="/", capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        columns = json.loads(done.stdout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if made:
            subprocess.run(["userdel", user], check=True)
    for name, column in columns.items():
        assert isinstance(column, dict), f"ring {name}: {column}"
        assert {one: sign for one, (sign, _) in column.items()} == {one: row[name] for one, row in EXPECTED.items()}
