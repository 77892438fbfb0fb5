"""Hand edits of what was written: which outputs no longer stand as they were left, whose text that is, what it was."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from driven.emission import Emitted, emit_all, emit_changed
from driven.errors import DrivenError, SourceError
from driven.format.hashes import digest
from driven.format.parts import ownership_of, read_part
from driven.format.split import split_shared
from driven.frozen import field, record
from driven.model.artefact import Artefact, ListEntry, WholeFile
from driven.model.plan import Owned, Standing
from driven.model.rule import Rule
from driven.project import ledger, snapshots
from driven.project.disk import Tree
from driven.recalled import recall
from driven.workspace import Project

LOST_BASE = (
    "edited since it was written, and what was written there is not known on this machine",
    "move the edit into the rule yourself, then `driven sync --force` (what it overwrites is kept in a snapshot)",
)


@record
class Edit:
    """One rule's part of an output: `rule` as it was emitted last, that text, and the text that stands there now, in
    the file `whole`."""

    path: str
    editor: str
    owned: Owned
    rule: Rule
    before: str
    after: str
    whole: str


@record
class Edits:
    """What people did to outputs.

    edits     in order of path, then of rule
    touched   each edited thing that a line of `outputs.lock` names -> the digest of what stands there
    missing   whole files that are gone, as they were written
    problems  path -> (message, hint): edits that cannot be read back
    read      what stood at each path when it was looked at: all that follows goes by that
    bases     what was written last to each edited thing
    """

    edits: list[Edit] = field(default_factory=list)
    touched: dict[Owned, str] = field(default_factory=dict)
    missing: dict[Owned, Artefact] = field(default_factory=dict)
    problems: dict[str, tuple[str, str]] = field(default_factory=dict)
    read: dict[str, Standing] = field(default_factory=dict)
    bases: dict[Owned, bytes] = field(default_factory=dict)


def find_edits(project: Project, tree: Tree, paths: Iterable[str]) -> Edits:
    """The hand edits in `paths`, those of our outputs that may have changed since the last sync."""
    out = Edits()
    by_path: dict[str, list[Owned]] = {path: [] for path in paths}
    for owned in project.lock:
        if owned[0] in by_path and owned[1] in project.emitters:
            by_path[owned[0]].append(owned)
    found: list[tuple[Owned, bytes]] = []
    whole: dict[str, bytes] = {}
    gone: list[Owned] = []
    for path, lines in sorted(by_path.items()):
        other = _linked(project, path) if lines else ""
        if other:
            out.problems[path] = (
                f"it is `{other}`, by a link",
                "make it a folder of its own, then run `driven sync` again",
            )
        if not lines or other:
            continue
        standing = out.read[path] = tree.read(path)
        is_gone = standing.kind == "absent" or os.path.isdir(os.path.join(project.root, path))
        for owned in lines:
            if is_gone and owned[2] == "file":
                gone.append(owned)
            elif standing.kind == "file":
                now = _edited(standing.data, owned, project.lock[owned])
                if now is not None:
                    found.append((owned, now))
                    whole[path] = standing.data
    if not found and not gone:
        return out
    emitted = _as_written(project, [owned for owned, _ in found] + gone)
    written: dict[Owned, Artefact] = {piece.owned: piece.artefact for piece in emitted.pieces}
    before = {rule.id: rule for rule in project.memory.rules.values() or project.rules}
    today = {rule.id: rule for rule in project.rules}
    unknown = [owned for owned in (*(one for one, _ in found), *gone) if not _agrees(project, owned, written)]
    anew = _anew(project, unknown)
    unknown = [owned for owned in unknown if owned not in anew]
    recalled = recall(project, unknown) if unknown else {}
    written.update(anew)
    written.update((owned, found.artefact) for owned, found in recalled.items())
    for owned in gone:
        if owned in written:
            out.missing[owned] = written[owned]
    seen: set[tuple[str, str]] = set()
    for owned, now in found:
        artefact = written.get(owned)
        if artefact is None or (owned[0], owned[2]) in seen:  # nobody's any more, or another editor's just as well
            continue
        seen.add((owned[0], owned[2]))
        out.touched[owned] = digest(now)
        other = _written_elsewhere(project, owned, digest(now))
        if other:
            out.problems[owned[0]] = (
                f"it holds what was written to `{other}`: the files were renamed onto each other",
                "name them back, or rename the rules instead; `driven sync --force` writes both anew",
            )
            continue
        try:
            rules = recalled[owned].rules if owned in recalled else today if owned in anew else before
            base = out.bases[owned] = _base(project, artefact, owned)
            file = whole[owned[0]].decode(errors="replace")
            out.edits += _edits(project, artefact, owned, base.decode(), now, file, rules)
        except DrivenError as error:
            out.problems[owned[0]] = (error.message, error.hint)
    return out


def _linked(project: Project, path: str) -> str:
    """The other output of ours that a linked folder makes of `path`, if any: that one is looked at, this one is not."""
    parent, _, name = path.rpartition("/")
    full = os.path.join(project.root, parent)
    real = os.path.realpath(full)
    if real == full:
        return ""
    other = os.path.relpath(os.path.join(real, name), project.root).replace(os.sep, "/")
    return other if other != path and any(owned[0] == other for owned in project.lock) else ""


def _written_elsewhere(project: Project, owned: Owned, known: str) -> str:
    """The other file of this editor that was written with the very text, if any: two files changed places."""
    if owned[2] != "file":
        return ""
    lock = project.lock
    return next((o[0] for o, d in lock.items() if known in d and o[1:] == owned[1:] and o[0] != owned[0]), "")


def _edited(data: bytes, owned: Owned, ours: frozenset[str]) -> bytes | None:
    """Our part of `data`, if it is not what was written there; None also where there is no such part."""
    ownership, value = ownership_of(owned[2])
    if isinstance(ownership, ListEntry):
        return None
    try:
        now = read_part(ownership, data, value)
    except SourceError:
        return None  # damaged marker lines: the plan says so
    if now is None:
        return None
    forms = {now, now.replace(b"\r\n", b"\n")}
    if not isinstance(ownership, WholeFile):  # above a section, or at its end, a final newline cannot be seen
        forms |= {form.removesuffix(b"\n").removesuffix(b"\r") for form in forms}
    return None if any(digest(form) in ours for form in forms) else now


def _as_written(project: Project, lines: Sequence[Owned]) -> Emitted:
    """What the last sync gave for the rules of these outputs, from its memory of them."""
    rules = list(project.memory.rules.values()) or list(project.rules)
    ids: dict[str, set[str]] = {}
    for path, editor, _ in lines:
        entry = project.memory.outputs.get(path)
        known = ledger.output_rules(entry).get(editor, []) if entry is not None else []
        ids.setdefault(editor, set()).update(known or {rule.id for rule in rules})
    emitters = {name: project.emitters[name] for name in ids}
    if all(len(held) == len(rules) for held in ids.values()):
        return emit_all(emitters, project.settings, rules, project.select)
    return emit_changed(emitters, project.settings, rules, rules, ids, project.select)


def _agrees(project: Project, owned: Owned, written: Mapping[Owned, Artefact]) -> bool:
    return owned in written and digest(written[owned].text.encode()) in project.lock[owned]


def _anew(project: Project, lines: Sequence[Owned]) -> dict[Owned, Artefact]:
    """Of these outputs, what the rules give as they are now, where that is what was written there: another branch was
    checked out, or this machine has not synced yet."""
    if not lines:
        return {}
    emitters = {name: project.emitters[name] for name in {owned[1] for owned in lines}}
    pieces = emit_all(emitters, project.settings, project.rules.rules, project.select).pieces
    given = {piece.owned: piece.artefact for piece in pieces}
    return {owned: given[owned] for owned in lines if _agrees(project, owned, given)}


def _base(project: Project, artefact: Artefact, owned: Owned) -> bytes:
    """What was written there last: emitted again where the digest agrees, else from a snapshot. SourceError when it is
    not known here."""
    ours = project.lock[owned]
    data = artefact.text.encode()
    if digest(data) in ours:
        return data
    store = snapshots.Store(project.root)
    blob = next((blob for blob in map(store.blob, sorted(ours)) if blob is not None), None)
    if blob is None:
        raise SourceError(LOST_BASE[0], hint=LOST_BASE[1])
    return blob


def _edits(
    project: Project, artefact: Artefact, owned: Owned, before: str, now: bytes, file: str, rules: Mapping[str, Rule]
) -> list[Edit]:  # fmt: skip
    """The edit of each rule in one thing that was edited. SourceError when it cannot be told."""
    path, editor, _ = owned
    try:
        after = now.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"edited, and not UTF-8 at byte {error.start}", hint="save it as UTF-8") from None
    if "\r\n" not in before:
        after = after.replace("\r\n", "\n")
    carried = [rules[rule_id] for rule_id in artefact.rule_ids if rule_id in rules]
    if len(carried) == 1:
        return [Edit(path, editor, owned, carried[0], before, after, file)]
    parts = [part_of(project, editor, rule, owned) for rule in carried]
    whole = [part for part in parts if part]
    then = whole if "\n".join(whole) == before else split_shared(whole, before)
    pieces = split_shared(then, after, edited=True) if then else None
    if then is None or pieces is None or len(whole) != len(carried):
        raise SourceError(
            "edited, and it cannot be told which rule each line belongs to",
            hint="move the edit into the rule in `.driven/rules`, then `driven sync --force` (a snapshot keeps it)",
        )
    return [
        Edit(path, editor, owned, rule, one, two, file)
        for rule, one, two in zip(carried, then, pieces, strict=True)
        if one != two
    ]


def part_of(project: Project, editor: str, rule: Rule, owned: Owned) -> str:
    """What `rule` alone gives at `owned`; "" when nothing."""
    emission = project.emitters[editor].emit(project.select([rule], editor), project.settings[editor])
    for artefact in emission.artefacts:
        if artefact.path == owned[0] and ownership_of(owned[2])[0] == artefact.ownership:
            return artefact.text
    return ""
