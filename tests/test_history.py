"""Undo and restore on real projects: what comes back, what is kept, what stays, and what a sync then does."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from driven import goback, history, pipeline
from driven.errors import ProjectError
from driven.project import snapshots
from driven.project.disk import Tree
from driven.project.ledger import read_lock
from driven.project.snapshots import Change, Store

CONFIG = "version = 1\n[editors]\ncursor = true\ncopilot = true\nclaude = true\naider = true\n"
ONE_WAY = CONFIG + '[sync]\nmode = "one-way"\n'
API = '---\ndescription: API\npaths:\n  - "src/api/**/*.ts"\n---\n\n# API\n\nValidate input.\n'
STYLE = "# Style\n\nUse tabs.\n"
CURSOR = ".cursor/rules/style.mdc"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, ".driven/config.toml", CONFIG)
    write(tmp_path, ".driven/rules/api.md", API)
    write(tmp_path, ".driven/rules/style.md", STYLE)
    return tmp_path


def write(root: Path, path: str, text: str | bytes) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def sync(root: Path, **options: bool):
    return pipeline.sync(str(root), **options)


def undo(root: Path, **options: bool) -> goback.Restored:
    return history.undo(str(root), **options)


def restore(root: Path, number: int, **options: bool) -> goback.Restored:
    return history.restore(str(root), number, **options)


def tree(root: Path) -> dict[str, bytes]:
    """Every file but this machine's state."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".driven/state" not in str(path)
    }


def newest(root: Path) -> int:
    return Store(str(root)).newest


def settled(root: Path) -> None:
    """Going back leaves nothing to do and no traces, and `outputs.lock` says what stands there."""
    lock = read_lock(str(root))
    assert all(len(digests) == 1 for digests in lock.values())
    before, number = tree(root), newest(root)
    report = sync(root)
    assert report.plan.is_clean and not report.held, report.plan.changes
    assert tree(root) == before and newest(root) == number
    assert not list(root.rglob("*.drvtmp")) and not (root / ".driven/state/journal").exists()


def test_every_sync_that_writes_leaves_one_snapshot(root: Path) -> None:
    sync(root)
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root, dry_run=True)
    sync(root)
    found = history.list_all(str(root)).snapshots
    assert [(one.number, one.what, one.rules, one.files) for one in found] == [(2, "sync", 1, 4), (1, "sync", 2, 8)]
    shown = history.show(str(root), 2)
    changed = {change.path: (change.before, change.after) for change in shown.changes}
    assert changed[".driven/rules/style.md"] == (STYLE.encode(), b"# Style\n\nUse spaces.\n")
    assert set(changed) == {
        ".driven/rules/style.md", ".claude/rules/style.md", CURSOR, ".github/copilot-instructions.md", "CONVENTIONS.md",
    }  # fmt: skip
    # Of a shared file only our part is in it.
    assert b"driven:begin" not in (changed["CONVENTIONS.md"][1] or b"") and b"spaces" in (
        changed["CONVENTIONS.md"][1] or b""
    )


def test_undo_and_undo_again(root: Path) -> None:
    sync(root)
    first = tree(root)
    write(root, ".driven/rules/style.md", "# Style\r\n\r\nUse spaces.")  # layout comes back too
    (root / ".driven/rules/api.md").unlink()
    write(root, ".driven/rules/more/new.md", "---\napply: model\ndescription: New\n---\n\n# New\n")
    sync(root)
    second = tree(root)
    assert first != second
    for expected in (first, second, first, second):
        done = undo(root)
        assert done.applied and not done.plan.conflicts and done.kept
        assert tree(root) == expected
        settled(root)


def test_undo_of_the_first_sync_removes_the_outputs_and_no_rule(root: Path) -> None:
    before = tree(root)
    sync(root)
    undo(root)
    assert tree(root) == before
    assert not (root / ".cursor").exists() and not (root / ".driven/outputs.lock").exists()
    undo(root)
    settled(root)


def test_undo_that_empties_the_folder_of_rules_leaves_the_folder(root: Path) -> None:
    sync(root)
    for name in ("api", "style"):
        (root / f".driven/rules/{name}.md").unlink()
    sync(root)
    undo(root)
    undo(root)
    assert (root / ".driven/rules").is_dir() and not list((root / ".driven/rules").iterdir())
    settled(root)


