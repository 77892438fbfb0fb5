"""Findings in the words of the client: on one line where it shows one, with a page for each code."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from checkout import git

from driven.model.diagnostic import Diagnostic
from driven.span import Span
from driven.validation.own_codes import OWN_CODES as OWN
from driven_lsp.convert import Converter
from driven_lsp.pages import page_of
from lsp.living import editing, small_project, validated

BROKEN = "---\ndescripton: How code looks\n---\n\n# Style\n\nSee [it](nope.md).\n"


@pytest.mark.parametrize(
    ("message", "hint", "line"),
    [
        ("`a` is no key", "did you mean `b`?", "`a` is no key; did you mean `b`?"),
        ("`a` is no key", "", "`a` is no key"),
        (
            "is it `a`?",
            "write `b`\nheld back meanwhile: nothing has it",
            "is it `a`? write `b`; held back meanwhile: nothing has it",
        ),
        ("the file says:\r\n  x.\n\ny", "z", "the file says: x. y; z"),
    ],
)
def test_one_line(message: str, hint: str, line: str) -> None:
    told = Diagnostic(code="RUL06", severity="error", message=message, span=Span(path="a"), hint=hint)
    assert Converter(one_line=True).message(told) == line
    assert Converter().message(told) == (f"{message}\n{hint}" if hint else message)


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"clientInfo": {"name": "Neovim"}}, 1),
        ({"initializationOptions": {"oneLine": True}}, 1),
        ({"clientInfo": {"name": "Visual Studio Code"}}, 3),
        ({}, 3),
    ],
)
def test_a_client_that_shows_one_line_gets_one(tmp_path: Path, given: dict[str, Any], lines: int) -> None:
    root = small_project(tmp_path)
    with editing(root, **given) as editor:
        path = root / ".driven/rules/style.md"
        uri = editor.open_file(path)
        editor.edit(uri, BROKEN)
        (told,) = editor.wait_for(
            "the finding", lambda: [one for one in editor.told.get(uri, ()) if one["code"] == "RUL06"]
        )
        assert len(told["message"].split("\n")) == lines, told
        assert "did you mean `description`?" in told["message"]
        where = {"textDocument": {"uri": uri}, "range": told["range"], "context": {"diagnostics": [told]}}
        actions = editor.call_through("textDocument/codeAction", where)["result"]
        fixes = [one for one in actions if one.get("edit") and one.get("diagnostics")]
        assert fixes and fixes[0]["diagnostics"][0]["message"] == told["message"]


def test_a_code_leads_to_what_explains_it(tmp_path: Path) -> None:
    """A vendor's own page where there is one, else the line of driven's that the code stands on."""
    root = small_project(tmp_path)
    with editing(root) as editor:
        path = root / ".driven/rules/style.md"
        uri = editor.open_file(path)
        editor.edit(uri, BROKEN)
        found = editor.wait_for("a finding", lambda: editor.told.get(uri))
        (told,) = [one for one in found if one["code"] == "RUL06"]
        page, _, line = told["codeDescription"]["href"].partition("#L")
        text = Path(unquote(page.removeprefix("file://"))).read_text(encoding="utf-8")
        assert text.split("\n")[int(line) - 1] == "### RUL06"


def test_every_code_of_ours_has_a_page() -> None:
    missing = [code for code in OWN if not page_of(code)]
    assert missing == []
    assert page_of("XXX99") == ""


NESTED = ("web/AGENTS.md", "web/.cursor/rules/x.mdc", ".github/instructions/y.instructions.md")
ODD = "---\nwhen: now\n---\n\n# Odd\n\nZero\u200bwidth.\n"


@pytest.mark.parametrize("has_git", [True, False], ids=["git", "no git"])
def test_files_that_nobody_has_open_wherever_they_stand(tmp_path: Path, has_git: bool) -> None:
    """Also those that come while the server runs: one word of them is enough."""
    root = tmp_path / "project"
    root.mkdir()
    if has_git:
        git(root, "init", "-q")
    (root / NESTED[2]).parent.mkdir(parents=True)
    (root / NESTED[2]).write_text(ODD, encoding="utf-8")
    able = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    with editing(root, capabilities=able) as editor:
        editor.wait_for("what was there", lambda: editor.codes(root / NESTED[2]))
        for path in NESTED[:2]:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(ODD, encoding="utf-8")
            change = {"uri": (root / path).as_uri(), "type": 1}
            editor.notify("workspace/didChangeWatchedFiles", {"changes": [change]})
            editor.wait_for(f"what is found in {path}", lambda at=root / path: editor.codes(at))  # type: ignore[misc]
        wanted = {(path, code) for path, code, *_ in validated(root)}
        assert {(unquote(uri).removeprefix(f"{root.as_uri()}/"), one["code"]) for uri, told in editor.told.items()
                for one in told} == wanted  # fmt: skip
