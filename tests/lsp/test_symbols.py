"""The outline of a document, and the symbols of the whole project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from driven_lsp.features.document_symbol import symbols
from driven_lsp.features.workspace_symbol import find
from driven_lsp.values import Here, Symbol
from lsp.kit import snapshot_of

STYLE = ".driven/rules/style.md"
ERRORS = ".driven/rules/backend/errors.md"
FILES = {
    ERRORS: "---\ndescription: How to fail\npaths: [src/**]\n---\n# Errors\n\n## Log é\n\n### Levels ###\n\n## Raise\n",
    STYLE: "# Style\n\nShort.\n",
    "CLAUDE.md": "# Mine\n\nText\n\nSetext\n------\n",
    ".cursor/rules/old.mdc": "---\nalwaysApply: true\n---\nOld\n",
}


def outline(tmp_path: Path, path: str, text: str, config: str = "") -> list[object]:
    """[name, kind, detail, [children]] of each symbol; checks that they lie in each other and in the text."""
    snapshot = snapshot_of(tmp_path, {**FILES, path: text}, {path: text})
    return shown(symbols(Here(snapshot=snapshot, path=path)), 0, len(text))


def shown(found: Sequence[Symbol], least: int, most: int) -> list[object]:
    made: list[object] = []
    for one in found:
        assert least <= one.start <= one.name_start <= one.name_end <= one.end <= most, one
        assert one.name
        made.append([one.name, one.kind, one.detail, shown(one.children, one.start, one.end)])
        least = one.end
    return made


def test_a_rule(tmp_path: Path) -> None:
    assert outline(tmp_path, ERRORS, FILES[ERRORS]) == [
        ["front matter", "list", "", [
            ["description", "key", "How to fail", []],
            ["paths", "key", "[src/**]", []],
        ]],
        ["Errors", "heading", "", [
            ["Log é", "heading", "", [["Levels", "heading", "", []]]],
            ["Raise", "heading", "", []],
        ]],
    ]  # fmt: skip


def test_other_forms(tmp_path: Path) -> None:
    assert outline(tmp_path, "CLAUDE.md", FILES["CLAUDE.md"]) == [
        ["Mine", "heading", "", [["Setext", "heading", "", []]]]
    ]
    assert outline(tmp_path, STYLE, "---\npaths: [x\n\n# Half\n") == [
        ["front matter", "list", "", [["paths", "key", "[x", []]]],
        ["Half", "heading", "", []],
    ]
    assert outline(tmp_path, STYLE, "\ufeff---\r\napply: always\r\n---\r\n#\r\n### Deep\r\n# Top\r\n") == [
        ["front matter", "list", "", [["apply", "key", "always", []]]],
        ["…", "heading", "", [["Deep", "heading", "", []]]],
        ["Top", "heading", "", []],
    ]
    assert outline(tmp_path, STYLE, "") == []
    assert outline(tmp_path, STYLE, "---") == [["front matter", "list", "", []]]


def test_settings(tmp_path: Path) -> None:
    text = (
        'version = 1\n\n[editors]\ncursor = true\n"x" = { dir = "a" }\n\n[editors.claude]\n\n[sync]\nmode = "two-way"\n'
    )
    assert outline(tmp_path, ".driven/config.toml", text) == [
        ["version", "key", "1", []],
        ["editors", "list", "", [["cursor", "editor", "true", []], ["x", "editor", '{ dir = "a" }', []]]],
        ["editors.claude", "editor", "", []],
        ["sync", "list", "", [["mode", "key", '"two-way"', []]]],
    ]
    assert outline(tmp_path, ".aider.conf.yml", "model: x\nread:\n  - a.md\n  - b.md\n") == [
        ["model", "key", "x", []],
        ["read", "key", "", [["a.md", "file", "", []], ["b.md", "file", "", []]]],
    ]


def test_rules_in_a_shared_file(tmp_path: Path) -> None:
    plain = snapshot_of(tmp_path / "0", FILES)
    body = plain.outputs["CONVENTIONS.md"].text
    text = f"# Mine\n\n<!-- driven:begin aider — x -->\n{body}<!-- driven:end aider -->\n"
    kinds = [(one.name, one.kind, one.detail) for one in flat(tmp_path / "a", text)]
    assert ("Style", "rule", "rule style") in kinds
    assert ("Mine", "heading", "") in kinds


def flat(tmp_path: Path, text: str) -> list[Symbol]:
    snapshot = snapshot_of(tmp_path, {**FILES, "CONVENTIONS.md": text})
    todo = symbols(Here(snapshot=snapshot, path="CONVENTIONS.md"))
    done = []
    while todo:
        one = todo.pop()
        done.append(one)
        todo += one.children
    return done


def test_of_the_project(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {**FILES, ".cursor/rules/style.mdc": "---\nalwaysApply: true\n---\n\n# Style\n"})

    def names(query: str) -> list[tuple[str, str, str]]:
        return [(one.name, one.kind, one.container) for one in find(snapshot, query)]

    assert names("")[:4] == [
        ("backend/errors", "rule", "Errors"),
        ("style", "rule", "Style"),
        (".cursor/rules/old.mdc", "file", "cursor"),
        ("CLAUDE.md", "file", "claude"),
    ]
    assert names("style")[:2] == [("style", "rule", "Style"), ("Style", "heading", "style")]
    assert names("b e")[0] == ("backend/errors", "rule", "Errors")
    assert names("lvl") == [("Levels", "heading", "backend/errors")]
    assert names("LOG É") == [("Log é", "heading", "backend/errors")]
    assert ("Cursor", "editor", ".driven/config.toml") in names("cursor")
    assert names("zzz") == []
    (found,) = find(snapshot, "setext")
    assert FILES["CLAUDE.md"][found.place.start : found.place.end] == "Setext"


def test_at_most_two_hundred(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {STYLE: "".join(f"## Part {number}\n\n" for number in range(500))})
    assert len(find(snapshot, "part")) == 200
