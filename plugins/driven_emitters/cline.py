"""Cline: rules in .clinerules, skills for what the model chooses, workflows for what a person asks for.

Vendor facts, verified 2026-11-21:
- https://docs.cline.bot/customization/cline-rules: .clinerules/*.md; `paths` is a list (a scalar is ignored), matched
  by picomatch with dot files, relative to the workspace. Front matter opens with exactly `---` and a line end.
- https://github.com/cline/cline at 2026-08-22: the loader of the CLI and of the 4.x extension does not evaluate
  `paths`, does not read subfolders of .clinerules, and leaves out files without a body.
- https://docs.cline.bot/customization/skills: .cline/skills/<name>/SKILL.md; .claude/skills and .agents/skills are read
  too; the keys are `name` and `description`.
- A file `.clinerules` is one rule, as before there were folders; .cline/rules and .cline/workflows are read as well.
- https://docs.cline.bot/customization/workflows: .clinerules/workflows/<name>.md runs as `/<name>.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
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
OWN = r"\.clinerules|(?:\.clinerules/(?!workflows/|hooks/|skills/)|\.cline/rules/).+\.(?:md|markdown|txt)"
OWN_WORKFLOW = r"\.cline(?:rules)?/workflows/.+\.(?:md|markdown|txt)"
OWN_SKILL = r"\.cline(?:rules)?/skills/(?:.+/)?[^/]+/SKILL\.md"
SKILLS = ".cline/skills"
SHARED_SKILLS = {"claude": ".claude/skills", "agents": ".agents/skills"}  # of other editors, which Cline reads as well
NO_MODEL = "Cline has no rules that the model decides on"
NOT_ASKED = "Cline knows no `disable-model-invocation`, so its model may load the rule"
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
    path = own_path(rule, "cline", f"{OWN}|{OWN_WORKFLOW}|{OWN_SKILL}")
    elsewhere = bool(shared) and isinstance(rule.activation, WhenRelevant)
    place = path or _place(rule)
    text = None if elsewhere else _as_imported(rule, place, settings)
    if text is not None:
        return [Artefact(path=place, text=text, rule_ids=(rule.id,))], _doubts(rule, place)
    folder = ".clinerules/skills" if path.startswith(".clinerules/skills/") else SKILLS
    match rule.activation:
        case Always():
            return _rule(rule, [], settings, [])
        case ForPaths(globs):
            front = ["paths:", *[f"  - {quoted(glob)}" for glob in globs]]
            return _rule(rule, front, settings, _doubts(rule, path))
        case WhenRelevant():
            if not shared:
                return skill(rule, "cline", folder, settings, NO_MODEL)
            found = [approximated(rule, "cline", f"{NO_MODEL}: it reads the skill in {shared[0]}")]
            return [], found + extra_lost(rule, "cline", f"the skill in {shared[0]}", "is another editor's")
        case OnRequest() if _is(path, OWN_SKILL):
            return skill(rule, "cline", folder, settings, NOT_ASKED)
        case OnRequest():
            path = own_path(rule, "cline", OWN_WORKFLOW) or _place(rule)
            found = [approximated(rule, "cline", "Cline has no rules for people to ask for: written as a workflow")]
            if shared:
                reason = f"its model may load the skill in {shared[0]}: Cline knows no `disable-model-invocation`"
                found.append(approximated(rule, "cline", reason))
            extra, more = extra_lines(rule, "cline", KEYS)
            files, empty = rule_file(rule, path, extra, settings, "cline")
            return files, found + more + empty


def _place(rule: Rule) -> str:
    """Where the rule's file stands unless it was imported from another one."""
    match rule.activation:
        case Always() | ForPaths():
            return f".clinerules/{rule.slug}.md"
        case WhenRelevant():
            return f"{SKILLS}/{rule.slug}/SKILL.md"
        case OnRequest():
            return f".clinerules/workflows/{rule.slug}.md"


def _rule(rule: Rule, front: list[str], settings: Settings, doubts: list[Loss]) -> tuple[list[Artefact], list[Loss]]:
    extra, losses = extra_lines(rule, "cline", KEYS)
    path = own_path(rule, "cline", OWN) or _place(rule)
    files, empty = rule_file(rule, path, front + extra, settings, "cline")
    return files, doubts + losses + description_lost(rule, "cline", "Cline's rules have none") + empty


def _as_imported(rule: Rule, path: str, settings: Settings) -> str | None:
    """The rule in the layout of the file it was imported from, or None."""
    if "$front" not in rule.extra.get("cline", ()):
        return None
    from driven_emitters import cline_read, document_read, layout

    read = document_read.with_description(rule, cline_read.read)
    return layout.as_imported(rule, "cline", path, settings, read)


def _is(path: str, pattern: str) -> bool:
    """Whether a file is of that kind. A rule that was not imported has none, and then `re` is not needed either."""
    if not path:
        return False
    import re

    return re.fullmatch(pattern, path) is not None


def _doubts(rule: Rule, path: str) -> list[Loss]:
    """What Cline makes of the rule at `path`, however that is written."""
    match rule.activation:
        case ForPaths():
            return [approximated(rule, "cline", "builds of Cline that do not evaluate `paths` load the rule always")]
        case WhenRelevant():
            return [approximated(rule, "cline", f"{NO_MODEL}: written as a skill")]
        case OnRequest() if _is(path, OWN_WORKFLOW):
            return [approximated(rule, "cline", "Cline has no rules for people to ask for: written as a workflow")]
        case OnRequest() if _is(path, OWN_SKILL):
            return [approximated(rule, "cline", f"{NOT_ASKED}: written as a skill")]
        case _:
            return []


class ClineImporter:
    """Cline's rules, read."""

    @property
    def target(self) -> Target:
        """Cline, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """Rules, workflows and skills, in the folder or in the one file of that name."""
        below = [f"{top}/**/*{end}" for top in (".clinerules", ".cline/rules") for end in (".md", ".markdown", ".txt")]
        return (".clinerules", *below, ".cline/workflows/*.md", ".cline/skills/*/SKILL.md")

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """One rule per file; what stands beside a skill, and hooks, are none."""
        from driven_emitters import cline_read, reading

        mine = [file for file in files if cline_read.is_rule(file.path)]
        return reading.rules_of(mine, "cline", cline_read.read, cline_read.name, _canonical)

    def follows(self, file: SourceFile) -> Sequence[str]:
        """Cline's rules take in no file."""
        return ()

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of the rule's file, workflow or skill."""
        from driven_emitters import cline_read, reading

        return reading.back(rule, path, text, "cline", cline_read.read, _canonical)


def _canonical(rule: Rule) -> tuple[str, str] | None:
    """The path and the text that `emit` chooses for the rule."""
    artefacts = ClineEmitter().emit([rule], Settings()).artefacts
    return (artefacts[0].path, artefacts[0].text) if artefacts else None


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Cline."""
    return [ClineEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer Cline's rules to read."""
    return [ClineImporter()]
