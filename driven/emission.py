"""Rules -> artefacts, by every enabled editor's emitter; after a small change, only for the rules it touches.

The unit is an emitter's group: rules that share a file are emitted together, so the answer for one group does not
depend on the others, and a group without a changed rule need not be asked for again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from driven.errors import DrivenError
from driven.frozen import field, record, replace
from driven.hookspecs import Emitter
from driven.model.artefact import Emission, Loss, Piece, Settings
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


# In a comment that gives a model an order is one of these words (a test holds them against `driven.trust.orders`).
_ORDERS = (
    "ignor", "disregard", "forget", "overrid", "bypass", "do not", "don", "never", "without", "curl", "wget", "iwr",
    "irm", "base64", "send", "post", "upload", "exfil", "forward", "transmit", "leak", "email", "system prompt",
    "you are", "mode", "jailbreak", "ssh", "id_rsa", "credentials", "passwd", "silently", "secretly", "background",
    "quietly", "covertly", "script",
)  # fmt: skip
_SHOWN = bytes(range(0x20, 0x7F)) + b"\t\n\f\r"
_FAR, _TABS = " " * 80, "\t" * 20
_FOLDED = "\xad\u0130\u0131\u017f\u212a"  # a soft hyphen; and what a pattern takes for `i`, `s` and `k`


def hidden_in(rules: Iterable[Rule]) -> list[Diagnostic]:
    """What rules that are about to be written say to a model and hide from a reader: warnings, with rule, line and
    character. `driven validate` fails by the same; a sync tells it once, with the change that brought it in.

    Nearly every text is seen to hide nothing without the scanner and its tables being loaded.
    """
    found: list[Diagnostic] = []
    for rule in rules:
        text = rule.source.front + rule.body
        if may_hide(text):
            from driven.trust.scan import AT_EMIT, scan

            told = scan(rule.span.path or rule.id + ".md", text, AT_EMIT, rule_id=rule.id)
            found += [replace(one, severity="warning") if one.severity == "error" else one for one in told]
    return found


def may_hide(text: str) -> bool:
    """Whether the scanner could find something in `text`; False is certain."""
    if text.isascii():
        if text.encode().translate(None, _SHOWN) or ("\r" in text and text.count("\r") != text.count("\r\n")):
            return True
    elif not all(map(_is_plain, set(text))) and not all(map(_is_plain, set(_without_emoji(text)))):
        return True
    if _FAR in text or _TABS in text or "xn--" in text:
        return True
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at)
        comment = text[at : end if end >= 0 else len(text)].lower().rstrip()
        comment = comment.removesuffix("-ignore").removesuffix("-ignore-start")  # `<!-- prettier-ignore -->`
        if any(word in comment for word in _ORDERS):
            return True
        at = text.find("<!--", at + 4 if end < 0 else end)
    at = text.find("://")
    while at >= 0:  # `https://github.com@elsewhere.example`
        if "@" in text[at : at + 260].split(None, 1)[0].split("/", 3)[2]:
            return True
        at = text.find("://", at + 3)
    return False


def _without_emoji(text: str) -> str:
    """`text` without the selector that makes an emoji of a sign, and without the commonest of those beyond."""
    if "\ufe0f" in text:
        head, *rest = text.split("\ufe0f")
        before = [head, *rest[:-1]]
        if all(part and "\u2600" <= part[-1] <= "\u2767" for part in before):
            text = "".join([head, *rest])
    return "".join([c for c in text if not "\U0001f300" <= c <= "\U0001f64f"])


def _is_plain(character: str) -> bool:
    """Whether everybody sees a character as what it is: Latin letters, punctuation, arrows, boxes, ideographs."""
    return (
        " " <= character <= "~" or character in "\t\n\f" or "\xa1" <= character <= "\u024f"
        or "\u2010" <= character <= "\u2027" or "\u2030" <= character <= "\u205e" or "\u20a0" <= character <= "\u20c0"
        or "\u2100" <= character <= "\u218b" or "\u2190" <= character <= "\u2426" or "\u2460" <= character <= "\u27ff"
        or "\u3001" <= character <= "\u303d" or "\u3041" <= character <= "\u3096" or "\u30a1" <= character <= "\u30fe"
        or "\u4e00" <= character <= "\u9fef" or "\uac00" <= character <= "\ud7a3" or "\uff01" <= character <= "\uff9d"
    ) and character not in _FOLDED  # fmt: skip


def _asked(name: str, emitter: Emitter, settings: Settings, rules: Sequence[Rule]) -> Emission:
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return emitter.emit(rules, settings)
    from driven.trust import telemetry

    with telemetry.span("plugin", name, method="emit"):
        return emitter.emit(rules, settings)


def _emit(out: Emitted, name: str, emitter: Emitter, settings: Settings, rules: Sequence[Rule]) -> None:
    try:
        emission = _asked(name, emitter, settings, rules)
    except DrivenError as error:  # with the registry's guard: one plugin's failure leaves the other editors alone
        out.failed.add(name)
        out.diagnostics.append(
            Diagnostic(code="PLG10", severity="error", message=error.message, span=Span(path=name), hint=error.hint)
        )
        return
    out.pieces.extend(Piece(name, artefact) for artefact in emission.artefacts)
    out.losses.extend(loss if loss.editor else replace(loss, editor=name) for loss in emission.losses)
