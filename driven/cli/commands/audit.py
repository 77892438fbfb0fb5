"""`driven audit show|verify|sign`: the log of what foreign code did, asked for and was denied."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from driven.cli.app import App

_OWN = ("seq", "wall", "mono", "pid", "event", "outcome", "prev")


def run_show(args: Any, app: App) -> int:
    """Print the last entries, the newest last."""
    from driven.cli.render_audit import show_entries
    from driven.trust.audit_read import last

    found = last(_path(app), 0 if args.all else args.last, denied=args.denied)
    app.answer(
        lambda: {
            "entries": [
                {**{key: one[key] for key in _OWN}, "told": {key: one[key] for key in one if key not in _OWN}}
                for one in found
            ]
        },
        lambda out: show_entries(out, found, denied=args.denied),
    )
    return app.outcome()


def run_verify(args: Any, app: App) -> int:
    """Walk the chain. 6 when it is broken, or its head does not hold."""
    import time

    from driven.cli.render_audit import show_checked
    from driven.trust.audit_head import checker
    from driven.trust.audit_read import verify

    path = _path(app)
    check = checker(app.root, os.environ, int(time.time()))
    found = verify(path, check=check, kept=_kept(args.head) if args.head else None)
    app.answer(
        lambda: {
            "whole": found.whole,
            "entries": found.entries,
            "id": found.id,
            "head": f"{found.seq}:{found.hash}" if found.entries else "",
            "outcomes": found.outcomes,
            "signed": found.signed if found.signed >= 0 else None,
            "signer": found.signer,
            "healed": found.healed,
            "torn": found.torn,
            "clock": found.clock,
            "faults": [{"line": one.line, "kind": one.kind, "message": one.message} for one in found.faults],
            "more": found.more,
        },
        lambda out: show_checked(out, found),
    )
    return app.outcome(untrusted=not found.whole)


def run_sign(args: Any, app: App) -> int:
    """Sign the head of the log as it stands. 2 when there is no log, 6 when it is broken or the key refuses."""
    from driven.cli.asking import passphrase
    from driven.cli.render_audit import show_signed, shown
    from driven.errors import SignatureError
    from driven.trust import signers, sshsig
    from driven.trust.audit import NAMESPACE, AuditLog
    from driven.trust.audit_head import signer
    from driven.trust.audit_read import verify
    from driven.trust.key_sources import load_signing_key

    path = _path(app)
    if not os.path.lexists(path):
        raise UsageError("there is no audit log to sign", hint="it begins with the first foreign code that runs")
    if not verify(path).whole:
        hint = "`driven audit verify` says where; move it and its .head away to begin anew"
        raise SignatureError("the audit log is broken: a signature would say that it is whole", hint=hint)
    store = signers.load(app.root, os.environ)
    trusted = store.keys(NAMESPACE) or store.keys(sshsig.PACK)
    key = load_signing_key(args.key, os.environ, passphrase(app), trusted)
    head = AuditLog(path, sign=signer(key)).sign()
    app.answer(
        lambda: {"head": shown(head), "signed": head["seq"], "name": key.name, "where": key.where},
        lambda out: show_signed(out, head, key),
    )
    return 0


def _path(app: App) -> str:
    from driven.trust.audit import LOG

    return os.path.join(app.root, LOG)


def _kept(text: str) -> tuple[int, str]:
    """A head as `driven audit verify` prints it. UsageError."""
    seq, _, digest = text.partition(":")
    whole = seq.isascii() and seq.isdigit() and len(seq) < 16 and len(digest) == 64
    if not whole or set(digest) - set("0123456789abcdef"):
        raise UsageError(f"`{text:.100}` is no head", hint="it is what `driven audit verify` printed: NUMBER:HASH")
    return int(seq), digest
