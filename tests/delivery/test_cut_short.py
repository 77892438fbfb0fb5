"""What stands in the way of an update, cuts it short or comes between: each ends on what was accepted, whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from delivery.conftest import Bundle
from delivery.faulty import Shelf
from driven import packing
from driven.cli.app import main
from driven.delivery.adding import laid_out
from driven.delivery.kept import Kept
from driven.errors import DiskError, SignatureError
from driven.project import installing
from driven.project.pins import read_pins

NAME = "acme-errors"
DYING = """
import os, sys
number, rename = int(sys.argv.pop(1)), os.rename
def dies(old, new, **where):
    global number
    number -= new == "driven.lock" or (os.path.isabs(new) and "/project/.driven/" in new)
    if number < 0:
        os._exit(9)
    rename(old, new, **where)
os.rename = dies
from driven.cli.app import main
sys.exit(main())
"""


@pytest.fixture
def taken(root: Path, url: str) -> Path:
    """A project with 1.0.0 from the server, synced."""
    assert run(root, "add", NAME, "--from", url, "--yes", "--quiet") == 0
    assert run(root, "sync", "--quiet") == 0
    return root


def run(root: Path, *words: str) -> int:
    return main(["--root", str(root), *words])


def looked_at(root: Path, top: Path, version: str, data: bytes) -> packing.PackLook:
    """A version as somebody has it before them, and did not say yes to so far."""
    top.mkdir()
    laid_out(Kept(), NAME, version, data, str(top), "", 0)
    return packing.look_staged(str(root), str(top), NAME)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_who_says_yes_late_does_not_undo_what_another_one_took(
    taken: Path, tmp_path: Path, shelf: Shelf, bundle: Bundle, version: str
) -> None:
    """An update waits at its question, for a version or to put 1.0.0 back; meanwhile another takes a newer one."""
    late = looked_at(taken, tmp_path / "late", version, bundle(version))
    shelf.publish(NAME, "1.2.0", bundle("1.2.0"))
    assert run(taken, "update", "--yes", "--quiet") == 0
    lock = (taken / ".driven/driven.lock").read_bytes()
    with pytest.raises(SignatureError, match=r"driven\.lock` was changed for `acme-errors` while") as raised:
        packing.accept(str(taken), [late])
    assert raised.value.hint == "run this again"
    assert (taken / ".driven/driven.lock").read_bytes() == lock
    assert run(taken, "sync", "--locked", "--quiet") == 0
    assert read_pins(str(taken))[NAME].version == "1.2.0"


@pytest.mark.parametrize(("number", "state"), [(0, "accepted"), (1, "gone"), (2, "changed")])
def test_killed_between_any_two_steps_it_goes_on(
    taken: Path, shelf: Shelf, bundle: Bundle, number: int, state: str
) -> None:
    """Before the pack of before is moved away, before the new one is moved in, before the lock is written."""
    shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
    words = [sys.executable, "-P", "-c", DYING, str(number), "--root", str(taken), "update", "--yes", "--quiet"]
    assert subprocess.run(words, capture_output=True, timeout=60).returncode == 9
    assert packing.look(str(taken), NAME).state == state
    assert run(taken, "sync", "--quiet") == {"accepted": 0, "gone": 2, "changed": 6}[state]
    assert list(taken.glob(f".cursor/rules/{NAME}-*.mdc")), "what it wrote stays"
    assert run(taken, "update", "--yes", "--quiet") == 0
    if state == "gone":  # what was accepted comes first, so that there is something to hold the newer one against
        assert read_pins(str(taken))[NAME].version == "1.0.0"
        assert run(taken, "sync", "--locked", "--quiet") == 0
        assert run(taken, "update", "--yes", "--quiet") == 0
    assert read_pins(str(taken))[NAME].version == "1.1.0"
    assert run(taken, "sync", "--locked", "--quiet") == 0
    assert not list((taken / ".driven").rglob("*.drvtmp")), "nor does anything lie about"


def test_a_file_in_a_packs_place_is_named(taken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = taken / ".driven/packs" / NAME
    shutil.rmtree(place)
    place.write_text("mine\n")
    capsys.readouterr()
    assert run(taken, "update") == 2
    said = capsys.readouterr().err
    assert f"`.driven/packs/{NAME}` is no folder\nhint: remove it" in said
    assert place.read_text() == "mine\n"
    place.unlink()
    assert run(taken, "update", "--quiet") == 0
    assert run(taken, "sync", "--locked", "--quiet") == 0


def test_a_file_in_the_place_of_all_packs_is_no_link(taken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(taken / ".driven/packs")
    (taken / ".driven/packs").write_text("mine\n")
    capsys.readouterr()
    assert run(taken, "sync") == 6
    said = capsys.readouterr().err
    assert "`.driven/packs` is no folder" in said and "`driven update` then brings" in said
    (taken / ".driven/packs").unlink()
    (taken / ".driven/packs").symlink_to("nowhere")
    assert run(taken, "update") == 6
    assert "`.driven/packs` is a link" in capsys.readouterr().err
    assert list(taken.glob(f".cursor/rules/{NAME}-*.mdc"))


def test_a_lock_with_the_marks_of_a_merge_says_so(taken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = taken / ".driven/driven.lock"
    whole = lock.read_text()
    lock.write_text(f"<<<<<<< HEAD\n{whole}=======\n>>>>>>> other\n")
    before = sorted(taken.rglob("*.md*"))
    for words in (["sync"], ["update"], ["pack", "trust", NAME]):
        capsys.readouterr()
        assert run(taken, *words) == 2
        said = capsys.readouterr().err
        assert "`.driven/driven.lock` holds the marks of a merge" in said and "keep the tables of both sides" in said
    assert sorted(taken.rglob("*.md*")) == before
    lock.write_text("nothing")
    assert run(taken, "sync") == 2
    assert "or delete it, and accept the packs anew: `driven pack trust NAME`" in capsys.readouterr().err
    lock.unlink()
    assert run(taken, "pack", "trust", NAME, "--yes", "--quiet") == 0
    assert run(taken, "sync", "--locked", "--quiet") == 0


def test_a_pack_that_is_gone_names_its_content_once(taken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(taken / ".driven/packs")
    capsys.readouterr()
    assert run(taken, "pack", "show", NAME, "--json") == 0
    content = json.loads(capsys.readouterr().out)["data"]["packs"][0]["content"]
    assert f"sha256:{content}" == read_pins(str(taken))[NAME].content


def test_a_full_disk_leaves_what_was_accepted(
    taken: Path, tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is full as the pack of before is away already, which no real disk can be made to be at will."""
    late = looked_at(taken, tmp_path / "late", "1.1.0", bundle("1.1.0"))
    rename = os.rename

    def full(old: str, new: str, **where: int) -> None:
        if new.endswith(f"packs/{NAME}") and not old.endswith(".old.drvtmp"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(old, new, **where)

    monkeypatch.setattr(installing.os, "rename", full)
    with pytest.raises(DiskError, match="no space left on device"):
        packing.accept(str(taken), [late])
    monkeypatch.undo()
    assert packing.look(str(taken), NAME).state == "accepted"
    assert not list((taken / ".driven").rglob("*.drvtmp"))


def test_a_disk_that_is_full_at_a_file_names_the_pack(
    taken: Path, tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = looked_at(taken, tmp_path / "late", "1.1.0", bundle("1.1.0"))

    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskError, match=f"the pack `{NAME}` cannot be laid out: .* no space left") as raised:
        packing.accept(str(taken), [late])
    monkeypatch.undo()
    assert "nothing was changed" in raised.value.hint
    assert packing.look(str(taken), NAME).state == "accepted"
    assert not list((taken / ".driven").rglob("*.drvtmp"))
