"""The cache on disk: what it gives is what was put, whatever happens to its files, its folder and its disk."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.fusion import caches
from driven.fusion.binary_cache import HEADER, BinaryCache, cache_folder, is_entry, key_of
from driven.fusion.cache_files import Freed, Stored, listed, refused, top_folder
from driven.fusion.caches import CACHES, Content, prune

KEY = key_of(b"one")
OTHER = key_of(b"other")
DATA = bytes(range(256)) * 40
MANY = 64 << 20
HOUR = 3600
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir(0o700)
    return made


@pytest.fixture
def cache(folder: Path) -> BinaryCache:
    return BinaryCache(str(folder), max_bytes=MANY)


def put(cache: BinaryCache, key: str = KEY, data: bytes = DATA) -> Path:
    """The file of a fresh entry."""
    assert cache.put(key, data)
    return Path(cache.folder, key)


def content(folder: Path) -> Content:
    """The folder as `driven cache` sees it."""
    files, others = listed(str(folder), is_entry)
    why = refused(str(folder))
    return Content(cache=CACHES[0], folder=str(folder), files=tuple(files), others=others, refused=why)


def entries(folder: Path) -> list[Stored]:
    return [one for one in content(folder).files if one.name[0] != "."]


def clear(folder: Path) -> Freed:
    return caches.clear(content(folder))


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_was_put_is_given_again(cache: BinaryCache, folder: Path) -> None:
    assert cache.get(KEY) is None
    file = put(cache)
    assert cache.get(KEY) == DATA and cache.get(OTHER) is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and os.listdir(folder) == [KEY]
    assert BinaryCache(str(folder), max_bytes=MANY).get(KEY) == DATA
    put(cache, data=b"")
    assert cache.get(KEY) == b""
    cache.discard(KEY)
    assert cache.get(KEY) is None and os.listdir(folder) == []


@given(data=st.binary(max_size=3000), label=st.text(max_size=300))
@settings(max_examples=60)
def test_any_bytes_under_any_label(tmp_path_factory: pytest.TempPathFactory, data: bytes, label: str) -> None:
    cache = BinaryCache(str(tmp_path_factory.mktemp("any", numbered=True)), max_bytes=MANY)
    os.chmod(cache.folder, 0o700)
    assert cache.put(KEY, data, label) and cache.get(KEY) == data
    (entry,) = entries(Path(cache.folder))
    shown = label.encode("utf-8", "replace")
    assert cache.label(entry.name).encode("utf-8", "replace")[:190] == shown[:190] and entry.size == HEADER + len(
        data
    ) + min(len(shown), 200)


def test_keys_hang_on_each_part() -> None:
    assert len(key_of()) == 64 and len({key_of(), key_of(b""), key_of(b"", b"")}) == 3
    assert key_of(b"ab", b"c") != key_of(b"a", b"bc")


@pytest.mark.parametrize(
    "key", ["", "a", "../" + "a" * 61, "A" * 64, "g" * 64, "a" * 63 + "\n", " " + "a" * 63, "a" * 65]
)
def test_what_is_no_key_is_refused(cache: BinaryCache, key: str) -> None:
    for call in (cache.get, cache.discard, lambda key: cache.put(key, b"x")):
        with pytest.raises(ValueError, match="64 hex digits"):
            call(key)


# Entries that do not hold


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut_into_its_head(file: Path) -> None:
    os.truncate(file, HEADER - 1)


def empty(file: Path) -> None:
    """As a crash leaves one that was renamed before its bytes reached the disk."""
    os.truncate(file, 0)


def zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def grown(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"x")


def swapped(file: Path) -> None:
    """A whole entry, of another key."""
    cache = BinaryCache(str(file.parent), max_bytes=MANY)
    assert cache.put(OTHER, b"another thing")
    os.rename(file.parent / OTHER, file)


def link(file: Path) -> None:
    beside = file.parent.parent / "elsewhere"
    os.rename(file, beside)
    file.symlink_to(beside)


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def writable_by_others(file: Path) -> None:
    file.chmod(0o622)


def huge(file: Path) -> None:
    """A sparse file that says it is large: it is not read into memory."""
    os.truncate(file, 1 << 40)


@pytest.mark.parametrize(
    "spoil",
    [cut, cut_into_its_head, empty, zeros, grown, swapped, link, pipe, writable_by_others, huge],
)
def test_an_entry_that_does_not_hold_is_deleted_and_not_given(
    cache: BinaryCache, spoil: Callable[[Path], None]
) -> None:
    file = put(cache)
    spoil(file)
    assert cache.get(KEY) is None
    assert not os.path.lexists(file)
    put(cache)
    assert cache.get(KEY) == DATA


def test_what_a_link_leads_to_stays(cache: BinaryCache) -> None:
    file = put(cache)
    link(file)
    assert cache.get(KEY) is None
    assert (file.parent.parent / "elsewhere").exists()


@given(at=st.integers(0, HEADER + 300), bit=st.integers(0, 7))
@settings(max_examples=150)
def test_a_single_bit_is_noticed(tmp_path_factory: pytest.TempPathFactory, at: int, bit: int) -> None:
    folder = tmp_path_factory.mktemp("bits", numbered=True)
    folder.chmod(0o700)
    cache = BinaryCache(str(folder), max_bytes=MANY)
    assert cache.put(KEY, DATA[:260], "a label")
    file = folder / KEY
    data = bytearray(file.read_bytes())
    data[at % len(data)] ^= 1 << bit
    file.write_bytes(data)
    assert cache.get(KEY) is None and not file.exists()


def test_a_folder_in_the_place_of_an_entry_is_left_alone(cache: BinaryCache, folder: Path) -> None:
    (folder / KEY).mkdir()
    assert cache.get(KEY) is None and not cache.put(KEY, DATA) and os.listdir(folder) == [KEY]
    cache.discard(KEY)
    assert clear(folder) == Freed(0, 0) and (folder / KEY).is_dir()


@AS_ROOT
def test_a_file_of_somebody_else_is_not_used_and_not_deleted(cache: BinaryCache, folder: Path) -> None:
    file = put(cache)
    os.chown(file, 65534, 65534)
    assert cache.get(KEY) is None and file.exists()
    assert entries(folder) == [] and clear(folder) == Freed(0, 0) and file.exists()
    put(cache)  # in its place
    assert cache.get(KEY) == DATA and file.stat().st_uid == os.geteuid()


# Folders


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o722, 0o777])
def test_a_folder_that_others_may_write_is_not_used(folder: Path, mode: int) -> None:
    BinaryCache(str(folder), max_bytes=MANY).put(KEY, DATA)
    folder.chmod(mode)
    refused_one = BinaryCache(str(folder), max_bytes=MANY)
    used = mode & 0o022 == 0
    assert (refused(str(folder)) == "") is used
    assert (refused_one.get(KEY) is not None) is used and refused_one.put(OTHER, DATA) is used
    assert len(entries(folder)) == 2 * used


def test_a_folder_behind_a_link_is_not_used(folder: Path, tmp_path: Path) -> None:
    assert BinaryCache(str(folder), max_bytes=MANY).put(KEY, DATA)
    (tmp_path / "link").symlink_to(folder)
    cache = BinaryCache(str(tmp_path / "link"), max_bytes=MANY)
    assert cache.get(KEY) is None and not cache.put(KEY, DATA)
    link = tmp_path / "link"
    assert entries(link) == [] and clear(link) == Freed(0, 0) and (folder / KEY).exists()


@AS_ROOT
def test_a_folder_of_somebody_else_is_not_used(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    cache = BinaryCache(str(folder), max_bytes=MANY)
    assert not cache.put(KEY, DATA) and cache.get(KEY) is None and os.listdir(folder) == []


def test_without_a_folder_nothing_is_kept() -> None:
    cache = BinaryCache(None, max_bytes=MANY)
    assert not cache.put(KEY, DATA) and cache.get(KEY) is None
    cache.discard(KEY)


def test_a_folder_that_was_deleted_is_made_again(cache: BinaryCache, folder: Path) -> None:
    """`rm -r ~/.cache` while a server runs."""
    put(cache)
    (folder / KEY).unlink()
    folder.rmdir()
    assert cache.get(KEY) is None
    put(cache)
    assert cache.get(KEY) == DATA and stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder("packs") == str(tmp_path / "x/driven/packs")
    assert stat.S_IMODE((tmp_path / "x/driven/packs").stat().st_mode) == 0o700
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder("packs") == str(tmp_path / "home/.cache/driven/packs")
    monkeypatch.delenv("HOME")
    assert cache_folder("packs") is None and top_folder() == ""
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    assert cache_folder("packs") is None


def test_a_cache_folder_that_is_a_link_or_open_to_others_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "driven").mkdir()
    (tmp_path / "elsewhere").mkdir(0o700)
    (tmp_path / "driven/packs").symlink_to(tmp_path / "elsewhere")
    assert cache_folder("packs") is None
    (tmp_path / "driven/open").mkdir()
    (tmp_path / "driven/open").chmod(0o777)
    assert cache_folder("open") is None
    (tmp_path / "driven/file").write_text("x")
    assert cache_folder("file") is None


# Disks that refuse


def test_a_folder_that_cannot_be_written() -> None:
    """Read-only for who is not root: as another user, in a process of its own."""
    script = """
