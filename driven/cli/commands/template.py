"""`driven template list`, `search`, `show`, `render`, `apply`, `check` and `new`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import ConfigError, SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driven.cli.app import App
    from driven.format.condition import Facts
    from driven.fusion.template import Template, Variable
    from driven.model.diagnostic import Diagnostic
    from driven.templating.answering import Ask
    from driven.templating.applying import Applied
    from driven.templating.finding import Library

MAX_VALUES = 1 << 20  # bytes of a file of values


def run_list(args: Any, app: App) -> int:
    """List the templates, by kind. Nothing is compiled."""
    from driven.cli.render_templates import show_list

    found = library(app)
    templates = found.all()
    if args.kind:
        templates = [one for one in templates if one.kind == args.kind]
    for tag in args.tag:
        templates = [one for one in templates if tag.lower() in map(str.lower, one.tags)]
    looks = looked_at(found, templates)
    app.answer(
        lambda: {"templates": looks, "diagnostics": _told(found.diagnostics)},
        lambda out: show_list(out, looks, found.diagnostics, app.base),
    )
    return app.outcome(diagnostics=found.diagnostics)


def run_search(args: Any, app: App) -> int:
    """Show the templates that words mean, best first."""
    from driven.cli.render_templates import show_found
    from driven.templating.searching import meant, search

    words = " ".join(args.words)
    if not words.strip():
        raise UsageError("search for what?", hint="`driven template search python errors`")
    found = library(app)
    everything = found.all()
    hits = search(everything, words)
    near = "" if hits else meant(everything, words)
    looks = looked_at(found, hits)
    app.answer(
        lambda: {"templates": looks, "meant": near, "diagnostics": _told(found.diagnostics)},
        lambda out: show_found(out, looks, words, near),
    )
    return 0


def run_show(args: Any, app: App) -> int:
    """Show one: what it is, what it asks for, and the rule that it gives with defaults."""
    from driven.cli.render_templates import show_one
    from driven.fusion.variables import written
    from driven.templating.answering import preview
    from driven.templating.applying import make
    from driven.templating.rendering import Renderer

    found = library(app)
    one = found.find(args.name)
    renderer = Renderer(found)
    values = preview(renderer, [one])
    made = make(renderer, one, values) if one.text.strip() else None
    look = looked_at(found, [one])[0]
    defaults = {v.name: written(values[v.name]) if v.default is not None else "" for v in one.variables}
    data = {
        "template": look, "variables": [_variable(v) for v in one.variables], "include": list(one.include),
        "preview": made.text if made else "", "diagnostics": _told(made.diagnostics if made else ()),
    }  # fmt: skip
    app.answer(lambda: data, lambda out: show_one(out, one, look, defaults, made, app.base))
    return app.outcome(diagnostics=made.diagnostics if made else ())


def run_render(args: Any, app: App) -> int:
    """Print the rule that a template gives; nothing is written."""
    from driven.cli.render_findings import show_findings
    from driven.templating.answering import answers
    from driven.templating.applying import make
    from driven.templating.rendering import Renderer

    found = library(app)
    one = found.find(args.name)
    renderer = Renderer(found)
    values = answers(renderer, [one], given(args))
    if not one.text.strip():
        raise UsageError(
            f"`{one.name}` has no text of its own", hint=f"it is `{'`, `'.join(one.include)}`: render those"
        )  # fmt: skip
    made = make(renderer, one, values, getattr(args, "as"))
    data = {
        "template": one.name, "rule": made.rule_id, "text": made.text, "values": values,
        "diagnostics": _told(made.diagnostics),
    }  # fmt: skip
    app.answer(lambda: data, lambda out: out.raw(_plain(made.text)))
    if not app.json:
        show_findings(app.out, made.diagnostics, app.base, error=True)
    return app.outcome(diagnostics=made.diagnostics)


def run_apply(args: Any, app: App) -> int:
    """Write the rules that templates give, all or none. 4 where another rule, or an edit, stands in the way."""
    from driven.cli.render_templates import show_applied
    from driven.templating.applying import carry_out, prepare

    if not args.names:
        raise UsageError("which template?", hint="`driven template list` shows them")
    if args.keep and args.force:
        raise UsageError("`--keep` and `--force` exclude each other", hint="give one: `--keep` leaves your edits")
    found = library(app, app.root)
    _known(found, args.names)
    made = prepare(
        found, args.names, given(args), ask=asking(args, app), rule_id=getattr(args, "as"), force=args.force,
        keep=args.keep,
    )  # fmt: skip
    if made.is_sound and not args.dry_run:
        made = carry_out(made)
    app.answer(lambda: applied(made, diff=args.dry_run), lambda out: show_applied(out, made, dry=args.dry_run))
    return app.outcome(conflicts=bool(made.plan.conflicts), diagnostics=made.diagnostics)


def _known(found: Library, names: Sequence[str]) -> None:
    """UsageError for names that are none, all of them at once."""
    wrong: list[UsageError] = []
    for name in names:
        try:
            found.locate(name)
        except UsageError as error:
            wrong.append(UsageError(f"{error.message}: nothing was written", hint=error.hint))
    if wrong:
        wrong[0].more = tuple(wrong[1:])
        raise wrong[0]


def run_check(args: Any, app: App) -> int:
    """Tell every mistake of the project's own templates, or of those that are named. 1 when there are errors, with
    --strict also when there are warnings."""
    from driven.cli.render_templates import show_checked
    from driven.templating.checking import check

    made = check(library(app), args.names)
    app.answer(
        lambda: {"templates": list(made.names), "diagnostics": _told(made.diagnostics)},
        lambda out: show_checked(out, made, app.base),
    )
    failing = ("error", "warning") if args.strict else ("error",)
    return app.outcome(findings=any(one.severity in failing for one in made.diagnostics))


def run_new(args: Any, app: App) -> int:
    """Write a new template into `.driven/templates`."""
    from driven.templating.writing import new

    path = new(app.root, args.name, args.from_ or "")
    app.answer(lambda: {"path": path}, lambda out: out.line(("+ ", "green"), path))
    if not app.json:
        shows = f"`driven template show {args.name}` shows what it gives"
        app.out.note((f"edit it; {shows}, `driven template check` what is wrong with it", "dim"))
    return 0


def library(app: App, root: str = "") -> Library:
    """Every template that can be used at `root` (default: the project's folder, or here)."""
    from driven import registry
    from driven.templating.finding import Library

    root = root or app.base
    state = os.path.join(root, ".driven", "state")
    index = os.path.join(state, "plugins.index") if os.path.isdir(state) else None
    return Library(root, registry.load(index_path=index, editors=(), templates=True))


def given(args: Any) -> dict[str, object]:
    """The values of `--values`, and over them those of `--set`."""
    from driven.templating.answering import parsed

    return {**(_values_of(args.values) if args.values else {}), **parsed(args.set)}


def asking(args: Any, app: App) -> Ask | None:
    """What asks a person for a value; None where nobody is to be asked."""
    if args.yes or app.json or not app.out.can_ask():
        return None
    from driven.cli.render_templates import asker

    return asker(app.out)


def applied(made: Applied, *, diff: bool) -> dict[str, Any]:
    """What applying came to, as `--json` says it."""
    from driven.cli import data

    return {
        "applied": made.done, "templates": [one.template.name for one in made.made],
        "rules": [one.rule_id for one in made.made], "values": dict(made.values),
        "changes": [data.change(change, diff=diff or bool(made.plan.conflicts)) for change in made.plan.changes],
        "diagnostics": _told(made.diagnostics),
    }  # fmt: skip


def looked_at(found: Library, templates: Sequence[Template]) -> list[dict[str, Any]]:
    """What lists say of templates. `holds`: whether the condition is true here, null where there is none or a value
    decides it; `there`: whether a rule of its id stands in the project; `applied`: the rules that it gave."""
    from driven.model.diagnostic import of_error
    from driven.templating.conditions import condition_of, holds
    from driven.templating.finding import standing_ids
    from driven.templating.kept import read_kept

    ids = standing_ids(found.root)
    made: dict[str, list[dict[str, Any]]] = {}
    try:
        kept = read_kept(found.root)
    except ConfigError as error:  # the templates can be looked at all the same
        found.diagnostics += of_error(error)
        kept = {}
    for rule_id, one in kept.items():
        if rule_id in ids:
            made.setdefault(one.name, []).append({"rule": rule_id, "answers": dict(one.answers)})
    conditions = {one.name: condition_of(found, one) for one in templates}
    facts = _facts(found.root) if any(conditions.values()) else None
    return [
        {
            "name": one.name, "title": one.title, "description": one.description, "kind": one.kind,
            "tags": list(one.tags), "origin": one.origin, "path": one.path, "condition": conditions[one.name],
            "holds": holds(conditions[one.name], facts) if facts is not None else None, "rule": one.rule_id,
            "there": one.rule_id in ids, "applied": made.get(one.name, []),
        }
        for one in templates
    ]  # fmt: skip


def _facts(root: str) -> Facts:
    from driven.format.condition import Facts
    from driven.project.listing import list_files

    return Facts(list_files(root))


def _variable(one: Variable) -> dict[str, Any]:
    return {
        "name": one.name, "type": one.type, "help": one.help, "default": one.default,
        "choices": [{"label": label, "value": value} for label, value in one.choices],
        "multiselect": one.multiselect, "multiline": one.multiline, "when": one.when, "validator": one.validator,
    }  # fmt: skip


def _told(found: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    from driven.cli.data import diagnostics

    return diagnostics(found)


def _plain(text: str) -> str:
    """A text as it is, but for what a terminal would obey."""
    from driven.cli.text import safe_line

    return "".join(safe_line(line) + "\n" for line in text.removesuffix("\n").split("\n"))


def _values_of(path: str) -> dict[str, object]:
    """The values in a file: TOML, JSON or YAML by its name. UsageError or SourceError when they cannot be had."""
    from driven.project.reading import read_file

    try:
        data = read_file(path, MAX_VALUES)[0]
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"`{path}` cannot be read: {why.lower()}", hint="name a file of values") from None
    end = os.path.splitext(path)[1].lower()
    try:
        if end == ".toml":
            import tomllib

            found: object = tomllib.loads(text)
        elif end == ".json":
            import json

            found = json.loads(text)
        elif end in (".yaml", ".yml"):
            from driven.format.yaml12 import load_yaml

            loaded = load_yaml(text, path=path)
            if loaded.diagnostics:
                wrong = loaded.diagnostics[0]
                raise SourceError(wrong.message, hint=wrong.hint, span=wrong.span)
            found = loaded.values
        else:
            raise UsageError(f"`{path}` is no file of values", hint="its name ends in .toml, .json, .yaml or .yml")
    except (ValueError, RecursionError) as error:
        raise SourceError(f"`{path}` does not parse: {str(error).splitlines()[0]}", hint="correct it") from None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise SourceError(f"`{path}` is no mapping of names to values", hint="write `name = value` lines")
    return found
