"""What tests of the features share: a snapshot of files that are given as text, and a cursor in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from driven.validation.live import Live
from driven_lsp.files import FileIndex
from driven_lsp.snapshot import Snapshot
from driven_lsp.values import Here

CURSOR = "▮"
CONFIG = """\
[editors]
agents = true
aider = true
claude = true
cline = true
copilot = true
cursor = true
windsurf = true
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    """Make these files below `root`."""
    for path, text in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(text.encode())


def snapshot_of(
    root: Path, files: Mapping[str, str], edited: Mapping[str, str] | None = None, *, config: str = CONFIG
) -> Snapshot:
    """The snapshot of a project that holds these `files` (paths -> text, `.driven/rules/style.md`), with `edited` open
    in an editor. With a config of "" and no `.driven/` file it is a folder without a project."""
    write(root, {".driven/config.toml": config, **files} if config else files)
    live = Live(str(root))
    opened = {path: text.encode() for path, text in (edited or {}).items()}
    view = live.refresh({})
    touched = {path: live.touch(view, path, data) for path, data in opened.items()}
    return Snapshot(view, FileIndex(str(root)), touched=touched)


def here(root: Path, files: Mapping[str, str], path: str, text: str, *, config: str = CONFIG) -> Here:
    """The cursor (`▮`) in the `text` of the open file `path`; of two cursors, the second ends a selection. The file
    stands on the disk as well, without the cursors."""
    plain = text.replace(CURSOR, "")
    start = text.index(CURSOR)
    end = text.find(CURSOR, start + 1)
    snapshot = snapshot_of(root, {**files, path: plain}, {path: plain}, config=config)
    return Here(snapshot=snapshot, path=path, offset=start, end=end - 1 if end >= 0 else start)