import os, sys
import blake3
from driven.fusion.binary_cache import BinaryCache
top, folder = sys.argv[1], sys.argv[1] + "/templates"
os.mkdir(folder, 0o700)
if os.geteuid() == 0:
    os.chown(top, 65534, 65534)
    os.chown(folder, 65534, 65534)
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
cache = BinaryCache(folder, max_bytes=1 << 20)
assert cache.put("a" * 64, b"before")
os.chmod(folder, 0o500)
print(cache.put("b" * 64, b"x"), cache.get("a" * 64), len(os.listdir(folder)))
os.chmod(folder, 0o700)
"""
    with tempfile.TemporaryDirectory() as top:
        assert python(script, top) == "False b'before' 1"


def python(script: str, *words: str, before: Callable[[], None] | None = None, wrap: tuple[str, ...] = ()) -> str:
    """What a process prints that runs `script`; it must end well."""
    done = subprocess.run(
        [*wrap, sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=before,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


PUT = """
import os, sys
from driven.fusion.binary_cache import BinaryCache
cache = BinaryCache(sys.argv[1], max_bytes=1 << 30)
print(cache.put("a" * 64, b"small"), cache.put("b" * 64, b"x" * 300_000), cache.get("b" * 64) is None,
      cache.get("a" * 64), sorted(name[:1] for name in os.listdir(sys.argv[1])))
