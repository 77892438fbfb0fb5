"""Rules as they once were, from snapshots and from git: the base of an edit where the last sync was of another branch,
or of another machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from driven.core._rt import FormatError
from driven.emission import emit_all
from driven.format.hashes import digest
from driven.format.text import parse_rule, rule_id_for
from driven.frozen import frozen
from driven.model.artefact import Artefact
from driven.model.plan import Owned
from driven.model.rule import Rule, RuleSet
from driven.project.git import committed_files
from driven.project.ledger import pack_of
from driven.project.snapshots import SOURCE, Store
from driven.project.sources import RULES
from driven.workspace import Project

MOST = 8  # states that are looked at: outputs of one branch were nearly always written by few syncs


@frozen(kw_only=False)
class Recalled:
    """One thing as it was written, and the rules as they were then, by id."""

    artefact: Artefact
    rules: Mapping[str, Rule]


def recall(project: Project, lines: Sequence[Owned]) -> dict[Owned, Recalled]:
    """Of these outputs, those that can be written again just as `outputs.lock` says they were: from the rules as they
    stood after the sync that wrote them, or as they were committed."""
    store = Store(project.root)
    written: dict[int, list[Owned]] = {}
    for owned in lines:
        number = _written_by(store, owned, project.lock[owned])
        if number is not None:
            written.setdefault(number, []).append(owned)
    out: dict[Owned, Recalled] = {}
    for number, things in islice(sorted(written.items(), reverse=True), MOST):
        out.update(_given(project, _rules_at(store, number, project.rules), things))
    left = [owned for owned in lines if owned not in out]
    committed = _parsed(committed_files(project.root, RULES)) if left else {}
    if committed:
        committed |= {rule.span.path: rule for rule in project.rules if pack_of(rule.span.path)}
        out.update(_given(project, committed, left))
    return out


def _given(project: Project, files: Mapping[str, Rule], lines: Sequence[Owned]) -> dict[Owned, Recalled]:
    """Of these outputs, those that the rules of `files` (by path) give just as they were written."""
    rules = RuleSet.of({rule.id: rule for _, rule in sorted(files.items())}.values())  # two files may give one id
    emitters = {name: project.emitters[name] for name in {owned[1] for owned in lines}}
    pieces = emit_all(emitters, project.settings, rules.rules, project.select).pieces
    given = {piece.owned: piece.artefact for piece in pieces}
    by_id = {rule.id: rule for rule in rules}
    return {
        owned: Recalled(given[owned], by_id)
        for owned in lines
        if owned in given and digest(given[owned].text.encode()) in project.lock[owned]
    }


def _written_by(store: Store, owned: Owned, ours: frozenset[str]) -> int | None:
    """The newest snapshot that left one of these texts there; 0 is what remains of those that were dropped."""
    for number, head in store.heads():
        try:
            row = head.row_of(owned)
            if row is not None and row.after >= 0 and head.digest(row.after).hex() in ours:
                return number
        except FormatError:
            continue
    return None


def _rules_at(store: Store, number: int, today: RuleSet) -> dict[str, Rule]:
    """By path, the rules after snapshot `number`: as the last one up to it left each, else as the first one after it
    found it, else as today."""
    texts: dict[str, tuple[int, int]] = {}
    for one, head in store.heads():  # newest first, and the base last: what is older decides until `number` is reached
        try:
            rows = [row for row in head.rows() if row.owned[1:] == ("", SOURCE)]
        except FormatError:
            continue
        for row in rows:
            if one > number:
                texts[row.owned[0]] = (one, row.before)
            elif (known := texts.get(row.owned[0])) is None or known[0] > number:
                texts[row.owned[0]] = (one, row.after)
    found: dict[str, bytes] = {}
    for path, (one, index) in texts.items():
        try:
            data = store.text(one, index)
        except FormatError:
            continue
        if data is not None:
            found[path] = data
    return {rule.span.path: rule for rule in today if rule.span.path not in texts} | _parsed(found)


def _parsed(files: Mapping[str, bytes]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for path, data in files.items():
        rule_id = rule_id_for(path.removeprefix(RULES + "/")) if path.endswith(".md") else ""
        rule = parse_rule(data, path=path, rule_id=rule_id)[0] if rule_id else None
        if rule is not None:
            rules[path] = rule
    return rules
