"""Packs, looked at and accepted: who signed one, what it wants, what changed since, and the pin that says yes to it.

Trust on first use: whoever says yes sees the key's fingerprint and what the pack asks for; `driven.lock` keeps both,
with the digest of all its files. From then on a new content is a question again, and a new key is a stop.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence

from driven.errors import DrivenError, PolicyError, SignatureError, UsageError
from driven.footprint import footprints
from driven.format.words import similar
from driven.frozen import field, frozen, replace
from driven.project.disk import Tree
from driven.project.installing import Moves
from driven.project.ledger import PACKS, PINS
from driven.project.pack_changes import changes
from driven.project.pack_texts import texts
from driven.project.packs import Pack, pack_names, read_pack, revoked_keys, unaccepted
from driven.project.pins import Pin, pins_text, read_pins
from driven.project.writer import Writer
from driven.trust.capability import Capability, CapabilityManifest, difference
from driven.trust.pack import About, version_of
from driven.trust.signers import TrustStore
from driven.trust.signers import load as load_store
from driven.trust.verifying import Result, verify_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from driven.model.diagnostic import Diagnostic
    from driven.project.pack_changes import Changes
    from driven.trust.surfaces import Surface

State: TypeAlias = 'Literal["accepted", "new", "changed", "refused", "gone"]'


@frozen
class PackLook:
    """One pack as a person sees it before saying yes.

    state    "accepted" as it stands; "new": nobody did yet; "changed" since; "refused": nobody can, for what `problem`
             or `signed` says; "gone": accepted, and not in the project
    signed   what its signature is worth here
    more     what it wants beyond what was granted; `less`: what was granted, and it wants no more
    surfaces what its files make an editor run, allow or trust, and nobody granted; `runs`: path -> digest of all such
    stage    where it was laid out to be looked at (`driven.project.installing`); "" for one that stands in the project
    source   where it came from, as its pin shall say; "" leaves what the pin says
    """

    name: str
    state: State
    about: About | None = None
    content: str = ""
    rules: tuple[str, ...] = ()
    files: int = 0
    signed: Result | None = None
    pin: Pin | None = None
    more: tuple[Capability, ...] = ()
    less: tuple[Capability, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    problem: DrivenError | None = None
    stage: str = ""
    source: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the key that signed it, "" for none; a signature that does not hold has none either."""
        found = self.signed
        return found.key.fingerprint if found is not None and found.key is not None and found.state != "bad" else ""

    @property
    def is_older(self) -> bool:
        """Whether it is of an earlier version than the one that was accepted: somebody may want its mistakes back."""
        pin, about = self.pin, self.about
        return pin is not None and about is not None and version_of(about.version) < version_of(pin.version)

    @property
    def is_known(self) -> bool:
        """Whether it was signed by somebody who is trusted here."""
        return self.signed is not None and self.signed.state == "ok"


def look_all(root: str) -> tuple[PackLook, ...]:
    """Every pack that stands in the project or was accepted, by name."""
    names, pins, store, revoked = _asked(root)
    return tuple(_look(root, name, pins.get(name), name in names, store, revoked) for name in sorted({*names, *pins}))


def look(root: str, name: str) -> PackLook:
    """One pack. UsageError for a name that is none."""
    names, pins, store, revoked = _asked(root)
    if name not in names and name not in pins:
        near = similar(name, [*names, *pins])
        hint = f"did you mean `{near}`?" if near else f"packs are folders in `{PACKS}`: `driven pack list` shows them"
        raise UsageError(f"there is no pack `{name[:80]}`", hint=hint)
    return _look(root, name, pins.get(name), name in names, store, revoked)


def look_staged(root: str, top: str, name: str, source: str = "") -> PackLook:
    """A pack that was laid out in the folder `top`, as it would be in the project."""
    pin, store = read_pins(root).get(name), load_store(root, os.environ)
    return replace(_look(top, name, pin, True, store, revoked_keys(root)), stage=top, source=source)


def edits(root: str, staged: PackLook, here: PackLook | None = None) -> Changes:
    """What somebody changed in a pack where it stands (`here`), and would be lost if the staged one took its place.
    Empty where it stands as it was accepted, or as another version that is signed by the accepted key."""
    if not staged.stage or not os.path.lexists(os.path.join(root, PACKS, staged.name)):
        return {}
    here = here or look(root, staged.name)
    pin = here.pin
    if here.state == "accepted" or (pin is not None and here.content == pin.content.removeprefix("sha256:")):
        return {}
    if here.content and pin is not None and pin.key and here.fingerprint == pin.key:
        return {}
    found = changes(root, staged.stage, staged.name)
    return found if any(before is not None for before, _ in found.values()) else {}


