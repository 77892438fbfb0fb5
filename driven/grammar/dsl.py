"""Write a noun and its verbs in a few lines: what a plugin's `driven_commands` offers. docs/plugins.md has an example.

    notes = noun("notes", "look after notes", verb(
        "list", "every note", run="driven_notes.verbs:run_list", touches=["FileRead(.notes)"],
        answers=record(notes=array(STRING)),
    ))

Each function raises ConfigError for what no command can be, so that a mistake is told where it was made.
"""

from __future__ import annotations

from driven.errors import ConfigError
from driven.grammar.command import Argument, Command
from driven.grammar.commands import EXIT_CODES, OPTIONS
from driven.grammar.powers import declared
from driven.grammar.results import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    STRINGS,
    any_of,
    array,
    mapping,
    maybe,
    one_of,
    record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Literal, Protocol

    from driven.grammar.command import Band, Interactive, Stability

    class Host(Protocol):
        """What a verb's `run(args, app)` may use of `app`; all else of it may change without notice."""

        json: bool  # whether `--json` was given: then nothing but the answer goes to stdout

        @property
        def root(self) -> str:
            """The project's folder. ProjectError when there is none."""

        def answer(self, data: Callable[[], dict[str, Any]], show: Callable[[Any], None]) -> None:
            """Print the answer: `data` in the envelope of `--json`, else what `show` prints: `out.line("text")`."""

        def outcome(self, *, drift: bool = False, findings: bool = False, conflicts: bool = False) -> int:
            """The exit code: 4 with conflicts, 1 with findings or drift, else 0."""


__all__ = [
    "BOOLEAN", "INTEGER", "NUMBER", "STRING", "STRINGS", "any_of", "array", "flag", "mapping", "maybe", "noun",
    "one_of", "option", "positional", "problem", "record", "verb",
]  # fmt: skip

MAX_WORD = 64
MAX_TEXT = 4000  # characters of a help, a description, an example
MAX_SCHEMA = 64 << 10
MOST = 64  # verbs of a noun, arguments of a verb
_FIRST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_LATER = _FIRST | {"-"}
_KINDS = {
    "band": ("instant", "quick", "work"), "safety": ("reads", "writes", "deletes"),
    "stability": ("stable", "preview"), "interactive": ("never", "may", "only"),
}  # fmt: skip


def noun(name: str, help: str, *verbs: Command, description: str = "", group: str = "") -> Command:
    """A word that has verbs below it. `help` is one line without a full stop; `group` its heading in `--help`."""
    return _sound(Command(name=name, help=help, verbs=verbs, description=description, group=group))


def verb(
    name: str,
    help: str,
    *arguments: Argument,
    run: str,
    touches: Sequence[str] = (),
    writes: Literal["", "writes", "deletes"] = "",
    answers: str = "",
    exits: Sequence[int] = (0, 2),
    idempotent: bool = False,
    interactive: Interactive = "never",
    review: bool = False,
    band: Band = "quick",
    stability: Stability = "preview",
    examples: Sequence[str] = (),
    description: str = "",
    group: str = "",
) -> Command:
    """A word that runs `module:function` as `run(args, app)`. `touches` are its capabilities, none of which is taken
    for granted (`Command.capabilities`); `answers` a schema made by `record` of what `--json` puts under `data`."""
    return _sound(
        Command(
            name=name, help=help, arguments=arguments, run=run, capability="", capabilities=tuple(touches),
            safety=writes or "reads", result=answers, exits=tuple(exits), idempotent=idempotent,
            interactive=interactive, review=review, band=band, stability=stability, examples=tuple(examples),
            description=description, group=group,
        )
    )  # fmt: skip


def positional(name: str, help: str, *, many: bool = False, optional: bool = False, type: Literal["str", "int"] = "str",
               complete: str = "") -> Argument:  # fmt: skip
    """An argument by its place: the last one may be `many` or `optional`."""
    return Argument(
        name=name, help=help, many=many, optional=optional, type=type, complete=complete, metavar=name.upper()
    )


def option(
    name: str, help: str, *, short: str = "", many: bool = False, type: Literal["str", "int"] = "str",
    default: str | int | None = None, choices: Sequence[str] = (), metavar: str = "VALUE", complete: str = "",
    touches: Sequence[str] = (), review: bool = False,
) -> Argument:  # fmt: skip
    """`--name VALUE`. `touches`: what the verb may touch beyond its own when it is given."""
    return Argument(
        name=name, help=help, short=short, many=many, type=type, default=default, choices=tuple(choices),
        metavar=metavar, complete=complete, capabilities=tuple(touches), review=review,
    )  # fmt: skip


def flag(
    name: str, help: str, *, short: str = "", dry: bool = False, touches: Sequence[str] = (), review: bool = False,
    terminal: bool = False,
) -> Argument:  # fmt: skip
    """`--name` alone. `dry`: with it nothing is written."""
    return Argument(
        name=name, help=help, short=short, flag=True, dry=dry, capabilities=tuple(touches), review=review,
        terminal=terminal,
    )  # fmt: skip


