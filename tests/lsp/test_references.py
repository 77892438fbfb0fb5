"""Everywhere that something is named; and in the document alone."""

from __future__ import annotations

from pathlib import Path

from driven_lsp.features.document_highlight import highlight
from driven_lsp.features.references import references
from driven_lsp.values import Here
from lsp.kit import here, snapshot_of

STYLE = ".driven/rules/style.md"
ERRORS = ".driven/rules/backend/errors.md"
FILES = {
    ERRORS: "---\ntags: [api, web]\ntargets: [cursor]\n---\n\n# Errors\n",
    STYLE: "---\ntags: [api]\n---\n# Style\n\nSee [e](backend/errors.md), `backend/errors`, [s](#style), @docs/x.md.\n",
    "CLAUDE.md": "Mine: [the rule](.driven/rules/backend/errors.md)\n\n@docs/x.md\n",
    ".cursor/rules/mine.mdc": "---\nalwaysApply: true\n---\n[e](mdc:.driven/rules/backend/errors.md)\n",
    "docs/x.md": "# X\n",
}  # fmt: skip


def told(asked: Here, declaration: bool = False) -> list[tuple[str, str]]:
    """(path, word) of each reference."""
    made = []
    for place in references(asked, declaration):
        document = asked.snapshot.document(place.path)
        assert document is not None
        made.append((place.path, document.text[place.start : place.end]))
    return made


def test_a_rule(tmp_path: Path) -> None:
    expected = [
        (".cursor/rules/mine.mdc", "mdc:.driven/rules/backend/errors.md"),
        (STYLE, "backend/errors.md"),
        (STYLE, "backend/errors"),
        ("CLAUDE.md", ".driven/rules/backend/errors.md"),
    ]
    asked = here(tmp_path / "a", FILES, STYLE, FILES[STYLE].replace("(backend/", "(back▮end/"))
    assert told(asked) == expected
    assert told(asked, True) == [(ERRORS, "Errors"), *expected]
    title = here(tmp_path / "b", FILES, ERRORS, FILES[ERRORS].replace("# Err", "# Er▮r"))
    assert told(title) == expected


def test_what_is_written_of_a_rule(tmp_path: Path) -> None:
    outputs = snapshot_of(tmp_path / "0", FILES).outputs
    written = {path: output.text for path, output in outputs.items() if output.whole}
    asked = here(tmp_path / "a", {**FILES, **written}, ERRORS, FILES[ERRORS].replace("# Err", "# Er▮r"))
    assert told(asked)[-1] == (".cursor/rules/backend-errors.mdc", "Errors")
    assert [path for path, _ in told(asked)] == [".cursor/rules/mine.mdc", STYLE, STYLE, "CLAUDE.md",
                                                 ".cursor/rules/backend-errors.mdc"]  # fmt: skip
    emitted = written[".cursor/rules/backend-errors.mdc"].replace("# Err", "# Er▮r")
    from_there = here(tmp_path / "b", {**FILES, **written}, ".cursor/rules/backend-errors.mdc", emitted)
    assert told(from_there) == told(asked)


def test_files_editors_and_tags(tmp_path: Path) -> None:
    asked = here(tmp_path / "a", FILES, "CLAUDE.md", FILES["CLAUDE.md"].replace("@docs", "@do▮cs"))
    assert told(asked) == [(STYLE, "docs/x.md"), ("CLAUDE.md", "docs/x.md")]
    assert told(asked, True)[0] == ("docs/x.md", "X")
    asked = here(tmp_path / "b", FILES, ERRORS, FILES[ERRORS].replace("cursor", "cur▮sor"))
    assert told(asked, True) == [(".driven/config.toml", "cursor"), (ERRORS, "cursor")]
    asked = here(tmp_path / "c", FILES, ERRORS, FILES[ERRORS].replace("api", "a▮pi"))
    assert told(asked) == [(ERRORS, "api"), (STYLE, "api")]
    assert told(here(tmp_path / "d", FILES, ERRORS, FILES[ERRORS] + "\nno▮thing\n")) == []


def test_highlight(tmp_path: Path) -> None:
    asked = here(tmp_path, FILES, STYLE, FILES[STYLE].replace("(backend/", "(back▮end/") + "`style` is this rule.\n")
    document = asked.snapshot.document(STYLE)
    assert document is not None
    assert [document.text[a:b] for a, b in highlight(asked)] == ["backend/errors.md", "backend/errors"]
    own = Here(snapshot=asked.snapshot, path=STYLE, offset=document.text.index("# Style") + 3)
    assert [document.text[a:b] for a, b in highlight(own)] == ["Style", "style"]
