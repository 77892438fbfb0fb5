"""The audit log: what is written, by how many at once, after a crash, and by whom it cannot be fooled."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DiskError, SignatureError
from driven.trust import canonical
from driven.trust.audit import AuditLog
from driven.trust.audit_file import MAX_LINE
from driven.trust.audit_read import entries, last, verify
from tests.trust.sessions.logs import fill, kinds, lines


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "audit.jsonl")


def test_an_entry_is_a_line_of_canonical_json_and_the_file_is_ours_alone(path: str) -> None:
    fill(path, 3)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    told = [canonical.load(line, "a line") for line in lines(path)]
    assert [(one["seq"], one["event"], one["outcome"]) for one in told] == [  # type: ignore[index,call-overload]
        (0, "begin", "note"), (1, "read", "allowed"), (2, "read", "denied"), (3, "read", "allowed"),
    ]  # fmt: skip
    assert not os.path.exists(path + ".head"), "without a key there is no head"
    found = verify(path)
    assert (found.whole, found.entries, found.seq, found.signed) == (True, 4, 3, -1)
    assert found.outcomes == {"note": 1, "allowed": 2, "denied": 1}


def test_nothing_is_made_before_the_first_entry(path: str) -> None:
    AuditLog(path).close()
    assert not os.path.exists(os.path.dirname(path))
    assert verify(path).whole and list(entries(path)) == []


def test_a_signer_that_refuses_is_an_entry_and_no_error(path: str) -> None:
    def sign(head: bytes) -> bytes:
        raise SignatureError("the agent was locked")

    log = AuditLog(path, sign=sign)
    log.record({"event": "read"})
    log.close()
    assert log.unsigned == "the agent was locked"
    assert last(path, 1)[0]["why"] == "the head was not signed: the agent was locked"
    assert verify(path).whole and not os.path.exists(path + ".head")


def test_a_head_is_signed_every_so_many_entries_and_at_the_end(path: str) -> None:
    signed = []
    log = AuditLog(path, sign=lambda head: signed.append(head) or b"x", every=3)  # type: ignore[func-returns-value]
    for _ in range(7):
        log.record({"event": "read"})
    assert len(signed) == 2
    log.close()
    log.close()
    assert len(signed) == 3 and verify(path).signed == 7


def test_who_has_no_key_leaves_the_signed_head_alone(path: str) -> None:
    fill(path, 2, sign=lambda head: b"x")
    fill(path, 2)
    found = verify(path)
    assert found.whole and (found.signed, found.seq) == (2, 4)


@pytest.mark.parametrize("part", [1, 10, 100, -1])
def test_a_line_that_a_crash_cut_is_healed_and_told(path: str, part: int) -> None:
    fill(path, 3)
    whole = Path(path).read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    torn = whole[start:][:part]
    Path(path).write_bytes(whole[:start] + torn)
    found = verify(path)
    assert found.torn and found.whole, "a crash is no attack"
    fill(path, 1)
    found = verify(path)
    assert (found.whole, found.torn, found.healed) == (True, False, 1)
    told = last(path, 2)[0]
    if part == -1:  # nothing but its end was missing: it stays
        assert told["bytes"] == 1 and last(path, 3)[0]["target"] == "docs/2.md"
    else:
        assert (told["bytes"], told["text"]) == (len(torn), torn.decode())


def test_a_last_line_that_is_no_entry_does_not_stop_the_log_and_is_told(path: str) -> None:
    fill(path, 3)
    with open(path, "ab") as file:
        file.write(b"junk\n")
    fill(path, 1)
    assert [one["event"] for one in last(path, 2)] == ["damaged", "read"]
    assert kinds(path) == [(5, "unreadable")]


WRITER = """
import sys
from driven.trust.audit import AuditLog
with AuditLog(sys.argv[1]) as log:
    print("up", flush=True)
    for at in range(int(sys.argv[2])):
        log.record({"event": "write", "writer": sys.argv[3], "at": at, "text": "x" * 300})
"""


def writer(path: str, many: int, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, path, str(many), name], stdout=subprocess.PIPE)


def test_several_processes_and_threads_write_one_chain(path: str) -> None:
    processes = [writer(path, 150, f"p{at}") for at in range(3)]
    with AuditLog(path) as log:

        def write(name: str) -> None:
            for at in range(100):
                log.record({"event": "write", "writer": name, "at": at})

        threads = [threading.Thread(target=write, args=(f"t{at}",)) for at in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert [one.wait(60) for one in processes] == [0, 0, 0]
    for one in processes:
        assert one.stdout is not None
        one.stdout.close()
    found = verify(path)
    assert found.whole and found.entries == 1 + 3 * 150 + 2 * 100
    said: dict[str, list[int]] = {}
    for one in entries(path):
        if one["event"] == "write":
            said.setdefault(one["writer"], []).append(one["at"])
    assert {name: len(order) for name, order in said.items()} == {
        **dict.fromkeys(("p0", "p1", "p2"), 150),
        "t0": 100,
        "t1": 100,
    }
    assert all(order == sorted(order) for order in said.values())


def test_a_fork_writes_the_same_chain(path: str) -> None:
    with AuditLog(path) as log:
        log.record({"event": "before"})
        child = os.fork()
        if not child:
            try:
                for _ in range(50):
                    log.record({"event": "child"})
            finally:
                os._exit(0)
        for _ in range(50):
            log.record({"event": "parent"})
        os.waitpid(child, 0)
    found = verify(path)
    assert found.whole and found.entries == 102


def test_a_writer_that_is_killed_leaves_a_log_that_goes_on(path: str) -> None:
    process = writer(path, 1_000_000, "k")
    assert process.stdout is not None and process.stdout.readline() == b"up\n"
    while not os.path.exists(path) or os.path.getsize(path) < 20_000:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    fill(path, 1)
    assert verify(path).whole


FULL = """
import resource, sys
from driven.errors import DiskError
from driven.trust.audit import AuditLog
log = AuditLog(sys.argv[1])
log.record({"event": "read"})
resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
try:
    log.record({"event": "read", "text": "x" * 900})
