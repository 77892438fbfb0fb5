"""The command line's main: read the words, find the command, run it, turn what went wrong into a message and a code.

Exit codes are decided here and nowhere else; what they mean stands in `driven.grammar.commands.EXIT_CODES`. More than
350 lines: it is the way of every command, read from its beginning to its end.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence

from driven import __version__
from driven.cli.render import Output
from driven.cli.text import GONE
from driven.errors import DiskError, DrivenError, PluginError, ProjectError, UsageError
from driven.frozen import replace
from driven.grammar.command import Command
from driven.grammar.commands import COMMANDS, OPTIONS, TOP_OPTIONS
from driven.model.diagnostic import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any

    from driven.mcp.link import Progress, Speaker
    from driven.registry import Registry

_WORST = (70, 7, 6, 5, 2, 4, 1, 0)
_HELD = {"DRV009": 5, "DRV010": 6}  # packs that nobody accepted, and those that are not what was accepted


class App:
    """What a command gets beside its arguments: the project, the plugins, the printer, and a way to answer."""

    def __init__(self, argv: Sequence[str] = (), link: Speaker | None = None) -> None:
        """`link`: to the server that the command answers, where a person does not wait for it."""
        # As good as it can be known before the words are read: a usage error is printed by these.
        before = list(argv)[: list(argv).index("--")] if "--" in argv else list(argv)
        self.argv = list(argv)  # all words, as they were typed
        self.json = "--json" in before
        self.words = "driven"
        self.root_option: str | None = None
        self.out = Output(color=_color(before))
        self._root = ""
        self._registry: Registry | None = None
        self._link = link

    @property
    def root(self) -> str:
        """The project's folder: --root, or the nearest one from here upwards. ProjectError when there is none."""
        if not self._root:
            from driven import pipeline

            self._root = pipeline.find_root(self.root_option)
        return self._root

    @property
    def base(self) -> str:
        """The project's folder, or where the command runs when there is none; nothing heavy is imported to tell."""
        try:
            here = folder = os.path.abspath(self.root_option or os.curdir)
        except FileNotFoundError:
            raise ProjectError("the current folder was deleted", hint="change into another one") from None
        while not os.path.isdir(os.path.join(folder, ".driven")):
            parent = os.path.dirname(folder)
            if parent == folder:
                return here
            folder = parent
        return folder

    def registry(self, *, checks: bool = False) -> Registry:
        """Everything that plugins offer, loaded once; their checks and templates only with `checks`."""
        if self._registry is None or checks:
            from driven import registry

            state = os.path.join(self.base, ".driven", "state")
            index = os.path.join(state, "plugins.index") if os.path.isdir(state) else None
            self._registry = registry.load(index_path=index, checks=checks, templates=checks)
        return self._registry

    def commands(self) -> tuple[Command, ...]:
        """The built-in commands and those of plugins; a plugin cannot take a built-in word."""
        known = {c.name for c in COMMANDS}
        return (*COMMANDS, *(c for name, c in self.registry().commands.items() if name not in known))

    def answer(
        self, data: Callable[[], dict[str, Any]], show: Callable[[Output], None], *, failed: Sequence[DrivenError] = ()
    ) -> None:
        """Print the result: one JSON envelope with --json, else for a person. `failed`: why a part of what was asked
        for was not done, which `data` tells apart; then the envelope is not `ok`."""
        if self.json:
            self._envelope(data(), _said(failed))
        else:
            show(self.out)

    def progress(self) -> AbstractContextManager[Progress]:
        """As a context, a function to call as work goes on: `progress(what, done, total)`."""
        return self._link or self.out.progress()

    def outcome(
        self,
        *,
        drift: bool = False,
        findings: bool = False,
        conflicts: bool = False,
        untrusted: bool = False,
        denied: bool = False,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> int:
        """The exit code of a command that came to its end: the worst of these. An error among `diagnostics` is a rule
        or a setting that the user can fix, or a pack that is held back; `findings` are what the command was asked to
        look for; `untrusted`: something is not signed by whom it must be; `denied`: what was asked for is not granted.

        A command that only reads (`status`, `explain`) gives nothing but `diagnostics`: drift and conflicts are its
        answer, not its outcome; where a rule could not be read, the answer may lack it."""
        errors = {d.code for d in diagnostics if d.severity == "error"}
        held = {_HELD[code] for code in errors & _HELD.keys()}
        codes = {
            1: drift or findings, 2: bool(errors - _HELD.keys()), 4: conflicts, 5: denied or 5 in held,
            6: untrusted or 6 in held,
        }  # fmt: skip
        return next((code for code in _WORST if codes.get(code)), 0)

    def fail(self, error: DrivenError) -> int:
        """Print `error`; its exit code."""
        if self.json:
            self._envelope(None, _said(error.all))
        else:
            from driven.cli.render_findings import show_error

            for one in error.all:
                show_error(self.out, one.message, hint=one.hint, span=one.span, root=self._place(one))
        return error.exit_code

    def _place(self, error: DrivenError) -> str:
        """What the span's path is relative to; no search for a project when the error has no place."""
        return self.base if error.span and error.span.path else ""

    def _envelope(self, data: dict[str, Any] | None, error: dict[str, Any] | None) -> None:
        import json

        envelope = {
            "ok": error is None,
            "data": data,
            "error": error,
            "meta": {"schema": self.words.replace(" ", ".") + "/1", "version": __version__},
        }
        if self._link is not None:
            self._link.answer(envelope)
            return
        self.out.raw(json.dumps(envelope, indent=2 if self.out.terminal else None) + "\n")


def _said(errors: Iterable[DrivenError]) -> dict[str, Any] | None:
    """What the envelope says went wrong: the first, and `more`."""
    told: list[dict[str, Any]] = [{"code": one.code, "message": str(one), "hint": one.hint} for one in errors]
    return {**told[0], **({"more": told[1:]} if told[1:] else {})} if told else None


def main(argv: Sequence[str] | None = None, link: Speaker | None = None) -> int:
    """Run the command line `argv` (default: the process's own); the exit code. Never raises. `link`: see `App`."""
    words = list(sys.argv[1:] if argv is None else argv)
    app = App(words, link)
    try:
        code = _guarded(app, words)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            app.out.refused = True
            if error.errno in GONE:
                return code
            return app.fail(DiskError(f"the output cannot be written: {(error.strerror or 'unknown').lower()}"))
        return code
    except BrokenPipeError:
        # Whoever read us has enough. Nothing may be written at exit either, so stdout becomes the null device.
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):
            return 141
        return 141  # as a process that SIGPIPE ended: what it had to say is not known
    except KeyboardInterrupt:
        return 130


