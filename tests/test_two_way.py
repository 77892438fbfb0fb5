"""Hand edits of any editor's file: into their rule and on to every other editor; or a conflict, with both sides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from checkout import git

from driven import history, pipeline
from driven.model.plan import Create
from driven.model.rule import Rule
from driven.project.files import TICK, pass_tick, tick
from driven.project.ledger import Memory
from driven.project.sources import load_sources

EDITORS = ("cursor", "copilot", "windsurf", "claude", "aider", "cline", "agents")
CONFIG = "version = 1\n[editors]\n" + "".join(f"{name} = true\n" for name in EDITORS)
API = """\
---
# who owns this: the platform team
description: HTTP handlers
paths:
  - "src/api/**/*.ts"
---

# API

Validate input.

Return problem details.

Log the request id.
"""
STYLE = "# Style\n\nUse tabs.\n\nNo trailing blanks.\n"
ASKED = "---\napply: model\ndescription: How to release\n---\n\nTag, then push.\n"
MANUAL = "---\napply: manual\ndescription: Checklist\n---\n\nLook twice.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, ".driven/config.toml", CONFIG)
    write(tmp_path, ".driven/rules/api.md", API)
    write(tmp_path, ".driven/rules/style.md", STYLE)
    write(tmp_path, ".driven/rules/release.md", ASKED)
    write(tmp_path, ".driven/rules/check.md", MANUAL)
    sync(tmp_path)
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def read(root: Path, path: str) -> str:
    return (root / path).read_bytes().decode()


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = read(root, path)
    assert text.count(old) == 1, (path, text)
    write(root, path, text.replace(old, new))


def everything(root: Path) -> dict[str, str]:
    """Every file but this machine's state: what a branch has."""
    return {
        str(path.relative_to(root)): path.read_text()
        for path in root.rglob("*") if path.is_file() and ".driven/state" not in str(path)
    }  # fmt: skip


def check_out(root: Path, standing: dict[str, str], branch: dict[str, str]) -> None:
    """As git does: what is the same in both is not touched."""
    for path in standing.keys() | branch.keys():
        if standing.get(path) != branch.get(path):
            (root / path).unlink(missing_ok=True)
            if path in branch:
                write(root, path, branch[path])


def sync(root: Path, **options: bool):
    return pipeline.sync(str(root), **options)


def rule(root: Path, rule_id: str) -> Rule:
    return load_sources(str(root), Memory()).rules[rule_id]


def settled(root: Path) -> None:
    """The next sync has nothing to do, and a fresh look at everything agrees."""
    assert sync(root).plan.is_clean
    for path in (root / ".driven/state").iterdir():
        if path.name in ("ledger", "rules.drv"):
            path.unlink()
    assert sync(root).plan.is_clean


def files_with(root: Path, text: str) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and ".driven/state" not in str(path) and text in path.read_text()
    }


API_FILES = {
    "cursor": ".cursor/rules/api.mdc",
    "copilot": ".github/instructions/api.instructions.md",
    "windsurf": ".windsurf/rules/api.md",
    "claude": ".claude/rules/api.md",
    "aider": "CONVENTIONS.md",
    "cline": ".clinerules/api.md",
    "agents": "AGENTS.md",
}
STYLE_FILES = {**API_FILES} | {
    "cursor": ".cursor/rules/style.mdc",
    "copilot": ".github/copilot-instructions.md",
    "windsurf": ".windsurf/rules/style.md",
    "claude": ".claude/rules/style.md",
    "cline": ".clinerules/style.md",
}


@pytest.mark.parametrize("editor", EDITORS)
def test_an_edited_line_reaches_the_rule_and_every_other_editor(root: Path, editor: str) -> None:
    edit(root, API_FILES[editor], "Validate input.", "Validate input with zod.")
    report = sync(root)
    assert not report.plan.conflicts
    assert read(root, ".driven/rules/api.md") == API.replace("Validate input.", "Validate input with zod.")
    carries = set(API_FILES.values()) - {"AGENTS.md"} | files_with(root, "AGENTS") & {"src/api/AGENTS.md"}
    assert carries <= files_with(root, "with zod") and not files_with(root, "Validate input.\n")
    settled(root)


