"""What is in conflict, as an editor shows it: in the file that a rule is written to and in the rule itself, with what
either side says, and the ways out under the names that they have everywhere (docs/conflicts.md)."""

from __future__ import annotations

import re

from driven.frozen import record, replace
from driven.model.diagnostic import Diagnostic
from driven.project.sources import RULES
from driven.span import Span
from driven_lsp.values import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driven.model.plan import Conflict, Overlap, Plan
    from driven.model.rule import RuleSet

CODE = "SYN02"
TAKE_RULE = "Take the rule's side"
TAKE_EDITED = "Take the edited file's side"
COMPARE = "Compare both sides"
MOST = 20  # places of one file that are told
LONG = 160  # characters of a side that are shown
_FORCE = re.compile(r"`(?:driven sync )?--force`")
_ADOPT = re.compile(r"`(?:driven sync )?--adopt`")
_LINE = re.compile(r"line (\d{1,7}): ")


@record
class Conflicts:
    """The conflicts of one plan: by the path of the file, and by the path of a rule that waits for them."""

    files: dict[str, Conflict]
    rules: dict[str, list[Conflict]]

    @classmethod
    def of(cls, plan: Plan | None, rules: RuleSet | None) -> Conflicts:
        """`rules` say where a rule stands."""
        files = {one.path: one for one in plan.conflicts} if plan is not None else {}
        waiting: dict[str, list[Conflict]] = {}
        for conflict in files.values():
            if not conflict.holds or not (conflict.overlaps or len(conflict.rule_ids) == 1):
                continue  # what several rules share waits as a file: none of them is a side of it
            for rule_id in conflict.rule_ids:
                rule = rules.get(rule_id) if rules is not None else None
                path = rule.span.path if rule is not None and rule.span.path else f"{RULES}/{rule_id}.md"
                waiting.setdefault(path, []).append(conflict)
        return cls(files=files, rules=waiting)

    def told(self, path: str, text: str, *, trusted: bool = True) -> list[Diagnostic]:
        """The findings of a file or a rule with this text."""
        conflict = self.files.get(path)
        if conflict is not None:
            return _in_file(conflict, text, trusted)
        return _in_rule(path, self.rules.get(path, ()), text, trusted)


def ways(conflict: Conflict, *, trusted: bool, named: bool = False) -> list[Command]:
    """What can be done about a conflict; `named`: the titles say in which file."""
    path = conflict.path
    more = f": {path}" if named else ""
    compare = Command(title=COMPARE + more, name="driven.sides", argument={"path": path})
    if not trusted:
        return [compare]
    return [
        Command(title=title + more, name="driven.resolveConflict", argument={"path": path, "take": take})
        for title, take in ((TAKE_RULE, "rule"), (TAKE_EDITED, "edited"))
        if take == "rule" or _can_be_taken(conflict)
    ] + [compare]


def _can_be_taken(conflict: Conflict) -> bool:
    """Whether the edited file says anything that a rule could: not one that cannot be read, nor a stranger's."""
    return bool(conflict.overlaps) or (conflict.drift == "edited" and not _LINE.match(conflict.message))


def lines_of(conflict: Conflict, path: str, text: str) -> list[Span]:
    """Where the conflict stands in one of its files, or in its rule, as that is edited now; the first line where no
    line of it is a side."""
    lines = text.split("\n")
    spans = [_marked(path, lines, line, said, one.field) for one, said, line in _mine(conflict, path)]
    if not spans:
        named = _LINE.match(conflict.message) if path == conflict.path else None
        spans = [_marked(path, lines, int(named[1]) if named else 1, "", "")]
    return spans[:MOST]


def _in_file(conflict: Conflict, text: str, trusted: bool) -> list[Diagnostic]:
    overlaps = _mine(conflict, conflict.path)
    spans = lines_of(conflict, conflict.path, text)
    rule_id = conflict.rule_ids[0] if conflict.rule_ids else ""
    if not overlaps:
        hint = _in_words(conflict.hint, trusted)
        return [_told(f"in conflict: {conflict.message}", hint, spans[0], rule_id)]
    return [
        _told(f"in conflict: {_both(one, conflict.path)}", _sides(one, conflict, trusted), span, rule_id)
        for (one, _, _), span in zip(overlaps, spans, strict=False)
    ]


