"""Sync from end to end, on real files: ownership, drift, conflicts, bad rules, crashes, and that a no-op is one."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from driven import pipeline
from driven.errors import ConfigError, PlanError, ProjectError
from driven.model.plan import Create, Delete, Keep, Replace
from driven.project import ledger, snapshots
from driven.project.files import pass_tick, tick
from driven.project.ledger import read_lock

CONFIG = "version = 1\n[editors]\ncursor = true\ncopilot = true\nclaude = true\naider = true\n"
API = '---\ndescription: API\npaths:\n  - "src/api/**/*.ts"\n---\n\n# API\n\nValidate input.\n'
STYLE = "# Style\n\nUse tabs.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, ".driven/config.toml", CONFIG)
    write(tmp_path, ".driven/rules/api.md", API)
    write(tmp_path, ".driven/rules/style.md", STYLE)
    return tmp_path


def write(root: Path, path: str, text: str | bytes) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def sync(root: Path, **options: bool):
    return pipeline.sync(str(root), **options)


def tree(root: Path) -> dict[str, bytes]:
    """Every file but this machine's state."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".driven/state" not in str(path)
    }


def outputs(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(root).items() if not path.startswith(".driven/")}


def test_first_sync_writes_every_editor_and_the_second_nothing(root: Path) -> None:
    report = sync(root)
    assert {type(change) for change in report.plan.changes} == {Create}
    files = outputs(root)
    assert {
        ".cursor/rules/api.mdc", ".cursor/rules/style.mdc", ".github/copilot-instructions.md",
        ".github/instructions/api.instructions.md", ".claude/rules/api.md", ".claude/rules/style.md",
        "CONVENTIONS.md", ".aider.conf.yml",
    } == set(files)  # fmt: skip
    assert {path for path, _, _ in read_lock(str(root))} == set(files)
    again = sync(root)
    assert again.plan.is_clean and not again.plan.writes
    assert outputs(root) == files
    assert (root / ".driven/state/.gitignore").read_text() == "*\n"


def test_dry_run_and_check_write_nothing_at_all(root: Path) -> None:
    before = sorted(str(path) for path in root.rglob("*"))
    assert len(sync(root, dry_run=True).plan.writes) == 8
    assert not sync(root, check=True).plan.is_clean
    assert sorted(str(path) for path in root.rglob("*")) == before
    sync(root)
    assert sync(root, check=True).plan.is_clean


def test_one_changed_rule_touches_its_own_files_only(root: Path) -> None:
    sync(root)
    stamps = {path: os.stat(root / path).st_mtime_ns for path in outputs(root)}
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    report = sync(root)
    changed = {change.path for change in report.plan.writes}
    assert changed == {
        ".cursor/rules/api.mdc", ".github/instructions/api.instructions.md", ".claude/rules/api.md", "CONVENTIONS.md",
    }  # fmt: skip
    assert report.plan.kept > 0, "the other files were not looked at again"
    for path, stamp in stamps.items():
        assert (os.stat(root / path).st_mtime_ns == stamp) == (path not in changed)
    assert sync(root).plan.is_clean


def test_a_partial_sync_gives_what_a_whole_one_gives(root: Path) -> None:
    sync(root)
    write(root, ".driven/rules/api.md", API.replace("src/api", "web"))
    write(root, ".driven/rules/new/deep.md", "---\napply: model\n---\n\n# Deep\n\nThink.\n")
    (root / ".driven/rules/style.md").unlink()
    sync(root)
    partial = tree(root)
    for path in outputs(root):
        (root / path).unlink()
    shutil.rmtree(root / ".driven/state")
    (root / ".driven/outputs.lock").unlink()
    sync(root)
    assert tree(root) == partial


