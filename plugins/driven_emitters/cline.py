"""Cline: rules in .clinerules, skills for what the model chooses, workflows for what a person asks for.

Vendor facts, verified 2026-11-21:
- https://docs.cline.bot/customization/cline-rules: .clinerules/*.md; `paths` is a list (a scalar is ignored), matched
  by picomatch with dot files, relative to the workspace. Front matter opens with exactly `---` and a line end.
- https://github.com/cline/cline at 2026-08-22: the loader of the CLI and of the 4.x extension does not evaluate
  `paths`, does not read subfolders of .clinerules, and leaves out files without a body.
- https://docs.cline.bot/customization/skills: .cline/skills/<name>/SKILL.md; .claude/skills and .agents/skills are read
  too; the keys are `name` and `description`.
- https://docs.cline.bot/customization/workflows: .clinerules/workflows/<name>.md runs as `/<name>.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Settings
from driven.model.rule import Rule
from driven.model.target import Target, Way
from driven.plugin_kit import quoted
from driven_emitters.shared import (
    approximated,
    description_lost,
    extra_lines,
    extra_lost,
    in_agents,
    own_path,
    rule_file,
    skill,
)

KEYS = frozenset(("paths",))
OWN = r"\.clinerules/(?!workflows/|hooks/|skills/).+\.(?:md|markdown|txt)"
OWN_WORKFLOW = r"\.clinerules/workflows/[^/]+\.md"
SHARED_SKILLS = {"claude": ".claude/skills", "agents": ".agents/skills"}  # of other editors, which Cline reads as well
TARGET = Target(
    name="cline",
    title="Cline",
    docs="https://docs.cline.bot/customization/cline-rules",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words="a rule without front matter"),
        "paths": Way(fidelity="approximated", words="`paths`; current builds may load the rule always"),
        "model": Way(fidelity="approximated", words="a skill with that description"),
        "manual": Way(fidelity="approximated", words="a workflow"),
    },
    files=(".clinerules/**/*.md", ".cline/skills/*/SKILL.md"),
    also_reads=("AGENTS.md", ".claude/skills/*/SKILL.md", ".agents/skills/*/SKILL.md", ".cursor/rules/*.mdc"),
)


class ClineEmitter:
    """Rules for Cline."""

    @property
    def target(self) -> Target:
        """Cline, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """Every rule has a file of its own."""
        return rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """One rule file, skill or workflow per rule."""
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        for rule in rules:
            if in_agents(rule, settings) == "root":
                losses += extra_lost(rule, "cline", "AGENTS.md")
                continue
            files, found = _emit(rule, settings)
            artefacts += files
            losses += found
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _emit(rule: Rule, settings: Settings) -> tuple[list[Artefact], list[Loss]]:
    shared = [path for name, path in SHARED_SKILLS.items() if name in settings.editors and rule.for_editor(name)]
    match rule.activation:
        case Always():
            return _rule(rule, [], settings, [])
        case ForPaths(globs):
            doubt = approximated(rule, "cline", "builds of Cline that do not evaluate `paths` load the rule always")
            return _rule(rule, ["paths:", *[f"  - {quoted(glob)}" for glob in globs]], settings, [doubt])
        case WhenRelevant():
            why = "Cline has no rules that the model decides on"
            if not shared:
                return skill(rule, "cline", ".cline/skills", settings, why)
            found = [approximated(rule, "cline", f"{why}: it reads the skill in {shared[0]}")]
            return [], found + extra_lost(rule, "cline", f"the skill in {shared[0]}", "is another editor's")
        case OnRequest():
            path = own_path(rule, "cline", OWN_WORKFLOW) or f".clinerules/workflows/{rule.slug}.md"
            found = [approximated(rule, "cline", "Cline has no rules for people to ask for: written as a workflow")]
            if shared:
                reason = f"its model may load the skill in {shared[0]}: Cline knows no `disable-model-invocation`"
                found.append(approximated(rule, "cline", reason))
            extra, more = extra_lines(rule, "cline", KEYS)
            files, empty = rule_file(rule, path, extra, settings, "cline")
            return files, found + more + empty


def _rule(rule: Rule, front: list[str], settings: Settings, doubts: list[Loss]) -> tuple[list[Artefact], list[Loss]]:
    extra, losses = extra_lines(rule, "cline", KEYS)
    path = own_path(rule, "cline", OWN) or f".clinerules/{rule.slug}.md"
    files, empty = rule_file(rule, path, front + extra, settings, "cline")
    return files, doubts + losses + description_lost(rule, "cline", "Cline's rules have none") + empty


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Cline."""
    return [ClineEmitter()]