def accept(
    root: str, looks: Sequence[PackLook], *, unsigned: bool = False, key: str = "", surfaces: bool = False
) -> tuple[PackLook, ...]:
    """Pin these packs as they were looked at, all or none; those that were staged take their place in the project.

    What is accepted already stays pinned as it is; it is put back where it was staged. `unsigned` takes packs that
    nobody signed; `key` is the fingerprint of the one new key that is meant to be taken; `surfaces` grants what their
    files make an editor run. The answer: those that were not accepted before.
    SignatureError for what cannot be accepted or was changed since it was looked at; then nothing is changed.
    """
    wanted = [one for one in looks if one.state in ("new", "changed", "refused")]
    for one in wanted:
        check(one, unsigned=unsigned, key=key, surfaces=surfaces)
    again = [one for one in looks if one.state == "accepted" and one.stage]
    if not wanted and not again:
        return ()
    made = {one.name: read_pack(one.stage or root, one.name) for one in (*wanted, *again)}
    outputs = footprints(root, {one.name: made[one.name].rules.values() for one in wanted})
    with Tree(root) as tree, Writer(tree):
        before = read_pins(root)
        pins, moves = dict(before), Moves(root, tree)
        try:
            for one in (*wanted, *again):
                if _content(before.get(one.name)) != _content(one.pin):  # perhaps a newer one: this would undo it
                    raise SignatureError(
                        f"`{PINS}` was changed for `{one.name}` while the pack was looked at", hint="run this again"
                    )
                if read_pack(one.stage or root, one.name, rules=False).content != one.content:
                    raise SignatureError(
                        f"the pack `{one.name}` was changed while it was looked at", hint="look at it again"
                    )
                if one.stage:
                    moves.put(one.stage, one.name)
                old = before.get(one.name)
                if one in again and old is not None:
                    pins[one.name] = replace(old, source=one.source or old.source)
                else:
                    source = one.source or (old.source if old is not None else "")
                    pins[one.name] = replace(_pin(one), source=source, outputs=outputs[one.name])
            if pins != before:
                tree.write_state(PINS, pins_text(pins), durable=True)
        except BaseException:
            moves.undo()
            raise
        moves.done()
    return tuple(wanted)


def repin(root: str, names: Collection[str] = ()) -> tuple[str, ...]:
    """Pin anew what the rules of accepted packs (of all, without `names`) come to in each editor; whose pin changed."""
    looks = [one for one in look_all(root) if one.state == "accepted" and (not names or one.name in names)]
    outputs = footprints(root, {one.name: read_pack(root, one.name).rules.values() for one in looks})
    with Tree(root) as tree, Writer(tree):
        pins = read_pins(root)
        changed = [name for name, now in outputs.items() if name in pins and dict(pins[name].outputs) != now]
        for name in changed:
            pins[name] = replace(pins[name], outputs=outputs[name])
        if changed:
            tree.write_state(PINS, pins_text(pins), durable=True)
    return tuple(changed)


def forget(root: str, name: str) -> None:
    """Take a pack's pin back. UsageError for one that was not accepted."""
    with Tree(root) as tree, Writer(tree):
        pins = read_pins(root)
        if pins.pop(name, None) is None:
            raise UsageError(f"the pack `{name[:80]}` is not accepted here", hint="`driven pack list` shows what is")
        tree.write_state(PINS, pins_text(pins), durable=True)


def check(one: PackLook, *, unsigned: bool = False, key: str = "", surfaces: bool = False) -> None:
    """Whether a person can say yes to this pack at all. SignatureError or PolicyError says why not."""
    if one.problem is not None and not _is_pin_alone(one):
        raise one.problem
    found = one.signed
    if found is not None and found.state not in ("ok", "untrusted", "unsigned"):
        raise SignatureError(f"the pack `{one.name}`: {found.message}", hint=found.hint)
    if one.hidden:
        first = one.hidden[0]
        raise PolicyError(
            f"the pack `{one.name}` hides text: {first.span}: {first.message}",
            hint="its author takes it out, and signs anew",
        )
    before = one.pin.key if one.pin is not None else ""
    if before and one.fingerprint != before and not (key and one.fingerprint == key):
        now = f"is signed by {one.fingerprint}" if one.fingerprint else "is not signed"
        raise SignatureError(
            f"the pack `{one.name}` {now}, and was accepted from {before}",
            hint="a key never changes by itself. When its owner tells you the new fingerprint: `driven pack trust "
            f"{one.name} --key FINGERPRINT`",
        )
    if one.surfaces and not surfaces:
        more = f" (and {len(one.surfaces) - 1} more)" if one.surfaces[1:] else ""
        raise PolicyError(
            f"the pack `{one.name}` makes an editor do something: {one.surfaces[0]}{more}",
            hint=f"`driven pack show {one.name}` lists it all; `--surfaces` grants that, for these very files",
        )
    if not one.fingerprint and not unsigned:
        raise SignatureError(
            f"the pack `{one.name}` is not signed",
            hint="whoever made it signs it: `driven sign FOLDER`; `--unsigned` takes it for its content alone",
        )


