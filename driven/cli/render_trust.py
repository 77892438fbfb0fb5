"""The picture of keys, of what was signed, and of what came of verifying."""

from __future__ import annotations

import os
from collections.abc import Sequence

from driven.cli.render import Output, Piece
from driven.cli.text import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.trust.key_sources import Found, SigningKey
    from driven.trust.signers import TrustStore
    from driven.trust.signing import Signed
    from driven.trust.ssh_wire import PublicKey
    from driven.trust.verifying import Result

# State -> (word, style, glyph)
_STATES = {
    "ok": ("ok", "green", "ok"), "unsigned": ("unsigned", "yellow", "warn"), "bad": ("bad", "bold red", "fail"),
    "untrusted": ("untrusted", "red", "fail"), "principal": ("by another", "red", "fail"),
    "expired": ("expired", "red", "fail"), "early": ("not yet", "red", "fail"),
    "revoked": ("revoked", "bold red", "fail"),
}  # fmt: skip
_MOST = 20  # problems of one pack that are shown


def short(path: str) -> str:
    """A path as a person would type it here."""
    home = os.path.expanduser("~")
    if home != "/" and path.startswith(home + os.sep):
        return "~" + path[len(home) :]
    shown = os.path.relpath(path) if os.path.isabs(path) else path
    return path if shown.startswith("..") else shown


def show_made(out: Output, name: str, key: PublicKey, path: str, *, locked: bool) -> None:
    """A new key, and what to do next."""
    out.note(("+ ", "green"), (short(path) if path else "in the system's keyring", "bold"))
    out.note(f"  {key.fingerprint}", ("" if locked or not path else "  no passphrase: guard the file", "yellow"))
    out.note()
    out.note("next: ", (f"driven key trust {name}", "bold"), "  lets this project trust it")
    out.note("      ", ("driven sign", "bold"), "  signs its compiled rules with it")


def show_keys(out: Output, keys: Sequence[tuple[Found, tuple[str, str]]], store: TrustStore, now: int) -> None:
    """The user's own keys, then who is trusted here."""
    from driven.trust.signer_lines import shown_time

    if not keys:
        out.line("you have no keys: ", ("driven key generate you@example.org", "bold"), " makes one")
    else:
        rows: list[list[list[Piece] | Piece]] = [
            [(one.name, "bold"), one.key.fingerprint, _found(one), _state(state, who)] for one, (state, who) in keys
        ]
        _columns(out, rows, ["Your key", "Fingerprint", "Found in", "Here"])
    if store.signers:
        out.line()
        listed: list[list[list[Piece] | Piece]] = []
        for one in store.signers:
            ends = f"until {shown_time(one.valid_before)}" if one.valid_before is not None else ""
            over = one.valid_before is not None and one.valid_before < now
            revoked = one.key in store.revoked
            said = ("revoked", "bold red") if revoked else (ends, "red" if over else "dim")
            listed.append([(one.name, "bold"), one.key.fingerprint, said, (f"{short(one.path)}:{one.line}", "dim")])
        _columns(out, listed, ["Trusted", "Fingerprint", "", "In"])


def _columns(out: Output, rows: Sequence[list[list[Piece] | Piece]], head: Sequence[str]) -> None:
    """A table, or on a terminal too narrow for it two lines for each row: nobody compares half a fingerprint."""
    cells = [[cell if isinstance(cell, list) else [cell] for cell in row] for row in rows]
    widths = [max(len(word), *(len(_plain(row[at])) for row in cells)) for at, word in enumerate(head)]
    if 2 + sum(widths) + 2 * len(widths) <= out.width:
        out.show(out.table(rows, head=head))
        return
    out.line("  ", ("  ".join([head[0].ljust(widths[0]), head[1]]), "dim"))
    for name, fingerprint, *more in cells:
        out.line("  ", *name, " " * (widths[0] - len(_plain(name))), "  ", *fingerprint)
        said = [cell for cell in more if _plain(cell)]
        out.line("    ", *(piece for at, cell in enumerate(said) for piece in (["  ", *cell] if at else cell)))


