"""Caches: how much each holds, its files, what was freed, what was warmed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.render_findings import show_findings
from driven.cli.render_snapshots import ago
from driven.cli.text import count, number, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.fusion.cache_files import Freed, Stored
    from driven.fusion.caches import Content
    from driven.model.diagnostic import Diagnostic

NOWHERE = "there is no folder for caches: neither XDG_CACHE_HOME nor HOME says where"
_SECOND = 1_000_000_000  # nanoseconds
_GOES = ("Holds", "Oldest", "At most", "Newest")  # in this order, where a terminal is narrow
_NUMBERS = ("Files", "Size", "At most")
_HOLDS = 16  # columns that what a cache holds needs to be read
_SHORT = 16  # characters of a digest that a person is shown


def show_status(out: Output, found: Sequence[Content], top: str) -> None:
    """A row for each cache; below them what is wrong with a folder."""
    if not top:
        out.line(NOWHERE)
        return
    now = time.time()
    rows: list[list[list[Piece] | Piece]] = []
    for one in found:
        times = [file.used // _SECOND for file in one.files]
        rows.append([
            (one.cache.name, "bold"),
            number(len(one.files)),
            size(one.bytes),
            (size(one.cache.limit) if one.cache.limit else out.glyph("dash"), "dim"),
            ago(min(times), now) if times else out.glyph("dash"),
            ago(max(times), now) if times else out.glyph("dash"),
            (one.cache.holds, "dim"),
        ])  # fmt: skip
    head = ["Cache", "Files", "Size", "At most", "Oldest", "Newest", "Holds"]
    for name in _GOES:  # a number that is cut is another number: what is needed least goes before
        fixed = [_widest(rows, head, i) for i in range(len(head)) if head[i] != "Holds"]
        if sum(fixed) + 2 * len(head) + ("Holds" in head) * _HOLDS <= out.width:
            break
        at = head.index(name)
        head, rows = head[:at] + head[at + 1 :], [row[:at] + row[at + 1 :] for row in rows]
    right = [i for i, name in enumerate(head) if name in _NUMBERS]
    out.show(out.table(rows, head=head, right=right, wrap=[len(head) - 1] if "Holds" in head else (), indent=0))
    total = f"{count(sum(len(one.files) for one in found), 'file')}, {size(sum(one.bytes for one in found))}"
    out.note((f"{total} in {top}, each cache in the folder of its name", "dim"))
    for one in found:
        if one.refused:
            out.line(("not used:", "bold yellow"), f" {one.folder}: {one.refused}", error=True)
        elif one.others:
            out.detail(
                f"{one.folder}: {count(one.others, 'thing')} that {'is' if one.others == 1 else 'are'} not driven's"
            )


def _widest(rows: Sequence[Sequence[list[Piece] | Piece]], head: Sequence[str], at: int) -> int:
    """The columns that a column of plain cells takes."""
    return max(len(head[at]), *(len(str(row[at][0] if isinstance(row[at], tuple) else row[at])) for row in rows))


def show_list(out: Output, rows: Sequence[tuple[Content, Stored, str]]) -> None:
    """A row for each file; --verbose shows whole names."""
    if not rows:
        out.line("nothing is cached")
        return
    now = time.time()
    table: list[list[list[Piece] | Piece]] = [
        [
            (one.cache.name, "bold"), file.name if out.verbose else _shortened(out, file.name), size(file.size),
            ago(file.used // _SECOND, now), (what or out.glyph("dash"), "dim"),
        ]
        for one, file, what in rows
    ]  # fmt: skip
    out.show(
        out.table(table, head=["Cache", "Name", "Size", "Used", "What"], right=(2,), cut=(1,), wrap=(4,), indent=0)
    )
    total = f"{count(len(rows), 'file')}, {size(sum(file.size for _, file, _ in rows))}"
    out.note((total, "dim"))


def _shortened(out: Output, name: str) -> str:
    return name if len(name) < 2 * _SHORT else name[:_SHORT] + out.glyph("more")


def show_freed(out: Output, done: Sequence[tuple[Content, Freed]], top: str, *, applied: bool) -> None:
    """What was deleted of each cache, or would be."""
    if not top:
        out.line(NOWHERE)
        return
    for one, freed in done:
        if freed.files:
            out.note(("- ", "red"), f"{one.cache.name}: {count(freed.files, 'file')}, {size(freed.bytes)}")
        if one.refused:
            out.line(("left alone:", "bold yellow"), f" {one.folder}: {one.refused}", error=True)
    files, freed_bytes = sum(freed.files for _, freed in done), sum(freed.bytes for _, freed in done)
    if not files:
        out.note(("nothing to delete", "bold green"))
    else:
        said = "freed" if applied else "would free"
        out.note((f"{said} {size(freed_bytes)}", "bold"), f" ({count(files, 'file')})")


def show_warmed(
    out: Output, made: int, there: int, shipped: int, found: Sequence[Diagnostic], base: str
) -> None:  # fmt: skip
    """How many templates were compiled, and how many were there."""
    show_findings(out, found, base, error=True)
    if not (made or there or shipped):
        if not found:
            out.note("there is no template to compile")
        return
    parts = [f"{number(there)} were there already" if there != 1 else "1 was there already"] if there else []
    parts += [f"{number(shipped)} came compiled"] if shipped else []
    said = f"{count(made, 'template')} compiled" if made else "nothing to compile"
    out.note((said, "bold" if made else "bold green"), (": " if parts else "") + ", ".join(parts))
