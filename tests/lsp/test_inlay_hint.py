"""What is told behind globs, headings, conditions and editors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven_lsp.features.inlay_hint import hints
from driven_lsp.values import Here
from lsp.kit import snapshot_of
from lsp.mangled import PATHS, opened, texts

FILES = {"src/a.ts": "", "src/b.ts": "", "lib/c.ts": "", ".driven/rules/style.md": "# Style\n"}
API = ".driven/rules/api.md"


def marked(tmp_path: Path, path: str, text: str, start: int = 0, end: int | None = None, *, config: str = "") -> str:
    """The text with its hints in it, each in ‹›."""
    config = config or "[editors]\ncursor = true\n"
    snapshot = snapshot_of(tmp_path, {**FILES, path: text}, {path: text}, config=config)
    for hint in reversed(hints(Here(snapshot=snapshot, path=path), start, len(text) if end is None else end)):
        text = f"{text[: hint.offset]}‹{hint.label}›{text[hint.offset :]}"
    return text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("paths: src/*.ts", "paths: src/*.ts‹2 files›"),
        ("paths: ['src/*', \"**\"]", "paths: ['src/*'‹2 files›, \"**\"‹3 files›]"),
        ("paths:\n  - lib/** # all\n  - é/**", "paths:\n  - lib/**‹1 file› # all\n  - é/**‹0 files›"),
        ("paths: ['../x']", "paths: ['../x']"),
        ('when: lang("typescript")', 'when: lang("typescript")‹true here›'),
        ("when: files('*.rs') > 3", "when: files('*.rs') > 3‹false here: not emitted›"),
    ],
)
def test_front_matter(tmp_path: Path, before: str, after: str) -> None:
    assert marked(tmp_path, API, f"---\n{before}\n---\n# A\n") == f"---\n{after}\n---\n# A\n"


def test_headings_say_what_their_sections_cost(tmp_path: Path) -> None:
    long = "Use early returns in every function.\n" * 3
    text = f"# A\n\n{long}\n## B\n\n{long}\n### C\n\n{long}\n## D\n\nshort\n"
    found = marked(tmp_path, API, text)
    assert "# A‹~92 tokens›\n" in found
    assert "## B‹~60 tokens›\n" in found
    assert found.count("‹") == 2


def test_windows_line_ends_and_a_bom(tmp_path: Path) -> None:
    text = "\ufeff---\r\npaths: 'src/*'\r\n---\r\n# A\r\n" + "Use early returns.\r\n" * 8
    found = marked(tmp_path, API, text)
    assert "paths: 'src/*'‹2 files›\r\n" in found
    assert "# A‹~42 tokens›\r\n" in found


def test_an_editors_own_file(tmp_path: Path) -> None:
    text = "---\nglobs: src/*.ts,lib/**\n---\nText\n"
    assert marked(tmp_path, ".cursor/rules/x.mdc", text) == "---\nglobs: src/*.ts‹2 files›,lib/**‹1 file›\n---\nText\n"


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    text = "---\npaths:\n  - src/*\n  - lib/*\n---\n# A\n"
    found = marked(tmp_path, API, text, text.index("  - lib"), len(text))
    assert found == text.replace("lib/*", "lib/*‹1 file›")


def test_the_configuration(tmp_path: Path) -> None:
    text = "[editors]\ncursor = true # all\nclaude = false\nwindsurf = { dir = '.devin/rules' }\n"
    found = marked(tmp_path, ".driven/config.toml", text, config=text)
    assert found == (
        "[editors]\ncursor = true # all‹1 rule, 1 file›\nclaude = false\n"
        "windsurf = { dir = '.devin/rules' }‹1 rule, 1 file›\n"
    )


def test_a_tooltip_names_the_files(tmp_path: Path) -> None:
    text = "---\npaths: src/*.ts\n---\n# A\n"
    snapshot = snapshot_of(tmp_path, {**FILES, API: text})
    hint = hints(Here(snapshot=snapshot, path=API), 0, len(text))[0]
    assert "src/b.ts" in hint.tooltip


def test_a_tooltip_says_what_was_meant(tmp_path: Path) -> None:
    """Of a glob that matches nothing, as its finding has it; without one, that it matches nothing."""
    text = "---\npaths: [scr/*.ts, src/*.ts]\n---\n# A\n"
    snapshot = snapshot_of(tmp_path / "a", {**FILES, API: text})
    hint = hints(Here(snapshot=snapshot, path=API), 0, len(text))[0]
    assert hint.label == "0 files"
    assert "matches no file of the project; the rule's other globs do; there is no folder" in hint.tooltip
    assert "did you mean \\`src/\\*.ts\\`?" in hint.tooltip
    silent = '[editors]\ncursor = true\n[validate]\nignore = ["GEN05"]\n'
    snapshot = snapshot_of(tmp_path / "b", {**FILES, API: text}, config=silent)
    hint = hints(Here(snapshot=snapshot, path=API), 0, len(text))[0]
    assert hint.tooltip == "`scr/*.ts` matches **no file**"


def test_no_text_breaks_hints() -> None:
    with opened() as project:

        @settings(max_examples=150)
        @given(texts(), st.sampled_from(PATHS))
        def check(text: str, path: str) -> None:
            snapshot = project.snapshot(path, text)
            document = snapshot.document(path)
            assert document is not None
            found = hints(Here(snapshot=snapshot, path=path), 0, len(document.text))
            assert [hint.offset for hint in found] == sorted(hint.offset for hint in found)
            for hint in found:
                assert 0 <= hint.offset <= len(document.text)
                assert hint.label

        check()
