"""AGENTS.md, for every tool that reads it: the root file, one in a directory that a rule is for, skills for the rest;
all of them read back.

Vendor facts, verified 2026-11-21:
- https://agents.md: plain Markdown, no front matter; the directory is the only scope, and the nearest file counts most.
- https://github.com/openai/codex (codex-rs/core/src/project_doc.rs, issue 13386): Codex joins the files from the root
  to the working directory and cuts the chain at 32,768 bytes, the nearest file first, without a word.
- https://agentskills.io/specification: .agents/skills/<name>/SKILL.md, read by Codex, Cursor, VS Code and more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.frozen import field, record
from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Section, Settings
from driven.model.rule import Rule, Step
from driven.model.target import Limit, Target, Way
from driven_emitters.shared import (
    agents_file,
    approximated,
    dropped,
    extra_lost,
    left_out,
    markdown,
    own_path,
    section,
    skill,
    step_texts,
    uninvited,
)

ROOT = "AGENTS.md"
OWN = r"(?:.+/)?AGENTS\.md"
SKILLS = ".agents/skills"
SKILL_FILE = r"\.agents/skills/[^/]+/SKILL\.md"
LIMIT = 32_768  # bytes of the chain from the root to a directory
MARKERS = 256  # bytes kept free in each file for the two lines that mark our section
TARGET = Target(
    name="agents",
    title="AGENTS.md",
    docs="https://agents.md",
    verified="2026-11-21",
    ways={
        "always": Way(fidelity="native", words="a section of the root AGENTS.md"),
        "paths": Way(fidelity="approximated", words="AGENTS.md in the directory; else a heading that names the paths"),
        "model": Way(fidelity="approximated", words="a skill with that description"),
        "manual": Way(fidelity="approximated", words="a skill with `disable-model-invocation: true`"),
    },
    files=(ROOT, "**/AGENTS.md", ".agents/skills/*/SKILL.md"),
    limits=(Limit(bytes=LIMIT, note="Codex cuts the chain from the root to a directory there"),),
)


@record
class _Piece:
    """A rule on its way into a file. `kept`: its steps, their text and line once some must go, None while all stay."""

    rule: Rule
    file: str
    text: str
    kept: dict[int, tuple[Step, str, int]] | None = None
    size: int = 0  # bytes that it takes at most

    def render(self) -> str:
        if self.kept is None:
            return self.text
        body = "".join(text for _, text, _ in self.kept.values())
        return section(self.rule, "agents", applies=self.file == ROOT, body=body)[0] if self.kept else ""


@record
class _Chain:
    """The files from the root to one directory."""

    files: frozenset[str]
    size: int = field(default=0)


class AgentsEmitter:
    """Rules for every tool that reads AGENTS.md."""

    @property
    def target(self) -> Target:
        """AGENTS.md, as data."""
        return TARGET

    def group(self, rule: Rule, settings: Settings) -> str:
        """All that stands in an AGENTS.md shares one limit; a skill is a file of its own."""
        return ROOT if agents_file(rule, settings) else rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """Sections of AGENTS.md files and skills. Where `always` is "agents" and the user did not enable this editor,
        only what is always on."""
        everything = settings.always == "native" or "agents" in settings.editors
        artefacts: list[Artefact] = []
        losses: list[Loss] = []
        pieces: list[_Piece] = []
        outside: dict[str, Artefact] = {}
        for rule in rules:
            file = agents_file(rule, settings)
            own = _as_imported(rule, file, settings) if "agents" in rule.extra and (file or everything) else None
            if own is not None:
                artefacts.append(own)
                if file:
                    outside[own.path] = own
                    losses += extra_lost(rule, "agents", own.path)
                else:
                    losses.append(approximated(rule, "agents", f"{_why(rule)}: written as a skill"))
            elif file:
                text, found = section(rule, "agents", applies=file == ROOT)
                if isinstance(rule.activation, ForPaths) and file == ROOT:
                    reason = "AGENTS.md has no globs: always on, under a heading that names them"
                    found.append(approximated(rule, "agents", reason))
                others = [name.capitalize() for name in uninvited(rule, settings, file)]
                if text and others:
                    reads = "reads" if len(others) == 1 else "read"
                    found.append(approximated(rule, "agents", f"{', '.join(others)} {reads} {file} too"))
                losses += found + extra_lost(rule, "agents", file)
                if text:
                    pieces.append(_Piece(rule, file, text))
            elif everything and not isinstance(rule.activation, Always):
                files, found = skill(rule, "agents", SKILLS, settings, _why(rule))
                artefacts += files
                losses += found
        losses += _fit(pieces, outside)
        for file in sorted({piece.file for piece in pieces}):
            held = [(piece.rule.id, piece.render()) for piece in pieces if piece.file == file]
            texts = [text for _, text in held if text]
            if texts:
                ids = tuple(rule_id for rule_id, text in held if text)
                artefacts.append(Artefact(path=file, text="\n".join(texts), ownership=Section("agents"), rule_ids=ids))
        return Emission(artefacts=tuple(artefacts), losses=tuple(losses))


def _as_imported(rule: Rule, file: str, settings: Settings) -> Artefact | None:
    """The rule in the file that it was imported from, as long as that says what the rule says: a skill or, outside of
    our section, the text of an AGENTS.md. `file`: the AGENTS.md in which the rule belongs, "" for none."""
    path = own_path(rule, "agents", OWN if file else SKILL_FILE)
    if not file and "$front" in rule.extra["agents"]:
        path = path or f"{SKILLS}/{rule.slug}/SKILL.md"
    elif not file or not path:
        return None
    from driven_emitters import agents_read, document_read, layout

    if file:
        return document_read.outside(rule, "agents", path, agents_read.read)
    text = layout.as_imported(rule, "agents", path, settings, agents_read.read)
    return None if text is None else Artefact(path=path, text=text, rule_ids=(rule.id,))


def _why(rule: Rule) -> str:
    match rule.activation:
        case WhenRelevant():
            return "AGENTS.md has nothing that the model decides on"
        case OnRequest() | Always() | ForPaths():
            return "AGENTS.md has nothing for people to ask for"


def _fit(pieces: list[_Piece], outside: dict[str, Artefact]) -> list[Loss]:
    """Leave out steps until every chain of files is within the limit: the least important first, and of those the
    last, whichever file of the chain it stands in. What a person wrote `outside` of our sections stays."""
    chains = _chains({piece.file for piece in pieces} | set(outside))
    sizes = {file: len(artefact.text.encode()) for file, artefact in outside.items()}
    for piece in pieces:
        piece.size = len(piece.text.encode()) + 1
        sizes[piece.file] = sizes.get(piece.file, 0) + piece.size
    for file in {piece.file for piece in pieces}:
        sizes[file] += MARKERS
    for chain in chains:
        chain.size = sum(sizes[file] for file in chain.files)
    over = [chain for chain in chains if chain.size > LIMIT]
    if not over:
        return []
    crowded = frozenset().union(*[chain.files for chain in over])
    order: list[tuple[int, int, int]] = []
    for at, piece in enumerate(pieces):
        if piece.file in crowded:
            piece.kept = dict(enumerate(step_texts(piece.rule)))
            order += [(-step.priority, -at, -number) for number, (step, _, _) in piece.kept.items()]
    losses: list[Loss] = []
    for _, at, number in sorted(order):
        piece = pieces[-at]
        crowding = [chain for chain in over if piece.file in chain.files]
        if not crowding or piece.kept is None:
            continue
        step, text, line = piece.kept.pop(-number)
        freed = _freed(step, text) if piece.kept else piece.size
        piece.size -= freed
        for chain in crowding:
            chain.size -= freed
        over = [chain for chain in over if chain.size > LIMIT]
        losses.append(left_out(piece.rule, "agents", step, text, line, f"{piece.file} is over {LIMIT:,} bytes"))
        if not piece.kept:
            losses.append(dropped(piece.rule, "agents", f"nothing of it fits in {piece.file}"))
        if not over:
            break
    for chain in over:
        held = [outside[file] for file in sorted(chain.files) if file in outside]
        for rule_id in held[-1].rule_ids if held else ():
            reason = f"with the files above it, {held[-1].path} is over {LIMIT:,} bytes: Codex cuts its end"
            losses.append(Loss(rule_id=rule_id, kind="approximated", reason=reason, editor="agents"))
    return losses


def _freed(step: Step, text: str) -> int:
    """How many bytes a file loses at least without this step. A heading may have to be written anew."""
    bare = markdown(text).strip("\ufeff\n")
    return len(bare.encode()) + 1 if bare and step.kind != "heading" else 0


def _chains(files: set[str]) -> list[_Chain]:
    """One chain per file: itself and every file above it."""
    chains: list[_Chain] = []
    for file in sorted(files):
        parts = file.split("/")
        above = ["/".join([*parts[:depth], ROOT]) for depth in range(len(parts))]
        chains.append(_Chain(frozenset(files.intersection(above))))
    return chains


class AgentsImporter:
    """AGENTS.md and the skills beside it, read."""

    @property
    def target(self) -> Target:
        """AGENTS.md, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """The files of that name, those that look so, and skills."""
        return (
            ROOT, "**/AGENTS.md", ".agents/skills/*/SKILL.md", "AGENT.md", "agents.md", "**/AGENTS.override.md",
        )  # fmt: skip

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """One rule per file: what stands in an AGENTS.md outside of our section, and the skills."""
        from driven_emitters import agents_read

        return agents_read.read_files(files, _canonical)

    def follows(self, file: SourceFile) -> Sequence[str]:
        """AGENTS.md takes in no file: the standard knows no imports."""
        return ()

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of a skill, of what a person wrote in AGENTS.md, or of the rule's part of our section there."""
        from driven_emitters import agents_read, layout, section_read

        own = _canonical(rule)
        if path.endswith("/SKILL.md") or (own is not None and own[0] == path):
            return layout.back(rule, path, text, "agents", agents_read.read, _canonical)
        return section_read.section_back(rule, text, applies=path == ROOT)


def _canonical(rule: Rule) -> tuple[str, str] | None:
    """The path and the text of the file that `emit` chooses for the rule alone, None where that is a section."""
    artefacts = AgentsEmitter().emit([rule], Settings()).artefacts
    found = next((one for one in artefacts if not isinstance(one.ownership, Section)), None)
    return None if found is None else (found.path, found.text)


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer AGENTS.md."""
    return [AgentsEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer AGENTS.md to read."""
    return [AgentsImporter()]
