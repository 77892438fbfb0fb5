"""Outputs that are gone: renamed, moved to another folder, or deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from driven.edits import Edit, Edits
from driven.format.hashes import digest
from driven.format.merge import Take
from driven.frozen import replace
from driven.model.artefact import WholeFile
from driven.model.merged import MergedBack
from driven.model.plan import Owned
from driven.model.rule import Rule
from driven.project.disk import Tree
from driven.project.finder import Finder
from driven.project.ledger import pack_of
from driven.workspace import Project

ALIKE = 0.6  # of the lines, as git asks for half: from there on a file counts as another one, renamed and edited


def follow(
    project: Project, tree: Tree, edits: Edits, out: MergedBack, merged: dict[str, Rule], origins: dict[str, list[str]],
    take: Callable[[str], Take],
) -> None:  # fmt: skip
    """The rule follows an output that was renamed, edited or not; a deleted one is written again, or with "theirs" the
    rule leaves that editor."""
    if not edits.missing:
        return
    strays = _strays(project, tree, edits, {owned[1] for owned in edits.missing})
    for owned, artefact in edits.missing.items():
        path, editor, _ = owned
        known = project.sources.rules.get(artefact.rule_ids[0]) if len(artefact.rule_ids) == 1 else None
        if known is None:
            continue
        if pack := pack_of(known.span.path):
            out.restored[path] = f"is gone, and is written again: its rule comes with the pack `{pack}`"
            continue
        rule = merged.get(known.id, known)
        found = _found(strays.get(editor, {}), artefact.text, project.lock[owned])
        moved = _moved(project, editor, rule, found) if found else None
        if moved is not None:
            data = strays[editor].pop(found)
            merged[rule.id] = moved
            origins.setdefault(rule.id, []).append(f"{path} -> {found}")
            if digest(data) in project.lock[owned]:
                out.ours[(found, editor, "file")] = project.lock[owned]
            else:
                now: Owned = (found, editor, "file")
                text = data.decode(errors="replace")
                edits.edits.append(Edit(found, editor, now, known, artefact.text, text, text))
                edits.touched[now] = digest(data)
        elif take(path) == "theirs":
            merged[rule.id] = replace(rule, targets=(*rule.targets, f"-{editor}"))
            origins.setdefault(rule.id, []).append(f"{path}, which was deleted")
        else:
            adopt = f"to leave it out, write `targets: [-{editor}]` in the rule or use `driven sync --adopt`"
            out.restored[path] = f"was deleted, and is written again; {adopt}"


def _strays(project: Project, tree: Tree, edits: Edits, editors: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """Editor -> path -> bytes of the files that it reads and that are not ours: one of them may be a renamed output."""
    finder = Finder(project.root)
    ours = {owned[0] for owned in project.lock}
    strays: dict[str, dict[str, bytes]] = {}
    for editor in editors:
        importer = project.plugins.importers.get(editor)
        for pattern in importer.patterns if importer is not None else ():
            for path in finder.matching(pattern):
                standing = tree.read(path) if path not in ours else None
                if standing is not None and standing.kind == "file":
                    edits.read[path] = standing
                    strays.setdefault(editor, {})[path] = standing.data
    return strays


def _found(strays: dict[str, bytes], text: str, ours: frozenset[str]) -> str:
    """The one stray that has the text, else the one that has most of it; "" where there is none, or no telling."""
    same = [path for path, data in strays.items() if digest(data) in ours]
    if same or not strays:
        return same[0] if len(same) == 1 else ""
    from difflib import SequenceMatcher

    lines = text.splitlines()
    alike = [
        path
        for path, data in strays.items()
        if len(data) < 4 * len(text) + 1_000
        and SequenceMatcher(None, lines, data.decode(errors="replace").splitlines()).ratio() >= ALIKE
    ]
    return alike[0] if len(alike) == 1 else ""


def _moved(project: Project, editor: str, rule: Rule, path: str) -> Rule | None:
    """The rule with `path` as its file in `editor`, if that is where its emitter then writes it."""
    held = {**rule.extra.get(editor, {}), "$path": path}
    moved = replace(rule, extra={**rule.extra, editor: held})
    emission = project.emitters[editor].emit(project.select([moved], editor), project.settings[editor])
    written = {artefact.path for artefact in emission.artefacts if isinstance(artefact.ownership, WholeFile)}
    return moved if path in written else None