def test_restore_any_of_a_long_history(root: Path) -> None:
    """Random histories: each snapshot's state can be reached from the end, in any order."""
    rng = random.Random(3)
    states: dict[int, dict[str, bytes]] = {}
    words = ["tabs", "spaces", "both", "neither"]
    for step in range(12):
        name = rng.choice(["api", "style", "deep/one", "deep/two", "Über alles"])
        file = root / f".driven/rules/{name}.md"
        if file.exists() and rng.random() < 0.3:
            file.unlink()
        else:
            head = rng.choice(["", "---\napply: manual\n---\n\n", '---\npaths: ["src/**"]\n---\n\n'])
            write(root, f".driven/rules/{name}.md", f"{head}# {name}\n\nUse {rng.choice(words)} {step}.\n")
        sync(root)
        states[newest(root)] = tree(root)
    order = sorted(states)
    rng.shuffle(order)
    for number in order:
        restore(root, number)
        assert tree(root) == states[number], number
        settled(root)
    assert history.list_all(str(root)).snapshots[0].what.startswith("restore ")


def test_a_shared_file_keeps_what_a_person_wrote_since(root: Path) -> None:
    write(root, "CONVENTIONS.md", "# Ours\n")
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    file = root / "CONVENTIONS.md"
    file.write_bytes(b"Above.\n" + file.read_bytes() + b"\nBelow.\n")
    write(root, ".aider.conf.yml", b"# mine\n" + (root / ".aider.conf.yml").read_bytes() + b"dark-mode: true\n")
    assert undo(root).applied
    text = file.read_bytes()
    assert text.startswith(b"Above.\n# Ours\n") and text.endswith(b"\nBelow.\n") and b"tabs" in text
    settled(root)
    undo(root)
    assert b"spaces" in file.read_bytes() and file.read_bytes().startswith(b"Above.\n# Ours\n")
    settled(root)


def test_taking_our_part_out_of_a_shared_file(root: Path) -> None:
    write(root, "CONVENTIONS.md", "# Ours\n")
    sync(root)
    write(root, "CONVENTIONS.md", (root / "CONVENTIONS.md").read_bytes() + b"Below.\n")
    undo(root)
    assert (root / "CONVENTIONS.md").read_bytes() == b"# Ours\nBelow.\n"
    assert not (root / ".aider.conf.yml").exists()


def test_what_was_edited_since_is_a_conflict_and_nothing_is_changed(root: Path) -> None:
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    for path, text in ((CURSOR, b"Mine.\n"), (".driven/rules/style.md", b"# Style\n\nNot synced yet.\n")):
        good = (root / path).read_bytes()
        write(root, path, text)
        before, number = tree(root), newest(root)
        for attempt in (undo(root), restore(root, 1)):
            assert [conflict.path for conflict in attempt.plan.conflicts] == [path]
            assert not attempt.applied and tree(root) == before and newest(root) == number
        forced = undo(root, force=True)
        assert forced.applied and b"tabs" in (root / path).read_bytes()
        kept = {change.path: change.before for change in snapshots.load(str(root), newest(root))}
        assert kept[path] == text, "what was written over is in the snapshot"
        settled(root)
        undo(root)
        assert (root / path).read_bytes() == text, "and comes back by an undo"
        write(root, path, good)
        sync(root)


def test_what_is_not_touched_may_be_edited(root: Path) -> None:
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    mine = API.replace("Validate", "Check").encode()
    write(root, ".driven/rules/api.md", mine)
    assert undo(root).applied
    assert (root / ".driven/rules/api.md").read_bytes() == mine
    assert {change.path for change in sync(root).plan.writes} >= {".cursor/rules/api.mdc"}
    # And the edit is what that sync took in, not what was there before the undo.
    assert undo(root).applied and (root / ".driven/rules/api.md").read_bytes() == API.encode()
    settled(root)


def test_a_deleted_output_comes_back_without_a_conflict(root: Path) -> None:
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    (root / CURSOR).unlink()
    assert undo(root).applied and b"tabs" in (root / CURSOR).read_bytes()
    settled(root)


def test_undo_of_force_brings_the_hand_edit_back(root: Path) -> None:
    write(root, ".driven/config.toml", ONE_WAY)
    sync(root)
    mine = (root / CURSOR).read_bytes() + b"\nMine.\n"
    write(root, CURSOR, mine)
    foreign = write(root, ".claude/rules/new.md", "A stranger's.\n").read_bytes()
    write(root, ".driven/rules/new.md", "# New\n")
    report = sync(root, force=True)
    assert report.kept_copies.startswith(".driven/state/snapshots/")
    assert (root / CURSOR).read_bytes() != mine
    assert undo(root).applied
    assert (root / CURSOR).read_bytes() == mine and (root / ".claude/rules/new.md").read_bytes() == foreign
    lock = read_lock(str(root))
    assert (".claude/rules/new.md", "claude", "file") not in lock, "a stranger's file is a stranger's again"
    drifts = {conflict.path: conflict.drift for conflict in sync(root, check=True).plan.conflicts}
    assert drifts == {CURSOR: "edited", ".claude/rules/new.md": "foreign"}, "the rule is there, as it was"


