"""Looking without touching: the status of a project, what holds for a path."""

from __future__ import annotations

import os
from collections.abc import Iterable

from driven.emission import Emitted, emit_all
from driven.errors import UsageError
from driven.model.activation import Activation, Always, ForPaths, OnRequest, WhenRelevant, activation_word
from driven.model.artefact import Artefact, Emission, Piece
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Conflict, Create, Delete, Replace
from driven.model.reach import AlsoRead, Reach
from driven.model.report import EditorStatus, ExplainReport, RuleStatus, StatusReport
from driven.model.rule import RuleSet
from driven.pipeline import Project, load, merge, plan, plan_with
from driven.project.disk import Tree
from driven.reach import Editor, read_by
from driven.resolve import closest


def load_rules(root: str) -> tuple[RuleSet, tuple[Diagnostic, ...]]:
    """The rules of the project at `root`, and what is wrong with their files."""
    project = load(root)
    return project.rules, tuple(project.diagnostics)


def status(root: str) -> StatusReport:
    """Rules, editors, drift, conflicts, losses and sizes, and what a sync would do now. Writes nothing."""
    from driven.format.drv import digest

    project = load(root)
    with Tree(root) as tree:
        emitted, planned = plan(project, tree, merge(project, tree), whole=True)
    changes = {change.path: change for change in planned.plan.changes}
    editors = []
    for name, emitter in project.plugins.emitters.items():
        target = emitter.target
        pieces = [piece for piece in emitted.pieces if piece.editor == name]
        sizes = {piece.artefact.path: len(piece.artefact.text) for piece in pieces}
        largest = max(sizes, key=lambda path: sizes[path], default="")
        mine = [changes[path] for path in changes if name in changes[path].editors]
        editors.append(
            EditorStatus(
                target=target, enabled=name in project.emitters, plugin=_plugin_of(project, name),
                files=len(sizes), characters=sum(sizes.values()),
                largest=sizes.get(largest, 0), largest_path=largest,
                limit=next((limit.characters for limit in target.limits if limit.characters), 0),
                drift=sum(isinstance(change, Create | Replace | Delete) for change in mine),
                conflicts=sum(isinstance(change, Conflict) for change in mine),
                losses=tuple(loss for loss in emitted.losses if loss.editor == name),
            )
        )  # fmt: skip
    reached: dict[str, list[str]] = {}
    for name, emitter in project.emitters.items():
        own, others = _split(emitted.pieces, name)
        held = [*own, *read_by(emitter.target, own, others)]
        for rule_id in dict.fromkeys(rule_id for artefact in held for rule_id in artefact.rule_ids):
            reached.setdefault(rule_id, []).append(name)
    rules = tuple(
        RuleStatus(
            id=rule.id, title=rule.title, path=rule.span.path, characters=len(rule.body),
            activation=activation_word(rule.activation), detail=_detail(rule.activation),
            editors=tuple(reached.get(rule.id, ())), active=project.active.get(rule.id, True),
        )
        for rule in project.rules
    )  # fmt: skip
    return StatusReport(
        root=root, rules=rules, editors=tuple(editors), digest=digest(project.rules).hex(),
        plan=plan_with(planned.plan, project, emitted),
    )  # fmt: skip


def explain(root: str, path: str, editor: str | None = None) -> ExplainReport:
    """Which rules hold for `path` (relative to the root) in `editor`, or in every enabled one, and why.

    UsageError for a path outside the project and for an editor that is unknown or not enabled.
    """
    project = load(root)
    inside = _inside(root, path)
    if editor is not None and editor not in project.plugins.emitters:
        close = closest(editor, project.plugins.emitters)
        raise UsageError(
            f"unknown editor `{editor}`",
            hint=f"did you mean `{close}`?" if close else "`driven plugin list` shows them all",
        )
    if editor is not None and editor not in project.emitters:
        raise UsageError(f"`{editor}` is not enabled", hint=f"set `{editor} = true` in .driven/config.toml")
    # All of them: what one editor is not given it may read in a file of another.
    emitted = emit_all(project.emitters, project.settings, project.rules.rules, project.select)
    return explained(project, emitted, inside, [editor] if editor else list(project.emitters))


def explained(project: Project, emitted: Emitted, path: str, names: Iterable[str]) -> ExplainReport:
    """Which rules hold for `path` (relative to the root, POSIX) in these editors, of a project that is loaded, and of
    all that its emitters gave."""
    root = project.root
    targets = tuple(project.emitters[name].target for name in names)
    counter = next(iter(project.plugins.counters), None)
    reaches: list[Reach] = []
    tokens: dict[str, int] = {}
    also: dict[str, tuple[AlsoRead, ...]] = {}
    for target in targets:
        own, others = _split(emitted.pieces, target.name)
        view = Editor(
            project.rules, target, path, active=project.active, others=others, root=root.replace(os.sep, "/"),
            emission=Emission(
                artefacts=own, losses=tuple(loss for loss in emitted.losses if loss.editor == target.name)
            ),
        )  # fmt: skip
        found = view.reaches()
        texts = [one.text for one in found if one.text]
        tokens[target.name] = sum(counter.count(text) if counter else (len(text) + 3) // 4 for text in texts)
        also[target.name] = view.also_read(found)
        reaches += found
    return ExplainReport(
        path=path, exists=os.path.exists(os.path.join(root, path)), reaches=tuple(reaches), editors=targets,
        diagnostics=(*project.diagnostics, *emitted.diagnostics), counter=counter.name if counter else "",
        tokens=tokens, also=also,
    )  # fmt: skip


def _split(pieces: Iterable[Piece], editor: str) -> tuple[tuple[Artefact, ...], tuple[Artefact, ...]]:
    """What was emitted for `editor`, and for all others."""
    made = list(pieces)
    own = tuple(piece.artefact for piece in made if piece.editor == editor)
    return own, tuple(piece.artefact for piece in made if piece.editor != editor)


def _inside(root: str, path: str) -> str:
    """`path` as given on the command line, relative to the project root, POSIX."""
    for start in (os.getcwd(), root):  # as a shell completes it; else as `--root` makes one think of it
        relative = os.path.relpath(os.path.join(start, path), root)
        if relative != ".." and not relative.startswith(".." + os.sep):
            return relative.replace(os.sep, "/")
    raise UsageError(f"`{path}` is outside the project `{root}`", hint="name a file inside it")


def _plugin_of(project: Project, editor: str) -> str:
    return next(
        (info.distribution for info in project.plugins.plugins if f"emitter {editor}" in info.offers), ""
    )  # fmt: skip


def _detail(activation: Activation) -> str:
    match activation:
        case ForPaths(globs):
            return ", ".join(globs)
        case WhenRelevant(description):
            return description
        case Always() | OnRequest():
            return ""
