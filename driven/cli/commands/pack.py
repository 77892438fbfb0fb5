"""`driven pack list`, `show`, `add`, `trust` and `forget`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.packing import PackLook


def run_list(args: Any, app: App) -> int:
    """List every pack. 6 when one is not as it was accepted."""
    from driven import packing
    from driven.cli.render_packs import show_packs

    looks = packing.look_all(app.root)
    app.answer(lambda: {"packs": [data(one) for one in looks]}, lambda out: show_packs(out, looks))
    return app.outcome(untrusted=any(one.state in ("changed", "refused") for one in looks))


def run_show(args: Any, app: App) -> int:
    """Show one pack: who signed it, what it wants, what it holds. 6 when it cannot be accepted."""
    from driven import packing
    from driven.cli.render_packs import show_pack

    one = packing.look(app.root, args.name)
    app.answer(lambda: {"packs": [data(one)]}, lambda out: show_pack(out, one))
    return app.outcome(untrusted=one.state == "refused")


def run_add(args: Any, app: App) -> int:
    """Show what a pack's folder or archive holds, and ask; with a yes it takes its place in the project, pinned."""
    from driven import packing
    from driven.project.installing import fresh_folder, stage

    root = app.root
    with fresh_folder() as top:
        name = stage(args.source, top)
        one = packing.look_staged(root, top, name)
        again = f"driven pack add {args.source} --yes"
        return accept(args, app, [one], again=again)


def run_trust(args: Any, app: App) -> int:
    """Accept packs as they stand: ask on a terminal, else --yes says it. 5 when nobody said yes, 6 for what cannot be
    accepted."""
    from driven import packing

    looks = [packing.look(app.root, name) for name in dict.fromkeys(args.names)] or list(packing.look_all(app.root))
    gone = [one.name for one in looks if one.state == "gone"]
    if gone and args.names:
        raise UsageError(
            f"the pack `{gone[0]}` is not here",
            hint=f"`driven update {gone[0]}` fetches it from where it came; `driven pack forget` takes its pin back",
        )
    looks = [one for one in looks if one.state not in ("gone", "accepted")]
    return accept(args, app, looks, again=f"driven pack trust {looks[0].name if len(looks) == 1 else 'NAME'} --yes")


def run_forget(args: Any, app: App) -> int:
    """Take a pack's pin back: from the next sync on its rules are held back as they stand; those of a pack that is not
    here go."""
    from driven import packing

    packing.forget(app.root, args.name)

    def show(out: Output) -> None:
        there = os.path.isdir(os.path.join(app.root, ".driven", "packs", args.name))
        out.note(f"`{args.name}` is no longer accepted", ": what its rules wrote stays as it is" if there else "")
        if there:
            out.note((f"to be rid of it, delete .driven/packs/{args.name} and sync", "dim"))
        else:
            out.note(("the next `driven sync` takes its rules from the editors' files", "dim"))

    app.answer(lambda: {"packs": []}, show)
    return 0


def accept(args: Any, app: App, looks: Sequence[PackLook], *, again: str) -> int:
    """Show these packs, ask where a person is, and accept them; `again`: what says yes where nobody can be asked."""
    from driven import packing
    from driven.cli.render_packs import show_accepted, show_edits

    lost = {one.name: found for one in looks if (found := packing.edits(app.root, one))}
    for name, found in lost.items() if not app.json else ():
        show_edits(app.out, name, found)
    confirm(args, app, looks, again=again, lost=lost)
    done = packing.accept(app.root, looks, unsigned=args.unsigned, key=args.key or "", surfaces=args.surfaces)
    app.answer(lambda: {"packs": [data(packing.look(app.root, one.name)) for one in done]},
               lambda out: show_accepted(out, done))  # fmt: skip
    return 0


def confirm(
    args: Any, app: App, looks: Sequence[PackLook], *, again: str, known: bool = False, lost: Collection[str] = ()
) -> None:
    """That somebody says yes to these packs as they stand; nothing is asked of those that are accepted, but those that
    are `lost`: what was changed there goes, and was shown. `known`: all were shown already. SignatureError for what
    cannot be accepted, PolicyError where nobody says yes."""
    from driven import packing
    from driven.cli.render_packs import show_pack

    new = [one for one in looks if one.state != "accepted"]
    for one in new:
        packing.check(one, unsigned=args.unsigned, key=args.key or "", surfaces=args.surfaces)
    looks = [one for one in looks if one in new or one.name in lost]
    if not looks or args.yes:
        return
    for one in new if not (app.json or known) else ():
        show_pack(app.out, one, error=True)
    what = f"`{looks[0].name}`" if len(looks) == 1 else f"these {len(looks)} packs"
    asks = not app.json and app.out.can_ask()
    does = f"Accept {what} as it stands" if new else f"Put {what} back as accepted"
    goes = ", and lose what was changed here" if lost else ""
    if not asks or app.out.ask((f"{does}{goes}?", "bold"), " [y/N]").lower() not in ("y", "yes"):
        denied = f"{what} was not accepted" if asks else f"nobody is here to accept {what}"
        kept = f"what was changed in {what} stays" + ("" if asks else ": nobody is here to say that it may go")
        keeps = "; what you want to keep of that, copy into .driven/rules first" if lost else ""
        raise PolicyError(
            denied if new else kept,
            hint="" if asks else f"if it is what you want{goes.replace('lose', 'to lose')}: `{again}`{keeps}",
        )


def data(one: PackLook) -> dict[str, Any]:
    """What `--json` says of a pack."""
    about, signed, pin, problem = one.about, one.signed, one.pin, one.problem
    return {
        "name": one.name,
        "version": about.version if about else "",
        "description": about.description if about else "",
        "state": one.state,
        "content": one.content,
        "rules": list(one.rules),
        "plugins": [plugin.name for plugin in about.plugins] if about else [],
        "signature": signed.state if signed else "",
        "signer": signed.principal if signed else "",
        "key": one.fingerprint,
        "wants": [str(wanted) for wanted in about.wants.capabilities] if about else [],
        "more": [str(wanted) for wanted in one.more],
        "less": [str(wanted) for wanted in one.less],
        "risk": about.wants.risk if about else 0,
        "pinned": None if pin is None else {"version": pin.version, "content": pin.content, "key": pin.key,
                                            "signer": pin.signer, "from": pin.source},
        "problem": None if problem is None else {"code": problem.code, "message": str(problem), "hint": problem.hint},
        "surfaces": [str(surface) for surface in one.surfaces],
        "hidden": [{"path": told.span.path, "line": told.span.line, "message": told.message} for told in one.hidden],
    }  # fmt: skip
