"""Errors and findings: where, what, the source line with a caret, and what to do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence

from driven.cli.render import Output, Piece
from driven.cli.text import count, safe_line
from driven.model.artefact import Loss
from driven.model.diagnostic import Diagnostic
from driven.span import Span

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold blue"}
_MOST_BYTES = 4 << 20  # a source line is looked for in the first 4 MiB of a file
_LINE_WIDTH = 100  # characters of a source line that are shown


def show_error(out: Output, message: str, *, hint: str = "", span: Span | None = None, root: str = "") -> None:
    """One line `error: …`, the source line where there is one, one line `hint: …`; on stderr."""
    place = f"{span}: " if span and span.path else ""
    out.line(("error:", "bold red"), " ", place, message, error=True)
    if span and span.path:
        _show_source(out, span, root, "red", error=True)
    if hint:
        out.line(("hint:", "bold cyan"), " ", hint, error=True)


def show_finding(
    out: Output, d: Diagnostic, root: str, *, error: bool = False, secrets: Sequence[Span] = ()
) -> None:  # fmt: skip
    """`path:3:1: error RUL12: what`, the source line with a caret, and the hint. What stands at `secrets` in that line
    is not repeated."""
    style = _STYLES[d.severity]
    head: list[Piece] = [(f"{d.span}: ", "bold") if d.span.path else "", (d.severity, style)]
    if d.code:
        head.append((f" {d.code}", "dim"))
    out.line(*head, ": ", d.message, error=error)
    _show_source(out, d.span, root, style.split()[1], error=error, secrets=secrets)
    if d.hint:
        out.line("  ", ("hint:", "cyan"), " ", d.hint, error=error)


def show_findings(out: Output, found: Iterable[Diagnostic], root: str, *, error: bool = False) -> None:
    """All findings; notices (`info`) only with --verbose."""
    found = list(found)
    secrets: dict[tuple[str, int], list[Span]] = {}
    for d in found:
        if d.code.startswith("SEC"):
            secrets.setdefault((d.span.path, d.span.line), []).append(d.span)
    for d in found:
        if d.severity != "info" or out.verbose:
            show_finding(out, d, root, error=error, secrets=secrets.get((d.span.path, d.span.line), ()))


def tally(found: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning, 3 notices`; "" for none."""
    severities = [d.severity for d in found]
    words = (("error", "error"), ("warning", "warning"), ("info", "notice"))
    return ", ".join(count(severities.count(s), word) for s, word in words if s in severities)


def loss_pieces(out: Output, loss: Loss) -> list[Piece]:
    """`≈ globs: match at any depth`, `× dropped: …`."""
    dropped = loss.kind == "dropped"
    sign = out.glyph("dropped" if dropped else "loss")
    return [(f"{sign} {loss.kind}: ", "red" if dropped else "yellow"), (loss.reason, "dim")]


def _show_source(out: Output, span: Span, root: str, style: str, *, error: bool, secrets: Sequence[Span] = ()) -> None:
    text = source_line(os.path.join(root, span.path), span.line) if span.path else None
    if text is None or span.column > len(text) + 1:
        return
    for secret in secrets:  # what must not be in a file must not be in a log either
        text = _masked(text, secret)
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else start + 1
    end = min(max(end, start + 1), max(len(text), start + 1))
    first = max(0, start - _LINE_WIDTH // 2) if len(text) > _LINE_WIDTH else 0
    last = first + _LINE_WIDTH
    more = out.glyph("more")
    left = more if first else ""
    right = more if len(text) > last else ""
    before = left + _shown(text[first:start])
    marked = _shown(text[start : min(end, last)])
    rest = _shown(text[min(end, last) : last]) + right
    margin = f"{span.line:>5} | "
    out.line((margin, "dim"), before, (marked, style), rest, error=error)
    carets = "^" * max(1, _cells(marked))
    out.line((" " * 6 + "| ", "dim"), " " * _cells(before), (carets, f"bold {style}"), error=error)


def source_line(path: str, line: int) -> str | None:
    """Line `line` (from 1) of a file, or None when there is no such file or line, or it is no text.

    Only plain files are opened, and only their beginning is read: a path may be anything. A link is not followed, it
    may lead to what nobody wants to see in a log.
    """
    lines = _lines(path)
    if line < 1 or len(lines) < line:
        return None
    text = lines[line - 1].removesuffix("\r")
    if text.count("\0") > len(text) // 2:
        return None
    return text.removeprefix("\ufeff") if line == 1 else text


# The lines of the file that was looked at last: findings come file by file, and a file may have thousands.
_kept: list[tuple[tuple[str, int, int, int], list[str]]] = []


def _lines(path: str) -> list[str]:
    try:
        seen = os.lstat(path)
        if not stat.S_ISREG(seen.st_mode):
            return []
        key = path, seen.st_ino, seen.st_size, seen.st_ctime_ns
        if not _kept or _kept[0][0] != key:
            with open(path, "rb") as file:
                _kept[:] = [(key, file.read(_MOST_BYTES).decode("utf-8", "surrogateescape").split("\n"))]
    except (OSError, ValueError):
        return []
    return _kept[0][1]


def _masked(text: str, span: Span) -> str:
    """The line with only the first characters of what the span is about."""
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(text)
    kept = text[start : start + 4]
    return text[:start] + kept + "*" * max(0, min(end, len(text)) - start - len(kept)) + text[end:]


def _shown(text: str) -> str:
    return safe_line(text).replace("\t", "    ")


def _cells(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
