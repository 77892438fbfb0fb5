"""Aider: one section of CONVENTIONS.md, and the entry in .aider.conf.yml that makes Aider read it; both read back.

Vendor facts, verified 2026-11-21:
- https://aider.chat/docs/usage/conventions.html: conventions are ordinary files that `read` lists; Aider loads no such
  file by itself, knows no globs and no front matter.
- https://aider.chat/docs/config/aider_conf.html: `read` is a string or a list; lists of several files are not merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
from driven.model.activation import ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, ListEntry, Loss, Outside, Section, Settings
from driven.model.rule import Rule
from driven.model.target import Target, Way
from driven.plugin_kit import code_span
from driven_emitters.shared import approximated, dropped, extra_lost, in_agents, own_path, section, source_file

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
        """The section, what a person wrote beside it, and the list entry of each file to read. The entry for a person's
        own CONVENTIONS.md is a person's too."""
        texts: list[str] = []
        ids: list[str] = []
        shared: list[str] = []
        losses: list[Loss] = []
        artefacts: list[Artefact] = []
        for rule in rules:
            is_shared = in_agents(rule, settings) in ("root", "heading")
            losses += _losses(rule, "AGENTS.md" if is_shared else MAIN)
            if isinstance(rule.activation, OnRequest):
                continue
            if is_shared:
                shared.append(rule.id)
                continue
            own = _as_imported(rule) if "aider" in rule.extra else None
            if own is not None:
                artefacts.append(own)
                continue
            text, found = section(rule, "aider", applies=True)
            losses += found
            if text:
                texts.append(text)
                ids.append(rule.id)
        if texts:
            artefacts.append(
                Artefact(path=MAIN, text="\n".join(texts), ownership=Section("aider"), rule_ids=tuple(ids))
            )
        for file, held in ((MAIN, ids), ("AGENTS.md", shared)):
            if held:
                artefacts.append(Artefact(path=CONFIG, text=file, ownership=ListEntry("read"), rule_ids=tuple(held)))
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _as_imported(rule: Rule) -> Artefact | None:
    """The rule as what a person wrote in CONVENTIONS.md, if it was imported from there and says so still."""
    if not own_path(rule, "aider", "CONVENTIONS\\.md"):
        return None
    from driven_emitters import aider_read, document_read

    return document_read.outside(rule, "aider", MAIN, aider_read.read)


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


class AiderImporter:
    """Aider's conventions, read."""

    @property
    def target(self) -> Target:
        """Aider, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """The usual file, and the configuration that names others."""
        return (MAIN, CONFIG)

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """A rule of CONVENTIONS.md, and one for the other editors per file that `read` names."""
        from driven_emitters import aider_read

        return aider_read.read_files(files, _canonical)

    def follows(self, file: SourceFile) -> Sequence[str]:
        """The Markdown and text files that `read` names."""
        from driven_emitters import aider_read

        return aider_read.follows(file)

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of what a person wrote in CONVENTIONS.md, or of the rule's part of our section there."""
        from driven_emitters import aider_read, layout, section_read

        if path != MAIN:
            return ReadBack(rule=rule)  # a list entry says nothing about a rule
        if _canonical(rule) is not None:
            return layout.back(rule, path, text, "aider", aider_read.read, _canonical)
        return section_read.section_back(rule, text, applies=True)


def _canonical(rule: Rule) -> tuple[str, str] | None:
    """The path and the text of what `emit` chooses for the rule alone, None where that is a section."""
    artefacts = AiderEmitter().emit([rule], Settings()).artefacts
    found = next((one for one in artefacts if isinstance(one.ownership, Outside)), None)
    return None if found is None else (found.path, found.text)


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Aider."""
    return [AiderEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer Aider's conventions to read."""
    return [AiderImporter()]
