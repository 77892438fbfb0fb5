"""Packs as a sync takes them: from the memory of the last sync, while not one file of any of them was changed."""

from __future__ import annotations

import os

from driven.core.ledger import UNSURE, Entry
from driven.errors import ConfigError, DeliveryError, DrivenError
from driven.frozen import field, frozen, record
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule
from driven.project.ledger import PACKS, Memory, pack_of, setting_entry
from driven.project.packs import pack_names, read_pack, revoked_keys, unaccepted
from driven.project.pins import Pin, pin_span, read_pins
from driven.span import Span
from driven.trust import manifest, pack
from driven.trust.capability import CapabilityManifest
from driven.trust.key_store import home
from driven.trust.signers import REVOKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PLUGINS = "+"  # kept with the entry of a `pack.toml` that names plugins; no id of a rule


@frozen(kw_only=False)
class Code:
    """A plugin that an accepted pack brings: the SHA-256 (hex) of its file, and what was granted to it."""

    about: pack.About
    plugin: pack.PackPlugin
    digest: str
    granted: CapabilityManifest


@record
class Loaded:
    """The packs of a project as a sync takes them.

    rules     id -> rule of every accepted pack; of one that is not accepted as it stands, as the last sync had it
    held      ids of the latter
    plugins   the code that accepted packs bring
    lost      whether a pack may have emitted something that is not known here: then nothing may be deleted
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    plugins: list[Code] = field(default_factory=list)
    lost: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def load_packs(root: str, memory: Memory, began: int, *, known: bool) -> Loaded:
    """Every pack of the project, also one that is pinned and not here. `known`: this machine remembers what each rule
    has emitted.

    While the memory of the last sync holds, not one file of a pack has changed: its rules are taken from there.
    """
    loaded = Loaded()
    before = _remembered(memory)
    if memory.current and _recall(loaded, memory, before, root):
        return loaded
    try:
        names, pins = pack_names(root), read_pins(root)
        revoked = revoked_keys(root) if names else {}
    except ConfigError:
        raise
    except DrivenError as wrong:
        _withhold(loaded, memory, [one for ids in before.values() for one in ids], wrong, Span(path=PACKS), known)
        loaded.entries.append(_unsure(setting_entry(root, PACKS)))
        return loaded
    loaded.entries += [setting_entry(root, path) for path in (REVOKED, os.path.join(home(os.environ), "revoked_keys"))]
    for name in sorted({*names, *pins}):
        folder = f"{PACKS}/{name}"
        entries = list(_entries(root, folder, began))
        made = read_pack(root, name)
        is_here = name in names
        error = unaccepted(made, pins.get(name), revoked) if is_here else _not_here(name, pins[name])
        if error is not None:
            where = Span(path=f"{folder}/{pack.ABOUT}") if is_here else pin_span(root, name)
            _withhold(loaded, memory, before.get(name, []), error, where, known)
            held = ";".join(before.get(name, ()))  # with the folder, which stands whatever became of the files
            loaded.entries += [_unsure((*one[:2], "" if at else held, *one[3:])) for at, one in enumerate(entries)]
            continue
        loaded.diagnostics += made.findings
        loaded.rules.update(made.rules)
        ids: dict[str, list[str]] = {}
        for rule in made.rules.values():
            ids.setdefault(rule.span.path, []).append(rule.id)
        if made.about is not None and made.about.plugins:
            granted = pins[name].granted
            loaded.plugins += [Code(made.about, one, made.files[one.run], granted) for one in made.about.plugins]
            ids[f"{folder}/{pack.ABOUT}"] = [_PLUGINS]
        if any(told.severity == "error" for told in made.findings):
            entries = [_unsure(one) for one in entries]  # what is wrong with a rule is said each time
        loaded.entries += [(*one[:2], ";".join(ids.get(os.fsdecode(one[1]), ())), *one[3:]) for one in entries]
    return loaded


def _withhold(
    loaded: Loaded, memory: Memory, ids: Sequence[str], error: DrivenError, where: Span, known: bool
) -> None:  # fmt: skip
    """Say why a pack is not read; its rules stay as the last sync had them, where this machine remembers that."""
    loaded.diagnostics.append(
        Diagnostic(code=error.code, severity="error", message=error.message, span=where, hint=error.hint)
    )
    stay = [rule_id for rule_id in ids if rule_id in memory.rules]
    loaded.rules.update((rule_id, memory.rules[rule_id]) for rule_id in stay)
    loaded.held.update(stay)
    loaded.lost = loaded.lost or not known


def _not_here(name: str, pin: Pin) -> DeliveryError:
    """What to say of a pack that is pinned and has no folder: it was not committed, or somebody deleted it. Who wants
    to be rid of it takes its pin back."""
    hint = (
        f"`driven update {name}` fetches it, as it is pinned"
        if pin.source
        else f"`driven add {name} --from …` or `driven pack add FOLDER` brings it"
    )
    return DeliveryError(
        f"the pack `{name}` is pinned, and is not here", hint=f"{hint}; `driven pack forget {name}` takes it off"
    )


def _remembered(memory: Memory) -> dict[str, list[str]]:
    """Pack -> ids of the rules that the last sync took from it."""
    found: dict[str, list[str]] = {}
    for entry in memory.settings:
        name = pack_of(os.fsdecode(entry[1])) if entry[2] else ""
        if name and entry[2] != _PLUGINS:
            found.setdefault(name, []).extend(entry[2].split(";"))
    return found


def _recall(loaded: Loaded, memory: Memory, before: Mapping[str, Sequence[str]], root: str) -> bool:
    """Take every pack as the last sync did. False where it left too little for that."""
    ids = [rule_id for group in before.values() for rule_id in group]
    if not all(rule_id in memory.rules for rule_id in ids):
        return False
    entries: list[Entry] = []
    plugins: list[Code] = []
    pins: dict[str, Pin] = {}
    for entry in memory.settings:
        path = os.fsdecode(entry[1])
        if pack_of(path) or path.endswith("revoked_keys"):
            entries.append(entry)
        if entry[2] == _PLUGINS:
            pins = pins or read_pins(root)
            # Looked at again: code may have been put in its place since the entries were compared.
            made = read_pack(root, pack_of(path), rules=False)
            if made.about is None or unaccepted(made, pins.get(made.name), {}) is not None:
                return False
            plugins += [
                Code(made.about, one, made.files[one.run], pins[made.name].granted) for one in made.about.plugins
            ]
    loaded.entries += entries
    loaded.plugins += plugins
    loaded.rules.update((rule_id, memory.rules[rule_id]) for rule_id in ids)
    return True


def _entries(root: str, folder: str, began: int) -> Iterator[Entry]:
    """A pack's folders and files as they stand before any of them is read. What was changed within this very tick may
    yet change without a trace in its stat."""
    todo = [folder]
    left = 2 * manifest.MAX_FILES
    while todo and left > 0:
        here = todo.pop()
        yield _settled(setting_entry(root, here), began)
        try:
            with os.scandir(os.path.join(root, here)) as listing:
                children = sorted(listing, key=lambda child: child.name)
        except OSError:
            continue  # what reads it says so
        left -= len(children)
        for child in children:
            path = f"{here}/{child.name}"
            if child.is_dir(follow_symlinks=False):
                todo.append(path)
            else:
                yield _settled(setting_entry(root, path), began)


def _settled(entry: Entry, began: int) -> Entry:
    return _unsure(entry) if entry[4] >= began else entry


def _unsure(entry: Entry) -> Entry:
    """The entry as one that never holds: what failed must be read, and said, again."""
    return (*entry[:4], UNSURE, *entry[5:])
