"""Texts as they are while somebody types: rule files with parts cut out, put elsewhere or begun anew; a project in
which they are opened one after another; and files as a sync writes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from driven.format.sections import put_section
from driven.model.artefact import Section
from driven.model.plan import Conflict
from driven.validation.live import Live
from driven_lsp.files import FileIndex
from driven_lsp.snapshot import Snapshot
from lsp.kit import CONFIG, write

RULE = """\
---
description: "How the API is written: briefly"
apply: paths # why
paths:
  - "src/**/*.{ts,py}"
  - '*.md'
kind: standard
targets: [-cline, cursor]
tags: [api, web]
when: lang("python") and files("**/*.ts") > 0
priority: 20
extra:
  cursor:
    foo: [a, b]
---

# API

See [style](style.md), `style`, the rule `web/forms` and @docs/a.md. <!-- driven-ignore CUR03, GEN -->

## Errors é😀

```py
x = 1
```
"""
FILES = {
    ".driven/rules/style.md": "# Style\n\nBe brief.\n",
    ".driven/rules/web/forms.md": "---\napply: manual\n---\n# Forms\n",
    ".driven/rules/api.md": RULE, "src/a.ts": "", "src/b/c.py": "", "docs/a.md": "# A\n", "README.md": "# R\n",
}  # fmt: skip
PATHS = (
    ".driven/rules/api.md", ".driven/config.toml", ".cursor/rules/api.mdc", "AGENTS.md", ".aider.conf.yml",
    "web/.windsurf/rules/x.md", ".github/instructions/x.instructions.md", ".vscode/mcp.json",
)  # fmt: skip
PIECES = (
    "---\n", "---", "\r\n", "\r", "\n", "\ufeff", '"', "'", "[", "]", "{", "}", ": ", "- ", "# ", "\t", "\0", "é", "😀",
    "\u2028", "paths:", "globs: *.ts,{a", "when: files(", "targets: [", "<!-- driven:begin agents -->\n",
    "<!-- driven-ignore", "`", "](", "@", "extra:\n  cursor:\n", "[editors]\n", "cursor = {", 'ignore = ["CUR',
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn, source: str = RULE + CONFIG) -> str:
    """A rule with some cuts and insertions."""
    text = draw(st.sampled_from((source, RULE, CONFIG, RULE.replace("\n", "\r\n"), "")))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 40))
        text = text[:at] + draw(st.sampled_from(("", *PIECES))) + text[at + gone :]
    return text


def emitted(snapshot: Snapshot, path: str, before: bytes = b"") -> None:
    """Write what a sync would write at a path, below `before` where the file is a person's too."""
    output = snapshot.outputs[path]
    data = output.text.encode()
    if not output.whole:
        assert snapshot.view.emitted is not None
        owned = next(one.artefact.ownership for one in snapshot.view.emitted.pieces if one.artefact.path == path)
        assert isinstance(owned, Section)
        data = put_section(before, owned.marker, data)
    write(Path(snapshot.root), {path: data.decode()})


def conflict(path: str) -> Conflict:
    """A conflict of a file of Cursor's."""
    return Conflict(
        path=path, drift="edited", before=b"a", after=b"b", message="both sides changed", hint="decide",
        editors=("cursor",), rule_ids=("style",),
    )  # fmt: skip


class Opened:
    """A project in which one file is open at a time."""

    def __init__(self, root: Path) -> None:
        write(root, {".driven/config.toml": CONFIG, **FILES})
        self.live = Live(str(root))
        self.files = FileIndex(str(root))
        self.view = self.live.refresh({})

    def snapshot(self, path: str, text: str) -> Snapshot:
        """The project with `text` in the open file `path`."""
        touched = self.live.touch(self.view, path, text.encode("utf-8", "surrogatepass"))
        return Snapshot(self.view, self.files, touched={path: touched})


@contextmanager
def opened() -> Iterator[Opened]:
    """A project for the examples of one test."""
    with TemporaryDirectory() as folder:
        yield Opened(Path(folder))
