"""Attestations for a person: the root, chains as trees, what came of checking them."""

from __future__ import annotations

from collections.abc import Sequence

from driven.cli.render import Output, Piece
from driven.cli.text import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from driven.errors import DrivenError
    from driven.trust.attest_files import Trust
    from driven.trust.attesting import Done
    from driven.trust.capability import Capability
    from driven.trust.chain import Attestation, Verdict
    from driven.trust.dsse import Envelope
    from driven.trust.revocation import Revocations
    from driven.trust.roots import Root

    # name, path, envelopes, verdict, whether what was asked for is granted
    Looked: TypeAlias = tuple[str, str, tuple[Envelope, ...], Verdict, bool | None]


def readable(links: Sequence[Envelope]) -> list[tuple[Attestation, Envelope]]:
    """Links as they say they are, up to the first that cannot be read."""
    from driven.errors import SignatureError
    from driven.trust.chain import look

    found = []
    for envelope in links:
        try:
            found.append((look(envelope), envelope))
        except SignatureError:
            break
    return found


def show_done(out: Output, done: Done, *, alone: bool) -> None:
    """What was written, who signed, what is lacking."""
    for path in done.paths:
        out.note(("+ ", "green"), (path, "bold"))
    for keyid in done.signed:
        out.note(("  signed by ", "dim"), keyid)
    if done.lacks:
        out.line((f"{out.glyph('warn')} it does not hold yet: ", "yellow"), done.lacks, error=True)
        if any(path.startswith(".driven/trust/pending/") for path in done.paths):
            out.note(("next: ", "dim"), "commit it, and the others run ", ("driven attest sign root", "bold"))
    if done.again:
        out.line(
            ("the new root has not signed: ", "yellow"), ", ".join(done.again),
            "; for each: ", ("driven attest sign CHAIN", "bold"), error=True,
        )  # fmt: skip
    if alone:
        out.line(
            ("a root of one key: ", "yellow"), "who loses it loses the root, and who takes it has all;"
            " add another with `driven attest root rotate --holder KEY`", error=True,
        )  # fmt: skip


def show_verified(
    out: Output, trust: Trust, warnings: Sequence[str], looked: Sequence[Looked], wanted: Sequence[Capability]
) -> None:
    """A line for each chain, and why those that do not hold do not."""
    for text in warnings:
        out.line(("warning: ", "yellow"), text, error=True)
    if not looked:
        out.line("there are no chains here: ", ("driven attest issue", "bold"), " makes one")
    for name, _, _, verdict, allowed in looked:
        _line(out, name, verdict)
        if verdict.holds and allowed is False:
            lacks = ", ".join(str(one) for one in wanted if not verdict.allows(one))
            out.line(("  not granted: ", "bold red"), lacks, error=True)
    root = trust.root
    number = f"number {trust.revoked.number}" if trust.revoked else "no list"
    out.detail((f"root {root.name} version {root.version}, sha256:{root.digest}; revocations: {number}", "dim"))


def show_all(
    out: Output, trust: Trust | None, problem: DrivenError | None, waiting: Sequence[str], looked: Sequence[Looked], *,
    one: bool,
) -> None:  # fmt: skip
    """The root and each chain as a tree; with `one` the chain alone."""
    if problem is not None:
        out.line((problem.message, "bold red"), error=True)
        if problem.hint:
            out.line("  ", (problem.hint, "cyan"), error=True)
    if trust is not None and not one:
        _root(out, trust.root)
        if trust.revoked is None:
            out.line("revoked: ", ("there is no list", "yellow"))
        else:
            _list(out, trust.revoked)
    for path in waiting if not one else ():
        out.line((f"{out.glyph('warn')} waits for signatures: ", "yellow"), path)
    for at, (name, _, links, verdict, _) in enumerate(looked):
        if at or not one:
            out.line()
        _line(out, name, verdict)
        _links(out, links, verdict)


def show_to_sign(
    out: Output, root: Root | None, listed: Revocations | None, links: Sequence[Envelope]
) -> None:  # fmt: skip
    """What somebody is about to sign, on stderr."""
    if root is not None:
        _root(out, root, error=True)
    if listed is not None:
        _list(out, listed, error=True)
    _links(out, links, error=True)


def _root(out: Output, root: Root, *, error: bool = False) -> None:
    from driven.trust.signer_lines import shown_time

    out.line((root.name, "bold"), f"  root, version {root.version}: {root.threshold} of {count(len(root.keys), 'key')}",
             (f"  until {shown_time(root.exp)}", "dim"), error=error)  # fmt: skip
    for one in root.holders:
        out.line(f"  {one.name}  ", (one.key.fingerprint, "dim"), error=error)


def _list(out: Output, found: Revocations, *, error: bool = False) -> None:
    from driven.trust.signer_lines import shown_time

    many = len(found.keys) + len(found.ids)
    out.line(f"revoked: {count(many, 'entry', 'entries') if many else 'nothing'}",
             (f"  list number {found.number}, until {shown_time(found.exp)}", "dim"), error=error)  # fmt: skip
    for what, why in (*found.keys.items(), *found.ids.items()):
        out.line("  ", what, (f"  {why}" if why else "", "dim"), error=error)


def _line(out: Output, name: str, verdict: Verdict) -> None:
    from driven.trust.signer_lines import shown_time

    if verdict.holds:
        last = verdict.links[-1]
        caps = ", ".join(str(one) for one in last.caps.capabilities)
        who = "" if last.sub == name else f"{last.sub} "
        until = shown_time(min(one.exp for one in verdict.links))
        out.line((f"{out.glyph('ok')} {name}", "green"), f"  {who}may {caps}", (f"  until {until}", "dim"))
        return
    out.line((f"{out.glyph('fail')} {name}", "bold red"), f"  {verdict.message}")
    if verdict.hint:
        out.line("  ", (verdict.hint, "cyan"))


def _links(out: Output, links: Sequence[Envelope], verdict: Verdict | None = None, *, error: bool = False) -> None:
    """Each below the one that it hangs from; with a verdict, which of them is the bad one."""
    corner = "└─ " if out.unicode else "`- "
    for depth, (one, _) in enumerate(readable(links)):
        pad = "  " + "   " * depth
        bad = verdict is not None and not verdict.holds and verdict.link == depth + 1
        state: Piece = (f"  {verdict.state}", "bold red") if verdict is not None and bad else ""
        out.line(
            pad, (corner, "dim"), (one.sub, "bold"), (f"  {one.sub_key.fingerprint}", "dim"), state, error=error
        )  # fmt: skip
        for text in _told(one):
            out.line(pad, "   ", text, error=error)


def _told(one: Attestation) -> list[str]:
    from driven.trust.signer_lines import shown_time

    deep = f"may delegate, {one.depth} deep" if one.depth else "may not delegate"
    return [
        f"{', '.join(str(cap) for cap in one.caps.capabilities)}  in {', '.join(one.paths)}",
        f"until {shown_time(one.exp)}, {deep}; id {one.id}",
    ]  # fmt: skip
