"""A rule is renamed: its file and all that names it; a tag."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven.errors import UsageError
from driven_lsp.features.rename import prepare, rename
from driven_lsp.values import Edits, Here
from lsp.kit import here, snapshot_of

STYLE = ".driven/rules/style.md"
ERRORS = ".driven/rules/backend/errors.md"
FILES = {
    ERRORS: "---\ntags: [api, 'web é']\n---\n\n# Errors\n\nNot [style](../style.md#x). `backend/errors` is this.\n",
    STYLE: "---\ntags:\n  - api\n---\n# Style é\n\nSee [e](backend/errors.md#part), `backend/errors`.\n",
    "CLAUDE.md": "[the rule](.driven/rules/backend/errors.md) [there](.cursor/rules/backend-errors.mdc)\n",
    ".cursor/rules/backend-errors.mdc": "---\nalwaysApply: true\n---\n\n`backend/errors` is emitted\n",
}


def applied(asked: Here, made: Edits) -> dict[str, str]:
    """The texts of the edited files, under their old paths."""
    texts: dict[str, str] = {}
    for edit in sorted(made.edits, key=lambda edit: -edit.place.start):
        path = edit.place.path
        document = asked.snapshot.document(path)
        assert document is not None
        text = texts.get(path, document.text)
        texts[path] = text[: edit.place.start] + edit.text + text[edit.place.end :]
    return texts


def test_a_rule(tmp_path: Path) -> None:
    asked = here(tmp_path, FILES, STYLE, FILES[STYLE].replace("`backend/", "`back▮end/"))
    assert prepare(asked) == (asked.offset - 4, asked.offset + 10, "backend/errors")
    made = rename(asked, "core/failures")
    assert made.renames == ((ERRORS, ".driven/rules/core/failures.md"),)
    assert applied(asked, made) == {
        ERRORS: FILES[ERRORS].replace("`backend/errors`", "`core/failures`"),
        STYLE: "---\ntags:\n  - api\n---\n# Style é\n\nSee [e](core/failures.md#part), `core/failures`.\n",
        "CLAUDE.md": "[the rule](.driven/rules/core/failures.md) [there](.cursor/rules/core-failures.mdc)\n",
    }


def test_a_rule_that_moves_up(tmp_path: Path) -> None:
    asked = here(tmp_path, FILES, ERRORS, FILES[ERRORS].replace("# Err", "# E▮rr"))
    assert prepare(asked) == (asked.offset - 1, asked.offset + 5, "backend/errors")
    made = rename(asked, "errors")
    assert applied(asked, made)[ERRORS].endswith("Not [style](style.md#x). `errors` is this.\n")


def test_what_editors_offer_instead_of_the_id(tmp_path: Path) -> None:
    link = here(tmp_path / "a", FILES, STYLE, FILES[STYLE].replace("(backend/", "(back▮end/"))
    assert prepare(link) == (link.offset - 4, link.offset + 18, "backend/errors")
    assert rename(link, "backend/failures.md").renames[0][1] == ".driven/rules/backend/failures.md"
    up = here(tmp_path / "b", FILES, ERRORS, FILES[ERRORS].replace("../style", "../st▮yle"))
    assert rename(up, "../looks.md").renames == ((STYLE, ".driven/rules/looks.md"),)
    title = here(tmp_path / "c", FILES, ERRORS, FILES[ERRORS].replace("# Err", "# E▮rr"))
    assert rename(title, "All Failures").renames[0][1] == ".driven/rules/backend/all-failures.md"


def test_the_title_in_an_emitted_file(tmp_path: Path) -> None:
    text = snapshot_of(tmp_path / "0", FILES).outputs[".cursor/rules/style.mdc"].text
    asked = here(tmp_path / "a", FILES, ".cursor/rules/style.mdc", text.replace("# Sty", "# S▮ty"))
    assert rename(asked, "looks").renames == ((STYLE, ".driven/rules/looks.md"),)


def test_names_that_cannot_be(tmp_path: Path) -> None:
    asked = here(tmp_path, FILES, STYLE, FILES[STYLE].replace("`backend/", "`back▮end/"))
    for name, message in [("style", "`style` already"), ("", "cannot be"), ("!!", "cannot be"), ("../x", "cannot be")]:
        with pytest.raises(UsageError, match=message) as caught:
            rename(asked, name)
        assert caught.value.hint
    assert rename(asked, "backend/errors") == Edits()
    nothing = here(tmp_path, FILES, STYLE, "# Style\n\nno▮thing\n")
    assert prepare(nothing) is None
    with pytest.raises(UsageError, match="no rule's id here"):
        rename(nothing, "x")
    missing = here(tmp_path, FILES, STYLE, "# Style\n\n[x](no▮pe.md)\n")
    assert prepare(missing) is None


def test_a_tag(tmp_path: Path) -> None:
    asked = here(tmp_path, FILES, STYLE, FILES[STYLE].replace("api", "ap▮i"))
    assert prepare(asked) == (asked.offset - 2, asked.offset + 1, "api")
    made = rename(asked, "a, b")
    assert applied(asked, made) == {
        ERRORS: FILES[ERRORS].replace("[api,", '["a, b",'),
        STYLE: FILES[STYLE].replace("- api", '- "a, b"'),
    }
    quoted = here(tmp_path, FILES, ERRORS, FILES[ERRORS].replace("web", "we▮b"))
    assert applied(quoted, rename(quoted, "net"))[ERRORS].startswith("---\ntags: [api, 'net']\n")
