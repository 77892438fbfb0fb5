"""Aider: one section of CONVENTIONS.md, and the entry in .aider.conf.yml that makes Aider read it.

Vendor facts, verified 2026-11-21:
- https://aider.chat/docs/usage/conventions.html: conventions are ordinary files that `read` lists; Aider loads no such
  file by itself, knows no globs and no front matter.
- https://aider.chat/docs/config/aider_conf.html: `read` is a string or a list; lists of several files are not merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, hookimpl
from driven.model.activation import ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, ListEntry, Loss, Section, Settings
from driven.model.rule import Rule
from driven.model.target import Target, Way
from driven.plugin_kit import code_span
from driven_emitters.shared import approximated, dropped, extra_lost, in_agents, section, source_file

MAIN = "CONVENTIONS.md"
CONFIG = ".aider.conf.yml"
TARGET = Target(
    name="aider",
    title="Aider",
    docs="https://aider.chat/docs/usage/conventions.html",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words=f"a section of {MAIN}"),
        "paths": Way(fidelity="approximated", words=f"always on, in {MAIN} under a heading that names the paths"),
        "model": Way(fidelity="approximated", words=f"always on, in {MAIN}"),
        "manual": Way(fidelity="dropped", words="not written; a person can `/read` the rule's own file"),
    },
    files=(MAIN, CONFIG),
)


class AiderEmitter:
    """Rules for Aider."""

    @property
    def target(self) -> Target:
        """Aider, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """All rules share the list of files to read."""
        return rule.id if isinstance(rule.activation, OnRequest) else CONFIG

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """The section, and the list entry of each file to read."""
        texts: list[str] = []
        ids: list[str] = []
        shared: list[str] = []
        losses: list[Loss] = []
        for rule in rules:
            is_shared = in_agents(rule, settings) in ("root", "heading")
            losses += _losses(rule, "AGENTS.md" if is_shared else MAIN)
            if isinstance(rule.activation, OnRequest):
                continue
            if is_shared:
                shared.append(rule.id)
                continue
            text, found = section(rule, "aider", applies=True)
            losses += found
            if text:
                texts.append(text)
                ids.append(rule.id)
        artefacts: list[Artefact] = []
        if texts:
            artefacts.append(
                Artefact(path=MAIN, text="\n".join(texts), ownership=Section("aider"), rule_ids=tuple(ids))
            )
        for file, held in ((MAIN, ids), ("AGENTS.md", shared)):
            if held:
                artefacts.append(Artefact(path=CONFIG, text=file, ownership=ListEntry("read"), rule_ids=tuple(held)))
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _losses(rule: Rule, file: str) -> list[Loss]:
    found = extra_lost(rule, "aider", file)
    match rule.activation:
        case ForPaths():
            found.append(approximated(rule, "aider", "Aider has no globs: always on, under a heading that names them"))
        case WhenRelevant():
            found.append(approximated(rule, "aider", "Aider's model cannot choose rules: always on"))
        case OnRequest():
            read = code_span(f"/read {source_file(rule)}")
            found = [dropped(rule, "aider", f"Aider would always load it: {read} instead")]
    return found


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Aider."""
    return [AiderEmitter()]
