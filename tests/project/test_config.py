"""config.toml: every mistake says where it is and what to do."""

from __future__ import annotations

import os
import time
import tomllib
from pathlib import Path

import pytest

from driven.errors import ConfigError
from driven.model.target import Target
from driven.project.config import CONFIG, KEPT, PYPROJECT, keep_config, known_editors, parse_config, read_config
from driven.project.disk import Tree
from driven.project.files import tick

WINDSURF = Target(
    name="windsurf", title="Windsurf", docs="https://example.org", verified="2026-11-21", ways={}, files=(),
    options={"dir": ".windsurf/rules"}, choices={"dir": (".windsurf/rules", ".devin/rules")},
)  # fmt: skip
OPTIONS = {"cursor": (), "copilot": (), "windsurf": ("dir",), "claude": ()}


def test_the_file_of_the_specification() -> None:
    config = parse_config(
        b'version = 1\n[editors]\ncursor = true\nwindsurf = { dir = ".devin/rules" }\nclaude = false\n'
        b'[sync]\nmode = "one-way"\nalways = "agents"\ndebounce_ms = 10\nheader = true\n'
        b"snapshots = 7\nsnapshot_days = 2\n"
        b'[validate]\nignore = ["CUR14"]\n',
        CONFIG,
    )
    assert config.editors == {"cursor": {}, "windsurf": {"dir": ".devin/rules"}}
    assert config.disabled == ("claude",)
    assert (config.mode, config.always, config.debounce_ms, config.header) == ("one-way", "agents", 10, True)
    assert (config.snapshots, config.snapshot_days) == (7, 2)
    assert config.ignore == ("CUR14",)


@pytest.mark.parametrize(
    ("text", "line", "column", "says", "hint"),
    [
        ("version = 1\n[editor]\ncursor = true\n", 2, 2, "unknown key `editor`", "`editors`"),
        ("[sync]\nmod = 'x'\n", 2, 1, "unknown key `mod` in [sync]", "`mode`"),
        ("[sync]\nmode = 'both'\n", 2, 8, '`mode` is "both"', '"two-way" or "one-way"'),
        ("[sync]\ndebounce_ms = true\n", 2, 15, "`debounce_ms` is true", "whole number"),
        ("[sync]\ndebounce_ms = -1\n", 2, 15, "out of range", "0 to 60000"),
        ("[sync]\nsnapshots = 0\n", 2, 13, "`snapshots` is out of range", "1 to 10000"),
        ("[sync]\nsnapshot_days = 40000\n", 2, 17, "`snapshot_days` is out of range", "1 to 36500"),
        ('[sync]\nsnapshots = "all"\n', 2, 13, '`snapshots` is "all"', "whole number"),
        ("[sync]\nheader = 'yes'\n", 2, 10, '`header` is "yes"', "write true"),
        ("[editors]\n  cursor = 3\n", 2, 12, "`cursor` is the number 3", "true, false or a table"),
        ("[editors]\n  cursor = 'on'\n", 2, 12, '`cursor` is "on"', "write true"),
        ("version = 2\n", 1, 11, "version `2`", "version 1"),
        ("editors = 3\n", 1, 11, "`editors` is the number 3", "[editors]"),
        ("[validate]\nignore = 'CUR14'\n", 2, 10, "not a list of codes", '["CUR14"]'),
        ("[editors]\ncursor = tru\n", 2, 10, "not valid TOML", "write `true`"),
        ("[editors\n", 1, 1, "not valid TOML", "`]`"),
        ("a = " + "[" * 5000, 1, 0, "not valid TOML", ""),
        ("a = \xff", 1, 5, "not UTF-8", "UTF-8"),
        ("sync.mod = 1\n", 1, 6, "unknown key `mod`", "`mode`"),
        ("sync = { mod = 1 }\n", 1, 10, "unknown key `mod`", "`mode`"),
    ],
)
def test_mistakes(text: str, line: int, column: int, says: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(text.encode("latin-1"), CONFIG)
    assert says in error.value.message and hint in error.value.hint
    assert error.value.span is not None and error.value.span.line == line
    assert not column or error.value.span.column == column


def test_unknown_editors_and_options_are_findings_and_the_others_stay() -> None:
    config = parse_config(
        b'[editors]\ncursr = true\nclaude = true\nwindsurf = { dri = "x" }\ncopilot = { dir = "x" }\n', CONFIG
    )
    kept, found = known_editors(config, OPTIONS)
    assert list(kept.editors) == ["claude"]
    assert kept.unsure == {"cursr", "windsurf", "copilot"}
    assert [(finding.span.line, finding.span.column) for finding in found] == [(2, 1), (4, 14), (5, 13)]
    assert found[0].hint == "did you mean `cursor`? `driven plugin list` shows them all"
    assert "`dir`" in found[1].hint and "copilot = true" in found[2].hint
    _, found = known_editors(parse_config(b"[editors]\nvim = true\n", CONFIG), {"cursor": (), "claude": ()})
    assert found[0].hint == "it can be `claude`, `cursor`; `driven plugin list` shows them all"


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ('".windsurf/rules"', ""), ('".devin/rules"', ""), ('".devin/rule"', "did you mean `.devin/rules`?"),
        ('"foo"', "it can be `.devin/rules`, `.windsurf/rules`"), ("true", "it can be"), ('["x"]', "it can be"),
        ('""', "it can be"), ('"../x"', "it can be"), (f'"{"x" * 5000}"', "it can be"),
    ],
)  # fmt: skip
def test_an_option_has_one_of_its_values(value: str, hint: str) -> None:
    config = parse_config(f"[editors]\ncursor = true\nwindsurf = {{ dir = {value} }}\n".encode(), CONFIG)
    kept, found = known_editors(config, {"cursor": {}, "windsurf": WINDSURF.allowed})
    assert list(kept.editors) == (["cursor"] if hint else ["cursor", "windsurf"])
    assert kept.unsure == ({"windsurf"} if hint else set())
    assert [(one.code, one.severity, one.span.line, one.span.column) for one in found] == (
        [("CFG01", "error", 3, 20)] if hint else []
    )
    assert all(one.hint.startswith(hint) and len(one.message) < 80 for one in found)


