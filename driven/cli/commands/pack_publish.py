"""`driven pack build` and `driven pack publish`: a pack as one file, and to where a team gets it from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.serving.packaging import Built


def run_build(args: Any, app: App) -> int:
    """Write NAME-VERSION.pack. 2 for a mistake in it, 6 where it is not signed as it stands."""
    from driven.cli import files
    from driven.cli.text import count, size
    from driven.serving.packaging import build

    made = build(args.folder or ".")
    one = made.version
    path = args.out or f"{one.name}-{one.version}.pack"
    files.write({path: made.data}, force=True)

    def show(out: Output) -> None:
        out.note(("+ ", "green"), (path, "bold"))
        for name in made.compiled:
            out.note((f"  compiled {name}", "dim"))
        out.note(f"  {size(one.size)}, {count(made.files, 'file')}, {count(made.rules, 'rule')}")
        out.note(f"  signed by {made.signer}")
        out.note((f"  {one.etag}", "dim"))

    app.answer(lambda: {"output": path, **_data(made)}, show)
    return 0


def run_publish(args: Any, app: App) -> int:
    """Hand a pack to a server, or put it into the folder of one. 2 where that does not answer, 4 for another content
    under that version, 5 for a token that may not, 6 for a pack that is not signed."""
    from driven.delivery.token import token_of
    from driven.serving.handing_in import hand_in, is_url
    from driven.serving.packaging import build, read_built
    from driven.serving.store import version_from

    if not args.to:
        raise UsageError("where to?", hint="--to https://HOST[:PORT], or --to DIR for the folder of a server")
    if not os.path.exists(args.path):
        raise UsageError(f"`{args.path}` is not there", hint="a pack's folder, or what `driven pack build` wrote")
    made = build(args.path) if os.path.isdir(args.path) else read_built(args.path)
    if is_url(args.to):
        answer = hand_in(args.to, made.version, made.data, token_of(args.token_file))
        kept, new = version_from(answer, f"what `{args.to}` answered"), answer.get("new") is not False
    else:
        from driven.serving.folder import Folder

        kept, new = Folder(args.to).publish(made.version, made.data)

    def show(out: Output) -> None:
        done = "published" if new else "published already, as it stands:"
        out.note((out.glyph("ok"), "green"), f" {done} ", (f"{kept.name} {kept.version}", "bold"), f"  to {args.to}")
        out.note((f"  {kept.etag}", "dim"))

    app.answer(lambda: {"to": args.to, "new": new, "published": kept.published, **_data(made)}, show)
    return 0


def _data(made: Built) -> dict[str, Any]:
    one = made.version
    return {
        "name": one.name, "version": one.version, "etag": one.etag, "sha256": one.sha256, "size": one.size,
        "files": made.files, "rules": made.rules, "signer": made.signer, "compiled": list(made.compiled),
    }  # fmt: skip
