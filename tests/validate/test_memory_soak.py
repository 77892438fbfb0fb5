"""Random edits of a project: whatever is remembered, a validation says what one says that remembers nothing.

Short here; `SOAK=500 pytest tests/validate/test_memory_soak.py` goes on for longer.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.validation.files import Folder
from driven.validation.validate import ALL, load, report_of

EDITS = int(os.environ.get("SOAK", "40"))
RULES = (
    ".cursor/rules/a.mdc", ".cursor/rules/b.md", ".cursor/rules/deep/c.mdc", "web/.cursor/rules/d.mdc", "CLAUDE.md",
    "web/CLAUDE.md", "AGENTS.md", ".github/copilot-instructions.md", ".github/instructions/a.instructions.md",
    ".windsurf/rules/a.md", ".clinerules/a.md", ".claude/settings.json", "gen/deep/CLAUDE.md", ".foo/CLAUDE.md",
    ".driven/rules/one.md", ".driven/rules/two.md", ".driven/rules/sub/one.md", "skills/x/SKILL.md", ".cursorrules",
)  # fmt: skip
FILES = (
    "src/a.py",
    "src/b.ts",
    "web/x.tsx",
    "docs/a.md",
    "docs/b.md",
    "package.json",
    "gen/x.o",
    "node_modules/x/y.js",
)
IGNORES = (".gitignore", "web/.gitignore", "gen/.gitignore", ".git/info/exclude")
FRONTS = (
    "", '---\nalwaysApply: "true"\n---\n', "---\nglobs: src/**, web/**\n---\n", "---\nglobs: none/**\n---\n",
    "---\ndescription: x\nalwaysApply: false\n---\n", "---\npaths: [src/**]\n---\n", "---\nbroken: [\n---\n",
    "---\nwhen: exists('docs/a.md')\n---\n", "---\napplyTo: '**/*.ts'\n---\n", "\ufeff---\npriority: 3\n---\n",
)  # fmt: skip
BODIES = (
    "Use tabs.\n", "See [a](docs/a.md) and [b](../docs/b.md).\n", "Run `npm run build` in `src/a.py`.\n",
    "Always use tabs.\n- Never use tabs.\n", "<!-- driven-ignore CUR06 GEN08 -->\nSee [n](none.md)\n", "",
    "zero\u200bwidth\n", "# driven-ignore-file CUR\n", "@docs/b.md\n",
)  # fmt: skip
CONFIGS = (
    "[editors]\ncursor = true\n", "[editors]\ncursor = true\nclaude = true\n[validate]\nignore = ['GEN08']\n",
    "[editors]\ncopilot = true\n[validate.per_path_ignores]\n'web/**' = ['CUR']\n",
)  # fmt: skip


class World:
    """A project, and one random edit of it after the other."""

    def __init__(self, root: Path, seed: int, *, git: bool) -> None:
        self.root, self.random, self.git = root, random.Random(seed), git
        if git:
            self._git("init", "-q")
        for _ in range(8):
            self.write(self.random.choice(RULES))
        self.config()

    def edit(self) -> str:
        """Make one; its name."""
        edits: list[Callable[[], str]] = [
            lambda: self.write(self.random.choice(RULES)), lambda: self.write(self.random.choice(RULES)),
            lambda: self.write(self.random.choice(FILES)), self.delete, self.rename, self.config, self.ignore,
            self.link, self.index, self.empty, self.front,
        ]  # fmt: skip
        return self.random.choice(edits)()

    def write(self, path: str) -> str:
        full = self.root / path
        if self._blocked(full):
            return "nothing"
        full.parent.mkdir(parents=True, exist_ok=True)
        text = '{"scripts": {"build": "x"}}' if path.endswith(".json") else self._text()
        full.write_bytes(text.encode("utf-8") + (b"\xff" if self.random.random() < 0.05 else b""))
        return f"write {path}"

    def front(self) -> str:
        path = self.root / self.random.choice(RULES)
        if not path.is_file() or path.suffix == ".json":
            return "nothing"
        path.write_bytes(path.read_bytes().replace(b"src", b"web") + b"\n")
        return f"front {path}"

    def delete(self) -> str:
        path = self.root / self.random.choice((*RULES, *FILES, "web", ".cursor", "docs", ".driven"))
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        return f"delete {path}"

    def rename(self) -> str:
        one, other = self.random.choice((("web", "src"), ("docs", "doc"), (".cursor", "web/.cursor"), ("gen", "gin")))
        if not (self.root / one).exists():
            one, other = other, one
        if not (self.root / one).exists() or os.path.lexists(self.root / other):
            return "nothing"
        (self.root / other).parent.mkdir(exist_ok=True)
        (self.root / one).rename(self.root / other)
        return f"rename {one}"

    def config(self) -> str:
        (self.root / ".driven" / "rules").mkdir(parents=True, exist_ok=True)
        (self.root / ".driven" / "config.toml").write_text(self.random.choice(CONFIGS))
        return "config"

    def ignore(self) -> str:
        path = self.root / self.random.choice(IGNORES)
        if not path.parent.is_dir():
            return "nothing"
        path.write_text(
            self.random.choice(("", "gen\n", "*.o\nnode_modules\n", "web/CLAUDE.md\n", "CLAUDE.md\n.driven\n"))
        )
        return f"ignore {path}"

    def link(self) -> str:
        path = self.root / self.random.choice(("CLAUDE.md", ".claude/rules", ".roo", "docs/b.md"))
        if not path.parent.is_dir() or (path.is_dir() and not path.is_symlink()):
            return "nothing"
        path.unlink(missing_ok=True)
        target = self.random.choice(("AGENTS.md", "docs/a.md", ".cursor/rules", "../.cursor/rules", "/etc", "nowhere"))
        path.symlink_to(target)
        return f"link {path} -> {target}"

    def index(self) -> str:
        if self.git:
            self._git(*self.random.choice((("add", "-A"), ("add", "-f", "-A"), ("rm", "-rq", "--cached", "."))))
        return "index"

    def empty(self) -> str:
        path = self.root / self.random.choice(("gen/deep", "empty/er", ".foo", "node_modules/x"))
        if not self._blocked(path / "x"):
            path.mkdir(parents=True, exist_ok=True)
        return f"empty {path}"

    def _text(self) -> str:
        return self.random.choice(FRONTS) + self.random.choice(BODIES) + self.random.choice(BODIES)

    def _blocked(self, path: Path) -> bool:
        """Whether a file or a link stands where a folder must, or a folder where the file must."""
        above = [folder for folder in path.parents if folder.is_relative_to(self.root)]
        return (
            path.is_symlink() or path.is_dir() or any(f.is_symlink() or (f.exists() and not f.is_dir()) for f in above)
        )

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, capture_output=True, check=False)


def report(root: Path, *, remember: bool) -> object:
    from driven.errors import DrivenError

    try:
        loaded = load(str(root))
        folder = Folder(str(root), globs=loaded.globs)
        made = report_of(str(root), loaded, ALL, folder=folder, remember=remember)
    except DrivenError as error:
        return str(error)
    return made.diagnostics, made.silenced, made.files


@pytest.mark.parametrize("git", [True, False])
def test_memory_changes_nothing(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, git: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    world = World(tmp_path, EDITS, git=git)
    for number in range(EDITS):
        edit = world.edit()
        assert report(tmp_path, remember=True) == report(tmp_path, remember=False), f"{number}: {edit}"


def test_a_kept_answer_is_the_answer(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.mktemp("cache")

    def run(name: str) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            [sys.executable, "-m", "driven", "validate", "--verbose"], cwd=tmp_path, capture_output=True, timeout=60,
            env={**os.environ, "XDG_CACHE_HOME": str(cache / name)},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    world = World(tmp_path, EDITS, git=True)
    for number in range(max(6, EDITS // 8)):
        edit = world.edit()
        first = run("warm")
        assert run("warm") == first
        assert run(f"cold{number}") == first, f"{number}: {edit}"