def test_a_deleted_rule_takes_its_files_along_and_leaves_a_persons(root: Path) -> None:
    write(root, "CONVENTIONS.md", "# Ours\n\nMind the gap.\n")
    write(root, ".cursor/rules/mine.mdc", "---\nalwaysApply: true\n---\n\nMine.\n")
    sync(root)
    (root / ".driven/rules/api.md").unlink()
    (root / ".driven/rules/style.md").unlink()
    report = sync(root)
    assert all(isinstance(change, Delete) for change in report.plan.writes)
    assert outputs(root) == {
        "CONVENTIONS.md": b"# Ours\n\nMind the gap.\n",
        ".cursor/rules/mine.mdc": b"---\nalwaysApply: true\n---\n\nMine.\n",
    }
    assert not (root / ".claude").exists(), "a folder that we emptied goes"
    assert not (root / ".driven/outputs.lock").exists()


def test_switching_an_editor_off_removes_what_it_had(root: Path) -> None:
    sync(root)
    write(root, ".driven/config.toml", CONFIG.replace("cursor = true", "cursor = false"))
    sync(root)
    assert not (root / ".cursor").exists() and (root / ".claude/rules/api.md").exists()


def test_a_hand_edit_in_one_way_mode_is_a_conflict_and_holds_back_its_own_rule_only(root: Path) -> None:
    write(root, ".driven/config.toml", CONFIG + '[sync]\nmode = "one-way"\n')
    sync(root)
    edited = (root / ".claude/rules/api.md").read_bytes() + b"\nMine.\n"
    write(root, ".claude/rules/api.md", edited)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    report = sync(root)
    assert [(conflict.path, conflict.drift) for conflict in report.plan.conflicts] == [
        (".claude/rules/api.md", "edited")
    ]
    assert report.held == ("api",)
    assert (root / ".claude/rules/api.md").read_bytes() == edited
    assert b"Validate" in (root / ".cursor/rules/api.mdc").read_bytes(), "held back in every editor"
    assert b"spaces" in (root / ".cursor/rules/style.mdc").read_bytes(), "the other rule went on"
    shared = (root / "CONVENTIONS.md").read_bytes()
    assert b"Validate" in shared and b"spaces" in shared, "in a shared file too"
    assert sync(root).plan.conflicts, "and it stays a conflict"

    forced = sync(root, force=True)
    number = int(Path(forced.kept_copies).name.partition("-")[0])
    kept = {change.path: change.before for change in snapshots.load(str(root), number)}
    assert kept[".claude/rules/api.md"] == edited
    assert b"Check" in (root / ".claude/rules/api.md").read_bytes()
    assert b"Check" in (root / ".cursor/rules/api.mdc").read_bytes()
    assert sync(root).plan.is_clean


def test_a_foreign_file_is_never_overwritten(root: Path) -> None:
    foreign = b"---\nalwaysApply: true\n---\n\nA person wrote this.\n"
    write(root, ".cursor/rules/style.mdc", foreign)
    report = sync(root)
    assert [conflict.drift for conflict in report.plan.conflicts] == ["foreign"]
    assert "driven import" in report.plan.conflicts[0].hint and "--force" in report.plan.conflicts[0].hint
    assert (root / ".cursor/rules/style.mdc").read_bytes() == foreign
    assert (root / ".cursor/rules/api.mdc").exists()


def test_a_file_that_is_right_already_is_taken_up_silently(root: Path) -> None:
    sync(root)
    shutil.rmtree(root / ".driven/state")
    (root / ".driven/outputs.lock").unlink()
    report = sync(root)
    assert report.plan.is_clean
    assert {path for path, _, _ in read_lock(str(root))} == set(outputs(root))


def test_a_fresh_clone_knows_what_is_ours_from_the_lock_alone(root: Path) -> None:
    sync(root)
    shutil.rmtree(root / ".driven/state")
    assert sync(root, check=True).plan.is_clean
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    assert not sync(root).plan.conflicts
    assert b"Check" in (root / ".claude/rules/api.md").read_bytes()


def test_an_output_that_was_deleted_is_written_again(root: Path) -> None:
    sync(root)
    before = outputs(root)
    (root / ".claude/rules/api.md").unlink()
    shutil.rmtree(root / ".cursor")
    sync(root)
    assert outputs(root) == before


