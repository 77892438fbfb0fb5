"""`driven validate`: a project with its rules, or any folder of editors' files -> one report."""

from __future__ import annotations

import os

from driven.emission import emit_all
from driven.errors import PlanError
from driven.frozen import record
from driven.hookspecs import Check
from driven.model.artefact import WholeFile
from driven.model.diagnostic import Diagnostic
from driven.model.report import ValidateReport
from driven.planning import group_by_path
from driven.project.config import Config, read_config
from driven.registry import Registry
from driven.span import Span
from driven.validation.engine import Choice, Found, Managed, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.workspace import Project


@record
class Loaded:
    """What a validation works on. `rules`, `emitted`: how many."""

    config: Config
    plugins: Registry
    diagnostics: list[Diagnostic]
    managed: Managed | None = None
    rules: int = 0
    emitted: int = 0

    @property
    def checks(self) -> list[Check]:
        """Those of all plugins."""
        return list(self.plugins.checks.values())


def load(root: str) -> Loaded:
    """The configuration, the plugins and, where there is a `.driven/`, the rules of the folder `root`."""
    if os.path.isdir(os.path.join(root, ".driven")):
        return _load_project(root)
    from driven.registry import load as load_plugins

    plugins = load_plugins(editors=(), checks=True)
    return Loaded(config=read_config(root), plugins=plugins, diagnostics=list(plugins.diagnostics))


def validate(root: str, choice: Choice) -> ValidateReport:
    """Every finding in the folder `root`. Writes nothing."""
    loaded = load(root)
    found = look(root, loaded.checks, choice, managed=loaded.managed)
    diagnostics = [told for told in loaded.diagnostics if choice.has(told.code)] + found.diagnostics
    return ValidateReport(
        root=root, rules=loaded.rules, files=_foreign(found), emitted=loaded.emitted, diagnostics=tuple(diagnostics)
    )  # fmt: skip


def _foreign(found: Found) -> int:
    return sum(document.editor != "driven" and not document.ours for document in found.documents)


def _load_project(root: str) -> Loaded:
    from driven.workspace import load as load_project

    project = load_project(root, fresh=True, checks=True)
    emitted = emit_all(project.emitters, project.settings, project.rules.rules, project.select)
    diagnostics = [*project.diagnostics, *emitted.diagnostics]
    files = 0
    outputs: set[str] = set()
    try:
        by_path = group_by_path(emitted.pieces)
    except PlanError as error:
        diagnostics.append(
            Diagnostic(code="PLN01", severity="error", message=error.message, span=Span(path=""), hint=error.hint)
        )
    else:
        files = len(by_path)
        for path, pieces in by_path.items():
            whole = [piece for piece in pieces if isinstance(piece.artefact.ownership, WholeFile)]
            if whole and _is_ours(project, path, whole[0].artefact.text):
                outputs.add(path)
    managed = Managed(
        editors=tuple(project.emitters), rules=tuple(project.rules), active=dict(project.active),
        outputs=frozenset(outputs),
    )  # fmt: skip
    return Loaded(
        config=project.config, plugins=project.plugins, diagnostics=diagnostics, managed=managed,
        rules=len(project.rules), emitted=files,
    )  # fmt: skip


def _is_ours(project: Project, path: str, text: str) -> bool:
    """Whether a file stands as driven writes it, or as it wrote it last. The lock alone is not believed: a file that
    no rule is written to is nobody's but its author's."""
    from driven.format.hashes import digest
    from driven.project.disk import MAX_OUTPUT
    from driven.project.reading import read_file

    try:
        data, _ = read_file(os.path.join(project.root, path), MAX_OUTPUT)
    except OSError:
        return False
    known = [known for owned, known in project.lock.items() if owned[0] == path and owned[2] == "file"]
    return data == text.encode() or any(digest(data) in digests for digests in known)
