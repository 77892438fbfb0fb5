"""`driven sync --watch` as its users meet it: a real process, real saves, real git, real signals."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import git
from e2e.watching import Watcher, eventually, make_project, says, switches, text, watching

RULE = ".driven/rules/rule-1.md"
CURSOR, CLAUDE = ".cursor/rules/rule-1.mdc", ".claude/rules/rule-1.md"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "driven", *words], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )


def in_place(path: Path, words: str) -> None:
    path.write_text(words)


def atomic(path: Path, words: str) -> None:
    temp = path.with_name(path.name + "___jb_tmp___")
    temp.write_text(words)
    os.replace(temp, path)


def from_elsewhere(path: Path, words: str) -> None:
    temp = path.parents[2] / "saved-elsewhere"
    temp.write_text(words)
    os.replace(temp, path)


def with_backup(path: Path, words: str) -> None:
    """As vim does with `backupcopy=no`: a trial file, the old one renamed, a new one written, the backup removed."""
    swap, trial, backup = path.with_name(f".{path.name}.swp"), path.with_name("4913"), path.with_name(path.name + "~")
    swap.write_text("swap")
    trial.write_text("")
    trial.unlink()
    os.rename(path, backup)
    path.write_text(words)
    backup.unlink()
    swap.unlink()


def slowly(path: Path, words: str) -> None:
    with path.open("w") as file:
        for letter in words:
            file.write(letter)
            file.flush()


@pytest.mark.parametrize("save", [in_place, atomic, from_elsewhere, with_backup, slowly])
def test_a_save_is_one_sync_however_the_editor_saves(project: Path, save: Callable[[Path, str], None]) -> None:
    with watching(project) as watcher:
        for number in range(2):
            save(project / RULE, text(1, f"Changed {number}."))
            watcher.wait("synced", len(watcher.events), causes=[RULE])
            assert says(project / CURSOR, f"Changed {number}.")() and says(project / "CONVENTIONS.md", "Changed")()
        # What it wrote itself, and what the editor left beside the rule, was nothing to it.
        assert watcher.end()["syncs"] == 3


def test_the_second_line_of_a_rule_is_in_every_editor_and_in_the_answer(project: Path) -> None:
    with watching(project) as watcher:
        assert watcher.events[0]["event"] == "synced" and watcher.events[0]["causes"] == []
        start = watcher.wait("watching")
        assert (start["rules"], start["editors"], start["polling"]) == (3, ["cursor", "claude", "aider"], False)
        atomic(project / RULE, text(1, "Changed."))
        event = watcher.wait("synced", causes=[RULE])
        assert [change["path"] for change in event["changes"]] == [CLAUDE, CURSOR, "CONVENTIONS.md"]
        assert {change["action"] for change in event["changes"]} == {"replace"}


def test_typing_is_one_sync(tmp_path: Path) -> None:
    project = make_project(tmp_path, debounce=600)
    with watching(project) as watcher:
        for number in range(40):
            atomic(project / RULE, text(1, f"Letter {number}."))
            time.sleep(0.01)
        watcher.wait("synced", causes=[RULE])
        assert says(project / CURSOR, "Letter 39.")()
        assert watcher.end()["syncs"] == 2


def test_a_burst_that_goes_on_is_synced_in_its_middle(tmp_path: Path) -> None:
    project = make_project(tmp_path, debounce=1000)
    with watching(project) as watcher:
        until = time.monotonic() + 15
        while watcher.syncs < 2:
            assert time.monotonic() < until, "it waited for a quiet that never came"
            in_place(project / RULE, text(1, f"At {time.monotonic()}."))
            time.sleep(0.05)


def test_files_that_are_no_rules_and_folders_of_others_are_nothing(project: Path) -> None:
    (project / "src").mkdir()
    with watching(project) as watcher:
        for name in ("notes.txt", ".hidden.md", "errors.md~", "#errors.md#", "errors.md.swp", "x.tmp"):
            (project / ".driven/rules" / name).write_text("nothing")
        (project / ".cursor/rules/mine.mdc").write_text("a person's own rule")
        (project / "README.md").write_text("read me")
        (project / "src/code.py").write_text("pass")
        (project / ".driven/state/kept").mkdir()
        atomic(project / RULE, text(1, "Changed."))
        assert watcher.wait("synced", causes=[RULE])
        assert watcher.end()["syncs"] == 2


def test_a_new_folder_of_rules_is_watched_and_a_rule_in_it_is_found(project: Path) -> None:
    with watching(project) as watcher:
        (project / ".driven/rules/web/css").mkdir(parents=True)
        (project / ".driven/rules/web/css/colours.md").write_text(text(9))
        eventually(lambda: (project / ".cursor/rules/web-css-colours.mdc").exists())
        since = len(watcher.events)
        (project / ".driven/rules/web/css/colours.md").write_text(text(9, "Later."))
        eventually(says(project / ".cursor/rules/web-css-colours.mdc", "Later."))
        os.rename(project / ".driven/rules/web", project / ".driven/rules/site")
        eventually(lambda: (project / ".cursor/rules/site-css-colours.mdc").exists())
        eventually(lambda: not (project / ".cursor/rules/web-css-colours.mdc").exists())
        watcher.wait("synced", since)
        (project / ".driven/rules/site/css/colours.md").unlink()
        eventually(lambda: not (project / ".cursor/rules/site-css-colours.mdc").exists())


def test_an_edited_output_is_a_conflict_until_it_is_as_it_was(project: Path) -> None:
    with watching(project) as watcher:
        before = (project / CURSOR).read_bytes()
        (project / CURSOR).write_text("by hand\n")
        problem = watcher.wait("problem", conflict=True)
        assert problem["diagnostic"]["path"] == CURSOR and problem["diagnostic"]["hint"]
        assert (project / CURSOR).read_text() == "by hand\n"
        (project / CURSOR).write_bytes(before)
        assert watcher.wait("cured", conflict=True)["diagnostic"] == problem["diagnostic"]


def test_a_hand_edit_flows_into_the_rule_and_from_there_to_every_other_editor(project: Path) -> None:
    config = project / ".driven/config.toml"
    config.write_text(config.read_text().replace("one-way", "two-way"))
    with watching(project) as watcher:
        for place, words in ((CURSOR, "From Cursor."), (CLAUDE, "From Claude."), (CURSOR, "From Cursor again.")):
            atomic(project / place, (project / place).read_text() + f"\n{words}\n")
            for other in (RULE, CURSOR, CLAUDE, "CONVENTIONS.md"):
                eventually(says(project / other, words), f"{words} is not in {other}")
            quiet(watcher)
        assert watcher.end()["syncs"] == 4
    assert run(project, "sync", "--check").returncode == 0


def test_an_edit_that_makes_no_event_is_seen_when_there_is_peace(project: Path) -> None:
    """Through a hard link elsewhere: a save of another rule looks at the files of that rule alone, the peace at all."""
    config = project / ".driven/config.toml"
    config.write_text(config.read_text().replace("one-way", "two-way"))
    (project / "src").mkdir()
    with watching(project) as watcher:
        os.link(project / CURSOR, project / "src/elsewhere")
        before = len(watcher.events)
        in_place(project / "src/elsewhere", (project / CURSOR).read_text() + "\nNobody was told.\n")
        atomic(project / ".driven/rules/rule-2.md", text(2, "Changed."))
        event = watcher.wait("synced", before, causes=[".driven/rules/rule-2.md"])
        assert RULE not in [change["path"] for change in event["changes"]]
        for other in (RULE, CLAUDE, "CONVENTIONS.md"):
            eventually(says(project / other, "Nobody was told."), f"it is not in {other}")
        quiet(watcher)
        assert watcher.end()["syncs"] == 3


def test_a_strangers_file_in_the_way_is_waited_for(project: Path) -> None:
    (project / ".claude/rules").mkdir(parents=True)
    (project / CLAUDE).write_text("theirs\n")
    with watching(project) as watcher:
        assert watcher.wait("problem", conflict=True)["diagnostic"]["path"] == CLAUDE
        (project / CLAUDE).unlink()
        watcher.wait("cured", conflict=True)
        eventually(says(project / CLAUDE, "Do this."))


def test_deleted_outputs_and_folders_of_outputs_come_back_and_are_watched_again(project: Path) -> None:
    with watching(project) as watcher:
        (project / CURSOR).unlink()
        eventually((project / CURSOR).exists)
        for _ in range(3):
            shutil.rmtree(project / ".cursor")
            eventually((project / CURSOR).exists)
            (project / CURSOR).unlink()
            eventually((project / CURSOR).exists)
        os.rename(project / ".claude", project / "elsewhere")
        eventually((project / CLAUDE).exists)
        shutil.rmtree(project / "elsewhere")
        atomic(project / RULE, text(1, "After."))
        eventually(says(project / CLAUDE, "After."))
        assert not [event for event in watcher.events if event["event"] == "problem"]


def test_a_vanished_rules_folder_is_waited_for_and_nothing_is_deleted(project: Path) -> None:
    with watching(project) as watcher:
        for words in ("Back.", "And again."):
            since = len(watcher.events)
            os.rename(project / ".driven/rules", project / "away")
            problem = watcher.wait("problem", since)
            assert "`.driven/rules` is missing" in problem["diagnostic"]["message"]
            assert (project / CURSOR).exists() and (project / CLAUDE).exists()
            (project / "away/rule-1.md").write_text(text(1, words))
            os.rename(project / "away", project / ".driven/rules")
            watcher.wait("cured", since)
            eventually(says(project / CURSOR, words))
        shutil.rmtree(project / ".driven/rules")
        (project / ".driven/rules").mkdir()
        for number in range(3):
            (project / f".driven/rules/rule-{number}.md").write_text(text(number, "New."))
        eventually(says(project / CURSOR, "New."))


def test_a_project_that_is_removed_is_not_made_again(project: Path) -> None:
    with watching(project) as watcher:
        os.rename(project / ".driven", project / "away")
        watcher.wait("problem")
        assert not (project / ".driven").exists()
        os.rename(project / "away", project / ".driven")
        watcher.wait("cured")
        atomic(project / RULE, text(1, "Back."))
        eventually(says(project / CURSOR, "Back."))


def test_rules_behind_links_are_watched_where_they_are(project: Path) -> None:
    os.rename(project / ".driven/rules", project / "shared")
    os.symlink("../shared", project / ".driven/rules")
    (project / "texts").mkdir()
    (project / "texts/linked.md").write_text(text(7))
    os.symlink("../texts/linked.md", project / "shared/linked.md")
    with watching(project):
        (project / "shared/rule-1.md").write_text(text(1, "Behind."))
        eventually(says(project / CURSOR, "Behind."))
        (project / "texts/linked.md").write_text(text(7, "Further behind."))
        eventually(says(project / ".cursor/rules/linked.mdc", "Further behind."))
        shutil.copytree(project / "shared", project / "other", symlinks=True)
        (project / "other/rule-1.md").write_text(text(1, "Elsewhere."))
        os.symlink("../other", project / ".driven/new")
        os.replace(project / ".driven/new", project / ".driven/rules")
        eventually(says(project / CURSOR, "Elsewhere."))
        (project / "other/rule-1.md").write_text(text(1, "There."))
        eventually(says(project / CURSOR, "There."))


def test_a_bad_rule_is_told_and_waited_for(project: Path) -> None:
    with watching(project) as watcher:
        (project / RULE).write_text("---\napply: nope\n---\n\n# Rule 1\n\nChanged.\n")
        problem = watcher.wait("problem", conflict=False)
        assert (problem["diagnostic"]["path"], problem["diagnostic"]["line"]) == (RULE, 2)
        assert says(project / CURSOR, "Do this.")()  # the last good one
        (project / ".driven/rules/rule-2.md").write_text(text(2, "Others go on."))
        eventually(says(project / ".cursor/rules/rule-2.mdc", "Others go on."))
        (project / RULE).write_text("---\npriority: 3\napply: nope\n---\n\n# Rule 1\n\nChanged.\n")
        watcher.wait("synced", causes=[RULE], held=["rule-1"])
        quiet(watcher)
        assert [event["event"] for event in watcher.events].count("cured") == 0  # the same mistake, a line below
        (project / RULE).write_bytes(b"\xff\xfe\0\0" * 1000)
        watcher.wait("cured")
        (project / RULE).write_text(text(1, "Better."))
        eventually(says(project / CURSOR, "Better."))
        kinds = [event["event"] for event in watcher.events]
        eventually(lambda: kinds.count("problem") <= sum(e["event"] == "cured" for e in watcher.events))


def test_a_broken_configuration_is_told_and_waited_for(project: Path) -> None:
    config = project / ".driven/config.toml"
    good = config.read_text()
    with watching(project) as watcher:
        config.write_text(good + "[editors\n")
        problem = watcher.wait("problem")["diagnostic"]
        assert (problem["path"], problem["code"]) == (".driven/config.toml", "DRV002") and problem["line"] > 1
        assert (project / CURSOR).exists()
        config.write_text(good.replace("claude = true", "claude = false"))
        watcher.wait("cured")
        eventually(lambda: not (project / CLAUDE).exists())
        since = len(watcher.events)
        config.unlink()
        watcher.wait("problem", since)
        config.write_text(good)
        eventually((project / CLAUDE).exists)


def test_it_starts_on_a_project_that_is_broken(project: Path) -> None:
    (project / ".driven/config.toml").write_text("[editors]\ncursr = \n")
    with watching(project) as watcher:
        assert watcher.wait("watching")["rules"] == 0
        (project / ".driven/config.toml").write_text("[editors]\ncursor = true\n")
        watcher.wait("cured")
        eventually((project / CURSOR).exists)


def test_another_branch_is_one_sync(tmp_path: Path) -> None:
    project = make_project(tmp_path, rules=300)
    (project / ".gitignore").write_text(".driven/state\n.driven/outputs.lock\n.cursor\n.claude\nCONVENTIONS.md\n"
                                        ".aider.conf.yml\n")  # fmt: skip
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-qm", "one")
    git(project, "checkout", "-qb", "other")
    for number in range(300):
        (project / f".driven/rules/rule-{number}.md").write_text(text(number, "The other branch."))
    git(project, "commit", "-qam", "two")
    with watching(project) as watcher:
        git(project, "checkout", "-q", "main")
        event = watcher.wait("synced", watcher.events.index(watcher.wait("watching")))
        assert len(event["causes"]) == 300
        assert says(project / ".cursor/rules/rule-299.mdc", "Do this.")()
        git(project, "checkout", "-q", "other")
        eventually(says(project / ".cursor/rules/rule-299.mdc", "The other branch."))
        git(project, "status")
        assert watcher.end()["syncs"] == 3


def test_branches_that_change_all_the_time_are_left_as_they_were_committed(tmp_path: Path) -> None:
    """A checkout may begin while a sync reads, or writes: nothing of one branch ends up in the other."""
    project = make_project(tmp_path, 60, debounce=10)
    git(project, "init", "-q", "-b", "one")
    for branch in ("one", "two", "three"):
        git(project, "checkout", "-q", "-B", branch)
        for number in range(0, 60, 2):
            (project / f".driven/rules/rule-{number}.md").write_text(text(number, f"Of {branch}."))
        (project / f".driven/rules/only-{branch}.md").write_text(text(99, f"Only of {branch}."))
        assert run(project, "sync").returncode == 0
        git(project, "add", ".")
        git(project, "commit", "-qm", branch)
    seed = random.Random(3)
    with watching(project):
        for _ in range(25):
            git(project, "checkout", "-q", "--force", seed.choice(("one", "two", "three")))
            time.sleep(seed.random() * 0.1)
        eventually(lambda: run(project, "sync", "--check").returncode == 0)
    git(project, "diff", "--exit-code")


def test_git_is_given_time_to_end(project: Path) -> None:
    git(project, "init", "-q")
    lock = project / ".git/index.lock"
    with watching(project) as watcher:
        lock.write_text("")
        for number in range(3):
            atomic(project / f".driven/rules/rule-{number}.md", text(number, "Checked out."))
            time.sleep(0.3)  # longer than the debounce
        assert watcher.syncs == 1
        lock.unlink()
        event = watcher.wait("synced", 2)
        assert len(event["causes"]) == 3
        assert watcher.end()["syncs"] == 2


def quiet(*watchers: Watcher) -> None:
    """Wait until none of them has had an event for a while."""
    seen, since = -1, time.monotonic()
    until = since + 30
    while time.monotonic() - since < 0.7:
        now = sum(len(watcher.events) for watcher in watchers)
        if now != seen:
            seen, since = now, time.monotonic()
        assert time.monotonic() < until, "they never come to rest"
        time.sleep(0.05)


def test_two_watchers_on_one_project_come_to_rest(project: Path) -> None:
    with watching(project) as one, watching(project) as two:
        quiet(one, two)
        before = one.syncs + two.syncs
        for number in range(3):
            atomic(project / RULE, text(1, f"Changed {number}."))
            eventually(says(project / CURSOR, f"Changed {number}."))
            quiet(one, two)
        (project / CURSOR).write_text("by hand\n")  # a conflict: nothing is settled now
        one.wait("problem"), two.wait("problem")
        quiet(one, two)
        # Each may have seen each change, and once more what the other wrote.
        assert one.syncs + two.syncs - before <= 4 * 4
        assert says(project / CLAUDE, "Changed 2.")()


def test_another_writer_is_waited_for(project: Path) -> None:
    with watching(project) as watcher:
        with open(project / ".driven/state/lock", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            atomic(project / RULE, text(1, "Changed."))
            problem = watcher.wait("problem")
            assert "another `driven`" in problem["diagnostic"]["message"]
            time.sleep(0.3)  # it looks every 20 ms, and says it once
            assert [event["event"] for event in watcher.events].count("problem") == 1
            assert says(project / CURSOR, "Do this.")()
        watcher.wait("cured")
        eventually(says(project / CURSOR, "Changed."))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_at_once(project: Path, how: int) -> None:
    with watching(project) as watcher:
        began = time.monotonic()
        assert watcher.end(how)["event"] == "stopped"
        assert time.monotonic() - began < 2
    assert run(project, "sync", "--check").returncode == 0


def test_a_signal_while_it_waits_for_a_lock_ends_it(project: Path) -> None:
    with watching(project) as watcher, open(project / ".driven/state/lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        atomic(project / RULE, text(1, "Changed."))
        watcher.wait("problem")
        began = time.monotonic()
        assert watcher.end()["syncs"] == 1
        assert time.monotonic() - began < 2


def test_a_signal_during_a_sync_leaves_nothing_half_written(tmp_path: Path) -> None:
    project = make_project(tmp_path, rules=60, debounce=0)
    seed = random.Random(5)
    for turn in range(5):
        with watching(project) as watcher:
            for number in range(60):
                (project / f".driven/rules/rule-{number}.md").write_text(text(number, f"Turn {turn}. " * 40))
            time.sleep(seed.random() * 0.15)
            assert watcher.end()["event"] == "stopped"
        assert not list(project.rglob("*.drvtmp"))
        for file in (project / ".cursor/rules").iterdir():
            words = set(file.read_text().split("Turn ")[1:])
            assert len(words) <= 2, file  # `0. ` in the middle and at the end: never of two turns
        assert run(project, "sync").returncode == 0
        assert run(project, "sync", "--check").returncode == 0
        assert says(project / CURSOR, f"Turn {turn}.")()


@linux
def test_lost_events_are_made_good(project: Path) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with watching(project) as watcher:
        watcher.process.send_signal(signal.SIGSTOP)
        a, b = project / ".driven/rules/a.tmp", project / ".driven/rules/b.tmp"
        for _ in range(most // 4 + 500):  # two equal events in a row are one, so two names in turn
            a.touch(), b.touch()
            a.unlink(), b.unlink()
        (project / RULE).write_text(text(1, "Nobody was told."))
        watcher.process.send_signal(signal.SIGCONT)
        eventually(says(project / CURSOR, "Nobody was told."))


@linux
def test_an_idle_watch_is_never_woken(project: Path) -> None:
    with watching(project) as watcher:
        atomic(project / RULE, text(1, "Changed."))
        watcher.wait("synced", causes=[RULE])
        for _ in range(5):  # its own writes are looked at one debounce later
            time.sleep(0.5)
            before = switches(watcher.process.pid)
            time.sleep(2)
            if switches(watcher.process.pid) == before:
                return
        raise AssertionError("it wakes by itself")


def test_a_clock_that_is_set_back_neither_hides_a_save_nor_makes_a_loop(project: Path) -> None:
    """What was saved before the jump is from the future then; only the monotonic clock is waited by."""
    with watching(project) as watcher:
        for path in [*project.glob(".driven/rules/*.md"), *project.rglob("*/rules/rule-*"), project / "CONVENTIONS.md"]:
            os.utime(path, (time.time() + 3600, time.time() + 3600))
        atomic(project / RULE, text(1, "Changed."))
        os.utime(project / RULE, (time.time() - 3600, time.time() - 3600))
        eventually(says(project / CURSOR, "Changed."))
        (project / CURSOR).write_text((project / CURSOR).read_text())
        time.sleep(2)  # in peace it looks once more
        before = watcher.syncs
        time.sleep(2.5)
        assert watcher.syncs == before <= 5


@linux
def test_only_the_folders_that_matter_are_watched(project: Path) -> None:
    for number in range(50):
        (project / f"src/{number}/deep").mkdir(parents=True)
    with watching(project) as watcher:
        found = 0
        for handle in os.listdir(f"/proc/{watcher.process.pid}/fdinfo"):
            text = Path(f"/proc/{watcher.process.pid}/fdinfo/{handle}").read_text()
            found += sum(line.startswith("inotify wd:") for line in text.splitlines())
        # the root, .driven, rules, .cursor, .cursor/rules, .claude, .claude/rules
        assert found == watcher.wait("watching")["folders"] == 7


def test_polling_sees_the_same(project: Path) -> None:
    with watching(project, "--poll") as watcher:
        assert watcher.wait("watching")["polling"] is True
        atomic(project / RULE, text(1, "Changed."))
        eventually(says(project / CURSOR, "Changed."))
        shutil.rmtree(project / ".cursor")
        eventually((project / CURSOR).exists)


def test_a_terminal_gets_a_line_that_is_written_over(project: Path) -> None:
    main, other = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "driven", "sync", "--watch"], cwd=project, stdin=other, stdout=other, stderr=other,
        env=env,
    )  # fmt: skip
    os.close(other)
    shown = ""

    def until(words: str) -> None:
        nonlocal shown
        end = time.monotonic() + 20
        while words not in shown:
            assert time.monotonic() < end, shown
            if select.select([main], [], [], 0.2)[0]:
                shown += os.read(main, 65536).decode()

    try:
        until("watching 3 rules → 3 editors")
        assert shown.rindex("\r\x1b[2K") < shown.rindex("watching 3 rules")
        shown = ""
        atomic(project / RULE, text(1, "Changed."))
        until("rule-1.md\x1b[2m → 3 files in ")
        until("rule-1.md → 3 files in ")
        (project / RULE).write_text("---\napply: nope\n---\n")
        until("1 error")
        assert "`nope` is not a value of `apply`" in shown and "^^^^" in shown
        (project / CURSOR).write_text("\x1b[31mby hand\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        until("stopped after")
    finally:
        process.kill()
        process.wait()
        os.close(main)


def test_without_a_terminal_there_are_plain_lines(project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "driven", "sync", "--watch"], cwd=project, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert "sync → 8 files in" in process.stdout.readline()
        assert process.stdout.readline() == "watching 3 rules → 3 editors; Ctrl-C ends it\n"
        (project / RULE).unlink()
        assert "rule-1.md → 3 files in" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "stopped after 2 syncs\n"
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("word", ["--check", "--dry-run", "--force", "--adopt"])
def test_words_that_mean_nothing_with_watch(project: Path, word: str) -> None:
    done = run(project, "sync", "--watch", word)
    assert done.returncode == 2 and word in done.stderr
    done = run(project, "sync", "--poll", "--json")
    assert done.returncode == 2 and json.loads(done.stdout)["ok"] is False


def test_no_project_no_watch(tmp_path: Path) -> None:
    done = run(tmp_path, "sync", "--watch")
    assert done.returncode == 2 and "no `.driven` folder" in done.stderr
