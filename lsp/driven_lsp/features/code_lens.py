"""textDocument/codeLens: what a rule matches, costs and becomes; where the text of a written file comes from.

Clients that show no lenses are told the same by hover. Nothing here costs more than one look at what a glob matches;
what is written may be as it was one edit ago.
"""

from __future__ import annotations

from driven.model.activation import ForPaths
from driven_lsp.editor_text import all_text
from driven_lsp.glob_text import matching
from driven_lsp.landing_text import carriers, counted, loss_words, size_words, tokens_of
from driven_lsp.origin_text import parts_of, short_origin
from driven_lsp.values import Command, Lens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.document.document import Document
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
    if rule is None:
        return []
    made: list[Lens] = []
    globs = rule.activation.globs if isinstance(rule.activation, ForPaths) else ()
    key = document.key("paths")
    start, end = (key.start, key.end) if key is not None else (0, 0)
    if globs:
        every: dict[str, None] = {}
        for glob in globs:
            every |= dict.fromkeys(matching(snapshot, glob))
        title = f"{counted(len(every), 'file')} {'matches' if len(every) == 1 else 'match'}"
        made.append(_lens(start, end, title, "driven.explain" if every else "", path=next(iter(every), "")))
    made.append(_emitted(snapshot, rule))
    emitted = snapshot.view.emitted
    losses = [loss for loss in emitted.losses if loss.rule_id == rule.id] if emitted is not None else []
    if losses:
        made.append(_lens(0, 0, loss_words(losses)))
    if not snapshot.view.active.get(rule.id, True):
        made.append(_lens(0, 0, "not emitted: its `when` is false"))
    made.append(_lens(0, 0, tokens_of(snapshot, rule.body)))
    return sorted(made, key=lambda lens: lens.start)


def _emitted(snapshot: Snapshot, rule: Rule) -> Lens:
    """How many editors get the rule, in files of their own or of others."""
    outputs = snapshot.outputs_of(rule.id)
    names = {name for output in outputs for name in output.editors}
    targets = snapshot.targets
    for name in snapshot.enabled:
        if name not in names and name in targets and rule.for_editor(name) and carriers(snapshot, rule, targets[name]):
            names.add(name)
    if not outputs:
        return _lens(0, 0, "→ no editor")
    return _lens(0, 0, f"→ {counted(len(names), 'editor')}", "driven.openEmitted", rule=rule.id, path=rule.span.path)


def _of_output(snapshot: Snapshot, document: Document) -> list[Lens]:
    """Where a written file comes from; of one in conflict, what can be done."""
    path = document.path
    made: list[Lens] = []
    if snapshot.drift(path) == "conflict":
        made += [
            _lens(0, 0, "Keep the rule's side", "driven.resolveConflict", path=path, take="rule"),
            _lens(0, 0, "Keep this edit", "driven.resolveConflict", path=path, take="edited"),
            _lens(0, 0, "Compare both sides", "driven.sides", path=path),
        ]
    for part in parts_of(snapshot, document):
        made += _of_part(snapshot, document, part)
    return [*made, *_of_text(snapshot, document)]


def _of_part(snapshot: Snapshot, document: Document, part: Part) -> list[Lens]:
    if not part.rule_ids:
        return []
    if len(part.marks) < 2:
        return [_lens(part.start, part.start, short_origin(part.rule_ids), "driven.openRule", path=document.path,
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
        made.append(_lens(start, start, short_origin((rule_id,)), "driven.openRule", path=document.path, line=line))
    return made


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
