"""What stands in a project beside plain files, what a repair may never do, and words that make no sense."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import git

from driven.errors import DiskError
from driven.model.diagnostic import Diagnostic
from driven.validation import fixing
from driven.validation.engine import Choice
from driven.validation.fixing import fix, plan_fixes
from driven.validation.validate import validate
from tests.validate.test_fixing import BAD, ONE, loaded, word_check


def rule(root: Path, path: str = ".cursor/rules/a.mdc", text: str = BAD) -> Path:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    return root / path


def found(root: Path, *codes: str) -> list[str]:
    told: tuple[Diagnostic, ...] = validate(str(root), Choice(select=codes)).diagnostics
    return [f"{d.code} {d.span.path}" for d in told]


def driven(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "driven", "validate", *words], cwd=root, capture_output=True, timeout=60
    )


# Links.


def test_a_link_to_a_folder_of_the_project_is_followed(tmp_path: Path) -> None:
    rule(tmp_path, "shared/a.mdc")
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor/rules").symlink_to("../shared")
    assert found(tmp_path, "CUR06", "TXT") == ["CUR06 .cursor/rules/a.mdc"]
    assert fix(str(tmp_path), ONE).repaired
    assert (tmp_path / "shared/a.mdc").read_text() == BAD.replace('"true"', "true")
    assert (tmp_path / ".cursor/rules").is_symlink()


def test_a_file_that_two_paths_lead_to_is_repaired_once(tmp_path: Path) -> None:
    rule(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web/.cursor").symlink_to("../.cursor")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/.cursor").mkdir()
    (tmp_path / "lib/.cursor/rules").symlink_to("../../.cursor/rules")
    fix(str(tmp_path), ONE)
    assert (tmp_path / ".cursor/rules/a.mdc").read_text() == BAD.replace('"true"', "true")
    assert found(tmp_path, "CUR06", "TXT") == []


@pytest.mark.parametrize("target", [".", "..", "../.."])
def test_links_in_a_circle(tmp_path: Path, target: str) -> None:
    rule(tmp_path)
    (tmp_path / ".cursor/rules/self").symlink_to(target)
    assert found(tmp_path, "CUR06") == ["CUR06 .cursor/rules/a.mdc"]


@pytest.mark.parametrize("link", [".cursor", ".cursor/rules", ".cursor/rules/a.mdc"])
def test_what_a_link_out_of_the_project_leads_to_is_not_read(tmp_path: Path, link: str) -> None:
    root, outside = tmp_path / "in", tmp_path / "out"
    (root / link).parent.mkdir(parents=True)
    rule(outside)
    (root / link).symlink_to(outside / link)
    assert found(root) == [f"TXT02 {link}"]
    assert fix(str(root), Choice(), unsafe=True).plan.writes == ()


def test_a_link_into_gits_own_folder_is_not_read(tmp_path: Path) -> None:
    rule(tmp_path, ".git/rules/a.mdc")
    (tmp_path / ".cursor").symlink_to(".git")
    assert found(tmp_path) == ["TXT02 .cursor"]


def test_a_repository_in_a_folder_of_rules(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    rule(tmp_path, ".cursor/rules/inner/a.mdc")
    git(tmp_path / ".cursor/rules/inner", "init", "-q")
    assert found(tmp_path, "CUR06", "TXT") == ["CUR06 .cursor/rules/inner/a.mdc"]


def test_what_a_killed_repair_left_is_no_rule(tmp_path: Path) -> None:
    rule(tmp_path, ".cursor/rules/.a.mdc.drvtmp")
    assert found(tmp_path) == []


# Repairs.


@pytest.mark.parametrize("moment", ["_Rounds", "_plan"])
def test_a_file_that_is_saved_while_repairs_are_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The findings are of the file as it was: their places mean nothing in another one, and nothing of it is lost."""
    path = rule(tmp_path)
    made = getattr(fixing, moment)

    def late(*args, **kwargs):
        path.write_text("saved just now: alwaysApply\n" + BAD)
        return made(*args, **kwargs)

    monkeypatch.setattr(fixing, moment, late)
    with pytest.raises(DiskError, match="was changed meanwhile"):
        fix(str(tmp_path), ONE)
    assert path.read_text() == "saved just now: alwaysApply\n" + BAD


def test_a_rename_that_cannot_be_written_deletes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CLAUDE.md").write_text("one\n")
    (tmp_path / "docs").write_text("a file where the folder must be\n")
    check = word_check("AAA01", "one", "two", safe=False, rename="docs/CLAUDE.md")
    plan = plan_fixes(str(tmp_path), loaded(check), Choice(), unsafe=True).plan
    assert len(plan.writes) == 2
    monkeypatch.setattr(fixing, "_check", lambda *_: None)  # it would see that, but not a full disk
    with pytest.raises(DiskError):
        fixing.write_fixes(str(tmp_path), plan, managed=False)
    assert (tmp_path / "CLAUDE.md").read_text() == "one\n"


def test_two_at_once(tmp_path: Path) -> None:
    for number in range(60):
        rule(tmp_path, f".cursor/rules/a{number}.mdc")
    words = [sys.executable, "-m", "driven", "validate", "--fix", "--quiet", "--select", "CUR06"]
    both = [subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        assert one.communicate()[0] == b""
    texts = {path.name: path.read_text() for path in (tmp_path / ".cursor/rules").iterdir()}
    assert texts == {f"a{number}.mdc": BAD.replace('"true"', "true") for number in range(60)}


def test_the_diff_is_a_patch(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    names = ("a.mdc", "a b.mdc", 'ä".mdc', "n\nl.mdc", "back\\slash.mdc", "c.md")
    for name in names:
        rule(tmp_path, f".cursor/rules/{name}")
    crlf = "\ufeff" + BAD.replace("\n", "\r\n").removesuffix("\r\n") + "\x07\u200b\t."
    (tmp_path / ".cursor/rules/crlf.mdc").write_bytes(crlf.encode())
    done = driven(tmp_path, "--diff", "--unsafe-fixes")
    assert done.returncode == 1
    assert b"would be repaired" in done.stderr
    applied = subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=done.stdout, capture_output=True)
    assert applied.returncode == 0, applied.stderr
    by_patch = {path.name: path.read_bytes() for path in (tmp_path / ".cursor/rules").iterdir()}
    assert len(by_patch) == len(names) + 1
    assert fix(str(tmp_path), Choice(), unsafe=True).plan.writes == ()


# Words.


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--root", "/nonexistent"), b"`/nonexistent` is not a folder"), (("--select", ","), b"no code is named"),
        (("--fix", "--format", "sarif"), b"--format sarif cannot be used with --fix"),
        (("--diff", "--format", "junit"), b"--format junit cannot be used with --diff"),
        (("--update-baseline", "--baseline", "docs"), b"`docs` cannot be written: is a directory"),
    ],
)  # fmt: skip
def test_a_usage_error(tmp_path: Path, words: tuple[str, ...], said: bytes) -> None:
    (tmp_path / "docs").mkdir()
    done = driven(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert os.listdir(tmp_path) == ["docs"]


def test_json_by_either_word(tmp_path: Path) -> None:
    rule(tmp_path)
    for words in (("--diff",), ()):
        assert driven(tmp_path, *words, "--format", "json").stdout == driven(tmp_path, *words, "--json").stdout


def test_quiet_repairs_say_nothing(tmp_path: Path) -> None:
    rule(tmp_path)
    assert driven(tmp_path, "--fix", "--quiet", "--select", "CUR06").stdout == b""