def _guarded(app: App, words: list[str]) -> int:
    try:
        return _dispatch(app, words)
    except DrivenError as error:
        return app.fail(error)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        app.out.line("interrupted", error=True)
        return 130
    except Exception as error:
        from driven.cli.crash import place_of, write_report

        # Where it answers a server there is no person for the file, and in a ring no place that outlives the call.
        log = write_report(error, words, app._root) if app._link is None else ""
        with_it = f"what is in {log}" if log else f"the words you typed, and that it was at {place_of(error)}"
        bug = _Bug(
            f"this is a bug in driven: {type(error).__name__}: {error}".splitlines()[0],
            hint=f"please report it with {with_it}",
        )
        if not log:
            import traceback

            app.out.line(traceback.format_exc(), error=True)
        return app.fail(bug)


def _color(argv: Sequence[str]) -> str:
    """What --color says in words that are not read yet."""
    for word, following in zip(argv, (*argv[1:], ""), strict=False):
        value = following if word == "--color" else word.removeprefix("--color=")
        if value in ("always", "never"):
            return value
    return "auto"


class _Bug(DrivenError):
    """An exception that nobody foresaw."""

    exit_code = 70
    code = "DRV070"


def _dispatch(app: App, argv: list[str]) -> int:
    from driven.grammar.suggest import did_you_mean
    from driven.grammar.to_argparse import parse, split_words

    if argv[:1] == ["--complete"]:
        app.json = False  # it prints words for a shell
        return _function("driven.cli.commands.complete:run")(argv[1:], app)
    before, rest = split_words(argv)
    if not rest or rest[0] == "--":
        return _without_command(app, before)
    command = _command(app, rest[0])
    app.words = f"driven {command.name}"
    rest = rest[1:]
    while command.verbs:
        more, rest = split_words(rest)
        before += more
        if not rest or rest[0] == "--":
            if _asks_help(before):
                return _help(app, command)
            verbs = ", ".join(f"`{verb.name}`" for verb in command.verbs)
            raise UsageError(f"`{app.words}` needs a word more: {verbs}", hint=f"`{app.words} --help` says more")
        verb = next((v for v in command.verbs if v.name == rest[0]), None)
        if verb is None:
            names = [v.name for v in command.verbs]
            hint = did_you_mean(rest[0], names, prefix=app.words + " ", otherwise=f"one of: {', '.join(names)}")
            raise UsageError(f"`{app.words}` has no `{rest[0]}`", hint=hint)
        command, rest = verb, rest[1:]
        app.words += f" {command.name}"
    given = before + rest
    if _asks_help(given):
        return _help(app, command)
    args = parse(command, app.words, given)
    _set(app, args)
    return _run(command, args, app)