def test_text_around_a_section_is_a_persons(root: Path) -> None:
    sync(root)
    file = root / "CONVENTIONS.md"
    file.write_bytes(b"# Above\n\n" + file.read_bytes() + b"\nBelow.\n")
    assert sync(root).plan.is_clean
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    sync(root)
    assert file.read_bytes().startswith(b"# Above\n\n<!-- driven:begin aider")
    assert file.read_bytes().endswith(b"-->\n\nBelow.\n") and b"Use spaces." in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(b"Use spaces.", b"Use both."))
    assert not sync(root).plan.conflicts and b"Use both." in (root / ".driven/rules/style.md").read_bytes()


def test_a_bad_rule_keeps_what_it_emitted_before(root: Path) -> None:
    sync(root)
    before = outputs(root)
    write(root, ".driven/rules/api.md", "---\ndescription: [\n---\n\nNew.\n")
    write(root, ".driven/rules/more.md", "# More\n\nText.\n")
    report = sync(root)
    assert report.held == ("api",)
    assert any(finding.span.path == ".driven/rules/api.md" for finding in report.plan.diagnostics)
    after = outputs(root)
    assert ".cursor/rules/more.mdc" in after
    for path in (".cursor/rules/api.mdc", ".claude/rules/api.md", ".github/instructions/api.instructions.md"):
        assert after[path] == before[path]
    assert b"Validate input." in after["CONVENTIONS.md"] and b"# More" in after["CONVENTIONS.md"]


def test_a_bad_rule_on_a_fresh_clone_loses_nothing(root: Path) -> None:
    sync(root)
    before = outputs(root)
    shutil.rmtree(root / ".driven/state")
    write(root, ".driven/rules/api.md", b"\xff\xfe not text")
    write(root, ".driven/rules/more.md", "# More\n\nText.\n")
    sync(root)
    after = outputs(root)
    assert {path: after[path] for path in before} == before
    assert ".cursor/rules/more.mdc" in after


def test_a_rules_folder_that_is_gone_is_an_error_and_deletes_nothing(root: Path) -> None:
    sync(root)
    before = outputs(root)
    shutil.rmtree(root / ".driven/rules")
    with pytest.raises(ProjectError, match="missing"):
        sync(root)
    write(root, ".driven/rules", "a file")
    with pytest.raises(ProjectError, match="not a folder"):
        sync(root)
    assert outputs(root) == before


def test_two_rules_that_give_one_file_fail_the_plan_naming_both(root: Path) -> None:
    write(root, ".driven/rules/a/b.md", "# One\n\nText.\n")
    write(root, ".driven/rules/a-b.md", "# Two\n\nText.\n")
    with pytest.raises(PlanError) as error:
        sync(root)
    assert "`a-b`" in str(error.value) and "`a/b`" in str(error.value)
    (root / ".driven/rules/a-b.md").unlink()
    sync(root)
    write(root, ".driven/rules/a-b.md", "# Two\n\nText.\n")
    with pytest.raises(PlanError):
        sync(root)  # and on the partial path too


def test_unknown_editors_and_options_are_errors_and_the_rest_goes_on(root: Path) -> None:
    sync(root)
    write(root, ".driven/config.toml", CONFIG.replace("claude = true", "claud = true"))
    report = sync(root)
    finding = next(found for found in report.plan.diagnostics if found.code == "CFG01")
    assert "`claude`" in finding.hint and finding.span.line == 5
    write(root, ".driven/config.toml", CONFIG.replace("claude = true", 'claude = { dri = "x" }'))
    write(root, ".driven/rules/more.md", "# More\n\nText.\n")
    report = sync(root)
    assert any("no option `dri`" in found.message for found in report.plan.diagnostics)
    assert (root / ".cursor/rules/more.mdc").exists() and (root / ".claude/rules/api.md").exists()


def test_a_config_typo_says_line_and_column(root: Path) -> None:
    write(root, ".driven/config.toml", 'version = 1\n[sync]\nalway = "native"\n')
    with pytest.raises(ConfigError) as error:
        sync(root)
    assert error.value.span is not None and (error.value.span.line, error.value.span.column) == (3, 1)
    assert "`always`" in error.value.hint


