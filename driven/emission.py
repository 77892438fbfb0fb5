"""Rules -> artefacts, by every enabled editor's emitter; after a small change, only for the rules it touches.

The unit is an emitter's group: rules that share a file are emitted together, so the answer for one group does not
depend on the others, and a group without a changed rule need not be asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from driven.errors import DrivenError
from driven.frozen import field, record, replace
from driven.hookspecs import Emitter
from driven.model.artefact import Loss, Piece, Settings
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule
from driven.span import Span

Select = Callable[[Iterable[Rule], str], Sequence[Rule]]
"""(rules in effect order, editor) -> those that the editor gets: `targets` and `when` applied."""


@record
class Emitted:
    """What the emitters gave. Unless it is the `whole`, `dirty` maps each editor to the ids whose outputs were asked
    for anew: where such an output is not among `pieces` any more, it is gone."""

    pieces: list[Piece] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    whole: bool = True
    dirty: dict[str, set[str]] = field(default_factory=dict)
    touched: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # path -> editor -> ids: has a dirty one
    failed: set[str] = field(default_factory=set)  # editors whose emitter broke: what they have stays as it is
    diagnostics: list[Diagnostic] = field(default_factory=list)


def emit_all(
    emitters: Mapping[str, Emitter], settings: Mapping[str, Settings], rules: Sequence[Rule], select: Select
) -> Emitted:
    """Everything, for every editor of `emitters`."""
    out = Emitted()
    for name, emitter in emitters.items():
        _emit(out, name, emitter, settings[name], select(rules, name))
    return out


def emit_changed(
    emitters: Mapping[str, Emitter],
    settings: Mapping[str, Settings],
    rules: Sequence[Rule],
    before: Sequence[Rule],
    changed: Mapping[str, Set[str]],
    select: Select,
) -> Emitted:
    """The groups that hold a rule of `changed` (editor -> ids), now or as the rules stood `before`."""
    out = Emitted(whole=False)
    for name, emitter in emitters.items():
        wanted = changed.get(name)
        if not wanted:
            continue
        options = settings[name]
        now = [(rule, emitter.group(rule, options)) for rule in select(rules, name)]
        same = {id(rule) for rule, _ in now}  # an unchanged rule is the same object, and its group is the same
        then = [(r, emitter.group(r, options)) for r in before if id(r) not in same and r.for_editor(name)]
        groups = {group for rule, group in (*now, *then) if rule.id in wanted}
        out.dirty[name] = {rule.id for rule, group in (*now, *then) if group in groups} | set(wanted)
        _emit(out, name, emitter, options, [rule for rule, group in now if group in groups])
    return out


def joined(before: Emitted, again: Emitted) -> Emitted:
    """The whole of `before` with what `emit_changed` gave after it. Editors stand in the order of the second."""
    given = {piece.owned for piece in again.pieces}
    dirty = {name: ids for name, ids in again.dirty.items() if name not in again.failed}
    none: set[str] = set()
    pieces = [
        piece for piece in before.pieces
        if piece.owned not in given and dirty.get(piece.editor, none).isdisjoint(piece.artefact.rule_ids)
    ]  # fmt: skip
    losses = [loss for loss in before.losses if loss.rule_id not in dirty.get(loss.editor, none)]
    order = dict.fromkeys((*again.dirty, *(piece.editor for piece in before.pieces)))
    return Emitted(
        pieces=[piece for name in order for piece in (*pieces, *again.pieces) if piece.editor == name],
        losses=[*losses, *again.losses], failed=before.failed | again.failed, diagnostics=before.diagnostics,
    )  # fmt: skip


def _emit(out: Emitted, name: str, emitter: Emitter, settings: Settings, rules: Sequence[Rule]) -> None:
    try:
        emission = emitter.emit(rules, settings)
    except DrivenError as error:  # with the registry's guard: one plugin's failure leaves the other editors alone
        out.failed.add(name)
        out.diagnostics.append(
            Diagnostic(code="PLG10", severity="error", message=error.message, span=Span(path=name), hint=error.hint)
        )
        return
    out.pieces.extend(Piece(name, artefact) for artefact in emission.artefacts)
    out.losses.extend(loss if loss.editor else replace(loss, editor=name) for loss in emission.losses)
