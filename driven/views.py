"""Looking without touching: the status of a project, what holds for a path, what is wrong with the rules."""

from __future__ import annotations

import os

from driven.emission import emit_all
from driven.errors import PlanError, UsageError
from driven.model.activation import Activation, Always, ForPaths, OnRequest, WhenRelevant, activation_word
from driven.model.artefact import Emission
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Conflict, Create, Delete, Replace
from driven.model.reach import Reach
from driven.model.report import EditorStatus, ExplainReport, RuleStatus, StatusReport, ValidateReport
from driven.model.rule import RuleSet
from driven.pipeline import Project, load, plan, plan_with
from driven.planning import group_by_path
from driven.project.disk import Tree
from driven.resolve import reach
from driven.span import Span


def load_rules(root: str) -> tuple[RuleSet, tuple[Diagnostic, ...]]:
    """The rules of the project at `root`, and what is wrong with their files."""
    project = load(root)
    return project.rules, tuple(project.diagnostics)


def status(root: str) -> StatusReport:
    """Rules, editors, drift, conflicts, losses and sizes, and what a sync would do now. Writes nothing."""
    from driven.format.drv import digest

    project = load(root)
    with Tree(root) as tree:
        emitted, planned = plan(project, tree, whole=True)
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
    for piece in emitted.pieces:
        for rule_id in piece.artefact.rule_ids:
            if piece.editor not in reached.setdefault(rule_id, []):
                reached[rule_id].append(piece.editor)
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
        from driven.resolve import closest

        close = closest(editor, project.plugins.emitters)
        raise UsageError(
            f"unknown editor `{editor}`",
            hint=f"did you mean `{close}`?" if close else "`driven plugin list` shows them all",
        )
    if editor is not None and editor not in project.emitters:
        raise UsageError(f"`{editor}` is not enabled", hint=f"set `{editor} = true` in .driven/config.toml")
    names = [editor] if editor else list(project.emitters)
    emitters = {name: project.emitters[name] for name in names}
    emitted = emit_all(emitters, project.settings, project.rules.rules, project.select)
    reaches: list[Reach] = []
    for name, emitter in emitters.items():
        emission = Emission(
            artefacts=tuple(piece.artefact for piece in emitted.pieces if piece.editor == name),
            losses=tuple(loss for loss in emitted.losses if loss.editor == name),
        )
        reaches.extend(reach(project.rules, emitter.target, inside, active=project.active, emission=emission))
    counter = next(iter(project.plugins.counters), None)
    tokens: dict[str, int] = {}
    for name in names:
        loaded = [r for r in reaches if r.editor == name and r.verdict in ("always", "match")]
        bodies = [rule.body for r in loaded if (rule := project.rules.get(r.rule_id)) is not None]
        tokens[name] = (
            sum(counter.count(body) for body in bodies) if counter else sum((r.characters + 3) // 4 for r in loaded)
        )
    return ExplainReport(
        path=inside, exists=os.path.exists(os.path.join(root, inside)), reaches=tuple(reaches),
        editors=tuple(emitter.target for emitter in emitters.values()), diagnostics=tuple(project.diagnostics),
        counter=counter.name if counter else "", tokens=tokens,
    )  # fmt: skip


def validate(root: str) -> ValidateReport:
    """Every finding in the rules, the configuration and the plugins, and every clash in what they emit."""
    project = load(root, fresh=True)
    emitted = emit_all(project.emitters, project.settings, project.rules.rules, project.select)
    findings = [*project.diagnostics, *emitted.diagnostics]
    try:
        files = len(group_by_path(emitted.pieces))
    except PlanError as error:
        files = 0
        findings.append(
            Diagnostic(code="PLN01", severity="error", message=error.message, span=Span(path=""), hint=error.hint)
        )
    return ValidateReport(rules=len(project.rules), files=files, diagnostics=tuple(findings))


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