def _sound(command: Command) -> Command:
    wrong = problem(command)
    if wrong:
        raise ConfigError(wrong, hint="see docs/plugins.md")
    return command


def problem(command: object, above: str = "") -> str:
    """What is wrong with a command that somebody else declared, in words; "" when nothing is. Never raises."""
    if not isinstance(command, Command):
        return f"`{type(command).__name__}` where a `Command` of driven.grammar.command is due"
    if not is_name(command.name):
        return f"a command called {command.name!a}: a name is lower-case letters, digits and `-`"
    words = f"{above} {command.name}".strip()
    try:
        return _texts(command, words) or (_of_noun(command, words) if command.verbs else _of_verb(command, words))
    except ConfigError as error:
        return f"the command `{words}`: {error.message}"
    except (TypeError, AttributeError, ValueError) as error:
        return f"the command `{words}`, of which a part is of another type than it must be: {error!s:.200}"


def is_name(name: object) -> bool:
    """Whether it can be a word of the command line."""
    return isinstance(name, str) and 0 < len(name) <= MAX_WORD and name[0] in _FIRST and _LATER.issuperset(name)


def _texts(command: Command, words: str) -> str:
    from driven.trust.hidden import hidden

    texts = [command.help, command.description, command.group, *command.examples]
    texts += [text for a in command.arguments for text in (a.help, a.metavar, *a.choices)]
    for text in texts:
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            return f"the command `{words}`, of which a text is none or longer than {MAX_TEXT} characters"
        # Models read these: what a person does not see has no place in them.
        if not all(char.isprintable() or char == "\n" for char in text) or any(hidden(text)):
            return f"the command `{words}`, of which a text holds hidden characters"
    return ""


def _of_noun(command: Command, words: str) -> str:
    if command.run or command.arguments:
        return f"the command `{words}` with both verbs and something to run"
    if len(command.verbs) > MOST or " " in words:
        return f"the command `{words}` with more than {MOST} verbs, or verbs below verbs"
    names = [verb.name for verb in command.verbs if isinstance(verb, Command)]
    if len(set(names)) < len(names):
        return f"the command `{words}` with two verbs of one name"
    return next((wrong for verb in command.verbs if (wrong := problem(verb, words))), "")


def _of_verb(command: Command, words: str) -> str:
    if not _is_place(command.run):
        return f"the command `{words}` whose `run` is {command.run!a}: it must be `module:function`"
    for name, known in _KINDS.items():
        if getattr(command, name) not in known:
            return f"the command `{words}`, whose `{name}` is none of {', '.join(known)}"
    strange = [code for code in command.exits if code not in EXIT_CODES]
    if strange or 0 not in command.exits:
        return f"the command `{words}`, whose `exits` are not of driven's: {strange or 'no 0'}"
    wrong = _arguments(command, words) or _schema(command, words)
    if wrong:
        return wrong
    declared(command)
    return ""


def _arguments(command: Command, words: str) -> str:
    found: Iterable[Argument] = command.arguments
    if len(command.arguments) > MOST or not all(isinstance(a, Argument) for a in found):
        return f"the command `{words}` with more than {MOST} arguments, or such as are no `Argument`"
    for a in found:
        if not is_name(a.name.removeprefix("--")) or (a.short and not (len(a.short) == 2 and a.short[0] == "-")):
            return f"the argument {a.name!a} of `{words}`: a name is `--dry-run` or `path`, a short one `-n`"
        if a.flag and not a.name.startswith("--"):
            return f"the argument `{a.name}` of `{words}`, a flag without `--`"
    keys = [a.key for a in (*OPTIONS, *found)]
    shorts = [a.short for a in (*OPTIONS, *found) if a.short]
    if len(set(keys)) < len(keys) or len(set(shorts)) < len(shorts):
        return f"the command `{words}` with two arguments of one name, or of a name that every command has"
    places = [a for a in found if not a.name.startswith("-")]
    if any(a.many or a.optional for a in places[:-1]):
        return f"the command `{words}`, where something follows an argument that takes the rest or may be left out"
    return ""


def _schema(command: Command, words: str) -> str:
    import json

    for text in filter(None, (command.result, command.lines)):
        if len(text) > MAX_SCHEMA:
            return f"the command `{words}`, whose schema is longer than {MAX_SCHEMA} characters"
        try:
            schema = json.loads(text)
        except (ValueError, RecursionError):
            return f"the command `{words}`, whose `result` is no JSON"
        if not isinstance(schema, dict) or (text is command.result and schema.get("type") != "object"):
            return f"the command `{words}`, whose `result` is no schema of an object: make it with `record`"
    return ""


def _is_place(run: object) -> bool:
    """Whether a command's `run` is `module:function`."""
    module, colon, function = run.partition(":") if isinstance(run, str) else ("", "", "")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), function))
