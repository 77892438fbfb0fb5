"""Updates of packs on a terminal: what another version changes, in its texts, in what it wants, in what it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from driven.cli.render_packs import diff, diff_style
from driven.cli.text import count, size

if TYPE_CHECKING:
    from driven.cli.render import Output, Piece
    from driven.delivery.adding import Brought
    from driven.delivery.updating import Update
    from driven.packing import PackLook

_HOW = {
    "ops": "as the operations that lead there", "dcz": "as zstd with what was here as its dictionary",
    "zstd": "as zstd", "identity": "as it is", "cache": "from the cache of this machine", "git": "by git",
    "path": "from its path",
}  # fmt: skip
_MANY = 12  # surfaces that are named


def show_updates(out: Output, found: Sequence[Update], *, check: bool = False) -> None:
    """Each pack; of those that change, everything that changes. With `check` the texts are not shown."""
    if not found:
        out.line("no pack says where it came from: `driven add NAME --from URL` brings one")
    for one in found:
        match one.state:
            case "current":
                out.note((out.glyph("ok"), "green"), f" {one.name} {one.pin.version}", ("  up to date", "dim"))
            case "refused" | "unreachable":
                out.line(
                    (f"{out.glyph('fail')} {one.name} {one.pin.version}", "bold red"), f"  {one.state}", error=True
                )
                if one.problem is not None:
                    out.line("  ", one.problem.message, error=True)
                    if one.problem.hint:
                        out.line("  ", ("hint:", "cyan"), f" {one.problem.hint}", error=True)
            case "restored":
                out.line((f"{out.glyph('warn')} {one.name} {one.version}", "bold yellow"), "  is put back as accepted")
                _show_changes(out, one, check)
            case _:
                _show_new(out, one)
                _show_changes(out, one, check)


def show_taken(out: Output, looks: Sequence[PackLook]) -> None:
    """What took its place."""
    for look in looks:
        version = look.about.version if look.about is not None else ""
        out.note((out.glyph("ok"), "green"), " updated " if look.state != "accepted" else " put back ",
                 (f"{look.name} {version}", "bold"), (f"  {look.content[:12]}", "dim"))  # fmt: skip
    out.note(("commit .driven/packs and .driven/driven.lock; `driven sync` writes the rules", "dim"))


def how(came: Brought) -> str:
    """How something came, and how much travelled."""
    return _HOW.get(came.coding, came.coding) + (f", {size(came.moved)}" if came.moved else "")


def _show_new(out: Output, one: Update) -> None:
    arrow = out.glyph("arrow")
    out.line((f"{out.glyph('warn')} {one.name} {one.pin.version} {arrow} {one.version}", "bold yellow"))
    for name, pieces in _rows(out, one):
        out.line(f"  {name:<12}", *pieces)


def _show_changes(out: Output, one: Update, check: bool) -> None:
    """The texts that change, and whether some of what goes by that is somebody's work."""
    if one.edited:
        among = "" if check else ": among the lines with `-`"
        out.line(f"  {'lost':<12}", ("what was changed here", "bold red"), among)
    for line in () if check else diff(one.changes):
        out.line((line, diff_style(line)))


def _rows(out: Output, one: Update) -> Iterator[tuple[str, list[Piece]]]:
    look = one.look
    if look is None:
        return
    signed = look.signed
    who = signed.principal if signed is not None and signed.state == "ok" else "an unknown key"
    yield "signed by", [who if look.fingerprint else "nobody", ("  as before" if look.fingerprint == one.pin.key else
                        "  ANOTHER KEY", "dim" if look.fingerprint == one.pin.key else "bold red")]  # fmt: skip
    if look.fingerprint != one.pin.key:
        yield "key", [look.fingerprint or "none"]
        yield "before", [one.pin.key or "none"]
    if look.is_older:
        yield "", [("older than what was accepted: what was put right since comes back", "bold red")]
    for wanted in look.more:
        yield "wants", [(f"+ {wanted}", "yellow"), (f"  risk {wanted.risk}", "dim")]
    for wanted in look.less:
        yield "wants", [(f"- {wanted}", "green"), ("  no more", "dim")]
    if not look.more and not look.less:
        yield "wants", [("nothing else than before", "dim")]
    for surface in look.surfaces[:_MANY]:
        yield "does", [(str(surface), "yellow"), (f"  {surface.does}", "dim")]
    if len(look.surfaces) > _MANY:
        yield "", [(f"and {len(look.surfaces) - _MANY} more", "yellow")]
    yield "came", [_HOW.get(one.coding, one.coding), (f"  {size(one.moved)}" if one.moved else "", "dim")]
    yield "changes", [count(len(one.changes), "file")]
