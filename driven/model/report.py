"""What the verbs beside sync answer: values that the command line shows and `--json` prints."""

from __future__ import annotations

from driven.frozen import field, frozen
from driven.model.artefact import Loss
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Fidelity
from driven.model.plan import Plan
from driven.model.reach import AlsoRead, Reach
from driven.model.target import Target


@frozen
class RuleStatus:
    """One rule on the status screen. `activation` is `always paths model manual`; `detail` its globs or description."""

    id: str
    title: str
    activation: str
    detail: str
    path: str
    characters: int
    editors: tuple[str, ...]
    active: bool = True  # False: its `when` condition is false


@frozen
class EditorStatus:
    """One editor on the status screen. `largest` is the biggest emitted file in characters, beside its `limit`
    (0: none)."""

    target: Target
    enabled: bool
    plugin: str
    files: int = 0
    characters: int = 0
    largest: int = 0
    largest_path: str = ""
    limit: int = 0
    drift: int = 0
    conflicts: int = 0
    losses: tuple[Loss, ...] = ()


@frozen
class StatusReport:
    """Everything `driven status` shows. `plan` is what a sync would do now."""

    root: str
    rules: tuple[RuleStatus, ...]
    editors: tuple[EditorStatus, ...]
    plan: Plan
    digest: str  # of the rule set, hex


@frozen
class ExplainReport:
    """Which rules hold for `path`: one Reach per rule and editor, editors in config order, rules in effect order."""

    path: str
    exists: bool
    editors: tuple[Target, ...]
    reaches: tuple[Reach, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    counter: str = ""  # the name of the exact token counter, "" when tokens are the characters/4 estimate
    tokens: dict[str, int] = field(default_factory=dict)  # per editor: tokens of all loaded rules
    also: dict[str, tuple[AlsoRead, ...]] = field(default_factory=dict)  # per editor: what it reads beside them


@frozen
class ImportedRule:
    """One rule that an import makes. `files` maps each editor that holds it to the file it was read from; `like` is
    another rule whose text is the same, or nearly so. `activation` and `detail` as in `RuleStatus`."""

    id: str
    files: dict[str, str]
    activation: str
    detail: str = ""
    targets: tuple[str, ...] = ()
    like: str = ""


@frozen
class ImportReport:
    """What an import made. `rules` are the new ones; `plan` is what is (or, with `applied` False, would be) written
    below `.driven/`; `same` are rules that stood there already; `files` counts the editors' files that were read, by
    editor; `ours` are those left unread: a sync wrote them, and nobody changed them since."""

    rules: tuple[ImportedRule, ...]
    plan: Plan
    applied: bool
    same: tuple[str, ...] = ()
    files: dict[str, int] = field(default_factory=dict)
    ours: tuple[str, ...] = ()
    fidelity: Fidelity = Fidelity()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def origins(self) -> dict[str, str]:
        """Rule id -> the file that it came from, the first of several."""
        return {rule.id: next(iter(rule.files.values()), "") for rule in self.rules}


@frozen
class InitReport:
    """What `init` found and wrote: `found` maps an editor's name to the rule files of it that are there already."""

    root: str
    found: dict[str, tuple[str, ...]]
    editors: tuple[str, ...]
    written: tuple[str, ...]
    imported: ImportReport | None = None


@frozen
class ValidateReport:
    """What is wrong in a folder. `rules`: in `.driven/rules`; `files`: editors' files that were looked at; `emitted`:
    how many files driven writes; `silenced`: findings that a comment, the configuration or a baseline took away."""

    root: str
    rules: int
    files: int
    emitted: int
    diagnostics: tuple[Diagnostic, ...]
    silenced: int = 0
