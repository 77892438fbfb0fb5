"""What a person silences stays silent, and nothing else: comments, paths, codes on the command line, baselines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from driven.check_kit import Document, Finding, file_check
from driven.errors import ConfigError, UsageError
from driven.project.config import Config, parse_config
from driven.validation.asking import Words, choice_of
from driven.validation.baseline import parse_baseline
from driven.validation.engine import Choice
from driven.validation.files import Folder
from driven.validation.silence import apply_comments, silences_of
from driven.validation.validate import Loaded, load, report_of, validate

BAD = '---\ndescription: style\nalwaysApply: "true"\n---\nUse tabs.\n'


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / ".cursor" / "rules" / f"{name}.mdc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def codes(root: Path, choice: Choice | None = None) -> list[str]:
    report = validate(str(root), choice or Choice(select=("CUR06", "SUP")))
    return [f"{d.code} {d.span.path.rpartition('/')[2]}" for d in report.diagnostics]


@pytest.mark.parametrize(
    "line",
    [
        'alwaysApply: "true" # driven-ignore CUR06',
        'alwaysApply: "true" # driven-ignore CUR06, GEN05: two of them',
        '# driven-ignore CUR06\nalwaysApply: "true"',
        '# driven-ignore: CUR06\n\nalwaysApply: "true"',
        '# <!-- driven-ignore CUR06 -->\nalwaysApply: "true"',
        'alwaysApply: "true" # driven-ignore cur06',
        'alwaysApply: "true" # driven-ignore CUR',
    ],
)
def test_a_comment_silences_its_line_or_the_next(tmp_path: Path, line: str) -> None:
    write(tmp_path, a=f"---\ndescription: style\n{line}\n---\nUse tabs.\n")
    assert codes(tmp_path, Choice(select=("CUR06",))) == []
    assert validate(str(tmp_path), Choice(select=("CUR06",))).silenced == 1


@pytest.mark.parametrize(
    "line",
    [
        'alwaysApply: "true" # driven-ignore GEN05',
        'alwaysApply: "true" # driven-ignores CUR06',
        '# driven-ignore CUR06\ndescription: style\nalwaysApply: "true"',
        'alwaysApply: "true"\n# driven-ignore CUR06',
        'description: x # driven-ignore CUR06\nalwaysApply: "true"',
    ],
)
def test_a_comment_silences_nothing_else(tmp_path: Path, line: str) -> None:
    write(tmp_path, a=f"---\n{line}\n---\nUse tabs.\n")
    assert codes(tmp_path, Choice(select=("CUR06",))) == ["CUR06 a.mdc"]


def test_a_file_comment_is_for_that_file_alone(tmp_path: Path) -> None:
    write(tmp_path, a=BAD + "\n<!-- driven-ignore-file CUR06: a reason -->\n", b=BAD)
    assert codes(tmp_path) == ["CUR06 b.mdc"]


def test_what_is_silenced_for_safety_stays_visible(tmp_path: Path) -> None:
    @file_check("ACM01", "x", "text", why="w.", url="u", verified="2026-11-21", security=True)
    def secret(document: Document) -> list[Finding]:
        return [Finding(message="a secret")]

    document = Document("CLAUDE.md", b"<!-- driven-ignore-file ACM01 -->\nText.\n")
    from driven.document.running import Runner

    found = Runner([secret], lambda *_: None).document(document)
    kept, count, _ = apply_comments(found, [document], {"ACM01"})
    assert [(d.severity, d.message) for d in kept] == [("info", "a secret (a comment asks to ignore it)")]
    assert count == 0


def test_a_hostile_comment_costs_no_time() -> None:
    text = "driven-ignore " * 20_000 + "driven-ignore CUR06," + "CUR06 " * 20_000
    assert 0 < len(silences_of(Document("CLAUDE.md", text.encode()))) <= 20_001


def test_paths_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=BAD)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.driven.validate.per_path_ignores]\n".cursor/rules/a*" = ["CUR06"]\n"docs/**" = ["CUR"]\n'
    )
    assert codes(tmp_path) == ["CUR06 b.mdc"]


def test_the_longer_word_wins() -> None:
    choice = Choice(select=("CUR03",), ignore=("CUR",))
    assert choice.has("CUR03")
    assert not choice.has("CUR04")
    assert Choice(ignore=("CUR14",)).has("CUR13")
    assert not Choice(select=("CUR",), ignore=("CUR14",)).has("CUR14")


def test_the_command_line_and_the_configuration(tmp_path: Path) -> None:
    config = Config(ignore=("CUR14", "GEN"), select=())
    assert choice_of(str(tmp_path), config, Words(select=["CUR14"])).has("CUR14")
    assert not choice_of(str(tmp_path), config, Words()).has("CUR14")
    both = choice_of(str(tmp_path), config, Words(ignore=["cur01, COP"]))
    assert not any(both.has(code) for code in ("CUR14", "GEN05", "CUR01", "COP03"))
    assert both.has("CUR02")


@pytest.mark.parametrize("word", ["CUR-03", "C", "CURSOR", "03", "CUR1234"])
def test_a_word_that_is_no_code(tmp_path: Path, word: str) -> None:
    with pytest.raises(UsageError, match="is no code"):
        choice_of(str(tmp_path), Config(), Words(select=[word]))


def test_paths_that_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a=BAD, b=BAD)
    monkeypatch.chdir(tmp_path / ".cursor")
    choice = choice_of(str(tmp_path), Config(), Words(paths=["rules/b.mdc"], select=["CUR06"]))
    assert codes(tmp_path, choice) == ["CUR06 b.mdc"]
    with pytest.raises(UsageError, match="is outside of"):
        choice_of(str(tmp_path / ".cursor"), Config(), Words(paths=[".."]))
    with pytest.raises(UsageError, match="there is no `nowhere`"):
        choice_of(str(tmp_path), Config(), Words(paths=["nowhere"]))


@pytest.mark.parametrize(
    "text",
    [
        "[validate]\nignore = [1]\n",
        '[validate]\nselect = ["cursor"]\n',
        "[validate]\nstrict = 1\n",
        "[validate]\nbaseline = true\n",
        '[validate.per_path_ignores]\n"a/**" = "CUR"\n',
        '[validate.per_path_ignores]\n"../**" = ["CUR"]\n',
        "[validate]\nper_path_ignores = 3\n",
        '[validate]\nignored = ["CUR01"]\n',
    ],
)
def test_a_wrong_configuration_says_where(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), ".driven/config.toml")
    assert caught.value.span is not None
    assert caught.value.span.line >= 1
    assert caught.value.hint


class TestBaseline:
    def make(self, root: Path) -> tuple[Loaded, Path]:
        from driven.validation.asking import write_baseline

        file = root / "known.json"
        report = report_of(str(root), load(str(root)), Choice(select=("CUR06",)))
        assert write_baseline(str(root), Choice(), str(file), report.diagnostics) == len(report.diagnostics)
        return load(str(root)), file

    def new(self, root: Path, file: Path) -> list[str]:
        return codes(root, choice_of(str(root), Config(), Words(select=["CUR06"], baseline=str(file))))

    def test_known_findings_are_silent_wherever_they_move(self, tmp_path: Path) -> None:
        write(tmp_path, a=BAD, b=BAD)
        _, file = self.make(tmp_path)
        assert self.new(tmp_path, file) == []
        write(tmp_path, a=BAD.replace("---\nd", "---\n\n\nd", 1))
        assert self.new(tmp_path, file) == []

    def test_new_findings_are_told(self, tmp_path: Path) -> None:
        write(tmp_path, a=BAD)
        _, file = self.make(tmp_path)
        write(tmp_path, a=BAD.replace('"true"', '"yes"'), b=BAD)
        assert self.new(tmp_path, file) == ["CUR06 a.mdc", "CUR06 b.mdc"]

    def test_it_is_sorted_and_says_how_many(self, tmp_path: Path) -> None:
        write(tmp_path, b=BAD, a=BAD)
        _, file = self.make(tmp_path)
        rows = json.loads(file.read_text())["findings"]
        assert [row["path"] for row in rows] == [".cursor/rules/a.mdc", ".cursor/rules/b.mdc"]
        assert [row["count"] for row in rows] == [1, 1]

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="there is no baseline"):
            choice_of(str(tmp_path), Config(), Words(baseline=str(tmp_path / "no.json")))
        assert choice_of(str(tmp_path), Config(baseline="no.json"), Words()).known == {}

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", '{"version": 2, "findings": []}', '{"version": 1, "findings": [1]}',
         '{"version": 1, "findings": [{"fingerprint": "x", "count": "1"}]}', "[" * 100_000, "\x00\xff"],
    )  # fmt: skip
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(UsageError, match="is no baseline"):
            parse_baseline(text.encode("latin-1"), "known.json")


def test_folder_is_listed_once(tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    assert [document.path for document in Folder(str(tmp_path)).documents()] == [".cursor/rules/a.mdc"]
