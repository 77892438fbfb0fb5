"""A folder whose findings are kept up to date while its files are edited: what the language server stands on.

`refresh` looks at the whole folder, with what is open in an editor in place of what stands on the disk, and asks only
those checks again whose inputs changed. `touch` looks at one file alone, quickly enough for every key that is pressed:
what needs other files too is told as the last `refresh` found it, moved along with its lines.
"""

from __future__ import annotations

import os

from driven.document.document import Document
from driven.document.running import Runner, in_order
from driven.emission import Emitted, emit_changed, joined
from driven.errors import ConfigError, DrivenError
from driven.format.condition import Facts, evaluate
from driven.format.text import parse_rule, rule_id_for
from driven.frozen import field, record, replace
from driven.model.diagnostic import Diagnostic, of_error
from driven.model.rule import Rule, RuleSet
from driven.project import ledger
from driven.project.compiled import COMPILED
from driven.project.config import CONFIG, MAX_BYTES, Config, read_config
from driven.project.config_text import read_text
from driven.project.listing import list_files
from driven.project.reading import read_file
from driven.project.sources import RULES
from driven.registry import Registry, path_stamps
from driven.registry import load as load_plugins
from driven.resolve import unknown_targets
from driven.span import Span
from driven.validation.baseline import new_ones
from driven.validation.carried import is_far, moved
from driven.validation.emitting import Emitting
from driven.validation.engine import Choice, look
from driven.validation.files import Folder
from driven.validation.memory import Recent
from driven.validation.overlaid import NAMES, reread_rules
from driven.validation.tree import Tree
from driven.validation.validate import Lines, Loaded, loaded_of, without_silenced
from driven.workspace import Kept, Project
from driven.workspace import load as load_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    _Known = tuple[Loaded, Project | None, Emitted | None, Mapping[str, Diagnostic]]  # `View.held` last

Overlay = dict[str, bytes]


@record
class View:
    """A folder as it was at one moment. Nothing in it changes any more.

    `told` are the findings by path, sorted by place; those of no file stand under "". `problem`: why the project could
    not be loaded; all but `told` is then as it was before. `held`: the rules that cannot be read, by id, and the first
    mistake in each. What the editors' files have of them, their last good form, stands in `project`, `rules` and
    `emitted` where this machine knows one; the findings, and `loaded`, are of the text as it is.
    """

    root: str
    loaded: Loaded
    documents: Mapping[str, Document] = field(default_factory=dict)
    rules: RuleSet = field(default_factory=RuleSet)
    project: Project | None = None
    emitted: Emitted | None = None
    told: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    found: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)  # before anything is silenced
    choice: Choice = field(default_factory=Choice)
    problem: DrivenError | None = None
    held: Mapping[str, Diagnostic] = field(default_factory=dict)

    @property
    def is_managed(self) -> bool:
        """Whether there is a `.driven/`."""
        return self.project is not None

    @property
    def config(self) -> Config:
        """The configuration as it is saved."""
        return self.loaded.config

    @property
    def plugins(self) -> Registry:
        """What all plugins offer."""
        return self.loaded.plugins

    @property
    def active(self) -> Mapping[str, bool]:
        """Rule id -> whether its condition holds, for the rules that have one."""
        return self.project.active if self.project is not None else {}


@record
class Touched:
    """One file as it is edited: `rule` where it holds one; `wrong`: why it does not, though it should."""

    document: Document
    rule: Rule | None
    told: tuple[Diagnostic, ...]
    wrong: Diagnostic | None = None