def test_undo_of_a_merge_takes_the_edit_out_of_all_files(root: Path) -> None:
    sync(root)
    first = tree(root)
    edited = (root / CURSOR).read_bytes().replace(b"Use tabs.", b"Use both.")
    write(root, CURSOR, edited)
    report = sync(root)
    assert not report.plan.conflicts and b"both" in (root / ".driven/rules/style.md").read_bytes()
    assert b"both" in (root / "CONVENTIONS.md").read_bytes()
    second = tree(root)
    assert undo(root).applied and tree(root) == first
    settled(root)
    assert undo(root).applied and tree(root) == second
    settled(root)


def test_what_a_merge_replaced_is_kept(root: Path) -> None:
    write(root, ".driven/rules/style.md", "# Style\n\nUse tabs.\n\n## More\n\nText.\n")
    sync(root)
    then = (root / ".driven/rules/style.md").read_bytes()
    write(root, ".driven/rules/style.md", "# Style\n\nUse tabs.\n\n## More\n\nMine.\n")
    edited = (root / CURSOR).read_bytes().replace(b"Use tabs.", b"Use both.")
    write(root, CURSOR, edited)
    assert not sync(root).plan.conflicts
    rows = {change.path: change for change in snapshots.load(str(root), 2)}
    assert rows[CURSOR].stood == edited and b"tabs" in (rows[CURSOR].before or b"")
    source = rows[".driven/rules/style.md"]
    assert source.before == then and b"Mine." in (source.stood or b"") and b"tabs" in (source.stood or b"")
    assert b"Mine." in (source.after or b"") and b"both" in (source.after or b"")


def test_a_rule_in_conflict_is_no_part_of_the_snapshot(root: Path) -> None:
    write(root, ".driven/config.toml", ONE_WAY)
    sync(root)
    write(root, ".claude/rules/style.md", "Mine.\n")
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    sync(root)
    changed = {change.path for change in snapshots.load(str(root), 2)}
    assert ".driven/rules/api.md" in changed and ".driven/rules/style.md" not in changed


def test_a_bad_rule_stays_as_it_is(root: Path) -> None:
    sync(root)
    bad = b"---\npaths: [\n---\n"
    write(root, ".driven/rules/style.md", bad)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    sync(root)
    assert undo(root).applied
    assert (root / ".driven/rules/style.md").read_bytes() == bad
    assert (root / ".driven/rules/api.md").read_bytes() == API.encode()


def test_a_pruned_or_damaged_way_back_says_what_can_be_restored(root: Path) -> None:
    with pytest.raises(ProjectError, match="there is no snapshot"):
        undo(root)
    with pytest.raises(ProjectError, match="there is no snapshot"):
        restore(root, 1)
    for number in range(5):
        write(root, ".driven/rules/style.md", f"# Style\n\nUse {number}.\n")
        sync(root)
    states = tree(root)
    with Tree(str(root)) as open_tree:
        snapshots.prune(open_tree, 3)
    with pytest.raises(ProjectError, match="there is no snapshot 2") as raised:
        restore(root, 2)
    assert raised.value.hint == "these can be restored: 5, 4, 3"
    restore(root, 3)
    assert b"Use 2." in (root / ".driven/rules/style.md").read_bytes()
    settled(root)
    restore(root, 5)
    assert tree(root) == states
    (root / ".driven/state/snapshots" / Store(str(root)).names[5]).write_bytes(b"DSN\0damaged")
    with pytest.raises(ProjectError, match="no way back to snapshot 4: one between") as raised:
        restore(root, 4)
    assert raised.value.hint == "these can be restored: 7, 6"
    assert history.list_all(str(root)).damaged
    assert undo(root).applied
    for number in (0, -1, 99):
        with pytest.raises(ProjectError):
            history.show(str(root), number)


def test_pruning_to_one_still_undoes_the_last(root: Path) -> None:
    write(root, ".driven/config.toml", CONFIG + "[sync]\nsnapshots = 1\n")
    for number in range(4):
        write(root, ".driven/rules/style.md", f"# Style\n\nUse {number}.\n")
        sync(root)
    assert len(history.list_all(str(root)).snapshots) == 1
    assert undo(root).applied and b"Use 2." in (root / CURSOR).read_bytes()
    settled(root)