def _asks_help(argv: Sequence[str]) -> bool:
    options = argv[: argv.index("--")] if "--" in argv else argv
    return "--help" in options or "-h" in options


def _set(app: App, args: Any) -> None:
    app.json = args.json
    app.root_option = args.root
    app.out = Output(color=args.color, quiet=args.quiet, verbose=args.verbose)


def _command(app: App, word: str) -> Command:
    """The command of that name: ours, or a plugin's when we have none."""
    from driven.grammar.suggest import did_you_mean

    for command in COMMANDS:
        if command.name == word:
            return command
    commands = app.commands()
    for command in commands:
        if command.name == word:
            return command
    known = [c.name for c in commands]
    hint = did_you_mean(word, known, prefix="driven ", otherwise="`driven --help` lists the commands")
    raise UsageError(f"unknown command `{word}`", hint=hint)


def _function(place: str) -> Callable[[Any, App], int]:
    """The function at `module:function`, imported only now."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def _load(command: Command) -> Callable[[Any, App], int]:
    try:
        return _function(command.run)
    except (ImportError, AttributeError) as error:
        if command.run.startswith("driven."):
            raise
        raise PluginError(f"the command `{command.name}` cannot be loaded: {error}", hint=f"`{command.run}`") from error


def _run(command: Command, args: Any, app: App) -> int:
    run = _load(command)
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return run(args, app)
    from driven.trust import telemetry

    told = telemetry.Command(app.words)
    try:
        with told as span:
            if told.problem and args.verbose:
                app.out.line(told.problem, error=True)
            code = run(args, app)
            span.set("exit_code", code)
            return code
    finally:
        if told.lost:
            app.out.note(told.lost, error=True)


def _without_command(app: App, argv: list[str]) -> int:
    """`driven`, `driven --help`, `driven --version`, `driven --install-completion`."""
    from driven.grammar.to_argparse import parse

    args = parse(Command(name="", help="", arguments=TOP_OPTIONS), "driven", argv)
    _set(app, args)
    if args.version:
        app.answer(lambda: {"version": __version__}, lambda out: out.line(f"driven {__version__}"))
        return 0
    if args.install_completion:
        return int(importlib.import_module("driven.cli.commands.complete").install(app))
    if app.json and not args.help:
        raise UsageError("a command is needed", hint="`driven --help` lists the commands")
    from driven.cli.render_help import show_overview

    commands = app.commands()
    options = (*OPTIONS, *TOP_OPTIONS)
    _answer_help(app, commands, lambda out: show_overview(out, commands, options, error=not args.help))
    return 0 if args.help else UsageError.exit_code


def _help(app: App, command: Command) -> int:
    from driven.cli.render_help import show_command

    words = app.words
    named = replace(command, name=words.removeprefix("driven "))
    _answer_help(app, (named,), lambda out: show_command(out, command, words, OPTIONS))
    return 0


def _answer_help(app: App, commands: Sequence[Command], show: Callable[[Output], None]) -> None:
    """Help for a person; with --json, what `driven grammar --json` says of `commands`."""

    def data() -> dict[str, Any]:
        from driven.grammar.to_json import to_json

        return to_json(__version__, commands)

    app.words = "driven grammar"
    app.answer(data, show)
