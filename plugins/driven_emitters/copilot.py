"""GitHub Copilot: one section of copilot-instructions.md for what is always on, an instructions file for the rest.

Vendor facts, verified 2026-11-21:
- https://docs.github.com/en/copilot/how-tos/configure-custom-instructions/add-repository-instructions: every surface
  reads .github/copilot-instructions.md; .github/instructions/**/NAME.instructions.md hold for the comma list in
  `applyTo`. Code review reads the first 4,000 characters of each file.
- https://code.visualstudio.com/docs/copilot/customization/custom-instructions: VS Code takes `applyTo` as a string
  only, puts `**/` before a pattern that begins with neither `/` nor `**/`, and ignores case; it offers a file with a
  `description` and no `applyTo` to the model. Elsewhere such a file does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Section, Settings
from driven.model.rule import Rule
from driven.model.target import Dialect, Limit, Target, Way
from driven.plugin_kit import one_line, quoted
from driven_emitters.shared import (
    approximated,
    comma_globs,
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
        """Always-on rules share one file."""
        return MAIN if isinstance(rule.activation, Always) and not in_agents(rule, settings) else rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """The section of the shared file and one file per other rule."""
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        main: list[Rule] = []
        for rule in rules:
            if isinstance(rule.activation, Always):
                if in_agents(rule, settings):
                    losses += extra_lost(rule, "copilot", "AGENTS.md")
                else:
                    main.append(rule)
                continue
            front, found = _front(rule)
            path = own_path(rule, "copilot", OWN) or f".github/instructions/{rule.slug}.instructions.md"
            files, empty = rule_file(rule, path, front, settings, "copilot")
            artefacts += files
            losses += found + empty
            if files and len(files[0].text) > REVIEWED:
                losses.append(_unreviewed(rule, path))
        if main:
            files, found = _main(main)
            artefacts += files
            losses += found
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _front(rule: Rule) -> tuple[list[str], list[Loss]]:
    extra, losses = extra_lines(rule, "copilot", KEYS)
    match rule.activation:
        case ForPaths(globs):
            patterns, found = comma_globs(rule, globs, "copilot", bare=False)
            found += [approximated(rule, "copilot", reason) for reason in _matched(patterns)]
            about = [f"description: {quoted(one_line(rule.description))}"] if rule.description else []
            return [*about, f"applyTo: {quoted(','.join(patterns))}", *extra], losses + found
        case WhenRelevant(description):
            reason = "only VS Code offers it by its description; github.com, code review and the CLI do not load it"
            about = [f"description: {quoted(one_line(description or rule.summary))}"]
            return about + extra, [*losses, approximated(rule, "copilot", reason)]
        case Always() | OnRequest():
            where = "a file with a `description` would be offered to the model"
            return extra, losses + description_lost(rule, "copilot", where)


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


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Copilot."""
    return [CopilotEmitter()]
