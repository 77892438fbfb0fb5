"""Snapshots on disk: what is written is read back, long texts are held once, old ones go, hostile bytes are refused."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core._rt import FormatError
from driven.errors import DiskError
from driven.format import snap
from driven.format.ends import common_ends
from driven.format.hashes import digest
from driven.format.snap import Builder, Head, is_place
from driven.model.plan import Owned
from driven.project import snapshots
from driven.project.disk import Tree
from driven.project.snapshots import SOURCE, Change, Store

SECTION: Owned = ("CONVENTIONS.md", "aider", "section:aider")
RULE = ".driven/rules/a.md"
D = "0" * 32


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    with Tree(str(tmp_path)) as tree:
        yield tree


def paths(tree: Tree) -> list[str]:
    folder = Path(tree.root, ".driven/state/snapshots")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def aged(tree: Tree, monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + days * 86_400)


def words(seed: int, size: int) -> bytes:
    rng = random.Random(seed)
    return b"\n".join(bytes(rng.choices(range(97, 123), k=60)) for _ in range(size // 61 + 1))[:size]


TEXTS = st.one_of(st.none(), st.binary(max_size=40), st.integers(0, 6).map(lambda n: words(n, 4096 + 700 * n)))
LOCKS = st.one_of(st.none(), st.frozensets(st.sampled_from([D, "1" * 32, "ab" * 16])))
CHANGES = st.builds(
    Change,
    st.sampled_from(["a.md", "b/ü €.mdc", "CLAUDE.md"]),
    st.sampled_from(["claude", "agents"]),
    st.sampled_from(["file", "section:x", "entry:read:a\tb.md", "outside"]),
    TEXTS, TEXTS, TEXTS, LOCKS, LOCKS,
)  # fmt: skip


@given(st.lists(st.lists(CHANGES, min_size=1, max_size=6, unique_by=lambda c: c.owned), min_size=1, max_size=6))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, runs: list[list[Change]]) -> None:
    root = str(tmp_path_factory.mktemp("p"))
    with Tree(root) as tree:
        for run in runs:
            snapshots.write(tree, "sync", run)
        for number, run in enumerate(runs, 1):
            assert snapshots.load(root, number) == run
        store = Store(root)
        for text in {text for run in runs for c in run for text in (c.before, c.after, c.stood) if text is not None}:
            assert store.blob(digest(text)) == text and store.holds(digest(text))
        # What the last run that touched a thing left there.
        for owned in {change.owned for run in runs for change in run}:
            left = [change.after for run in runs for change in run if change.owned == owned][-1]
            assert snapshots.last(root, owned) == left


def test_the_list_reads_heads_only(tree: Tree) -> None:
    first = snapshots.write(
        tree, "sync --force", [Change(RULE, "", SOURCE, None, b"x\n"), Change(*SECTION, None, b"y")]
    )
    second = snapshots.write(tree, "restore 1", [Change(RULE, "", SOURCE, b"x\n", None)])
    assert first.startswith(".driven/state/snapshots/1-") and second.endswith(".snap")
    newest, oldest = snapshots.entries(tree.root)
    assert (newest.number, newest.parent, newest.what, newest.files, newest.rules) == (2, 1, "restore 1", 0, 1)
    assert (oldest.number, oldest.parent, oldest.what, oldest.files, oldest.rules) == (1, 0, "sync --force", 1, 1)
    assert abs(newest.time - time.time()) < 100 and newest.bytes == os.stat(Path(tree.root, second)).st_size
    assert snapshots.newest_paths(tree.root) == [snapshots.BASE, RULE]
    assert snapshots.write(tree, "sync", []) == "" and len(paths(tree)) == 2


def test_no_snapshots_is_no_error(tree: Tree) -> None:
    root = tree.root
    assert snapshots.entries(root) == [] and snapshots.find_blob(root, D) is None
    assert snapshots.last(root, SECTION) is None and snapshots.newest_paths(root) == [snapshots.BASE]
    assert snapshots.prune(tree) == 0 and paths(tree) == []
    for number in (0, 1, -1):
        with pytest.raises(FormatError):
            snapshots.load(root, number)
    for wrong in ("", "zz", "00", D + "00"):
        assert snapshots.find_blob(root, wrong) is None


def section_history(tree: Tree, runs: int) -> list[bytes]:
    """A long section of which every run changes one line: the texts that stood there."""
    texts = [words(1, 100_000)]
    for run in range(runs):
        old = texts[-1]
        at = (run * 7919) % 90_000
        texts.append(old[:at] + b"line %d\n" % run + old[at + run % 40 :])
        snapshots.write(tree, "sync", [Change(*SECTION, old, texts[-1])])
    return texts


def test_a_long_section_is_not_held_anew_by_every_sync(tree: Tree) -> None:
    texts = section_history(tree, 60)
    sizes = [os.stat(Path(tree.root, ".driven/state/snapshots", name)).st_size for name in paths(tree)]
    assert sum(sizes) < 5 * len(texts[0]), "of 60 runs, one in seventeen holds it whole"
    store = Store(tree.root)
    for number, (before, after) in enumerate(itertools.pairwise(texts), 1):
        change = snapshots.load(tree.root, number)[0]
        assert (change.before, change.after) == (before, after)
    assert all(store.blob(digest(text)) == text for text in texts)


def test_a_text_that_something_else_changed_between_is_held_anew(tree: Tree) -> None:
    a, b, c = (words(seed, 5000) for seed in (1, 2, 3))
    snapshots.write(tree, "sync", [Change(*SECTION, None, a)])
    snapshots.write(tree, "sync", [Change(*SECTION, b, c)])  # b was not left by the first
    snapshots.write(tree, "sync", [Change("other", "x", "file", a, b)])  # a was, but as another thing's
    assert [snapshots.load(tree.root, n)[0].before for n in (1, 2, 3)] == [None, b, a]


# Pruning


@pytest.mark.parametrize("keep", [1, 2, 5, 19])
def test_pruning_keeps_what_later_snapshots_name(tree: Tree, keep: int) -> None:
    texts = section_history(tree, 20)
    assert snapshots.prune(tree, keep) == 20 - keep
    assert [one.number for one in snapshots.entries(tree.root)] == list(range(20, 20 - keep, -1))
    for number in range(21 - keep, 21):
        change = snapshots.load(tree.root, number)[0]
        assert (change.before, change.after) == (texts[number - 1], texts[number])
    # And again, on top of the base that the first left.
    more = words(9, 30_000)
    for _ in range(3):
        snapshots.write(tree, "sync", [Change(*SECTION, texts[-1], more)])
        texts.append(more)
        snapshots.prune(tree, keep)
    last = snapshots.load(tree.root, 23)[0]
    assert (last.before, last.after) == (texts[22], texts[23])
    assert snapshots.last(tree.root, SECTION) == more


def test_what_the_lock_names_survives_and_nothing_else(tree: Tree) -> None:
    for number in range(1, 6):
        snapshots.write(tree, "sync", [Change("a", "x", "file", b"%d" % (number - 1), b"%d" % number)])
    snapshots.write(tree, "sync", [Change("gone", "x", "file", b"there", None)])
    snapshots.write(tree, "sync", [Change("kept", "x", "file", None, b"never touched again")])
    snapshots.write(tree, "sync", [Change("new", "x", "file", None, b"new")])
    live = {digest(b"2"), digest(b"kept nowhere")}
    assert snapshots.prune(tree, 1, live=live) == 7
    store = Store(tree.root)
    assert store.blob(digest(b"2")) == b"2", "a branch's lock may still name it"
    assert store.blob(digest(b"5")) == b"5", "the base of the next snapshot of it"
    assert store.blob(digest(b"never touched again")) == b"never touched again"
    for dropped in (b"1", b"3", b"4", b"there"):
        assert store.blob(digest(dropped)) is None
    assert paths(tree) == [store.names[8], "base.snap"]
    snapshots.write(tree, "sync", [Change("a", "x", "file", b"5", b"6")])
    assert snapshots.prune(tree, 1) == 1
    assert snapshots.find_blob(tree.root, digest(b"2")) is None, "the lock names it no more"


def test_old_ones_go_by_age_but_never_the_newest(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        snapshots.write(tree, "sync", [Change("a", "x", "file", None, b"%d" % number)])
    aged(tree, monkeypatch, 29)
    assert snapshots.prune(tree, 100, 30) == 0
    snapshots.write(tree, "sync", [Change("a", "x", "file", b"2", b"3")])
    aged(tree, monkeypatch, 1.5)  # on top of the first
    assert snapshots.prune(tree, 100, 30, slack=10) == 0, "within the day that slack gives"
    assert snapshots.prune(tree, 100, 30) == 3
    aged(tree, monkeypatch, 400)
    assert snapshots.prune(tree, 100, 30) == 0 and len(snapshots.entries(tree.root)) == 1


def test_slack_keeps_the_base_from_being_written_by_every_sync(tree: Tree) -> None:
    for number in range(12):
        snapshots.write(tree, "sync", [Change("a", "x", "file", None, b"%d" % number)])
        dropped = snapshots.prune(tree, 8, slack=3)
        assert dropped == (4 if number == 11 else 0)


def test_a_prune_that_was_killed_is_repeated(tree: Tree) -> None:
    texts = section_history(tree, 8)
    folder = Path(tree.root, ".driven/state/snapshots")
    old = {name: (folder / name).read_bytes() for name in paths(tree)}
    snapshots.prune(tree, 3)
    base = (folder / "base.snap").read_bytes()
    for name in sorted(old)[:2]:  # killed after it wrote the base, in the middle of removing
        (folder / name).write_bytes(old[name])
    assert [one.number for one in snapshots.entries(tree.root)] == [8, 7, 6, 2, 1]
    assert [snapshots.load(tree.root, n)[0].after for n in (1, 2)] == texts[1:3]
    assert snapshots.prune(tree, 3) == 2
    assert Head((folder / "base.snap").read_bytes(), len(base)).number == 5
    assert [snapshots.load(tree.root, n)[0].after for n in (6, 7, 8)] == texts[6:]


# Hostile bytes


def test_in_the_folder_of_driven_only_rules_and_answers_are_ours() -> None:
    assert is_place((RULE, "", SOURCE)) and is_place((".driven/templates.toml", "", SOURCE))
    for path in (".driven/config.toml", ".driven/templates/x.md", ".driven/templates.toml/x", "templates.toml"):
        assert not is_place((path, "", SOURCE)), path
    assert not is_place((".driven/templates.toml", "cursor", "file"))


def stored(tree: Tree) -> tuple[Path, bytes]:
    changes = [
        Change(RULE, "", SOURCE, b"one\n", b"two\n", b"three\n"),
        Change(*SECTION, words(1, 9000), words(1, 9000)[:8000] + b"!" + words(1, 9000)[8000:]),
        Change("CLAUDE.md", "claude", "outside", None, b"x", None, frozenset((D,)), frozenset()),
    ]
    path = Path(tree.root, snapshots.write(tree, "sync", changes))
    return path, path.read_bytes()


def read_all(path: Path) -> None:
    """Everything that can be asked of a project's snapshots: a FormatError, or an answer."""
    root = str(path.parents[3])
    for look in (snapshots.entries, snapshots.newest_paths):
        look(root)
    snapshots.find_blob(root, digest(b"one\n"))
    snapshots.last(root, SECTION)
    try:
        for change in snapshots.load(root, 1):
            assert is_place(change.owned)
    except FormatError:
        return


