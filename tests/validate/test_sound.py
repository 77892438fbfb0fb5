"""No false error: on real rule files each finding is reviewed, on sound ones there is none."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from driven.pipeline import sync
from driven.validation.engine import Choice
from driven.validation.validate import validate

from .sound import sound_rules, write_project

REVIEWED = Path(__file__).with_name("corpus.md")


def test_each_finding_in_the_corpus_is_reviewed(corpus: list[Path], tmp_path: Path) -> None:
    """corpus.md: `| CODE | file:line | why it is right |`, one row for each finding, and none too many."""
    rules = tmp_path / ".cursor" / "rules"
    rules.mkdir(parents=True)
    for file in corpus:
        shutil.copyfile(file, rules / file.name)
    told = [
        f"{d.code} {d.span.path.removeprefix('.cursor/rules/')}:{d.span.line}"
        for d in validate(str(tmp_path), Choice()).diagnostics
    ]
    rows = re.findall(r"^\| ([A-Z]{3}\d\d) \| (\S+:\d+) \| (\S.*) \|$", REVIEWED.read_text(encoding="utf-8"), re.M)
    assert sorted(told) == sorted(f"{code} {place}" for code, place, _ in rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_sound_rules_have_no_error(tmp_path: Path, seed: int) -> None:
    write_project(tmp_path, sound_rules(200, seed))
    report = validate(str(tmp_path))
    assert report.rules == 200
    assert [f"{d.code} {d.span} {d.message}" for d in report.diagnostics if d.severity != "info"] == []


def test_what_is_written_for_editors_has_no_error(tmp_path: Path) -> None:
    """The same rules as every editor gets them, without a `.driven/` that says whose they are."""
    write_project(tmp_path, sound_rules(200, 3))
    sync(str(tmp_path))
    shutil.rmtree(tmp_path / ".driven")
    report = validate(str(tmp_path))
    assert report.files > 800
    assert [f"{d.code} {d.span} {d.message}" for d in report.diagnostics if d.severity == "error"] == []


def test_a_synced_project_has_no_finding(tmp_path: Path) -> None:
    """What driven wrote itself is no finding; where an editor cannot be told something, a sync says so."""
    write_project(tmp_path, sound_rules(40, 4))
    before = [d.code for d in validate(str(tmp_path)).diagnostics]
    sync(str(tmp_path))
    assert [d.code for d in validate(str(tmp_path)).diagnostics] == before


def test_an_output_that_was_edited_by_hand_is_looked_at(tmp_path: Path) -> None:
    write_project(tmp_path, sound_rules(4, 5))
    sync(str(tmp_path))
    file = next((tmp_path / ".cursor" / "rules").glob("api*.mdc"), None) or next(
        (tmp_path / ".cursor" / "rules").iterdir()
    )
    file.write_text(file.read_text().replace("alwaysApply: ", 'alwaysApply: "').replace("\n---\n\n", '"\n---\n\n', 1))
    assert "CUR06" in [d.code for d in validate(str(tmp_path)).diagnostics]


@pytest.mark.parametrize("git", [False, True])
def test_a_link_to_another_rule_file_says_nothing_twice(tmp_path: Path, git: bool) -> None:
    (tmp_path / "AGENTS.md").write_text("# Project\n\nSee [x](docs/none.md).\n\n- Run all the tests before a commit.\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    skill = tmp_path / ".agents" / "skills" / "release" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: wrong\ndescription: How a release is made\n---\n\nSee [y](none.md).\n")
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "skills").symlink_to("../.agents/skills")
    if git:
        import subprocess

        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    told = [f"{d.code} {d.span.path}" for d in validate(str(tmp_path)).diagnostics if d.code in ("GEN08", "GEN10")]
    assert told == ["GEN08 .agents/skills/release/SKILL.md", "GEN08 AGENTS.md"]
