"""Our Markdown as plain text, for clients that show none or show it as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven_lsp.plain import plain_text
from lsp.living import editing, small_project


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a **b `c`** *d* e", "a b c d e"),
        (r"\*no\* \`ticks\` \[x\](y) 2*3*4 a_b_c", "*no* `ticks` [x](y) 2*3*4 a_b_c"),
        ("[`src/a.ts`](file:///p/src/a.ts), [docs](https://k.l/x)", "src/a.ts, docs (https://k.l/x)"),
        ("``a`b`` ` `` `", "a`b ``"),
        ("# One\n\n## Two\n\n#no", "One\n===\n\nTwo\n---\n\n#no"),
        ("```\n# code | x\n```\n- `a`", "# code | x\n- a"),
        ("| not a table\n| x |", "| not a table\n| x |"),
    ],
)
def test_marks_are_taken_away(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


def test_a_table_has_columns() -> None:
    head = "| Editor | File | Nothing |\n|---|---|---|\n"
    table = head + "| Cursor | [`a.mdc`](file:///a.mdc) | |\n| Aïder | x \\| y | |\nbelow"
    assert plain_text(table) == "Editor  File\n------  -----\nCursor  a.mdc\nAïder   x | y\nbelow"


def test_a_wide_table_is_broken_in_its_cells() -> None:
    table = f"| a | b |\n|---|---|\n| {'word ' * 9}| .github/instructions/backend-errors.instructions.md |"
    assert plain_text(table, 50).split("\n") == [
        "a                         b",
        "------------------------  ------------------------",
        "word word word word word  .github/instructions/",
        "word word word word       backend-errors.instructi",
        "                          ons.md",
    ]


def test_letters_that_take_two_columns() -> None:
    shown = plain_text("| a | b |\n|---|---|\n| 日本 | x |\n| ab | y |").split("\n")
    assert shown[2:] == ["日本  x", "ab    y"]


@given(st.text(alphabet="|-`*[]()\\# \nab日/", max_size=60), st.integers(1, 30))
def test_any_text_is_shown(text: str, width: int) -> None:
    shown = plain_text(text, width)
    assert sum(shown.count(char) for char in "ab日") == sum(text.count(char) for char in "ab日") or "](" in text


def test_who_gets_it(tmp_path: Path) -> None:
    """A client that names plain text first, or alone; any other gets Markdown."""
    root = small_project(tmp_path)
    uri = (root / ".driven/rules/style.md").as_uri()
    for formats, kind in ((["plaintext"], "plaintext"), (["plaintext", "markdown"], "plaintext"),
                          (["markdown", "plaintext"], "markdown"), (None, "markdown")):  # fmt: skip
        hover: dict[str, Any] = {"contentFormat": formats} if formats else {}
        with editing(root, capabilities={"textDocument": {"hover": hover}}) as editor:
            editor.open_file(root / ".driven/rules/style.md")
            contents = editor.hover(uri, 0, 1)["result"]["contents"]
            assert contents["kind"] == kind
            ruled = [line for line in contents["value"].split("\n") if line.startswith("Cursor ")]
            assert bool(ruled) == (kind == "plaintext"), contents
            assert ("| Cursor |" in contents["value"]) == (kind == "markdown")
            if formats is None:
                answer = editor.run("driven.explain", uri=uri)
                assert "| Cursor |" in answer["markdown"] and "\nCursor " in answer["text"]
