"""Init and import: editors' files become rules, nothing is deleted, and a sync gives the same bytes back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from driven import intake, pipeline
from driven.errors import ProjectError, UsageError
from driven.model.plan import Conflict, Keep
from driven.project import finder
from driven.project.ledger import read_lock

RULE = b"---\ndescription: Handlers\nglobs: src/**/*.ts\nalwaysApply: false\n---\n\n# Handlers\n\nKeep them small.\n"


def write(root: Path, path: str, data: bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def project(root: Path, config: bytes = b"[editors]\ncursor = true\n") -> str:
    write(root, ".driven/config.toml", config)
    (root / ".driven/rules").mkdir(parents=True)
    return str(root)


def test_import_then_sync_gives_the_same_bytes_back(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    report = intake.import_files(root, [])
    assert report.origins == {"handlers": ".cursor/rules/handlers.mdc"}
    assert (".cursor/rules/handlers.mdc", "cursor", "file") in read_lock(root)
    assert pipeline.sync(root).plan.is_clean
    assert (tmp_path / ".cursor/rules/handlers.mdc").read_bytes() == RULE
    again = intake.import_files(root, [])
    assert again.rules == again.same == () and again.ours == (".cursor/rules/handlers.mdc",)
    (tmp_path / ".driven/outputs.lock").unlink()
    assert intake.import_files(root, []).same == ("handlers",)


def test_the_corpus_comes_back_byte_for_byte(tmp_path: Path, corpus: list[Path]) -> None:
    root = project(tmp_path, b"[editors]\ncursor = true\nclaude = true\n")
    for file in corpus:
        write(tmp_path, f".cursor/rules/{file.name}", file.read_bytes())
    report = intake.import_files(root, [])
    assert len(report.rules) == len(corpus) and not report.plan.conflicts
    synced = pipeline.sync(root)
    assert not synced.plan.conflicts and not synced.held
    for file in corpus:
        assert (tmp_path / ".cursor/rules" / file.name).read_bytes() == file.read_bytes(), file.name
    assert len(list((tmp_path / ".claude/rules").glob("*.md"))) == len(corpus)
    shutil.rmtree(tmp_path / ".cursor")  # written anew from the rules alone, they are the same bytes
    pipeline.sync(root)
    for file in corpus:
        assert (tmp_path / ".cursor/rules" / file.name).read_bytes() == file.read_bytes(), file.name


def test_files_outside_the_project_are_read_and_not_claimed(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    write(tmp_path, "elsewhere/handlers.mdc", RULE)
    report = intake.import_files(root, [str(tmp_path / "elsewhere")])
    assert list(report.origins) == ["handlers"]
    assert not read_lock(root)
    pipeline.sync(root)
    assert (tmp_path / "project/.cursor/rules/handlers.mdc").read_bytes() == RULE
    assert (tmp_path / "elsewhere/handlers.mdc").read_bytes() == RULE


def test_a_rule_that_differs_already_is_a_conflict_and_stays(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    write(tmp_path, ".driven/rules/handlers.md", b"# Mine\n\nOther.\n")
    report = intake.import_files(root, [])
    assert [type(change) for change in report.plan.changes] == [Conflict]
    assert (tmp_path / ".driven/rules/handlers.md").read_bytes() == b"# Mine\n\nOther.\n"


def test_two_files_that_give_one_rule_are_named_and_one_is_imported(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    write(tmp_path, ".cursor/rules/Handlers!.mdc", RULE.replace(b"small", b"tiny"))
    report = intake.import_files(root, [])
    said = " ".join(finding.message for finding in report.diagnostics) + " ".join(
        conflict.message for conflict in report.plan.conflicts
    )
    assert "andlers" in said
    for name in ("handlers.mdc", "Handlers!.mdc"):
        assert (tmp_path / ".cursor/rules" / name).exists()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    before = sorted(tmp_path.rglob("*"))
    assert intake.import_files(root, [], dry_run=True).plan.writes
    assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_read_is_left_out_aloud(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/good.mdc", RULE)
    write(tmp_path, ".cursor/rules/huge.mdc", b"x" * ((1 << 20) + 1))
    write(tmp_path, ".cursor/rules/binary.mdc", b"\xff\xfe\x00")
    (tmp_path / ".cursor/rules/link.mdc").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / ".cursor/rules/pipe.mdc")
    report = intake.import_files(root, [str(tmp_path / ".cursor/rules/pipe.mdc")])  # not waited for
    assert [finding.span.path for finding in report.diagnostics] == [".cursor/rules/pipe.mdc"]
    report = intake.import_files(root, [])
    assert list(report.origins) == ["good"]
    assert {finding.span.path for finding in report.diagnostics if finding.severity == "error"} == {
        ".cursor/rules/huge.mdc", ".cursor/rules/binary.mdc",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "editor", "says"),
    [(["nowhere"], None, "no file"), ([".driven"], None, "holds no file"), ([], "emacs", "no plugin reads")],
)
def test_wrong_words(tmp_path: Path, monkeypatch, paths, editor, says) -> None:
    root = project(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        intake.import_files(root, paths, editor=editor)


def test_init_finds_editors_and_imports_their_rules(tmp_path: Path) -> None:
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    write(tmp_path, "CLAUDE.md", b"# Mine\n")
    report = intake.init(str(tmp_path))
    assert "cursor" in report.editors and (tmp_path / ".driven/rules/handlers.md").exists()
    assert pipeline.sync(str(tmp_path)).plan.conflicts == ()
    with pytest.raises(UsageError, match="already"):
        intake.init(str(tmp_path))


def test_init_in_an_empty_folder_is_ready_to_sync(tmp_path: Path) -> None:
    report = intake.init(str(tmp_path), editors=("claude",))
    assert report.editors == ("claude",) and report.found == {}
    assert pipeline.sync(str(tmp_path)).plan.writes
    assert list((tmp_path / ".claude/rules").iterdir())
    with pytest.raises(UsageError, match="unknown editor"):
        intake.init(str(tmp_path / "other"), editors=("vim",))


def test_the_legacy_file_becomes_a_rule_and_stays_a_persons(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursorrules", b"Be brief.\r\n")
    report = intake.import_files(root, [])
    assert report.origins == {"cursorrules": ".cursorrules"}
    assert [finding.code for finding in report.diagnostics] == ["CUR13"]
    text = (tmp_path / ".driven/rules/cursorrules.md").read_bytes().decode()
    assert text.endswith("Be brief.\r\n") and "$path" not in text
    assert read_lock(root) == {}
    assert not pipeline.sync(root).plan.conflicts
    made = (tmp_path / ".cursor/rules/cursorrules.mdc").read_bytes()
    assert made == b"---\nalwaysApply: true\n---\n\nBe brief.\n"
    assert (tmp_path / ".cursorrules").read_bytes() == b"Be brief.\r\n"


def test_the_legacy_file_of_another_project(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    write(tmp_path, "other/.cursorrules", b"Be brief.\n")
    write(tmp_path, "other/.cursor/rules/handlers.mdc", RULE)
    report = intake.import_files(root, [str(tmp_path / "other")])
    assert report.origins == {"cursorrules": ".cursorrules", "handlers": ".cursor/rules/handlers.mdc"}
    assert "$path" not in (tmp_path / "project/.driven/rules/handlers.md").read_text()


def test_init_beside_a_legacy_file(tmp_path: Path) -> None:
    write(tmp_path, ".cursorrules", b"Be brief.\n")
    report = intake.init(str(tmp_path))
    assert report.found == {"cursor": (".cursorrules",)} and report.editors == ("cursor",)
    assert (tmp_path / ".driven/rules/cursorrules.md").exists()
    assert not (tmp_path / ".driven/rules/working-here.md").exists()


@pytest.mark.parametrize("git", ["", "git", "ignored"])
def test_a_directorys_own_rules_are_found(tmp_path: Path, git: str) -> None:
    root = project(tmp_path)
    write(tmp_path, "apps/[web]/.cursor/rules/style.mdc", b"---\nalwaysApply: true\n---\nShort lines.\n")
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    write(tmp_path, "node_modules/x/.cursor/rules/not-ours.mdc" if git else ".venv/.cursor/rules/not-ours.mdc", RULE)
    if git:
        subprocess.run(["git", "init", "-q", root], check=True)
        write(tmp_path, ".gitignore", b"node_modules\n" + (b".cursor\n" if git == "ignored" else b""))
        write(tmp_path, "apps/[web]/index.ts", b"")
    report = intake.import_files(root, [])
    path = "apps/[web]/.cursor/rules/style.mdc"
    assert sorted(report.origins.values()) == [".cursor/rules/handlers.mdc", path]
    assert (path, "cursor", "file") in read_lock(root)
    assert pipeline.sync(root).plan.is_clean
    assert intake.detect(root)["cursor"] == (".cursor/rules/handlers.mdc", path)


@pytest.mark.parametrize(
    "config",
    [
        b"[editors]\nclaude = true\n", b"[editors]\ncursor = false\nclaude = true\n",
        b'[editors]\ncursor = true\nclaude = true\n[sync]\nalways = "agents"\n',
    ],
)  # fmt: skip
def test_a_file_that_no_sync_writes_is_not_ours_and_no_sync_deletes_it(tmp_path: Path, config: bytes) -> None:
    root = project(tmp_path, config)
    data = b"---\nalwaysApply: true\n---\n\nBe brief.\n"
    write(tmp_path, ".cursor/rules/brief.mdc", data)
    assert list(intake.import_files(root, []).origins) == ["brief"]
    assert read_lock(root) == {}
    assert pipeline.sync(root).plan.writes
    assert (tmp_path / ".cursor/rules/brief.mdc").read_bytes() == data


@pytest.mark.parametrize(
    ("standing", "is_same"),
    [
        (b"---\npaths: [src/**/*.ts]\npriority: 3\n---\n\n# Handlers\r\n\r\nKeep them small.", True),
        (b"---\npaths: [src/**]\n---\n\n# Handlers\n\nKeep them small.\n", False),
        (b"---\npaths: [src/**/*.ts]\n---\n\n# Handlers\n\nKeep them tiny.\n", False),
        (b"---\npaths: {\n---\n\n# Handlers\n\nKeep them small.\n", False),
    ],
    ids=["other keys", "other paths", "other text", "unreadable"],
)
def test_a_rule_that_says_the_same_in_other_keys_is_no_conflict(tmp_path: Path, standing: bytes, is_same: bool) -> None:
    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/handlers.mdc", RULE)
    write(tmp_path, ".driven/rules/handlers.md", standing)
    report = intake.import_files(root, [])
    assert report.same == (("handlers",) if is_same else ()) and report.rules == ()
    assert [type(change) for change in report.plan.changes] == [Keep if is_same else Conflict]
    assert (tmp_path / ".driven/rules/handlers.md").read_bytes() == standing
    assert read_lock(root) == {}, "whose file it is, a sync asks"


def test_a_folder_of_rules_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path)
    monkeypatch.setattr(finder, "MAX_FILES", 3)
    for number in range(5):
        write(tmp_path, f".cursor/rules/r{number}.mdc", RULE)
    with pytest.raises(ProjectError, match="more than 3 files"):
        intake.import_files(root, [])


def test_names_that_are_one_file_on_some_disks_or_no_text_are_left_out_aloud(tmp_path: Path) -> None:
    import os

    root = project(tmp_path)
    write(tmp_path, ".cursor/rules/a.mdc", RULE)
    write(tmp_path, ".cursor/rules/A.mdc", RULE.replace(b"small", b"tiny"))
    (tmp_path / ".cursor/rules" / os.fsdecode(b"\xff.mdc")).write_bytes(RULE)
    report = intake.import_files(root, [])
    assert [finding.code for finding in report.diagnostics].count("IMP02") == 2
    assert len(report.rules) == 1
    assert not pipeline.sync(root).held
