"""What the places that packs came from have now, laid out beside what stands in the project: nothing is changed by it.

Older than what was accepted is a stop: whoever can put an old version in a new one's place brings back what was put
right since. So is another content under the version that was accepted, where a server says that versions never change.
"""

from __future__ import annotations

import asyncio
import os

from driven.delivery.adding import Brought, bring, from_cache, have_of, laid_out
from driven.delivery.kept import Kept
from driven.delivery.origin import Origin, origin
from driven.delivery.server import Fetched, RuleServer
from driven.delivery.wire import Unreachable
from driven.errors import ConfigError, DeliveryError, DrivenError, SignatureError, UsageError
from driven.format.words import similar
from driven.frozen import field, frozen
from driven.packing import PackLook, check, edits, look_all, look_staged
from driven.project.ledger import PACKS
from driven.project.pack_changes import changes
from driven.project.pins import Pin
from driven.trust.pack import version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal, TypeAlias

    from driven.project.pack_changes import Changes

State: TypeAlias = 'Literal["current", "new", "restored", "refused", "unreachable"]'
AT_ONCE = 8


@frozen
class Update:
    """One pack, and what there is for it.

    state    "current": it stands as the newest; "new": another version can be had; "restored": what was accepted is not
             here as it was, and can be put back; "refused": what there is may not take its place, says `problem`;
             "unreachable": nobody could be asked
    look     the other version as a person sees it; None where there is none
    changes  what taking it changes in the project; where it is "restored", what somebody changed there
    edited   whether something that somebody changed there would be lost by it
    """

    name: str
    source: str
    state: State
    pin: Pin
    look: PackLook | None = None
    version: str = ""
    coding: str = ""
    moved: int = 0
    changes: Changes = field(default_factory=dict)
    edited: bool = False
    problem: DrivenError | None = None


def sourced(root: str, names: Sequence[str] = ()) -> dict[str, tuple[PackLook, Origin]]:
    """The packs that came from somewhere, by name; of `names` all. UsageError for one that did not."""
    looks = {one.name: one for one in look_all(root)}
    for name in names:
        one = looks.get(name)
        if one is None:
            near = similar(name, looks)
            hint = f"did you mean `{near}`?" if near else "`driven pack list` shows what there is"
            raise UsageError(f"there is no pack `{name[:80]}`", hint=hint)
        if one.pin is None or not one.pin.source:
            raise UsageError(
                f"nothing says where the pack `{name}` came from", hint=f"`driven add {name} --from URL` does"
            )
    found = {}
    for name, one in looks.items():
        if one.pin is not None and one.pin.source and (not names or name in names):
            try:
                found[name] = (one, origin(one.pin.source))
            except UsageError as error:
                raise ConfigError(
                    f"`from` of `{name}` in `.driven/driven.lock`: {error.message}", hint=error.hint
                ) from None
    return found


def look_for(
    root: str, packs: Mapping[str, tuple[PackLook, Origin]], top: str, *, tokens: Mapping[str, str],
    offline: bool = False, to: str = "", unsigned: bool = False, key: str = "", surfaces: bool = False,
) -> list[Update]:  # fmt: skip
    """What there is for each of these packs, laid out below the folder `top`; `to`: this version and no other; a pack
    that is gone comes as it is pinned, and what is newer is seen when it is here. `tokens`: by the URL of a server.

    What could not be accepted (`driven.packing.check`) is "refused". Packs of servers are asked for side by side.
    """
    kept = Kept()
    asked = {name: to or _pinned(*pair) for name, pair in packs.items()}
    newest = {name: pair for name, pair in packs.items() if not asked[name]}
    fetched = {} if offline else asyncio.run(_ask(root, newest, tokens, kept))
    found = []
    for name, (here, one) in packs.items():
        assert here.pin is not None
        folder = os.path.join(top, name)
        os.mkdir(folder, 0o700)
        try:
            came = fetched.get(name)
            if isinstance(came, DrivenError):
                raise came
            token = tokens.get(one.url, "")
            brought = _brought(root, here, one, folder, kept, came, token=token, offline=offline, to=asked[name])
            update = _judged(root, here, one, folder, brought, to=to)
            if update.state == "new" and update.look is not None:
                check(update.look, unsigned=unsigned, key=key, surfaces=surfaces)
        except Unreachable as error:
            update = _without(here, error, "unreachable")
        except DrivenError as error:
            look, version = _seen(root, here, folder)
            update = _without(here, error, "refused", look, version)
        found.append(update)
    return found


