"""A long day of edits looked at by one `Live`, which keeps what it can, held against a new one that knows nothing."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from checkout import git

from driven import pipeline
from driven.errors import DrivenError
from driven.project.listing import list_files
from driven.validation.live import Live, View

EDITORS = "agents aider claude cline copilot cursor windsurf".split()  # noqa: SIM905
CONFIG = ".driven/config.toml"
NAMES = ("a", "b", "c", "deep/d", "deep/A", "B 2", "deep/er/e", "äö", "---")
FRONTS = (
    "apply: always", 'paths: ["src/**/*.ts"]', 'paths: ["nothing/**"]', "apply: model", "apply: manual",
    "targets: [cursor]", "targets: [-claude]", "targets: [nobody]", 'when: lang("python")', "when: files('x*')",
    "priority: 90", "priority: many", "prioritty: 10", "tags: [a, a]",
)  # fmt: skip
LINES = (
    "- Point {}.", "- See [it](gone{}.md).", "- See [a](a.md).", "- Read @docs/{}.md.", "- Always use tabs.",
    "- Never use tabs.", "- Zero\u200bwidth.", "<!-- driven:begin -->", "<!-- driven-ignore GEN05 -->", "- \0", "## {}",
)  # fmt: skip
ODD = (b"", b"---\n", b"\xff\xfe\0", b"---\ndescription: x\n", b"\xef\xbb\xbf# Bom\n", b"a" * 70_000)
OTHERS = (
    "CLAUDE.md", "AGENTS.md", "web/AGENTS.md", ".cursor/rules/own.mdc", "web/.cursor/rules/x.mdc", "docs/1.md",
    ".github/copilot-instructions.md", ".claude/skills/s/SKILL.md", "src/a.ts", "x1", "m.py", "gone1.md", ".gitignore",
)  # fmt: skip
MISTAKES = (
    "",
    "",
    "",
    "",
    "a = [",
    "[sync]\nmode = 'x'\n",
    "[validate]\nignore = ['GEN']\n",
    "[sync]\nheader = false\n",
)


class Day:
    """Random edits of one project, on the disk and in open documents (`overlay`)."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.pick = root, random.Random(seed)
        self.overlay: dict[str, bytes] = {}
        self.has_git = bool(seed % 2)
        if self.has_git:
            git(root, "init", "-q", "-b", "main")
        self.write(CONFIG, b"[editors]\ncursor = true\nclaude = true\nagents = true\n")
        self.write(".driven/rules/a.md", b"# A\n")

    def step(self) -> None:
        """One of them. What the disk or git refuses is no edit."""
        edits: dict[Callable[[], None], int] = {
            self.rule: 20, self.same: 10, self.rename: 8, self.remove: 6, self.link: 6, self.other: 12, self.config: 8,
            self.open: 8, self.edit: 8, self.close: 6, self.sync: 7, self.hand: 7, self.move_away: 1, self.commit: 3,
        }  # fmt: skip
        try:
            self.pick.choices([*edits], [*edits.values()])[0]()
        except (OSError, DrivenError, CalledProcessError):
            return

    def text(self) -> bytes:
        pick = self.pick
        if pick.random() < 0.05:
            return pick.choice(ODD)
        front = f"---\ndescription: Of {pick.randrange(4)}\n{pick.choice(FRONTS)}\n---\n" if pick.random() < 0.8 else ""
        body = "".join(pick.choice(LINES).format(pick.randrange(3)) + "\n" for _ in range(pick.randrange(4)))
        data = f"{front}\n# Rule\n\n{body}".encode()
        return data.replace(b"\n", b"\r\n") if pick.random() < 0.1 else data

    def settings(self) -> bytes:
        names = self.pick.sample(EDITORS, self.pick.randint(1, 7))
        lines = "".join(f"{name} = {self.pick.choice(('true', 'true', 'false'))}\n" for name in names)
        return f"[editors]\n{lines}{self.pick.choice(MISTAKES)}".encode()

    def path(self) -> str:
        return f".driven/rules/{self.pick.choice(NAMES)}.md"

    def files(self) -> list[str]:
        found = (path for path in self.root.rglob("*") if path.is_file())
        paths = [path.relative_to(self.root).as_posix() for path in found]
        return sorted(path for path in paths if not path.startswith((".git/", ".driven/state/")))

    def write(self, path: str, data: bytes) -> None:
        full = self.root / path
        for one in (full, *full.parents[: len(Path(path).parts) - 1]):
            if one.is_symlink() or (one.is_file() and one != full):
                one.unlink()
        if full.is_dir():
            shutil.rmtree(full)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)

    def rule(self) -> None:
        self.write(self.path(), self.text())

    def same(self) -> None:
        """Another text of the same size, within a tick of the clock or not, with the old time of change."""
        full = self.root / self.path()
        before = full.stat()
        old, new = self.pick.choice(((b"Of 1", b"Of 2"), (b"Of 0", b"Of 1"), (b"Point", b"Thing"), (b"90", b"91")))
        full.write_bytes(full.read_bytes().replace(old, new))
        os.utime(full, ns=(before.st_atime_ns, before.st_mtime_ns))

    def rename(self) -> None:
        (self.root / self.path()).replace(self.root / self.path())

    def remove(self) -> None:
        (self.root / self.pick.choice([self.path(), *OTHERS])).unlink()

    def link(self) -> None:
        """A rule, or a folder of them, becomes a link, or an empty folder."""
        path = self.pick.choice([self.path(), self.path(), ".driven/rules/deep", ".cursor"])
        full = self.root / path
        if full.is_dir() and not full.is_symlink():
            shutil.rmtree(full)
        self.write(path, b"")
        full.unlink()
        target = self.pick.choice(["a.md", "../../CLAUDE.md", "/etc/passwd", "nowhere", "../../docs", ""])
        if target:
            full.symlink_to(target)
        else:
            full.mkdir()

    def other(self) -> None:
        path = self.pick.choice(OTHERS)
        self.write(path, b"docs\nweb\n" if path == ".gitignore" else self.text())

    def config(self) -> None:
        self.write(CONFIG, self.settings())

    def open(self) -> None:
        path = self.pick.choice([*self.files(), self.path(), CONFIG])
        full = self.root / path
        data = full.read_bytes() if full.is_file() else self.text()
        self.overlay[path] = data.decode(errors="replace").removeprefix("\ufeff").encode()

    def edit(self) -> None:
        for path in self.pick.sample(sorted(self.overlay), min(1, len(self.overlay))):
            data = self.settings() if path == CONFIG else self.pick.choice([self.text(), self.overlay[path] + b"- z\n"])
            self.overlay[path] = data.decode(errors="replace").encode()

    def close(self) -> None:
        for path in self.pick.sample(sorted(self.overlay), min(1, len(self.overlay))):
            data = self.overlay.pop(path)
            if self.pick.random() < 0.5:
                self.write(path, data)

    def sync(self) -> None:
        pipeline.sync(str(self.root))

    def hand(self) -> None:
        written = [one for one in self.files() if not one.startswith(".driven/")]
        for path in self.pick.sample(written, min(1, len(written))):
            self.write(path, (self.root / path).read_bytes() + b"- By hand.\n")

    def move_away(self) -> None:
        here, away = self.root / ".driven", self.root / "away"
        if here.exists():
            here.rename(away)
        else:
            away.rename(here)

    def commit(self) -> None:
        if self.has_git:
            git(self.root, "add", "-A")
            git(self.root, "commit", "-qm", "x", "--allow-empty")
            git(self.root, "checkout", "-q", self.pick.choice(["HEAD~1", "main"]))


