"""`driven template …` and `driven init --template` as a person and a program meet them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Drive = Callable[..., Any]
Answer = Callable[..., Any]

OWN = """---
description: How errors cross a border
tags: [borders]
variables:
  folder: {type: str, default: src, help: The folder of the package}
  parts: {type: str, multiselect: true, choices: [http, db], default: [http]}
  strict: {type: bool, default: true}
---
---
description: How errors cross a border
paths: ["{{ folder }}/**"]
---

{% for part in parts %}
- {{ part }}{% if strict %}, strictly{% endif %}.
{% endfor %}
"""


@pytest.fixture
def own(project: Path) -> Path:
    (project / ".driven/templates/standards").mkdir(parents=True)
    (project / ".driven/templates/standards/borders.md").write_text(OWN, encoding="utf-8")
    return project


def test_list_marks_what_holds_and_names_other_origins(own: Path, drive: Drive, answer: Answer) -> None:
    (own / "a.py").write_text("x = 1\n", encoding="utf-8")
    out = drive("template", "list").out
    assert "✓  standards/python-errors" in out and "\n   standards/go-errors" in out
    assert "How errors cross a border  project" in out
    data = answer("template list", "--kind", "standard", "--tag", "Borders")
    assert [one["name"] for one in data["templates"]] == ["standards/borders"]
    assert drive("template", "list", "--tag", "none").err == "" and drive("template", "list", "--kind", "x").code == 2


def test_a_broken_one_is_told_with_its_place(own: Path, drive: Drive) -> None:
    (own / ".driven/templates/bad.md").write_text("---\ndescription: x\nkimd: y\n---\n", encoding="utf-8")
    ran = drive("template", "list")
    assert ran.code == 2 and "standards/borders" in ran.out
    assert ".driven/templates/bad.md:3:1: error TPL02: the key `kimd` is unknown" in ran.err
    assert drive("template", "show", "standards/borders").code == 0


def test_search_and_show(own: Path, drive: Drive, answer: Answer) -> None:
    assert answer("template search", "borders")["templates"][0]["name"] == "standards/borders"
    data = answer("template search", "bordrs")
    assert data["templates"] == [] and data["meant"] == "border"
    data = answer("template show", "borders")
    assert [one["name"] for one in data["variables"]] == ["folder", "parts", "strict"]
    assert data["preview"].endswith("\n\n- http, strictly.\n") and data["template"]["there"] is False
    out = drive("template", "show", "borders").out
    assert "parts   some of http, db  [http]" in out and "- http, strictly." in out


def test_render_prints_the_rule_alone(own: Path, drive: Drive, answer: Answer) -> None:
    ran = drive("template", "render", "borders", "--set", "parts=db, http", "--set", "strict=no", "--set", "folder=lib")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == '---\ndescription: How errors cross a border\npaths: ["lib/**"]\n---\n\n- db.\n- http.\n'
    assert answer("template render", "borders", "--as", "x/y")["rule"] == "x/y"


@pytest.mark.parametrize(("name", "text"), [
    ("v.toml", 'folder = "lib"\nparts = ["db"]\nstrict = false\n'),
    ("v.json", '{"folder": "lib", "parts": ["db"], "strict": false}'),
    ("v.yaml", "folder: lib\nparts: [db]\nstrict: no\n"),
])  # fmt: skip
def test_values_of_a_file_and_over_them_those_that_are_set(own: Path, answer: Answer, name: str, text: str) -> None:
    (own / name).write_text(text, encoding="utf-8")
    data = answer("template render", "borders", "--values", name, "--set", "folder=src")
    assert data["values"] == {"folder": "src", "parts": ["db"], "strict": False}


@pytest.mark.parametrize(("name", "text", "told"), [
    ("v.toml", "folder = ", "does not parse"), ("v.json", "[1]", "no mapping"), ("v.json", "[" * 100_000, "not parse"),
    ("v.yaml", "a: &x 1\nb: *x\n", "anchors"), ("v.txt", "x", "no file of values"),
    ("v.toml", "foldr = 'x'", "`foldr`"), ("v.toml", "folder = 3", "cannot be `3`: it is a text"),
    ("v.toml", "folder = 1979-05-27", "cannot be `1979-05-27`"),
])  # fmt: skip
def test_a_file_of_values_that_is_none(own: Path, drive: Drive, name: str, text: str, told: str) -> None:
    (own / name).write_text(text, encoding="utf-8")
    ran = drive("template", "render", "borders", "--values", name)
    assert ran.code == 2 and told in ran.err and ran.out == ""
    assert drive("template", "render", "borders", "--values", "absent.toml").code == 2


def test_apply_writes_once_and_a_sync_takes_it(own: Path, drive: Drive, answer: Answer) -> None:
    ran = drive("template", "apply", "borders", "--dry-run")
    assert ran.code == 0 and ran.out.startswith("diff --git a/.driven/rules/borders.md") and "1 rule would" in ran.err
    assert not (own / ".driven/rules/borders.md").exists()
    ran = drive("template", "apply", "borders", "--yes")
    assert ran.code == 0 and "+ .driven/rules/borders.md\n+ .driven/templates.toml\n1 rule written\n" in ran.out
    data = answer("template apply", "borders")
    assert data["applied"] is True and [one["action"] for one in data["changes"]] == ["keep"]
    assert drive("sync").code == 0 and (own / ".cursor/rules/borders.mdc").exists()
    assert drive("undo").code == 0


def test_a_rule_in_the_way_is_shown_and_stays(own: Path, drive: Drive, answer: Answer) -> None:
    rule = own / ".driven/rules/borders.md"
    rule.write_text("Mine.\n", encoding="utf-8")
    ran = drive("template", "apply", "borders")
    assert ran.code == 4 and "  -Mine." in ran.err and "--force" in ran.err and "nothing was written" in ran.err
    data = answer("template apply", "borders", code=4)
    assert data["applied"] is False and "-Mine." in data["changes"][0]["diff"]
    assert rule.read_text(encoding="utf-8") == "Mine.\n"
    assert drive("template", "apply", "borders", "--force").code == 0 and "strictly" in rule.read_text(encoding="utf-8")
    assert drive("undo").code == 0 and rule.read_text(encoding="utf-8") == "Mine.\n"


def test_nobody_is_asked_where_nobody_sits(own: Path, drive: Drive) -> None:
    (own / ".driven/templates/ask.md").write_text(
        "---\ndescription: x\nvariables: {who: {help: Whom to ask}}\n---\nAsk {{ who }}.\n", encoding="utf-8"
    )
    ran = drive("template", "apply", "ask")
    assert ran.code == 2 and "`who` of `ask` has no default" in ran.err and "--set who=" in ran.err


def test_questions_on_a_terminal(own: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["lib", "2, http", "perhaps", "no"])
    monkeypatch.setattr("driven.cli.render.Output.can_ask", lambda self: True)
    monkeypatch.setattr("builtins.input", lambda: next(typed))
    ran = drive("template", "apply", "borders")
    assert ran.code == 0, ran.err
    assert "The folder of the package\nfolder [src]" in ran.err and "   1  http\n   2  db\n" in ran.err
    assert "strict [yes]" in ran.err and "strict: it is yes or no" in ran.err
    text = (own / ".driven/rules/borders.md").read_text(encoding="utf-8")
    assert 'paths: ["lib/**"]' in text and text.endswith("- db.\n- http.\n")
    ran = drive("template", "apply", "borders", "--yes")  # what was typed holds; nothing is asked
    assert ran.code == 0 and ran.out.startswith("nothing to do: 1 rule there already")
    typed = iter(["", "", "yes"])
    ran = drive("template", "apply", "borders")
    assert ran.code == 0 and "folder [lib]" in ran.err and "[db, http]" in ran.err and "strict [no]" in ran.err
    text = (own / ".driven/rules/borders.md").read_text(encoding="utf-8")
    assert 'paths: ["lib/**"]' in text and text.endswith("- db, strictly.\n- http, strictly.\n")


def test_new_is_complete_and_its_name_is_held_against_the_folder(own: Path, drive: Drive) -> None:
    assert drive("template", "new", "workflows/own").code == 0
    assert drive("template", "show", "workflows/own").code == 0
    assert drive("template", "new", "workflows/own").code == 4
    assert drive("template", "new", "x", "--from", "errrors").err.count("did you mean `errors`?") == 1
    assert drive("template", "new", "x", "--from", "errors").code == 0
    assert "An error says where" in drive("template", "render", "x").out


def test_init_applies_templates_in_one_go(empty: Path, drive: Drive) -> None:
    ran = drive("init", "--yes", "--editor", "cursor", "--template", "workflows/tdd", "--template", "python-errors")
    assert ran.code == 0 and "+ .driven/rules/tdd.md" in ran.out and "next: `driven sync`" in ran.out
    assert sorted(path.name for path in (empty / ".driven/rules").iterdir()) == ["python-errors.md", "tdd.md"]
    assert drive("sync").code == 0


@pytest.mark.parametrize("words", [
    ("--template", "nothing"), ("--template", "python-errors", "--set", "foldr=x"), ("--set", "a=b"),
    ("--template", "python-errors", "--set", "folder"),
])  # fmt: skip
def test_init_writes_nothing_where_the_template_is_wrong(empty: Path, drive: Drive, words: tuple[str, ...]) -> None:
    assert drive("init", "--yes", *words).code == 2
    assert [*empty.iterdir()] == []


@pytest.mark.parametrize(("name", "told"), [("none", "there is no folder `"), ("file", "file` is not a folder")])
@pytest.mark.parametrize("more", [(), ("--template", "workflows/tdd")])
def test_init_says_where_no_project_can_be(
    empty: Path, drive: Drive, name: str, told: str, more: tuple[str, ...]
) -> None:  # fmt: skip
    (empty / "file").write_text("x", encoding="utf-8")
    ran = drive("init", "--yes", "--root", name, *more)
    assert ran.code == 2 and told in ran.err and "hint: " in ran.err
    assert [path.name for path in empty.iterdir()] == ["file"]


def test_init_says_what_is_left_to_do_where_the_disk_refuses_the_template(
    empty: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from driven.errors import DiskError

    def full(*_: object) -> None:
        raise DiskError("no space left on device", hint="free some space")

    with monkeypatch.context() as patched:
        patched.setattr("driven.templating.applying.carry_out", full)
        ran = drive("init", "--yes", "--editor", "cursor", "--template", "workflows/tdd")
    assert ran.code == 2 and "free some space; the project is set up, without the template" in ran.err
    assert drive("template", "apply", "workflows/tdd").code == 0


def test_init_tells_of_the_choice_of_editors_only_who_made_none(empty: Path, drive: Drive) -> None:
    assert "`--editor NAME` chooses" not in drive("init", "--yes", "--editor", "cursor", "--editor", "claude").out
    (empty / "other").mkdir()
    assert "`--editor NAME` chooses" in drive("init", "--yes", "--root", "other").out


def test_init_says_in_json_what_was_applied(empty: Path, drive: Drive) -> None:
    ran = drive("init", "--json", "--editor", "cursor", "--template", "workflows/tdd")
    data = json.loads(ran.out)["data"]
    assert ran.code == 0 and data["template"]["applied"] is True and data["template"]["rules"] == ["tdd"]


def test_init_offers_what_fits_in_one_question(empty: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty / "a.py").write_text("x = 1\n", encoding="utf-8")
    asked: list[str] = []
    typed = {"editors": "cursor", "templates": "standards/python-errors nonsense"}

    def answer() -> str:
        asked.append("")
        return typed["editors"] if len(asked) == 1 else typed["templates"] if len(asked) == 2 else ""

    monkeypatch.setattr("driven.cli.render.Output.can_ask", lambda self: True)
    monkeypatch.setattr("builtins.input", answer)
    ran = drive("init")
    assert ran.code == 0 and "Begin with which of them?" in ran.err and "`nonsense` is none of these" in ran.err
    assert (empty / ".driven/rules/python-errors.md").exists()


def test_names_are_completed(own: Path, drive: Drive) -> None:
    words = drive("--complete", "template").out.split("\n")
    assert "standards/borders" in words and "workflows/tdd" in words and "base/persona" not in words


@pytest.mark.parametrize("words", [("template", "apply", "borders"), ("init", "--root", "other")])
def test_who_ends_the_input_has_agreed_to_nothing(
    own: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:  # fmt: skip
    """Ctrl-D is not Enter: no default is taken, nothing is written."""
    (own / "other").mkdir()
    (own / "other/.cursorrules").write_text("Be brief.\n", encoding="utf-8")

    def end() -> str:
        raise EOFError

    monkeypatch.setattr("driven.cli.render.Output.can_ask", lambda self: True)
    monkeypatch.setattr("builtins.input", end)
    assert drive(*words).code == 130
    assert not (own / "other/.driven").exists() and not (own / ".driven/rules/borders.md").exists()


def test_keep_and_force_exclude_each_other(own: Path, drive: Drive) -> None:
    said = drive("template", "apply", "standards/borders", "--keep", "--force")
    assert said.code == 2 and "exclude each other" in said.err and not (own / ".driven/templates.toml").exists()


def test_init_keeps_the_answers_of_its_template(empty: Path, drive: Drive, answer: Answer) -> None:
    ran = drive("init", "--yes", "--editor", "cursor", "--template", "python-errors", "--set", "base_error=Oops")
    assert ran.code == 0 and (empty / ".driven/templates.toml").exists()
    data = answer("template apply", "python-errors", "--set", "folder=lib")
    assert data["values"] == {"folder": "lib", "base_error": "Oops"}
    text = (empty / ".driven/rules/python-errors.md").read_text(encoding="utf-8")
    assert "`Oops`" in text and 'paths: ["lib/**"]' in text
    (look,) = [one for one in answer("template list")["templates"] if one["applied"]]
    assert look["applied"] == [{"rule": "python-errors", "answers": {"folder": "lib", "base_error": "Oops"}}]
    assert "  applied\n" in drive("template", "list").out
    assert (
        ".driven/rules/python-errors.md  folder=lib, base_error=Oops" in drive("template", "show", "python-errors").out
    )


def test_both_sides_of_an_edit_are_shown(own: Path, drive: Drive, answer: Answer) -> None:
    assert drive("template", "apply", "borders", "--yes").code == 0
    rule = own / ".driven/rules/borders.md"
    rule.write_text(rule.read_text(encoding="utf-8").replace("- http, strictly.", "- http, gently."), encoding="utf-8")
    ran = drive("template", "apply", "borders", "--set", "strict=no")
    assert ran.code == 4 and ran.err.startswith(
        "conflict: .driven/rules/borders.md: it was edited where `standards/borders` now says something else\n"
        "  line 6\n    yours     - http, gently.\n    template  - http.\n  hint: `--keep`"
    )
    assert answer("template apply", "borders", "--set", "strict=no", code=4)["applied"] is False
    ran = drive("template", "apply", "borders", "--set", "strict=no", "--keep")
    assert ran.code == 0 and "your edits stay" in ran.out and "the answers are kept: 1 rule there already" in ran.out
    assert drive("template", "apply", "borders", "--force").code == 0 and rule.read_text().endswith("\n- http.\n")


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_terminal_is_too_narrow_for_a_name(own: Path, on_terminal: Callable[..., str], columns: int) -> None:
    shown = on_terminal(columns, "template", "list")
    names = {word for line in shown.splitlines() for word in line.split() if word.startswith("standards/")}
    assert {"standards/commit-messages", "standards/react-components", "standards/borders"} <= names
    assert all(len(line) <= columns for line in shown.splitlines()[:-1]) and "…" not in shown
    if columns == 120:
        assert re.search(r"^ +standards/borders +How errors cross a border  project$", shown, re.M)