except DiskError as error:
    print(error)
"""


def test_a_full_disk_is_an_error_and_leaves_whole_lines(path: str) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
    assert "cannot be written: file too large" in done.stdout
    assert verify(path).entries == 2 and Path(path).read_bytes().endswith(b"\n")


def test_who_holds_the_log_for_ever_is_told_of_and_stops_nobody_for_ever(path: str) -> None:
    import fcntl

    fill(path, 1)
    with open(path, "rb") as file:  # who may read it can hold it
        fcntl.flock(file, fcntl.LOCK_EX)
        log = AuditLog(path, patience=0.05)
        with pytest.raises(DiskError, match="held by another process"):
            log.record({"event": "read"})
        assert verify(path).whole, "reading waits for nobody"
        fcntl.flock(file, fcntl.LOCK_UN)
        log.record({"event": "read"})
    log.close()
    assert verify(path).entries == 3


def test_a_log_that_was_moved_away_is_begun_anew(path: str) -> None:
    with AuditLog(path, sign=lambda head: b"x", every=1) as log:
        log.record({"event": "read"})
        os.rename(path, path + ".old")
        assert (0, "cut") in kinds(path)
        os.rename(path + ".head", path + ".old.head")
        log.record({"event": "read"})
    assert verify(path).whole and verify(path + ".old").whole
    assert verify(path).id != verify(path + ".old").id
    os.replace(path + ".old.head", path + ".head")
    assert "rewritten" in [kind for _, kind in kinds(path)], "the head of another log"


@pytest.mark.parametrize("shape", ["link", "hard link", "fifo", "folder", "writable", "dangling", "in a link"])
def test_what_is_no_file_of_ours_alone_is_refused(path: str, shape: str, tmp_path: Path) -> None:
    os.makedirs(os.path.dirname(path))
    other = tmp_path / "other"
    other.write_bytes(b"")
    match shape:
        case "link":
            os.symlink(other, path)
        case "dangling":
            os.symlink(tmp_path / "nothing", path)
        case "in a link":
            os.rmdir(os.path.dirname(path))
            (tmp_path / "there").mkdir()
            os.symlink(tmp_path / "there", os.path.dirname(path))
        case "hard link":
            os.link(other, path)
        case "fifo":
            os.mkfifo(path)
        case "folder":
            os.mkdir(path)
        case _:
            Path(path).write_bytes(b"")
            os.chmod(path, 0o666)
    with pytest.raises(DiskError):
        AuditLog(path).record({"event": "read"})
    with pytest.raises(DiskError):
        verify(path)
    assert other.read_bytes() == b"" and not (tmp_path / "nothing").exists()
    assert not (tmp_path / "there/audit.jsonl").exists()


class Strange(str):
    """No text of ours: what it does when it is asked is its own."""


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary()
    | st.just(Strange("s")) | st.just(object()) | st.just("\ud800") | st.just("\x00" * 5000),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),  # type: ignore[arg-type]
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=15)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["event", "outcome", "seq", "prev", "a", "\n", "\udfff", "k" * 99]), values)
    )
)
def test_nothing_is_too_ugly_to_be_told(
    tmp_path_factory: pytest.TempPathFactory, told: list[dict[str, object]]
) -> None:
    path = str(tmp_path_factory.mktemp("log") / "audit.jsonl")
    with AuditLog(path) as log:
        for one in told:
            log.record(one)
    found = verify(path)
    assert found.whole and found.entries == (len(told) + 1 if told else 0)


def test_what_is_too_long_is_clipped_and_what_is_ours_is_ours(path: str) -> None:
    flood = {f"k{at}": ["\x01" * 9999] * 99 for at in range(99)}
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    with AuditLog(path) as log:
        log.record({"event": "read", "outcome": "denied", "target": "x" * 5000, "seq": 7, "pid": "none"})
        log.record({"event": "flood", "outcome": "violation", **flood, "deep": deep, "huge": 1 << 90_000})
        log.record({"outcome": "granted"})
        log.record({**flood, "event": "behind", "outcome": "denied"})
    first, second, third, fourth = last(path, 4)
    assert (fourth["event"], fourth["outcome"]) == ("behind", "denied"), "however much stands before it"
    assert first["target"] == "x" * 1024 + "… (+3976)" and (first["x_seq"], first["x_pid"], first["seq"]) == (
        7,
        "none",
        1,
    )
    assert (second["event"], second["outcome"]) == ("flood", "violation")
    assert (third["event"], third["outcome"], third["x_outcome"]) == ("unnamed", "note", "granted")
    assert max(map(len, lines(path))) <= MAX_LINE and verify(path).whole