@pytest.mark.parametrize("where", ["folder", "file"])
def test_a_link_out_of_the_project_is_never_written_through(root: Path, tmp_path_factory, where: str) -> None:
    outside = tmp_path_factory.mktemp("outside")
    if where == "folder":
        (root / ".cursor").symlink_to(outside)
    else:
        write(outside, "target.mdc", "keep")
        (root / ".cursor/rules").mkdir(parents=True)
        (root / ".cursor/rules/api.mdc").symlink_to(outside / "target.mdc")
    before = tree(outside)
    for force in (False, True):
        report = sync(root, force=force)
        assert any(conflict.path == ".cursor/rules/api.mdc" for conflict in report.plan.conflicts)
        assert tree(outside) == before
    assert (root / ".claude/rules/style.md").exists()


def test_a_read_only_output_is_not_written_over(root: Path) -> None:
    sync(root)
    file = root / ".claude/rules/api.md"
    before = file.read_bytes()
    file.chmod(0o444)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    report = sync(root)
    assert ["is read-only" in conflict.message for conflict in report.plan.conflicts] == [True]
    assert file.read_bytes() == before
    file.chmod(0o640)
    sync(root)
    assert b"Check" in file.read_bytes() and stat.S_IMODE(file.stat().st_mode) == 0o640


def test_crash_leftovers_are_ours_and_are_cleared(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(root)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    renames = 0
    rename = os.rename

    def killed(*args, **kwargs):
        nonlocal renames
        renames += 1
        if renames == 3:  # the journal, one output, and then the plug is pulled
            raise KeyboardInterrupt
        rename(*args, **kwargs)

    monkeypatch.setattr(os, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        sync(root)
    monkeypatch.undo()
    assert list(root.rglob("*.drvtmp")), "the test must leave a temp behind"
    write(root, ".driven/rules/api.md", API.replace("Validate", "Verify"))
    report = sync(root)
    assert not report.plan.conflicts, "what the killed run wrote is ours"
    assert not list(root.rglob("*.drvtmp"))
    assert b"Verify" in (root / ".claude/rules/api.md").read_bytes()
    assert sync(root).plan.is_clean


@pytest.mark.parametrize("number", [28, 5])
def test_a_full_or_broken_disk_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    sync(root)
    before = tree(root)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    calls = 0
    real = os.write

    def full(handle: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise OSError(number, os.strerror(number))
        return real(handle, data)

    monkeypatch.setattr(os, "write", full)
    from driven.errors import DiskError

    with pytest.raises(DiskError, match="no file was changed"):
        sync(root)
    monkeypatch.undo()
    after = tree(root)
    assert {p: d for p, d in after.items() if p != ".driven/rules/api.md"} == {
        p: d for p, d in before.items() if p != ".driven/rules/api.md"
    }
    sync(root)
    assert b"Check" in (root / ".claude/rules/api.md").read_bytes()


def test_a_file_changed_while_the_sync_ran_is_not_written_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.project.disk import Tree

    sync(root)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    flush = Tree._flush

    def edit_meanwhile(self, temps):
        write(root, ".claude/rules/api.md", "A person was faster.\n")
        flush(self, temps)

    monkeypatch.setattr(Tree, "_flush", edit_meanwhile)
    report = sync(root)
    assert any(finding.code == "DSK01" for finding in report.plan.diagnostics)
    assert (root / ".claude/rules/api.md").read_text() == "A person was faster.\n"
    monkeypatch.undo()
    assert [conflict.path for conflict in sync(root).plan.conflicts] == [".claude/rules/api.md"]


@pytest.mark.parametrize("watches", [True, False])
def test_settings_saved_while_a_sync_ran_are_seen_by_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch, watches: bool
) -> None:
    """The configuration was read before it was saved; another branch's lock came after it was written."""
    session = pipeline.Session(str(root))

    def go():
        pass_tick(tick())
        return session.sync() if watches else sync(root)

    go()
    plan = pipeline.plan

    def save(*given, **more):
        write(root, ".driven/config.toml", CONFIG.replace("claude = true", "claude = false"))
        return plan(*given, **more)

    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "plan", save)
        go()
    assert (root / ".claude/rules/api.md").exists()
    go()
    assert not (root / ".claude/rules/api.md").exists()

    lock = root / ".driven/outputs.lock"
    other, write_lock = lock.read_bytes(), ledger.write_lock

    def checkout(*given, **more):
        answer = write_lock(*given, **more)
        pass_tick(tick())
        write(root, ".driven/outputs.lock", other)
        return answer

    write(root, ".driven/rules/style.md", STYLE.replace("tabs", "blanks"))
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "write_lock", checkout)
        go()
    assert lock.read_bytes() == other
    go()
    assert lock.read_bytes() != other and go().plan.is_clean


