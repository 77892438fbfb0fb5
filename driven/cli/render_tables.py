"""The smaller pictures: plugins, the checks of the doctor, benchmarks, the inside of a .drv."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driven.cli.render import Output, Piece
from driven.cli.text import count
from driven.trust.capability import RINGS

if TYPE_CHECKING:
    from driven.benchmarks import Row
    from driven.cli.check import Check
    from driven.registry import PluginInfo

FEW_CHECKS = 10  # so many are named, more are counted
_STATES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
_STATUS = {"loaded": ("ok", "green"), "disabled": ("no", "dim"), "broken": ("fail", "bold red")}


def show_plugins(out: Output, plugins: Sequence[PluginInfo]) -> None:
    """One row per plugin."""
    if not plugins:
        out.line("no plugin is installed")
        return
    rows: list[list[list[Piece] | Piece]] = []
    for p in plugins:
        glyph, style = _STATUS[p.status]
        rows.append([
            (out.glyph(glyph), style), p.name, (p.status, style), f"{p.distribution} {p.version}", p.ring,
            (", ".join(_offers(p)), "dim"),
        ])  # fmt: skip
    out.show(out.table(rows, head=["", "Plugin", "Status", "From", "Ring", "Offers"], wrap=(5,), cut=(1, 3), indent=0))
    if any(p.ring == "T" and p.distribution != "driven" for p in plugins):
        out.note(("T: code that somebody installed; it is trusted, and not confined", "dim"))


def show_plugin(out: Output, plugin: PluginInfo) -> None:
    """Everything about one plugin."""
    glyph, style = _STATUS[plugin.status]
    out.line((f"{out.glyph(glyph)} {plugin.name}", f"bold {style.split()[-1]}"), f"  {plugin.status}")
    rows: list[list[list[Piece] | Piece]] = [
        [("from", "dim"), f"{plugin.distribution} {plugin.version}"],
        [("loads", "dim"), plugin.value],
        [("offers", "dim"), ", ".join(_offers(plugin)) or out.glyph("dash")],
        [("ring", "dim"), f"{plugin.ring}: {RINGS[plugin.ring]}"],
    ]
    if plugin.error:
        rows.append([("error", "red"), plugin.error])
    out.show(out.table(rows, wrap=(1,)))


def show_checks(out: Output, checks: Sequence[Check]) -> None:
    """One line per check, and below those that are not well what to do."""
    width = max((len(c.name) for c in checks), default=0)
    for c in checks:
        if out.quiet and c.state == "ok":
            continue
        sign = out.glyph(c.state).ljust(2)
        out.line((sign, _STATES[c.state]), " ", (c.name.ljust(width), "bold"), f"  {c.message}")
        if c.hint and c.state != "ok":
            out.line(" " * (width + 5), (c.hint, "cyan"))
    counts = {state: sum(c.state == state for c in checks) for state in _STATES}
    worst = "fail" if counts["fail"] else "warn" if counts["warn"] else "ok"
    words = ", ".join(f"{n} {state}" for state, n in counts.items() if n)
    out.note((words, _STATES[worst]))


def show_benchmark(out: Output, rows: Sequence[Row], build: str) -> None:
    """One row per measurement, below what was measured; --verbose says what each one is."""
    signs = {"<=": "≤" if out.unicode else "<=", ">=": "≥" if out.unicode else ">="}
    table: list[list[list[Piece] | Piece]] = []
    for r in rows:
        state = "" if r.ok is None else "ok" if r.ok else "fail"
        table.append([
            (out.glyph(state), _STATES[state]) if state else "",
            r.name,
            f"{_digits(r.value)} {r.unit}",
            (f"{_digits(r.ratio)}x", "bold") if r.ratio is not None else "",
            (r.baseline if r.ratio is not None else f"install {r.baseline} to compare", "dim"),
            (f"{signs[r.better]} {r.bar:,g}x" if r.bar is not None else "", "dim"),
        ])  # fmt: skip
    out.note((build, "dim"))
    head = ["", "Benchmark", "Value", "Ratio", "Against", "Bar"]
    out.show(out.table(table, head=head, right=(2, 3, 5), wrap=(4,), cut=(1,), indent=0))
    for r in rows:
        out.detail((r.name, "bold"), f"  {r.note}")
        if r.claim:
            out.detail(" " * (len(r.name) + 2), ("the founding claim: ", "dim"), r.claim)


def _digits(number: float) -> str:
    """Three digits, or all before the point."""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def _offers(plugin: PluginInfo) -> list[str]:
    """What a plugin offers; many checks are counted."""
    checks = [offer for offer in plugin.offers if offer.startswith("check ")]
    if len(checks) < FEW_CHECKS:
        return list(plugin.offers)
    return [*(offer for offer in plugin.offers if offer not in checks), count(len(checks), "check")]
