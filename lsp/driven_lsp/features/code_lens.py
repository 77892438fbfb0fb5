"""textDocument/codeLens: what a rule matches, costs and becomes; where the text of a written file comes from.

Clients that show no lenses are told the same by hover. Nothing here costs more than one look at what a glob matches;
what is written may be as it was one edit ago.
"""

from __future__ import annotations

from driven.model.activation import ForPaths
from driven_lsp.conflicts import lines_of, ways
from driven_lsp.editor_text import all_text
from driven_lsp.glob_text import matching
from driven_lsp.landing_text import carriers, counted, loss_words, size_words, tokens_of
from driven_lsp.origin_text import parts_of, short_origin
from driven_lsp.values import Command, Lens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.document.document import Document
    from driven.model.plan import Conflict
    from driven.model.rule import Rule
    from driven_lsp.origin_text import Part
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

MOST = 50  # lenses of the rules in one shared file


def lenses(here: Here) -> list[Lens]:
    """The lenses of a document, in order."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None or not document.place:
        return []
    if document.place == "driven/rule":
        return _of_rule(snapshot, document)
    if document.place == "driven/config":
        return _of_config(snapshot, document)
    if snapshot.output(document.path) is not None:
        return _of_output(snapshot, document)
    return _of_text(snapshot, document)


def _of_rule(snapshot: Snapshot, document: Document) -> list[Lens]:
    rule = snapshot.rule_at(document.path)
    made = _of_conflicts(snapshot, document, snapshot.conflicts.rules.get(document.path, ()))
    if rule is None:
        return [*made, *_of_held(snapshot, document)]
    globs = rule.activation.globs if isinstance(rule.activation, ForPaths) else ()
    key = document.key("paths")
    start, end = (key.start, key.end) if key is not None else (0, 0)
    if globs:
        every: dict[str, None] = {}
        for glob in globs:
            every |= dict.fromkeys(matching(snapshot, glob))
        title = f"{counted(len(every), 'file')} {'matches' if len(every) == 1 else 'match'}"
        made.append(
            _lens(start, end, title, "driven.matches", path=rule.span.path) if every else _lens(start, end, title)
        )
    names = _editors(snapshot, rule)
    made.append(_emitted(snapshot, rule, names))
    emitted = snapshot.view.emitted
    losses = [loss for loss in emitted.losses if loss.rule_id == rule.id] if emitted is not None else []
    if losses:
        made.append(_lens(0, 0, loss_words(losses, names), "driven.explain", path=rule.span.path))
    if not snapshot.view.active.get(rule.id, True):
        made.append(_lens(0, 0, "not emitted: its `when` is false"))
    made.append(_lens(0, 0, tokens_of(snapshot, rule.body)))
    return sorted(made, key=lambda lens: lens.start)


def _editors(snapshot: Snapshot, rule: Rule) -> set[str]:
    """The editors that get the rule, in files of their own or of others."""
    names = {name for output in snapshot.outputs_of(rule.id) for name in output.editors}
    targets = snapshot.targets
    for name in snapshot.enabled:
        if name not in names and name in targets and rule.for_editor(name) and carriers(snapshot, rule, targets[name]):
            names.add(name)
    return names


def _emitted(snapshot: Snapshot, rule: Rule, names: set[str]) -> Lens:
    if not names:
        return _lens(0, 0, "→ no editor")
    return _lens(0, 0, f"→ {counted(len(names), 'editor')}", "driven.openEmitted", rule=rule.id, path=rule.span.path)


def _of_held(snapshot: Snapshot, document: Document) -> list[Lens]:
    """Of a rule with a mistake, what stands in the files meanwhile."""
    rule_id = snapshot.id_of(document.path)
    wrong, rule = snapshot.held(rule_id), snapshot.rule(rule_id)
    if wrong is None:
        return []
    line = wrong.span.line
    if rule is None:
        return [_lens(0, 0, f"held back by a mistake in line {line}: no editor's file has it yet")]
    emitted = _emitted(snapshot, rule, _editors(snapshot, rule)).command
    return [
        _lens(0, 0, f"held back by a mistake in line {line}"),
        _lens(0, 0, f"its last good form {emitted.title}", emitted.name, **emitted.argument),
    ]


def _of_conflicts(snapshot: Snapshot, document: Document, conflicts: Sequence[Conflict]) -> list[Lens]:
    """The ways out of each, above the first line that is a side of it."""
    made: list[Lens] = []
    for conflict in conflicts:
        start, _ = document.line_bounds(lines_of(conflict, document.path, document.text)[0].line)
        found = ways(conflict, trusted=snapshot.trusted, named=len(conflicts) > 1)
        made += [Lens(start=start, end=start, command=command) for command in found]
    return made


def _of_output(snapshot: Snapshot, document: Document) -> list[Lens]:
    """Where a written file comes from; of one in conflict, what can be done."""
    conflict = snapshot.conflicts.files.get(document.path)
    made = _of_conflicts(snapshot, document, (conflict,) if conflict is not None else ())
    for part in parts_of(snapshot, document):
        made += _of_part(snapshot, document, part)
    return [*made, *_of_text(snapshot, document)]


def _of_part(snapshot: Snapshot, document: Document, part: Part) -> list[Lens]:
    if not part.rule_ids:
        return []
    if len(part.marks) < 2:
        return [_lens(part.start, part.start, _origin(snapshot, part.rule_ids), "driven.openRule", path=document.path,
                      line=document.line_of(part.start) - 1)]  # fmt: skip
    made = [_lens(part.start, part.start, short_origin(part.rule_ids), "driven.openRule", path=document.path)]
    for at, (start, rule_id) in enumerate(part.marks[:MOST]):
        line = document.line_of(start) - 1
        if at == 0 and not document.text.startswith("#", start):  # the line of the marker; the heading is below it
            start = next((h.start + document.body_start for h in document.body.headings
                          if h.start + document.body_start >= start), start)  # fmt: skip
            if len(part.marks) > 1 and start >= part.marks[1][0]:
                continue
            line = document.line_of(start) - 1
        title = _origin(snapshot, (rule_id,))
        made.append(_lens(start, start, title, "driven.openRule", path=document.path, line=line))
    return made


def _origin(snapshot: Snapshot, rule_ids: Sequence[str]) -> str:
    held = len(rule_ids) == 1 and snapshot.held(rule_ids[0]) is not None
    return short_origin(rule_ids) + (", held back by a mistake: its last good form" if held else "")


def _of_text(snapshot: Snapshot, document: Document) -> list[Lens]:
    words = size_words(snapshot, document)
    return [_lens(0, 0, words)] if words else []


def _of_config(snapshot: Snapshot, document: Document) -> list[Lens]:
    """What is written at all, above `[editors]`."""
    at = document.text.find("[editors]")
    if at < 0 or not snapshot.is_managed:
        return []
    made = [_lens(at, at + 9, all_text(snapshot))]
    if snapshot.plan is not None and snapshot.trusted:
        made.append(_lens(at, at + 9, "Sync", "driven.sync", path=document.path))
    return made


def _lens(start: int, end: int, title: str, name: str = "", **argument: object) -> Lens:
    return Lens(start=start, end=end, command=Command(title=title, name=name, argument=argument))
