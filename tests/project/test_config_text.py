"""config.toml: every mistake at once, each with the word that is wrong, and a repair, safe where it is certain."""

from __future__ import annotations

import random
import time

import pytest

from driven.document.document import Document
from driven.errors import ConfigError
from driven.model.diagnostic import Diagnostic
from driven.project.config import CONFIG, PYPROJECT, known_editors, parse_config
from driven.project.config_text import read_text
from driven.project.mistakes import MOST
from driven.validation.repairs import apply_fixes

OPTIONS = {
    "cursor": {}, "copilot": {}, "claude": {}, "cline": {}, "windsurf": {"dir": (".windsurf/rules", ".devin/rules")},
    "mine": {"dir": ()},
}  # fmt: skip


def read(text: str, path: str = CONFIG) -> list[Diagnostic]:
    return read_text(text.encode(), path, OPTIONS)[1]


def shown(text: str, found: list[Diagnostic]) -> list[str]:
    """The marked words, with `!` for a repair that is not safe and `.` for none."""
    lines = text.split("\n")
    signs = ["." if one.fix is None else "" if one.fix.safe else "!" for one in found]
    return [
        sign + lines[one.span.line - 1][one.span.column - 1 : one.span.end_column - 1]
        for sign, one in zip(signs, found, strict=True)
    ]


def repaired(text: str, *, unsafe: bool = False) -> str:
    """What the repairs make of a text, round by round."""
    for _ in range(5):
        fixes = [(one, one.fix) for one in read(text) if one.fix is not None and (one.fix.safe or unsafe)]
        text = apply_fixes(Document(CONFIG, text.encode()), fixes)[1]
    return text


