"""Walks a fault over every call of a sync: `walk.py SCENE WAY[,WAY] [START STEP]`, one JSON line of what came of it.

A process of its own that has everything imported: each point is a fork (5 ms) of it, which is the real program from
`main` on, with the shim between it and the disk.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from e2e.faults.scenes import SCENES, Scene, edited_by_hand, fresh, write  # noqa: E402
from e2e.faults.shim import Shim  # noqa: E402

from driven.project.files import pass_tick, tick  # noqa: E402

State = dict[str, bytes]
PERSON = b"A person wrote this."
TEMP = ".drvtmp"
TRIES = 3  # runs in which a call that the clock decides on must come once
SAVES = ("saved", "saved-anew")  # no fault: a person saves meanwhile, in place or as a new file
KILLS = ("kill", "half", "killed-after", "edited-after", "taken-back")  # the last two: and what a person does then


@dataclass
class Ended:
    """What a run gave: exit code (negative: the signal that ended it), what it said, the calls it made."""

    code: int
    said: str
    calls: list[str]


@dataclass
class Walked:
    """Of one walk: points tried and points that there are (with a step of 1, as many), calls of an undisturbed run, how
    the disturbed ones ended, and what was wrong."""

    scene: str
    points: int = 0
    possible: int = 0
    calls: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def run(
    root: str, words: Sequence[str], *, at: int = 0, way: str = "kill", meanwhile: Callable[[str], None] | None = None,
    only: str = "",
) -> Ended:  # fmt: skip
    """`driven WORDS…` in a fork of this process, in the folder `root`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        child = os.fork()
        if child == 0:
            _be_driven(root, words, out.fileno(), Shim(log.fileno(), at, way, meanwhile, only))
        _, status = os.waitpid(child, 0)
        out.seek(0)
        log.seek(0)
        calls = log.read().decode(errors="replace").splitlines()
        return Ended(os.waitstatus_to_exitcode(status), out.read().decode(errors="replace"), calls)


def _be_driven(root: str, words: Sequence[str], out: int, shim: Shim) -> None:
    code = 99
    try:
        os.chdir(root)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = sys.stdout
        shim.install()
        from driven.__main__ import main

        sys.argv = ["driven", *words]
        code = main()
        sys.stdout.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def tree(root: str) -> State:
    """Every file but this machine's state; a link is what it says."""
    found: State = {}
    for folder, folders, names in os.walk(root):
        here = os.path.relpath(folder, root)
        if here == ".driven":
            folders.remove("state") if "state" in folders else None
        for name in names:
            path = name if here == "." else f"{here}/{name}"
            with open(os.path.join(folder, name), "rb") as file:
                found[path] = file.read()
    return found


def temps(root: str) -> list[str]:
    """What a run left that is no file of anybody."""
    return [
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
        if "/kept/" not in folder and name.endswith((TEMP, ".new", ".tmp"))
    ]


