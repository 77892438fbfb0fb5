"""The words that can be followed."""

from __future__ import annotations

from pathlib import Path

from driven_lsp.features.document_link import links
from driven_lsp.values import Here
from lsp.kit import snapshot_of

FILES = {".driven/rules/backend/errors.md": "# Errors\n", "docs/x.md": "", "src/a.py": ""}


def told(tmp_path: Path, path: str, text: str) -> list[tuple[str, str]]:
    """(word, where it leads) of each link."""
    snapshot = snapshot_of(tmp_path, {**FILES, path: text}, {path: text})
    return [(text[link.start : link.end], link.path or link.url) for link in links(Here(snapshot=snapshot, path=path))]


def test_a_rule(tmp_path: Path) -> None:
    text = (
        "---\npaths: [src/a.py, src/**]\ntargets: [cursor]\n---\n# É\n\n"
        "[e](backend/errors.md#x) `backend/errors` @docs/x.md `src/a.py` `src/b.py` [gone](nope.md) [folder](src)\n"
        "[self](#é) https://k.l/x. <mailto:a@b.c> [j](javascript:x)\n"
    )
    assert told(tmp_path, ".driven/rules/style.md", text) == [
        ("src/a.py", "src/a.py"),
        ("backend/errors.md#x", ".driven/rules/backend/errors.md"),
        ("backend/errors", ".driven/rules/backend/errors.md"),
        ("docs/x.md", "docs/x.md"),
        ("src/a.py", "src/a.py"),
        ("https://k.l/x", "https://k.l/x"),
        ("mailto:a@b.c", "mailto:a@b.c"),
    ]


def test_tooltips(tmp_path: Path) -> None:
    text = "[e](.driven/rules/backend/errors.md) @docs/x.md\n"
    snapshot = snapshot_of(tmp_path, {**FILES, "CLAUDE.md": text})
    assert [link.tooltip for link in links(Here(snapshot=snapshot, path="CLAUDE.md"))] == [
        "rule backend/errors: Errors",
        "docs/x.md",
    ]


def test_settings(tmp_path: Path) -> None:
    assert told(tmp_path, ".aider.conf.yml", "read:\n  - docs/x.md\n  - gone.md\n") == [("docs/x.md", "docs/x.md")]
    assert told(tmp_path, ".driven/config.toml", "[editors]\ncursor = true\n") == []
