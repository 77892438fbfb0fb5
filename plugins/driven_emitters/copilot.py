"""GitHub Copilot: one section of copilot-instructions.md for what is always on, an instructions file for the rest.

Vendor facts, verified 2026-11-21:
- https://docs.github.com/en/copilot/how-tos/configure-custom-instructions/add-repository-instructions: every surface
  reads .github/copilot-instructions.md; .github/instructions/**/NAME.instructions.md hold for the comma list in
  `applyTo`. Code review reads the first 4,000 characters of each file.
- https://code.visualstudio.com/docs/copilot/customization/custom-instructions: VS Code takes `applyTo` as a string
  only, puts `**/` before a pattern that begins with neither `/` nor `**/`, and ignores case; it offers a file with a
  `description` and no `applyTo` to the model. Elsewhere such a file does nothing.

A copilot-instructions.md that was there before is a rule whose text is all that stands outside our section.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.frozen import replace
from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Section, Settings
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule
from driven.model.target import Dialect, Limit, Target, Way
from driven.plugin_kit import one_line, quoted
from driven_emitters.comma_globs import comma_globs
from driven_emitters.shared import (
    approximated,
    description_lost,
    extra_lines,
    extra_lost,
    in_agents,
    own_path,
    rule_file,
    section,
)

MAIN = ".github/copilot-instructions.md"
REVIEWED = 4_000  # characters of a file that code review reads
KEYS = frozenset(("description", "applyTo"))
MAIN_FILE = r"\.github/copilot-instructions\.md"
OWN = r"\.github/instructions/.+\.instructions\.md"
TARGET = Target(
    name="copilot",
    title="GitHub Copilot",
    docs="https://docs.github.com/en/copilot/how-tos/configure-custom-instructions/add-repository-instructions",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words=f"a section of {MAIN}"),
        "paths": Way(fidelity="approximated", words="`applyTo`; VS Code matches it at any depth and in any case"),
        "model": Way(fidelity="approximated", words="`description` without `applyTo`: VS Code only"),
        "manual": Way(fidelity="native", words="an instructions file without keys, attached by hand"),
    },
    files=(MAIN, ".github/instructions/**/*.instructions.md"),
    also_reads=("AGENTS.md", "CLAUDE.md", "GEMINI.md", ".claude/rules/**/*.md"),
    dialect=Dialect(anywhere=True, ignore_case=True, absolute=True, name="VS Code"),
    limits=(Limit(characters=REVIEWED, hard=False, note="code review reads no further"),),
)


class CopilotEmitter:
    """Rules for GitHub Copilot."""

    @property
    def target(self) -> Target:
        """GitHub Copilot, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """Always-on rules share one file, but for those that were imported from a file of their own."""
        shared = isinstance(rule.activation, Always) and not in_agents(rule, settings) and not _own(rule)
        return MAIN if shared else rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """What stands in the shared file, and one file per other rule."""
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        main: list[Rule] = []
        for rule in rules:
            if isinstance(rule.activation, Always):
                if in_agents(rule, settings):
                    losses += extra_lost(rule, "copilot", "AGENTS.md")
                    continue
                if own_path(rule, "copilot", MAIN_FILE):
                    from driven_emitters.layout import outside

                    artefact, found = outside(rule, "copilot", MAIN)
                    artefacts.append(artefact)
                    losses += found
                    continue
                if not _own(rule):
                    main.append(rule)
                    continue
            files, found = _file(rule, settings)
            artefacts += files
            losses += found
        if main:
            files, found = _main(main)
            artefacts += files
            losses += found
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _own(rule: Rule) -> str:
    """The instructions file that the rule was imported from."""
    return own_path(rule, "copilot", OWN)


def _file(rule: Rule, settings: Settings) -> tuple[list[Artefact], list[Loss]]:
    """The instructions file of a rule, in the layout of the one it was imported from while that means the same."""
    path = _own(rule) or f".github/instructions/{rule.slug}.instructions.md"
    text = _as_imported(rule, path, settings)
    if text is None:
        front, losses = _front(rule)
        files, empty = rule_file(rule, path, front, settings, "copilot")
        losses += empty
    else:
        files = [Artefact(path=path, text=text, rule_ids=(rule.id,))]
        losses = _doubts(rule)
    if files and len(files[0].text) > REVIEWED:
        losses.append(_unreviewed(rule, path))
    return files, losses


def _as_imported(rule: Rule, path: str, settings: Settings) -> str | None:
    """The rule in the layout of the file it was imported from, or None."""
    if "$front" not in rule.extra.get("copilot", ()):
        return None
    from driven_emitters import copilot_read, reading

    return reading.as_imported(rule, "copilot", path, settings, copilot_read.read)