def _plain(cell: Sequence[Piece]) -> str:
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in cell)


def _found(one: Found) -> list[Piece] | Piece:
    return [short(one.where), ("" if one.locked or one.source != "file" else "  no passphrase", "yellow")]


def _state(state: str, who: str) -> Piece:
    if state == "ok":
        return f"trusted as {who}", "green"
    if state == "untrusted":
        return "not trusted", "dim"
    return _STATES[state][0], _STATES[state][1]


def show_key(out: Output, key: PublicKey, line: str, mini: str, state: str, who: str) -> None:
    """One key in every spelling."""
    out.line((key.fingerprint, "bold"), "  ", _state(state, who))
    out.line()
    out.line(("ssh       ", "dim"), line)
    if key.kind == "ssh-ed25519":
        out.line(("minisign  ", "dim"), mini)


def show_trusted(out: Output, key: PublicKey, who: str, path: str) -> None:
    """A key that is trusted now."""
    if not path:
        out.note(f"{who} was trusted with {key.fingerprint} before; nothing to do")
        return
    out.note(("+ ", "green"), (who, "bold"), f"  {key.fingerprint}")
    out.note(f"  in {short(path)}: commit it")


def show_revoked(out: Output, keys: Sequence[PublicKey], written: Sequence[str]) -> None:
    """Keys that are believed no more."""
    for key in keys:
        out.note(("- ", "red"), key.fingerprint)
    for path in written:
        out.note(f"  in {short(path)}")
    if keys and not written:
        out.note("  it was revoked before; nothing to do")


def show_rotated(out: Output, who: str, old: PublicKey, new: PublicKey, written: Sequence[str]) -> None:
    """A key in the place of another."""
    out.note(("- ", "red"), old.fingerprint)
    out.note(("+ ", "green"), (who, "bold"), f"  {new.fingerprint}")
    for path in written:
        out.note(f"  {short(path)}")
    statement = next((path for path in written if path.endswith(".json")), "")
    if statement:
        out.note()
        out.note("sign anew what the old key signed: it holds no more")
        out.note("others take it over with ", (f"driven key trust --rotation {short(statement)}", "bold"))


def show_signed(out: Output, done: Sequence[Signed], key: SigningKey, *, trusted: bool) -> None:
    """What was written, and with which key."""
    for one in done:
        files = count(len(one.manifest.files), "file")
        out.note(
            ("+ ", "green"),
            (short(one.signature_path), "bold"),
            f"  {one.manifest.name} {one.manifest.version}, {files}",
        )
        out.note(("+ ", "green"), short(one.manifest_path))
    out.note(f"by {key.name} {key.key.fingerprint}, from {short(key.where)}")
    if not trusted:
        nameless = key.where in ("ssh-agent", "$DRIVEN_SIGNING_KEY")  # these do not say whose it is
        told = f"driven key trust {key.name}{' --as NAME' if nameless else ''}"
        out.note(("! ", "yellow"), "nobody here trusts this key yet: ", (told, "bold"), error=True)


def show_results(out: Output, found: Sequence[Result], store: TrustStore, unknown: bool) -> None:
    """One line for each, what is wrong below it, and a sum."""
    for one in found:
        word, style, sign = _STATES[one.state]
        path = short(one.path)
        if one.state == "ok":
            name = f"  {one.manifest.name} {one.manifest.version}" if one.manifest else ""
            out.line((f"{out.glyph(sign)} {word:11}", style), path, f"  by {one.principal}", (name, "dim"))
            continue
        out.line((f"{out.glyph(sign)} {word:11}", style), (path, "bold"), f"  {one.message}")
        for problem in one.problems[:_MOST] if len(one.problems) > 1 else ():
            out.line(f"    {problem.path}: {problem.message}")
        if one.hint:
            out.line(f"    {one.hint}", error=False)
    good = sum(one.state == "ok" for one in found)
    out.note()
    out.note(f"{good} of {len(found)} signed by somebody who is trusted here")
    if unknown and not store.signers:
        out.note("nobody is trusted here yet: there is no list of signers", error=True)
