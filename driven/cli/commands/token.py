"""`driven token add`, `list` and `remove`: who may read and publish at a rule server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output


def run_add(args: Any, app: App) -> int:
    """Print a new token, once, or put it into a file of its own. 2 for a name that has one or a file that is there, 5
    for a list that others may write."""
    from driven.serving.tokens import Grant, add_token

    grant: Grant = "publish" if args.publish else "read"
    token = add_token(args.tokens, args.name, grant, args.output or "")
    may = f"it may {grant}, as {args.name}"

    def show(out: Output) -> None:
        if args.output:
            out.note(("+ ", "green"), (args.output, "bold"), (f"  {may}; {args.tokens} has its digest", "dim"))
        else:
            out.line(token)
            out.note((f"{may}; shown this once: {args.tokens} has its digest", "dim"), error=True)

    where = {"output": args.output} if args.output else {"token": token}
    app.answer(lambda: {"name": args.name, "grant": grant, **where, "file": args.tokens}, show)
    return 0


def run_list(args: Any, app: App) -> int:
    """List the holders. 2 for a line that is none, 5 for a file that others may write."""
    _list(args.tokens, app)
    return 0


def run_remove(args: Any, app: App) -> int:
    """Take a holder's line out; list who is left. 2 for a name that is not there."""
    from driven.serving.tokens import remove_token

    remove_token(args.tokens, args.name)
    app.out.note((f"- {args.name}", "red"), "  a server that runs notices by itself", error=True)
    _list(args.tokens, app)
    return 0


def _list(path: str, app: App) -> None:
    from driven.serving.tokens import read_tokens

    holders = read_tokens(path)

    def show(out: Output) -> None:
        if holders:
            out.show(out.table([[(one.name, "bold"), one.grant] for one in holders]))
        else:
            out.note((f"{path} names nobody", "dim"))

    app.answer(lambda: {"file": path, "holders": [{"name": one.name, "grant": one.grant} for one in holders]}, show)
