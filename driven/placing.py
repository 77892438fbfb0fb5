"""Where imported rules go in `.driven/rules`, beside those that are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driven.core.globs import Glob
from driven.format.revise import revise_rule
from driven.format.text import render_rule
from driven.frozen import replace
from driven.hookspecs import Importer
from driven.joining import Joined, Member, alike, how_they_differ, says
from driven.model.activation import Always
from driven.model.diagnostic import Diagnostic, Severity
from driven.model.plan import Change, Conflict, Create, Keep, Replace
from driven.model.rule import Rule
from driven.project.disk import Tree
from driven.project.sources import RULES
from driven.rehearsal import Desk
from driven.span import Span


class Placing:
    """Where the rules go in `.driven/rules`, beside those that are there."""

    def __init__(self, tree: Tree, desk: Desk, there: Mapping[str, Rule], importers: Mapping[str, Importer]) -> None:
        self.importers = importers
        self.tree = tree
        self.desk = desk
        self.there = there
        self.changes: list[Change] = []
        self.new: list[Joined] = []
        self.grown: list[Joined] = []  # rules that were there, and files that are theirs too now
        self.said: list[tuple[str, Member]] = []  # id of a rule that was there, and a file that says the same
        self.diagnostics: list[Diagnostic] = []
        self.by_text = {says(rule): rule for rule in reversed([*there.values()])}

    def place(self, one: Joined) -> None:
        rule = one.rule
        path = f"{RULES}/{rule.id}.md"
        text = render_rule(rule)
        standing = self.tree.read(path)
        twin = self.there.get(rule.id)
        twin = twin if twin is not None and says(twin) == says(rule) else self.by_text.get(says(rule))
        if twin is not None:
            is_it = standing.kind == "file" and standing.data == text
            reason = "" if is_it else f"it says what `{one.members[0].path}` says"
            self.said += [(twin.id, member) for member in one.members]
            grown = twin if is_it else self.grow(twin, one.members)
            if grown is twin:
                self.changes.append(Keep(path=twin.span.path, rule_ids=(twin.id,), reason=reason))
            else:
                before = self.tree.read(twin.span.path).data
                after = revise_rule(before, twin, grown, twin.span.path)
                self.changes.append(Replace(path=twin.span.path, after=after, before=before, rule_ids=(twin.id,)))
            return
        other = self.there.get(rule.id)
        if standing.kind == "absent" and other is None:
            self.changes.append(Create(path=path, after=text, rule_ids=(rule.id,)))
            self.new.append(one)
            return
        origin = one.members[0].path
        self.changes.append(
            Conflict(
                path=other.span.path if other else path, drift="foreign", before=standing.data, after=text,
                rule_ids=(rule.id,), hint=self.way_out(one.members[0], other.span.path if other else path),
                message=standing.note or f"a rule stands here already, and differs from `{origin}`",
            )
        )  # fmt: skip

    def grow(self, twin: Rule, members: Sequence[Member]) -> Rule:
        """The rule that says what these files say, with a memory of each that a sync then writes as it stands."""
        grown = twin
        for member in members:
            if member.editor not in self.desk.enabled or not twin.for_editor(member.editor):
                continue
            held = member.rule.extra.get(member.editor, {})
            forms = [grown]
            if member.editor not in grown.extra:
                memories = (held, {"$path": member.path, **held})
                forms += [replace(grown, extra={**grown.extra, member.editor: memory}) for memory in memories if memory]
            form = next((form for form in forms if self.desk.fate(form, member) == "same"), None)
            if form is None:
                self.beside(twin, member)
            else:
                grown = form
                self.grown.append(Joined(rule=grown, members=[member]))
        return grown

    def way_out(self, member: Member, path: str) -> str:
        """What to do about a file whose rule would be another one, at `path`."""
        folder, slash, name = member.path.rpartition("/")
        stem, dot, end = name.partition(".")
        other = f"{folder}{slash}{stem}-2{dot}{end}"
        # A file that has its name from its editor, as CLAUDE.md, is not to be renamed.
        free = any(Glob(pattern).match(other) for pattern in self.importers[member.editor].patterns)
        first = f"rename `{member.path}` (say `{other}`)" if free else ""
        if self.tree.read(path).kind != "file":
            return f"{first or f'move `{path}` away'}, and import it again"
        return f"{first or 'rename'}{' or' if free else ''} `{path}`, and import it again; or let that rule say it all"

    def beside(self, twin: Rule, member: Member) -> None:
        """Tell of a file that a rule repeats somewhere else."""
        if self.desk.fate(twin, member) == "elsewhere":
            message = f"`{member.path}` says what the rule `{twin.id}` says, and no sync writes it"
            hint = "delete it once a sync has written the rule for that editor"
            twice = isinstance(member.rule.activation, Always)  # the editor loads both, in every conversation
            self.diagnostics.append(
                _finding("IMP16", "warning" if twice else "info", member.path, message, hint, twin.id)
            )

    def compare(self) -> dict[str, str]:
        """New rules that are nearly another one, in a finding each; id -> id of the other."""
        new = {one.rule.id: one for one in self.new}
        ordered = sorted(self.new, key=lambda one: (-len(one.editors), one.rule.id))
        others = [(rule, ("",)) for rule in self.there.values()]
        found = alike([*others, *((one.rule, one.editors) for one in ordered)])
        like = {rule_id: other for rule_id, other in found.items() if rule_id in new}
        for rule_id, other in sorted(like.items()):
            one = new[rule_id]
            twin = new[other].rule if other in new else self.there[other]
            message = f"`{rule_id}` and `{other}` have {how_they_differ(one.rule, twin)}"
            hint = f"to make one rule of them, delete `{RULES}/{rule_id}.md` and the `targets` of `{other}`"
            self.diagnostics.append(_finding("IMP17", "info", one.members[0].path, message, hint, rule_id))
        return like


def _finding(code: str, severity: Severity, path: str, message: str, hint: str, rule_id: str = "") -> Diagnostic:
    return Diagnostic(code=code, severity=severity, message=message, span=Span(path=path), hint=hint, rule_id=rule_id)
