"""The forms that rules come in, for `driven convert`: rule files, .drv, .json, and every editor's own files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from driven.cli import files
from driven.errors import SourceError, UsageError
from driven.grammar.suggest import did_you_mean
from driven.model.artefact import Artefact, Loss, Settings
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule, RuleSet

if TYPE_CHECKING:
    from driven.hookspecs import Emitter, Importer, SourceFile

OWN_FORMS = ("rules", "drv", "json")
_ENDINGS = {".drv": "drv", ".json": "json"}
_MAX_RULE = 1 << 20  # bytes of one rule file, or of one editor's file


def check_form(form: str, known: Iterable[str]) -> None:
    """UsageError when `form` is neither one of ours nor an editor in `known`."""
    names = (*OWN_FORMS, *known)
    if form not in names:
        hint = did_you_mean(form, names, otherwise=f"one of: {', '.join(names)}")
        raise UsageError(f"there is no form `{form}`", hint=hint)


# Reading


def read_rules(path: str, form: str, importers: Mapping[str, Importer]) -> tuple[str, RuleSet, tuple[Diagnostic, ...]]:
    """What stands at `path`: its form (told, or found when `form` is ""), the rules, and what is wrong with them."""
    if not os.path.exists(path):
        raise SourceError(f"there is no `{path}`", hint="IN is a file or a folder of rules")
    names = files.walk(path) if os.path.isdir(path) else [""]
    form = form or _form_of(path, names, importers)
    if form == "drv":
        from driven.format.drv import from_drv

        return form, from_drv(files.read(path), path=path), ()
    if form == "json":
        from driven.format.rules_json import from_json

        return form, from_json(_decode(path)), ()
    rules, diagnostics = (
        _read_rule_files(path, names) if form == "rules" else _read_editor(path, names, importers[form])
    )  # fmt: skip
    try:
        return form, RuleSet.of(rules), diagnostics
    except ValueError:
        ids = [rule.id for rule in rules]
        twice = next(name for name in ids if ids.count(name) > 1)
        raise SourceError(f"two files give the rule `{twice}`", hint="rename one of them") from None


def _decode(path: str) -> str:
    try:
        return files.read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"`{path}` is not UTF-8 at byte {error.start}", hint="save it as UTF-8") from None


def _form_of(path: str, names: Sequence[str], importers: Mapping[str, Importer]) -> str:
    """By the ending, else by the editor whose files these are, else rule files."""
    ending = os.path.splitext(path)[1].lower()
    if not os.path.isdir(path) and ending in _ENDINGS:
        return _ENDINGS[ending]
    if os.path.isdir(os.path.join(path, ".driven", "rules")):
        return "rules"
    found = [name for name, importer in importers.items() if any(_spelled(path, n, importer) for n in names)]
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"say which with --from: {', '.join(found)}"
        raise UsageError(f"`{path}` holds files of several editors", hint=hint)
    if any(name.endswith(".md") for name in ([path] if names == [""] else names)):
        return "rules"
    raise UsageError(
        f"`{path}` is of no form that is known", hint=f"say which with --from: {', '.join((*OWN_FORMS, *importers))}"
    )  # fmt: skip


def _spelled(path: str, name: str, importer: Importer) -> str:
    """The path of a file as the editor knows it, from the project's root; "" when no pattern of the importer matches.

    The root is IN itself when the patterns match from there, else the nearest folder above from where they do.
    """
    from driven.core.globs import Glob

    globs = [Glob(pattern) for pattern in importer.patterns]
    whole = os.path.abspath(os.path.join(path, *name.split("/"))).replace(os.sep, "/").lstrip("/")
    tails = [name] if name else []
    tails += [tail for tail in reversed(_tails(whole)) if len(tail) > len(name)]
    return next((tail for tail in tails if any(glob.match(tail) for glob in globs)), "")


def _tails(path: str) -> list[str]:
    """`a/b/c` -> `a/b/c`, `b/c`, `c`."""
    parts = path.split("/") if path else []
    return ["/".join(parts[i:]) for i in range(max(0, len(parts) - 32), len(parts))]


def _read_rule_files(path: str, names: Sequence[str]) -> tuple[list[Rule], tuple[Diagnostic, ...]]:
    from driven.format.text import parse_rule, rule_id_for

    own = os.path.join(path, ".driven", "rules")
    if os.path.isdir(own):
        path, names = own, files.walk(own)
    project = project_of(path)
    rules: list[Rule] = []
    found: list[Diagnostic] = []
    for name in names:
        shown = name or os.path.basename(path)
        if name and not name.endswith(".md"):
            continue
        file = os.path.join(path, *name.split("/")) if name else path
        spelled = os.path.relpath(file, project).replace(os.sep, "/") if project else shown
        rule, diagnostics = parse_rule(files.read(file, _MAX_RULE), path=spelled, rule_id=rule_id_for(shown))
        found += diagnostics
        if rule is not None:
            rules.append(rule)
    return rules, tuple(found)


def _read_editor(path: str, names: Sequence[str], importer: Importer) -> tuple[list[Rule], tuple[Diagnostic, ...]]:
    from driven.hookspecs import SourceFile

    given: list[SourceFile] = []
    for name in names:
        spelled = _spelled(path, name, importer)
        if spelled or not name:
            file = os.path.join(path, *name.split("/")) if name else path
            given.append(SourceFile(path=spelled or os.path.basename(path), data=files.read(file, _MAX_RULE)))
    made = importer.read(given)
    return list(made.rules), tuple(made.diagnostics)


# Writing


def form_of_output(path: str) -> str:
    """What OUT is by its name: .drv, .json, else rule files."""
    return _ENDINGS.get(os.path.splitext(path)[1].lower(), "rules")


def write_rules(
    rules: RuleSet, path: str, form: str, emitters: Mapping[str, Emitter], *, compress: bool, source: bool, project: str
) -> tuple[dict[str, bytes], tuple[Loss, ...]]:
    """The files, by path, that hold `rules` in `form` at `path`, and what the form cannot say. An editor gets those
    whose condition holds in the folder `project`, all where that is ""."""
    if form == "drv":
        from driven.format.drv import to_drv

        return {path: to_drv(rules, compress=compress, source=source)}, ()
    if form == "json":
        from driven.format.rules_json import to_json

        return {path: to_json(rules, source=source, indent=2).rstrip("\n").encode() + b"\n"}, ()
    if form == "rules":
        return _rule_files(rules, path, source=source), ()
    chosen, losses = _active(rules, form, project)
    made, more = _editor_files(chosen, path, emitters[form])
    return made, (*losses, *more)


def project_of(path: str) -> str:
    """The root of the project of which `path` is, or lies in, the folder of rules; "" when it is none."""
    if os.path.isdir(os.path.join(path, ".driven", "rules")):
        return path
    folder, found, below = os.path.abspath(path).partition(os.path.join(os.sep, ".driven", "rules"))
    return (folder or os.sep) if found and below[:1] in ("", os.sep) else ""


def _active(rules: RuleSet, editor: str, project: str) -> tuple[list[Rule], list[Loss]]:
    """The rules for `editor`, without those whose condition is false in `project`, each of which is a loss."""
    chosen = [rule for rule in rules if rule.for_editor(editor)]
    asked = [rule for rule in chosen if rule.when]
    if not asked:
        return chosen, []
    if not project:
        reason = "its condition `{}` is not looked at: it was not read from a project's .driven/rules"
        return chosen, [_loss(rule, editor, "approximated", reason) for rule in asked]
    from driven.format.condition import Facts, evaluate
    from driven.project.listing import list_files

    facts = Facts(list_files(project))
    out = {rule.id: rule for rule in asked if not evaluate(rule.when, facts)}
    losses = [_loss(rule, editor, "dropped", "its condition `{}` is false in this project") for rule in out.values()]
    return [rule for rule in chosen if rule.id not in out], losses


def _loss(rule: Rule, editor: str, kind: Literal["approximated", "dropped"], reason: str) -> Loss:
    return Loss(rule_id=rule.id, kind=kind, reason=reason.format(" ".join(rule.when.split())), editor=editor)


def _rule_files(rules: RuleSet, path: str, *, source: bool) -> dict[str, bytes]:
    from driven.format.text import render_rule
    from driven.frozen import replace
    from driven.model.rule import Source

    single = path.lower().endswith(".md")
    if single and len(rules) != 1:
        raise UsageError(f"`{path}` can hold one rule, not {len(rules)}", hint="name a folder")
    made: dict[str, bytes] = {}
    for rule in rules:
        name = path if single else os.path.join(path, *f"{rule.id}.md".split("/"))
        made[name] = render_rule(rule if source else replace(rule, source=Source()))
    return made


def _editor_files(rules: Sequence[Rule], path: str, emitter: Emitter) -> tuple[dict[str, bytes], tuple[Loss, ...]]:
    settings = Settings(options=emitter.target.options, editors=frozenset({emitter.target.name}))
    emission = emitter.emit(rules, settings)
    made: dict[str, bytes] = {}
    for artefact in emission.artefacts:
        file = os.path.join(path, *artefact.path.split("/"))
        made[file] = _join(made.get(file), artefact)
    return made, emission.losses


def _join(before: bytes | None, artefact: Artefact) -> bytes:
    """A shared file, as it would stand in a project where nobody else writes it."""
    from driven.format.parts import put_part

    return put_part(artefact.ownership, before, artefact.text.encode())