def sealed(data: bytes) -> bytes:
    """`data` with the checksum that its head should have, so that a mutation gets past it."""
    length = min(int.from_bytes(data[24:28], "little"), len(data))
    if length < 72:
        return data
    from blake3 import blake3

    return data[:64] + blake3(data[:64] + bytes(8) + data[72:length]).digest(length=8) + data[72:]


def test_any_bytes_give_an_answer_or_a_format_error(tree: Tree) -> None:
    path, good = stored(tree)
    rng = random.Random(11)
    for round_ in range(2000):
        data = bytearray(good)
        for _ in range(rng.randint(1, 5)):
            at = rng.randrange(min(len(data), 700))  # where the head is
            data[at] = rng.choice((0, 1, 2, 127, 128, 255, rng.randrange(256)))
        if rng.random() < 0.1:
            data = data[: rng.randrange(len(data))]
        path.write_bytes(sealed(bytes(data)) if round_ % 3 else bytes(data))
        read_all(path)


def test_every_field_of_the_head_is_checked(tree: Tree) -> None:
    path, good = stored(tree)
    for at in range(4, 72 + 3 * 52 + 6 * 52, 4):
        for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            path.write_bytes(sealed(good[:at] + value.to_bytes(4, "little") + good[at + 4 :]))
            read_all(path)
    path.write_bytes(good[:100] + b"?" + good[101:])
    assert snapshots.entries(tree.root) == [] and Store(tree.root).newest == 1
    store = Store(tree.root)
    list(store.heads())
    assert store.damaged == [path.name]
    # A damaged one is in nobody's way: the next has its own number.
    assert "/2-" in snapshots.write(tree, "sync", [Change("a", "x", "file", None, b"a")])


