"""Init and import: editors' files become rules, nothing is deleted, and a sync gives the same bytes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from driven import intake, pipeline
from driven.errors import UsageError
from driven.model.plan import Conflict
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
    assert report.rules == {"handlers": ".cursor/rules/handlers.mdc"}
    assert (".cursor/rules/handlers.mdc", "cursor", "file") in read_lock(root)
    assert pipeline.sync(root).plan.is_clean
    assert (tmp_path / ".cursor/rules/handlers.mdc").read_bytes() == RULE
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
    assert list(report.rules) == ["handlers"]
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
    report = intake.import_files(root, [])
    assert list(report.rules) == ["good"]
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
