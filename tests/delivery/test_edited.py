"""A pack whose files somebody changed where it stands: what would be lost is shown, and goes by a yes alone."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from trust.packs import making

from delivery.conftest import Bundle
from delivery.faulty import Shelf
from driven.cli.app import main
from driven.project.pins import read_pins

NAME = "acme-errors"
MINE = "- What I wrote.\n"


@pytest.fixture
def edited(root: Path, url: str) -> Path:
    """A project with 1.0.0 from the server, one file of which was changed since."""
    assert run(root, "add", NAME, "--from", url, "--yes", "--quiet") == 0
    with rule(root).open("a") as file:
        file.write(MINE)
    return root


def rule(root: Path) -> Path:
    return root / f".driven/packs/{NAME}/rules/errors.md"


def run(root: Path, *words: str) -> int:
    return main(["--root", str(root), *words])


def answer(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = run(root, *words, "--json")
    return code, json.loads(capsys.readouterr().out)


def typed(root: Path, keys: str, *words: str) -> tuple[int, str]:
    """The command on a terminal, where somebody types `keys` at its question; its code, and what it printed."""
    here, there = pty.openpty()
    command = [sys.executable, "-P", "-m", "driven", "--root", str(root), *words]
    with subprocess.Popen(command, stdin=there, stdout=there, stderr=there, close_fds=True) as process:
        os.close(there)
        shown = b""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                part = os.read(here, 4096)
            except OSError:  # nobody is at its other end
                break
            if not part:
                break
            shown += part
            if b"[y/N]" in shown and keys:
                os.write(here, keys.encode())
                keys = ""
        os.close(here)
        return process.wait(timeout=30), re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())


@pytest.mark.parametrize(
    "words", [("update",), ("update", NAME), ("update", "--offline"), ("add", NAME), ("add", NAME, "--offline")]
)
def test_nobody_is_there_to_say_that_it_may_go(
    edited: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    lock = (edited / ".driven/driven.lock").read_bytes()
    assert run(edited, *words) == 5
    said = capsys.readouterr()
    assert "-- What I wrote." in said.out + said.err
    assert "nobody is here to say that it may go" in said.err
    assert f"driven {words[0]} {NAME} --yes" in said.err
    assert rule(edited).read_text().endswith(MINE)
    assert (edited / ".driven/driven.lock").read_bytes() == lock


@pytest.mark.parametrize("words", [("update",), ("add", NAME)])
def test_a_yes_puts_it_back_and_shows_what_went(
    edited: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(edited, *words, "--yes") == 0
    said = capsys.readouterr()
    assert "-- What I wrote." in said.out + said.err
    assert MINE not in rule(edited).read_text()
    assert run(edited, "sync", "--locked", "--quiet") == 0


def test_a_look_tells_it_and_changes_nothing(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(edited, "update", "--check") == 1
    assert "what was changed here" in capsys.readouterr().out
    code, said = answer(edited, capsys, "update", "--dry-run")
    (pack,) = said["data"]["packs"]
    assert (code, said["ok"], pack["state"], pack["edited"]) == (0, True, "restored", True)
    assert "-- What I wrote." in pack["diff"]
    code, said = answer(edited, capsys, "update")
    assert (code, said["ok"], said["error"]["code"]) == (5, False, "DRV009")
    assert rule(edited).read_text().endswith(MINE)


def test_a_newer_version_says_what_of_it_is_a_change_of_ours(
    edited: Path, shelf: Shelf, bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf.publish(NAME, "1.1.0", bundle("1.1.0", rule="- Log it.\n"))
    assert run(edited, "update") == 5
    said = capsys.readouterr()
    for text in ("1.0.0 → 1.1.0", "what was changed here", "-- What I wrote.", "+- Log it."):
        assert text in said.out
    assert "copy into .driven/rules first" in said.err
    assert rule(edited).read_text().endswith(MINE)
    assert run(edited, "update", "--yes", "--quiet") == 0
    assert rule(edited).read_text().endswith("- Log it.\n")


@pytest.mark.parametrize(("pressed", "code"), [("n\n", 5), ("\n", 5), ("y\n", 0)])
def test_a_person_is_asked(edited: Path, pressed: str, code: int) -> None:
    found, shown = typed(edited, pressed, "update", "--offline")
    assert found == code, shown
    assert "Put `acme-errors` back as accepted, and lose what was changed here? [y/N]" in shown
    assert "-- What I wrote." in shown
    assert (MINE in rule(edited).read_text()) == (code != 0)


def test_a_new_one_from_a_folder_shows_it_too(
    edited: Path, tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    source = making.pack(tmp_path / "source", "1.1.0")
    making.sign(source, keys["ana"])
    assert run(edited, "pack", "add", str(source)) == 5
    assert "-- What I wrote." in capsys.readouterr().err
    assert rule(edited).read_text().endswith(MINE)
    assert run(edited, "pack", "add", str(source), "--yes") == 0
    assert "-- What I wrote." in capsys.readouterr().err, "a log of the run has it"


@pytest.mark.parametrize("change", ["unlink", "gone", "older"])
def test_what_loses_nothing_is_put_back_unasked(
    edited: Path, change: str, shelf: Shelf, bundle: Bundle, tmp_path: Path
) -> None:
    """A file that is missing, the whole folder, and an earlier version as it was signed: a branch that pins a later one
    was checked out, and packs are not committed."""
    if change == "unlink":
        rule(edited).unlink()
    elif change == "gone":
        shutil.rmtree(edited / ".driven/packs")
    else:
        assert run(edited, "update", "--yes", "--quiet") == 0
        shutil.copytree(edited / ".driven/packs", tmp_path / "older")
        shelf.publish(NAME, "1.1.0", bundle("1.1.0", rule="- Log it.\n"))
        assert run(edited, "update", "--yes", "--quiet") == 0
        shutil.rmtree(edited / ".driven/packs")
        shutil.move(tmp_path / "older", edited / ".driven/packs")
    assert run(edited, "update") == 0
    assert run(edited, "sync", "--locked", "--quiet") == 0


def test_what_cannot_be_shown_is_not_thrown_away(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = edited / f".driven/packs/{NAME}/work"
    work.symlink_to("/etc/hostname")
    for words in (("update", "--yes"), ("add", NAME, "--yes")):
        assert run(edited, *words) == 6
        assert "`work`" in capsys.readouterr().err
        assert work.is_symlink() and rule(edited).read_text().endswith(MINE)


def test_a_token_that_is_refused_is_no_success(
    root: Path, url: str, shelf: Shelf, tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """`ok` says that all was done; what was done of it stands beside it."""
    other = making.pack(tmp_path / "other")
    (other / "pack.toml").write_text('name = "other"\nversion = "1.0.0"\n')
    making.sign(other, keys["ana"])
    for words in ((NAME, "--from", url), ("other", "--from", str(other))):
        assert run(root, "add", *words, "--yes", "--quiet") == 0
    shelf.token = "s3cret"
    for words in (("--check",), ("--dry-run",), ("--yes",)):
        code, said = answer(root, capsys, "update", *words)
        assert (code, said["ok"], said["error"]["code"]) == (2, False, "DRV014")
        assert "wants a token" in said["error"]["message"] and said["error"]["hint"]
        assert {one["name"]: one["state"] for one in said["data"]["packs"]} == {NAME: "refused", "other": "current"}
    (other / "pack.toml").write_text('name = "other"\nversion = "1.1.0"\n')
    making.sign(other, keys["eve"])
    code, said = answer(root, capsys, "update", "--yes")
    assert (code, said["ok"], said["error"]["code"]) == (6, False, "DRV010"), "the worst is first"
    assert [one["code"] for one in said["error"]["more"]] == ["DRV014"]
    code, said = answer(root, capsys, "update", "other", "--check")
    assert (code, said["ok"]) == (6, False)
    code, said = answer(root, capsys, "add", "acme-new", "--from", url, "--yes")
    assert (code, said["ok"], said["data"]) == (2, False, None)
    shelf.token = ""
    making.sign(other, keys["ana"])
    code, said = answer(root, capsys, "update", "--yes")
    assert (code, said["ok"], said["error"]) == (0, True, None)
    assert read_pins(str(root))["other"].version == "1.1.0"
