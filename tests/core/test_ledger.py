"""The ledger: round trip, hostile bytes, and what counts as changed."""

from __future__ import annotations

import os
import random

import pytest

from driven.core._rt import FormatError
from driven.core.ledger import (
    ABSENT,
    FOLDER,
    OUTPUT,
    SEARCHED,
    SETTING,
    SOURCE,
    UNSURE,
    Ledger,
    build_ledger,
    run_key,
    stale,
    touched,
)

DIGEST = bytes(range(32))


def entry(kind: int, path: str, names: str = "", *, mtime: int | None = None) -> tuple:
    try:
        seen = os.stat(path)
    except OSError:
        return (kind, os.fsencode(path), names, 0, ABSENT if mtime is None else mtime, 0, DIGEST)
    time = seen.st_mtime_ns if kind in (OUTPUT, SEARCHED) else seen.st_ctime_ns
    return (kind, os.fsencode(path), names, seen.st_size, mtime or time, seen.st_ino, DIGEST)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.md").write_text("text\n")
    for path in ("folder", "file.md"):
        os.utime(path, ns=(1_000_000_000, 1_000_000_000))
    return tmp_path


def test_round_trip(here) -> None:
    entries = [entry(SOURCE, "file.md", "rule/id"), entry(SETTING, "absent"), entry(FOLDER, "folder")]
    data = build_ledger(b"key", "up to date ✓\n".encode(), b"c" * 24, True, entries)
    ledger = Ledger(data)
    assert ledger.entries() == entries
    assert (ledger.key, ledger.summary.decode(), ledger.checksum) == (b"key", "up to date ✓\n", b"c" * 24)
    assert ledger.settled
    assert build_ledger(b"", b"", b"", False, []) and not Ledger(build_ledger(b"", b"", b"", False, [])).settled


def test_a_large_inode_is_kept_and_compared(here) -> None:
    data = build_ledger(b"", b"", b"", True, [(OUTPUT, b"x", "", 1, 2, 2**64 - 1, DIGEST)])
    assert Ledger(data).entries()[0][5] == 2**63 - 1


def unchanged(*entries: tuple, made: int = 2**62) -> bool:
    return Ledger(build_ledger(b"", b"", b"", True, list(entries))).unchanged(made)


def test_what_counts_as_changed(here) -> None:
    source, folder, gone = entry(OUTPUT, "file.md"), entry(FOLDER, "folder"), entry(SETTING, "absent")
    assert unchanged(source, folder, gone)
    assert not unchanged(entry(OUTPUT, "file.md", mtime=UNSURE))
    assert not unchanged(source, made=1_000_000_000)  # not older than the ledger: it may have changed in the same tick
    assert unchanged(entry(SEARCHED, "folder"), made=1_000_000_000)
    rule = entry(SOURCE, "file.md")
    assert unchanged(rule)
    (here / "file.md").write_text("tex2\n")
    os.utime("file.md", ns=(1_000_000_000, 1_000_000_000))
    assert not unchanged(rule)  # the same size, and the mtime set back: the change time tells
    (here / "absent").write_text("")
    assert not unchanged(gone)
    (here / "file.md").write_text("other\n")
    os.utime("file.md", ns=(1_000_000_000, 1_000_000_000))
    assert not unchanged(source)  # another size
    (here / "new").write_text("text\n")
    os.replace("new", "file.md")
    os.utime("file.md", ns=(1_000_000_000, 1_000_000_000))
    assert not unchanged(source)  # another inode
    os.unlink("file.md")
    assert not unchanged(source)
    (here / "folder" / "added.md").write_text("")
    assert not unchanged(folder)


def test_settings_are_part_of_the_key(monkeypatch) -> None:
    before = run_key("1", "/usr", ["/a"])
    monkeypatch.setenv("DRIVEN_DISABLE_PLUGINS", "x")
    assert run_key("1", "/usr", ["/a"]) != before
    monkeypatch.delenv("DRIVEN_DISABLE_PLUGINS")
    assert run_key("1", "/usr", ["/a"]) == before
    assert run_key("2", "/usr", ["/a"]) != before != run_key("1", "/usr", ["/a", "/b"])


def test_hostile_bytes_give_a_format_error_or_a_ledger(here) -> None:
    good = build_ledger(b"key", b"line", b"c" * 24, True, [entry(SOURCE, "file.md", "é"), entry(FOLDER, "folder")])
    rng = random.Random(7)
    for _ in range(4000):
        data = bytearray(good)
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        data = data[: rng.randrange(len(data))] if rng.random() < 0.2 else data
        try:
            ledger = Ledger(bytes(data))
            ledger.entries()
            ledger.unchanged(5)
            for table in ledger.tables().values():
                stale(table, str(here), 5)
                touched(table, {"": {""}, "é": {"é"}})
        except FormatError:
            continue


def test_tables_hold_every_entry_by_kind_and_path(here) -> None:
    entries = [
        entry(SOURCE, "file.md", "a"),
        entry(OUTPUT, "absent"),
        (OUTPUT, b"\xff\xc3\xa9", "x:y", 1, 2, 3, DIGEST),
    ]
    tables = Ledger(build_ledger(b"", b"", b"", True, entries)).tables()
    assert {kind: [*table] for kind, table in tables.items()} == {
        SOURCE: ["file.md"], OUTPUT: ["absent", os.fsdecode(b"\xff\xc3\xa9")],
    }  # fmt: skip
    assert [one for table in tables.values() for one in table.values()] == entries


def test_a_stale_output_is_one_whose_stat_differs_or_may_yet(here) -> None:
    good = entry(OUTPUT, "file.md")
    root = str(here)
    assert stale({"file.md": good}, root, 2**62) == []
    assert stale({"file.md": good}, root, good[4]) == ["file.md"]  # not older than the ledger
    for at in (3, 4, 5):
        other = (*good[:at], good[at] + 1, *good[at + 1 :])
        assert stale({"file.md": other, "absent": good, "x\0y": good}, root, 2**62) == ["file.md", "absent", "x\0y"]
    os.symlink("file.md", "link.md")
    assert stale({"link.md": good}, root, 2**62) == ["link.md"]


def test_what_a_change_touches() -> None:
    names = {
        "one": "cursor:a", "two": "cursor:b", "both": "cursor:a,b", "other": "claude:a",
        "joined": "cursor:c;claude:a,c", "none": "cursor:", "empty": "", "shared": "aider:a,b,c", "prefix": "cursor:ab",
    }  # fmt: skip
    outputs = {path: (OUTPUT, path.encode(), text, 1, 2, 3, DIGEST) for path, text in names.items()}
    assert touched(outputs, {}) == ([], False)
    assert touched(outputs, {"cursor": {"a", "b"}}) == (["one", "two", "both"], False)
    assert touched(outputs, {"cursor": {"a"}}) == (["one", "both"], True)
    assert touched(outputs, {"claude": {"a", "c"}, "aider": {"a", "b", "c"}}) == (["other", "joined", "shared"], False)
    assert touched(outputs, {"claude": {"c"}, "none": {""}}) == (["joined"], True)
    assert touched(outputs, {"cursor": {""}}) == ([], False)