@pytest.mark.parametrize(
    ("text", "words", "after"),
    [
        ("[editors]\ncurser = true\n", ["curser"], "[editors]\ncursor = true\n"),
        ("[editors]\ncurser = false\n", ["!curser"], ""),  # its files would go
        ("[editors]\ncursr = true\ncurser = true\n", [".cursr", ".curser"], ""),
        ("[editors]\ncursor = true\nCursor = true\n", [".Cursor"], ""),
        ("[editors]\nvim = true\n", [".vim"], ""),
        ('[editors]\ncursor = "yes"\n', ['"yes"'], "[editors]\ncursor = true\n"),
        ('[editors]\ncursor = "no"\n', ['!"no"'], ""),
        ('[editors]\ncurser = "yes"\n', ["curser", '"yes"'], "[editors]\ncursor = true\n"),
        ("[editors]\ncursor = 3\n", [".3"], ""),
        ("[editor]\ncursor = true\n", ["editor"], "[editors]\ncursor = true\n"),
        ("[editor]\ncurser = true\n", ["editor"], "[editors]\ncursor = true\n"),
        (
            '[editor.windsurf]\ndir = ".devin/rule"\n[editor.mine]\ndir = "a"\n', ["editor"],
            '[editors.windsurf]\ndir = ".devin/rules"\n[editors.mine]\ndir = "a"\n',
        ),
        (
            "[editors]\nwindsurf = { dri = '.devin/rules' }\n", ["dri"],
            "[editors]\nwindsurf = { dir = '.devin/rules' }\n",
        ),
        ("[editors]\nwindsurf = { dri = 'x' }\n", ["!dri"], ""),
        ("[editors]\ncursor = { dir = 'x' }\nmine = { dir = '../x' }\n", [".dir", ".'../x'"], ""),
        (
            '[sync]\nmode = "twoway"\nheader = "true"\nalways = "both"\nsnapshot = 3\nsnapshots = 0\n',
            ['"twoway"', '"true"', '."both"', ".snapshot", ".0"],
            '[sync]\nmode = "two-way"\nheader = true\nalways = "both"\nsnapshot = 3\nsnapshots = 0\n',
        ),
        ('[sync]\ndebounce_ms = "75"\n', ['"75"'], "[sync]\ndebounce_ms = 75\n"),
        ('[sync]\ndebounce_ms = "999999"\n', ['!"999999"'], ""),
        ("sync.mod = 'one-way'\n", ["mod"], "sync.mode = 'one-way'\n"),
        ("sync = { mod = 1 }\n", ["!mod"], ""),
        ("[sync]\nmode = { a = 1 }\n", [".{ a = 1 }"], ""),
        ("[sync.mode]\na = 1\n", [".mode"], ""),
        ("[[editors]]\na = 1\n", [".editors"], ""),
        ("version = 2\neditors = 3\nfoo = 1\n", [".2", ".3", ".foo"], ""),
        (
            '[validate]\nignore = "cur14"\nselect = ["CUR", "gen05", "x y", 3]\nstrict = "on"\nbaseline = 3\n',
            ['"cur14"', '"gen05"', '."x y"', ".3", '"on"', ".3"],
            '[validate]\nignore = ["CUR14"]\nselect = ["CUR", "GEN05", "x y", 3]\nstrict = true\nbaseline = 3\n',
        ),
        ('[validate.per_path_ignores]\n"a/[" = ["GEN05"]\nb = 1\n', ['."a/["', ".1"], ""),
        # Syntax: one mistake, because nothing behind it is known.
        ("[editors]\ncursor = tru\nfoo = 1\n", ["!tru"], "[editors]\ncursor = tru\nfoo = 1\n"),
        ("[editors]\ncursor = tru\n", ["tru"], "[editors]\ncursor = true\n"),
        ("[editors]\ncursor = True # on\n", ["True"], "[editors]\ncursor = true # on\n"),
        ("[editors]\ncursor = yes\n", ["yes"], "[editors]\ncursor = true\n"),
        ("[editors]\ncursor = no\n", ["!no"], ""),
        ("[sync]\nmode = one-way\n", ["one-way"], '[sync]\nmode = "one-way"\n'),
        ('[sync]\nmode = "one-way\nheader = true\n', ['"one-way'], '[sync]\nmode = "one-way"\nheader = true\n'),
        ("[sync]\ndebounce_ms = 10ms\n", [".10ms"], ""),
        ("[editors]\nwindsurf =\n", [".windsurf"], ""),
        ("[editors]\ncurs", [".curs"], ""),
        ("[editors\ncursor = true\n", ["[editors"], "[editors]\ncursor = true\n"),
        ("[editors]\ncursor = true\nclaude = true\ncursor = false\n", [".cursor"], ""),
        ("[editors]\ncursor = true\n[sync]\n[editors]\nclaude = true\n", [".editors"], ""),
    ],
)  # fmt: skip
def test_the_words_that_are_wrong_and_what_is_certain(text: str, words: list[str], after: str) -> None:
    found = read(text)
    assert shown(text, found) == words
    assert all(one.hint and one.severity == "error" and "\n" not in one.message for one in found)
    assert repaired(text) == (after or text)


def test_a_byte_order_mark_is_deleted() -> None:
    text = "\ufeff[editors]\ncursor = true\n"
    assert [one.message for one in read(text)] == ["not valid TOML: a byte order mark stands in front of it"]
    assert repaired(text) == "[editors]\ncursor = true\n"


def test_line_ends_stay() -> None:
    assert repaired("[editor]\r\ncurser = 'yes'\r\n") == "[editors]\r\ncursor = true\r\n"