def test_a_text_that_was_tampered_with_is_not_given_out(tree: Tree) -> None:
    path, good = stored(tree)
    assert good.endswith(b"x") and good.count(b"three\n") == 1
    path.write_bytes(good.replace(b"three\n", b"THREE\n"))
    with pytest.raises(FormatError, match="not the one that was kept"):
        snapshots.load(tree.root, 1)
    assert snapshots.find_blob(tree.root, digest(b"one\n")) == b"one\n"
    assert snapshots.find_blob(tree.root, digest(b"three\n")) is None


@pytest.mark.parametrize(
    "owned",
    [("../x", "a", "file"), ("/etc/x", "a", "file"), ("a/../b", "a", "file"), (".git/hooks/x", "a", "file"),
     ("a/.GIT/x", "a", "file"), (".driven/config.toml", "a", "file"), (".driven/config.toml", "", SOURCE),
     (".driven/rules/../x.md", "", SOURCE), ("src/main.py", "", SOURCE), ("a\\b", "a", "file"), ("", "a", "file"),
     ("a\0b", "a", "file")],
)  # fmt: skip
def test_a_path_where_none_of_ours_can_be_is_refused(tree: Tree, owned: Owned) -> None:
    snapshots.write(tree, "sync", [Change(*owned, None, b"evil")])
    with pytest.raises(FormatError, match="where none of ours can be"):
        snapshots.load(tree.root, 1)


