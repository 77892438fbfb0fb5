"""Packs on a terminal: a table of all, and one as a person must see it before saying yes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from driven.cli.diff import unified
from driven.cli.render import Output, Piece
from driven.cli.text import count

if TYPE_CHECKING:
    from driven.packing import PackLook
    from driven.project.pack_changes import Changes

_STATES = {
    "accepted": ("ok", "green"), "new": ("warn", "yellow"), "changed": ("fail", "bold red"),
    "refused": ("fail", "bold red"), "gone": ("no", "dim"),
}  # fmt: skip
_MANY = 12  # rules that are named


def show_packs(out: Output, looks: Sequence[PackLook]) -> None:
    """One row for each pack; below, what to do about those that are not accepted."""
    if not looks:
        out.line("no packs: they stand in `.driven/packs/`, and `driven pack add FOLDER` puts one there")
        return
    rows: list[list[list[Piece] | Piece]] = []
    for one in looks:
        glyph, style = _STATES[one.state]
        rows.append([
            (out.glyph(glyph), style), one.name, _version(one), (one.state, style),
            _signer(one), (_wants(one) or "nothing", "dim"),
        ])  # fmt: skip
    head = ["", "Pack", "Version", "State", "Signed by", "Wants"]
    out.show(out.table(rows, head=head, wrap=(5,), cut=(1, 4), indent=0))
    for one in looks:
        if one.state == "gone" and one.pin is not None:
            brings = f"update {one.name}` fetches" if one.pin.source else "pack add FOLDER` brings"
            out.line(f"`{one.name}` is not here: what it wrote stays; `driven {brings} it", error=True)
        if one.problem is not None:
            out.line((one.problem.message, _STATES[one.state][1]), error=True)
            if one.problem.hint:
                out.line("  ", (one.problem.hint, "cyan"), error=True)


def show_pack(out: Output, one: PackLook, *, error: bool = False) -> None:
    """One pack: what it is, whose, what it wants, what it holds. With `error` on stderr, above a question."""
    glyph, style = _STATES[one.state]
    version = f" {one.about.version}" if one.about else ""
    out.line((f"{out.glyph(glyph)} {one.name}{version}", f"bold {style.split()[-1]}"), f"  {one.state}", error=error)
    for name, pieces in _rows(out, one):
        out.line(f"  {name:<12}", *pieces, error=error)


def show_edits(out: Output, name: str, changes: Changes) -> None:
    """On stderr, what somebody changed in a pack and is lost when another one takes its place."""
    out.line((f"{out.glyph('warn')} {name}", "bold yellow"), "  was changed here, and this goes:", error=True)
    for line in diff(changes):
        out.line((line, diff_style(line)), error=True)


def diff(changes: Changes) -> Iterator[str]:
    """The lines of what changes in a pack's texts; a file that is no text is named."""
    for path, (before, after) in changes.items():
        if any(side is not None and b"\0" in side for side in (before, after)):
            yield f"diff --git a/{path} b/{path}"
            yield "Binary files differ"
        else:
            yield from unified(path, before, after)


def diff_style(line: str) -> str:
    """How a line of a diff is shown."""
    if line.startswith("@@"):
        return "cyan"
    if line.startswith(("+++", "---", "diff ")):
        return "bold"
    return "green" if line.startswith("+") else "red" if line.startswith("-") else ""


def show_accepted(out: Output, looks: Sequence[PackLook]) -> None:
    """What was pinned, and what to do next."""
    if not looks:
        out.note("accepted already, as it stands")
        return
    for one in looks:
        version = one.about.version if one.about else ""
        out.note(
            (out.glyph("ok"), "green"),
            " accepted ",
            (f"{one.name} {version}", "bold"),
            (f"  {one.content[:12]}", "dim"),
        )
        # For the log of a run that nobody watched.
        key = f" {one.fingerprint}" if one.fingerprint else ""
        out.note((f"  signed by {_signer(one)}{key}; wants {_wants(one) or 'nothing'}", "dim"))
    out.note(("commit .driven/packs and .driven/driven.lock; `driven sync` writes the rules", "dim"))


