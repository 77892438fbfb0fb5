"""`driven init`: set up `.driven/` for the editors in use, with the rules that are there already."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from driven.errors import DrivenError, ProjectError, SourceError, UsageError
from driven.grammar.suggest import did_you_mean

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.model.report import ImportReport, InitReport

_OFFERED = 6  # templates in a question
_TRIES = 3  # answers that mean nothing before the question is given up


def run(args: Any, app: App) -> int:
    """Ask on a terminal, unless --yes or --json; then write. The codes of `driven import` when it imports."""
    from driven import intake
    from driven.cli import data

    root = _folder(app)
    known = sorted(app.registry().emitters)
    for name in args.editor:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"one of: {', '.join(known)}")
            raise UsageError(f"unknown editor `{name}`", hint=hint)
    editors, wants = tuple(dict.fromkeys(args.editor)), not args.no_import
    names, shown = list(dict.fromkeys(args.template)), False
    if args.set and not names:
        raise UsageError("`--set` without `--template`", hint="name the template that the value is for")
    if not args.yes and not app.json and app.out.can_ask():
        found = intake.detect(root)
        _tell(app.out, found)
        if not editors:
            editors = _ask_editors(app.out, known, found)
        files = sum(len(files) for files in found.values())
        if wants and files:
            _show_plan(intake.rehearse(root, editors), root, app)
            shown = True
            wants = _ask_import(app.out, files)
        elif not names:
            names = _ask_template(app, root)
    if names:
        return _with_templates(args, app, root, names, editors, wants, shown)
    report = intake.init(root, editors=editors, import_found=wants)
    app.answer(lambda: data.initialised(report), lambda out: _show(out, report, app, shown=shown, chosen=bool(editors)))
    made = report.imported
    return app.outcome(
        conflicts=bool(made and made.plan.conflicts), diagnostics=made.diagnostics if made else ()
    )  # fmt: skip


def _folder(app: App) -> str:
    """Where the project is to be. ProjectError where that is no folder."""
    try:
        root = os.path.abspath(app.root_option or os.curdir)
    except FileNotFoundError:
        raise ProjectError("the current folder was deleted", hint="change into another one") from None
    if not os.path.lexists(root):
        from shlex import quote

        raise ProjectError(f"there is no folder `{root}`", hint=f"make it first: `mkdir -p {quote(root)}`")
    if not os.path.isdir(root):
        raise ProjectError(f"`{root}` is not a folder", hint="name the folder that is to be a project")
    return root


def _with_templates(
    args: Any, app: App, root: str, names: Sequence[str], editors: tuple[str, ...], wants: bool, shown: bool
) -> int:  # fmt: skip
    """Set up, then apply templates. What is wrong with these, or their values, is told before anything is written."""
    from driven import intake
    from driven.cli import data
    from driven.cli.commands.template import applied, asking, library
    from driven.cli.render_templates import show_applied
    from driven.project.config import CONFIG, read_config
    from driven.templating.answering import parsed
    from driven.templating.applying import carry_out, prepare
    from driven.templating.rendering import Renderer

    found = library(app, root)
    renderer = Renderer(found)
    values: Mapping[str, object] = {}
    if not (os.path.lexists(os.path.join(root, CONFIG)) or read_config(root).path):  # else `init` says so
        first = prepare(found, names, parsed(args.set), ask=asking(args, app), renderer=renderer)
        errors = [one for one in first.diagnostics if one.severity == "error"]
        if errors:
            raise SourceError(errors[0].message, hint=errors[0].hint, span=errors[0].span)
        values = first.values
    report = intake.init(root, editors=editors, import_found=wants, starter=False)
    try:
        made = prepare(found, names, values, renderer=renderer)
        if made.is_sound:
            made = carry_out(made)
    except DrivenError as error:
        again = f"the project is set up, without the template: `driven template apply {' '.join(names)}` goes on"
        raise type(error)(
            error.message, hint=f"{error.hint}; {again}" if error.hint else again, span=error.span
        ) from None

    def show(out: Output) -> None:
        _show(out, report, app, shown=shown, chosen=bool(editors), last=False)
        show_applied(out, made, dry=False)

    app.answer(lambda: {**data.initialised(report), "template": applied(made, diff=False)}, show)
    imported = report.imported
    conflicts = bool(made.plan.conflicts or (imported and imported.plan.conflicts))
    told = [*made.diagnostics, *(imported.diagnostics if imported else ())]
    return app.outcome(conflicts=conflicts, diagnostics=told)


def _ask_template(app: App, root: str) -> list[str]:
    """Offer the templates that are for this project, where there are any: one question, Enter for none."""
    from driven.cli.commands.template import library, looked_at

    found = library(app, root)
    looks = [one for one in looked_at(found, found.all()) if one["holds"] is True]
    order = ("project", "standard", "workflow", "persona")
    looks = sorted(looks, key=lambda one: (order.index(one["kind"]), one["name"]))[:_OFFERED]
    if not looks:
        return []
    app.out.line(("templates for what is here:", "dim"), error=True)
    for number, one in enumerate(looks, 1):
        app.out.line((f"  {number}  ", "cyan"), one["name"], (f"  {one['description']}", "dim"), error=True)
    words = app.out.ask(("Begin with which of them?", "bold"), " [none]", ends=True).replace(",", " ").split()
    known = {name: one["name"] for number, one in enumerate(looks, 1) for name in (str(number), one["name"])}
    strange = [word for word in words if word not in known and word not in ("n", "no", "none")]
    if strange:
        app.out.line(f"`{strange[0]}` is none of these; `driven template apply` adds one later", error=True)
    return list(dict.fromkeys(known[word] for word in words if word in known))


def _tell(out: Output, found: Mapping[str, Sequence[str]]) -> None:
    from driven.cli.text import count

    if not found:
        out.line("no editor's rule files are here yet", error=True)
    for name, files in found.items():
        listed = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
        out.line((name, "bold"), f": {count(len(files), 'rule file')}", (f"  {listed}", "dim"), error=True)


def _ask_editors(out: Output, known: Sequence[str], found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The editors typed, by name and with commas or blanks between; those found when only Enter is pressed."""
    default = [name for name in known if name in found]
    out.line(("editors: ", "dim"), ", ".join(known), error=True)
    for _ in range(_TRIES):
        shown = f" [{', '.join(default)}]" if default else ""
        words = out.ask(("Write rules for which editors?", "bold"), shown, ends=True).replace(",", " ").split()
        if not words and default:
            return tuple(default)
        strange = [word for word in words if word not in known]
        if words and not strange:
            return tuple(dict.fromkeys(words))
        if strange:
            hint = did_you_mean(strange[0], known)
            out.line(f"there is no editor `{strange[0]}`" + (f": {hint}" if hint else ""), error=True)
    raise UsageError("no editor was chosen", hint="name them: `driven init --editor cursor --editor claude`")