def test_names_that_are_none_are_passed_over(tree: Tree) -> None:
    stored(tree)
    folder = Path(tree.root, ".driven/state/snapshots")
    for name in ("x.snap", "2.snap", "²-a.snap", "3-.snap", "-1-a.snap", "4-a.snap.drvtmp", "99999999999-a.snap"):
        (folder / name).write_bytes(b"?")
    (folder / "5-dir.snap").mkdir()
    os.symlink("/etc/passwd", folder / "6-link.snap")
    os.mkfifo(folder / "7-pipe.snap")
    assert [one.number for one in snapshots.entries(tree.root)] == [1]
    assert Store(tree.root).newest == 7


def test_chains_that_lead_nowhere_end(tree: Tree) -> None:
    """Snapshots that name each other's texts: a forged pair, and one whose base is gone."""
    text = words(5, 5000)
    raw = bytes.fromhex(digest(text))
    folder = Path(tree.root, ".driven/state/snapshots")
    folder.mkdir(parents=True)
    for number in range(2, 80):  # each says: the text is where the one before has it
        data = Builder(number, lambda _o, _k, n=number: (n - 1, 0)).build(
            0, 0, "sync", "1", [Change(*SECTION, text, None)]
        )
        (folder / f"{number}-aaaaaaaa.snap").write_bytes(data)
    store = Store(tree.root)
    head = store.head(79)
    assert head is not None and head.find(raw) == 0
    with pytest.raises(FormatError):
        store.text(79, 0)
    assert store.blob(digest(text)) is None


def test_a_text_longer_than_a_snapshot_can_hold_stops_the_sync(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snap, "MAX_BLOB", 100)
    with pytest.raises(DiskError, match="no file was changed"):
        snapshots.write(tree, "sync", [Change("a", "x", "file", None, bytes(101))])
    assert paths(tree) == []


@given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=50))
def test_common_ends(head: bytes, one: bytes, two: bytes, tail: bytes) -> None:
    a, b = head + one + tail, head + two + tail
    prefix, suffix = common_ends(a, b)
    assert a[:prefix] == b[:prefix] and a[len(a) - suffix :] == b[len(b) - suffix :]
    assert prefix + suffix <= min(len(a), len(b))
    assert prefix >= len(head) and prefix + suffix >= min(len(head) + len(tail), len(a), len(b))
