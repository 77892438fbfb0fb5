"""Mutation of the launcher: with any one step left out, at least one attempt has another end."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from driven.errors import SandboxError
from driven.trust.rings import probe, seccomp
from driven.trust.rings.choose import Choice
from driven.trust.rings.process import HERE
from driven.trust.rings.world import World
from trust.rings.conftest import ring

SOURCE = (Path(HERE) / "launcher.py").read_text()
STEPS = re.findall(r"^    (\w+),$", SOURCE.partition("STEPS = (")[2].partition(")")[0], re.MULTILINE)
# Root has powers that an ordinary user has not: without them two steps change nothing.
ROOTS = {"drop_capabilities"}
TURNS = {
    "die_with_parent": {"outlive"},
    "no_new_privileges": {"set-uid"},
    "limits": {"memory", "large-file", "descriptors"},
    "close_others": {"descriptor"},
    "drop_capabilities": {"capabilities"},
    "undumpable": {"dumpable"},
    "landlock": {"write-outside", "read-outside", "passwd", "fifo", "environ-of-others"},
    "seccomp": {"udp", "netlink", "fork", "chmod", "unix-socket", "io-uring", "x32", "memory-program"},
}


@pytest.fixture(scope="module")
def world() -> World:
    with World() as made:
        yield made  # type: ignore[misc]


def without(step: str, folder: Path) -> str:
    """A copy of the launcher that leaves a step out; its folder."""
    text, count = re.subn(rf"^    {step},$", "", SOURCE, flags=re.MULTILINE)
    assert count == 1
    (folder / "launcher.py").write_text(text)
    shutil.copy(Path(HERE) / "guest.py", folder)
    return os.fspath(folder)


def turned(choice: Choice, world: World, launcher: str = "") -> set[str]:
    """The attempts that succeed."""
    world.renew()
    return {name for name, (sign, _) in probe.tried(choice, None, world, launcher).items() if sign == "."}


def test_every_step_is_tried() -> None:
    assert set(STEPS) == set(TURNS) and len(STEPS) == 8


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_left_out_is_noticed(step: str, world: World, tmp_path: Path) -> None:
    choice = ring("L")
    if step in ROOTS and os.geteuid():
        pytest.skip("an ordinary user has no capability to drop")
    try:
        found = turned(choice, world, without(step, tmp_path))
    except SandboxError as error:
        # Without it the kernel takes no later step from an ordinary user: nothing runs at all.
        assert step == "no_new_privileges" and "launcher" in error.message
        return
    assert TURNS[step] - {"io-uring", "x32"} <= found, found


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("their place in the queue", {"priority-of-others"}),
        ("namespaces and mounts", {"user-namespace"}),
        ("rings of calls", {"io-uring"}),
        ("programs in memory", {"memory-program"}),
        ("metadata", {"chmod", "utime", "xattr"}),
    ],
)
def test_a_group_of_calls_that_is_left_out_is_noticed(
    group: str, names: set[str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = ring("L")
    monkeypatch.setitem(seccomp.REFUSED, group, "")
    kept = seccomp._shaped
    if group == "metadata":  # two of these have a shape
        monkeypatch.setattr(
            seccomp, "_shaped",
            lambda abi, **more: {k: v for k, v in kept(abi, **more).items() if k not in ("fchmod", "utimensat")},
        )  # fmt: skip
    found = turned(choice, world)
    assert found and found <= {*names, "chown", "capabilities"}, found


@pytest.mark.parametrize(
    ("call", "name"),
    [("clone3", "clone3"), ("prlimit64", "limits-of-others"), ("socket", "udp"), ("execve", ""), ("fork", "")],
)
def test_a_shape_that_is_left_out_is_noticed(
    call: str, name: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = ring("L")
    kept = seccomp._shaped
    monkeypatch.setattr(
        seccomp, "_shaped", lambda abi, **more: {key: block for key, block in kept(abi, **more).items() if key != call}
    )
    found = turned(choice, world)
    if name:
        assert name in found
    else:  # Landlock lets no program run, and glibc forks by clone: there are two walls
        assert found == set()


def test_two_walls_stand_before_other_processes(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choice = ring("L")
    monkeypatch.setitem(seccomp.REFUSED, "other processes", "")
    assert turned(choice, world) == set()  # Landlock lets nobody out of its domain
    assert {"ptrace", "memory-of-others", "read-outside"} <= turned(choice, world, without("landlock", tmp_path))


def test_x32_has_its_own_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    choice = ring("L")
    if choice.held.machine != "x86_64":
        pytest.skip("x32 is x86_64's")
    monkeypatch.setattr(seccomp, "X32", 0xFFFFFFFF)
    world.renew()
    assert probe.tried(choice, ["x32"], world)["x32"][0] in (".", "d", "-")
    monkeypatch.setattr(seccomp, "LAST", 0x7FFFFFFF)
    assert probe.tried(choice, ["x32"], world)["x32"][0] != "d"


def test_an_environment_that_is_passed_on_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.trust.rings import places

    choice = ring("L")
    monkeypatch.setenv("DRIVEN_PROBE_SECRET", "x")
    assert "environment" not in turned(choice, world)
    monkeypatch.setattr(places, "_VARIABLES", ("DRIVEN_PROBE_SECRET",))
    assert "environment" in turned(choice, world)


def test_the_environment_of_bubblewrap_itself_is_seen_inside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 1: `--clearenv` empties what it starts, not itself, which is process 1 in there."""
    import subprocess

    bwrap = ring("N").bwrap
    read = "import sys; sys.stdout.write(str(b'SECRET' in open('/proc/1/environ', 'rb').read()))"
    words = [bwrap, "--unshare-all", "--clearenv", "--ro-bind", "/", "/", "--proc", "/proc"]
    words += [sys.executable, "-I", "-S", "-c", read]
    said = [
        subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout
        for env in ({"SECRET": "x"}, {})
    ]
    assert said == ["True", "False"]
