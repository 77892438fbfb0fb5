"""Bringing rules in: the files that editors have already, as rules of `.driven/`; nothing is deleted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from driven.bringing import bring
from driven.errors import DrivenError, UsageError
from driven.frozen import field, record, replace
from driven.gathering import Gathered, gather
from driven.hookspecs import Importer
from driven.joining import Joined, Member, join
from driven.model.activation import ForPaths, WhenRelevant, activation_word
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct, Fidelity
from driven.model.plan import Lock, Owned, Plan
from driven.model.report import ImportedRule, ImportReport, InitReport
from driven.placing import Placing
from driven.project import ledger
from driven.project.config import CONFIG, Config, known_editors, read_config
from driven.project.disk import STATE, Tree
from driven.project.finder import Finder
from driven.project.sources import RULES, load_sources
from driven.project.writer import Writer
from driven.registry import Registry
from driven.registry import load as load_plugins
from driven.rehearsal import Desk
from driven.span import Span

STARTER = """\
---
description: How to work in this project
---

# Working here

- Read README.md before the first change.
- Run the tests before you say that work is done.
"""


@record
class Prepared:
    """An import that is planned and not carried out. `entered` are the lines that it adds to `outputs.lock`."""

    root: str
    report: ImportReport
    found: dict[str, tuple[str, ...]]  # editor -> the files of it that gave a rule
    entered: dict[Owned, frozenset[str]] = field(default_factory=dict)


def detect(root: str) -> dict[str, tuple[str, ...]]:
    """Editor name -> the rule files of it that stand in `root` already; editors without any are left out. Of an editor
    whose files can be imported, those that give a rule."""
    plugins = _plugins(root)
    finder = Finder(root)
    found = {
        name: tuple(sorted({path for pattern in emitter.target.files for path in finder.matching(pattern)}))
        for name, emitter in plugins.emitters.items()
        if name not in plugins.importers
    }
    found.update(_prepare(root, plugins, [], None, {}).found)
    return {name: found[name] for name in plugins.emitters if found.get(name)}


def rehearse(root: str, editors: Sequence[str]) -> ImportReport:
    """What `init` would import for these editors; nothing is written."""
    return _prepare(root, _plugins(root), [], None, {}, Config(editors={name: {} for name in editors})).report


def init(
    root: str, *, editors: Sequence[str] = (), import_found: bool = True, starter: bool = True
) -> InitReport:  # fmt: skip
    """Make `root` a project: a configuration, and rules from the files that are there, else one to start with, unless
    other ones come next (`starter` False).

    `editors` are those to enable; none given: those whose files were found, else every one but `agents`.
    UsageError when it is a project already or an editor is unknown.
    """
    if os.path.lexists(os.path.join(root, CONFIG)) or read_config(root).path:
        raise UsageError(f"`{root}` is a project already", hint="`driven status` shows it; `driven import` adds rules")
    known = list(_plugins(root).emitters)
    for name in editors:
        if name not in known:
            raise UsageError(f"unknown editor `{name}`", hint="it can be " + ", ".join(known))
    found = detect(root)
    chosen = [*editors] or [*found] or [name for name in known if name != "agents"]
    lines = ["version = 1", "", "[editors]", *(f"{name} = {str(name in chosen).lower()}" for name in known), ""]
    written = [CONFIG]
    with Tree(root) as tree, Writer(tree):
        ledger.prepare_state(tree)
        tree.write_state(CONFIG, "\n".join(lines).encode(), durable=True)
        tree.folder(RULES, create=True)
    imported = import_files(root, []) if import_found else None
    if starter and not any(os.scandir(os.path.join(root, RULES))):
        with Tree(root) as tree, Writer(tree):
            tree.write_state(f"{RULES}/working-here.md", STARTER.encode(), durable=True)
        written.append(f"{RULES}/working-here.md")
    elif imported is not None:
        written.extend(change.path for change in imported.plan.writes)
    return InitReport(root=root, found=found, editors=tuple(chosen), written=tuple(written), imported=imported)


def import_files(root: str, paths: Sequence[str], *, editor: str | None = None, dry_run: bool = False) -> ImportReport:
    """Make rules of the files at `paths` (folders are searched), or of every file that an importer knows: `prepare`,
    and unless `dry_run` is asked for, `carry_out`."""
    prepared = prepare(root, paths, editor=editor)
    return prepared.report if dry_run else carry_out(prepared)


def prepare(root: str, paths: Sequence[str], *, editor: str | None = None) -> Prepared:
    """Plan an import; nothing is written. UsageError for a path or an editor that gives nothing.

    What several editors say alike becomes one rule. A file whose rule is there already, with the same text and
    activation, adds nothing; one whose rule differs is a conflict and that rule stays. Files that a sync would write
    where they stand will be entered in `outputs.lock` as ours.
    """
    return _prepare(root, _plugins(root), paths, editor, ledger.read_lock(root))


def carry_out(prepared: Prepared) -> ImportReport:
    """Write what was planned. DiskError when the disk refuses, or when a file came to stand in the way meanwhile."""
    bring(prepared.root, "import", prepared.report.plan.writes, entered=prepared.entered)
    return replace(prepared.report, applied=True)


def _prepare(
    root: str, plugins: Registry, paths: Sequence[str], editor: str | None, lock: Lock, config: Config | None = None
) -> Prepared:
    importers = _importers(plugins, editor)
    options = {name: emitter.target.allowed for name, emitter in plugins.emitters.items()}
    config, _ = known_editors(config or read_config(root, options), options)
    gathered = gather(root, paths, importers, lock)
    read = _Reading(gathered, importers)
    desk = Desk(plugins, config, read.members)
    is_project = os.path.isdir(os.path.join(root, RULES))
    there = load_sources(root, ledger.Memory(), emitted=False).rules if is_project else {}
    joined = join(read.members, desk.fate, desk.touches, config.editors, there)
    desk.set_apart(joined, there)
    diagnostics = [*gathered.diagnostics, *read.diagnostics, *_hidden_in(read.members)]
    with Tree(root) as tree:
        placing = Placing(tree, desk, there, importers)
        for one in joined:
            placing.place(one)
    like = placing.compare()
    diagnostics += placing.diagnostics
    names = {(m.editor, m.rule.id): one.rule.id for one in joined for m in one.members}
    names |= {(m.editor, m.rule.id): rule_id for rule_id, m in placing.said}
    diagnostics = [replace(d, rule_id=names.get((_editor_of(d, gathered), d.rule_id), d.rule_id)) for d in diagnostics]
    constructs = tuple(replace(c, rule_id=names.get((c.editor, c.rule_id), c.rule_id)) for c in read.constructs)
    entered, written, anew = desk.output([*placing.new, *placing.grown], gathered)
    diagnostics += anew
    plan = Plan(changes=tuple(sorted(placing.changes, key=lambda change: change.path)), diagnostics=tuple(diagnostics))
    report = ImportReport(
        rules=tuple(_imported(one, like.get(one.rule.id, "")) for one in placing.new), plan=plan, applied=False,
        same=tuple(dict.fromkeys(rule_id for rule_id, _ in placing.said)),
        files=gathered.counts, ours=tuple(sorted(gathered.ours)),
        fidelity=Fidelity(read=constructs, written=written), diagnostics=tuple(diagnostics),
    )  # fmt: skip
    found: dict[str, dict[str, None]] = {}
    for member in read.members:
        found.setdefault(member.editor, {})[member.path] = None
    return Prepared(root, report, {name: tuple(sorted(files)) for name, files in found.items()}, entered)


def _plugins(root: str) -> Registry:
    index = os.path.join(root, STATE, "plugins.index")
    return load_plugins(index_path=index if os.path.isdir(os.path.join(root, STATE)) else None)


def _importers(plugins: Registry, editor: str | None) -> dict[str, Importer]:
    if editor is None:
        return dict(plugins.importers)
    if editor not in plugins.importers:
        raise UsageError(
            f"no plugin reads the files of `{editor}`", hint="it can be " + ", ".join(sorted(plugins.importers))
        )
    return {editor: plugins.importers[editor]}


def _editor_of(finding: Diagnostic, gathered: Gathered) -> str:
    return next((name for name, files in gathered.files.items() if finding.span.path in files), "")


def _hidden_in(members: Sequence[Member]) -> list[Diagnostic]:
    """What files say to a model and hide from who imports them: told, and imported all the same, as warnings."""
    from driven.trust.scan import scan_bytes

    files: dict[str, tuple[bytes, set[str]]] = {}
    for member in members:
        files.setdefault(member.path, (member.data, set()))[1].add(member.rule.id)
    found = []
    for path, (data, ids) in files.items():
        rule_id = next(iter(ids)) if len(ids) == 1 else ""
        for one in scan_bytes(path, data):
            severity = "warning" if one.severity == "error" else one.severity
            found.append(replace(one, severity=severity, rule_id=rule_id))
    return found


def _imported(one: Joined, like: str) -> ImportedRule:
    rule = one.rule
    match rule.activation:
        case ForPaths(globs):
            detail = ", ".join(globs)
        case WhenRelevant(description):
            detail = description
        case _:
            detail = ""
    files: dict[str, str] = {}
    for member in one.members:
        files.setdefault(member.editor, member.path)
    return ImportedRule(
        id=rule.id, files=files,
        activation=activation_word(rule.activation), detail=detail, targets=rule.targets, like=like,
    )  # fmt: skip


class _Reading:
    """What the importers make of the files."""

    def __init__(self, gathered: Gathered, importers: Mapping[str, Importer]) -> None:
        self.members: list[Member] = []
        self.diagnostics: list[Diagnostic] = []
        self.constructs: list[Construct] = []
        for name, importer in importers.items():
            files = gathered.files.get(name)
            if not files:
                continue
            try:
                imported = importer.read([found.file for found in files.values()])
            except DrivenError as error:  # a plugin's failure leaves the other editors' files alone
                self.diagnostics.append(
                    Diagnostic(code="IMP13", severity="error", message=error.message, span=Span(path=name))
                )
                continue
            self.diagnostics += imported.diagnostics
            self.constructs += imported.fidelity
            for rule in imported.rules:
                path = imported.files.get(rule.id, "")
                if path in files and gathered.is_lent(name, path):
                    continue
                data = files[path].file.data if path in files else b""
                natives = tuple(editor for editor in gathered.natives.get(path, ()) if editor != name)
                self.members.append(Member(name, path, rule, data, natives))
