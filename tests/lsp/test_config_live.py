"""config.toml while it is typed: every mistake with its word and its repair, open or not. A real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp.living import STYLE, Editor, editing, small_project

GOOD = "version = 1\n\n[editors]\nclaude = true\ncursor = true\n"
BAD = 'version = 1\n\n[editors]\nclaud = true\ncursor = "yes"\n\n[sync]\nmode = "twoway"\nheader = "maybe"\n'
AT = ".driven/config.toml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project", {"style": STYLE}, GOOD)


def words(editor: Editor, uri: str, text: str) -> list[tuple[str, str]]:
    """The codes of what is told, each with the text that is marked."""
    lines = [*text.split("\n"), *[""] * 99]  # what is told may still be of a longer text
    return [
        (one["code"], lines[one["range"]["start"]["line"]][slice(
            one["range"]["start"]["character"], one["range"]["end"]["character"]
        )])
        for one in editor.told.get(uri, ())
    ]  # fmt: skip


def asked(editor: Editor, uri: str, *kinds: str) -> list[dict[str, Any]]:
    """The actions for everything that is told of a file."""
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    context = {"diagnostics": editor.told[uri], **({"only": list(kinds)} if kinds else {})}
    params = {"textDocument": {"uri": uri}, "range": whole, "context": context}
    return list(editor.call_through("textDocument/codeAction", params)["result"] or ())


ALL = [("CFG01", "claud"), ("DRV002", '"yes"'), ("DRV002", '"twoway"'), ("DRV002", '"maybe"')]


def test_while_it_is_typed(project: Path) -> None:
    with editing(project) as editor:
        uri = editor.open_file(project / AT)
        editor.edit(uri, BAD)
        editor.wait_for("all of them", lambda: words(editor, uri, BAD) == ALL)
        messages = [one["message"] for one in editor.told[uri]]
        assert "did you mean `claude`?" in messages[0] and "write true" in messages[1], messages
        titles = {one["title"]: one.get("isPreferred") for one in asked(editor, uri, "quickfix")}
        wanted = ("Rename to `claude`", "Change to `true`", 'Change to `"two-way"`')
        assert [titles[title] for title in wanted] == [True] * 3, titles
        (action,) = asked(editor, uri, "source.fixAll")
        assert action["title"] == "Fix 3 findings of driven that can be fixed safely"
        editor.edit(uri, BAD.replace("claud ", "claude ").replace('"yes"', "true").replace("twoway", "two-way"))
        editor.wait_for("the last", lambda: [code for code, _ in words(editor, uri, BAD)] == ["DRV002"])
        editor.edit(uri, GOOD + "windsurf = t")
        editor.wait_for("syntax", lambda: words(editor, uri, GOOD + "windsurf = t") == [("DRV002", "t")])
        editor.edit(uri, GOOD)
        editor.until_codes(uri)
    assert (project / AT).read_text() == GOOD


def test_saved_and_closed_it_is_told_the_same_and_nothing_is_written(project: Path) -> None:
    cursor = project / ".cursor/rules/style.mdc"
    before = cursor.read_bytes()
    with editing(project) as editor:
        uri = editor.open_file(project / AT)
        editor.save(project / AT, BAD)
        editor.wait_for("all of them", lambda: words(editor, uri, BAD) == ALL)
        editor.wait_for("a word", lambda: any("(and 3 more mistakes)" in text for text in editor.said))
        editor.close(uri)
        editor.wait_for("all of them again", lambda: words(editor, uri, BAD) == ALL)
        editor.open_file(project / AT)
        editor.save(project / AT, GOOD)
        editor.until_codes(uri)
    assert cursor.read_bytes() == before


def test_a_file_that_breaks_while_the_server_runs_elsewhere(project: Path) -> None:
    """Nobody has it open: the mistakes of an earlier text are gone with it."""
    (project / AT).write_text(GOOD + "curser = true\n")
    with editing(project) as editor:
        uri = (project / AT).as_uri()
        editor.open_file(project / ".driven/rules/style.md")
        editor.until_codes(uri, "CFG01")
        (project / AT).write_text(GOOD + "[sync]\nmode = 'x'\n")
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
        editor.until_codes(uri, "DRV002")


def test_fix_all_says_what_waits_for_a_person(project: Path) -> None:
    text = GOOD.replace("claude = true", "claud = false")
    (project / AT).write_text(text)
    with editing(project) as editor:
        uri = editor.open_file(project / AT)
        editor.until_codes(uri, "CFG01")
        assert editor.run("driven.fixAll", uri=uri) == {"changed": [], "left": 1, "unsafe": 1}
        editor.wait_for("a word", lambda: any("may mean something else then" in said for said in editor.said))
        (action,) = [one for one in asked(editor, uri, "quickfix") if one["title"].startswith("Rename")]
        assert action["title"] == "Rename to `claude` (unsafe: it may mean something else then)"
        assert not action.get("isPreferred")
