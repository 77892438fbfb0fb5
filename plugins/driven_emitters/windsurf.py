"""Windsurf, now Devin Desktop: one file per rule with a `trigger`, split where it would be cut.

Vendor facts, verified 2026-11-21:
- https://docs.devin.ai/desktop/cascade/memories: .devin/rules/*.md is preferred, .windsurf/rules/*.md is read by both
  names of the editor; one level, no subfolders. `trigger` is always_on, model_decision, glob or manual. 12,000
  characters per file; earlier pages say that the rest is cut, so it is taken as a hard limit.
- `globs` is shown as one bare pattern; several are joined by commas.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Settings
from driven.model.rule import Rule
from driven.model.target import Limit, Target, Way
from driven.plugin_kit import body_text, document, one_line, scalar
from driven_emitters.shared import (
    approximated,
    comma_globs,
    description_lost,
    dropped,
    extra_lines,
    extra_lost,
    in_agents,
    left_out,
    markdown,
    note,
    own_path,
    step_texts,
)

LIMIT = 12_000  # characters of one file
FOLDERS = (".windsurf/rules", ".devin/rules")
KEYS = frozenset(("trigger", "description", "globs", "glob"))
OWN = r"(?:.+/)?\.(?:windsurf|devin)/rules/[^/]+\.md"
TARGET = Target(
    name="windsurf",
    title="Windsurf",
    docs="https://docs.devin.ai/desktop/cascade/memories",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words="`trigger: always_on`"),
        "paths": Way(fidelity="native", words="`trigger: glob` with `globs`"),
        "model": Way(fidelity="native", words="`trigger: model_decision` with `description`"),
        "manual": Way(fidelity="native", words="`trigger: manual`"),
    },
    files=(".windsurf/rules/*.md", ".devin/rules/*.md"),
    also_reads=("AGENTS.md", "**/AGENTS.md"),
    limits=(Limit(characters=LIMIT, note="the rest may be cut: longer rules are split into several files"),),
    options={"dir": FOLDERS[0]},
    choices={"dir": FOLDERS},
)


class WindsurfEmitter:
    """Rules for Windsurf."""

    @property
    def target(self) -> Target:
        """Windsurf, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """Every rule has files of its own."""
        return rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """One file per rule, or several where it is too long for one."""
        folder = settings.options.get("dir")
        folder = folder if folder in FOLDERS else FOLDERS[0]
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        for rule in rules:
            if in_agents(rule, settings) in ("root", "below"):
                losses += extra_lost(rule, "windsurf", "AGENTS.md")
                continue
            front, found = _front(rule)
            path = own_path(rule, "windsurf", OWN) or f"{folder}/{rule.slug}.md"
            text = document(front, markdown(rule.body), note(rule, settings))
            texts = [text]
            if len(text) > LIMIT:
                texts, more = _split(rule, front, note(rule, settings), path)
                found += more
            for number, part in enumerate(texts, 1):
                name = path if number == 1 else f"{path[:-3]}-{number}.md"
                artefacts.append(Artefact(path=name, text=part, rule_ids=(rule.id,)))
            losses += found
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _front(rule: Rule) -> tuple[list[str], list[Loss]]:
    extra, losses = extra_lines(rule, "windsurf", KEYS)
    match rule.activation:
        case Always():
            losses += description_lost(rule, "windsurf", "Windsurf uses none for a rule that is always on")
            return ["trigger: always_on", *extra], losses
        case ForPaths(globs):
            patterns, found = comma_globs(rule, globs, "windsurf", bare=True)
            about = [f"description: {scalar(one_line(rule.description))}"] if rule.description else []
            return ["trigger: glob", *about, f"globs: {','.join(patterns)}", *extra], losses + found
        case WhenRelevant(description):
            about = [f"description: {scalar(one_line(description or rule.summary))}"]
            return ["trigger: model_decision", *about, *extra], losses
        case OnRequest():
            losses += description_lost(rule, "windsurf", "Windsurf uses none for a rule that people ask for")
            return ["trigger: manual", *extra], losses


def _split(rule: Rule, front: list[str], comment: str, path: str) -> tuple[list[str], list[Loss]]:
    """The files of a rule that is too long for one: whole steps, in order, headings with what they head.

    A step that fits in no file is left out.
    """
    room = LIMIT - len(document(front, "", comment)) - 2  # the blank line above the body, the line end below it
    if room <= 0:
        return [], [dropped(rule, "windsurf", f"its front matter alone is over {LIMIT:,} characters")]
    losses: list[Loss] = []
    blocks: list[str] = []
    heads = ""  # headings whose first block is not there yet
    for step, raw, line in step_texts(rule):
        text = markdown(raw)
        if len(text.rstrip("\n")) + 1 > room:
            losses.append(left_out(rule, "windsurf", step, text, line, f"it does not fit in {LIMIT:,} characters"))
        elif step.kind == "heading" and len(heads) + len(text) <= room:
            heads += text
        elif len(heads) + len(text.rstrip("\n")) + 1 <= room:
            blocks.append(heads + text)
            heads = ""
        else:
            blocks += [heads, text]
            heads = ""
    blocks.append(heads)
    parts = [""]
    for block in blocks:
        if parts[-1] and len(parts[-1]) + len(block.rstrip("\n")) + 1 > room:
            parts.append("")
        parts[-1] += block
    texts = [document(front, part, comment) for part in parts if body_text(part)]
    if len(texts) > 1:
        reason = f"split into {len(texts)} files, {path} and on: more than {LIMIT:,} characters"
        losses.append(approximated(rule, "windsurf", reason))
    elif not texts:
        losses.append(dropped(rule, "windsurf", f"no step fits in {LIMIT:,} characters"))
    return texts, losses


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Windsurf."""
    return [WindsurfEmitter()]