"""
REFUSED = "True False True b'small' ['a']"


def test_a_file_that_may_not_grow_any_more_leaves_nothing(folder: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    assert python(PUT, str(folder), before=limit) == REFUSED


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of its own needs Linux")
def test_a_full_disk_leaves_nothing(folder: Path) -> None:
    """A real file system of 100 KB, in a namespace of its own."""
    ways = [("unshare", "-m"), ("unshare", "-rm")]
    way = next(
        (way for way in ways if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0), None
    )
    if way is None:
        pytest.skip("no mount namespace is to be had")
    mount = f'mount -t tmpfs -o size=100k,mode=700 x "{folder}" && exec "$@"'
    assert python(PUT, str(folder), wrap=(*way, "sh", "-c", mount, "sh")) == REFUSED
    assert os.listdir(folder) == []


def test_a_write_that_is_interrupted_leaves_nothing(
    cache: BinaryCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cache.put(KEY, DATA)
    assert os.listdir(folder) == []


# Several at once

FIGHT = """
import os, random, sys
from driven.fusion.binary_cache import BinaryCache, is_entry, key_of
from driven.fusion.cache_files import listed
from driven.fusion.caches import CACHES, Content, clear, prune
cache = BinaryCache(sys.argv[1], max_bytes=int(sys.argv[2]))
keys = [key_of(b"%d" % i) for i in range(30)]
def data(i): return b"%d " % i * 2000
chance = random.Random(int(sys.argv[3]))
sys.stdin.readline()
given = 0
for _ in range(400):
    i = chance.randrange(30)
    found = cache.get(keys[i])
    if found is None:
        assert cache.put(keys[i], data(i))
    else:
        assert found == data(i)
        given += 1
    if chance.random() < 0.02:
        files = tuple(listed(cache.folder, is_entry)[0])
        seen = Content(cache=CACHES[0], folder=cache.folder, files=files, others=0, refused="")
        clear(seen) if chance.random() < 0.3 else prune(seen, 0)
print(given)
"""


def test_two_processes_warm_one_cache(folder: Path) -> None:
    """They put, read, prune and clear the same keys at once: each answer is whole, and nothing is left lying about."""
    at_once = [
        subprocess.Popen(
            [sys.executable, "-c", FIGHT, str(folder), str(100_000), str(seed)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for seed in range(3)
    ]  # fmt: skip
    for one in at_once:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60) for one in at_once]
    assert [one.returncode for one in at_once] == [0, 0, 0], said
    assert sum(int(out) for out, _ in said) > 0
    cache = BinaryCache(str(folder), max_bytes=MANY)
    assert all(not name.startswith(".") for name in os.listdir(folder))
    assert all(cache.get(entry.name) is not None for entry in entries(folder))


def test_a_process_that_is_killed_leaves_a_whole_entry_or_none(folder: Path) -> None:
    script = """
