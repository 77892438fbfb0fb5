"""Bringing rules in: the files that editors have already, as rules of `.driven/`; nothing is deleted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from driven.core.globs import Glob, literal_prefix
from driven.errors import DiskError, PluginError, UsageError
from driven.format.hashes import digest
from driven.format.text import MAX_RULE_BYTES, parse_rule, render_rule
from driven.hookspecs import Importer, SourceFile
from driven.model.artefact import Settings, WholeFile
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Change, Conflict, Create, Keep, Owned, Plan
from driven.model.report import ImportReport, InitReport
from driven.model.rule import Rule
from driven.planning import fold
from driven.plugin_kit import body_text
from driven.project import ledger
from driven.project.config import CONFIG, Config, known_editors, read_config
from driven.project.disk import JOURNAL, STATE, Tree
from driven.project.finder import Finder, walk
from driven.project.reading import read_file
from driven.project.sources import RULES
from driven.project.writer import Writer
from driven.registry import Registry
from driven.registry import load as load_plugins
from driven.span import Span

STARTER = """\
---
description: How to work in this project
---

# Working here

- Read README.md before the first change.
- Run the tests before you say that work is done.
"""


def detect(root: str) -> dict[str, tuple[str, ...]]:
    """Editor name -> the rule files of it that stand in `root` already; editors without any are left out."""
    found: dict[str, tuple[str, ...]] = {}
    plugins = _plugins(root)
    finder = Finder(root)
    for name, emitter in plugins.emitters.items():
        importer = plugins.importers.get(name)
        patterns = dict.fromkeys((*emitter.target.files, *(importer.patterns if importer else ())))
        paths = sorted({path for pattern in patterns for path in finder.matching(pattern)})
        if paths:
            found[name] = tuple(paths)
    return found


def init(root: str, *, editors: Sequence[str] = (), import_found: bool = True) -> InitReport:
    """Make `root` a project: a configuration, and rules from the files that are there, else one to start with.

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
    with Tree(root) as tree:
        ledger.prepare_state(tree)
        with Writer(tree):
            tree.write_state(CONFIG, "\n".join(lines).encode(), durable=True)
            tree.folder(RULES, create=True)
    imported = import_files(root, []) if import_found else None
    if not any(os.scandir(os.path.join(root, RULES))):
        with Tree(root) as tree, Writer(tree):
            tree.write_state(f"{RULES}/working-here.md", STARTER.encode(), durable=True)
        written.append(f"{RULES}/working-here.md")
    elif imported is not None:
        written.extend(change.path for change in imported.plan.writes)
    return InitReport(root=root, found=found, editors=tuple(chosen), written=tuple(written), imported=imported)


def import_files(root: str, paths: Sequence[str], *, editor: str | None = None, dry_run: bool = False) -> ImportReport:
    """Make rules of the files at `paths` (folders are searched), or of every file that an importer knows.

    A file outside the project is read as if it stood where its editor looks. A file whose rule is there already, with
    the same text and activation, adds nothing; one whose rule differs is a conflict and that rule stays. Files that a
    sync would write where they stand are entered in `outputs.lock` as ours.
    """
    plugins = _plugins(root)
    importers = _importers(plugins, editor)
    config, _ = known_editors(read_config(root), {name: e.target.allowed for name, e in plugins.emitters.items()})
    diagnostics: list[Diagnostic] = []
    files = _collect(root, paths, importers, diagnostics)
    with Tree(root) as tree:
        changes: dict[str, Change] = {}
        made: dict[str, Rule] = {}
        rules: dict[str, str] = {}
        same: dict[str, str] = {}
        entered: dict[str, tuple[Owned, str]] = {}
        for name, importer in importers.items():
            mine = files.get(name, {})
            imported = importer.read([file for file, _ in mine.values()])
            diagnostics.extend(imported.diagnostics)
            for rule in imported.rules:
                origin = imported.files.get(rule.id, "")
                first = made.setdefault(rule.id, rule)
                if first is not rule and _says_the_same(first, rule):
                    continue
                change = _place(tree, rule, origin) if first is rule else _clash(rule, origin)
                changes[change.path] = change
                if isinstance(change, Conflict):
                    for held in (entered, rules, same):
                        held.pop(rule.id, None)
                    continue
                if isinstance(change, Create):
                    rules[rule.id] = origin
                else:
                    same[rule.id] = origin
                    if change.reason:  # a sync would write the file anew: that is for the sync to ask
                        continue
                file, inside = mine.get(origin, (None, False))
                if file is not None and inside and _is_written(plugins, config, name, rule, origin):
                    entered[rule.id] = (origin, name, "file"), digest(file.data)
        plan = Plan(
            changes=tuple(changes[path] for path in sorted(changes)), diagnostics=tuple(diagnostics)
        )  # fmt: skip
        if not dry_run and (plan.writes or entered):
            ledger.prepare_state(tree)
            with Writer(tree):
                _apply(root, tree, plan, {owned: frozenset((known,)) for owned, known in entered.values()})
    return ImportReport(
        rules=rules, plan=plan, applied=not dry_run, same=tuple(same), diagnostics=tuple(diagnostics)
    )  # fmt: skip


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


def _is_written(plugins: Registry, config: Config, name: str, rule: Rule, path: str) -> bool:
    """Whether a sync would write the rule to `path` for the editor `name`: only then may it delete the file one day."""
    if name not in config.editors or name not in plugins.emitters:
        return False
    emitter = plugins.emitters[name]
    settings = Settings(
        options={**emitter.target.options, **config.editors[name]},
        editors=frozenset(config.editors), always=config.always, header=config.header,
    )  # fmt: skip
    try:
        artefacts = emitter.emit([rule], settings).artefacts
    except PluginError:  # the sync will say so
        return False
    return any(artefact.path == path and isinstance(artefact.ownership, WholeFile) for artefact in artefacts)


