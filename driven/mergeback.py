"""Hand edits back into their rules: read by the editor's importer, merged three ways, written to the rule files.

The base of a merge is what was emitted last. A rule of which any edit cannot be merged is left alone everywhere: its
file, and every output that carries it, until a person has decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from driven.edits import Edit, Edits, find_edits, part_of
from driven.format.merge import Take
from driven.format.revise import revise_rule
from driven.format.text import parse_rule, render_rule
from driven.frozen import replace
from driven.hookspecs import Importer
from driven.merging import HandEdit, merge_edits
from driven.model.merged import MergedBack, Problem
from driven.model.plan import Create, Overlap, Owned, Replace, Standing
from driven.model.rule import Rule, RuleSet
from driven.moves import follow
from driven.plugin_kit import body_text
from driven.project.disk import Tree
from driven.project.ledger import output_rules, pack_of
from driven.project.sources import RULES, source_bytes
from driven.workspace import Project

DECIDE = "`driven sync --adopt` takes the edited file's side, `driven sync --force` the rule's; or edit either one"
_BETWEEN = "edit one of the two; `driven sync --force` leaves that place as the rule has it"
_ANEW = "correct it, or `driven sync --force` writes it anew (what stands there is kept in a snapshot)"
_PACK = (
    "copy the rule to `.driven/rules`, give its own name there, and edit that; `driven sync --force` writes this file"
    " anew (a snapshot keeps it)"
)
_BY_HAND = "move the edit into the rule in `.driven/rules`, then `driven sync --force` (a snapshot keeps it)"


def merge_back(project: Project, tree: Tree, paths: Iterable[str], *, take: Callable[[str], Take]) -> MergedBack:
    """Let the hand edits in `paths` flow into `project`'s rules. `take` decides the overlaps of a path: "theirs" is the
    edit's side.

    `project` holds the merged rules afterwards; nothing is written.
    """
    edits = find_edits(project, tree, paths)
    out = MergedBack(read=edits.read)
    if not (edits.edits or edits.missing or edits.problems):
        return out
    merged: dict[str, Rule] = {}
    origins: dict[str, list[str]] = {}
    follow(project, tree, edits, out, merged, origins, take)
    for path, (message, hint) in edits.problems.items():
        ids = tuple(rule_id for owned in edits.touched if owned[0] == path for rule_id in _ids(project, owned))
        out.problems[path] = Problem(message, hint, ids)
        out.held.update(dict.fromkeys(ids, path))
    by_rule: dict[str, list[Edit]] = {}
    for edit in edits.edits:
        by_rule.setdefault(edit.rule.id, []).append(edit)
    for rule_id, group in by_rule.items():
        if rule_id not in out.held:
            _merge(project, rule_id, group, out, merged, origins, take)
    _verify(project, edits.edits, out, merged)
    files = {rule_id: _file(project, tree, rule, edits.edits, out) for rule_id, rule in merged.items()}
    _spread(edits, out)
    for owned, known in edits.touched.items():
        if owned[0] not in out.problems:
            out.ours[owned] = frozenset((known,))
            if owned in edits.bases:
                out.bases[owned] = edits.bases[owned]
    for rule_id in merged:
        if rule_id not in out.held:
            note = "from " + ", ".join(dict.fromkeys(origins[rule_id]))
            _write(project, merged[rule_id], *files[rule_id], note, out)
    if merged or out.held:
        project.rules = RuleSet.of(project.sources.rules.values())
    return out


def _ids(project: Project, owned: Owned) -> tuple[str, ...]:
    entry = project.memory.outputs.get(owned[0])
    return tuple(output_rules(entry).get(owned[1], ())) if entry is not None else ()


def _merge(
    project: Project, rule_id: str, edits: list[Edit], out: MergedBack, merged: dict[str, Rule],
    origins: dict[str, list[str]], take: Callable[[str], Take],
) -> None:  # fmt: skip
    """All hand edits of one rule, into it."""
    now = merged.get(rule_id) or project.sources.rules.get(rule_id)
    if now is None and all(take(edit.path) == "ours" for edit in edits):
        return
    hands: list[HandEdit] = []
    for edit in edits:
        importer = project.plugins.importers.get(edit.editor)
        if pack := pack_of(edit.rule.span.path):
            _problem(out, edit, f"edited, and its rule comes with the pack `{pack}`, as it was accepted", _PACK)
        elif importer is None:
            _problem(out, edit, "edited since it was written, and no plugin reads this editor's files back", _BY_HAND)
        elif now is None and take(edit.path) == "none":
            message = f"edited, but its rule `{rule_id}` was deleted"
            _problem(out, edit, message, _deleted(project, edit.rule))
            project.sources.rules[rule_id] = edit.rule  # until that is decided, nothing else of it is deleted
            project.sources.changed.discard(rule_id)
        elif not edit.after.strip() and take(edit.path) == "theirs" and now is not None:
            now = merged[rule_id] = replace(now, targets=(*now.targets, f"-{edit.editor}"))
            origins.setdefault(rule_id, []).append(f"{edit.path}, where it was deleted")
        elif rule_id in project.sources.failed:
            _problem(out, edit, f"edited, and its rule `{rule_id}` cannot be read", "correct the rule first")
        else:
            hand = _read(importer, edit, out)
            hands += [replace(hand, take=take(edit.path))] if hand is not None else []
    if rule_id in out.held:
        return
    result = merge_edits(now or edits[0].rule, hands)
    for overlap in result.overlaps:
        for edit in edits:
            if edit.path in (overlap.file, overlap.source):
                other = overlap.source if edit.path == overlap.file else overlap.file
                what = f"it and `{other or _source(project, rule_id)}` were edited differently in the same place"
                among = any(one.path == other for one in edits)
                _problem(out, edit, what, _BETWEEN if among else DECIDE, (overlap,))
    if result.overlaps:
        return
    origins.setdefault(rule_id, []).extend(hand.path for hand in hands)
    if now is None or result.rule != now:
        merged[rule_id] = result.rule


def _read(importer: Importer, edit: Edit, out: MergedBack) -> HandEdit | None:
    """The rule as the text says it that was written, and as the one that stands there does."""
    if not edit.after.strip():
        what = "nothing is left of it" if edit.owned[2] == "file" else f"the part of `{edit.rule.id}` was deleted"
        _problem(out, edit, what, "`driven sync --adopt` leaves the rule out of this editor, `--force` writes it anew")
        return None
    if _is_mid_merge(edit.after) and not _is_mid_merge(edit.before):
        _problem(out, edit, "it holds the marker lines of a merge in git", "resolve that merge first")
        return None
    before = importer.read_back(edit.rule, edit.path, edit.before)
    after = importer.read_back(edit.rule, edit.path, edit.after)
    if before.rule is None:
        _problem(out, edit, f"edited, and what was written there cannot be read back: {before.problem}", _ANEW)
    elif after.rule is None:
        _problem(out, edit, f"line {after.line}: {after.problem}", after.hint or _ANEW)
    else:
        return HandEdit(path=edit.path, before=before.rule, after=after.rule, text=edit.whole)
    return None


def _deleted(project: Project, rule: Rule) -> str:
    """What to do about an edit whose rule is gone; its text may have another name now."""
    text = body_text(rule.body)
    again = [r.id for r in project.rules if r.id not in project.memory.rules and body_text(r.body) == text]
    if again:
        return f"`{again[0]}` has its text: move the edit there, then `driven sync --force`"
    return "`driven sync --adopt` makes the rule anew, `--force` deletes the file too"


def _is_mid_merge(text: str) -> bool:
    lines = text.splitlines()
    return all(any(line.startswith(mark) for line in lines) for mark in ("<<<<<<< ", "=======", ">>>>>>> "))


def _verify(project: Project, edits: list[Edit], out: MergedBack, merged: Mapping[str, Rule]) -> None:
    """What would be written for a merged rule must say what the person wrote: else that would be lost in silence."""
    for edit in edits:
        rule = merged.get(edit.rule.id)
        importer = project.plugins.importers.get(edit.editor)
        if rule is None or importer is None or edit.rule.id in out.held:
            continue
        text = part_of(project, edit.editor, rule, edit.owned)
        if not text:
            continue  # it moves to another file
        again = importer.read_back(rule, edit.path, text).rule
        before = importer.read_back(edit.rule, edit.path, edit.before).rule
        if again is None or before is None:
            continue
        lost = [name for name in _differing(before, merged[edit.rule.id]) if name in _differing(again, rule)]
        if lost:
            words = " and ".join(lost)
            hint = "say it in the rule's own file instead, then `driven sync --force`"
            _problem(out, edit, f"the edit of its {words} would not survive being written again", hint)


def _differing(one: Rule, two: Rule) -> list[str]:
    found = [name for name in ("description", "activation") if getattr(one, name) != getattr(two, name)]
    if body_text(one.body).strip("\n") != body_text(two.body).strip("\n"):
        found.append("body")
    return found


def _problem(out: MergedBack, edit: Edit, message: str, hint: str, overlaps: tuple[Overlap, ...] = ()) -> None:
    known = out.problems.get(edit.path)
    ids = (*(known.rule_ids if known else ()), edit.rule.id)
    if known is not None:
        message, hint, overlaps = known.message, known.hint, (*known.overlaps, *overlaps)
    out.problems[edit.path] = Problem(message, hint, tuple(dict.fromkeys(ids)), overlaps)
    out.held.setdefault(edit.rule.id, edit.path)


def _spread(edits: Edits, out: MergedBack) -> None:
    """A file that holds an edit of a held rule waits, and so do all rules edited in it, and their other files."""
    waits = True
    while waits:
        waits = False
        for edit in edits.edits:
            held = edit.rule.id in out.held
            if held and edit.path not in out.problems:
                where = out.held[edit.rule.id]
                out.problems[edit.path] = Problem(
                    f"edited too, and waits for `{where}`", "decide that one first", (edit.rule.id,)
                )
                waits = True
            elif not held and edit.path in out.problems:
                out.held[edit.rule.id] = edit.path
                waits = True


def _source(project: Project, rule_id: str) -> str:
    rule = project.sources.rules.get(rule_id)
    return rule.span.path if rule is not None and rule.span.path else f"{RULES}/{rule_id}.md"


def _file(
    project: Project, tree: Tree, rule: Rule, edits: list[Edit], out: MergedBack
) -> tuple[Standing, bytes]:  # fmt: skip
    """What stands in the rule's file, and what shall. A problem where it is not what was loaded, or makes no rule."""
    path = _source(project, rule.id)
    standing = tree.read(path)
    old = project.sources.rules.get(rule.id)
    if rule.id in out.held:
        return standing, b""
    if standing.kind == "absent" or old is None:
        data = render_rule(rule)
    else:
        data = revise_rule(standing.data, old, rule, path)
    wrong = [finding for finding in parse_rule(data, path=path, rule_id=rule.id)[1] if finding.severity == "error"]
    why = f"the edit makes no rule: {wrong[0].message}" if wrong else ""
    if standing.kind == "blocked" or (old is not None and standing.data != source_bytes(old)):
        why = f"`{path}` was changed in this very moment"
    elif standing.note:
        why = f"`{path}` {standing.note}"
    for edit in edits if why else ():
        if edit.rule.id == rule.id:
            _problem(out, edit, why, wrong[0].hint if wrong else "make that right, then run `driven sync` again")
    if why:
        out.held.setdefault(rule.id, path)
    return standing, data


def _write(project: Project, rule: Rule, standing: Standing, data: bytes, note: str, out: MergedBack) -> None:
    """Plan the rule's file, and let the project go on with what will stand in it."""
    path = _source(project, rule.id)
    ids = (rule.id,)
    if standing.kind == "absent":
        out.sources.append(Create(path=path, after=data, rule_ids=ids, note=note))
    else:
        out.sources.append(Replace(path=path, after=data, before=standing.data, rule_ids=ids, note=note))
    project.sources.rules[rule.id] = parse_rule(data, path=path, rule_id=rule.id)[0] or rule
    project.sources.changed.add(rule.id)