class Walk:
    """One scene, prepared once in `base`; every point works on a copy."""

    def __init__(self, name: str, base: str) -> None:
        self.scene: Scene = SCENES[name]
        self.base = base
        self.result = Walked(name)
        self.prepared = os.path.join(base, "prepared")
        self.root = os.path.join(base, "project")
        os.mkdir(self.prepared)
        if self.scene.before is not None:
            self.scene.before(self.prepared)
            done = run(self.prepared, ["sync"])
            assert done.code == 0, done.said
        self.set_up()
        self.old = tree(self.root)
        done = run(self.root, self.scene.words)
        assert done.code == self.scene.code, done.said
        slipped = [line for line in done.calls if line.startswith("!")]
        assert not slipped, f"calls that the shim does not see: {slipped}"
        self.calls = done.calls
        self.new = tree(self.root)
        assert self.new != self.old
        self.back: State = {}
        if self.scene.before is not None and self.scene.code == 0:
            self._taken_back()
        self.result.calls = len(self.calls)

    def set_up(self) -> None:
        """The project as it is before the disturbed run: a warm ledger, then the scene's change."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.prepared, self.root)
        if self.scene.before is not None:
            pass_tick(tick())  # a config.toml of this very moment would be kept by the run that is disturbed, or not
            run(self.root, ["sync"])  # a copy has other inodes: the ledger must be this tree's own
        self.scene.change(self.root)
        pass_tick(tick())

    def points(self, ways: Sequence[str], start: int, step: int) -> None:
        for way in ways:
            for number, line in enumerate(self.calls, 1):
                kind = line.split(" ", 2)[1]
                if way in ("half", "short") and kind != "write":
                    continue
                if way == "killed-after" and number != len(self.calls):
                    continue  # the same as before the next one
                if way == "EDQUOT" and kind not in ("create", "write", "mkdir"):
                    continue
                if self.result.possible % step == start % step:
                    self.point(number, way)
                self.result.possible += 1

    def point(self, number: int, way: str) -> None:
        self.result.points += 1
        if way in SAVES:
            self.set_up()
            self._saved(number, way)
            return
        only = self.calls[number - 1].split(" ", 1)[1]
        at = _times(self.calls[:number], only)
        for _ in range(TRIES):
            self.set_up()
            ended = run(self.root, self.scene.words, at=at, way="kill" if way in KILLS[3:] else way, only=only)
            if _times(ended.calls, only) >= at:
                break
        self.result.codes[str(ended.code)] = self.result.codes.get(str(ended.code), 0) + 1
        where = f"{self.result.scene}, {way} at {self.calls[number - 1]}"
        wrong = [*self._ended(ended, way), *self._standing()]
        match way:
            case "edited-after":
                wrong += self._edited(number)
            case "taken-back":
                wrong += self._taken_back()
            case _:
                wrong += self._next()
        self.result.wrong.extend(f"{where}: {what}" for what in wrong)

    def _saved(self, number: int, way: str) -> None:
        """In the middle of the run an editor saves a file that the run is about to write, in one of two ways."""
        changed = sorted(path for path in _outputs(self.old) if path in self.new and self.old[path] != self.new[path])
        path = changed[number * 5 % len(changed)]
        name, full = os.path.basename(path), os.path.join(self.root, path)
        line = self.calls[number - 1]
        saved = os.path.join(self.root, ".saved")  # by the run, which is another process

        def save(call: str) -> None:
            # One run makes a call more than another, by the clock: what counts is the call that it is at.
            if call == f"rename .{name}{TEMP} -> {name}":
                return  # between the last look and the rename there is nothing that could be done, and no time either
            with open(saved, "wb"):
                pass
            with open(full, "rb") as file:
                text = file.read() + b"\n# typed by hand\n"
            with open(full if way == "saved" else full + "~", "wb") as file:
                file.write(text)
            if way == "saved-anew":
                os.replace(full + "~", full)

        for attempt in range(2):
            ended = run(self.root, self.scene.words, at=0 if attempt else number, way="meanwhile", meanwhile=save)
            if ended.code not in (0, 2, 4) or "Traceback" in ended.said:
                self.result.wrong.append(f"{way} before {line}: ended with {ended.code}: {ended.said}")
            if not os.path.exists(saved):
                return
            if not any(b"typed by hand" in data for data in tree(self.root).values()):
                self.result.wrong.append(f"{way} before {line}: what was typed in `{path}` is lost: {ended.said}")

    def _taken_back(self) -> list[str]:
        """The rules are as they were again: what the killed run wrote goes, as if it had never been."""
        now, then = tree(self.root), tree(self.prepared)
        for path in now.keys() | then.keys():
            if path.startswith((".driven/rules/", ".driven/config.toml")) and now.get(path) != then.get(path):
                if path in then:
                    write(self.root, path, then[path].decode())
                else:
                    os.unlink(os.path.join(self.root, path))
        ended = run(self.root, ["sync"])
        if not self.back:
            self.back = tree(self.root)  # the first is undisturbed: it sets what the others must come to
        if ended.code != 0 or tree(self.root) != self.back:
            return [f"taken back, it ended with {ended.code}: {_differences(self.back, tree(self.root))}"]
        return []

    def _edited(self, number: int) -> list[str]:
        """A person edits a file of an editor before anything is put right: the edit is lost by nothing."""
        outputs = sorted(path for path in _outputs(tree(self.root)) if path in self.new and not path.endswith(TEMP))
        path = os.path.join(self.root, outputs[number * 7 % len(outputs)])
        with open(path, "ab") as file:
            file.write(b"\n# typed by hand\n")
        for _ in range(2):
            ended = run(self.root, ["sync"])
            if ended.code not in (0, 4):
                return [f"the next run ended with {ended.code}: {ended.said}"]
            if not any(b"typed by hand" in data for data in tree(self.root).values()):
                return [f"an edit of `{path}` is lost: {ended.said}"]
        return []

    def _ended(self, ended: Ended, way: str) -> list[str]:
        if way in KILLS:
            return [] if ended.code == -signal.SIGKILL else [f"ended with {ended.code}, not killed: {ended.said}"]
        if ended.code not in (0, 1, 2, 4) or "Traceback" in ended.said:
            return [f"ended with {ended.code}: {ended.said}"]
        now = tree(self.root)
        if ended.code == self.scene.code and now != self.new:
            return [f"said that all is well, and it is not: {ended.said}"]
        if "no file was changed" in ended.said and _outputs(now) != _outputs(self.old):
            return [f"said that no file was changed: {_differences(self.old, now)}"]
        return []

    def _standing(self) -> list[str]:
        """Each file is old or new, and what a person wrote is not called ours."""
        wrong = []
        now = tree(self.root)
        for path in sorted(self.old.keys() | self.new.keys() | now.keys()):
            if path.endswith(TEMP) or path == ".driven/outputs.lock":
                continue
            if now.get(path) not in (self.old.get(path), self.new.get(path)):
                wrong.append(f"`{path}` is neither old nor new: {now.get(path, b'not there')[:200]!r}")
        wrong.extend(self._claims(now))
        return wrong

    def _claims(self, now: State) -> list[str]:
        """What `outputs.lock` and the journal say of whole files is true of those that stand there."""
        from driven.format.hashes import digest
        from driven.project.ledger import read_lock

        wrong = []
        for (path, _, part), digests in read_lock(self.root).items():
            data = now.get(path)
            if part != "file" or data is None:
                continue
            persons = data == self.old.get(path) and self.persons(path, now)
            if persons and digest(data) in digests:
                wrong.append(f"`{path}` is a person's, and the lock says that it is ours")
            # An edit that is in its rule by now is what the next run would write: nobody's claim is needed.
            if not persons and digest(data) not in digests and path not in self.scene.hands:
                wrong.append(f"`{path}` is ours, and the lock does not know it")
        return wrong

    def persons(self, path: str, now: State) -> bool:
        """Whether a whole file of the scene is a person's, or holds an edit that is not in its rule yet."""
        source = self.scene.hands.get(path, "")
        return PERSON in self.old[path] or not self.old[path] or (source in now and now[source] != self.new[source])

    def _next(self) -> list[str]:
        """The next run completes the work, the one after it has nothing to do."""
        wrong = []
        pass_tick(tick())  # what this run reads shall be older than it: it need not look twice then
        second = run(self.root, self.scene.words)
        if second.code != self.scene.code:
            wrong.append(f"the next run ended with {second.code}: {second.said}")
        now = tree(self.root)
        if now != self.new:
            wrong.append(f"the next run gives something else: {_differences(self.new, now)}")
        if left := temps(self.root):
            wrong.append(f"temps are left: {left}")
        if os.path.exists(os.path.join(self.root, ".driven/state/journal")):
            wrong.append("the journal is left")
        third = run(self.root, ["sync"])
        if self.scene.code == 0 and not third.said.startswith("up to date"):
            wrong.append(f"a third run had something to do: {third.said}")
        if self.scene.code == 0 and third.calls:
            wrong.append(f"a third run changed something: {third.calls}")
        if tree(self.root) != self.new:
            wrong.append("a third run changed something")
        return wrong


