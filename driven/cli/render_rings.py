"""Pictures of the rings: what holds on this machine, the matrix of attempts, what a plugin answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.render_help import folded

if TYPE_CHECKING:
    from driven.trust.rings.matrix import Matrix
    from driven.trust.rings.probe import State
    from driven.trust.rings.report import Mechanisms
    from driven.trust.rings.sandbox import Result

_STYLES = {"ok": "green", "d": "green", ".": "bold red", "broken": "bold red", "-": "dim", "?": "yellow"}


def show_sandbox(out: Output, states: Sequence[State], found: Mechanisms) -> None:
    """One line for each ring, what holds it, what it does not hold, and the statement."""
    from driven.trust.capability import RINGS
    from driven.trust.rings.report import STATEMENT, not_enforced

    for one in states:
        sign, style = ("warn", "yellow") if one.lacks else ("ok", "green")
        words = f"  {one.lacks}" if one.lacks else f"  holds: {RINGS[one.ring]}"
        out.line((out.glyph(sign).ljust(2), style), " ", (f"ring {one.ring}", "bold"), words)
        if one.remedy:
            out.line("          ", (one.remedy, "cyan"))
    out.line()
    out.line(("held by   ", "dim"), ", ".join(_held(found)))
    last = next((one for one in reversed(states) if not one.lacks), None)
    if last is not None:
        for number, text in enumerate(not_enforced(last.ring, last.held)):
            for at, line in enumerate(folded(out, text.split(" "), 10)):
                out.line((f"not in {last.ring}  " if not number and not at else "          ", "dim"), line)
    out.line()
    for text in STATEMENT:
        for line in folded(out, text.split(" "), 0):
            out.line(line)


def _held(found: Mechanisms) -> list[str]:
    none = "none"
    return [
        f"Landlock {found.landlock or none}", f"seccomp {found.seccomp or none}",
        f"bubblewrap {found.bubblewrap or none}", f"wasmtime {found.wasmtime or none}",
        f"Linux {found.kernel}",
    ]  # fmt: skip


def show_matrix(out: Output, table: Matrix) -> None:
    """One row for each attempt, one column for each ring."""
    from driven.trust.rings.matrix import SIGNS

    rows: list[list[list[Piece] | Piece]] = [
        [name, *((sign, _STYLES.get(sign, "")) for sign in signs), (text, "dim")] for name, text, signs in table.rows
    ]
    out.show(out.table(rows, head=["Attempt", *table.rings, "What it is"], cut=(len(table.rings) + 1,), indent=0))
    out.line(("; ".join(f"{sign} {text}" for sign, text in SIGNS.items()), "dim"))
    for ring, text in table.why.items():
        out.line((f"ring {ring} was not tried: {text}", "yellow"))


def show_result(out: Output, result: Result) -> None:
    """What a plugin answered, alone on stdout; what it printed and tried, beside it."""
    import json

    value = result.value
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    for line in text.splitlines():
        out.line(line)
    for line in result.log.splitlines():
        out.line((f"[{result.ring}] {line}", "dim"), error=True)
    for one in result.violations:
        lacks = f": its manifest lacks {one.lacks}" if one.lacks else ""
        out.line((f"tried {one.tried}{lacks}", "yellow"), error=True)