def test_a_link_in_the_way_is_a_conflict_even_with_force(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    outside = tmp_path_factory.mktemp("outside") / "x"
    outside.write_text("not ours\n")
    (root / CURSOR).unlink()
    os.symlink(outside, root / CURSOR)
    before = tree(root)
    attempt = undo(root, force=True)
    assert [conflict.path for conflict in attempt.plan.conflicts] == [CURSOR] and not attempt.applied
    assert tree(root) == before and outside.read_text() == "not ours\n"


def test_damaged_markers_are_a_conflict(root: Path) -> None:
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    file = root / "CONVENTIONS.md"
    file.write_bytes(file.read_bytes().replace(b"<!-- driven:end aider -->", b""))
    before = tree(root)
    for force in (False, True):
        attempt = undo(root, force=force)
        assert [conflict.path for conflict in attempt.plan.conflicts] == ["CONVENTIONS.md"] and not attempt.applied
    assert tree(root) == before
    assert "CONVENTIONS.md" not in {change.path for change in history.compare(str(root), 1).changes}


def test_a_renamed_rule_file_goes_back_to_its_name(root: Path) -> None:
    sync(root)
    first = tree(root)
    (root / ".driven/rules/style.md").rename(root / ".driven/rules/Style.md")  # the same id
    write(root, ".driven/rules/Style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    assert undo(root).applied and tree(root) == first
    settled(root)


def test_two_editors_with_one_file(root: Path) -> None:
    """A file that two editors own stays as long as one of them has it."""
    with Tree(str(root)) as open_tree:
        snapshots.write(
            open_tree, "sync",
            [Change("a.md", "x", "file", None, b"text\n"), Change("a.md", "y", "file", b"text\n", b"text\n")],
        )  # fmt: skip
    write(root, "a.md", "text\n")
    undo(root)
    assert (root / "a.md").read_bytes() == b"text\n"
    assert set(read_lock(str(root))) == {("a.md", "y", "file")}


def test_compare(root: Path) -> None:
    sync(root)
    first = tree(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    (root / ".driven/rules/api.md").unlink()
    sync(root)
    last = tree(root)
    for second in (0, 3):
        changes = {change.path: change for change in history.compare(str(root), 1, second).changes}
        assert set(changes) == {path for path in first.keys() | last.keys() if first.get(path) != last.get(path)} - {
            ".driven/outputs.lock"
        }
        for path, change in changes.items():
            assert (change.before, change.after) == (first.get(path), last.get(path))
    back = {change.path: change for change in history.compare(str(root), 3, 2).changes}
    assert ".driven/rules/api.md" in back and back[".driven/rules/api.md"].after == API.encode()
    assert history.compare(str(root), 3).changes == () == history.compare(str(root), 2, 2).changes


def test_a_killed_undo_is_completed_by_the_next(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(root)
    first = tree(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)

    class Killed(BaseException):
        pass

    real, left = os.rename, [4]

    def rename(*args: object, **named: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Killed):
        undo(root)
    monkeypatch.setattr(os, "rename", real)
    assert newest(root) == 3, "the snapshot was there before the first file changed"
    # The rule file was written first: the next sync brings the rest in line with it.
    sync(root)
    assert tree(root) == first
    settled(root)


def test_an_import_is_undone_and_a_sync_after_it_is_undone_alone(root: Path) -> None:
    from driven import intake

    sync(root)
    mine = write(root, ".cursor/rules/mine.mdc", "---\nalwaysApply: true\n---\n\n# Mine\n\nSing.\n").read_bytes()
    before = tree(root)
    assert intake.import_files(str(root), []).applied
    imported = tree(root)
    assert set(imported) - set(before) == {".driven/rules/mine.md"}
    assert undo(root).applied and tree(root) == before
    undo(root)
    assert tree(root) == imported
    sync(root)
    assert ".driven/rules/mine.md" not in {change.path for change in snapshots.load(str(root), newest(root))}
    synced = tree(root)
    assert undo(root).applied and tree(root) == imported, "the rule that was imported stays"
    undo(root)
    assert tree(root) == synced
    settled(root)
    restore(root, 1)
    assert tree(root) == before and (root / ".cursor/rules/mine.mdc").read_bytes() == mine
    settled(root)


def test_what_the_first_sync_of_a_machine_finds_stays(root: Path) -> None:
    """A fresh clone has `outputs.lock` and no snapshots: an undo there takes back only what that machine did."""
    import shutil

    sync(root)
    shutil.rmtree(root / ".driven/state")
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    first = tree(root)
    sync(root)
    assert undo(root).applied
    assert tree(root) == first
