"""Claude Code: rules in .claude/rules, skills for what the model or a person chooses; read back, CLAUDE.md too.

Vendor facts, verified 2026-11-21:
- https://code.claude.com/docs/en/memory: .claude/rules/**/*.md, `paths` is the only key read; without it the rule is
  loaded at launch. Globs are relative to the project root, braces are expanded (at most 1,000 per rule). Front matter
  that does not parse makes a rule unconditional, so every pattern is quoted. CLAUDE.md or .claude/CLAUDE.md holds for
  its directory and takes in `@AGENTS.md`; CLAUDE.local.md is personal. Files over 4 MiB are skipped.
- https://code.claude.com/docs/en/skills: .claude/skills/<name>/SKILL.md, `disable-model-invocation: true` keeps it for
  people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Outside, Section, Settings
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
MAIN = "CLAUDE.md"
MAIN_FILE = r"(?:(?!\.claude/)[^/]+/)*(?:\.claude/)?CLAUDE\.md"
SKILL_FILE = r"\.claude/skills/[^/]+/SKILL\.md"
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
    files=(MAIN, "**/CLAUDE.md", ".claude/rules/**/*.md", ".claude/skills/*/SKILL.md"),
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
        return MAIN if in_agents(rule, settings) == "root" else rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """One rule file or skill per rule, or the CLAUDE.md that it was; CLAUDE.md with `@AGENTS.md` for what stands
        there."""
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
            artefacts.append(Artefact(path=MAIN, text="@AGENTS.md\n", ownership=section, rule_ids=tuple(shared)))
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _emit(rule: Rule, settings: Settings) -> tuple[list[Artefact], list[Loss]]:
    if "claude" in rule.extra and (artefact := _as_imported(rule, settings)) is not None:
        if isinstance(artefact.ownership, Outside):
            return [artefact], extra_lost(rule, "claude", artefact.path)
        about = isinstance(rule.activation, WhenRelevant | OnRequest) and artefact.path.endswith("/SKILL.md")
        return [artefact], [approximated(rule, "claude", f"{_why(rule)}: written as a skill")] if about else []
    match rule.activation:
        case Always():
            return _rule(rule, [], settings)
        case ForPaths(globs):
            files, losses = _rule(rule, ["paths:", *[f"  - {quoted(glob)}" for glob in globs]], settings)
            return files, losses + _over_budget(rule, globs)
        case WhenRelevant() | OnRequest():
            return skill(rule, "claude", SKILLS, settings, _why(rule))


def _why(rule: Rule) -> str:
    whose = "that the model decides on" if isinstance(rule.activation, WhenRelevant) else "for people to ask for"
    return f"Claude Code has no rules {whose}"


def _rule(rule: Rule, front: list[str], settings: Settings) -> tuple[list[Artefact], list[Loss]]:
    extra, losses = extra_lines(rule, "claude", KEYS)
    path = own_path(rule, "claude", OWN) or f".claude/rules/{rule.slug}.md"
    files, empty = rule_file(rule, path, front + extra, settings, "claude")
    return files, losses + description_lost(rule, "claude", "Claude Code's rules have none") + empty


def _as_imported(rule: Rule, settings: Settings) -> Artefact | None:
    """The rule in the file that it was imported from, as long as that says what the rule says."""
    main = own_path(rule, "claude", MAIN_FILE)
    path = main or own_path(rule, "claude", OWN) or own_path(rule, "claude", SKILL_FILE)
    if not main and "$front" not in rule.extra["claude"]:
        return None
    from driven_emitters import claude_read, document_read, layout

    if main:
        return document_read.outside(rule, "claude", main, claude_read.read)
    if not path:  # where it stands by itself
        is_skill = isinstance(rule.activation, WhenRelevant | OnRequest)
        path = f"{SKILLS}/{rule.slug}/SKILL.md" if is_skill else f".claude/rules/{rule.slug}.md"
    read = document_read.with_description(rule, claude_read.read)
    text = layout.as_imported(rule, "claude", path, settings, read)
    return None if text is None else Artefact(path=path, text=text, rule_ids=(rule.id,))


def _over_budget(rule: Rule, globs: Sequence[str]) -> list[Loss]:
    try:
        patterns = sum(count(glob) for glob in globs if "{" in glob)
    except FormatError:  # not a canonical pattern: a rule that was built by hand
        return []
    if patterns <= BUDGET:
        return []
    reason = f"its braces stand for {patterns:,} patterns: Claude Code expands {BUDGET:,}, the rest match nothing"
    return [approximated(rule, "claude", reason)]


class ClaudeImporter:
    """Claude Code's rules, read."""

    @property
    def target(self) -> Target:
        """Claude Code, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """The files that Claude Code loads by itself, and those that look so."""
        return (
            "**/CLAUDE.md", ".claude/rules/**/*.md", "**/.claude/rules/**/*.md", ".claude/skills/*/SKILL.md",
            "**/CLAUDE.local.md", ".claude/rules/**/*.{mdc,mdx,markdown,txt}",
        )  # fmt: skip

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """One rule per file, and one for the other editors per file that CLAUDE.md takes in."""
        from driven_emitters import claude_read

        return claude_read.read_files(files, _canonical)

    def follows(self, file: SourceFile) -> Sequence[str]:
        """What `@path` names."""
        from driven_emitters import claude_read

        return claude_read.follows(file)

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of the rule's file, of what a person wrote in CLAUDE.md, or of our section there."""
        from driven_emitters import claude_read, layout

        if path.rpartition("/")[2] == MAIN and _canonical(rule, path) is None:
            if text.strip() == "@AGENTS.md":
                return ReadBack(rule=rule)
            hint = "edit AGENTS.md, or a rule; a text of your own stands outside of the section"
            return ReadBack(problem="this section is `@AGENTS.md` and nothing else", hint=hint)
        return layout.back(rule, path, text, "claude", claude_read.read, _canonical)


def _canonical(rule: Rule, path: str = "") -> tuple[str, str] | None:
    """The path and the text that `emit` chooses for the rule; with `path`, only if that is the path."""
    artefacts = ClaudeEmitter().emit([rule], Settings()).artefacts
    found = (artefacts[0].path, artefacts[0].text) if artefacts else None
    return found if found and path in ("", found[0]) else None


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Claude Code."""
    return [ClaudeEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer Claude Code's rules to read."""
    return [ClaudeImporter()]
