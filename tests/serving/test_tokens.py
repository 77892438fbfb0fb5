"""`driven token add --output`: the token goes into a file that nobody else can read, and stands in no other place."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from driven.serving.tokens import Tokens, read_tokens
from serving.tools import DRIVEN, environment, within

ADD = ("token", "add", "ana", "--tokens", "tokens.txt", "--output", "ana.token")


def test_its_file_is_its_owners_alone_from_the_start(tmp_path: Path) -> None:
    """Also where new files are usually everybody's."""
    words = ["sh", "-c", 'umask 000; exec "$@"', "sh", *DRIVEN, *ADD, "--publish"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    file = tmp_path / "ana.token"
    token = file.read_text().strip()
    assert [one.stat().st_mode & 0o777 for one in (file, tmp_path / "tokens.txt")] == [0o600, 0o600]
    assert token.startswith("drv_") and token not in done.stdout + done.stderr
    assert "ana.token" in done.stdout and "it may publish" in done.stdout
    holder = Tokens(str(tmp_path / "tokens.txt")).holder(f"Bearer {token}".encode())
    assert holder is not None and (holder.name, holder.grant) == ("ana", "publish")
    done = within(tmp_path, "token", "add", "ben", "--output", "ben.token", "--json")
    said = json.loads(done.stdout)["data"]
    assert said["output"] == "ben.token" and "token" not in said and (tmp_path / "ben.token").read_text()


@pytest.mark.parametrize("there", ["file", "link", "folder"])
def test_what_is_there_is_not_written_over(there: str, tmp_path: Path) -> None:
    place = tmp_path / "ana.token"
    if there == "file":
        place.write_text("mine\n")
    elif there == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
    done = within(tmp_path, *ADD)
    assert done.returncode == 2 and "`ana.token` is there already" in done.stderr and "hint" in done.stderr
    assert not (tmp_path / "tokens.txt").exists(), "and nobody has a token that is lost"
    assert not (tmp_path / "elsewhere").exists() and (there != "file" or place.read_text() == "mine\n")


def test_a_token_that_is_not_listed_is_not_left_behind(tmp_path: Path) -> None:
    for words, code in (
        (("--tokens", "none/tokens.txt", "--output", "b.token"), 2),
        (("--output", "none/b.token"), 2),
        (("--tokens", "b.token", "--output", "b.token"), 2),
    ):
        done = within(tmp_path, "token", "add", "ben", *words)
        assert done.returncode == code and done.stdout == "" and "drv_" not in done.stderr, done
        assert os.listdir(tmp_path) == []
    assert within(tmp_path, *ADD).returncode == 0
    again = within(tmp_path, *ADD[:-1], "other.token")
    assert again.returncode == 2 and not (tmp_path / "other.token").exists()
    assert [one.name for one in read_tokens(str(tmp_path / "tokens.txt"))] == ["ana"]
