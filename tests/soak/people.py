"""What people do to a project, at random: each deed changes files as a person would, and the model with them."""

from __future__ import annotations

import copy
import os
import random
import re
import subprocess
from collections.abc import Callable

from soak.model import EDITORS, SHARED, Model, Rule, read, write

WORDS = ("tests", "names", "errors", "logs", "types", "docs", "ports", "caches")


class People:
    """The people who work on the project at `root`, all from one seed. A deed answers whether it found anything to do.

    Within one round (from quiet to quiet) no place is edited twice, so that no two edits can overlap but by `clash`.
    """

    def __init__(self, root: str, seed: int, rules: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.model = Model()
        self.typed = 0
        self.touched: set[tuple[str, str]] = set()  # rule and place that were edited in this round
        self.files: set[str] = set()  # outputs that a person changed in this round
        self.hands = 0  # hand edits of outputs in this round
        self.switched = False  # another branch was checked out in this round
        self.clashed = ""  # the output that is in conflict in this round: whatever else is edited in it waits
        self.branch = "main"
        self.branches: dict[str, Model] = {}
        self.log: list[str] = []
        self.config()
        for path in SHARED:
            self.model.persons[path] = [f"{self.token()} is a person's."]
            write(root, path, f"# Ours\n\n{self.model.persons[path][0]}\n")
        write(root, ".aider.conf.yml", "# mine\nmodel: sonnet\nread:\n  - docs/own.md  # keep\n")
        for _ in range(rules):
            self.make_rule()

    def token(self) -> str:
        self.typed += 1
        return f"tk{self.typed:06}"

    def line(self) -> str:
        return f"- {self.token()} mind the {self.random.choice(WORDS)}."

    def begin(self) -> None:
        """A new round: all is quiet."""
        self.touched.clear()
        self.files.clear()
        self.hands = 0
        self.switched = False
        self.clashed = ""

    def config(self) -> None:
        lines = [f"{name} = {str(name not in self.model.off).lower()}\n" for name in EDITORS]
        write(self.root, ".driven/config.toml", "version = 1\n[editors]\n" + "".join(lines))

    # Rules, by their own files.

    def make_rule(self) -> bool:
        token = self.token()
        name = f"{self.random.choice(('', '', 'web/', 'db/deep/'))}{token}"
        apply = self.random.choice(("always", "paths", "paths", "model", "manual"))
        rule = Rule(name, apply, [[f"# {token}"], *([self.line()] for _ in range(self.random.randint(2, 5)))])
        if apply != "always":
            rule.description = f"About {self.token()} and {self.random.choice(WORDS)}"
        if apply == "paths":
            rule.globs = [f"src/{self.token()}/**/*.py"]
        self.model.rules[name] = rule
        self.touched.add((name, "*"))
        write(self.root, rule.path, rule.text())
        return True

    def delete_rule(self) -> bool:
        rule = self.pick(whole=True)
        if rule is None or len(self.model.rules) < 8:
            return False
        os.unlink(os.path.join(self.root, rule.path))
        del self.model.rules[rule.name]
        self._forget_moved(rule)
        self.log.append(f"delete {rule.name}")
        return True

    def rename_rule(self) -> bool:
        rule = self.pick(whole=True)
        if rule is None:
            return False
        old = rule.path
        del self.model.rules[rule.name]
        self.log.append(f"rename {rule.name}")
        self._forget_moved(rule, anew := f"named/{self.token()}")
        rule.name = anew
        self.model.rules[rule.name] = rule
        self.touched.add((rule.name, "*"))
        data = read(self.root, old)
        write(self.root, rule.path, data)
        os.unlink(os.path.join(self.root, old))
        return True

    def _forget_moved(self, rule: Rule, anew: str = "") -> None:
        for path, name in list(self.model.moved.items()):
            if name == rule.name and anew:
                self.model.moved[path] = anew
            elif name == rule.name:
                del self.model.moved[path]

    def prioritise(self) -> bool:
        rule = self.pick("priority")
        if rule is None:
            return False
        rule.priority = self.random.randrange(1, 99)
        text = read(self.root, rule.path).decode()
        if re.search(r"(?m)^priority: \d+$", text):
            text = re.sub(r"(?m)^priority: \d+$", f"priority: {rule.priority}", text, count=1)
        elif text.startswith("---\n"):
            text = f"---\npriority: {rule.priority}\n{text[4:]}"
        else:
            text = f"---\npriority: {rule.priority}\n---\n\n{text}"
        write(self.root, rule.path, text)
        return True

    # What a rule says, in its own file or in any editor's.

    def pick(self, place: str = "", *, whole: bool = False) -> Rule | None:
        """A rule that is free to be edited there; `whole`: that nothing was done to in this round."""
        busy = {name for name, held in self.touched if whole or held in (place, "*")}
        free = [name for name in self.model.rules if name not in busy]
        if not free:
            return None
        name = self.random.choice(free)
        self.touched.add((name, place or "*"))
        return self.model.rules[name]

    def edit_line(self, *, hand: bool | None = None) -> bool:
        rule = self.pick(f"part {(number := self.random.randint(1, 5))}")
        if rule is None or number >= len(rule.parts):
            return False
        lines = rule.parts[number]
        at = self.random.randrange(len(lines))
        old, new = lines[at], self.line()
        path = self.place_of(rule, old, hand)
        if path is None:
            return False
        deed = self.random.choice(("change", "change", "add", "drop"))
        if deed == "drop" and len(lines) < 2:
            deed = "add"
        match deed:
            case "change":
                lines[at] = new
                self.replace(path, old, new)
            case "add":
                lines.insert(at + 1, new)
                self.replace(path, old, f"{old}\n{new}")
            case _:
                del lines[at]
                self.replace(path, f"{old}\n", "")
        self.log.append(f"{deed} `{old}` / `{new}` in {path}")
        return True

    def edit_description(self) -> bool:
        rule = self.pick("description")
        if rule is None or not rule.description:
            return False
        new = f"About {self.token()} and {self.random.choice(WORDS)}"
        path = self.place_of(rule, rule.description, None, front=True)
        if path is None:
            return False
        self.replace(path, rule.description, new)
        self.log.append(f"describe {rule.name} `{new}` in {path}")
        rule.description = new
        return True

    def edit_globs(self) -> bool:
        rule = self.pick("globs")
        if rule is None or not rule.globs:
            return False
        at = self.random.randrange(len(rule.globs))
        new = f"src/{self.token()}/**/*.py"
        path = self.place_of(rule, rule.globs[at], None, front=True)
        if path is None:
            return False
        self.replace(path, rule.globs[at], new)
        self.log.append(f"globs of {rule.name} `{rule.globs[at]}` -> `{new}` in {path}")
        rule.globs[at] = new
        return True

    def place_of(self, rule: Rule, text: str, hand: bool | None, *, front: bool = False) -> str | None:
        """The rule's file or one of an editor's that holds `text`; with `hand` an editor's or none."""
        if hand is None:
            hand = self.random.random() < 0.6
        if not hand:
            return rule.path
        found = []
        for path in self.outputs():
            if path == self.clashed or (self.switched and path in SHARED):
                continue  # which rule a line belongs to may not be known then, until the next sync
            data = read(self.root, path).decode()
            if front:
                data = data[4:].partition("\n---\n")[0] if data.startswith("---\n") else ""
            if text in data:
                found.append(path)
        if not found:
            return rule.path if front else None
        path = self.random.choice(found)
        self.files.add(path)
        self.hands += 1
        return path

    def outputs(self) -> list[str]:
        """The files of editors that stand there, as `outputs.lock` names them."""
        try:
            lines = read(self.root, ".driven/outputs.lock").decode().splitlines()
        except FileNotFoundError:
            return []
        paths = dict.fromkeys(line.split("\t")[0] for line in lines if line and line[0] != "#")
        return [path for path in paths if os.path.isfile(os.path.join(self.root, path))]

    def replace(self, path: str, old: str, new: str) -> None:
        """As an editor saves: in place, or a new file put there."""
        data = read(self.root, path)
        assert data.count(old.encode()) >= 1, f"{path} has no {old}"
        data = data.replace(old.encode(), new.encode(), 1)
        if self.random.random() < 0.5:
            write(self.root, path, data)
        else:
            write(self.root, path + "~", data)
            os.replace(os.path.join(self.root, path + "~"), os.path.join(self.root, path))

    # Whole files of editors, and a person's own text.

    def lose_output(self) -> bool:
        free = [path for path in self.outputs() if path not in self.files and path not in (*SHARED, ".aider.conf.yml")]
        if not free:
            return False
        path = self.random.choice(free)
        self.files.add(path)
        os.unlink(os.path.join(self.root, path))
        self.log.append(f"lose {path}")
        return True

    def rename_output(self) -> bool:
        free = [
            path for path in self.outputs()
            if path not in self.files and path.startswith((".cursor/rules/", ".windsurf/rules/", ".clinerules/tk"))
        ]  # fmt: skip
        owners = {path: self.owner(path) for path in free}
        free = [path for path in free if owners[path] and not any(n == owners[path] for n, _ in self.touched)]
        if not free:
            return False
        path = self.random.choice(free)
        folder, name = os.path.split(path)
        new = f"{folder}/own-{self.token()}{name[name.index('.') :]}"
        os.rename(os.path.join(self.root, path), os.path.join(self.root, new))
        self.model.moved.pop(path, None)
        self.model.moved[new] = owners[path]
        self.files |= {path, new}
        self.touched.add((owners[path], "*"))
        self.hands += 1
        self.log.append(f"move {path} -> {new}")
        return True

    def owner(self, path: str) -> str:
        data = read(self.root, path).decode()
        return next((name for name, rule in self.model.rules.items() if rule.parts[1][0] in data), "")

    def write_around(self) -> bool:
        """A line above or below our section of a shared file."""
        path = self.random.choice(SHARED)
        data = read(self.root, path)
        line = f"{self.token()} is a person's."
        self.model.persons[path].append(line)
        own = f"{line}\n\n".encode()
        write(self.root, path, own + data if self.random.random() < 0.5 else data.rstrip(b"\n") + b"\n\n" + own)
        self.log.append(f"write `{line}` in {path}")
        return True

    def own_file(self) -> bool:
        """A file of a person's own among an editor's rules: new, or taken away."""
        if self.model.foreign and self.random.random() < 0.3:
            path = self.random.choice(sorted(self.model.foreign))
            del self.model.foreign[path]
            os.unlink(os.path.join(self.root, path))
            return True
        path = self.random.choice((".cursor/rules/mine-{}.mdc", ".claude/rules/mine-{}.md", ".clinerules/mine-{}.md"))
        path = path.format(token := self.token())
        self.model.foreign[path] = f"---\nalwaysApply: true\n---\n\n{token} is mine\r\n".encode()
        write(self.root, path, self.model.foreign[path])
        return True

    def toggle_editor(self) -> bool:
        if self.touched or self.files:
            return False  # an edit of what goes at the same time is a conflict, and rightly so
        editor = self.random.choice(EDITORS)
        if editor in self.model.off:
            self.model.off.discard(editor)
        elif len(self.model.off) < 3:
            self.model.off.add(editor)
            self.model.moved = {
                p: n for p, n in self.model.moved.items() if editor not in p.replace("clinerules", "cline")
            }
        self.config()
        self.touched |= {(name, "*") for name in self.model.rules}
        self.log.append(f"editors off: {sorted(self.model.off)}")
        return True

    def switch_branch(self) -> bool:
        """Commit all, and go to another branch or a new one: hundreds of files change at once."""
        if self.touched or self.files:
            return False
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "work")
        self.branches[self.branch] = copy.deepcopy(self.model)
        others = [name for name in self.branches if name != self.branch]
        if len(self.branches) < 4 and (not others or self.random.random() < 0.4):
            self.branch = f"branch-{len(self.branches)}"
            self.git("checkout", "-q", "-b", self.branch)
        else:
            self.branch = self.random.choice(others)
            self.git("checkout", "-q", self.branch)
            self.model = copy.deepcopy(self.branches[self.branch])
        self.switched = True
        self.log.append(f"on {self.branch}")
        return True

    def git(self, *words: str) -> None:
        subprocess.run(
            [
                "git", "-c", "user.name=soak", "-c", "user.email=soak@example.org", "-c", "core.autocrlf=false",
                "-c", "gc.auto=0",  # it runs on in the background, and takes files away while a tree is copied
                *words,
            ],
            cwd=self.root, check=True, capture_output=True,
        )  # fmt: skip

    def deeds(self) -> list[Callable[[], bool]]:
        """Everything that may happen, each as often as it shall be."""
        edits: list[Callable[[], bool]] = [self.edit_line] * 10
        rare = [self.make_rule, self.delete_rule, self.rename_rule, self.lose_output, self.rename_output, self.own_file]
        return [
            *edits, *[self.edit_description] * 3, *[self.edit_globs] * 3, *[self.prioritise] * 2, *rare,
            *[self.write_around] * 2, self.toggle_editor, *[self.switch_branch] * 2,
        ]  # fmt: skip