def _show_plan(plan: ImportReport, root: str, app: App) -> None:
    from driven.cli.render_import import show_import

    titles = {name: emitter.target.title for name, emitter in app.registry().emitters.items()}
    show_import(app.out, plan, root, titles, asks=True)


def _ask_import(out: Output, files: int) -> bool:
    from driven.cli.text import count

    return out.ask((f"Import {count(files, 'rule file')} as rules?", "bold"), " [Y/n]", ends=True).lower() not in (
        "n",
        "no",
    )


def _show(out: Output, report: InitReport, app: App, *, shown: bool, chosen: bool, last: bool = True) -> None:
    """What was done, with `last` also what is next; `shown`: the plan of the import was on the screen already;
    `chosen`: somebody said for which editors."""
    from driven.cli.render_import import next_step, show_import, show_outcome

    made = report.imported
    imported = {f".driven/rules/{rule.id}.md" for rule in made.rules} if made else set()
    for path in report.written:
        if path not in imported:  # those are listed with the file they came from
            out.note(("+ ", "green"), path)
    if made and shown:
        show_outcome(out, made)
    elif made and (made.files or made.diagnostics):
        titles = {name: emitter.target.title for name, emitter in app.registry().emitters.items()}
        show_import(out, made, report.root, titles)
    if not report.found and not chosen:
        out.note(("no editor's files are here: `--editor NAME` chooses, or config.toml", "dim"))
    out.note(("ready", "bold green"), f": writes for {', '.join(report.editors) or 'no editor yet'}")
    others = [name for name in report.found if name not in report.editors]
    if not last:
        pass
    elif made and made.rules and any(rule.targets for rule in made.rules):
        out.note(f"next: {next_step(made)}")
    elif made and made.rules:
        out.note("next: turn on more editors in .driven/config.toml; `driven sync` writes the rules for each of them")
    else:
        out.note("next: write a rule in .driven/rules/, then `driven sync`")
    if others:
        out.note((f"files of {', '.join(others)} are here too, and are left alone", "dim"))