class Live:
    """Keeps what a folder's next look can use. One thread at a time may refresh; `touch` may run beside it."""

    def __init__(self, root: str, *, strangers: bool = True) -> None:
        """Without `strangers` no plugin is loaded that is not ours."""
        self.root = root
        self._kept = Kept(strangers=strangers)
        self._plugins: Registry | None = None
        self._stamps: object = None
        self._recent = Recent()
        self._chosen: object = None
        self._memory: ledger.Memory | None = None  # what the last sync left; read while a rule cannot be
        self._documents: dict[str, Document] = {}
        self._tree: Tree | None = None
        self._emitting = Emitting()

    def refresh(
        self, overlay: Mapping[str, bytes], files: Callable[[], Sequence[str] | None] = lambda: None,
        before: View | None = None, *, every: Callable[[], Sequence[str] | None] | None = None,
    ) -> View:  # fmt: skip
        """The folder now; `overlay` (path -> bytes) is open and edited. `files`: the project's files, where somebody
        keeps a list of them, and `every`: with those of editors' folders, where that differs. A project that cannot be
        loaded is as `before`, with what is wrong told."""
        listed = files()
        try:
            loaded, project, emitted, held = self._load(overlay, listed)
        except DrivenError as error:
            loaded, project, emitted, held = self._without(before)
            loaded = replace(loaded, diagnostics=[*loaded.diagnostics, *self._why(error, loaded.plugins)])
            problem: DrivenError | None = error
        else:
            problem = None
        if CONFIG in overlay:
            others = [told for told in loaded.diagnostics if told.span.path != CONFIG]
            loaded = replace(loaded, diagnostics=[*others, *_of_config(loaded.plugins, overlay[CONFIG])])
        choice = _choice(self.root, loaded.config)
        checks = [check for check in loaded.checks if choice.has(check.about.code)]
        chosen = (id(loaded.plugins), choice.select, choice.ignore)
        if chosen != self._chosen:
            self._chosen, self._recent = chosen, Recent()
        self._recent.turn()
        looked = listed if every is None else every()
        if looked is not None and (self._tree is None or self._tree.listed is not looked):
            self._tree = Tree(looked)
        tree = self._tree if looked is not None else None
        folder = Folder(self.root, overlay, loaded.globs, tree=tree, documents=self._documents, keep=False)
        found = look(folder, checks, choice, managed=loaded.managed, memory=self._recent)
        self._documents = {document.path: document for document in found.documents}
        for piece in emitted.pieces if emitted is not None else ():
            document = self._documents.get(piece.artefact.path)
            if document is not None and document.text == piece.artefact.text:
                document.text = piece.artefact.text  # of the most of a project's text one copy is enough
        raw = found.diagnostics + [told for told in loaded.diagnostics if choice.has(told.code)]
        kept, _ = without_silenced(raw, found.documents, loaded, choice)
        if choice.known:
            kept, _ = new_ones(kept, choice.known, Lines(found).of)
        return View(
            root=self.root, loaded=loaded, project=project, emitted=emitted, documents=dict(self._documents),
            rules=project.rules if project is not None else RuleSet(), told=_by_path(kept), found=_by_path(raw),
            choice=choice, problem=problem, held=held,
        )  # fmt: skip

    def outline(self, overlay: Mapping[str, bytes], files: Callable[[], Sequence[str] | None] = lambda: None) -> View:
        """The folder's rules and editors now, before any file of it was looked at: no documents, nothing told. What a
        person asks in the first moment, of a large project, need not wait for every check. DrivenError where the
        project cannot be loaded."""
        loaded, project, emitted, held = self._load(overlay, files())
        rules = project.rules if project is not None else RuleSet()
        return View(root=self.root, loaded=loaded, project=project, emitted=emitted, rules=rules, held=held)

    def touch(self, view: View, path: str, data: bytes) -> Touched:
        """The file `path` as it is edited now, against the rest of `view`."""
        old = view.documents.get(path)
        document = Document(path, data, place=old.place if old is not None else None)
        rule: Rule | None = None
        wrong: Diagnostic | None = None
        found: list[Diagnostic] = []
        if path.startswith(RULES + "/") and path.endswith(".md") and view.is_managed:
            rule, found = _rule_of(view, path, data)
            document.rule = rule
            wrong = None if rule is not None else next((one for one in found if one.severity == "error"), None)
        elif path == CONFIG:
            found = _of_config(view.plugins, data)
        elif old is not None and old.ours and old.data == data:
            document.ours = old.ours
        elif "driven:begin" in document.text:
            from driven.format.sections import blocks_of

            document.ours = blocks_of(document.text)
        broken: list[Diagnostic] = []

        def note(code: str, path: str, error: Exception) -> None:
            message = f"the check {code} failed: {type(error).__name__}: {error}".splitlines()[0]
            broken.append(Diagnostic(code="PLG11", severity="warning", message=message, span=Span(path=path)))

        checks = {code: check for code, check in view.plugins.checks.items() if view.choice.has(code)}
        runner = Runner([check for check in checks.values() if check.about.scope != "repository"], note)
        if document.place:
            found = [*found, *runner.document(document), *broken]
        far = [told for told in view.found.get(path, ()) if is_far(told, checks)]
        found = [*[told for told in found if view.choice.has(told.code)], *moved(far, old, document)]
        kept, _ = without_silenced(found, [document], view.loaded, view.choice)
        if view.choice.known:
            kept, _ = new_ones(kept, view.choice.known, lambda told: _line(document, told))
        return Touched(document=document, rule=rule, told=tuple(in_order(kept)), wrong=wrong)

    def _load(self, overlay: Mapping[str, bytes], listed: Sequence[str] | None) -> _Known:
        if not os.path.isdir(os.path.join(self.root, ".driven")):
            plugins = self._all_plugins()
            loaded = Loaded(config=read_config(self.root), plugins=plugins, diagnostics=list(plugins.diagnostics))
            return loaded, None, None, {}
        project = load_project(self.root, fresh=True, kept=self._kept, checks=True)
        if any(path.startswith(RULES + "/") for path in overlay):
            rules, told = reread_rules(project.rules, project.diagnostics, project.plugins, overlay)
            active = project.active
            if any(rule.when for rule in rules) and listed is not None:
                facts = Facts(list(listed))
                active = {rule.id: evaluate(rule.when, facts) for rule in rules if rule.when}
            project = replace(project, rules=rules, diagnostics=told, active=active)
        emitted = self._emitting.of(project)
        loaded = loaded_of(project, emitted, overlay)
        held = _held(project)
        last = self._last_good(held)
        if not last:
            return loaded, project, emitted, held
        shown = replace(project, rules=RuleSet.of([*project.rules, *last]))
        if any(rule.when for rule in last):
            facts = Facts(list_files(self.root) if listed is None else list(listed))
            shown.active = {**project.active, **{rule.id: evaluate(rule.when, facts) for rule in last if rule.when}}
        ids = {rule.id for rule in last}
        changed = {name: ids for name in shown.emitters}  # noqa: C420
        before = project.rules.rules
        again = emit_changed(shown.emitters, shown.settings, shown.rules.rules, before, changed, shown.select)
        return loaded, shown, joined(emitted, again), held

    def _last_good(self, held: Mapping[str, Diagnostic]) -> list[Rule]:
        """The rules that cannot be read as they stand in the editors' files: what a sync goes on with."""
        if not held:
            self._memory = None
            return []
        memory = ledger.read_memory(self.root, self._memory)
        # Where they stand and cannot be read, a sync is writing them in this moment.
        if memory.compiled.base or self._memory is None or not os.path.lexists(os.path.join(self.root, COMPILED)):
            self._memory = memory
        return [self._memory.rules[rule_id] for rule_id in held if rule_id in self._memory.rules]

    def _without(self, before: View | None) -> _Known:
        """What is still known of a project that cannot be loaded."""
        if before is not None:
            own = [told for told in before.loaded.diagnostics if not told.code.startswith(("DRV", "CFG"))]
            return replace(before.loaded, diagnostics=own), before.project, before.emitted, before.held
        return Loaded(config=Config(), plugins=self._all_plugins(), diagnostics=[]), None, None, {}

    def _why(self, error: DrivenError, plugins: Registry) -> list[Diagnostic]:
        """Why the project cannot be loaded; the mistakes of config.toml with their repairs."""
        if isinstance(error, ConfigError) and error.span is not None and error.span.path == CONFIG:
            try:
                found = _of_config(plugins, read_file(os.path.join(self.root, CONFIG), MAX_BYTES)[0])
            except OSError:
                found = []
            if [one.message for one in found] == [one.message for one in error.all]:  # else it was saved just now
                return found
        return of_error(error)

    def _all_plugins(self) -> Registry:
        stamps = path_stamps()
        if self._plugins is None or self._stamps != stamps:
            self._plugins, self._stamps = load_plugins(checks=True, strangers=self._kept.strangers), stamps
        return self._plugins


