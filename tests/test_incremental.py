"""A sync after small changes gives what a sync from nothing gives: random histories, held against a fresh one."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from driven import pipeline
from driven.errors import PlanError
from driven.frozen import replace
from driven.project import ledger

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


def test_a_history_of_many_rules_is_remembered_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few of many rules change at a time: what changed stands beside the compiled rules, and what a sync hands on is
    what the next one would read."""
    root = tmp_path / "project"
    history = History(root, 11)
    for number in range(60):
        history.rule(f"many/{number}")
    kept: list[ledger.Memory] = []
    remember = pipeline.remember

    def recorded(*args: object) -> None:
        memory = remember(*args)  # type: ignore[arg-type]
        assert memory is not None
        kept[:] = [memory]

    monkeypatch.setattr(pipeline, "remember", recorded)
    pipeline.sync(str(root))
    parts = partial = 0
    for number in range(40):
        for _ in range(1 + number % 2):
            history.rule(f"many/{history.random.randrange(60)}")
        if number % 7 == 3:
            history.rule(f"later/{number}")
        if number % 9 == 5:
            (root / f".driven/rules/many/{number}.md").unlink(missing_ok=True)
        report = pipeline.sync(str(root))
        assert not report.plan.conflicts and not report.held
        partial += report.plan.kept > 0
        parts += (root / ".driven/state/rules.since").exists()
        read = ledger.read_memory(str(root))
        assert replace(kept[0], current=True, agrees=True, lock=None) == read and read.current
        assert list(kept[0].rules) == list(read.rules) and kept[0].lock == ledger.read_lock(str(root))
        assert ledger.read_memory(str(root), kept[0]) == replace(kept[0], current=True, agrees=True)
        assert read.rules == pipeline.load(str(root), fresh=True).sources.rules
    assert partial > 30 and parts > 25
    assert pipeline.sync(str(root), check=True).plan.is_clean
    fresh = tmp_path / "fresh"
    shutil.copytree(root / ".driven", fresh / ".driven", ignore=shutil.ignore_patterns("state", "outputs.lock"))
    pipeline.sync(str(fresh))
    assert files(root) == files(fresh)


def test_a_kept_memory_is_dropped_when_the_ledger_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(tmp_path / "project")
    History(tmp_path / "project", 1)
    pipeline.sync(root)
    kept = ledger.read_memory(root)
    assert ledger.read_memory(root, kept).rules is kept.rules
    (tmp_path / "project/pyproject.toml").write_text("")
    assert ledger.read_memory(root, kept).rules is kept.rules and not ledger.read_memory(root, kept).current
    (tmp_path / "project/pyproject.toml").unlink()
    assert ledger.read_memory(root, kept).current
    monkeypatch.setenv("DRIVEN_DISABLE_PLUGINS", "x")
    assert not ledger.read_memory(root, kept).current
    monkeypatch.delenv("DRIVEN_DISABLE_PLUGINS")
    (tmp_path / "project/.driven/state/journal").write_text("")
    assert ledger.read_memory(root, kept).interrupted and ledger.read_memory(root, kept).rules is not kept.rules
    pipeline.sync(root)
    assert ledger.read_memory(root, kept).rules is not kept.rules
    (tmp_path / "project/.driven/state/ledger").unlink()
    assert not ledger.read_memory(root, kept).outputs


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_was_set_hides_no_edit_and_writes_nothing(tmp_path: Path, hours: int) -> None:
    """After a jump all that stands there is from the future, or from long ago."""
    history = History(tmp_path / "project", 1)
    root = str(tmp_path / "project")
    pipeline.sync(root)
    outputs = [tmp_path / "project" / path for path in ledger.read_memory(root).outputs]
    for path in outputs:
        then = path.stat().st_mtime_ns + hours * 3_600_000_000_000
        os.utime(path, ns=(then, then))
    for _ in range(2):
        assert pipeline.sync(root).plan.is_clean
    path = next(path for path in outputs if path.suffix == ".mdc")
    before = path.stat()
    path.write_text(path.read_text().replace("s", "z", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - hours * 3_600_000_000_000))
    assert [change.path for change in pipeline.sync(root, check=True).plan.conflicts or ()] or pipeline.sync(
        root, check=True
    ).plan.writes
    history.rule("api")
    pipeline.sync(root)


def test_a_new_path_that_differs_in_case_alone_is_refused_after_a_small_change_too(tmp_path: Path) -> None:
    root = tmp_path / "project"
    history = History(root, 2)
    pipeline.sync(str(root))
    extra = "---\nextra:\n  cursor:\n    $path: .cursor/rules/API.mdc\n---\n\n# Other\n\nText.\n"
    history.write(".driven/rules/other.md", extra)
    with pytest.raises(PlanError, match="one file on some disks"):
        pipeline.sync(str(root))
    history.write(".driven/rules/other.md", extra.replace("API.mdc", "More.mdc"))
    assert (root / ".cursor/rules/More.mdc").exists() is False
    pipeline.sync(str(root))
    assert (root / ".cursor/rules/More.mdc").exists()
