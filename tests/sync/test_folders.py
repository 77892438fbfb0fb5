"""Which folders a watch looks at, and which names in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driven.sync.folders import Folder, wanted


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".driven/rules/web/css").mkdir(parents=True)
    (folder / ".driven/rules/.git").mkdir()
    (folder / ".driven/state").mkdir()
    (folder / "src/deep").mkdir(parents=True)
    (folder / ".cursor/rules").mkdir(parents=True)
    return Path(os.path.realpath(folder))


def shown(root: Path, *outputs: str) -> dict[str, set[str]]:
    return {folder.shown: folder.names for folder in wanted(str(root), outputs).values()}


def test_the_rules_the_settings_and_the_outputs_and_the_ways_to_them(root: Path) -> None:
    assert shown(root, ".cursor/rules/a.mdc", "AGENTS.md") == {
        "": {".driven", "pyproject.toml", ".cursor", "AGENTS.md"},
        ".driven": {"config.toml", "driven.lock", "outputs.lock", "packs", "rules"},
        ".driven/rules": {"web"},
        ".driven/rules/web": {"css"},
        ".driven/rules/web/css": set(),
        ".cursor": {"rules"},
        ".cursor/rules": {"a.mdc"},
    }


def test_what_is_not_there_is_waited_for_in_the_nearest_folder(root: Path) -> None:
    found = shown(root, ".claude/skills/x/SKILL.md")
    assert ".claude" in found[""] and ".claude" not in found
    (root / ".claude").mkdir()
    assert shown(root, ".claude/skills/x/SKILL.md")[".claude"] == {"skills"}


def test_a_root_that_is_gone_is_waited_for_above_it(root: Path) -> None:
    gone = root / "a/b"
    assert {path: folder.names for path, folder in wanted(str(gone), ()).items()} == {str(root): {"a"}}


def test_links_are_followed_inside_the_project_and_never_out_of_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "texts/more").mkdir(parents=True)
    (root / "texts/rule.md").write_text("rule")
    os.symlink(tmp_path / "outside", root / ".driven/rules/out")
    os.symlink(tmp_path / "outside", root / ".windsurf")
    os.symlink(root / "texts/more", root / ".driven/rules/more")
    os.symlink("../../texts/rule.md", root / ".driven/rules/linked.md")
    os.symlink("loop", root / ".driven/rules/loop")
    os.symlink("../rules", root / ".driven/rules/again")
    found = wanted(str(root), [".windsurf/rules/a.md"])
    assert all(Path(path).is_relative_to(root) for path in found)
    by_name = {folder.shown: folder for folder in found.values()}
    assert by_name["texts"].names == {"more", "rule.md"}
    assert by_name["texts/more"].rules and not by_name["texts"].rules
    assert by_name[".driven/rules"].names >= {"out", "more", "linked.md", "loop", "again"}


@pytest.mark.parametrize("path", ["/".join(["a"] * 5000), "a/" * 300 + "b", "x\udcff/y", "", "a//b"])
def test_paths_that_nobody_has(root: Path, path: str) -> None:
    assert "" in shown(root, path)


def test_a_tree_beside_them_is_not_looked_at(root: Path) -> None:
    for number in range(20):
        (root / f"src/{number}").mkdir()
    assert not [name for name in shown(root) if name.startswith("src")]


@pytest.mark.parametrize(
    ("name", "is_folder", "yes"),
    [
        ("a.md", False, True), ("web", True, True), ("known", False, True), (".a.md.swp", False, False),
        (".a.md", False, False), ("a.md~", False, False), ("#a.md#", False, False), ("4913", False, False),
        ("a.md___jb_tmp___", False, False), (".a.md.drvtmp", False, False), ("a.tmp", False, False),
        (".git", True, False), ("a.txt", False, False),
    ],
)  # fmt: skip
def test_names_in_a_folder_of_rules(tmp_path: Path, name: str, is_folder: bool, yes: bool) -> None:
    folder = Folder(".driven/rules", {"known"}, rules=True)
    assert folder.is_wanted(str(tmp_path / name), name, is_folder) is yes


def test_a_link_to_a_folder_is_a_folder_of_rules(tmp_path: Path) -> None:
    os.symlink(tmp_path, tmp_path / "link")
    assert Folder("", rules=True).is_wanted(str(tmp_path / "link"), "link", False)
    assert not Folder("").is_wanted(str(tmp_path / "link"), "link", False)