def _front(rule: Rule) -> tuple[list[str], list[Loss]]:
    extra, losses = extra_lines(rule, "copilot", KEYS)
    about = [f"description: {quoted(one_line(rule.description))}"] if rule.description else []
    match rule.activation:
        case Always():
            return [*about, 'applyTo: "**"', *extra], losses
        case ForPaths(globs):
            patterns, found = comma_globs(rule, globs, "copilot", bare=False)
            found += [approximated(rule, "copilot", reason) for reason in _matched(patterns)]
            return [*about, f"applyTo: {quoted(','.join(patterns))}", *extra], losses + found
        case WhenRelevant(description):
            about = [f"description: {quoted(one_line(description or rule.summary))}"]
            return about + extra, losses + _doubts(rule)
        case OnRequest():
            where = "a file with a `description` would be offered to the model"
            return extra, losses + description_lost(rule, "copilot", where)


def _doubts(rule: Rule) -> list[Loss]:
    """What Copilot makes of the rule's activation, however that is written."""
    match rule.activation:
        case ForPaths(globs):
            return [approximated(rule, "copilot", reason) for reason in _matched(globs)]
        case WhenRelevant():
            reason = "only VS Code offers it by its description; github.com, code review and the CLI do not load it"
            return [approximated(rule, "copilot", reason)]
        case Always() | OnRequest():
            return []


def _matched(patterns: Sequence[str]) -> list[str]:
    """What VS Code makes of `applyTo` that the rule does not say."""
    if "*" in patterns:
        return ["VS Code takes `*` for every file: always on"]
    floating = [pattern for pattern in patterns if not pattern.startswith("**/")]
    return [f"VS Code matches {_few(floating)} at any depth and ignores case"] if floating else []


def _few(patterns: Sequence[str]) -> str:
    shown = ", ".join(f"`{pattern}`" for pattern in patterns[:3])
    return shown + (f" and {len(patterns) - 3} more" if len(patterns) > 3 else "")


def _main(rules: Sequence[Rule]) -> tuple[list[Artefact], list[Loss]]:
    texts: list[str] = []
    ids: list[str] = []
    losses: list[Loss] = []
    size = 0
    for rule in rules:
        text, found = section(rule, "copilot", applies=False)
        losses += found + extra_lost(rule, "copilot", MAIN)
        if not text:
            continue
        texts.append(text)
        ids.append(rule.id)
        size += len(text) + (len(texts) > 1)
        if size > REVIEWED:
            losses.append(_unreviewed(rule, MAIN))
    if not texts:
        return [], losses
    whole = "\n".join(texts)
    return [Artefact(path=MAIN, text=whole, ownership=Section("copilot"), rule_ids=tuple(ids))], losses


def _unreviewed(rule: Rule, path: str) -> Loss:
    return approximated(rule, "copilot", f"code review reads only the first {REVIEWED:,} characters of {path}")


class CopilotImporter:
    """Copilot's instructions, read."""

    @property
    def target(self) -> Target:
        """GitHub Copilot, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """The one file that is always on, and the others."""
        return (MAIN, ".github/instructions/**/*.instructions.md")

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """One rule per file, its id proposed from the path below `.github/instructions/`."""
        from driven_emitters import copilot_read, reading

        found: list[Diagnostic] = []
        mine = copilot_read.outside_files(files, found)
        imported = reading.rules_of(mine, "copilot", copilot_read.read, copilot_read.name, _canonical)
        return replace(imported, diagnostics=(*found, *imported.diagnostics))

    def follows(self, file: SourceFile) -> Sequence[str]:
        """What an instructions file links to stays where it is: Copilot reads it there."""
        return ()

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of the rule's file, of its part of the section, or of what is outside the section."""
        from driven_emitters import copilot_read, reading

        if path == MAIN and not own_path(rule, "copilot", MAIN_FILE):
            from driven_emitters.section_read import section_back

            return section_back(rule, text, applies=False)
        return reading.back(rule, path, text, "copilot", copilot_read.read, _canonical)


def _canonical(rule: Rule) -> tuple[str, str] | None:
    """The path and the text that `emit` chooses for the rule, but for a section."""
    for artefact in CopilotEmitter().emit([rule], Settings()).artefacts:
        if not isinstance(artefact.ownership, Section):
            return artefact.path, artefact.text
    return None


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Copilot."""
    return [CopilotEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer Copilot's instructions to read."""
    return [CopilotImporter()]
