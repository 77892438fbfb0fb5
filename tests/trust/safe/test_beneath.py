"""No path, link, device or race leads out of a folder; what is written is whole or not there. Both ways of the walk."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DiskError, DrivenError
from driven.trust import beneath
from driven.trust.beneath import open_beneath, parts, read_beneath, remove_beneath, root_handle, write_beneath


@pytest.fixture(params=["openat2", "walk"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A folder `in` beside what it must not touch; the kernel's call, and without it."""
    if request.param == "walk":
        monkeypatch.setattr(beneath, "_CALL", [None])
    elif sys.platform != "linux":
        pytest.skip("openat2 is Linux's")
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "away").mkdir()
    handle = root_handle(str(tmp_path / "in"))
    yield handle
    os.close(handle)
    assert (tmp_path / "secret").read_text() == "secret"
    assert list((tmp_path / "away").iterdir()) == []


def test_the_kernel_has_the_call_where_we_say_so() -> None:
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    if sys.platform != "linux" or release < (5, 6):
        pytest.skip("openat2 is of Linux 5.6")
    call = beneath._load()
    assert call is not None
    folder = root_handle("/")
    try:
        os.close(call(folder, "etc", os.O_RDONLY | os.O_DIRECTORY))
        with pytest.raises(OSError, match=r"cross-device|Too many|levels"):
            call(folder, "proc/self/root", os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(folder)


def test_written_and_read(root: int, tmp_path: Path) -> None:
    write_beneath(root, "a/b/c.md", b"one")
    write_beneath(root, "top", b"", 0o755)
    assert read_beneath(root, "a/b/c.md") == b"one"
    assert stat.S_IMODE((tmp_path / "in" / "top").stat().st_mode) == 0o755
    assert sorted(os.listdir(tmp_path / "in" / "a" / "b")) == ["c.md"]  # and no temp


def test_it_keeps_permissions_and_takes_special_bits_away(root: int, tmp_path: Path) -> None:
    file = tmp_path / "in" / "run.sh"
    file.write_text("x")
    file.chmod(0o4750)
    write_beneath(root, "run.sh", b"y")
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    write_beneath(root, "run.sh", b"y", 0o6644)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


@pytest.mark.parametrize("path", [
    "../secret", "sub/../../secret", "/etc/passwd", "", "a//b", "./a", "a/.", "a/", "..", "a\0b", "x" * 256,
    "x/" * 2100 + "x", "\ud800",
])  # fmt: skip
def test_a_path_that_is_none(root: int, path: str) -> None:
    for act in (read_beneath, remove_beneath, lambda r, p: write_beneath(r, p, b"x"), lambda r, p: open_beneath(r, p)):
        with pytest.raises(DiskError) as told:
            act(root, path)
        assert str(told.value).isprintable()
        assert len(str(told.value)) < 300


def test_links_are_not_followed(root: int, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    (inside / "file").symlink_to(tmp_path / "secret")
    (inside / "here").symlink_to("sub")  # also one that stays inside: where it leads may change
    (inside / "out").symlink_to(tmp_path / "away")
    (inside / "broken").symlink_to(tmp_path / "away" / "new")
    (inside / "sub" / "up").symlink_to("..")
    for path in ("file", "here/x", "out/x", "broken", "sub/up/x", "out/deep/x"):
        with pytest.raises(DiskError, match="link"):
            write_beneath(root, path, b"x")
        with pytest.raises(DiskError, match="link"):
            read_beneath(root, path)
        with pytest.raises(DiskError, match="link"):
            open_beneath(root, path, os.O_WRONLY | os.O_CREAT)
    assert (inside / "file").is_symlink()
    remove_beneath(root, "file")  # the link goes, not what it leads to
    assert not (inside / "file").is_symlink()


def test_magic_links(tmp_path: Path) -> None:
    handle = root_handle("/proc/self") if os.path.isdir("/proc/self") else pytest.skip("no /proc")
    try:
        for path in ("root/etc/passwd", "cwd/x", "fd/0"):
            with pytest.raises(DiskError, match="link"):
                read_beneath(handle, path)
    finally:
        os.close(handle)


def test_a_hard_link_is_replaced_and_not_written_through(root: int, tmp_path: Path) -> None:
    os.link(tmp_path / "secret", tmp_path / "in" / "same")
    with pytest.raises(DiskError, match="hard link"):
        open_beneath(root, "same", os.O_WRONLY | os.O_TRUNC)
    assert read_beneath(root, "same") == b"secret"
    write_beneath(root, "same", b"mine")
    assert read_beneath(root, "same") == b"mine"
    assert os.stat(tmp_path / "secret").st_nlink == 1


def test_devices_pipes_sockets_and_folders(root: int, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    os.mkfifo(inside / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(inside)  # a socket's address is short
    try:
        listening.bind("sock")
    finally:
        os.chdir(here)
        listening.close()
    names = ["pipe", "sock", "sub"]
    if os.getuid() == 0:
        os.mknod(inside / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        names.append("null")
    for name in names:  # none of them waits
        for act in (read_beneath, lambda r, p: write_beneath(r, p, b"x")):
            with pytest.raises(DiskError, match=r"device|folder"):
                act(root, name)
    assert sorted(os.listdir(inside)) == sorted(names)


def test_open(root: int) -> None:
    made = open_beneath(root, "new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        assert os.write(made, b"12345") == 5
        assert not os.get_inheritable(made)
        assert os.get_blocking(made)
    finally:
        os.close(made)
    again = open_beneath(root, "new", os.O_WRONLY | os.O_TRUNC)
    os.close(again)
    assert read_beneath(root, "new") == b""
    with pytest.raises(DiskError, match="exists"):
        open_beneath(root, "new", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    for path in (".", "sub"):
        with pytest.raises(DiskError, match="folder"):
            open_beneath(root, path)
        listed = open_beneath(root, path, os.O_RDONLY | os.O_DIRECTORY)
        assert isinstance(os.listdir(listed), list)
        os.close(listed)
    with pytest.raises(DiskError, match="folder"):
        write_beneath(root, ".", b"x")


def test_too_much_is_not_read(root: int) -> None:
    write_beneath(root, "big", b"x" * 100)
    assert read_beneath(root, "big", 100) == b"x" * 100
    with pytest.raises(DiskError, match="larger than 99"):
        read_beneath(root, "big", 99)


def test_what_is_not_there(root: int) -> None:
    with pytest.raises(DiskError, match="no such"):
        read_beneath(root, "nothing")
    with pytest.raises(DiskError, match="no such"):
        read_beneath(root, "no/thing")
    remove_beneath(root, "nothing")
    remove_beneath(root, "no/thing")
    with pytest.raises(DiskError):
        root_handle("/nowhere/at/all")
    write_beneath(root, "file", b"")
    with pytest.raises(DiskError, match="not a directory"):
        write_beneath(root, "file/below", b"x")


def test_a_failed_write_leaves_what_was_there(root: int, tmp_path: Path) -> None:
    import resource

    write_beneath(root, "kept", b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(DiskError, match="cannot be written"):
            write_beneath(root, "kept", b"n" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert read_beneath(root, "kept") == b"old"
    assert sorted(os.listdir(tmp_path / "in")) == ["kept", "sub"]


def test_a_folder_that_is_swapped_for_a_link(root: int, tmp_path: Path) -> None:
    """The race that realpath loses: somebody turns a folder into a link between the look and the write."""
    inside, stop = tmp_path / "in", threading.Event()
    (inside / "link").symlink_to(tmp_path / "away")
    system = ctypes.CDLL(None).renameat2  # in one step: there is always something at `sub`
    names = (os.fsencode(inside / "sub"), os.fsencode(inside / "link"))

    def swap() -> None:
        while not stop.is_set():
            system(-100, names[0], -100, names[1], 2)  # AT_FDCWD, RENAME_EXCHANGE

    thread = threading.Thread(target=swap)
    thread.start()
    told = {True: 0, False: 0}
    try:
        for _ in range(10_000):
            try:
                os.close(open_beneath(root, "sub/file", os.O_WRONLY | os.O_CREAT))
                told[True] += 1
            except DiskError:
                told[False] += 1
            if min(told.values()) > 20:
                break
        for _ in range(10):
            with contextlib.suppress(DiskError):
                write_beneath(root, "sub/file", b"x")
    finally:
        stop.set()
        thread.join()
    assert min(told.values()) > 0, told  # both happened; that nothing went away, the fixture sees


NAMES = st.text(st.sampled_from("ab./\\\0\n~:é\ud800 "), max_size=12)


@given(NAMES)
@settings(max_examples=150)
def test_any_path_is_below_or_refused(path: str) -> None:
    try:
        found = parts(path)
    except DrivenError:
        return
    assert not os.path.isabs(path)
    assert ".." not in found
    assert os.path.normpath(os.path.join("/r", path)).startswith("/r")


def test_it_is_not_on_the_way_to_a_fast_command() -> None:
    heavy = "('ctypes', 're', 'tempfile', 'shutil')"
    asked = f"import sys, driven.trust.beneath; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-I", "-c", asked], text=True).strip() == "[]"