def _rows(out: Output, one: PackLook) -> list[tuple[str, list[Piece]]]:
    rows: list[tuple[str, list[Piece]]] = []
    about, pin = one.about, one.pin
    if about is not None and about.description:
        rows.append(("", [about.description]))
    if one.content:
        rows.append(("signed by", [_signer(one)]))
        if one.fingerprint:
            known = "a key that this project trusts" if one.is_known else "a key that nobody here has named so far"
            rows.append(("key", [one.fingerprint, (f"  {known}", "dim" if one.is_known else "yellow")]))
    if pin is not None and pin.source:
        rows.append(("from", [pin.source]))
    if pin is not None and one.state == "changed":
        rows.append(("before", [f"{pin.version}  ", (pin.key or "not signed", "dim")]))
        if pin.key != one.fingerprint:
            change = "signed by another key now" if one.fingerprint else "its signature was taken away"
            rows.append(("", [(change, "bold red")]))
    if one.is_older:
        rows.append(("", [("older than what was accepted: what was put right since comes back", "bold red")]))
    for wanted in one.more:
        rows.append(("wants", [(f"+ {wanted}", "yellow"), (f"  risk {wanted.risk}", "dim")]))
    for wanted in one.less:
        rows.append(("", [(f"- {wanted}", "green"), ("  no more", "dim")]))
    if about is not None and not one.more and not one.less:
        rows.append(("wants", [_wants(one) or "nothing"]))
    for plugin in about.plugins if about is not None else ():
        rows.append(("code", [plugin.run, (f"  runs in ring {plugin.min_ring} or a stronger one", "dim")]))
        if plugin.editor is not None:
            rows.append(("", [f"writes {', '.join(plugin.editor.files)}", (f"  as `{plugin.editor.name}`", "dim")]))
        if plugin.checks:
            rows.append(("", [f"checks {', '.join(check.code for check in plugin.checks)}"]))
    if one.rules:
        more = f" and {len(one.rules) - _MANY} more" if len(one.rules) > _MANY else ""
        rows.append(("rules", [f"{count(len(one.rules), 'rule')}: ", (", ".join(one.rules[:_MANY]) + more, "dim")]))
    for surface in one.surfaces[:_MANY]:
        rows.append(("does", [(str(surface), "yellow"), (f"  {surface.does}", "dim")]))
    if len(one.surfaces) > _MANY:
        rows.append(("", [(f"and {len(one.surfaces) - _MANY} more", "yellow")]))
    for told in one.findings[:_MANY]:
        rows.append(("", [(f"{told.span}: {told.message}", "yellow")]))
    if one.content:
        rows.append(("content", [f"sha256:{one.content}"]))
    for told in one.hidden[:_MANY]:
        rows.append(("hides", [(f"{told.span}: {told.message}", "bold red")]))
    if one.problem is not None and one.state not in ("new", "changed"):  # which the state says
        rows.append(("", [(one.problem.message, _STATES[one.state][1])]))
    if one.signed is not None and one.signed.state not in ("ok", "untrusted", "unsigned"):
        said = one.problem.message if one.problem is not None else ""
        if one.signed.message not in said and not said.endswith("was revoked"):  # once is enough
            rows.append(("", [(one.signed.message, "bold red")]))
    return rows


def _version(one: PackLook) -> str:
    if one.about is not None:
        return one.about.version
    return one.pin.version if one.pin is not None else ""


def _signer(one: PackLook) -> str:
    found = one.signed
    if one.state == "gone" and one.pin is not None:
        return one.pin.signer or one.pin.key or "nobody"
    if found is None or found.state == "unsigned":
        return "nobody" if one.content else ""
    if found.state == "ok":
        return found.principal
    return "an unknown key" if found.state == "untrusted" else found.principal or f"a key: {found.state}"


def _wants(one: PackLook) -> str:
    return ", ".join(str(wanted) for wanted in one.about.wants.capabilities) if one.about is not None else ""