def _pinned(here: PackLook, one: Origin) -> str:
    """The version that is asked for where a pack is gone and its server still has it, "" for the newest."""
    return here.pin.version if here.state == "gone" and one.kind == "server" and here.pin is not None else ""


async def _ask(
    root: str, packs: Mapping[str, tuple[PackLook, Origin]], tokens: Mapping[str, str], kept: Kept
) -> dict[str, Fetched | DrivenError | None]:
    """Name -> what came for it; None where the server has nothing else than what is here."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(here: PackLook, where: Origin) -> Fetched | DrivenError | None:
        assert here.pin is not None
        have = have_of(root, here.name, here.pin, kept)
        async with gate:
            try:
                token = tokens.get(where.url, "")
                return await RuleServer(where.url, token=token, kept=kept).fetch(here.name, have=have)
            except DrivenError as error:
                return error

    asked = {name: pair for name, pair in packs.items() if pair[1].kind == "server"}
    answers = await asyncio.gather(*(one(*pair) for pair in asked.values()))
    return dict(zip(asked, answers, strict=True))


def _brought(
    root: str, here: PackLook, one: Origin, folder: str, kept: Kept, came: Fetched | None, *, token: str,
    offline: bool, to: str,
) -> Brought | None:  # fmt: skip
    """What is laid out now; None where what was accepted is the newest, and stands."""
    assert here.pin is not None
    if one.kind != "server" or offline or to:
        if offline and not to and here.state == "accepted":
            return None
        return bring(root, here.name, to, one, folder, token=token, offline=offline, pin=here.pin)
    if came is not None:
        version = came.version.removeprefix("latest")
        return laid_out(kept, here.name, version, came.data, folder, came.coding, came.moved)
    if here.state == "accepted":
        return None
    found = from_cache(kept, here.name, "", here.pin, folder)
    if found is None:
        raise DeliveryError(f"what was accepted of `{here.name}` is not in the cache", hint="run this again")
    return found


def _judged(root: str, here: PackLook, one: Origin, folder: str, brought: Brought | None, *, to: str) -> Update:
    pin = here.pin
    assert pin is not None
    if brought is None:
        return Update(name=here.name, source=pin.source, state="current", pin=pin, version=pin.version)
    look = look_staged(root, folder, here.name, pin.source)
    version, coding, moved = brought.version, brought.coding, brought.moved
    if look.state == "accepted":
        state: State = "current" if here.state == "accepted" else "restored"
        found = edits(root, look, here)
        return Update(
            name=here.name, source=pin.source, state=state, pin=pin, look=look, version=version, coding=coding,
            moved=moved, changes=found, edited=bool(found),
        )  # fmt: skip
    refuse_replay(look, one, asked=to, hint=f"`driven update {here.name} --to {version}`")
    return Update(
        name=here.name, source=pin.source, state="new", pin=pin, look=look, version=version, coding=coding,
        moved=moved, changes=changes(root, folder, here.name), edited=bool(edits(root, look, here)),
    )  # fmt: skip


def refuse_replay(look: PackLook, one: Origin, *, asked: str, hint: str) -> None:
    """SignatureError where an older version than the accepted one is offered that nobody asked for, or a server has
    another content under the accepted version. `hint`: what takes the older one all the same."""
    pin, about = look.pin, look.about
    if pin is None or about is None or look.state == "accepted":
        return
    if version_of(about.version) < version_of(pin.version) and not asked:
        raise SignatureError(
            f"`{look.name} {about.version}` is offered, which is older than {pin.version}, which was accepted",
            hint=f"an older version brings back what was put right since. If it is meant: {hint}",
        )
    if about.version == pin.version and one.kind == "server" and f"sha256:{look.content}" != pin.content:
        raise SignatureError(
            f"`{look.name} {about.version}` has another content than the one that was accepted",
            hint="a version that was published never changes: ask whoever runs the server, and whoever signed it;"
            f" `driven pack forget {look.name}` forgets what was accepted",
        )


def _seen(root: str, here: PackLook, folder: str) -> tuple[PackLook | None, str]:
    """What was laid out, as far as that came."""
    if here.pin is None or not os.path.isdir(os.path.join(folder, PACKS, here.name)):
        return None, ""
    look = look_staged(root, folder, here.name, here.pin.source)
    return look, look.about.version if look.about is not None else ""


def _without(
    here: PackLook, error: DrivenError, state: State, look: PackLook | None = None, version: str = ""
) -> Update:
    assert here.pin is not None
    return Update(
        name=here.name, source=here.pin.source, state=state, pin=here.pin, look=look, version=version, problem=error
    )
