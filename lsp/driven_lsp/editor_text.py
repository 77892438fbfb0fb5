"""What is told of an editor: its files, how it takes each kind of rule, its limits, what it gets of this project."""

from __future__ import annotations

from driven_lsp.landing_text import code, counted, landing_row, landings_of, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.rule import Rule
    from driven.model.target import Limit, Target
    from driven_lsp.snapshot import Snapshot

MEANINGS = {
    "always": "always on", "paths": "for paths", "model": "when the model decides", "manual": "on request",
}  # fmt: skip


def editor_text(snapshot: Snapshot, target: Target, rule: Rule | None = None) -> str:
    """Markdown about an editor; of a `rule`, what becomes of it there."""
    lines = [f"**{plain(target.title)}** ({code(target.name)}) · [documentation]({target.docs}), {target.verified}"]
    if rule is not None and target.name in snapshot.enabled:
        landing = next((one for one in landings_of(snapshot, rule) if one.target.name == target.name), None)
        if landing is not None:
            files, how, size = landing_row(snapshot, rule, landing)
            told = how if not files else f"{files} · {how}{f' · {size}' if size else ''}"
            lines.append(f"This rule: {told}")
    else:
        lines.append(project_text(snapshot, target.name))
    lines.append("\n".join(_facts(target)))
    return "\n\n".join(line for line in lines if line)


def unknown_editor(snapshot: Snapshot, name: str) -> str:
    """Markdown about a name that no editor has."""
    from driven.format.words import similar

    near = similar(name, snapshot.targets)
    names = ", ".join(code(known) for known in sorted(snapshot.targets))
    return f"No editor is called {code(name)}{f'; did you mean {code(near)}?' if near else f': known are {names}'}"


def project_text(snapshot: Snapshot, name: str) -> str:
    """What an editor gets of this project, in a line: rules, files, characters, and what is not in order there."""
    if not snapshot.is_managed:
        return ""
    if name not in snapshot.enabled:
        return f"Not enabled: write `{name} = true` below `[editors]` in `.driven/config.toml`."
    rules, files, characters = gets(snapshot, name)
    facts = [counted(rules, "rule"), counted(files, "file"), counted(characters, "character")]
    emitted = snapshot.view.emitted
    losses = [loss for loss in emitted.losses if loss.editor == name] if emitted is not None else []
    if losses:
        facts.append(counted(len(losses), "loss", "losses"))
    torn = [one for one in snapshot.plan.conflicts if name in one.editors] if snapshot.plan is not None else []
    if torn:
        facts.append(f"**{counted(len(torn), 'conflict')}**")
    return "In this project: " + " · ".join(facts)


def all_text(snapshot: Snapshot) -> str:
    """`12 rules → 6 editors, 40 files`."""
    return (
        f"{counted(len(snapshot.rules), 'rule')} → {counted(len(snapshot.enabled), 'editor')},"
        f" {counted(len(snapshot.outputs), 'file')}"
    )


def gets(snapshot: Snapshot, name: str) -> tuple[int, int, int]:
    """How many rules, files and characters are written for an editor."""
    pieces = [piece for piece in snapshot.view.emitted.pieces if piece.editor == name] if snapshot.view.emitted else []
    rules = {rule_id for piece in pieces for rule_id in piece.artefact.rule_ids}
    return len(rules), len({piece.artefact.path for piece in pieces}), sum(len(piece.artefact.text) for piece in pieces)


def ways_text(snapshot: Snapshot, word: str) -> str:
    """How each enabled editor takes rules of one activation, as a list."""
    targets = snapshot.targets
    lines = []
    for name in snapshot.enabled:
        way = targets[name].ways.get(word) if name in targets else None
        if way is not None:
            lines.append(
                f"- {plain(targets[name].title)}: {'' if way.fidelity == 'native' else way.fidelity + ': '}{way.words}"
            )
    return "\n".join(["In the enabled editors:", *lines] if lines else [])


def limit_text(limit: Limit) -> str:
    """`12,000 characters (the rest is cut)`."""
    number, unit = next(
        ((n, u) for n, u in ((limit.characters, "character"), (limit.lines, "line"), (limit.bytes, "byte")) if n),
        (0, "character"),
    )
    note = limit.note or ("" if limit.hard else "advised")
    return counted(number, unit) + (f" ({note})" if note else "")


def _facts(target: Target) -> list[str]:
    facts = [f"- writes {_names(target.files)}"]
    if target.also_reads:
        facts.append(f"- loads what other editors have in {_names(target.also_reads)} as well, beside its own")
    for word, way in target.ways.items():
        native = "" if way.fidelity == "native" else f" ({way.fidelity})"
        facts.append(f"- {MEANINGS.get(word, word)}: {way.words}{native}")
    if target.limits:
        facts.append(f"- limits: {'; '.join(limit_text(limit) for limit in target.limits)}")
    for option, default in target.options.items():
        choices = target.choices.get(option, ())
        takes = " or ".join(code(choice) for choice in choices) if choices else "a folder of the project"
        facts.append(f"- option {code(option)}: {takes}; without it {code(default)}")
    return facts


def _names(globs: tuple[str, ...]) -> str:
    return ", ".join(code(glob) for glob in globs)
