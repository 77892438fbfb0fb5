"""What documents name, and where it leads."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from driven.validation.live import Live
from driven_lsp.files import FileIndex
from driven_lsp.marks import items_in
from driven_lsp.mentions import Mention, mentions_of
from driven_lsp.paths import rewritten
from driven_lsp.snapshot import Snapshot
from lsp.kit import snapshot_of, write

STYLE = ".driven/rules/style.md"
ERRORS = ".driven/rules/backend/errors.md"
FILES = {
    STYLE: "# Style\n",
    ERRORS: "# Errors\n",
    "src/a.py": "",
    "docs/x.md": "# X\n",
    "docs/a b.md": "",
}


def found(tmp_path: Path, path: str, text: str, **more: str) -> list[tuple[str, str, str, str, bool]]:
    """(word, kind, path, rule, is there) of each mention of a document."""
    snapshot = snapshot_of(tmp_path, {**FILES, **more, path: text}, {path: text})
    document = snapshot.document(path)
    assert document is not None
    made = mentions_of(snapshot, document)
    assert made is mentions_of(snapshot, document), "kept"
    return [(text[m.start : m.end], m.kind, m.path, m.rule_id, m.exists) for m in made]


def test_links(tmp_path: Path) -> None:
    text = (
        "é [e](backend/errors.md#part) ![i](img.png) [m](mdc:src/a.py) [k](https://k.l/x) <https://x.y>\n"
        "[n](nope/x.md) [root](docs/x.md) [up](../../docs/x.md:3) [word](url) [t]({path}.md) [out](../../../../a.md)\n"
        "[short](backend/errors) [blank](docs/a%20b.md) [self](#style)\n\n[def]: style.md\n"
    )
    assert found(tmp_path, STYLE, text) == [
        ("backend/errors.md#part", "link", ERRORS, "backend/errors", True),
        ("img.png", "link", ".driven/rules/img.png", "", False),
        ("mdc:src/a.py", "link", "src/a.py", "", True),
        ("https://k.l/x", "url", "", "", True),
        ("https://x.y", "url", "", "", True),
        ("nope/x.md", "link", ".driven/rules/nope/x.md", "nope/x", False),
        ("docs/x.md", "link", "docs/x.md", "", True),
        ("../../docs/x.md:3", "link", "docs/x.md", "", True),
        ("backend/errors", "link", ERRORS, "backend/errors", True),
        ("docs/a%20b.md", "link", "docs/a b.md", "", True),
        ("#style", "link", STYLE, "", True),
        ("style.md", "link", STYLE, "style", True),
    ]


def test_imports(tmp_path: Path) -> None:
    text = "See @docs/x.md, @docs/a\\ b.md and @nope.md. Not @team/pkg, me@docs/x.md, `@docs/x.md` or @src.\n"
    assert found(tmp_path, STYLE, text) == [
        ("docs/x.md", "import", "docs/x.md", "", True),
        ("docs/a\\ b.md", "import", "docs/a b.md", "", True),
        ("nope.md", "import", ".driven/rules/nope.md", "nope", False),
    ]


def test_an_import_of_claude_counts_from_its_file(tmp_path: Path) -> None:
    assert found(tmp_path, "web/CLAUDE.md", "@docs/x.md\n@../docs/x.md\n") == [
        ("docs/x.md", "import", "web/docs/x.md", "", False),
        ("../docs/x.md", "import", "docs/x.md", "", True),
    ]


def test_code_spans(tmp_path: Path) -> None:
    text = (
        "`src/a.py:12`, ``backend/errors``, `src`, `src/b.py`, `.driven/rules/no.md`, `a b`, `x.y`.\n\n"
        "The `style` attribute.\n\nThe `style` rule, or see `style`.\n\nThe rule `backend/erors`. `backend/erors`\n"
    )
    assert found(tmp_path, STYLE, text) == [
        ("src/a.py", "path", "src/a.py", "", True),
        ("backend/errors", "rule", ERRORS, "backend/errors", True),
        (".driven/rules/no.md", "path", ".driven/rules/no.md", "no", False),
        ("style", "rule", STYLE, "style", True),
        ("style", "rule", STYLE, "style", True),
        ("backend/erors", "rule", ".driven/rules/backend/erors.md", "backend/erors", False),
    ]


def test_front_matter_of_a_rule(tmp_path: Path) -> None:
    text = (
        '---\npaths:\n  - "src/{a,b}/**"  # why\n  - src/a.py\n  - \'*.ts\'\ntargets: [cursor, -claude, "!nope"]\n'
        'extra:\n  cursor:\n    $path: .cursor/rules/s.mdc\n---\n\n# Style\n'
    )  # fmt: skip
    assert found(tmp_path, STYLE, text) == [
        ("src/{a,b}/**", "glob", "", "", True),
        ("src/a.py", "glob", "src/a.py", "", True),
        ("*.ts", "glob", "", "", True),
        ("cursor", "target", ".driven/config.toml", "", True),
        ("claude", "target", ".driven/config.toml", "", True),
        ("nope", "target", ".driven/config.toml", "", False),
        (".cursor/rules/s.mdc", "path", ".cursor/rules/s.mdc", "", False),
    ]


def test_front_matter_that_is_half_typed(tmp_path: Path) -> None:
    open_front = '---\npaths: ["src/**", \ntargets: [cur\n\n# Style\n\n[e](backend/errors.md)\n'
    assert found(tmp_path, STYLE, open_front) == [
        ("src/**", "glob", "", "", True),
        ("cur", "target", ".driven/config.toml", "", False),
        ("backend/errors.md", "link", ERRORS, "backend/errors", True),
    ]
    assert found(tmp_path, STYLE, "---\npaths: [a/**, b/**\n: x\n\tkind\n---\nBody\n")[:2] == [
        ("a/**", "glob", "", "", True), ("b/**", "glob", "", "", True),
    ]  # fmt: skip


def test_files_of_editors(tmp_path: Path) -> None:
    assert found(tmp_path, ".cursor/rules/o.mdc", "---\nglobs: *.ts,src/{a,b}/**\nalwaysApply: false\n---\nHi\n") == [
        ("*.ts", "glob", "", "", True),
        ("src/{a,b}/**", "glob", "", "", True),
    ]
    text = '---\napplyTo: "**/*.ts, src/a.py"\n---\n'
    assert found(tmp_path, ".github/instructions/o.instructions.md", text) == [
        ("**/*.ts", "glob", "", "", True),
        ("src/a.py", "glob", "src/a.py", "", True),
    ]
    assert found(tmp_path, ".aider.conf.yml", "model: x\nread:\n  - docs/x.md # y\n  - 'CONV.md'\n") == [
        ("docs/x.md", "path", "docs/x.md", "", True),
        ("CONV.md", "path", "CONV.md", "", False),
    ]
    text = "# Mine\n\n<!-- driven:begin agents — x -->\n<!-- driven:end agents -->\n"
    assert found(tmp_path, "AGENTS.md", text) == [("agents", "marker", ".driven/config.toml", "", True)] * 2
    assert found(
        tmp_path, ".clinerules/s.md", "<!-- Generated by driven from .driven/rules/style.md; edits. -->\n"
    ) == [(STYLE, "path", STYLE, "style", True)]


def test_configuration(tmp_path: Path) -> None:
    text = (
        'version = 1\n[editors]\ncursor = true # x\nwindsurf = { dir = ".devin/rules" }\n[editors.claude]\n'
        '[validate.per_path_ignores]\n"docs/**" = ["GEN08"]\n'
    )
    snapshot = snapshot_of(tmp_path, FILES, config=text)
    document = snapshot.document(".driven/config.toml")
    assert document is not None
    assert [(text[m.start : m.end], m.kind, m.path) for m in mentions_of(snapshot, document)] == [
        ("cursor", "target", ".driven/config.toml"),
        ("windsurf", "target", ".driven/config.toml"),
        (".devin/rules", "path", ".devin/rules"),
        ("claude", "target", ".driven/config.toml"),
        ("docs/**", "glob", ""),
    ]


def test_snapshots_share_what_they_found_until_files_come_or_go(tmp_path: Path) -> None:
    files = {**FILES, "CLAUDE.md": "[a](.github/b.txt) @docs/x.md `c.d`\n"}
    live = Live(str(tmp_path))
    index = FileIndex(str(tmp_path))
    write(tmp_path, {".driven/config.toml": "", **files})

    def asked() -> list[tuple[str, bool]]:
        snapshot = Snapshot(live.refresh({}), index)
        document = snapshot.document("CLAUDE.md")
        assert document is not None
        made = mentions_of(snapshot, document)
        again = Snapshot(snapshot.view, index)
        assert mentions_of(again, document) is made
        return [(mention.path, mention.exists) for mention in made]

    assert asked() == [(".github/b.txt", False), ("docs/x.md", True)]
    write(tmp_path, {".github/b.txt": "x"})  # no list holds it
    assert asked() == [(".github/b.txt", True), ("docs/x.md", True)]
    (tmp_path / "docs/x.md").rename(tmp_path / "docs/y.md")
    index.changed()
    index.files()
    index._list_again()
    assert asked() == [(".github/b.txt", True), ("docs/x.md", False)]


def test_without_a_project(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {"CLAUDE.md": "@docs/x.md\n", "docs/x.md": ""}, config="")
    document = snapshot.document("CLAUDE.md")
    assert document is not None
    assert mentions_of(snapshot, document) == [Mention(start=1, end=10, kind="import", path="docs/x.md")]


def test_bom_and_crlf(tmp_path: Path) -> None:
    text = "\ufeff---\r\npaths:\r\n  - src/é/**\r\n---\r\n\r\nÉ [e](backend/errors.md)\r\n`src/a.py`\r\n"
    assert [one[:2] for one in found(tmp_path, STYLE, text)] == [
        ("src/é/**", "glob"), ("backend/errors.md", "link"), ("src/a.py", "path"),
    ]  # fmt: skip


def test_rewritten(tmp_path: Path) -> None:
    cases = [  # path, text, word's new target, the document's new folder -> what is written
        (STYLE, "[e](backend/errors.md#x)", ".driven/rules/core/e.md", None, "core/e.md#x"),
        (STYLE, "[e](./backend/errors.md)", ".driven/rules/e.md", None, "./e.md"),
        (STYLE, "[e](backend/errors)", ".driven/rules/e.md", None, "e"),
        (STYLE, "[e](mdc:src/a.py)", "src/b.py", None, "mdc:src/b.py"),
        (STYLE, "[e](/src/a.py)", "lib/b.py", None, "/lib/b.py"),
        (STYLE, "[e](src/a.py)", "lib/b.py", None, "lib/b.py"),
        (STYLE, "[e](docs/x.md)", "docs/a (b).md", None, "docs/a%20%28b%29.md"),
        (STYLE, "[e](<docs/x.md>)", "docs/a b.md", None, "docs/a b.md"),
        (STYLE, "@docs/x.md", "docs/a b.md", None, "docs/a\\ b.md"),
        (STYLE, "`backend/errors`", ".driven/rules/e.md", None, "e"),
        (STYLE, "[e](backend/errors.md)", ERRORS, ".driven/rules/web", "../backend/errors.md"),
        (STYLE, "[e](backend/errors.md)", ERRORS, ".driven/rules/backend", "errors.md"),
        (STYLE, "[e](src/a.py)", "src/a.py", ".driven/rules/web", "src/a.py"),
        (ERRORS, "[s](style.md)", STYLE, ".driven/rules", "style.md"),
        ("CLAUDE.md", "@docs/x.md", "docs/x.md", "docs", "x.md"),
        ("docs/CLAUDE.md", "@x.md", "docs/x.md", "", "docs/x.md"),
        (".aider.conf.yml", "read: docs/x.md", "docs/y.md", None, "docs/y.md"),
    ]
    for number, (path, text, new, folder, expected) in enumerate(cases):
        snapshot = snapshot_of(tmp_path / str(number), {**FILES, path: text})
        document = snapshot.document(path)
        assert document is not None
        (mention,) = mentions_of(snapshot, document)
        assert rewritten(document, mention, new, folder) == expected, text


@settings(max_examples=200)
@given(st.text(alphabet="ab,-[]{}\"'# \n:\r\té", max_size=60))
def test_items_stay_inside(text: str) -> None:
    last = 0
    for start, end, word in items_in(text, 0, len(text)):
        assert last <= start < end <= len(text)
        assert text[start:end] == word
        last = end