def test_a_condition_is_evaluated_at_every_sync(root: Path) -> None:
    write(root, ".driven/rules/go.md", '---\nwhen: files("**/*.go") > 0\n---\n\n# Go\n\nRun gofmt.\n')
    sync(root)
    assert not (root / ".cursor/rules/go.mdc").exists()
    write(root, "main.go", "package main\n")
    sync(root)
    assert (root / ".cursor/rules/go.mdc").exists()
    (root / "main.go").unlink()
    sync(root)
    assert not (root / ".cursor/rules/go.mdc").exists()


def test_a_lock_with_git_conflict_markers_takes_both_sides(root: Path) -> None:
    sync(root)
    lock = root / ".driven/outputs.lock"
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("<<<<<<< ours\n" + "".join(lines) + "=======\n" + "".join(lines[:3]) + ">>>>>>> theirs\n")
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    assert not sync(root).plan.conflicts
    assert "<<<" not in lock.read_text()


def test_a_damaged_ledger_is_only_slower(root: Path) -> None:
    sync(root)
    before = tree(root)
    for damage in (b"", b"junk", (root / ".driven/state/ledger").read_bytes()[:-7]):
        (root / ".driven/state/ledger").write_bytes(damage)
        assert sync(root).plan.is_clean
    (root / ".driven/state/rules.drv").write_bytes(b"junk")
    assert sync(root).plan.is_clean
    assert tree(root) == before


def test_a_held_back_create_is_a_keep_with_its_reason(root: Path) -> None:
    write(root, ".cursor/rules/style.mdc", "foreign\n")
    report = sync(root)
    held = [change for change in report.plan.changes if isinstance(change, Keep) and change.reason]
    assert [change.path for change in held] == [".claude/rules/style.md"]
    assert not (root / ".github/copilot-instructions.md").exists()
    assert not any(isinstance(change, Replace) for change in report.plan.changes)


def test_a_conflict_without_a_memory_leaves_shared_files_alone(root: Path) -> None:
    sync(root)
    before = outputs(root)
    shutil.rmtree(root / ".driven/state")
    write(root, ".claude/rules/api.md", before[".claude/rules/api.md"] + b"Mine.\n")
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    for _ in range(2):
        assert [conflict.path for conflict in sync(root).plan.conflicts] == [".claude/rules/api.md"]
        assert (root / "CONVENTIONS.md").read_bytes() == before["CONVENTIONS.md"]
        assert b"Validate" in (root / ".cursor/rules/api.mdc").read_bytes()
        assert b"spaces" in (root / ".cursor/rules/style.mdc").read_bytes()
    sync(root, force=True)
    assert b"Check" in (root / "CONVENTIONS.md").read_bytes() and b"spaces" in (root / "CONVENTIONS.md").read_bytes()


def test_a_missing_configuration_deletes_nothing(root: Path) -> None:
    sync(root)
    before = outputs(root)
    (root / ".driven/config.toml").unlink()
    with pytest.raises(ConfigError, match="nothing was changed"):
        sync(root)
    assert outputs(root) == before


def test_a_rule_that_was_bad_from_the_start_holds_nothing_else_back(root: Path) -> None:
    write(root, ".driven/rules/bad.md", "---\nx: [\n---\n")
    sync(root)
    write(root, ".driven/rules/style.md", "# Style\n\nUse spaces.\n")
    (root / ".driven/rules/api.md").unlink()
    report = sync(root)
    assert report.held == ("bad",)
    assert b"spaces" in (root / "CONVENTIONS.md").read_bytes() and b"API" not in (root / "CONVENTIONS.md").read_bytes()
    assert not (root / ".cursor/rules/api.mdc").exists()


