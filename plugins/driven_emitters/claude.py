"""Claude Code: rules in .claude/rules, skills for what the model or a person chooses.

Vendor facts, verified 2026-11-21:
- https://code.claude.com/docs/en/memory: .claude/rules/**/*.md, `paths` is the only key read; without it the rule is
  loaded at launch. Globs are relative to the project root, braces are expanded (at most 1,000 per rule). Front matter
  that does not parse makes a rule unconditional, so every pattern is quoted. CLAUDE.md takes in `@AGENTS.md`.
  Files over 4 MiB are skipped.
- https://code.claude.com/docs/en/skills: .claude/skills/<name>/SKILL.md, `disable-model-invocation: true` keeps it for
  people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Section, Settings
from driven.model.rule import Rule
from driven.model.target import Limit, Target, Way
from driven.plugin_kit import FormatError, count, quoted
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
OWN = r"(?:.+/)?\.claude/rules/.+\.md"
SKILLS = ".claude/skills"
BUDGET = 1_000  # patterns that the braces of one rule may stand for
TARGET = Target(
    name="claude",
    title="Claude Code",
    docs="https://code.claude.com/docs/en/memory",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words="a rule without front matter"),
        "paths": Way(fidelity="native", words="`paths`"),
        "model": Way(fidelity="approximated", words="a skill with that description"),
        "manual": Way(fidelity="approximated", words="a skill with `disable-model-invocation: true`"),
    },
    files=("CLAUDE.md", ".claude/rules/**/*.md", ".claude/skills/*/SKILL.md"),
    also_reads=("AGENTS.md",),
    limits=(Limit(bytes=4 << 20, note="larger files are skipped"), Limit(lines=200, hard=False, note="advised")),
)


class ClaudeEmitter:
    """Rules for Claude Code."""

    @property
    def target(self) -> Target:
        """Claude Code, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """Every rule has files of its own, but those that CLAUDE.md takes from AGENTS.md."""
        return "CLAUDE.md" if in_agents(rule, settings) == "root" else rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """One rule file or skill per rule; CLAUDE.md with `@AGENTS.md` for what stands there."""
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        shared: list[str] = []
        for rule in rules:
            if in_agents(rule, settings) == "root":
                shared.append(rule.id)
                losses += extra_lost(rule, "claude", "AGENTS.md")
                continue
            files, found = _emit(rule, settings)
            artefacts += files
            losses += found
        if shared:
            section = Section("claude")
            artefacts.append(Artefact(path="CLAUDE.md", text="@AGENTS.md\n", ownership=section, rule_ids=tuple(shared)))
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _emit(rule: Rule, settings: Settings) -> tuple[list[Artefact], list[Loss]]:
    match rule.activation:
        case Always():
            return _rule(rule, [], settings)
        case ForPaths(globs):
            files, losses = _rule(rule, ["paths:", *[f"  - {quoted(glob)}" for glob in globs]], settings)
            return files, losses + _over_budget(rule, globs)
        case WhenRelevant():
            return skill(rule, "claude", SKILLS, settings, "Claude Code has no rules that the model decides on")
        case OnRequest():
            return skill(rule, "claude", SKILLS, settings, "Claude Code has no rules for people to ask for")


def _rule(rule: Rule, front: list[str], settings: Settings) -> tuple[list[Artefact], list[Loss]]:
    extra, losses = extra_lines(rule, "claude", KEYS)
    path = own_path(rule, "claude", OWN) or f".claude/rules/{rule.slug}.md"
    files, empty = rule_file(rule, path, front + extra, settings, "claude")
    return files, losses + description_lost(rule, "claude", "Claude Code's rules have none") + empty


def _over_budget(rule: Rule, globs: Sequence[str]) -> list[Loss]:
    try:
        patterns = sum(count(glob) for glob in globs if "{" in glob)
    except FormatError:  # not a canonical pattern: a rule that was built by hand
        return []
    if patterns <= BUDGET:
        return []
    reason = f"its braces stand for {patterns:,} patterns: Claude Code expands {BUDGET:,}, the rest match nothing"
    return [approximated(rule, "claude", reason)]


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Claude Code."""
    return [ClaudeEmitter()]
