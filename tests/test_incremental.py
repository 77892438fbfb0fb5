"""A sync after small changes gives what a sync from nothing gives: random histories, held against a fresh one."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from driven import pipeline

EDITORS = ("cursor", "copilot", "windsurf", "claude", "aider", "cline", "agents")
NAMES = ("api", "style", "db/migrations", "web/react", "errors", "release", "notes")
FRONTS = (
    "", "---\npaths: src/**/*.py\n---\n\n", '---\npaths:\n  - "web/**"\n  - "*.ts"\n---\n\n',
    "---\napply: model\ndescription: When it matters\n---\n\n", "---\napply: manual\n---\n\n",
    "---\npriority: 5\n---\n\n", "---\ntargets: [-cursor, -aider]\n---\n\n", "---\ntargets: [claude, cline]\n---\n\n",
    '---\nwhen: files("*.flag") > 0\n---\n\n', "---\nkind: persona\npriority: 200\n---\n\n",
)  # fmt: skip


class History:
    """A project and the changes that happen to it, from one seed."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.config(EDITORS, "native", "false")
        for name in NAMES[:4]:
            self.rule(name)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def config(self, editors: tuple[str, ...], always: str, header: str) -> None:
        lines = [f"{name} = {str(name in editors).lower()}\n" for name in EDITORS]
        self.write(
            ".driven/config.toml", f"[editors]\n{''.join(lines)}[sync]\nalways = '{always}'\nheader = {header}\n"
        )

    def rule(self, name: str) -> None:
        title, words = (
            name.replace("/", " ").title(),
            self.random.choice(("Use tabs.", "Say why.", "Write tests first.")),
        )
        self.write(f".driven/rules/{name}.md", f"{self.random.choice(FRONTS)}# {title}\n\n{words}\n")

    def step(self) -> None:
        rules = sorted((self.root / ".driven/rules").rglob("*.md"))
        outputs = sorted(path for path in self.root.rglob("*") if path.is_file() and ".driven" not in path.parts)
        pick = self.random.choice
        match pick(("add", "edit", "edit", "delete", "move", "config", "lose", "flag", "touch", "clone")):
            case "add":
                self.rule(pick(NAMES))
            case "edit" if rules:
                self.rule(str(pick(rules).relative_to(self.root / ".driven/rules")).removesuffix(".md"))
            case "delete" if len(rules) > 1:
                pick(rules).unlink()
            case "move" if rules:
                target = self.root / f".driven/rules/moved-{self.random.randrange(3)}.md"
                pick(rules).replace(target)
            case "config":
                some = tuple(name for name in EDITORS if self.random.random() < 0.7)
                self.config(some or EDITORS[:1], pick(("native", "agents")), pick(("true", "false")))
            case "lose" if outputs:
                pick(outputs).unlink()
            case "flag":
                flag = self.root / "on.flag"
                flag.unlink() if flag.exists() else flag.write_text("")
            case "touch" if outputs:
                pick(outputs).touch()
            case "clone":
                shutil.rmtree(self.root / ".driven/state", ignore_errors=True)


def files(root: Path) -> dict[str, str]:
    found = {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "state" not in path.parts
    }
    for path in (".aider.conf.yml", ".driven/outputs.lock"):  # an entry stays where it came to stand first
        found[path] = "".join(sorted(found.get(path, "").splitlines(keepends=True)))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_any_history_ends_where_a_fresh_sync_does(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "project"
    history = History(root, seed)
    pipeline.sync(str(root))
    for number in range(25):
        history.step()
        report = pipeline.sync(str(root))
        assert not report.plan.conflicts and not report.held
        assert pipeline.sync(str(root), check=True).plan.is_clean
        fresh = tmp_path / f"fresh-{number}"
        shutil.copytree(root / ".driven", fresh / ".driven", ignore=shutil.ignore_patterns("state", "outputs.lock"))
        if (root / "on.flag").exists():
            (fresh / "on.flag").write_text("")
        pipeline.sync(str(fresh))
        assert files(root) == files(fresh), f"step {number}"
        shutil.rmtree(fresh)
