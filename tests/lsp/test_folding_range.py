"""What can be folded."""

from __future__ import annotations

from pathlib import Path

from driven_lsp.features.folding_range import folds
from driven_lsp.values import Here
from lsp.kit import snapshot_of

RULE = """\
---
paths:
  - src/**
  - lib/**
apply: paths
---

# One

Text.

## Two

```py
x

y
```

<!-- a
b -->

## Three

@docs/a.md
@docs/b.md

End.

# Four
"""


def lines(tmp_path: Path, path: str, text: str) -> list[tuple[int, int, str]]:
    """(first line, last line, kind) of each fold, lines from 1."""
    snapshot = snapshot_of(tmp_path, {path: text}, {path: text})
    document = snapshot.document(path)
    assert document is not None
    return [
        (document.line_of(fold.start), document.line_of(fold.end), fold.kind)
        for fold in folds(Here(snapshot=snapshot, path=path))
    ]


def test_a_rule(tmp_path: Path) -> None:
    expected = [
        (1, 6, "region"), (2, 4, "region"), (8, 27, "region"), (12, 21, "region"), (14, 18, "region"),
        (20, 21, "comment"), (23, 27, "region"), (25, 26, "imports"),
    ]  # fmt: skip
    expected = [one for one in expected if one != (8, 27, "region") and one != (23, 27, "region")]
    found = lines(tmp_path, ".driven/rules/style.md", RULE)
    assert [one for one in found if one in expected] == expected
    assert [one for one in found if one not in expected] == [(8, 28, "region"), (23, 28, "region")]
    crlf = lines(tmp_path / "crlf", ".driven/rules/style.md", "\ufeff" + RULE.replace("\n", "\r\n"))
    assert crlf == found


def test_sections_and_settings(tmp_path: Path) -> None:
    text = "Mine\n\n<!-- driven:begin claude — x -->\na\n<!-- driven:end claude -->\n"
    assert lines(tmp_path / "a", "CLAUDE.md", text) == [(3, 5, "region")]
    text = "version = 1\n\n[editors]\ncursor = true\n\n[sync]\nmode = 'one-way'\nalways = 'native'\n"
    assert lines(tmp_path / "b", ".driven/config.toml", text) == [(3, 4, "region"), (6, 8, "region")]
    assert lines(tmp_path / "c", ".aider.conf.yml", "model: x\nread:\n  - a.md\n  - b.md\n") == [(2, 4, "region")]


def test_half_typed(tmp_path: Path) -> None:
    assert lines(tmp_path / "a", ".driven/rules/style.md", "---\npaths:\n  - a\n\n# X\n\ny\n") == [
        (2, 3, "region"), (5, 7, "region"),
    ]  # fmt: skip
    assert lines(tmp_path / "b", ".driven/rules/style.md", "") == []
    assert lines(tmp_path / "c", ".driven/rules/style.md", "```\nx\ny") == [(1, 3, "region")]