def told(view: View) -> dict[str, object]:
    """All that a view says; of a project that cannot be loaded what is wrong with it, for the rest is as before."""
    if view.problem is not None:
        return {"problem": str(view.problem), CONFIG: [repr(one) for one in view.told.get(CONFIG, ())]}
    emitted = view.emitted
    return {
        **{path: [repr(one) for one in found] for path, found in view.told.items()},
        "rules": [(repr(rule), rule.source) for rule in view.rules],
        "held": {rule_id: repr(wrong) for rule_id, wrong in view.held.items()},
        "active": dict(view.active),
        "documents": {
            one.path: (one.data, one.place, sorted(one.ours), one.origins, one.linked, one.broken, repr(one.rule))
            for one in view.documents.values()
        },
        "pieces": sorted(map(repr, emitted.pieces)) if emitted is not None else None,
        "losses": sorted(map(repr, emitted.losses)) if emitted is not None else None,
        "editors": list(dict.fromkeys(one.editor for one in emitted.pieces)) if emitted is not None else None,
    }


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_from_look_to_look_says_what_a_new_look_says(tmp_path: Path, seed: int) -> None:
    day = Day(tmp_path, seed)
    live = Live(str(tmp_path))
    listed: list[str] = []
    before: View | None = None
    said: dict[str, object] = {}
    for number in range(30):
        for _ in range(day.pick.choice((1, 1, 2, 4))):
            day.step()
        now = sorted(list_files(str(tmp_path)))
        listed = listed if now == listed else now  # as the server has it: one list until it is another one
        view = live.refresh(dict(day.overlay), lambda files=listed: files, before)  # type: ignore[misc]
        new = Live(str(tmp_path))
        new._plugins, new._stamps, new._kept.plugins, new._kept.found = (  # loading them takes longest, and is no part
            live._plugins, live._stamps, live._kept.plugins, live._kept.found,
        )  # fmt: skip
        other = new.refresh(dict(day.overlay), lambda files=listed: files, before)  # type: ignore[misc]
        assert told(view) == told(other), number
        assert before is None or told(before) == said, "a view does not change any more"
        before, said = view, told(view)
        for path in (day.path(), CONFIG):
            live.touch(view, path, day.pick.choice((day.text(), day.settings())))
        assert told(view) == said, "nor by a look at one file"
