"""What the emitters give, from look to look: only the groups of rules that changed are asked for again."""

from __future__ import annotations

from driven.emission import Emitted, emit_all, emit_changed, joined
from driven.frozen import record
from driven.model.rule import Rule
from driven.workspace import Project


@record
class Emitting:
    """The last emission of a folder, and what it was made of."""

    project: Project | None = None
    emitted: Emitted | None = None

    def of(self, project: Project) -> Emitted:
        """Everything that the emitters give for the project's rules."""
        before, known = self.project, self.emitted
        self.project = project
        if (
            before is None or known is None or known.failed or known.diagnostics
            or before.plugins is not project.plugins or before.active != project.active
            or [*before.settings.items()] != [*project.settings.items()]  # with their order: the editors' is theirs
        ):  # fmt: skip
            self.emitted = emit_all(project.emitters, project.settings, project.rules.rules, project.select)
            return self.emitted
        then = {rule.id: rule for rule in before.rules}
        now = {rule.id: rule for rule in project.rules}
        changed = then.keys() - now.keys()
        changed |= {rule_id for rule_id, rule in now.items() if not _is_same(rule, then.get(rule_id))}
        if changed:
            again = emit_changed(
                project.emitters, project.settings, project.rules.rules, before.rules.rules,
                {name: changed for name in project.emitters}, project.select,  # noqa: C420
            )  # fmt: skip
            if again.failed:
                self.emitted = None
                return self.of(project)
            self.emitted = known = joined(known, again)
        return known


def _is_same(rule: Rule, other: Rule | None) -> bool:
    return rule is other or (other is not None and rule == other and rule.source == other.source)
