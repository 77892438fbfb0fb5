"""Which words have a colour of their own."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from driven_lsp.features.semantic_tokens import tokens
from driven_lsp.values import Here
from lsp.kit import snapshot_of
from lsp.mangled import PATHS, opened, texts

FILES = {"src/a.ts": "", ".driven/rules/style.md": "# Style\n", "docs/a.md": "# A\n"}
API = ".driven/rules/api.md"


def words(tmp_path: Path, path: str, text: str) -> list[tuple[str, str]]:
    """(text, kind) of each token."""
    snapshot = snapshot_of(tmp_path, {**FILES, path: text}, {path: text})
    document = snapshot.document(path)
    assert document is not None
    return [(document.text[one.start : one.end], one.kind) for one in tokens(Here(snapshot=snapshot, path=path))]


def test_a_rule(tmp_path: Path) -> None:
    text = """\
---
# about it
description: "Issue #3: read it" # why
apply: paths
paths: [ 'src/**', "é/*.{a,b}" ]
targets: [-cursor, claude]
priority: 20 # early
when: lang("python") and files('**/*.ts') > 0
extra:
  cursor:
    name: x
---
# A

See [it](style.md), the rule `style`, [page](../../docs/a.md). <!-- driven-ignore GEN05: why -->
"""
    assert words(tmp_path, API, text) == [
        ("# about it", "comment"),
        ("description", "key"),
        ("# why", "comment"),
        ("apply", "key"),
        ("paths", "value"),
        ("paths", "key"),
        ("src/**", "glob"),
        ("é/*.{a,b}", "glob"),
        ("targets", "key"),
        ("cursor", "editor"),
        ("claude", "editor"),
        ("priority", "key"),
        ("20", "value"),
        ("# early", "comment"),
        ("when", "key"),
        ("lang", "function"),
        ("python", "value"),
        ("files", "function"),
        ("**/*.ts", "glob"),
        ("extra", "key"),
        ("cursor", "editor"),
        ("name", "key"),
        ("x", "value"),
        ("style.md", "rule"),
        ("style", "rule"),
        ("<!-- driven-ignore GEN05: why -->", "comment"),
    ]


def test_the_configuration(tmp_path: Path) -> None:
    text = """\
version = 1
[editors] # those
cursor = true
windsurf = { dir = ".devin/rules" }
[validate.per_path_ignores]
"docs/**" = ["GEN05"]
"""
    assert words(tmp_path, ".driven/config.toml", text) == [
        ("version", "key"),
        ("1", "value"),
        ("editors", "key"),
        ("# those", "comment"),
        ("cursor", "editor"),
        ("true", "value"),
        ("windsurf", "editor"),
        ("dir", "key"),
        (".devin/rules", "value"),
        ("validate", "key"),
        ("per_path_ignores", "key"),
        ("docs/**", "glob"),
        ("GEN05", "value"),
    ]


def test_an_editors_own_file(tmp_path: Path) -> None:
    text = "---\nglobs: src/**,lib/*.ts\nalwaysApply: false\n---\nText\n"
    assert words(tmp_path, ".cursor/rules/x.mdc", text) == [
        ("globs", "key"), ("src/**", "glob"), ("lib/*.ts", "glob"), ("alwaysApply", "key"), ("false", "value"),
    ]  # fmt: skip
    text = "See @docs/a.md.\n\n<!-- driven:begin claude -->\nx\n<!-- driven:end claude -->\n"
    assert words(tmp_path, "CLAUDE.md", text) == [
        ("docs/a.md", "import"), ("<!-- driven:begin claude -->", "comment"), ("<!-- driven:end claude -->", "comment"),
    ]  # fmt: skip


def test_front_matter_that_is_not_closed(tmp_path: Path) -> None:
    found = words(tmp_path, API, "---\napply: paths\npaths: ['src/**', \"lib\n")
    assert found == [
        ("apply", "key"), ("paths", "value"), ("paths", "key"), ("src/**", "glob"), ("lib", "glob"),
    ]  # fmt: skip


def test_windows_line_ends_and_a_bom(tmp_path: Path) -> None:
    found = words(tmp_path, API, "\ufeff---\r\npaths:\r\n  - src/**\r\napply: paths # x\r\n---\r\n[a](style.md)\r\n")
    assert found == [
        ("paths", "key"), ("src/**", "glob"), ("apply", "key"), ("paths", "value"), ("# x", "comment"),
        ("style.md", "rule"),
    ]  # fmt: skip


def test_no_text_breaks_tokens() -> None:
    with opened() as project:

        @settings(max_examples=250)
        @given(texts(), st.sampled_from(PATHS))
        def check(text: str, path: str) -> None:
            snapshot = project.snapshot(path, text)
            document = snapshot.document(path)
            assert document is not None
            last = 0
            for one in tokens(Here(snapshot=snapshot, path=path)):
                assert last <= one.start < one.end <= len(document.text)
                assert not {"\n", "\r"} & set(document.text[one.start : one.end])
                last = one.end

        check()