def _in_rule(path: str, conflicts: Sequence[Conflict], text: str, trusted: bool) -> list[Diagnostic]:
    """Of a rule that is a side of a conflict where it is one; of one that waits for others, that it does."""
    found: list[Diagnostic] = []
    pairs: set[frozenset[str]] = set()
    for conflict in conflicts:
        overlaps = _mine(conflict, path)
        spans = lines_of(conflict, path, text)
        for (one, _, _), span in zip(overlaps, spans, strict=False):
            found.append(_told(f"in conflict: {_both(one, path)}", _sides(one, conflict, trusted), span))
        pair = frozenset(name for one in conflict.overlaps for name in (one.file, one.source)) or {conflict.path}
        if overlaps or pair in pairs:  # of two editors' files, each is in conflict with the other one
            continue
        pairs.add(frozenset(pair))
        message = f"held back: `{conflict.path}` is in conflict: {conflict.message}"
        found.append(replace(_told(message, _in_words(conflict.hint, trusted), spans[0]), severity="warning"))
    return found[:MOST]


def _told(message: str, hint: str, span: Span, rule_id: str = "") -> Diagnostic:
    return Diagnostic(code=CODE, severity="error", message=message, hint=hint, span=span, rule_id=rule_id)


def _mine(conflict: Conflict, path: str) -> list[tuple[Overlap, str, int]]:
    """The overlaps that a file is a side of: what it says there, and in which line (0: not known)."""
    return [
        (one, one.theirs, one.their_line) if path == one.file else (one, one.ours, one.line)
        for one in conflict.overlaps
        if path in (one.file, one.source)
    ]


def _both(one: Overlap, path: str) -> str:
    other, line = (one.source, one.line) if path == one.file else (one.file, one.their_line)
    where = "" if one.field == "body" else f" ({one.field})"
    return f"it and `{other}{f':{line}' if line else ''}` were edited differently in the same place{where}"


def _sides(one: Overlap, conflict: Conflict, trusted: bool) -> str:
    """What either side says, and the ways out."""
    is_rule = one.source.startswith(RULES + "/")
    rule, file = ("the rule", "the file") if is_rule else (f"`{one.source}`", f"`{one.file}`")
    said = [f"{rule} says: {_short(one.ours)}", f"{file} says: {_short(one.theirs)}"]
    return "\n".join([*said, _in_words(conflict.hint, trusted)])


def _in_words(hint: str, trusted: bool) -> str:
    """What to do, said for the command line, as it is done here."""
    from driven.mergeback import DECIDE

    if not trusted:
        return hint
    if hint == DECIDE:
        return f"quick fixes: `{TAKE_RULE}`, `{TAKE_EDITED}`, `{COMPARE}`; or edit either one"
    return _ADOPT.sub(f"the quick fix `{TAKE_EDITED}`", _FORCE.sub(f"the quick fix `{TAKE_RULE}`", hint))


def _short(text: str) -> str:
    from driven.format.words import shown

    first, *more = text.strip("\n").split("\n")
    rest = f" … and {len(more):,} more line{'s' if len(more) > 1 else ''}" if more else ""
    return (shown(first.strip(), LONG) or "(nothing)") + rest


def _marked(path: str, lines: Sequence[str], line: int, said: str, field: str) -> Span:
    """The lines where a side stands: from `line` on, or where its first line stands now, in a text that was edited."""
    block = said.strip("\n").split("\n") if field == "body" else [""]
    first = block[0].strip()
    at = min(max(line, 1), len(lines))
    if first and lines[at - 1].strip() != first:
        at = _nearest((number for number, words in enumerate(lines, 1) if words.strip() == first), at)
    last = min(at + len(block) - 1, len(lines))
    start, end = lines[at - 1], lines[last - 1].rstrip("\r")
    column = len(start) - len(start.lstrip()) + 1 if start.strip() else 1
    return Span(path=path, line=at, column=column, end_line=last, end_column=len(end) + 1)


def _nearest(found: Iterable[int], line: int) -> int:
    return min(found, key=lambda number: abs(number - line), default=line)
