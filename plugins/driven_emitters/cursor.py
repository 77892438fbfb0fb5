"""Cursor: one .mdc file per rule, written and read back.

Vendor facts, verified 2026-11-21:
- https://cursor.com/docs/rules: .cursor/rules/**/*.mdc with the keys `description`, `globs` (comma-separated, without
  quotes) and `alwaysApply` (a bare boolean); `alwaysApply: true` wins over globs, globs over the description; a
  file without any is loaded only as `@name`. Rules over 500 lines should be split.
- https://forum.cursor.com/t/146274, cosai-oasis/project-codeguard#121, PIsberg/vibetags#712: quoted globs, lists and a
  blank after the comma match nothing in some builds; some split at commas inside braces.
- .cursorrules in the root: no page of 2026 names it, and agents are reported not to load it. Read, never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Settings
from driven.model.rule import Rule
from driven.model.target import Limit, Target, Way
from driven.plugin_kit import one_line, scalar
from driven_emitters.comma_globs import comma_globs
from driven_emitters.shared import (
    description_lost,
    extra_lines,
    extra_lost,
    in_agents,
    own_path,
    rule_file,
)

KEYS = frozenset(("description", "globs", "alwaysApply"))
OWN = r"(?:.+/)?\.cursor/rules/(?:.+/)?[^/]+\.mdc"
TARGET = Target(
    name="cursor",
    title="Cursor",
    docs="https://cursor.com/docs/rules",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words="`alwaysApply: true`"),
        "paths": Way(fidelity="native", words="`globs`"),
        "model": Way(fidelity="native", words="`description` without globs"),
        "manual": Way(fidelity="native", words="loaded as `@name`"),
    },
    files=(".cursor/rules/**/*.mdc",),
    also_reads=("AGENTS.md", "**/AGENTS.md", ".claude/skills/*/SKILL.md", ".agents/skills/*/SKILL.md"),
    limits=(Limit(lines=500, hard=False, note="advised"),),
)


class CursorEmitter:
    """Rules for Cursor."""

    @property
    def target(self) -> Target:
        """Cursor, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """Every rule has a file of its own."""
        return rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """One .mdc file per rule. A rule that was imported keeps its file's layout while that means the same."""
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        for rule in rules:
            if in_agents(rule, settings) in ("root", "below"):
                losses += extra_lost(rule, "cursor", "AGENTS.md")
                continue
            path = own_path(rule, "cursor", OWN) or file_of(rule)
            text = _as_imported(rule, path, settings)
            if text is not None:
                artefacts.append(Artefact(path=path, text=text, rule_ids=(rule.id,)))
                continue
            front, found = _front(rule)
            files, _ = rule_file(rule, path, front, settings, "cursor")
            artefacts += files
            losses += found
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def file_of(rule: Rule) -> str:
    """Where the rule's file stands unless it was imported from another one."""
    return f".cursor/rules/{rule.slug}.mdc"


def _front(rule: Rule) -> tuple[list[str], list[Loss]]:
    extra, losses = extra_lines(rule, "cursor", KEYS)
    match rule.activation:
        case Always():
            losses += description_lost(rule, "cursor", "Cursor uses none for a rule that is always on")
            return ["alwaysApply: true", *extra], losses
        case ForPaths(globs):
            patterns, found = comma_globs(rule, globs, "cursor", bare=True)
            about = [f"description: {scalar(one_line(rule.description))}"] if rule.description else []
            return [*about, f"globs: {','.join(patterns)}", "alwaysApply: false", *extra], losses + found
        case WhenRelevant(description):
            about = [f"description: {scalar(one_line(description or rule.summary))}"]
            return [*about, "alwaysApply: false", *extra], losses
        case OnRequest():
            losses += description_lost(rule, "cursor", "with one, the model could load the rule by itself")
            return ["alwaysApply: false", *extra], losses


def _as_imported(rule: Rule, path: str, settings: Settings) -> str | None:
    """The rule in the layout of the file it was imported from, or None."""
    if "$front" not in rule.extra.get("cursor", ()):
        return None
    from driven_emitters import cursor_read, reading

    return reading.as_imported(rule, "cursor", path, settings, cursor_read.read)


class CursorImporter:
    """Cursor's rules, read."""

    @property
    def target(self) -> Target:
        """Cursor, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """The project's rules, and those of a directory in it, which Cursor's documentation described until 2026; the
        one file of before."""
        return (".cursor/rules/**/*.mdc", "**/.cursor/rules/**/*.mdc", ".cursorrules")

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """One rule per file, its id proposed from the path below `.cursor/rules/`."""
        from driven_emitters import cursor_read, reading

        return reading.rules_of(
            files, "cursor", cursor_read.read, cursor_read.name, _canonical, (cursor_read.LEGACY,), "CUR16"
        )

    def follows(self, file: SourceFile) -> Sequence[str]:
        """Cursor's rules take in no file: `@file` only points the agent at one."""
        return ()

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of the rule's file."""
        from driven_emitters import cursor_read, reading

        return reading.back(rule, path, text, "cursor", cursor_read.read, _canonical)


def _canonical(rule: Rule) -> tuple[str, str] | None:
    """The path and the text that `emit` chooses for the rule."""
    artefacts = CursorEmitter().emit([rule], Settings()).artefacts
    return (artefacts[0].path, artefacts[0].text) if artefacts else None


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Cursor."""
    return [CursorEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer Cursor's rules to read."""
    return [CursorImporter()]
