"""`driven serve`: a team's rule server."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from driven.errors import DrivenError, UsageError

if TYPE_CHECKING:
    from driven.cli.app import App

STORE = "driven-packs"


def run(args: Any, app: App) -> int:
    """Serve until a signal comes, then 0. 2 for settings that would let strangers in, 5 for a list that others may
    write, 6 for one of signers that is none."""
    from driven.serving.running import Settings, serve

    settings = Settings(
        host=args.host, port=_port(args.port), store=args.store or ("" if args.nats else STORE), nats=args.nats or "",
        nats_login=args.nats_login or "", tokens=args.tokens or "",
        signers=args.signers or "", cert=args.cert or "", key=args.key or "",
        behind_proxy=args.behind_proxy, clients=args.clients,
    )  # fmt: skip

    def began(url: str, store: str, reads_only: bool) -> None:
        import json
        import sys

        if app.json:
            line = {"event": "serving", "url": url, "store": store, "tokens": bool(settings.tokens),
                    "tls": bool(settings.cert), "reads_only": reads_only}  # fmt: skip
            app.out.raw(json.dumps(line) + "\n")
        else:
            who = "who has a token" if settings.tokens else "this machine"
            what = f"{store}, for reading alone," if reads_only else f"{store},"
            app.out.note(("serving ", "bold"), (url, "bold cyan"), (f"  {what} to {who}; Ctrl-C ends it", "dim"))
        sys.stdout.flush()

    # A log that nobody reads any more, or a disk that is full, is no reason to serve nobody.
    def tell(line: str) -> None:
        with contextlib.suppress(OSError, DrivenError):
            app.out.line((line, "dim"), error=True)

    def warn(line: str) -> None:
        with contextlib.suppress(OSError, DrivenError):
            app.out.line(("warning: ", "yellow"), line, error=True)

    serve(settings, began, tell if args.verbose else None, warn)
    return 0


def _port(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) >= 1 << 16:
        raise UsageError(f"`{word[:40]}` is no port", hint="a number up to 65535; --port 0 takes one that is free")
    return int(word)
