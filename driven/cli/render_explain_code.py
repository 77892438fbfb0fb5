"""What `driven explain-code` shows: one code whole, those of a kind as a table, or all kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.text import count, safe_line

if TYPE_CHECKING:
    from driven.validation.catalogue import Entry

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold blue"}
_WIDEST = 100  # columns of prose
_FIX = {
    "safe": "`driven validate --fix` repairs it",
    "unsafe": "`driven validate --unsafe-fixes` repairs it: it may mean something else then, so look at"
    " `--unsafe-fixes --diff` first",
    "both": "`driven validate --fix` repairs it where it is certain what was meant; `--unsafe-fixes` also where it is"
    " not, so look at `--unsafe-fixes --diff` first",
    "": "by hand",
}


def show_code(out: Output, entry: Entry, origin: str = "") -> None:
    """Everything about one code. `origin`: whose check finds it, where that is not our own."""
    severity = (entry.severity, _STYLES[entry.severity])
    out.line((entry.code, "bold"), "  ", severity, "  ", *_title(entry.title))
    out.line()
    for line in _wrapped(out, entry.why):
        out.line("  ", line)
    for word, example, style in (("wrong", entry.bad, "red"), ("right", entry.good, "green")):
        if example:
            out.line()
            for at, line in enumerate(example.split("\n")):
                out.line("  ", ((word if at == 0 else "").ljust(8), "dim"), (safe_line(line), style))
    out.line()
    rows: list[tuple[str, str]] = [("found by", safe_line(origin))] if origin else []
    if entry.reads:
        rows.append(("reads", entry.reads))
    if entry.url:
        rows.append(("source", f"{entry.url} (verified {entry.verified})"))
    if entry.is_check or entry.fix:
        rows.append(("repair", _FIX[entry.fix]))
    rows += [("silence" if at == 0 else "", way) for at, way in enumerate(entry.silence)]
    if not entry.is_check and not entry.silence:
        rows.append(("told by", _teller(entry.family)))
    out.show(out.table([[(name, "dim"), text] for name, text in rows], wrap=(1,)))


def show_list(out: Output, entries: Sequence[Entry]) -> None:
    """One row for each code."""
    rows: list[list[list[Piece] | Piece]] = [
        [(e.code, "bold"), (e.severity, _STYLES[e.severity].split()[1]), e.title, (e.fix, "dim")] for e in entries
    ]
    out.show(out.table(rows, head=["Code", "Severity", "What", "Repair"], wrap=(2,), indent=0))


def show_families(out: Output, entries: Mapping[str, Entry]) -> None:
    """One row for each kind of code."""
    from driven.validation.catalogue import family_title

    families: dict[str, list[str]] = {}
    for entry in entries.values():
        families.setdefault(entry.family, []).append(entry.code)
    rows: list[list[list[Piece] | Piece]] = [
        [(prefix, "bold"), family_title(prefix), str(len(codes)), (f"{codes[0]} … {codes[-1]}", "dim")]
        if out.unicode and len(codes) > 1
        else [(prefix, "bold"), family_title(prefix), str(len(codes)), (", ".join(codes[:2]), "dim")]
        for prefix, codes in families.items()
    ]
    out.show(out.table(rows, head=["Kind", "Of", "Codes", ""], right=(2,), cut=(1,), indent=0))
    out.note(("`driven explain-code CUR` lists those of a kind, `driven explain-code CUR06` explains one", "dim"))


def show_stale(out: Output, rows: Sequence[tuple[str, str, str, int]], facts: int) -> None:
    """The facts to look up again, the oldest first."""
    from driven.validation.catalogue import STALE_DAYS

    if rows:
        table: list[list[list[Piece] | Piece]] = [
            [(name, "bold"), verified, f"{days:,}", (url, "dim")] for name, verified, url, days in rows
        ]
        out.show(out.table(table, head=["Fact", "Verified", "Days", "Where"], right=(2,), cut=(3,), indent=0))
    words = f"{len(rows):,} of {count(facts, 'fact')} last verified more than {STALE_DAYS} days ago"
    out.note((words, "bold yellow" if rows else "bold green"))


def _teller(family: str) -> str:
    tellers = {
        "SYN": "`driven sync`, `driven status` and the language server",
        "DSK": "`driven sync`, `driven undo` and `driven snapshot restore`",
        "WCH": "`driven sync --watch`",
        "LSP": "`driven lsp`",
        "IMP": "`driven import` and `driven init`",
    }
    return tellers.get(family, "any command that ends so: the `code` of the `error` in `--json`")


def _title(title: str) -> list[Piece]:
    return [(title, "bold")]


def _wrapped(out: Output, text: str) -> list[str]:
    """Prose in lines; unbroken where there is no terminal."""
    if not out.terminal:
        return [text]
    from textwrap import wrap

    return wrap(text, min(out.width, _WIDEST) - 4, break_long_words=False, break_on_hyphens=False)
