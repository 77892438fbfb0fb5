"""Rounds of work, quiet, and checks: the soak itself, with a sync per round or with a watcher that runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from e2e.faults.walk import Ended, run, temps, tree, warm_up

from soak.model import Rule, Wrong, fingerprint, read, write
from soak.people import People

PATIENCE = 20.0  # seconds until a watcher must have come to rest


@dataclass
class Figures:
    """What a soak did."""

    mode: str
    seed: int
    operations: int = 0
    rounds: int = 0
    syncs: int = 0
    hand_edits: int = 0
    conflicts: int = 0
    kills: int = 0
    undos: int = 0
    switches: int = 0
    checks: int = 0
    files: int = 0
    seconds: float = 0.0


@dataclass
class Soak:
    """One soak below `base`: the project, a tree beside it that nobody may touch, and the people at work."""

    base: str
    seed: int
    rules: int = 30
    mode: str = "sync"
    without: frozenset[str] = (
        frozenset()
    )  # kinds of work to leave out: "clash", "undo", "kill", "branch", "move", "break"
    keep: bool = False  # what stood there before each sync, for who looks into a failure
    people: People = field(init=False)
    figures: Figures = field(init=False)

    def __post_init__(self) -> None:
        self.root = os.path.join(self.base, "project")
        self.beside = os.path.join(self.base, "beside")
        os.makedirs(self.root)
        for name in ("rules.md", ".cursor/rules/own.mdc", ".driven/rules/not-ours.md"):
            write(self.beside, name, f"{name} of a neighbour\n")
        self.sentinel = fingerprint(self.beside)
        self.people = People(self.root, self.seed, self.rules)
        self.figures = Figures(self.mode, self.seed)
        os.makedirs(os.path.join(self.root, ".cursor/rules"), exist_ok=True)
        os.symlink("../../../beside/rules.md", os.path.join(self.root, ".cursor/rules/linked.mdc"))
        self.people.git("init", "-q", "-b", "main")
        self.watcher: subprocess.Popen[bytes] | None = None
        self.calls = 200
        self.deeds = [deed for deed in self.people.deeds() if not self._is_out(deed.__name__)]

    def _is_out(self, name: str) -> bool:
        out = {"branch": "switch_branch", "move": "rename_output", "lose": "lose_output", "toggle": "toggle_editor"}
        return any(name == out.get(kind) for kind in self.without)

    # One thing after the other.

    def go(self, operations: int, seconds: float) -> Figures:
        """Work until so many operations were done or the time is over. Wrong when anything is not as it must be."""
        warm_up(self.base)
        began = time.monotonic()
        try:
            self.settle()
            self.check(whole=True)
            if self.mode == "watch":
                self.start_watching()
            while self.figures.operations < operations and time.monotonic() - began < seconds:
                self.round()
                self.figures.seconds = time.monotonic() - began
            self.stop_watching()
            self.check(whole=True)
        finally:
            if self.watcher is not None:
                self.watcher.kill()
                self.watcher.wait()
        self.figures.files = len(self.people.outputs())
        return self.figures

    def round(self) -> None:
        people, dice = self.people, self.people.random
        people.begin()
        self.figures.rounds += 1
        what = dice.random()
        if what < 0.06 and "clash" not in self.without:
            self.clash()
        elif what < 0.10 and "break" not in self.without:
            self.damage()
        elif what < 0.14 and "undo" not in self.without:
            self.undo()
        else:
            for _ in range(dice.choice((1, 1, 2, 3, 5, 8))):
                self.operate()
            if "kill" not in self.without and dice.random() < 0.25:
                self.kill()
            self.settle()
            self.check(whole=self.figures.rounds % 4 == 0 or people.touched != set())

    def operate(self) -> None:
        deed = self.people.random.choice(self.deeds)
        hands = self.people.hands
        if deed():
            self.figures.operations += 1
            self.figures.hand_edits += self.people.hands - hands
            self.figures.switches += deed.__name__ == "switch_branch"

    def driven(self, *words: str, at: int = 0) -> Ended:
        """The real program, in a fork of this process; killed at a call of it when `at` says so."""
        if self.keep and "--check" not in words:
            shutil.rmtree(os.path.join(self.base, "before"), ignore_errors=True)
            subprocess.run(["cp", "-a", self.root, os.path.join(self.base, "before")], check=True)
        ended = run(self.root, words, at=at)
        self.figures.syncs += words[0] == "sync" and not at
        if ended.code not in (0, 1, 2, 4, -signal.SIGKILL) or "Traceback" in ended.said:
            raise Wrong(f"`driven {' '.join(words)}` ended with {ended.code}: {ended.said}")
        return ended

    def settle(self, expect: int = 0) -> Ended:
        """Come to quiet: one sync, or until the watcher has nothing more to do."""
        if self.watcher is None:
            ended = self.driven("sync")
            self.calls = max(60, len(ended.calls))
            if ended.code != expect:
                what = "a conflict is invented" if ended.code == 4 else "the sync failed"
                raise Wrong(f"{what} (code {ended.code}, not {expect}): {ended.said}")
            return ended
        until = time.monotonic() + PATIENCE
        while True:
            if self.watcher.poll() is not None:
                raise Wrong(f"the watcher ended with {self.watcher.returncode}: {self._watched()}")
            ended = self.driven("sync", "--check")
            if ended.code == expect and (expect or not temps(self.root)):
                return ended
            if time.monotonic() > until:
                raise Wrong(f"not quiet after {PATIENCE} s (code {ended.code}): {ended.said}\n{self._watched()}")
            time.sleep(0.05)

    def check(self, *, whole: bool, skip: set[str] | None = None) -> None:
        """Hold the disk against the model; `whole`: also against a project made anew."""
        model = self.people.model
        self.figures.checks += 1
        model.check_sources(self.root, skip or set())
        model.check_persons(self.root)
        until = time.monotonic() + (PATIENCE if self.watcher is not None else 0)
        while left := temps(self.root):  # a watcher may yet write its own memory when the files are right already
            if time.monotonic() >= until:
                raise Wrong(f"temps are left: {left}")
            time.sleep(0.01)
        if not skip and whole:
            fresh = os.path.join(self.base, "fresh")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(os.path.join(self.root, ".driven/rules"), os.path.join(fresh, ".driven/rules"))
            shutil.copyfile(os.path.join(self.root, ".driven/config.toml"), os.path.join(fresh, ".driven/config.toml"))
            write(fresh, ".aider.conf.yml", "read: [docs/own.md]\n")
            made = run(fresh, ["sync"])
            if made.code != 0:
                raise Wrong(f"a project made anew from these rules fails: {made.said}")
            model.check_agreement(self.root, fresh)
            again = self.driven("sync", "--check")
            if again.code != 0:
                raise Wrong(f"there is something to do after a sync: {again.said}")
        if fingerprint(self.beside) != self.sentinel:
            raise Wrong("a file outside the project was touched")

    # What is more than an edit.

    def kill(self) -> None:
        """A sync, or the watcher, dies in the middle of its work."""
        self.figures.kills += 1
        if self.watcher is None:
            self.driven("sync", at=self.people.random.randint(1, self.calls))
            return
        time.sleep(self.people.random.random() * 0.15)
        self.watcher.kill()
        self.watcher.wait()
        self.start_watching()

    def clash(self) -> None:
        """One line is changed differently in a rule and in an editor's file: a conflict, until somebody decides."""
        people = self.people
        rule = people.pick(whole=True)
        if rule is None:
            return
        part = people.random.randrange(1, len(rule.parts))
        old, ours, theirs = rule.parts[part][0], people.line(), people.line()
        path = people.place_of(rule, old, True)
        if path is None or path == rule.path:
            return
        self.figures.operations += 2
        self.figures.conflicts += 1
        watching = self.watcher is not None
        self.stop_watching()  # both must be there before anybody looks
        people.log.append(f"clash in {rule.path} `{ours}` and {path} `{theirs}`")
        people.replace(path, old, theirs)
        people.replace(rule.path, old, ours)
        people.clashed = path
        for _ in range(people.random.randrange(3)):
            self.operate()
        self.settle(expect=4)
        self.check(whole=False, skip={rule.name})
        for place, text in ((rule.path, ours), (path, theirs)):
            if text.encode() not in read(self.root, place):
                raise Wrong(f"`{text}` is lost from `{place}` while the conflict is undecided")
        self.decide(rule, part, path, ours, theirs)
        self.check(whole=True)
        if watching:
            self.start_watching()

    def decide(self, rule: Rule, part: int, path: str, ours: str, theirs: str) -> None:
        """A person decides: the rule's side, the editor's side, or one is edited to say what the other says."""
        way = self.people.random.choice(("force", "adopt", "by hand"))
        self.people.log.append(f"decided: {way}")
        rule.parts[part][0] = theirs if way == "adopt" else ours
        if way == "by hand":
            self.people.replace(path, theirs, ours)
            self.settle()
        else:
            ended = self.driven("sync", f"--{way}")
            if ended.code != 0:
                raise Wrong(f"--{way} ended with {ended.code}: {ended.said}")
            self.must_be_kept(ours if way == "adopt" else theirs)

    def damage(self) -> None:
        """An editor's file is emptied, or its front matter never closes: a conflict, and --force writes it anew."""
        people = self.people
        whole = [path for path in people.outputs() if read(self.root, path).startswith(b"---\n")]
        if not whole:
            return
        path = people.random.choice(whole)
        before = read(self.root, path)
        token = people.token()
        text = f"{token}\n".encode() + before.replace(b"\n---\n", b"\n", 1)[4:] if people.random.random() < 0.5 else b""
        if text:
            text = b"---\n" + text
        self.figures.operations += 1
        self.figures.conflicts += 1
        people.log.append(f"damage {path} ({len(text)} bytes)")
        write(self.root, path, text)
        self.settle(expect=4)
        self.check(whole=False)
        if read(self.root, path) != text:
            raise Wrong(f"`{path}` was damaged by a person, and written over unasked")
        ended = self.driven("sync", "--force")
        if ended.code != 0 or read(self.root, path) != before:
            raise Wrong(f"--force ended with {ended.code}: {ended.said}")
        if text:
            self.must_be_kept(token)
        self.settle()
        self.check(whole=True)

    def undo(self) -> None:
        """`driven undo`, and undo of that."""
        people = self.people
        if not people.edit_line():
            return
        self.figures.operations += 1
        self.settle()
        before = tree(self.root)
        for _ in range(2):
            ended = self.driven("undo")
            if ended.code != 0:
                raise Wrong(f"undo ended with {ended.code}: {ended.said}")
        self.figures.undos += 1
        if tree(self.root) != before:
            changed = [path for path, data in tree(self.root).items() if before.get(path) != data]
            raise Wrong(f"undo of an undo is not what was: {changed}")
        self.check(whole=True)

    def must_be_kept(self, text: str) -> None:
        """What lost is somewhere below `.driven/state`."""
        state = os.path.join(self.root, ".driven/state")
        for place, _, names in os.walk(state):
            for name in names:
                with open(os.path.join(place, name), "rb") as file:
                    if text.encode() in file.read():
                        return
        raise Wrong(f"`{text}` is lost: it is in no snapshot")

    # The watcher.

    def start_watching(self) -> None:
        """Start a watcher and wait until it says that it watches."""
        self.output = os.path.join(self.base, "watch.log")
        with open(self.output, "ab") as file:
            began = file.tell()
            self.watcher = subprocess.Popen(
                [sys.executable, "-m", "driven", "sync", "--watch"],
                cwd=self.root, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while b"watching" not in read(self.base, "watch.log")[began:]:
            if self.watcher.poll() is not None or time.monotonic() > until:
                raise Wrong(f"the watcher does not start: {self._watched()}")
            time.sleep(0.02)

    def stop_watching(self) -> None:
        if self.watcher is None:
            return
        watcher, self.watcher = self.watcher, None
        watcher.send_signal(signal.SIGTERM)
        try:
            code = watcher.wait(10)
        except subprocess.TimeoutExpired:
            watcher.kill()
            raise Wrong("the watcher does not end on SIGTERM") from None
        if code != 0:
            raise Wrong(f"the watcher ended with {code}: {self._watched()}")

    def _watched(self) -> str:
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]
