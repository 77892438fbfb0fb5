"""`driven validate`: every mistake in the rules and in every editor's files, and the repair of those that have one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import ConfigError, ProjectError, UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.validation.answers import Watch
    from driven.validation.asking import Words
    from driven.validation.files import Folder
    from driven.validation.fixing import Fixed


def run(args: Any, app: App) -> int:
    """Report all findings. 1 when there are errors, with --strict also when there are warnings."""
    from driven.validation import asking
    from driven.validation.files import Folder
    from driven.validation.validate import load, report_of

    words = asking.Words(
        paths=args.paths or (), select=args.select or (), ignore=args.ignore or (), baseline=args.baseline or "",
        update_baseline=args.update_baseline,
    )  # fmt: skip
    _check(args, app)
    watch = _watch(args, app)
    mended: Fixed | None = None
    try:
        loaded = load(app.base)
    except ConfigError as error:
        mended = _mend(args, app, words, error)
        if args.diff or mended.report.diagnostics:
            code = _show_fixed(args, app, mended, ("error",))
            return app.outcome(diagnostics=mended.report.diagnostics) or code
        loaded = load(app.base)
    baseline = asking.baseline_of(app.base, loaded.config, words)
    if baseline:
        watch.add([os.path.abspath(baseline)])
    choice = asking.choice_of(app.base, loaded.config, words)
    strict = args.strict or loaded.config.strict
    if args.fix or args.unsafe_fixes or args.diff:
        return _fix(args, app, choice, strict, mended)
    folder = Folder(app.base, globs=loaded.globs)
    app.out.kept = []
    with app.progress() as progress:
        report = report_of(app.base, loaded, choice, folder=folder, remember=True, progress=progress)
    baseline = asking.baseline_of(app.base, loaded.config, words)
    if args.update_baseline:
        return _update(app, asking.write_baseline, choice, baseline, report)
    code = _tell(args, app, report, strict, loaded)
    watch.add((*loaded.emitted, *loaded.read))
    is_whole = loaded.managed is None or not loaded.managed.active or folder.has_git  # else conditions saw more files
    _keep(app, watch, folder, code if is_whole else -1)
    return code


def _watch(args: Any, app: App) -> Watch:
    """Begun before anything is read; with what the words of the command line name."""
    from driven.validation.answers import Watch

    watch = Watch(app.base)
    watch.add(os.path.abspath(path) for path in args.paths or ())
    return watch


def _check(args: Any, app: App) -> None:
    if app.json and args.format not in ("text", "json"):
        raise UsageError(f"--json and --format {args.format} ask for two things", hint="leave one out")
    if args.format not in ("text", "json") and (args.fix or args.unsafe_fixes or args.diff or args.update_baseline):
        word = next(w for w in ("update_baseline", "diff", "unsafe_fixes", "fix") if getattr(args, w)).replace("_", "-")
        raise UsageError(f"--format {args.format} cannot be used with --{word}", hint="it is for a run that only looks")
    if args.format == "json":
        app.json = True
    if not os.path.isdir(app.base):
        raise ProjectError(f"`{app.root_option}` is not a folder", hint="name a folder of a project")
    if args.update_baseline and (args.fix or args.unsafe_fixes or args.diff):
        raise UsageError("--update-baseline cannot be used with --fix", hint="repair first, then keep what is left")


def _tell(args: Any, app: App, report: Any, strict: bool, loaded: Any) -> int:
    from driven.cli import data
    from driven.cli.render_validate import show_report

    failing = ("error", "warning") if strict else ("error",)
    if args.format in ("sarif", "github", "junit"):
        from importlib import import_module

        module = import_module(f"driven.cli.format_{args.format}")
        app.out.raw(module.render(report, failing, verbose=app.out.verbose))
    else:
        app.answer(lambda: data.validate(report), lambda out: show_report(out, report, failing, loaded.title))
    return app.outcome(findings=any(d.severity in failing for d in report.diagnostics))


def _mend(args: Any, app: App, words: Words, error: ConfigError) -> Fixed:
    """Repair the configuration that cannot be read; `error` where that was not asked for, or cannot be done."""
    from driven.project.config import Config
    from driven.validation.asking import choice_of
    from driven.validation.mending import mend_config

    if not (args.fix or args.unsafe_fixes or args.diff):
        raise error
    choice = choice_of(app.base, Config(), words)
    mended = mend_config(app.base, choice, unsafe=args.unsafe_fixes, dry_run=args.diff)
    if not mended.repaired:
        raise error
    return mended


def _fix(args: Any, app: App, choice: Any, strict: bool, mended: Fixed | None) -> int:
    """Repair, or with --diff show what a repair would change; then what is left."""
    from driven.model.plan import Plan
    from driven.validation.fixing import fix

    fixed = fix(app.base, choice, unsafe=args.unsafe_fixes, dry_run=args.diff)
    if mended is not None:
        fixed.plan = Plan(changes=(*mended.plan.changes, *fixed.plan.changes))
        fixed.repaired = [*mended.repaired, *fixed.repaired]
    return _show_fixed(args, app, fixed, ("error", "warning") if strict else ("error",))


def _show_fixed(args: Any, app: App, fixed: Fixed, failing: tuple[str, ...]) -> int:
    from driven.cli import data
    from driven.cli.render_validate import show_fixed

    def show(out: Output) -> None:
        show_fixed(out, fixed, failing, dry_run=args.diff)

    app.answer(lambda: data.fixed(fixed, written=not args.diff), show)
    left = any(d.severity in failing for d in fixed.report.diagnostics)
    return app.outcome(findings=left or (args.diff and bool(fixed.plan.writes)))


def _keep(app: App, watch: Watch, folder: Folder, code: int) -> None:
    """Keep what was printed for the next run, when nothing changed since; nothing where `code` is -1."""
    printed = app.out.kept or []
    if app.argv and code >= 0 and not app.root_option and not any(error for error, _ in printed):
        watch.keep(os.getcwd(), app.argv, folder, code, [text for _, text in printed])


def _update(app: App, write: Any, choice: Any, path: str, report: Any) -> int:
    from driven.cli import data
    from driven.cli.text import count

    if not path:
        raise UsageError("--update-baseline needs a file", hint="`--baseline FILE`, or `baseline` in `[validate]`")
    number = write(report.root, choice, path, report.diagnostics)
    app.answer(
        lambda: data.validate(report),
        lambda out: out.note(f"{count(number, 'finding')} kept in {path}: from now on only new ones are told"),
    )
    return 0
