"""`driven update --follow`: staying with the servers that packs came from, until a signal comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from driven.errors import DrivenError, UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.delivery.following import Arrived, Follower, Turn
    from driven.project.pins import Pin

_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")


def run(args: Any, app: App) -> int:
    """Tell each version that is published; with --yes take those that want nothing more and are signed as before. 0
    when it is ended by a signal."""
    from driven.delivery.adding import have_of
    from driven.delivery.following import Follower
    from driven.delivery.kept import Kept
    from driven.delivery.token import tokens_for
    from driven.delivery.updating import sourced
    from driven.trust.signers import load

    root = app.root
    wanted = [one.rstrip("/") for one in args.from_]
    servers: dict[str, dict[str, Pin]] = {}
    for name, (look, one) in sourced(root, args.names).items():
        if one.kind == "server" and look.pin is not None and look.pin.key and (not wanted or one.text in wanted):
            servers.setdefault(one.url, {})[name] = look.pin
    if not servers:
        raise UsageError(
            "no pack here comes signed from a rule server: nothing tells of new versions",
            hint="`driven add NAME --from https://…` brings one",
        )
    tokens = tokens_for(args.token_file, servers, wanted)
    telling = _Telling(app, root, takes=args.yes)
    kept, store = Kept(), load(root, os.environ)
    followers = []
    for url, pins in servers.items():
        here = {name: have_of(root, name, pin, kept) for name, pin in pins.items()}
        followers.append(
            Follower(
                url, pins, keys={name: pin.key for name, pin in pins.items()}, store=store, token=tokens.get(url, ""),
                have={name: one.data for name, one in here.items() if one is not None},
                arrived=telling.arrived, told=telling.problem, turned=telling.turned,
            )
        )  # fmt: skip
    names = sorted(name for pins in servers.values() for name in pins)
    telling.say({"event": "following", "packs": names}, f"following {', '.join(names)}; Ctrl-C ends it")
    asyncio.run(_until_ended(followers))
    return 0


async def _until_ended(followers: list[Follower]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in _ENDS:
        with contextlib.suppress(AttributeError, ValueError, NotImplementedError, RuntimeError):
            loop.add_signal_handler(getattr(signal, name), ended.set)
    tasks = [asyncio.create_task(one.run()) for one in followers]
    waits = asyncio.create_task(ended.wait())
    try:
        done, _ = await asyncio.wait([*tasks, waits], return_when=asyncio.FIRST_COMPLETED)
        for one in done - {waits}:
            one.result()
    finally:
        for one in (*tasks, waits):
            one.cancel()
        await asyncio.gather(*tasks, waits, return_exceptions=True)


class _Telling:
    """What a person, or with --json a program, reads of it."""

    def __init__(self, app: App, root: str, *, takes: bool) -> None:
        self._app = app
        self._root = root
        self._takes = takes
        self._last = ""

    async def arrived(self, one: Arrived) -> None:
        """A version that is signed by the pinned key; taken where that was said before, and it wants nothing more."""
        from driven import packing
        from driven.delivery.adding import laid_out
        from driven.delivery.kept import Kept
        from driven.project.installing import fresh_folder

        name, version = one.fetched.name, one.checked.about.version
        with fresh_folder() as top:
            laid_out(Kept(), name, version, one.fetched.data, top, one.fetched.coding, one.fetched.moved)
            look = packing.look_staged(self._root, top, name)
            if look.is_older or (look.state == "accepted" and packing.look(self._root, name).state == "accepted"):
                return  # another command took a newer one since this one began, or this one
            before = look.pin.version if look.pin is not None else ""
            edited = bool(packing.edits(self._root, look))
            more = [str(want) for want in look.more]
            told = {"name": name, "before": before, "version": version, "more": more, "edited": edited}
            arrow = self._app.out.glyph("arrow")
            if self._takes and not look.more and not look.surfaces and not edited:
                try:
                    packing.accept(self._root, [look])
                except DrivenError as error:
                    self.problem(error)
                    return
                self.say({"event": "updated", **told}, f"{name} {before} {arrow} {version}: updated; `driven sync`")
                return
            asks = f", and wants {', '.join(more)}" if more else ""
            asks += ", and what was changed here would be lost" if edited else ""
            self.say({"event": "published", **told}, f"{name} {before} {arrow} {version}{asks}: `driven update {name}`")

    def problem(self, error: DrivenError) -> None:
        """What went wrong; not the same again and again."""
        if str(error) != self._last:
            self._last = str(error)
            self.say({"event": "problem", "code": error.code, "message": str(error), "hint": error.hint},
                     f"{error}", hint=error.hint)  # fmt: skip

    def turned(self, turn: Turn) -> None:
        """That a server is away, and how long until it is tried again; that it is back."""
        event: dict[str, Any] = {"event": turn.what, "server": turn.server}
        match turn.what:
            case "away":
                why, hint = (turn.error.message, turn.error.hint) if turn.error is not None else ("", "")
                said = f"{why}; trying again, at most {turn.seconds:g} s apart: nothing that is published is missed"
                self.say({**event, "message": why, "hint": hint, "retry": turn.seconds}, said)
            case "polling":
                said = f"the event stream of `{turn.server}` does not hold: asking every {turn.seconds:g} s instead"
                self.say({**event, "retry": turn.seconds}, said)
            case "back":
                self.say(event, f"`{turn.server}` is back")

    def say(self, event: dict[str, Any], text: str, hint: str = "") -> None:
        """One line, at once."""
        if event["event"] != "problem":
            self._last = ""
        if self._app.json:
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            self._app.out.raw(json.dumps({**event, "at": at}) + "\n")
        else:
            clock = time.strftime("%H:%M:%S")
            self._app.out.line((f"{clock} ", "dim"), text, (f"  {hint}" if hint else "", "cyan"))
        sys.stdout.flush()
