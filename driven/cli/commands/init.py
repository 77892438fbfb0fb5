"""`driven init`: set up `.driven/` for the editors in use, with the rules that are there already."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from driven.errors import UsageError
from driven.grammar.suggest import did_you_mean

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.model.report import ImportReport, InitReport

_TRIES = 3  # answers that mean nothing before the question is given up


def run(args: Any, app: App) -> int:
    """Ask on a terminal, unless --yes or --json; then write. The codes of `driven import` when it imports."""
    from driven import intake
    from driven.cli import data

    root = os.path.abspath(app.root_option or os.curdir)
    known = sorted(app.registry().emitters)
    for name in args.editor:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"one of: {', '.join(known)}")
            raise UsageError(f"unknown editor `{name}`", hint=hint)
    editors, wants = tuple(dict.fromkeys(args.editor)), not args.no_import
    shown = False
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
    report = intake.init(root, editors=editors, import_found=wants)
    app.answer(lambda: data.initialised(report), lambda out: _show(out, report, app, shown=shown))
    made = report.imported
    return app.outcome(
        conflicts=bool(made and made.plan.conflicts), diagnostics=made.diagnostics if made else ()
    )  # fmt: skip


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
        words = out.ask(("Write rules for which editors?", "bold"), shown).replace(",", " ").split()
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

    return out.ask((f"Import {count(files, 'rule file')} as rules?", "bold"), " [Y/n]").lower() not in ("n", "no")


def _show(out: Output, report: InitReport, app: App, *, shown: bool) -> None:
    """What was done; `shown`: the plan of the import was on the screen before the question."""
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
    if not report.found and len(report.editors) > 1:
        out.note(("no editor's files are here: `--editor NAME` chooses, or config.toml", "dim"))
    out.note(("ready", "bold green"), f": writes for {', '.join(report.editors) or 'no editor yet'}")
    others = [name for name in report.found if name not in report.editors]
    if made and made.rules and any(rule.targets for rule in made.rules):
        out.note(f"next: {next_step(made)}")
    elif made and made.rules:
        out.note("next: turn on more editors in .driven/config.toml; `driven sync` writes the rules for each of them")
    else:
        out.note("next: write a rule in .driven/rules/, then `driven sync`")
    if others:
        out.note((f"files of {', '.join(others)} are here too, and are left alone", "dim"))
