"""`driven validate`: a project with its rules, or any folder of editors' files -> one report."""

from __future__ import annotations

import os
from types import MappingProxyType

from driven.document.running import in_order
from driven.emission import emit_all
from driven.errors import PlanError, PluginError
from driven.frozen import record
from driven.hookspecs import Check
from driven.model.artefact import WholeFile
from driven.model.diagnostic import Diagnostic
from driven.model.report import ValidateReport
from driven.planning import group_by_path
from driven.project.config import Config, read_config
from driven.registry import CHECKS, OWN, Registry
from driven.registry import load as load_plugins
from driven.span import Span
from driven.validation.baseline import new_ones
from driven.validation.engine import Choice, Found, Managed, look
from driven.validation.files import Folder
from driven.validation.silence import apply_comments, by_paths, odd_comments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driven.document.document import Document
    from driven.emission import Emitted
    from driven.validation.engine import Progress
    from driven.workspace import Project


ALL = Choice()


@record
class Loaded:
    """What a validation works on. `rules`: how many; `emitted`: the files that driven writes; `read`: the files and
    folders that the rules were read from."""

    config: Config
    plugins: Registry
    diagnostics: list[Diagnostic]
    managed: Managed | None = None
    rules: int = 0
    emitted: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    def title(self, code: str) -> str:
        """What a code is about, "" for one that is none."""
        check = self.plugins.checks.get(code)
        if check is not None:
            return check.about.title
        from driven.validation.own_codes import OWN_CODES

        own = OWN_CODES.get(code)
        return own.title if own is not None else ""

    @property
    def globs(self) -> tuple[str, ...]:
        """The places of checks that are globs, in the order of the checks."""
        return tuple(dict.fromkeys(place for check in self.checks for place in check.about.places if "*" in place[1:]))

    @property
    def checks(self) -> list[Check]:
        """Those of all plugins."""
        return list(self.plugins.checks.values())


def load(root: str) -> Loaded:
    """The configuration, the plugins and, where there is a `.driven/`, the rules of the folder `root`.

    PluginError when our own checks cannot be loaded: a validation that looks for nothing must not pass.
    """
    loaded = _load_project(root) if os.path.isdir(os.path.join(root, ".driven")) else _load_folder(root)
    for plugin in loaded.plugins.plugins:
        if plugin.name == CHECKS and plugin.distribution == OWN and plugin.status == "broken":
            raise PluginError(f"the checks cannot be loaded: {plugin.error}", hint="install driven anew")
    return loaded


def _load_folder(root: str) -> Loaded:
    plugins = load_plugins(editors=(), checks=True)
    return Loaded(config=read_config(root), plugins=plugins, diagnostics=list(plugins.diagnostics))


def validate(root: str, choice: Choice = ALL) -> ValidateReport:
    """Every finding in the folder `root`. Writes nothing."""
    return report_of(root, load(root), choice)


def report_of(
    root: str,
    loaded: Loaded,
    choice: Choice,
    *,
    folder: Folder | None = None,
    remember: bool = False,
    progress: Progress | None = None,
) -> ValidateReport:
    """The report on a folder that is loaded. Of rules that `folder` overlays is said what they say there, not what
    stands on the disk. With `remember`, checks whose inputs are those of the last run are not asked again."""
    folder = folder or Folder(root, globs=loaded.globs)
    if folder.overlay:
        from driven.validation.overlaid import reread

        loaded = reread(loaded, folder.overlay)
    memory = None
    if remember:
        from driven.validation.memory import Memory

        memory = Memory(root, (check.about.code for check in loaded.checks if choice.has(check.about.code)))
    found = look(folder, loaded.checks, choice, managed=loaded.managed, memory=memory, progress=progress)
    diagnostics = found.diagnostics + [told for told in loaded.diagnostics if choice.has(told.code)]
    kept, silenced = without_silenced(diagnostics, found.documents, loaded, choice)
    if choice.known:
        kept, old = new_ones(kept, choice.known, Lines(found).of)
        silenced += old
    if choice.paths:
        kept = [told for told in kept if choice.is_inside(told.span.path)]
    return ValidateReport(
        root=root, rules=loaded.rules, files=_foreign(found), emitted=len(loaded.emitted),
        diagnostics=tuple(in_order(kept)), silenced=silenced,
    )  # fmt: skip