def test_an_error_holds_all_mistakes() -> None:
    text = b"[sync]\nmode = 'twoway'\nsnapshots = 0\n[editors]\ncurser = true\n"
    with pytest.raises(ConfigError) as caught:
        parse_config(text, CONFIG)
    error = caught.value
    assert [one.message for one in error.all] == ['`mode` is "twoway"', "`snapshots` is out of range"]
    assert [str(one.span) for one in error.all] == [f"{CONFIG}:2:8", f"{CONFIG}:3:13"]
    assert error.all == (error, *error.more)
    assert error.hint == 'write "two-way"; `driven validate --fix` puts it right'
    with pytest.raises(ConfigError) as caught:
        parse_config(text, CONFIG, OPTIONS)
    assert [one.code for one in caught.value.all] == ["DRV002", "DRV002", "CFG01"]
    # Editors alone are no error: the others are written.
    assert parse_config(b"[editors]\ncurser = true\n", CONFIG, OPTIONS).editors == {"curser": {}}


def test_what_stands_in_a_file_of_others_is_not_repaired() -> None:
    text = "[tool.driven.sync]\nmode = 'twoway'\n[tool.driven.editors]\ncurser = true\n"
    found = read(text, PYPROJECT)
    assert shown(text, found) == [".'twoway'", ".curser"]
    assert found[0].message == '`mode` is "twoway"' and "[tool.driven.sync]" not in found[1].message
    config = parse_config(b"[tool.driven.editors]\ncurser = true\n", PYPROJECT)
    (told,) = known_editors(config, OPTIONS)[1]
    assert (told.span.line, told.span.column, told.span.end_column, told.fix) == (2, 1, 7, None)


PIECES = (
    "[editors]", "[editor]", "[sync]", "[validate]", "[editors.windsurf]", "cursor = true", "curser = true",
    "cursr = false", "claude = 'yes'", "dir = '.devin/rule'", "mode = 'twoway'", "header = 'maybe'", "heade = true",
    "snapshots = '7'", "ignore = 'cur'", "select = ['x']", "version = 1", "verson = 1", "mode = one-way", "# c", "",
)  # fmt: skip


def test_a_repair_ends_its_mistake_and_a_safe_one_brings_no_other() -> None:
    dice = random.Random(7)
    seen = {True: 0, False: 0}
    for _ in range(1_500):
        text = "\n".join(dice.sample(PIECES, k=dice.randint(1, 6))) + "\n"
        found = read(text)
        for one in found:
            if one.fix is None:
                continue
            seen[one.fix.safe] += 1
            done, after = apply_fixes(Document(CONFIG, text.encode()), [(one, one.fix)])
            assert done == [one] and after != text
            if one.fix.safe:
                again = read(after)
                assert not any(told.message.startswith("not valid TOML") for told in again), (text, after)
                assert one.message not in [told.message for told in again], (text, after)
        assert not any(told.message.startswith("not valid TOML") for told in read(repaired(text))) or (
            "not valid TOML" in found[0].message
        ), text
    assert min(seen.values()) > 50


HOSTILE = {
    "keys": "".join(f"curso{number} = 1\n" for number in range(40_000)),
    "editors": "[editors]\n" + "".join(f"cursr{number:02} = true\n" for number in range(40_000)),
    "near": "[editors]\n" + "".join(f"cur{chr(97 + n % 26)}{chr(97 + n // 26)}r = true\n" for n in range(600)),
    "codes": "[validate]\nselect = [" + "'cur'," * 100_000 + "]\n",
    "comment": "[sync]\nmode = 'twoway'\nheader = 'true'\n#" + "x" * 900_000,
    "word": "a = " + "x" * 900_000,
    "number": "a = " + "1" * 900_000,
    "open": "a = " + "[" * 900_000,
    "quotes": 'a = "' + '"' * 900_000,
    "lines": "\n" * 900_000 + "a = x",
    "globs": "[validate.per_path_ignores]\n" + "".join(f'"a{number}[" = ["GEN05"]\n' for number in range(20_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_told_and_what_is_told_stays_short(name: str) -> None:
    """Of a size at which what grows with the square of it takes hours, and what does not a second or four."""
    began = time.process_time()
    found = read(HOSTILE[name])
    assert time.process_time() - began < 120
    assert 0 < len(found) <= MOST
    assert all(len(one.message) < 300 and len(one.hint) < 300 for one in found)
