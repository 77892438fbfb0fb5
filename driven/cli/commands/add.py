"""`driven add`: a pack from a rule server, a repository or a path, looked at and accepted."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Fetch it, show it and ask; with a yes it takes its place in the project, pinned with where it came from. 5 when
    nobody said yes, 6 for what cannot be accepted."""
    from driven import packing
    from driven.cli.commands.pack import accept
    from driven.cli.render_update import how
    from driven.delivery.adding import bring, name_and_version
    from driven.delivery.ahead import Ahead
    from driven.delivery.origin import below, origin
    from driven.delivery.token import token_of
    from driven.delivery.updating import refuse_replay
    from driven.project.installing import fresh_folder
    from driven.project.pins import read_pins

    root = app.root
    name, version = name_and_version(args.name)
    pin = read_pins(root).get(name)
    given = args.from_
    if not given and (pin is None or not pin.source):
        raise UsageError(
            f"where does `{name}` come from?", hint="`--from URL`, `--from git+URL#REF` or `--from PATH` says it"
        )
    where = below(origin(given), root) if given else origin(pin.source if pin is not None else "")
    sends = where.kind == "server" and bool(given or args.token_file)  # to a server that the lock names, not by itself
    token = token_of(args.token_file) if sends else ""
    looks = not (args.yes or app.json) and app.out.can_ask()
    with fresh_folder() as top, Ahead(where, token, waits=looks, offline=args.offline) as ahead:
        with ahead.bringing(name):
            came = bring(root, name, version, where, top, token=token, offline=args.offline, pin=pin)
        look = packing.look_staged(root, top, name, where.text)
        again = f"`driven add {name}@{came.version} --from {where.text}`"
        refuse_replay(look, where, asked=version, hint=again)
        app.out.note((f"{name} {came.version}", "bold"), f" from {where.text}", (f"  {how(came)}", "dim"), error=True)
        word = f"{name}@{version}" if version else name
        words = ["driven", "add", word, *(["--from", given] if given else [])]
        words += ["--token-file", args.token_file] if args.token_file else []
        return accept(args, app, [look], again=shlex.join([*words, "--yes"]))