@pytest.mark.parametrize("editor", EDITORS)
def test_an_edit_of_an_always_on_rule_flows_out_of_a_shared_section_too(root: Path, editor: str) -> None:
    edit(root, STYLE_FILES[editor], "Use tabs.\n", "Use tabs.\n\nFour columns wide.\n")
    assert not sync(root).plan.conflicts
    assert read(root, ".driven/rules/style.md") == STYLE.replace("Use tabs.\n", "Use tabs.\n\nFour columns wide.\n")
    assert set(STYLE_FILES.values()) <= files_with(root, "Four columns")
    settled(root)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (".cursor/rules/api.mdc", "description: HTTP handlers", "description: HTTP routes"),
        (".github/instructions/api.instructions.md", 'description: "HTTP handlers"', 'description: "HTTP routes"'),
        (".windsurf/rules/api.md", "description: HTTP handlers", "description: HTTP routes"),
        ("CONVENTIONS.md", "## HTTP handlers", "## HTTP routes"),
    ],
)
def test_a_description_flows_back_and_the_rest_of_the_file_stays(root: Path, path: str, old: str, new: str) -> None:
    edit(root, path, old, new)
    assert not sync(root).plan.conflicts
    assert read(root, ".driven/rules/api.md") == API.replace("HTTP handlers", "HTTP routes")
    settled(root)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (".cursor/rules/api.mdc", "globs: src/api/**/*.ts", "globs: src/api/**/*.ts,src/web/**/*.ts"),
        (".github/instructions/api.instructions.md", '"src/api/**/*.ts"', '"src/api/**/*.ts,src/web/**/*.ts"'),
        (".claude/rules/api.md", '  - "src/api/**/*.ts"\n', '  - "src/api/**/*.ts"\n  - "src/web/**/*.ts"\n'),
        (".clinerules/api.md", '  - "src/api/**/*.ts"\n', '  - "src/api/**/*.ts"\n  - "src/web/**/*.ts"\n'),
        ("CONVENTIONS.md", "`src/api/**/*.ts`", "`src/api/**/*.ts`, `src/web/**/*.ts`"),
    ],
)
def test_globs_flow_back(root: Path, path: str, old: str, new: str) -> None:
    edit(root, path, old, new)
    assert not sync(root).plan.conflicts
    assert rule(root, "api").activation.globs == ("src/api/**/*.ts", "src/web/**/*.ts")
    assert "# who owns this: the platform team" in read(root, ".driven/rules/api.md")
    assert "src/web/**/*.ts" in read(root, ".claude/rules/api.md")
    settled(root)


def test_the_activation_flows_back(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "globs: src/api/**/*.ts\nalwaysApply: false", "alwaysApply: true")
    assert not sync(root).plan.conflicts
    assert "paths" not in read(root, ".claude/rules/api.md")
    assert "Validate input" in read(root, ".github/copilot-instructions.md")
    assert not (root / ".github/instructions/api.instructions.md").exists()
    settled(root)


def test_skills_and_workflows_flow_back(root: Path) -> None:
    edit(root, ".claude/skills/release/SKILL.md", "Tag, then push.", "Tag, then push, then rest.")
    edit(root, ".clinerules/workflows/check.md", "Look twice.", "Look three times.")
    assert not sync(root).plan.conflicts
    assert read(root, ".driven/rules/release.md") == ASKED.replace("push.", "push, then rest.")
    assert read(root, ".driven/rules/check.md") == MANUAL.replace("twice", "three times")
    settled(root)