def _times(calls: Sequence[str], what: str) -> int:
    return sum(call.split(" ", 1)[1] == what for call in calls)


def _outputs(state: State) -> State:
    return {path: data for path, data in state.items() if not path.startswith(".driven/") and not path.endswith(TEMP)}


def _differences(one: State, two: State) -> str:
    paths = [path for path in sorted(one.keys() | two.keys()) if one.get(path) != two.get(path)]
    return ", ".join(f"`{path}` {two.get(path, b'(gone)')[-120:]!r}" for path in paths[:4])


def warm_up(base: str) -> None:
    """Import what a fork of this process may need, by using it once in this very process."""
    import contextlib
    import gc
    import importlib
    import io
    import pkgutil

    import driven
    from driven.cli.app import main as command

    for module in pkgutil.walk_packages(driven.__path__, "driven."):
        if not module.name.startswith(("driven.__main__", "driven.benchmarks", "driven.sync")):
            importlib.import_module(module.name)
    root = os.path.join(base, "warm")
    os.mkdir(root)
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        fresh(root)
        command(["--root", root, "sync"])
        edited_by_hand(root)
        command(["--root", root, "sync"])
    shutil.rmtree(root)
    gc.freeze()


def main() -> int:
    name, ways = sys.argv[1], sys.argv[2].split(",")
    start, step = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 3 else (0, 1)
    # In memory where there is such a place: what a power cut does is not asked here.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="driven-faults-") as base:
        warm_up(base)
        walk = Walk(name, base)
        walk.points(ways, start, step)
    print(json.dumps(asdict(walk.result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
