"""Links, imports, ids and globs follow a file or folder that is renamed."""

from __future__ import annotations

from pathlib import Path

from driven_lsp.features.will_rename_files import edits
from lsp.kit import snapshot_of

STYLE = ".driven/rules/style.md"
ERRORS = ".driven/rules/backend/errors.md"
FILES = {
    ERRORS: "---\npaths: [\"src/**/*.py\", src/api/a.py]\n---\n\n# Errors\n\n[s](../style.md) `src/api/a.py:12`\n",
    STYLE: "# Style\n\n[e](backend/errors.md) `backend/errors` [x](../../docs/x.md#y) é @docs/x.md\n",
    "CLAUDE.md": "@docs/x.md\n[e](.driven/rules/backend/errors.md) [self](CLAUDE.md)\n",
    ".cursor/rules/mine.mdc": "---\nglobs: src/**,docs/*.md\n---\n[x](mdc:docs/x.md)\n",
    ".cursor/rules/style.mdc": "---\nalwaysApply: true\n---\n\n[x](docs/x.md)\n",
    ".aider.conf.yml": "read: [docs/x.md]\n",
    "docs/x.md": "# X\n",
    "src/api/a.py": "",
}  # fmt: skip


def after(tmp_path: Path, *renames: tuple[str, str]) -> dict[str, str]:
    """The lines that changed, by the old path of their file."""
    snapshot = snapshot_of(tmp_path, FILES)
    made = edits(snapshot, renames)
    assert not made.renames
    texts: dict[str, str] = {}
    for edit in sorted(made.edits, key=lambda edit: -edit.place.start):
        path = edit.place.path
        text = texts.get(path, FILES[path])
        texts[path] = text[: edit.place.start] + edit.text + text[edit.place.end :]
    return {
        path: "\n".join(line for line in text.split("\n") if line not in FILES[path].split("\n"))
        for path, text in texts.items()
    }


def test_a_file(tmp_path: Path) -> None:
    assert after(tmp_path, ("docs/x.md", "manual/y z.md")) == {
        STYLE: "[e](backend/errors.md) `backend/errors` [x](../../manual/y%20z.md#y) é @manual/y\\ z.md",
        "CLAUDE.md": "@manual/y\\ z.md",
        ".cursor/rules/mine.mdc": "[x](mdc:manual/y%20z.md)",
        ".aider.conf.yml": "read: [manual/y z.md]",
    }


def test_a_folder_and_its_globs(tmp_path: Path) -> None:
    assert after(tmp_path, ("src", "lib"), ("docs", "docs")) == {
        ERRORS: 'paths: ["lib/**/*.py", lib/api/a.py]\n[s](../style.md) `lib/api/a.py:12`',
        ".cursor/rules/mine.mdc": "globs: lib/**,docs/*.md",
    }


def test_a_rule(tmp_path: Path) -> None:
    assert after(tmp_path, (ERRORS, ".driven/rules/failures.md")) == {
        ERRORS: "[s](style.md) `src/api/a.py:12`",
        STYLE: "[e](failures.md) `failures` [x](../../docs/x.md#y) é @docs/x.md",
        "CLAUDE.md": "[e](.driven/rules/failures.md) [self](CLAUDE.md)",
    }


def test_a_folder_of_rules(tmp_path: Path) -> None:
    assert after(tmp_path, (".driven/rules/backend", ".driven/rules/web/core")) == {
        ERRORS: "[s](../../style.md) `src/api/a.py:12`",
        STYLE: "[e](web/core/errors.md) `web/core/errors` [x](../../docs/x.md#y) é @docs/x.md",
        "CLAUDE.md": "[e](.driven/rules/web/core/errors.md) [self](CLAUDE.md)",
    }


def test_a_file_that_links_moves(tmp_path: Path) -> None:
    assert after(tmp_path, ("CLAUDE.md", "web/CLAUDE.md")) == {
        "CLAUDE.md": "@../docs/x.md\n[e](../.driven/rules/backend/errors.md) [self](CLAUDE.md)"
    }


def test_a_file_that_is_another_one_by_a_link_is_edited_once(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").symlink_to("CLAUDE.md")
    assert after(tmp_path, ("docs/x.md", "docs/y.md"))["CLAUDE.md"] == "@docs/y.md"
    assert "AGENTS.md" not in after(tmp_path, ("docs/x.md", "docs/y.md"))


def test_nothing(tmp_path: Path) -> None:
    assert after(tmp_path, ("src/api/a.py", "src/api/a.py"), ("nope", "other"), ("", "x")) == {}
