"""What a command declares and what one call of it may touch: words, arguments, dry runs, places outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import ConfigError, DrivenError, PolicyError
from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS
from driven.grammar.powers import below, declared, for_call, is_dry, needs_review, only_reads, own, power, widest
from driven.grammar.to_mcp import leaves

LEAVES = dict(leaves(COMMANDS))
COPY = Command(
    name="copy", help="copy", run="a:b", capability="", safety="writes",
    capabilities=("FileRead({from})", "FileWrite({to=out/x})", "ProcessSpawn(git)?"),
    arguments=(
        Argument(name="from", help="f", many=True), Argument(name="--to", help="t"),
        Argument(name="--fix", help="x", flag=True, capabilities=("FileWrite(.)",)),
        Argument(name="--force", help="x", flag=True, review=True),
        Argument(name="--dry-run", help="d", flag=True, dry=True),
    ),
)  # fmt: skip


def scopes(root: Path, **given_: object) -> dict[str, list[str]]:
    return for_call(COPY, given_, os.fspath(root)).scopes


@pytest.mark.parametrize("words", LEAVES)
def test_every_built_in_command_declares_what_can_be_declared(words: str) -> None:
    for one in declared(LEAVES[words]):
        assert str(power(str(one))) == str(one)
    assert set(LEAVES[words].exits) >= {0, 2}
    assert widest(LEAVES[words]).risk <= 10


def test_a_call_may_touch_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    spawn = {"ProcessSpawn": ["git"]}
    assert scopes(tmp_path) == {"FileWrite": ["out"], **spawn}
    assert scopes(tmp_path, **{"from": ["a/b", str(tmp_path / "c")]}) == {
        "FileRead": ["a/b", "c"], "FileWrite": ["out"], **spawn,
    }  # fmt: skip
    assert scopes(tmp_path, to="a/deep/file.txt")["FileWrite"] == ["a/deep"]
    assert scopes(tmp_path, to="file.txt")["FileWrite"] == ["."], "it is written through a file beside it"
    assert scopes(tmp_path, fix=True)["FileWrite"] == [".", "out"]
    assert scopes(tmp_path, fix=True, dry_run=True) == spawn, "what is dry writes nothing"
    assert for_call(COPY, {}, os.fspath(tmp_path), optional=False).scopes == {"FileWrite": ["out"]}


def test_what_lies_outside_is_nobodys_to_grant(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    for path in ("..", "../x", "/etc/passwd", "a/../../x", "link/x", "link", "\0", str(tmp_path)):
        with pytest.raises(PolicyError, match="outside of the project"):
            below(os.fspath(root), path)
    assert below(os.fspath(root), "a/../b") == "b" and below(os.fspath(root), ".") == "."


@given(st.text(max_size=40))
def test_a_path_is_a_scope_or_is_refused(path: str) -> None:
    try:
        place = below("/nowhere/project", path)
    except PolicyError:
        return
    assert not place.startswith(("/", "../")) and place != ".."
    try:
        for_call(COPY, {"from": [path]}, "/nowhere/project")
    except DrivenError:
        return


def test_consent_is_asked_for_what_asks_for_it() -> None:
    assert needs_review(COPY, {}) == "" and needs_review(COPY, {"force": True}) == "--force"
    assert needs_review(COPY, {"force": True, "dry_run": True}) == "" and is_dry(COPY, {"dry_run": True})
    assert needs_review(LEAVES["sync"], {"adopt": True}) == "--adopt"
    assert not only_reads(COPY) and only_reads(LEAVES["status"])


@pytest.mark.parametrize(
    "text",
    ["FileRead", "FileRead(", "FileRead(..)", "fileread(.)", "ShellExec(x)", "NetworkAccess(a b)", "", "?", "{}"],
)
def test_what_is_no_capability_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        power(text)


def test_a_word_stands_for_capabilities_and_one_that_is_none_is_refused() -> None:
    plain = Command(name="x", help="y", run="a:b")
    assert own(plain)[0] == "FileRead(.)", "a declaration from before there were capabilities"
    with pytest.raises(ConfigError, match="no known word"):
        own(Command(name="x", help="y", run="a:b", capability="all.things"))
    with pytest.raises(ConfigError, match="no argument `z`"):
        declared(Command(name="x", help="y", run="a:b", capabilities=("FileRead({z})",)))