def _says_the_same(one: Rule, two: Rule) -> bool:
    return one.activation == two.activation and body_text(one.body) == body_text(two.body)


def _clash(rule: Rule, origin: str) -> Conflict:
    return Conflict(
        path=f"{RULES}/{rule.id}.md", drift="foreign", before=b"", after=render_rule(rule), rule_ids=(rule.id,),
        message=f"`{origin}` and another file give one rule, `{rule.id}`",
        hint="rename one of the two files, then import again",
    )  # fmt: skip


def _place(tree: Tree, rule: Rule, origin: str) -> Create | Keep | Conflict:
    """Where the rule goes, and whether it can. A `Keep` with a reason: it is there, if not byte for byte."""
    path = f"{RULES}/{rule.id}.md"
    text = render_rule(rule)
    standing = tree.read(path)
    if standing.kind == "absent":
        return Create(path=path, after=text, rule_ids=(rule.id,))
    if standing.kind == "file" and standing.data == text:
        return Keep(path=path, rule_ids=(rule.id,))
    there = parse_rule(standing.data, path=path, rule_id=rule.id)[0] if standing.kind == "file" else None
    if there is not None and _says_the_same(there, rule):
        return Keep(path=path, rule_ids=(rule.id,), reason=f"it says what `{origin}` says")
    return Conflict(
        path=path, drift="foreign", before=standing.data, after=text, rule_ids=(rule.id,),
        message=standing.note or f"a rule stands here already, and differs from `{origin}`",
        hint="delete or rename it to import anew, or leave out that file",
    )  # fmt: skip


def _apply(root: str, tree: Tree, plan: Plan, entered: Mapping[Owned, frozenset[str]]) -> None:
    lock = ledger.read_lock(root)
    applied = tree.apply(plan.writes, ledger.render_lock(lock))
    for path, why in applied.failed.items():
        raise DiskError(f"`{path}` {why}")
    ledger.write_lock(tree, {**lock, **entered}, lock)
    tree.remove_state(JOURNAL)
    ledger.forget(tree)


def _collect(
    root: str, paths: Sequence[str], importers: Mapping[str, Importer], diagnostics: list[Diagnostic]
) -> dict[str, dict[str, tuple[SourceFile, bool]]]:
    """Editor -> path -> (the file, whether it stands in the project at that path)."""
    files: dict[str, dict[str, tuple[SourceFile, bool]]] = {}
    folded: dict[tuple[str, str], str] = {}

    def add(name: str, path: str, full: str, inside: bool) -> None:
        first = folded.setdefault((name, fold(path)), path)
        if first != path or not path.isprintable():
            why = f"it and `{first}` are one file on some disks" if first != path else "its name is no plain text"
            diagnostics.append(
                Diagnostic(
                    code="IMP02", severity="error", message=f"`{path}` was left out: {why}", span=Span(path=path),
                    hint="rename it, then import again",
                )
            )  # fmt: skip
            return
        data = _read(full, path, diagnostics)
        if data is not None:
            files.setdefault(name, {})[path] = (SourceFile(path=path, data=data), inside)

    if not paths:
        finder = Finder(root)
        for name, importer in importers.items():
            for path in dict.fromkeys(path for pattern in importer.patterns for path in finder.matching(pattern)):
                add(name, path, os.path.join(root, path), True)
        return files
    for given in paths:
        top = os.path.abspath(given)
        if not os.path.lexists(top):
            raise UsageError(f"no file or folder `{given}`", hint="without a path, `driven import` finds them itself")
        taken = 0
        for full in sorted(walk(top)) if os.path.isdir(top) else [top]:
            placed = _where(root, full, os.path.dirname(full) if full == top else top, importers)
            if placed is not None:
                add(placed[0], placed[1], full, placed[2])
                taken += 1
        if not taken:
            patterns = ", ".join(f"`{pattern}`" for importer in importers.values() for pattern in importer.patterns)
            raise UsageError(f"`{given}` holds no file that can be imported", hint=f"these can: {patterns}")
    return files


def _where(root: str, full: str, top: str, importers: Mapping[str, Importer]) -> tuple[str, str, bool] | None:
    """(editor, path in the project, whether it stands there) of a file named on the command line."""
    relative = os.path.relpath(full, root).replace(os.sep, "/")
    if not relative.startswith("../"):
        for name, importer in importers.items():
            if any(Glob(pattern).match(relative) for pattern in importer.patterns):
                return name, relative, True
    below = os.path.relpath(full, top).replace(os.sep, "/")
    for name, importer in importers.items():
        for pattern in importer.patterns:
            for path in (below, f"{literal_prefix(pattern)}/{below}".lstrip("/")):
                if Glob(pattern).match(path):
                    return name, path, False
    return None


def _read(full: str, path: str, diagnostics: list[Diagnostic]) -> bytes | None:
    try:
        return read_file(full, MAX_RULE_BYTES)[0]
    except OSError as error:
        message = f"`{path}` was left out, it cannot be read: {(error.strerror or 'unknown').lower()}"
    hint = f"correct it, or leave it out; a rule is a file of at most {MAX_RULE_BYTES:,} bytes"
    diagnostics.append(Diagnostic(code="IMP01", severity="error", message=message, span=Span(path=path), hint=hint))
    return None
