"""A pack that is pinned and not here: a clone without it, or a deleted folder. Nothing that it wrote is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from e2e.watching import watching
from lsp.living import editing
from trust.packs import making

from driven import packing, pipeline
from driven.cli.app import main
from driven.project.ledger import LOCK

NAME = "acme-errors"
OWN = "---\napply: always\n---\n\n- Use {} spaces.\n"
OWN_FILES = (".claude/rules/style.md", ".cursor/rules/style.mdc")
CONFIG = "version = 1\n[editors]\ncursor = true\nclaude = true\naider = true\nagents = true\n"


@pytest.fixture
def shared(root: Path, tmp_path: Path, keys: dict[str, Path]) -> Path:
    """A project whose pack came from a path and is written to files of its own and to shared ones; committed, but for
    the pack."""
    source = making.pack(tmp_path / "source" / NAME)
    making.sign(source, keys["ana"])
    (root / ".driven/config.toml").write_text(CONFIG)
    (root / ".gitignore").write_text(".driven/packs\n")
    assert run(root, "add", NAME, "--from", str(source), "--yes", "--quiet") == 0
    assert run(root, "sync", "--quiet") == 0
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "all")
    return root


@pytest.fixture
def clone(shared: Path, tmp_path: Path) -> Path:
    """On another machine: a source beside it, no memory of any sync, no pack."""
    there = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(shared), str(there)], check=True)
    assert not (there / ".driven/packs").exists()
    return there


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def run(root: Path, *words: str) -> int:
    time.sleep(0.02)  # what was changed before is older than a tick
    return main(["--root", str(root), *words])


def outputs(root: Path) -> dict[str, bytes]:
    """All that a sync writes, and its record of it."""
    inner = [
        root / LOCK,
        *(path for path in root.rglob("*") if ".driven" not in path.parts and ".git" not in path.parts),
    ]
    return {str(path.relative_to(root)): path.read_bytes() for path in inner if path.is_file()}


def delete(root: Path) -> Path:
    shutil.rmtree(root / ".driven/packs")
    return root


def test_what_a_deleted_pack_wrote_stays(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = outputs(shared)
    assert {f".cursor/rules/{NAME}-errors.mdc", "AGENTS.md", LOCK} <= before.keys()
    delete(shared)
    for words in (["sync"], ["sync"], ["sync", "--check"], ["sync", "--dry-run"], ["status"], ["explain", "a.py"]):
        capsys.readouterr()
        assert run(shared, *words) == 2, words
        said = capsys.readouterr()
        assert f"the pack `{NAME}` is pinned, and is not here" in said.err + said.out
        assert f"`driven update {NAME}` fetches it" in said.err + said.out
        assert outputs(shared) == before, words
    assert run(shared, "sync", "--json") == 2
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["held"] == [f"{NAME}/errors"]
    told = data["plan"]["diagnostics"]
    assert [(one["code"], one["path"], one["line"]) for one in told] == [("DRV014", ".driven/driven.lock", 4)]


def test_the_other_rules_go_on(shared: Path) -> None:
    delete(shared)
    assert run(shared, "sync", "--quiet") == 2
    (shared / ".driven/rules/style.md").write_text(OWN.format("two"))
    assert run(shared, "sync", "--quiet") == 2
    both = (shared / "AGENTS.md").read_text()
    assert "Use two spaces" in both and "Wrap every error" in both
    assert run(shared, "update", NAME, "--quiet") == 0, "from its path"
    after = outputs(shared)
    assert run(shared, "sync", "--quiet") == 0
    assert outputs(shared) == after, "all of it stood as it must"
    assert run(shared, "sync", "--check", "--quiet") == 0


def test_a_clone_without_it_loses_nothing(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = outputs(clone)
    for words in (["--check"], ["--dry-run"], [], []):
        assert run(clone, "sync", *words) == 2
        assert "DRV014" in capsys.readouterr().err
        assert outputs(clone) == before
    (clone / ".driven/rules/style.md").write_text(OWN.format("two"))
    assert run(clone, "sync", "--quiet") == 2
    assert "Wrap every error" in (clone / "AGENTS.md").read_text()
    assert "Wrap every error" in (clone / f".claude/rules/{NAME}-errors.md").read_text()
    assert "two spaces" in (clone / ".claude/rules/style.md").read_text()
    assert run(clone, "update", "--quiet") == 0
    assert run(clone, "sync", "--quiet") == 0
    both = (clone / "AGENTS.md").read_text()
    assert "Use two spaces" in both and "Wrap every error" in both


def test_a_clone_that_is_updated_first_has_nothing_to_commit(clone: Path) -> None:
    assert run(clone, "update", "--quiet") == 0
    said = subprocess.run(["git", "-C", str(clone), "status", "--short"], check=True, capture_output=True, text=True)
    assert said.stdout == ""


@pytest.mark.parametrize("where", ["shared", "clone"])
def test_a_pin_that_is_taken_back_takes_the_rules_along(where: str, request: pytest.FixtureRequest) -> None:
    root: Path = request.getfixturevalue(where)
    if where == "shared":
        delete(root)
    assert run(root, "sync", "--quiet") == 2
    assert run(root, "pack", "forget", NAME, "--quiet") == 0
    assert run(root, "sync", "--quiet") == 0
    assert not [path for path in outputs(root) if NAME in path]
    assert "Wrap every error" not in (root / "AGENTS.md").read_text()
    assert "Use four spaces" in (root / "AGENTS.md").read_text()
    assert NAME not in (root / LOCK).read_text()


def test_who_put_it_there_by_hand_is_told_how(root: Path, keys: dict[str, Path]) -> None:
    making.sign(making.pack(root / ".driven/packs" / NAME), keys["ana"])
    packing.accept(str(root), packing.look_all(str(root)))
    assert not making.codes(making.sync(root))
    delete(root)
    (told,) = making.sync(root).plan.diagnostics
    assert f"`driven add {NAME} --from …` or `driven pack add FOLDER` brings it" in told.hint
    assert f"`driven pack forget {NAME}`" in told.hint


def test_a_pack_that_nothing_came_of_stands_in_nobodys_way(root: Path, tmp_path: Path, keys: dict[str, Path]) -> None:
    """Nothing was ever written here: what is told is told, and the rules of the project are written."""
    source = making.pack(tmp_path / "source" / NAME)
    making.sign(source, keys["ana"])
    assert run(root, "add", NAME, "--from", str(source), "--yes", "--quiet") == 0
    delete(root)
    assert run(root, "sync", "--quiet") == 2
    assert (root / ".claude/rules/style.md").exists()
    (root / ".driven/rules/style.md").unlink()
    (root / ".driven/rules/other.md").write_text(OWN.format("two"))
    assert run(root, "sync", "--quiet") == 2
    assert not (root / ".claude/rules/style.md").exists(), "what this machine knows to be gone goes"


def test_a_pack_beside_it_is_read_on(shared: Path, tmp_path: Path, keys: dict[str, Path]) -> None:
    other = making.pack(tmp_path / "source/other")
    (other / "pack.toml").write_text('name = "other"\nversion = "1.0.0"\n')
    making.sign(other, keys["ana"])
    assert run(shared, "add", "other", "--from", str(other), "--yes", "--quiet") == 0
    shutil.rmtree(shared / ".driven/packs" / NAME)
    assert run(shared, "sync", "--quiet") == 2
    assert (shared / ".cursor/rules/other-errors.mdc").exists()
    assert (shared / f".cursor/rules/{NAME}-errors.mdc").exists()


def test_a_watch_deletes_nothing_either(shared: Path) -> None:
    before = outputs(shared)
    with watching(shared) as watcher:
        since = len(watcher.events)
        delete(shared)
        watcher.wait("synced", since, held=[f"{NAME}/errors"])
        (shared / ".driven/rules/more.md").write_text(OWN.format("no"))
        _until(shared / ".claude/rules/more.md")
        after = outputs(shared)
        assert before.keys() <= after.keys()
        assert after[f".cursor/rules/{NAME}-errors.mdc"] == before[f".cursor/rules/{NAME}-errors.mdc"]
        assert b"Wrap every error" in after["AGENTS.md"]
        since = len(watcher.events)
        assert run(shared, "update", "--quiet") == 0
        watcher.wait("cured", since)
    assert run(shared, "sync", "--quiet") == 0


@pytest.mark.parametrize("where", ["shared", "clone"])
def test_a_language_server_deletes_nothing_either(where: str, request: pytest.FixtureRequest) -> None:
    root: Path = request.getfixturevalue(where)
    before = outputs(root)
    if where == "shared":
        delete(root)
    rule = root / ".driven/rules/style.md"
    with editing(root) as editor:
        editor.open_file(rule)
        editor.until_codes(root / ".driven/driven.lock", "DRV014")
        editor.save(rule, OWN.format("two"))
        editor.wait_for("the save", lambda: all(b"two spaces" in (root / path).read_bytes() for path in OWN_FILES))
    assert run(root, "sync", "--quiet") == 2  # an editor that quits in a sync's midst may leave a temp: it goes now
    after = outputs(root)
    assert before.keys() == after.keys()
    assert after[f".cursor/rules/{NAME}-errors.mdc"] == before[f".cursor/rules/{NAME}-errors.mdc"]
    assert b"Wrap every error" in after["AGENTS.md"]


def test_a_session_that_goes_on_holds_it_too(shared: Path) -> None:
    before = outputs(shared)
    session = pipeline.Session(str(shared))
    assert not session.sync().plan.diagnostics
    time.sleep(0.02)
    delete(shared)
    for _ in range(2):
        assert [one.code for one in session.sync().plan.diagnostics] == ["DRV014"]
        assert outputs(shared) == before


def _until(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.01)
