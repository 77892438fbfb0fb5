"""Windsurf, now Devin Desktop: one file per rule with a `trigger`, split where it would be cut.

Vendor facts, verified 2026-11-21:
- https://docs.devin.ai/desktop/cascade/memories: .devin/rules/*.md is preferred, .windsurf/rules/*.md is read by both
  names of the editor; one level, no subfolders. `trigger` is always_on, model_decision, glob or manual. 12,000
  characters per file; earlier pages say that the rest is cut, so it is taken as a hard limit.
- `globs` is shown as one bare pattern; several are joined by commas.
- .windsurfrules in the root is plain text of before, of which 6,000 characters are seen. Read, never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.frozen import replace
from driven.hookspecs import Emitter, Imported, Importer, ReadBack, SourceFile, hookimpl
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Settings
from driven.model.rule import Rule
from driven.model.target import Limit, Target, Way
from driven.plugin_kit import body_text, document, one_line, scalar
from driven_emitters.comma_globs import comma_globs
from driven_emitters.shared import (
    approximated,
    description_lost,
    dropped,
    extra_lines,
    extra_lost,
    in_agents,
    left_out,
    markdown,
    note,
    own_path,
    source_file,
    step_texts,
)

LIMIT = 12_000  # characters of one file
FOLDERS = (".windsurf/rules", ".devin/rules")
KEYS = frozenset(("trigger", "description", "globs", "glob"))
OWN = r"(?:.+/)?\.(?:windsurf|devin)/rules/.+\.md"
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
            path = own_path(rule, "windsurf", OWN) or f"{folder}/{rule.slug}.md"
            layout = _as_imported(rule, path, settings)
            if layout is not None:
                artefacts.append(Artefact(path=path, text=layout, rule_ids=(rule.id,)))
                if len(layout) > LIMIT:
                    reason = f"{path} stays as it was imported, over {LIMIT:,} characters: the rest may be cut"
                    losses.append(approximated(rule, "windsurf", reason))
                continue
            front, found = _front(rule)
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


def _as_imported(rule: Rule, path: str, settings: Settings) -> str | None:
    """The rule in the layout of the file it was imported from, or None."""
    if "$front" not in rule.extra.get("windsurf", ()):
        return None
    from driven_emitters import reading, windsurf_read

    return reading.as_imported(rule, "windsurf", path, settings, windsurf_read.read)


def _split(rule: Rule, front: list[str], comment: str, path: str) -> tuple[list[str], list[Loss]]:
    """The files of a rule that is too long for one: whole steps, in order, headings with what they head.

    A step that fits in no file is left out.
    """
    room = LIMIT - len(document(front, "", comment)) - 2  # the blank line above the body, the line end below it
    if room <= 0:
        return [], [dropped(rule, "windsurf", f"its front matter alone is over {LIMIT:,} characters")]
    parts, losses = _parts(rule, room)
    texts = [document(front, part, comment) for part in parts if body_text(part)]
    if len(texts) > 1:
        reason = f"split into {len(texts)} files, {path} and on: more than {LIMIT:,} characters"
        losses.append(approximated(rule, "windsurf", reason))
    elif not texts:
        losses.append(dropped(rule, "windsurf", f"no step fits in {LIMIT:,} characters"))
    return texts, losses


def _parts(rule: Rule, room: int) -> tuple[list[str], list[Loss]]:
    """The body in parts of at most `room` characters, but for line ends at their end, and what is in none of them."""
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
    return parts, losses


class WindsurfImporter:
    """Windsurf's rules, read."""

    @property
    def target(self) -> Target:
        """Windsurf, as data."""
        return TARGET

    @property
    def patterns(self) -> Sequence[str]:
        """The project's rules under both names of the editor, those of a directory in it, and the one file of before.
        The editor reads one level; what stands deeper is read here, and said to be of no effect."""
        return (*(f"{top}{folder}/**/*.md" for top in ("", "**/") for folder in FOLDERS), ".windsurfrules")

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """One rule per file, its id proposed from the path below `rules/`."""
        from driven_emitters import reading, windsurf_read

        found = reading.rules_of(
            files, "windsurf", windsurf_read.read, windsurf_read.name, _canonical, (windsurf_read.LEGACY,)
        )
        return replace(found, diagnostics=(*found.diagnostics, *windsurf_read.doubled(found.files)))

    def follows(self, file: SourceFile) -> Sequence[str]:
        """Windsurf's rules take in no file."""
        return ()

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """An edit of the rule's file, or of one of those that it is split into."""
        from driven_emitters import reading, windsurf_read

        files = WindsurfEmitter().emit([rule], Settings()).artefacts
        if len(files) > 1:
            return _part_back(rule, path, text, [artefact.path for artefact in files])
        return reading.back(rule, path, text, "windsurf", windsurf_read.read, _canonical)


def _part_back(rule: Rule, path: str, text: str, paths: Sequence[str]) -> ReadBack:
    """An edit of one of the files at `paths`: that part of the body changes, and the keys for all."""
    from driven_emitters import reading, windsurf_read

    parts, losses = _parts(rule, LIMIT - len(document(_front(rule)[0], "", "")) - 2)
    parts = [part for part in parts if body_text(part)]
    if path not in paths or len(parts) != len(paths) or losses:
        hint = f"edit {source_file(rule)}, or make the rule shorter than {LIMIT:,} characters"
        return ReadBack(problem="the rule is split into several files, and some of it is in none", hint=hint)
    at = paths.index(path)
    read = reading.back(replace(rule, body=parts[at]), path, text, "windsurf", windsurf_read.read, _canonical)
    if read.rule is None or read.rule == replace(rule, body=parts[at]):
        return read if read.rule is None else ReadBack(rule=rule)
    now = read.rule.body
    if now != parts[at] and at + 1 < len(parts):  # the blank line between the parts is in none of the files
        now = now.rstrip("\n") + parts[at][len(parts[at].rstrip("\n")) :]
    body = reading.relaid(rule.body, "".join(parts), "".join([*parts[:at], now, *parts[at + 1 :]]))
    if "windsurf" in rule.extra or any(not key.startswith("$") for key in read.rule.extra.get("windsurf", ())):
        own = {key: value for key, value in read.rule.extra.get("windsurf", {}).items() if not key.startswith("$")}
        held = {key: value for key, value in rule.extra.get("windsurf", {}).items() if key.startswith("$")}
        return ReadBack(rule=replace(read.rule, body=body, extra={**rule.extra, "windsurf": own | held}))
    return ReadBack(rule=replace(read.rule, body=body, extra=rule.extra))


def _canonical(rule: Rule) -> tuple[str, str] | None:
    """The path and the text that `emit` chooses for the rule; of several files, the first."""
    artefacts = WindsurfEmitter().emit([rule], Settings()).artefacts
    return (artefacts[0].path, artefacts[0].text) if artefacts else None


@hookimpl
def driven_emitters() -> Iterable[Emitter]:
    """Offer Windsurf."""
    return [WindsurfEmitter()]


@hookimpl
def driven_importers() -> Iterable[Importer]:
    """Offer Windsurf's rules to read."""
    return [WindsurfImporter()]