def test_edits_of_two_editors_in_different_places_are_one(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate all input.")
    edit(root, ".claude/rules/api.md", "Log the request id.", "Log the trace id.")
    edit(root, ".driven/rules/api.md", "Return problem details.", "Return RFC 9457 details.")
    assert not sync(root).plan.conflicts
    body = read(root, ".driven/rules/api.md")
    assert "Validate all input." in body and "Log the trace id." in body and "RFC 9457" in body
    for path in (".cursor/rules/api.mdc", ".claude/rules/api.md", ".clinerules/api.md"):
        assert "Validate all input.\n\nReturn RFC 9457 details.\n\nLog the trace id." in read(root, path)
    settled(root)


def test_edits_of_two_editors_in_one_place_are_a_conflict_and_nothing_of_the_rule_is_written(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    edit(root, ".claude/rules/api.md", "Validate input.", "Validate with valibot.")
    edit(root, ".clinerules/style.md", "Use tabs.", "Use blanks.")
    before = {path: read(root, path) for path in API_FILES.values() if path not in ("CONVENTIONS.md", "AGENTS.md")}
    report = sync(root)
    assert {conflict.path for conflict in report.plan.conflicts} == {".cursor/rules/api.mdc", ".claude/rules/api.md"}
    assert report.held == ("api",)
    assert read(root, ".driven/rules/api.md") == API
    assert {path: read(root, path) for path in before} == before
    assert "Use blanks." in read(root, ".cursor/rules/style.mdc"), "another rule does not wait"
    told = [overlap for conflict in report.plan.conflicts for overlap in conflict.overlaps]
    assert any("zod" in one.ours + one.theirs and "valibot" in one.ours + one.theirs for one in told)
    again = sync(root)
    assert {conflict.path for conflict in again.plan.conflicts} == {".cursor/rules/api.mdc", ".claude/rules/api.md"}
    edit(root, ".claude/rules/api.md", "Validate with valibot.", "Validate with zod.")
    assert not sync(root).plan.conflicts
    assert read(root, ".driven/rules/api.md") == API.replace("Validate input.", "Validate with zod.")
    settled(root)


def both_sides(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    edit(root, ".driven/rules/api.md", "Validate input.", "Validate by hand.")


def test_rule_and_file_changed_in_one_place_is_a_conflict_with_both_sides(root: Path) -> None:
    both_sides(root)
    (conflict,) = sync(root).plan.conflicts
    (overlap,) = conflict.overlaps
    assert (overlap.field, overlap.file, overlap.source) == ("body", ".cursor/rules/api.mdc", ".driven/rules/api.md")
    assert "by hand" in overlap.ours and "zod" in overlap.theirs and "Validate input." in overlap.base
    assert overlap.line == 10
    assert "Validate input." in read(root, ".claude/rules/api.md"), "held as it was"


def test_adopt_takes_the_edited_side(root: Path) -> None:
    both_sides(root)
    edit(root, ".driven/rules/api.md", "Log the request id.", "Log both ids.")
    assert not sync(root, adopt=True).plan.conflicts
    text = read(root, ".driven/rules/api.md")
    assert "with zod" in text and "Log both ids." in text
    settled(root)


def test_force_takes_the_rules_side_and_keeps_what_merges(root: Path) -> None:
    both_sides(root)
    edit(root, ".cursor/rules/api.mdc", "Log the request id.", "Log the trace id.")
    assert not sync(root, force=True).plan.conflicts
    text = read(root, ".driven/rules/api.md")
    assert "by hand" in text and "Log the trace id." in text
    assert "by hand" in read(root, ".cursor/rules/api.mdc")
    settled(root)


def test_one_file_is_decided_and_another_rule_stays_in_conflict(root: Path) -> None:
    both_sides(root)
    path = ".cursor/rules/style.mdc"
    edit(root, path, "Use tabs.", "Use tabs by hand.")
    edit(root, ".driven/rules/style.md", "Use tabs.", "Use tabs in the rule.")
    found = {one.path for one in sync(root).plan.conflicts}
    assert {".cursor/rules/api.mdc", path} <= found
    left = sync(root, sides={".cursor/rules/api.mdc": "theirs"}).plan.conflicts
    assert [one.path for one in left] == [path], "the other one is nobody's decision"
    assert "with zod" in read(root, ".driven/rules/api.md")
    assert "by hand" in read(root, path) and "in the rule" in read(root, ".driven/rules/style.md")
    assert not sync(root, sides={path: "ours"}).plan.conflicts
    assert "in the rule" in read(root, path) and "by hand" not in read(root, path)
    settled(root)


def test_editing_the_rule_settles_a_conflict(root: Path) -> None:
    both_sides(root)
    assert sync(root).plan.conflicts
    edit(root, ".driven/rules/api.md", "Validate by hand.", "Validate with zod.")
    assert not sync(root).plan.conflicts
    settled(root)


def test_a_deleted_output_is_written_again_and_told(root: Path) -> None:
    (root / ".claude/rules/api.md").unlink()
    report = sync(root)
    (change,) = [change for change in report.plan.changes if change.path == ".claude/rules/api.md"]
    assert isinstance(change, Create) and "was deleted" in change.note and "-claude" in change.note
    assert (root / ".claude/rules/api.md").exists()
    settled(root)


def test_adopt_takes_a_deleted_output_as_leaving_that_editor(root: Path) -> None:
    (root / ".claude/rules/api.md").unlink()
    sync(root, adopt=True)
    assert not (root / ".claude/rules/api.md").exists()
    assert rule(root, "api").targets == ("-claude",)
    settled(root)


@pytest.mark.parametrize("to", [".cursor/rules/http.mdc", ".cursor/rules/backend/api.mdc"])
def test_a_renamed_or_moved_output_keeps_its_new_place(root: Path, to: str) -> None:
    (root / to).parent.mkdir(exist_ok=True)
    (root / ".cursor/rules/api.mdc").rename(root / to)
    report = sync(root)
    assert not report.plan.conflicts
    assert not (root / ".cursor/rules/api.mdc").exists() and (root / to).exists()
    edit(root, ".driven/rules/api.md", "Validate input.", "Validate all input.")
    sync(root)
    assert "Validate all input." in read(root, to)
    assert not (root / ".cursor/rules/api.mdc").exists()
    settled(root)


def test_an_output_moved_where_its_editor_does_not_look_is_written_again(root: Path) -> None:
    (root / "docs").mkdir()
    (root / ".cursor/rules/api.mdc").rename(root / "docs/api.mdc")
    sync(root)
    assert (root / ".cursor/rules/api.mdc").exists() and (root / "docs/api.mdc").exists()
    settled(root)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (".cursor/rules/api.mdc", "alwaysApply: false\n---\n", "alwaysApply: false\n"),
        (".claude/rules/api.md", '  - "src/api/**/*.ts"\n---\n', '  - "src/api/**/*.ts"\n'),
        (".github/instructions/api.instructions.md", '.ts"\n---\n', '.ts"\n'),
        (".windsurf/rules/api.md", "trigger: glob", "trigger: [glob"),
    ],
)
def test_front_matter_that_was_broken_is_a_conflict(root: Path, path: str, old: str, new: str) -> None:
    edit(root, path, old, new)
    before = read(root, path)
    (conflict,) = sync(root).plan.conflicts
    assert conflict.path == path and "line" in conflict.message
    assert read(root, ".driven/rules/api.md") == API and read(root, path) == before
    edit(root, path, new, old)
    settled(root)


def test_an_emptied_output_is_a_conflict_not_an_empty_rule(root: Path) -> None:
    write(root, ".cursor/rules/api.mdc", "")
    (conflict,) = sync(root).plan.conflicts
    assert "nothing is left" in conflict.message
    assert read(root, ".driven/rules/api.md") == API
    sync(root, force=True)
    assert "Validate" in read(root, ".cursor/rules/api.mdc")
    settled(root)


def test_text_outside_a_section_is_left_alone(root: Path) -> None:
    text = read(root, "CONVENTIONS.md")
    write(root, "CONVENTIONS.md", "# Mine\n\n" + text.replace("Use tabs.", "Use many tabs.") + "\nAlso mine.\n")
    assert not sync(root).plan.conflicts
    after = read(root, "CONVENTIONS.md")
    assert after.startswith("# Mine\n\n") and after.endswith("\nAlso mine.\n")
    assert "Use many tabs." in read(root, ".driven/rules/style.md")
    settled(root)


def test_a_damaged_section_is_a_conflict(root: Path) -> None:
    text = read(root, "CONVENTIONS.md")
    write(root, "CONVENTIONS.md", "\n".join(line for line in text.split("\n") if "driven:end" not in line))
    (conflict,) = sync(root).plan.conflicts
    assert "damaged" in conflict.message
    assert read(root, ".driven/rules/style.md") == STYLE


def test_an_edit_of_a_deleted_rules_file_is_a_conflict_and_adopt_brings_the_rule_back(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    (root / ".driven/rules/api.md").unlink()
    report = sync(root)
    assert ".cursor/rules/api.mdc" in {conflict.path for conflict in report.plan.conflicts}
    assert "zod" in read(root, ".cursor/rules/api.mdc")
    sync(root, adopt=True)
    assert "with zod" in read(root, ".driven/rules/api.md")
    assert rule(root, "api").activation.globs == ("src/api/**/*.ts",)
    settled(root)


def test_a_fresh_clone_merges_with_no_memory_of_its_own(root: Path) -> None:
    import shutil

    shutil.rmtree(root / ".driven/state")
    edit(root, ".clinerules/api.md", "Validate input.", "Validate with zod.")
    edit(root, "CONVENTIONS.md", "Use tabs.", "Use many tabs.")
    assert not sync(root).plan.conflicts
    assert "with zod" in read(root, ".driven/rules/api.md") and "many tabs" in read(root, ".driven/rules/style.md")
    settled(root)


def test_one_way_mode_leaves_an_edit_as_a_conflict(root: Path) -> None:
    write(root, ".driven/config.toml", CONFIG + '[sync]\nmode = "one-way"\n')
    sync(root)
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    (conflict,) = sync(root).plan.conflicts
    assert conflict.drift == "edited" and read(root, ".driven/rules/api.md") == API
    assert not sync(root, adopt=True).plan.conflicts
    assert "with zod" in read(root, ".driven/rules/api.md")


def test_dry_run_and_check_show_the_merge_and_write_nothing(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    for options in ({"dry_run": True}, {"check": True}):
        report = sync(root, **options)
        assert ".driven/rules/api.md" in {change.path for change in report.plan.writes}
        assert read(root, ".driven/rules/api.md") == API


def test_windows_line_ends_are_nobodys_edit_and_do_not_hide_one(root: Path) -> None:
    text = read(root, ".cursor/rules/api.mdc").replace("\n", "\r\n")
    write(root, ".cursor/rules/api.mdc", text)
    assert not sync(root).plan.conflicts
    write(root, ".cursor/rules/api.mdc", text.replace("Validate input.", "Validate with zod."))
    assert not sync(root).plan.conflicts
    assert read(root, ".driven/rules/api.md") == API.replace("Validate input.", "Validate with zod.")
    settled(root)


def test_an_unknown_key_of_one_editor_is_kept_for_it_alone(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "alwaysApply: false", "alwaysApply: false\nowner: platform")
    assert not sync(root).plan.conflicts
    assert rule(root, "api").extra["cursor"]["owner"] == "platform"
    assert "owner" not in read(root, ".claude/rules/api.md")
    assert "owner: platform" in read(root, ".cursor/rules/api.mdc")
    settled(root)


def test_comments_in_an_edited_front_matter_survive(root: Path) -> None:
    edit(root, ".claude/rules/api.md", "paths:\n", "# hand-picked\npaths:\n")
    sync(root)
    assert "# hand-picked" in read(root, ".claude/rules/api.md")
    settled(root)


def test_a_file_in_the_middle_of_a_git_merge_waits(root: Path) -> None:
    text = "<<<<<<< HEAD\nValidate input.\n=======\nValidate it all.\n>>>>>>> other\n"
    edit(root, ".cursor/rules/api.mdc", "Validate input.\n", text)
    (conflict,) = sync(root).plan.conflicts
    assert "merge in git" in conflict.message
    assert not files_with(root, "<<<<<<<") - {".cursor/rules/api.mdc"}


def test_outputs_that_are_not_committed_are_ours_on_every_branch(root: Path) -> None:
    """git brought another branch's rules and lock, and left the ignored outputs as they are: nobody edited them."""
    edit(root, ".driven/rules/api.md", "Validate input.", "Validate with zod.")
    lock = read(root, ".driven/outputs.lock")
    sync(root)
    write(root, ".driven/outputs.lock", lock)
    edit(root, ".driven/rules/api.md", "Validate with zod.", "Validate by hand.")
    report = sync(root)
    assert not report.plan.conflicts
    assert "by hand" in read(root, ".claude/rules/api.md")
    settled(root)


def test_an_edit_after_git_brought_another_branch_is_merged(root: Path) -> None:
    """This machine's memory is of the branch before: what was written is emitted again from the rules that came."""
    import shutil

    other = root.parent / "other"
    shutil.copytree(root, other)
    write(other, ".driven/rules/new.md", "---\napply: model\n---\n\nNew here.\n\nSecond line.\n")
    sync(other)
    for path in sorted(other.rglob("*")):
        if path.is_file() and ".driven/state" not in str(path):
            write(root, str(path.relative_to(other)), path.read_text())
    edit(root, ".cursor/rules/new.mdc", "New here.", "New and edited.")
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    assert not sync(root).plan.conflicts
    assert "New and edited." in read(root, ".driven/rules/new.md")
    assert "with zod" in read(root, ".driven/rules/api.md")
    settled(root)


@pytest.mark.parametrize("text", ["x\0y\n", "x" * 1_100_000 + "\n"])
def test_an_edit_that_makes_no_rule_is_a_conflict_of_that_file(root: Path, text: str) -> None:
    write(root, ".cursor/rules/api.mdc", read(root, ".cursor/rules/api.mdc") + text)
    edit(root, ".clinerules/style.md", "Use tabs.", "Use blanks.")
    (conflict,) = sync(root).plan.conflicts
    assert conflict.path == ".cursor/rules/api.mdc" and read(root, ".driven/rules/api.md") == API
    assert "Use blanks." in read(root, ".claude/rules/style.md"), "no other rule waits"
    assert not files_with(root, text) - {".cursor/rules/api.mdc"}


def test_a_deleted_rule_of_which_an_output_was_edited_waits_whole(root: Path) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    (root / ".driven/rules/api.md").unlink()
    before = files_with(root, "Validate")
    report = sync(root)
    assert report.held == ("api",) and files_with(root, "Validate") == before
    assert sync(root).plan.conflicts and files_with(root, "Validate") == before
    sync(root, force=True)
    assert not files_with(root, "Validate")
    settled(root)


def test_files_renamed_onto_each_other_are_no_edits(root: Path) -> None:
    one, two = root / ".cursor/rules/api.mdc", root / ".cursor/rules/style.mdc"
    texts = one.read_text(), two.read_text()
    one.write_text(texts[1])
    two.write_text(texts[0])
    conflicts = sync(root).plan.conflicts
    assert {c.path for c in conflicts} == {".cursor/rules/api.mdc", ".cursor/rules/style.mdc"}
    assert "renamed onto each other" in conflicts[0].message
    assert read(root, ".driven/rules/api.md") == API and read(root, ".driven/rules/style.md") == STYLE


def test_a_folder_that_is_a_link_to_another_editors_is_not_read_back(root: Path) -> None:
    import shutil

    shutil.rmtree(root / ".windsurf/rules")
    (root / ".windsurf/rules").symlink_to("../.clinerules")
    report = sync(root)
    assert "by a link" in report.plan.conflicts[0].message
    assert read(root, ".driven/rules/api.md") == API


def test_a_part_that_was_deleted_from_a_section_leaves_the_editor_when_adopted(root: Path) -> None:
    edit(root, ".github/copilot-instructions.md", "# Style\n\nUse tabs.\n\nNo trailing blanks.\n", "")
    (conflict,) = sync(root).plan.conflicts
    assert "deleted" in conflict.message or "nothing is left" in conflict.message
    sync(root, adopt=True)
    assert rule(root, "style").targets == ("-copilot",)
    settled(root)


def test_an_output_that_was_renamed_and_edited_is_followed(root: Path) -> None:
    text = read(root, ".cursor/rules/api.mdc").replace("Validate input.", "Validate with zod.")
    (root / ".cursor/rules/api.mdc").unlink()
    write(root, ".cursor/rules/http.mdc", text)
    assert not sync(root).plan.conflicts
    assert not (root / ".cursor/rules/api.mdc").exists()
    assert "with zod" in read(root, ".driven/rules/api.md") and "with zod" in read(root, ".claude/rules/api.md")
    assert "with zod" in read(root, ".cursor/rules/http.mdc")
    settled(root)


def test_a_file_that_became_a_folder_is_followed(tmp_path: Path) -> None:
    """Cline itself makes `.clinerules/default-rules.md` of the file `.clinerules` when a rule is added."""
    from driven import intake

    write(tmp_path, ".driven/config.toml", "version = 1\n[editors]\ncline = true\ncursor = true\n")
    (tmp_path / ".driven/rules").mkdir()
    write(tmp_path, ".clinerules", "Use tabs.\n")
    intake.import_files(str(tmp_path), [])
    sync(tmp_path)
    assert read(tmp_path, ".clinerules") == "Use tabs.\n"
    (tmp_path / ".clinerules").unlink()
    write(tmp_path, ".clinerules/default-rules.md", "Use tabs.\n")
    assert not sync(tmp_path).plan.conflicts
    assert read(tmp_path, ".clinerules/default-rules.md") == "Use tabs.\n"
    settled(tmp_path)


@pytest.mark.parametrize("when", ["before the plan", "before the rename"])
def test_a_file_saved_once_more_while_its_edit_is_merged_is_one_edit_more(
    root: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Typing in one file while syncs run must never end in a conflict with oneself."""
    path = ".cursor/rules/api.mdc"
    edit(root, path, "Validate input.", "Validate with z")
    name = "plan" if when == "before the plan" else "apply"
    real = getattr(pipeline, name)

    def later(*given, **more):
        edit(root, path, "Validate with z", "Validate with zod")
        monkeypatch.setattr(pipeline, name, real)
        return real(*given, **more)

    monkeypatch.setattr(pipeline, name, later)
    assert not sync(root).plan.conflicts
    assert "Validate with zod" in read(root, path)
    assert not sync(root).plan.conflicts
    assert "Validate with zod\n" in read(root, ".driven/rules/api.md")
    assert "Validate with zod\n" in read(root, ".claude/rules/api.md")
    settled(root)


def test_a_rule_saved_while_an_edit_is_merged_into_it_is_not_written_over(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    real = pipeline.merge

    def later(*given, **more):
        edit(root, ".driven/rules/api.md", "Log the request id.", "Log both ids.")
        monkeypatch.setattr(pipeline, "merge", real)
        return real(*given, **more)

    monkeypatch.setattr(pipeline, "merge", later)
    sync(root)
    assert "Log both ids." in read(root, ".driven/rules/api.md")
    assert not sync(root).plan.conflicts
    text = read(root, ".driven/rules/api.md")
    assert "Log both ids." in text and "with zod" in text
    settled(root)


@pytest.mark.parametrize("output", [".cursor/rules/late.mdc", "CONVENTIONS.md"])
def test_both_sides_edited_right_after_a_checkout_are_merged(root: Path, output: str) -> None:
    """The last sync was of a branch without the rule: how it was written is known from the snapshots."""
    rule_file = ".driven/rules/late.md"
    write(root, rule_file, "# Late\n\nFirst thing.\n\nSecond thing.\n\nThird thing.\n")
    sync(root)
    branch = everything(root)
    (root / rule_file).unlink()
    edit(root, ".driven/rules/style.md", "Use tabs.", "Use blanks.")
    sync(root)
    assert not (root / ".cursor/rules/late.mdc").exists()
    check_out(root, everything(root), branch)
    edit(root, rule_file, "First thing.", "The very first thing.")
    edit(root, output, "Third thing.", "The last thing.")
    assert not sync(root).plan.conflicts
    text = read(root, rule_file)
    assert "The very first thing." in text and "The last thing." in text
    assert "Use tabs." in read(root, ".claude/rules/style.md")
    settled(root)


def test_both_sides_edited_in_a_fresh_clone_are_merged(root: Path) -> None:
    """This machine has no memory and no snapshot: what was written, and from which rules, is in the last commit."""
    write(root, ".driven/rules/Style.md", "# A second file of one id\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        git(root, *words)
    shutil.rmtree(root / ".driven/state")
    (root / ".driven/rules/Style.md").unlink()
    edit(root, ".driven/rules/api.md", "Log the request id.", "Log both ids.")
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    edit(root, "CONVENTIONS.md", "Return problem details.", "Return RFC 9457 details.")
    assert not sync(root).plan.conflicts
    for path in (".driven/rules/api.md", ".claude/rules/api.md", "CONVENTIONS.md"):
        text = read(root, path)
        assert "Log both ids." in text and "with zod" in text and "RFC 9457" in text
    settled(root)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_checkout_while_a_sync_writes_ends_as_that_branch_says(
    root: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Its lock stays, what the sync wrote onto it is known as ours, and the next sync follows the branch's rules."""
    main = everything(root)
    edit(root, ".driven/rules/style.md", "Use tabs.", "Use blanks.")
    edit(root, ".driven/rules/api.md", "Validate input.", "Validate with zod.")
    (root / ".driven/rules/check.md").unlink()
    sync(root)
    branch = everything(root)
    check_out(root, branch, main)
    sync(root)
    real = pipeline.apply

    def meanwhile(*given, **more):
        if moment == "before":
            check_out(root, main, branch)
        answer = real(*given, **more)
        if moment == "after":
            check_out(root, main, branch)
        return answer

    edit(root, ".driven/rules/release.md", "Tag, then push.", "Push, then tag.")
    edit(root, ".driven/rules/style.md", "No trailing blanks.", "No blanks at the end.")
    monkeypatch.setattr(pipeline, "apply", meanwhile)
    report = sync(root)
    assert any(".driven/outputs.lock" in found.message for found in report.plan.diagnostics)
    monkeypatch.setattr(pipeline, "apply", real)
    assert read(root, ".driven/outputs.lock") == branch[".driven/outputs.lock"]
    assert not sync(root).plan.conflicts
    settled(root)
    assert "Push, then tag." in read(root, ".claude/skills/release/SKILL.md")
    assert "Use blanks." in read(root, ".claude/rules/style.md")
    assert not (root / ".claude/skills/check/SKILL.md").exists()


def test_undo_after_a_checkout_leaves_the_rules_of_that_branch(root: Path) -> None:
    """An edit that came with it is taken out again; the other branch's rules do not come back."""
    main = everything(root)
    edit(root, ".driven/rules/style.md", "Use tabs.", "Use blanks.")
    (root / ".driven/rules/check.md").unlink()
    sync(root)
    branch = everything(root)
    check_out(root, branch, main)
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    assert not sync(root).plan.conflicts
    assert "with zod" in read(root, ".driven/rules/api.md")
    history.undo(str(root))
    assert everything(root) == main
    assert sync(root).plan.is_clean
    check_out(root, main, branch)
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    sync(root)
    history.undo(str(root))
    assert everything(root) == branch


def test_a_session_is_a_sync_and_sees_what_changed_meanwhile(root: Path) -> None:
    session = pipeline.Session(str(root))
    assert session.sync().plan.is_clean
    edit(root, ".driven/rules/api.md", "Validate input.", "Validate with zod.")
    assert len(session.sync().plan.writes) > 5
    write(root, ".driven/config.toml", CONFIG.replace("cline = true", "cline = false"))
    session.sync()
    assert not (root / ".clinerules/api.md").exists()
    edit(root, ".claude/rules/api.md", "with zod", "with valibot")
    session.sync()
    assert "with valibot" in read(root, ".driven/rules/api.md")
    sync(root)
    edit(root, ".driven/rules/style.md", "Use tabs.", "Use blanks.")
    sync(root)
    assert session.sync().plan.is_clean
    settled(root)


def test_a_session_knows_in_which_order_the_rules_of_a_shared_file_stood(root: Path) -> None:
    """What it keeps in memory is what it would read from the disk: not by id, but in the order of their effect."""
    session = pipeline.Session(str(root))
    session.sync()
    write(root, ".driven/rules/early.md", "---\npriority: 5\n---\n\n# Early\n\nRead this first.\n")
    assert not session.sync().plan.conflicts
    edit(root, ".driven/rules/early.md", "this first", "that first")
    edit(root, "CONVENTIONS.md", "Use tabs.", "Use blanks.")
    edit(root, "CONVENTIONS.md", "Log the request id.", "Log both ids.")
    assert not session.sync().plan.conflicts
    assert "blanks" in read(root, ".driven/rules/style.md") and "both ids" in read(root, ".driven/rules/api.md")
    settled(root)


def test_an_edit_that_no_hint_speaks_of_is_not_written_over(root: Path) -> None:
    session = pipeline.Session(str(root))
    session.sync()
    edit(root, ".driven/rules/api.md", "Log the request id.", "Log both ids.")
    edit(root, ".clinerules/api.md", "Validate input.", "Validate with zod.")
    edit(root, ".clinerules/style.md", "Use tabs.", "Use blanks.")
    pass_tick(tick() + TICK)  # what is as young as a sync is looked at by the next one in any case
    assert not session.sync(hints={".driven/rules/api.md"}).plan.conflicts
    text = read(root, ".claude/rules/api.md")
    assert "Log both ids." in text and "with zod" in text
    edit(root, ".driven/rules/release.md", "Tag, then push.", "Push the tag.")
    edit(root, ".clinerules/style.md", "No trailing blanks.", "No blanks at the end.")
    pass_tick(tick() + TICK)
    assert not session.sync(hints={".driven/rules/release.md"}).plan.conflicts
    assert session.overlooks() and "at the end" not in read(root, ".driven/rules/style.md")
    session.sync()
    assert not session.overlooks() and "at the end" in read(root, ".driven/rules/style.md")
    settled(root)


def test_a_file_saved_between_the_look_and_the_plan_is_not_written_over(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no look found changed is ours only as long as it stands as it was left, at the moment it is read."""
    edit(root, ".driven/rules/api.md", "Log the request id.", "Log both ids.")
    real = pipeline.plan

    def later(*given, **more):
        monkeypatch.setattr(pipeline, "plan", real)
        edit(root, ".clinerules/api.md", "Validate input.", "Validate with zod.")
        return real(*given, **more)

    monkeypatch.setattr(pipeline, "plan", later)
    assert not sync(root).plan.conflicts
    text = read(root, ".driven/rules/api.md")
    assert "Log both ids." in text and "with zod" in text
    assert "with zod" in read(root, ".clinerules/api.md") and "with zod" in read(root, ".claude/rules/api.md")
    settled(root)


@pytest.mark.parametrize("front", ["---\n---\n\n", "---\n# only a comment\n---\n\n"])
def test_a_rule_with_an_empty_front_matter_takes_edits(root: Path, front: str) -> None:
    write(root, ".driven/rules/style.md", front + STYLE)
    sync(root)
    edit(root, ".cursor/rules/style.mdc", "Use tabs.", "Use blanks.")
    assert not sync(root).plan.conflicts
    assert read(root, ".driven/rules/style.md").endswith(STYLE.replace("tabs", "blanks"))
    edit(root, ".cursor/rules/style.mdc", "alwaysApply: true", "globs: src/**\nalwaysApply: false")
    assert not sync(root).plan.conflicts
    assert rule(root, "style").activation.globs == ("src/**",)


def test_a_read_only_rule_is_not_written_over(root: Path) -> None:
    (root / ".driven/rules/api.md").chmod(0o444)
    edit(root, ".cursor/rules/api.mdc", "Validate input.", "Validate with zod.")
    (conflict,) = sync(root).plan.conflicts
    assert "is read-only" in conflict.message and read(root, ".driven/rules/api.md") == API


def test_a_sync_that_can_write_nothing_leaves_no_trace(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch tries again and again: that must neither fill the snapshots nor wake it."""
    import os

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    edit(root, ".driven/rules/api.md", "Validate input.", "Validate with zod.")
    before = len(history.list_all(str(root)).snapshots), (root / ".driven/outputs.lock").stat().st_mtime_ns
    monkeypatch.setattr("driven.project.disk.Tree._write_temp", refuses)
    report = sync(root)
    assert report.plan.diagnostics and "Validate input." in read(root, ".claude/rules/api.md")
    assert (len(history.list_all(str(root)).snapshots), os.stat(root / ".driven/outputs.lock").st_mtime_ns) == before


def test_sections_that_changed_places_are_not_deleted(root: Path) -> None:
    text = read(root, "CONVENTIONS.md")
    begin, end = text.index("## HTTP handlers"), text.index("## How to release")
    last = text.index("<!-- driven:end")
    write(
        root, "CONVENTIONS.md", text[:begin] + text[end:last] + "\n" + text[begin:end].rstrip("\n") + "\n" + text[last:]
    )
    conflicts = sync(root).plan.conflicts
    assert [conflict.path for conflict in conflicts] == ["CONVENTIONS.md"]
    assert "cannot be told" in conflicts[0].message


@pytest.mark.parametrize("option", ["adopt", "force"])
def test_undo_of_a_decision_brings_both_sides_back(root: Path, option: str) -> None:
    both_sides(root)
    assert sync(root).plan.conflicts
    sync(root, **{option: True})
    history.undo(str(root))
    assert "by hand" in read(root, ".driven/rules/api.md") and "with zod" in read(root, ".cursor/rules/api.mdc")
    assert sync(root).plan.conflicts, "and it is to be decided again"


def test_undo_in_a_fresh_clone_deletes_no_rule(root: Path) -> None:
    import shutil

    shutil.rmtree(root / ".driven/state")
    both_sides(root)
    assert sync(root).plan.conflicts
    sync(root, force=True)
    history.undo(str(root))
    assert "by hand" in read(root, ".driven/rules/api.md")
    shutil.rmtree(root / ".driven/state")
    sync(root, force=True)
    edit(root, ".cursor/rules/style.mdc", "Use tabs.", "Use blanks.")
    shutil.rmtree(root / ".driven/state")
    sync(root)
    assert "Use blanks." in read(root, ".driven/rules/style.md")
    history.undo(str(root))
    assert read(root, ".driven/rules/style.md") == STYLE
    assert read(root, ".cursor/rules/style.mdc").count("Use tabs.") == 1
    settled(root)


@pytest.mark.parametrize(
    "text", ["Mine.\r\nToo.", "Mine.\r\nToo.\n", "Mine.\nToo.", "\ufeffMine.\r\n\r\nToo.\r\n", "A\nB\r\n"]
)
def test_what_stands_above_a_section_is_not_edited_by_a_touch(tmp_path: Path, text: str) -> None:
    import os

    from driven import intake

    write(tmp_path, ".driven/config.toml", "version = 1\n[editors]\nagents = true\naider = true\ncopilot = true\n")
    write(tmp_path, ".driven/rules/style.md", STYLE)
    for path in ("AGENTS.md", "CONVENTIONS.md", ".github/copilot-instructions.md"):
        write(tmp_path, path, text)
    intake.import_files(str(tmp_path), [])
    sync(tmp_path)
    settled(tmp_path)
    before = {path: read(tmp_path, path) for path in ("AGENTS.md", "CONVENTIONS.md", ".github/copilot-instructions.md")}
    for path, now in before.items():
        assert now.startswith(text) and "driven:begin" in now
        os.utime(tmp_path / path)
    assert sync(tmp_path).plan.is_clean
    assert {path: read(tmp_path, path) for path in before} == before


@pytest.mark.parametrize("path", [".cursor/rules/api.mdc", ".claude/rules/api.md", ".clinerules/api.md"])
def test_a_comment_that_cannot_be_written_any_more_is_told_and_kept_in_the_rule(root: Path, path: str) -> None:
    write(root, path, read(root, path).replace("---\n", "---\n# hand-picked\n", 1))
    assert not sync(root).plan.conflicts
    assert "# hand-picked" in read(root, path)
    edit(root, ".windsurf/rules/api.md", "globs: src/api/**/*.ts", "globs: src/api/**/*.ts,src/web/**/*.ts")
    report = sync(root)
    assert "src/web" in read(root, path)
    assert "hand-picked" in read(root, ".driven/rules/api.md")
    assert any("comments of its front matter" in loss.reason for loss in report.plan.losses)
    settled(root)