def test_an_emitter_that_breaks_leaves_the_others_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(root)
    before = outputs(root)
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    from driven_emitters.claude import ClaudeEmitter

    def broken(self, rules, settings):
        raise ConfigError("it does not work")

    monkeypatch.setattr(ClaudeEmitter, "emit", broken)
    report = sync(root)
    assert any("it does not work" in finding.message for finding in report.plan.diagnostics)
    assert (root / ".claude/rules/api.md").read_bytes() == before[".claude/rules/api.md"]
    assert b"Check" in (root / ".cursor/rules/api.mdc").read_bytes()


def test_validate_says_the_same_before_and_after_a_sync(root: Path) -> None:
    from driven.validation.validate import validate

    write(root, ".driven/rules/crlf.md", "# CRLF\r\n\r\nText.\r\n")
    found = validate(str(root)).diagnostics
    assert [finding.code for finding in found] == ["RUL31"]
    sync(root)
    sync(root)
    assert validate(str(root)).diagnostics == found


def test_a_bad_rule_is_said_at_every_sync_until_it_is_good(root: Path) -> None:
    sync(root)
    write(root, ".driven/rules/api.md", "---\nbogus: [\n---\nnew\n")
    for check in (False, False, True):
        report = sync(root, check=check)
        assert report.held == ("api",) and any(finding.code == "RUL01" for finding in report.plan.diagnostics)
    write(root, ".driven/rules/api.md", API)
    assert sync(root).held == ()


def test_a_run_that_was_killed_before_its_lock_is_completed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.project import ledger

    sync(root)
    write(root, ".driven/rules/new.md", "# New\n\nText.\n")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger, "write_lock", killed)
    with pytest.raises(KeyboardInterrupt):
        sync(root)
    monkeypatch.undo()
    sync(root)
    assert (".cursor/rules/new.mdc", "cursor", "file") in read_lock(str(root))
    assert not (root / ".driven/state/journal").exists()
    write(root, ".driven/rules/new.md", "# New\n\nOther.\n")
    assert not sync(root).plan.conflicts


@pytest.mark.parametrize("link", [".claude/rules", ".claude"])
def test_a_link_into_our_own_sources_is_never_followed(root: Path, link: str) -> None:
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(root / ".driven/rules")
    before = tree(root / ".driven/rules")
    for force in (False, True):
        report = sync(root, force=force)
        assert any("leads into `.driven`" in conflict.message for conflict in report.plan.conflicts)
    write(root, ".driven/config.toml", CONFIG.replace("claude = true", "claude = false"))
    sync(root)
    assert tree(root / ".driven/rules") == before


def test_two_paths_that_are_one_file_by_a_link_are_not_both_written(root: Path) -> None:
    write(root, ".driven/config.toml", "[editors]\nclaude = true\ncline = true\n")
    (root / ".claude/rules").mkdir(parents=True)
    (root / ".clinerules").symlink_to(root / ".claude/rules")
    for _ in range(2):
        messages = [conflict.message for conflict in sync(root).plan.conflicts]
        assert messages == [f"it is `.claude/rules/{name}`, by a link" for name in ("api.md", "style.md")]
    assert b"Validate" in (root / ".claude/rules/api.md").read_bytes()


def test_long_names_do_not_share_a_temp(root: Path) -> None:
    for end in "12":
        write(root, f".driven/rules/{'a' * 205}{end}.md", f"# {end}\n\nRule {end}.\n")
    sync(root)
    for end in "12":
        assert f"Rule {end}.".encode() in (root / f".claude/rules/{'a' * 205}{end}.md").read_bytes()