def _choice(root: str, config: Config) -> Choice:
    from driven.validation.asking import Words, choice_of

    try:
        return choice_of(root, config, Words())
    except DrivenError:
        return Choice(select=config.select, ignore=config.ignore)  # a baseline that cannot be read


def _rule_of(view: View, path: str, data: bytes) -> tuple[Rule | None, list[Diagnostic]]:
    """The rule in a file's text, and what is wrong with it."""
    rule_id = rule_id_for(path.removeprefix(RULES + "/"))
    named = [told for told in view.found.get(path, ()) if told.code in NAMES]
    if not rule_id or named:
        return None, named
    rule, found = parse_rule(data, path=path, rule_id=rule_id)
    if rule is not None:
        found = [*found, *unknown_targets([rule], view.plugins.emitters)]
    return rule, list(found)


def _held(project: Project) -> dict[str, Diagnostic]:
    """The rules of files that cannot be used, and the first mistake in each."""
    held: dict[str, Diagnostic] = {}
    for told in project.diagnostics:
        path = told.span.path
        if told.severity == "error" and path.startswith(RULES + "/") and path.endswith(".md"):
            rule_id = rule_id_for(path.removeprefix(RULES + "/"))
            if rule_id and project.rules.get(rule_id) is None:
                held.setdefault(rule_id, told)
    return held


def _of_config(plugins: Registry, data: bytes) -> list[Diagnostic]:
    """What is wrong with the text of config.toml."""
    return read_text(data, CONFIG, {name: emitter.target.allowed for name, emitter in plugins.emitters.items()})[1]


def _line(document: Document, told: Diagnostic) -> str:
    start, end = document.line_bounds(told.span.line)
    return document.text[start:end]


def _by_path(found: Iterable[Diagnostic]) -> dict[str, tuple[Diagnostic, ...]]:
    by_path: dict[str, list[Diagnostic]] = {}
    for told in in_order(found):
        by_path.setdefault(told.span.path, []).append(told)
    return {path: tuple(group) for path, group in by_path.items()}