def without_silenced(
    diagnostics: Sequence[Diagnostic], documents: Sequence[Document], loaded: Loaded, choice: Choice
) -> tuple[list[Diagnostic], int]:
    """The findings that neither a comment in one of `documents` nor the configuration silences, those that such
    comments themselves give, and how many are silenced."""
    security = {check.about.code for check in loaded.checks if check.about.security}
    kept, silenced, silences = apply_comments(diagnostics, documents, security)
    if silences:
        from driven.validation.own_codes import OWN_CODES

        known = {*(check.about.code for check in loaded.checks), *OWN_CODES}
        kept += odd_comments(
            silences, documents, lambda word: any(code.startswith(word) for code in known),
            lambda word: choice.whole and choice.has(word),
        )  # fmt: skip
    kept, more = by_paths(kept, loaded.config.per_path_ignores)
    return kept, silenced + more


class Lines:
    """The source lines of findings, for their fingerprints."""

    def __init__(self, found: Found) -> None:
        self._documents = {document.path: document for document in found.documents}

    def of(self, told: Diagnostic) -> str:
        """The line that a finding stands in, "" where it has no file that was read."""
        document = self._documents.get(told.span.path)
        if document is None:
            return ""
        start, end = document.line_bounds(told.span.line)
        return document.text[start:end]


def _foreign(found: Found) -> int:
    return sum(document.editor != "driven" and not document.ours for document in found.documents)


def _load_project(root: str) -> Loaded:
    from driven.workspace import load as load_project

    project = load_project(root, fresh=True, checks=True)
    return loaded_of(project, emit_all(project.emitters, project.settings, project.rules.rules, project.select))


def loaded_of(project: Project, emitted: Emitted, overlay: Mapping[str, bytes | None] = MappingProxyType({})) -> Loaded:
    """What a validation works on, of a project and what its emitters gave. `overlay`: files that say something else
    than on the disk."""
    diagnostics = [*project.diagnostics, *emitted.diagnostics]
    files: tuple[str, ...] = ()
    outputs: set[str] = set()
    origins: dict[str, tuple[str, ...]] = {}
    try:
        by_path = group_by_path(emitted.pieces)
    except PlanError as error:
        diagnostics.append(
            Diagnostic(code="PLN01", severity="error", message=error.message, span=Span(path=""), hint=error.hint)
        )
    else:
        files = tuple(by_path)
        places = {rule.id: rule.span.path for rule in project.rules}
        for path, pieces in by_path.items():
            whole = [piece for piece in pieces if isinstance(piece.artefact.ownership, WholeFile)]
            if whole and _is_ours(project, path, whole[0].artefact.text, overlay.get(path)):
                outputs.add(path)
            if whole:
                ids = dict.fromkeys(rule_id for piece in whole for rule_id in piece.artefact.rule_ids)
                origins[path] = tuple(places[rule_id] for rule_id in ids if rule_id in places)
    managed = Managed(
        editors=tuple(project.emitters), rules=tuple(project.rules), active=dict(project.active),
        outputs=frozenset(outputs), origins=origins,
    )  # fmt: skip
    return Loaded(
        config=project.config, plugins=project.plugins, diagnostics=diagnostics, managed=managed,
        rules=len(project.rules), emitted=files, read=tuple(os.fsdecode(entry[1]) for entry in project.sources.entries),
    )  # fmt: skip


def _is_ours(project: Project, path: str, text: str, data: bytes | None) -> bool:
    """Whether a file stands as driven writes it, or as it wrote it last. The lock alone is not believed: a file that
    no rule is written to is nobody's but its author's."""
    from driven.format.hashes import digest
    from driven.project.disk import MAX_OUTPUT
    from driven.project.reading import read_file

    if data is None:
        try:
            data, _ = read_file(os.path.join(project.root, path), MAX_OUTPUT)
        except OSError:
            return False
    known = [known for owned, known in project.lock.items() if owned[0] == path and owned[2] == "file"]
    return data == text.encode() or any(digest(data) in digests for digests in known)
