"""The audit log for a person: its entries, and whether its chain holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.cli.render import Output, Piece
from driven.cli.render_trust import short
from driven.cli.text import count, number

if TYPE_CHECKING:
    from driven.trust.audit_read import Checked
    from driven.trust.key_sources import SigningKey

_STYLES = {"allowed": "green", "denied": "yellow", "violation": "bold red", "note": "dim"}
_COLUMNS = (("subject", "guest"), ("target", "scope", "tried"), ("why",))  # of each the first that was told
_EMPTY = "there is no audit log: nothing ran here yet that is held to what it was granted"


def show_entries(out: Output, entries: list[dict[str, Any]], *, denied: bool) -> None:
    """A row for each entry; with --verbose all that was told of it."""
    if not entries:
        out.line("nothing was denied, and nobody tried to get round it" if denied else _EMPTY)
        return
    rows: list[list[list[Piece] | Piece]] = []
    for one in entries:
        said = [_text(next((one[key] for key in keys if key in one), "")) for keys in _COLUMNS]
        said[0] = short(said[0]) if os.path.isabs(said[0]) else said[0]
        if out.verbose:
            said[2] = " ".join([said[2], *_more(one)]).strip()
        when = one["wall"][:19].replace("T", " ")
        rows.append([(str(one["seq"]), "dim"), (when, "dim"), (one["outcome"], _STYLES[one["outcome"]]),
                     one["event"], *said])  # fmt: skip
    head = ["", "When (UTC)", "", "What", "Who", "Which", "Why"]
    widest = [max(len(word), *(len(_plain(row[at])) for row in rows)) for at, word in enumerate(head)]
    if sum(widest) + 2 * len(widest) <= out.width:
        out.show(out.table(rows, head=head, right=(0,), indent=0))
        return
    for row in rows:  # a terminal too narrow for a table: what happened, and below it to whom and why
        out.line(("  ".join([_plain(row[0]).rjust(widest[0]), _plain(row[1])]), "dim"), "  ",
                 (_plain(row[2]).ljust(widest[2]), _STYLES[_plain(row[2])]), f"  {_plain(row[3])}")  # fmt: skip
        told = [text for text in map(_plain, row[4:]) if text]
        pad, joined = " " * (widest[0] + 2), "  ".join(told)
        for text in [joined] if len(pad + joined) <= out.width else told:
            out.line(pad, text)


def show_checked(out: Output, found: Checked) -> None:
    """Whether the log is whole; what is wrong with it, one line each; and its head."""
    for one in found.faults:
        where = f"line {one.line}: " if one.line else ""
        out.line((f"{one.kind}: ", "bold red"), f"{where}{one.message}", error=True)
    if found.more:
        out.line((f"and {number(found.more)} more", "red"), error=True)
    if not found.entries:
        if found.whole:
            out.line(_EMPTY)
        return
    many = found.outcomes
    words = [f"{number(many[word])} {word}" for word in ("allowed", "denied") if word in many]
    words += [count(many[word], word) for word in ("violation", "note") if word in many]
    state: Piece = ("unbroken", "bold green") if found.whole else ("broken", "bold red")
    out.line(f"{count(found.entries, 'entry', 'entries')}, ", state, f": {', '.join(words)}")
    if found.signed >= 0:
        by = f"by {found.signer}" if found.signer else "by nobody who is trusted"
        out.line("signed: ", f"up to entry {found.signed}, {by}")
    else:
        out.line(
            "signed: ", ("never", "yellow"), ": who can write the log can write all of it anew; `driven audit sign`"
        )
    if found.whole:
        out.line("head: ", f"{found.seq}:{found.hash}")
        out.note(("keep it elsewhere: with `--head`, verify tells whether the log's end was cut off since", "dim"))
    for text in _notices(found):
        out.line(("note: ", "yellow"), text)


def show_signed(out: Output, head: dict[str, Any], key: SigningKey) -> None:
    """What was signed, and by whom."""
    out.note(("signed: ", "bold green"), f"up to entry {head['seq']}, by {key.name} ({key.where})")
    out.note(f"head: {shown(head)}")


def shown(head: dict[str, Any]) -> str:
    """A head as `driven audit verify --head` takes it."""
    return f"{head['seq']}:{head['hash']}"


def _notices(found: Checked) -> list[str]:
    said = []
    if found.torn:
        said.append("the last line has no end: a run was killed while it wrote; the next entry heals it")
    if found.healed:
        said.append(f"{count(found.healed, 'line')} that a crash cut, told by the entry `healed` that follows")
    if found.clock:
        said.append(f"the clock was set back {count(found.clock, 'time')}: the order is that of the numbers")
    return said


def _plain(cell: list[Piece] | Piece) -> str:
    if isinstance(cell, list):
        return "".join(map(_plain, cell))
    return cell if isinstance(cell, str) else cell[0]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def _more(entry: dict[str, Any]) -> list[str]:
    shown = {"seq", "prev", "wall", "event", "outcome", *(key for keys in _COLUMNS for key in keys)}
    return [f"{key}={_text(value)}" for key, value in entry.items() if key not in shown]