def require_locked(root: str) -> tuple[PackLook, ...]:
    """That every pack is pinned as it stands, and signed by the key of its pin, whose signature holds now.

    SignatureError names the first that is not. What `driven sync --locked` asks: nobody is there to be asked.
    """
    looks = look_all(root)
    wrong = [(one, why) for one in looks if (why := _unlocked(one))]
    if wrong:
        (first, why), more = wrong[0], len(wrong) - 1
        raise SignatureError(
            f"--locked: the pack `{first.name}` {why}" + (f" (and {more} more)" if more else ""),
            hint=f"`driven update {first.name}` brings it, as it is pinned"
            if first.state == "gone" and first.pin is not None and first.pin.source
            else f"`driven pack show {first.name}` says more; accept it where you work, and commit `{PINS}`",
        )
    return looks


def require_frozen(root: str) -> None:
    """As `require_locked`, and that each pack's rules alone come to what is pinned, in each enabled editor.

    SignatureError names the first pack and editor for which that is not so.
    """
    looks = require_locked(root)
    outputs = footprints(root, {one.name: read_pack(root, one.name).rules.values() for one in looks})
    for one in looks:
        pinned = one.pin.outputs if one.pin is not None else {}
        for editor, now in outputs[one.name].items():
            if pinned.get(editor) == now:
                continue
            why = f"is written otherwise for {editor}" if editor in pinned else f"has no pin for {editor}"
            cause = (
                "another version of driven or of a plugin, or other settings of the editor" if editor in pinned
                else "the editor was switched on since, or the pin is older than such pins"
            )  # fmt: skip
            raise SignatureError(
                f"--frozen: the pack `{one.name}` {why}",
                hint=f"{cause}; `driven update --repin` pins it as it is, where you work: commit `{PINS}`",
            )


def _unlocked(one: PackLook) -> str:
    if one.state == "new":
        return f"is not pinned in `{PINS}`"
    if one.state == "gone":
        return f"is pinned in `{PINS}`, and is not here"
    if one.state == "changed":
        return "is not what was pinned" if one.pin is None or one.pin.key else "is pinned without its key"
    if one.problem is not None:
        return f"is refused: {one.problem.message}"
    if not one.fingerprint or one.signed is None or one.pin is None:
        return "is not signed"
    if one.fingerprint != one.pin.key:
        return "is signed by a key that is not pinned"
    if one.signed.state not in ("ok", "untrusted"):  # its key is pinned: no list need name it too
        return f"is not to be trusted: {one.signed.message}"
    return ""


def _asked(root: str) -> tuple[list[str], dict[str, Pin], TrustStore, Mapping[str, str]]:
    return pack_names(root), read_pins(root), load_store(root, os.environ), revoked_keys(root)


def _look(
    root: str, name: str, pin: Pin | None, stands: bool, store: TrustStore, revoked: Mapping[str, str]
) -> PackLook:  # fmt: skip
    if not stands:
        return PackLook(name=name, state="gone", pin=pin, content=_content(pin).removeprefix("sha256:"))
    made = read_pack(root, name)
    problem = unaccepted(made, pin, revoked)
    signed = verify_folder(os.path.join(root, made.folder), store, int(time.time())) if made.content else None
    wants = made.about.wants if made.about is not None else CapabilityManifest()
    hidden, shown, runs = texts(root, made, pin.surfaces if pin is not None else {})
    more, less = difference(pin.granted if pin is not None else CapabilityManifest(), wants)
    return PackLook(
        name=name, state=_state(made, pin, problem, signed), about=made.about, content=made.content,
        rules=tuple(sorted(made.rules)), files=len(made.files), signed=signed, pin=pin, more=more, less=less,
        surfaces=shown, runs=runs, hidden=hidden, findings=tuple(made.findings), problem=problem,
    )  # fmt: skip


def _state(made: Pack, pin: Pin | None, problem: DrivenError | None, signed: Result | None) -> State:
    if made.problem is not None or (signed is not None and signed.state in ("bad", "revoked", "expired", "early")):
        return "refused"
    if pin is None:
        return "new"
    if made.content != pin.content.removeprefix("sha256:"):
        return "changed"
    if problem is None and not pin.key and made.key is not None:
        return "changed"  # it was taken for its content alone, and is signed now
    return "accepted" if problem is None else "refused"


def _is_pin_alone(one: PackLook) -> bool:
    """Whether all that speaks against it is that nobody accepted this content, or this key, so far."""
    return one.state in ("new", "changed") or (one.state == "refused" and _other_key(one))


def _content(pin: Pin | None) -> str:
    return pin.content if pin is not None else ""


def _other_key(one: PackLook) -> bool:
    signed = one.signed
    return (
        one.pin is not None and bool(one.fingerprint) and one.fingerprint != one.pin.key
        and signed is not None and signed.state in ("ok", "untrusted")
    )  # fmt: skip


def _pin(one: PackLook) -> Pin:
    about, signed = one.about, one.signed
    signer = signed.principal if signed is not None else ""
    return Pin(
        version=about.version if about is not None else "", content=f"sha256:{one.content}", key=one.fingerprint,
        signer=signer, granted=about.wants if about is not None else CapabilityManifest(), surfaces=one.runs,
    )  # fmt: skip
