"""`driven update`: newer versions of packs from where they came from, looked at before they are applied."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driven.cli.app import App
    from driven.delivery.updating import Update
    from driven.errors import DrivenError
    from driven.model.diagnostic import Diagnostic

_ALONE = ("follow", "repin")  # they mean nothing beside these
_WITH = {"follow": ("check", "dry_run", "to", "offline", "repin"), "repin": ("check", "dry_run", "to", "yes")}


def run(args: Any, app: App) -> int:
    """Ask, show what changes, and take it with a yes. 1: --check found something newer, 2: somebody could not be asked,
    5: nobody said yes, 6: what is offered may not take the place of what was accepted, which stays."""
    for one in _ALONE:
        for two in _WITH[one] if getattr(args, one) else ():
            if getattr(args, two):
                raise UsageError(
                    f"`--{one}` and `--{two.replace('_', '-')}` do not go together", hint="leave one of them out"
                )
    if args.to and len(args.names) != 1:
        raise UsageError("`--to` is the version of one pack", hint="`driven update NAME --to VERSION`")
    if args.repin:
        return _repin(args, app)
    if args.follow:
        from driven.cli.following import run as follow

        return follow(args, app)
    return _update(args, app)


def _update(args: Any, app: App) -> int:
    from driven import packing
    from driven.cli.commands.pack import confirm
    from driven.cli.render_update import show_taken, show_updates
    from driven.delivery.token import tokens_for
    from driven.delivery.updating import look_for, sourced
    from driven.project.installing import fresh_folder

    root = app.root
    packs = sourced(root, args.names)
    wanted = [one.rstrip("/") for one in args.from_]
    packs = {name: pair for name, pair in packs.items() if not wanted or pair[1].text in wanted}
    tokens = tokens_for(args.token_file, [one.url for _, one in packs.values() if one.kind == "server"], wanted)
    dry = args.check or args.dry_run
    with fresh_folder() as top, app.progress():
        found = look_for(
            root, packs, top, tokens=tokens, offline=args.offline, to=args.to or "",
            unsigned=args.unsigned, key=args.key or "", surfaces=args.surfaces,
        )  # fmt: skip
        looks = [one.look for one in found if one.state in ("new", "restored") and one.look is not None]
        if not app.json:
            show_updates(app.out, found, check=args.check)
        if looks and not dry:
            words = ["driven", "update", *(look.name for look in looks)]
            words += [word for one in args.from_ for word in ("--from", one)]
            words += ["--to", args.to] if args.to else []
            words += ["--token-file", args.token_file] if args.token_file else []
            lost = [one.name for one in found if one.edited]
            confirm(args, app, looks, again=shlex.join([*words, "--yes"]), known=True, lost=lost)
            packing.accept(root, looks, unsigned=args.unsigned, key=args.key or "", surfaces=args.surfaces)
        done = bool(looks) and not dry
        problems = [one.problem for one in found if one.problem is not None]
        problems.sort(key=lambda one: -one.exit_code)
        app.answer(lambda: {"packs": [_data(one, done) for one in found]},
                   lambda out: show_taken(out, looks) if done else None, failed=problems)  # fmt: skip
    return app.outcome(drift=args.check and bool(looks), diagnostics=_told(problems))


def _repin(args: Any, app: App) -> int:
    from driven import packing

    names = packing.repin(app.root, args.names)

    def show(out: Any) -> None:
        for name in names:
            out.note((out.glyph("ok"), "green"), " pinned anew what ", (name, "bold"), " comes to in each editor")
        if not names:
            out.note("pinned already, as it is")

    app.answer(lambda: {"packs": [], "repinned": list(names)}, show)
    return 0


def _told(problems: Iterable[DrivenError]) -> list[Diagnostic]:
    """What could not be done, as the exit code counts it; it was shown with its pack."""
    from driven.model.diagnostic import Diagnostic
    from driven.project.ledger import PINS
    from driven.span import Span

    return [Diagnostic(code=one.code, severity="error", message=one.message, span=Span(path=PINS)) for one in problems]


def _data(one: Update, done: bool) -> dict[str, Any]:
    from driven.cli.render_packs import diff

    look, problem = one.look, one.problem
    return {
        "name": one.name,
        "from": one.source,
        "state": {"new": "updated", "restored": "restored"}.get(one.state, one.state) if done else one.state,
        "version": one.pin.version,
        "newest": one.version,
        "key": look.fingerprint if look else "",
        "signer": look.signed.principal if look and look.signed else "",
        "more": [str(wanted) for wanted in look.more] if look else [],
        "less": [str(wanted) for wanted in look.less] if look else [],
        "surfaces": [str(surface) for surface in look.surfaces] if look else [],
        "diff": "\n".join(diff(one.changes)),
        "edited": one.edited,
        "coding": one.coding,
        "bytes": one.moved,
        "problem": None if problem is None else {"code": problem.code, "message": str(problem), "hint": problem.hint},
    }