@pytest.mark.parametrize("names", [True, False], ids=["names alone", "values"])
@pytest.mark.parametrize(
    ("value", "good"),
    [
        ('"rules"', True), ('".tool/my rules"', True), ('"a/b"', True), ('"../x"', False), ('"/etc"', False),
        ('"a/../b"', False), ('"a//b"', False), ('"a/"', False), ('"."', False), ('""', False), ('"C:/x"', False),
        ("'a\\b'", False), ('"a\\nb"', False), ('"a\\u0000b"', False), ('".git/hooks"', False), ('".Driven"', False),
        ("7", False), ("true", False), ("{ a = 1 }", False),
    ],
)  # fmt: skip
def test_an_option_without_a_list_of_values_is_a_path_inside_the_project(value: str, good: bool, names: bool) -> None:
    config = parse_config(f"[editors.mine]\ndir = {value}\n".encode(), CONFIG)
    kept, found = known_editors(config, {"mine": ("dir",) if names else {"dir": ()}})
    assert list(kept.editors) == (["mine"] if good else [])
    assert [(one.span.line, one.span.column, bool(one.hint)) for one in found] == ([] if good else [(2, 7, True)])


def test_where_it_is_read_from(tmp_path: Path) -> None:
    assert read_config(str(tmp_path)).path == ""
    (tmp_path / PYPROJECT).write_text("[tool.driven.editors]\nclaude = true\n")
    assert read_config(str(tmp_path)).editors == {"claude": {}}
    (tmp_path / PYPROJECT).write_text("[project]\nname = 'x'\n[tool.driven.sync]\nmod = 1\n")
    with pytest.raises(ConfigError) as error:
        read_config(str(tmp_path))
    assert error.value.span is not None and (error.value.span.path, error.value.span.line) == (PYPROJECT, 4)
    (tmp_path / ".driven").mkdir()
    (tmp_path / CONFIG).write_text("[editors]\ncursor = true\n")
    assert read_config(str(tmp_path)).editors == {"cursor": {}}, "config.toml wins"
    (tmp_path / CONFIG).write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(str(tmp_path))


FILE = '[editors]\ncursor = true\nwindsurf = { dir = ".devin/rules" }\nclaude = false\n[sync]\nheader = true\n'


def kept(root: Path, path: str = CONFIG, text: str = FILE) -> None:
    """A configuration as a sync that ended well leaves it."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    while tick() <= (root / path).stat().st_ctime_ns:  # what is saved this very moment is not kept
        time.sleep(0.001)
    with Tree(str(root)) as tree:
        keep_config(tree, read_config(str(root)))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed."""
    texts: list[str] = []
    loads = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: texts.append(text) or loads(text))
    return texts


@pytest.mark.parametrize(("path", "text"), [(CONFIG, FILE), (PYPROJECT, FILE.replace("[", "[tool.driven."))])
def test_what_was_parsed_once_is_not_parsed_again(tmp_path: Path, parsed: list[str], path: str, text: str) -> None:
    kept(tmp_path, path, text)
    assert len(parsed) == 1
    config = read_config(str(tmp_path))
    assert len(parsed) == 1
    assert config == parse_config(text.encode(), path) and config.editors["windsurf"] == {"dir": ".devin/rules"}
    with Tree(str(tmp_path)) as tree:
        before = (tmp_path / KEPT).stat()
        keep_config(tree, config)
        assert (tmp_path / KEPT).stat() == before


def test_whatever_happens_to_the_file_it_is_parsed_anew(tmp_path: Path, parsed: list[str]) -> None:
    kept(tmp_path)
    file = tmp_path / CONFIG
    stat = file.stat()
    file.write_text(FILE.replace("header = true", "header =false"))  # of the same length, and its mtime set back
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not read_config(str(tmp_path)).header and len(parsed) == 2
    kept(tmp_path)
    file.rename(tmp_path / "aside")
    assert read_config(str(tmp_path)).path == ""
    (tmp_path / PYPROJECT).write_text("[tool.driven.editors]\naider = true\n")
    assert [*read_config(str(tmp_path)).editors] == ["aider"]
    kept(tmp_path, PYPROJECT, "[tool.driven.editors]\naider = true\n")
    (tmp_path / "aside").rename(file)
    assert read_config(str(tmp_path)).path == CONFIG


def test_a_file_saved_this_moment_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / ".driven").mkdir()
    with Tree(str(tmp_path)) as tree:
        (tmp_path / CONFIG).write_text(FILE)
        os.utime(tmp_path / CONFIG)
        keep_config(tree, read_config(str(tmp_path)))
    assert not (tmp_path / KEPT).exists()


def test_damage_and_forgery_are_parsed_over(tmp_path: Path) -> None:
    kept(tmp_path)
    good = (tmp_path / KEPT).read_bytes()
    wanted = read_config(str(tmp_path))
    for at in range(len(good)):
        (tmp_path / KEPT).write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert read_config(str(tmp_path)) == wanted
        (tmp_path / KEPT).write_bytes(good[:at])
        assert read_config(str(tmp_path)) == wanted
    (tmp_path / KEPT).unlink()
    os.mkfifo(tmp_path / KEPT)
    assert read_config(str(tmp_path)) == wanted
