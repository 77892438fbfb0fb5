"""Where the text of an emitted file comes from: the rules in it, the part of each, and how to edit it."""

from __future__ import annotations

from driven.format.sections import blocks_of
from driven.frozen import frozen
from driven.model.artefact import ListEntry, Outside, Section, WholeFile
from driven.project.sources import RULES
from driven_lsp.landing_text import about_rule, file_link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.document.document import Document
    from driven.model.plan import Conflict
    from driven_lsp.snapshot import Snapshot

NAMED = 6  # rules of one file that are named before the rest is counted


@frozen
class Part:
    """A part of an emitted file that driven writes. `marks`: where each rule in it begins, in order; the first begins
    with the part. `whole`: the file is all driven's."""

    start: int
    end: int
    rule_ids: tuple[str, ...]
    marks: tuple[tuple[int, str], ...]
    whole: bool

    def rule_at(self, offset: int) -> str:
        """The rule whose text stands at an offset, "" where that is not known."""
        found = ""
        for start, rule_id in self.marks:
            if start > offset:
                break
            found = rule_id
        return found


def parts_of(snapshot: Snapshot, document: Document) -> list[Part]:
    """What of a file driven writes, in order; nothing for a file that it does not write."""
    emitted = snapshot.view.emitted
    if emitted is None or document.path not in snapshot.outputs:
        return []
    text = document.text
    blocks: list[tuple[int, int]] | None = None
    found: list[Part] = []
    for piece in emitted.pieces:
        artefact = piece.artefact
        if artefact.path != document.path:
            continue
        match artefact.ownership:
            case WholeFile() | Outside():
                found.append(_part(snapshot, document, 0, len(text), artefact.rule_ids, whole=True))
            case Section(marker):
                blocks = blocks_of(text) if blocks is None else blocks
                opening = f"driven:begin {marker} "
                for start, end in blocks:
                    if text.find(opening, start, min(end, start + 400)) >= 0:
                        found.append(_part(snapshot, document, start, end, artefact.rule_ids))
            case ListEntry():
                at = text.find(artefact.text)
                if at >= 0:
                    found.append(Part(
                        start=at, end=at + len(artefact.text), rule_ids=artefact.rule_ids, marks=(), whole=False
                    ))  # fmt: skip
    return sorted(found, key=lambda part: (part.start, -part.end))


def part_at(parts: Sequence[Part], offset: int) -> Part | None:
    """The smallest part at an offset."""
    found = [part for part in parts if part.start <= offset <= part.end]
    return min(found, key=lambda part: part.end - part.start, default=None)


def origin_text(snapshot: Snapshot, path: str, part: Part, rule_id: str = "") -> str:
    """Markdown: which rules the part is made of, or the one asked about, and how to edit it."""
    ids = (rule_id,) if rule_id else part.rule_ids
    rules = [rule for one in ids[:NAMED] if (rule := snapshot.rule(one)) is not None]
    lines = []
    if len(ids) == 1 and rules:
        lines += ["Written by driven:", about_rule(snapshot, rules[0])]
    elif rules:
        named = "\n".join(f"- {file_link(snapshot, rule.span.path, rule.id)}" for rule in rules)
        more = f"\n- … {len(ids) - len(rules):,} more" if len(ids) > len(rules) else ""
        lines.append(f"Written by driven from {len(ids):,} rules:\n\n{named}{more}")
    else:
        lines.append("Written by driven.")
    conflict = snapshot.conflicts.files.get(path)
    if conflict is not None:  # nothing of what holds otherwise is true until somebody decides
        lines.append(f"**In conflict**: {conflict.message}. {_decide(conflict)}")
        return "\n\n".join(lines)
    if snapshot.drift(path) == "drift":
        lines.append("The next sync writes it anew: it is not what the rules say now.")
    if any(snapshot.held(one) is not None for one in ids):
        lines.append("An edit here waits until the mistake is put right.")
    elif snapshot.view.config.mode == "two-way":
        lines.append("An edit here is merged into the rule at the next sync, and goes to every other editor.")
    else:
        lines.append("Edit the rule: `mode` is `one-way`, so an edit here is a conflict.")
    return "\n\n".join(lines)


def _decide(conflict: Conflict) -> str:
    if any(one.source.startswith(RULES + "/") for one in conflict.overlaps):
        return "Nothing is merged until you take the rule's side or the edited file's side, or edit either one."
    return "Nothing is merged or written until that is decided."


def short_origin(rule_ids: Sequence[str]) -> str:
    """`from rule api`, `from 12 rules`: for a line above the text."""
    if len(rule_ids) == 1:
        return f"from rule `{rule_ids[0]}`"
    if len(rule_ids) <= 3:
        return "from rules " + ", ".join(f"`{rule_id}`" for rule_id in rule_ids)
    return f"from {len(rule_ids):,} rules"


def _part(
    snapshot: Snapshot, document: Document, start: int, end: int, rule_ids: tuple[str, ...], *, whole: bool = False
) -> Part:  # fmt: skip
    """A part with the places where its rules begin: their headings, which stand in the order of the rules."""
    marks = [(start, rule_ids[0])] if rule_ids else []
    if len(rule_ids) > 1:
        shift = document.body_start
        waiting: dict[str, list[str]] = {}
        for rule_id in rule_ids:
            rule = snapshot.rule(rule_id)
            for title in dict.fromkeys((rule.summary.strip(), rule.title.strip()) if rule is not None else ()):
                waiting.setdefault(title, []).append(rule_id)
        seen: set[str] = set()
        for heading in document.body.headings:
            at = heading.start + shift
            if not start <= at < end:
                continue
            title = document.text[heading.text_start + shift : heading.end + shift].strip().rstrip("#").rstrip()
            rule_id = next((one for one in waiting.get(title, ()) if one not in seen), "")
            if rule_id:
                seen.add(rule_id)
                marks.append((at, rule_id) if len(seen) > 1 or rule_id != rule_ids[0] else (start, rule_id))
    return Part(start=start, end=end, rule_ids=rule_ids, marks=tuple(sorted(set(marks))), whole=whole)