def test_a_rule_folder_that_is_a_broken_link_deletes_nothing(root: Path) -> None:
    write(root, "shared/team.md", "# Team\n\nText.\n")
    (root / ".driven/rules/team").symlink_to(root / "shared")
    sync(root)
    before = outputs(root)
    assert ".claude/rules/team-team.md" in before
    (root / "shared").rename(root / "elsewhere")
    report = sync(root)
    assert any("leads nowhere" in finding.message for finding in report.plan.diagnostics)
    after = outputs(root)
    assert ".claude/rules/team-team.md" in after and b"Team" in after["CONVENTIONS.md"]
    (root / ".driven/rules/loop").symlink_to("loop")
    sync(root)


@pytest.mark.parametrize(
    "line",
    [
        "../x\tclaude\t{d}", "/etc/passwd\tclaude\t{d}", ".driven/rules/api.md\tclaude\t{d}", "a%00b\tclaude\t{d}",
        "x/.git/config\tclaude\t{d}", "main.py\tclaude\tzz", "main.py claude",
    ],
)  # fmt: skip
def test_a_lock_line_that_is_none_is_refused_with_its_place(root: Path, line: str) -> None:
    sync(root)
    lock = root / ".driven/outputs.lock"
    lock.write_text(lock.read_text() + line.format(d="0" * 32) + "\n")
    before = outputs(root)
    with pytest.raises(ConfigError) as error:
        sync(root)
    assert error.value.span is not None and error.value.span.line == len(lock.read_text().splitlines())
    assert outputs(root) == before


def test_a_lock_line_alone_deletes_no_file_that_is_not_the_editors(root: Path) -> None:
    from driven.format.hashes import digest

    write(root, "main.py", "print()\n")
    sync(root)
    lock = root / ".driven/outputs.lock"
    mine = digest((root / "main.py").read_bytes())
    lock.write_text(lock.read_text() + f"main.py\tclaude\t{mine}\n")
    for force in (False, True):
        sync(root, force=force)
        assert (root / "main.py").exists()


def test_line_ends_that_git_changed_are_nobodys_edit(root: Path) -> None:
    sync(root)
    for path, data in outputs(root).items():
        write(root, path, data.replace(b"\n", b"\r\n"))
    assert not sync(root).plan.conflicts
    write(root, ".driven/rules/api.md", API.replace("Validate", "Check"))
    assert not sync(root).plan.conflicts
    assert b"Check" in (root / ".claude/rules/api.md").read_bytes()


def test_a_conflict_in_a_shared_file_is_not_forgotten(root: Path) -> None:
    write(root, ".driven/config.toml", "[editors]\naider = true\n")
    (root / ".driven/rules/style.md").unlink()
    write(root, "CONVENTIONS.md", "mine\n<!-- driven:end aider -->\n")
    for _ in range(2):
        assert [conflict.path for conflict in sync(root).plan.conflicts] == ["CONVENTIONS.md"]


@pytest.mark.parametrize("path", [".driven/config.toml", ".driven/outputs.lock", ".driven/state/ledger"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(root: Path, path: str) -> None:
    from driven.errors import DrivenError

    sync(root)
    (root / path).unlink()
    os.mkfifo(root / path)
    try:
        sync(root)
    except DrivenError as error:
        assert "cannot be read" in str(error)


def test_a_name_that_is_no_text_is_a_finding(root: Path) -> None:
    (root / ".driven/rules" / os.fsdecode(b"ok\xff.md")).write_text("# X\n\nText.\n")
    assert any(finding.code == "RUL23" for finding in sync(root).plan.diagnostics)


def test_an_empty_configuration_deletes_nothing(root: Path) -> None:
    sync(root)
    before = outputs(root)
    for text in ("", "version = 1\n"):
        write(root, ".driven/config.toml", text)
        with pytest.raises(ConfigError, match="no editor"):
            sync(root)
    assert outputs(root) == before


def test_a_list_entry_that_a_person_wrote_stays_when_the_editor_goes(root: Path) -> None:
    own = b'read:\n  - "CONVENTIONS.md"\n'
    write(root, ".aider.conf.yml", own)
    sync(root)
    assert sync(root).plan.is_clean
    write(root, ".driven/config.toml", CONFIG.replace("aider = true", "aider = false"))
    sync(root)
    assert (root / ".aider.conf.yml").read_bytes() == own and not (root / "CONVENTIONS.md").exists()