import sys
from driven.fusion.binary_cache import BinaryCache
cache = BinaryCache(sys.argv[1], max_bytes=1 << 30)
print("go", flush=True)
while True:
    cache.put("a" * 64, b"x" * 3_000_000)
"""
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None and process.stdout.readline() == "go\n"
        time.sleep(0.03)
        process.kill()
        process.wait()
        process.stdout.close()
        cache = BinaryCache(str(folder), max_bytes=MANY)
        assert cache.get("a" * 64) in (None, b"x" * 3_000_000)
    for path in folder.iterdir():
        age(path, HOUR)
    clear(folder)
    assert [name for name in os.listdir(folder) if name.startswith(".")] == []


def test_threads_share_one(cache: BinaryCache) -> None:
    wrong: list[object] = []

    def work(seed: int) -> None:
        for i in range(100):
            key = key_of(b"%d" % (i % 7))
            found = cache.get(key)
            if found not in (None, b"%d" % (i % 7) * 500):
                wrong.append(found)
            cache.put(key, b"%d" % (i % 7) * 500)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(entries(Path(cache.folder))) == 7


# How much, and how long


def test_above_its_bound_the_longest_unused_go(folder: Path) -> None:
    cache = BinaryCache(str(folder), max_bytes=10 * (1000 + HEADER))
    keys = [key_of(b"%d" % i) for i in range(10)]
    for i, key in enumerate(keys):
        age(put(cache, key, bytes(1000)), (20 - i) * HOUR)
    assert cache.get(keys[0]) is not None  # now it is the last one that was used
    put(cache, OTHER, bytes(1000))
    left = {entry.name for entry in entries(folder)}
    assert {keys[0], OTHER, *keys[3:]} == left
    assert sum(entry.size for entry in entries(folder)) <= cache.max_bytes


def test_what_is_larger_than_the_cache_is_not_kept(folder: Path) -> None:
    cache = BinaryCache(str(folder), max_bytes=500)
    assert not cache.put(KEY, bytes(500)) and os.listdir(folder) == []
    assert cache.put(KEY, bytes(500 - HEADER))


def test_one_that_was_just_put_stays(folder: Path) -> None:
    """Also where the clock of others runs ahead: theirs look newer."""
    cache = BinaryCache(str(folder), max_bytes=3 * (1000 + HEADER))
    for i in range(3):
        age(put(cache, key_of(b"%d" % i), bytes(1000)), -HOUR)
    put(cache, OTHER, bytes(1000))
    assert cache.get(OTHER) is not None


def test_a_get_is_a_use_at_most_once_an_hour(cache: BinaryCache) -> None:
    file = put(cache)
    for seconds, touched in ((HOUR - 60, False), (HOUR + 60, True), (-HOUR, True)):
        age(file, seconds)
        before = file.stat().st_mtime_ns
        assert cache.get(KEY) == DATA
        assert (file.stat().st_mtime_ns != before) is touched
        assert not touched or abs(file.stat().st_mtime - time.time()) < HOUR


def test_pruning_and_clearing(cache: BinaryCache, folder: Path) -> None:
    old, new = put(cache), put(cache, OTHER)
    age(old, 240 * HOUR)
    left = folder / f".{KEY}.0123456789ab.tmp"
    fresh = folder / f".{KEY}.ba9876543210.tmp"
    stranger = folder / "notes.txt"
    for path in (left, fresh, stranger):
        path.write_bytes(b"12345")
    age(left, 200 * HOUR)
    size = old.stat().st_size
    assert prune(content(folder), 5, dry=True) == Freed(2, size + 5) and old.exists() and left.exists()
    assert prune(content(folder), 5) == Freed(2, size + 5) and not old.exists() and not left.exists() and new.exists()
    assert caches.clear(content(folder), dry=True) == Freed(1, size) and new.exists()
    assert clear(folder) == Freed(1, size)
    assert sorted(os.listdir(folder)) == [fresh.name, "notes.txt"]


def test_a_link_in_the_folder_is_not_cleared_through(cache: BinaryCache, folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x")
    (folder / KEY).symlink_to(kept)
    assert entries(folder) == [] and clear(folder) == Freed(0, 0) and kept.exists() and (folder / KEY).is_symlink()


def test_the_folder_may_be_gone_while_it_is_cleared(cache: BinaryCache, folder: Path) -> None:
    put(cache)
    seen = content(folder)
    (folder / KEY).unlink()
    assert caches.clear(seen) == Freed(0, 0)
    folder.rmdir()
    assert caches.clear(seen) == prune(seen, 0) == Freed(0, 0) and entries(folder) == []
